/* The handlers, by noun: api/risks.c, api/drafts.c, api/scores.c, api/reviews.c,
 * api/criteria.c; api.c has the table. */
#ifndef ACCORD_RISK_API_HANDLERS_H
#define ACCORD_RISK_API_HANDLERS_H

#include "common/http.h"
#include "common/overview.h"
#include "services/risk/rules.h"

handler list_risks;
handler log_risk;
handler get_risk;
handler revise_risk;
handler close_risk;
handler sign_closure;
handler list_risk_history;
handler list_register;

handler accept_draft;
handler dismiss_draft;

handler list_reviews;
handler close_review;
handler get_review;
handler list_escalations;

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

/* What the body says of a risk, where it says anything. */
void risk_take(const json_t *body, struct risk *ret);
struct first_score first_score_take(const json_t *body);
/* Who owns the risk, who helps, and who is newly named: partners, and a person of the owner.
 * REFERENCE_UNKNOWN with every fault. */
bool risk_references_check(const struct request *request, const struct risk *before,
                           const struct risk *risk, struct problem *err) MUST_CHECK;
void reply_risk(struct reply *reply, const struct risk *risk);

json_t *rating_to_json(const struct rating *rating);

/* api/overview.c: our part of the one-page summary (common/overview.h). */
overview_function overview_part;

#endif
