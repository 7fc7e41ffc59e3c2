/* The handlers, by noun: api/ring_fences.c, api/left_shifts.c, api/cases.c, api/appraisals.c,
 * api/drawdowns.c; api.c has the table. */
#ifndef ACCORD_REINVESTMENT_API_HANDLERS_H
#define ACCORD_REINVESTMENT_API_HANDLERS_H

#include "common/http.h"
#include "common/overview.h"
#include "services/reinvestment/model.h"

handler list_ring_fences;
handler get_ring_fence;

handler list_left_shifts;
handler record_left_shift;
handler get_left_shift;
handler revise_left_shift;
handler list_left_shift_versions;
handler get_left_shift_version;

handler list_appraisal_criteria;
handler adopt_appraisal_criteria;
handler get_appraisal_criteria;
handler list_appraisals;
handler appraise_case;
handler get_appraisal;

handler list_cases;
handler draft_case;
handler get_case;
handler revise_case;
handler submit_case;
handler complete_milestone;
handler close_case;

handler list_drawdowns;
handler request_drawdown;
handler get_drawdown;
handler verify_drawdown;

/* Who acts, by an appointment that may write here. */
bool person_of_request(const struct request *request, struct person *ret,
                       struct problem *err) MUST_CHECK;

/* api/overview.c: our part of the one-page summary (common/overview.h). */
overview_function overview_part;

#endif
