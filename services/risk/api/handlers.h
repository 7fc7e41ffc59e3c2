/* The handlers, by noun: api/risks.c, api/scores.c, api/criteria.c; api.c has the table. */
#ifndef ACCORD_RISK_API_HANDLERS_H
#define ACCORD_RISK_API_HANDLERS_H

#include "common/http.h"
#include "common/overview.h"
#include "services/risk/model.h"

handler list_risks;
handler log_risk;
handler get_risk;
handler revise_risk;
handler close_risk;
handler sign_closure;
handler list_risk_history;
handler list_register;

handler list_scores;
handler score_risk;
handler get_score;

handler list_criteria;
handler adopt_criteria;
handler get_criteria;

/* Who changes something, by an appointment that may write here. */
bool editor_of_request(const struct request *request, struct editor *ret,
                       struct problem *err) MUST_CHECK;

/* "{ZZ1,ZZ2}": the organisations on whose behalf the caller may know of restricted risks. */
enum { KNOWN_SIZE = (APPOINTMENTS_MAX + 1) * ODS_SIZE + 3 };
void known_of_request(const struct request *request, char ret_known[KNOWN_SIZE]);
/* The risk that the path names. NOT_FOUND, too, when it is restricted to others. */
bool risk_of_path(struct request *request, struct risk *ret, struct problem *err) MUST_CHECK;

json_t *rating_to_json(const struct rating *rating);

/* api/overview.c: our part of the one-page summary (common/overview.h). */
overview_function overview_part;

#endif
