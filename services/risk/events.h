/* What the risk service announces. Each event holds the risk's full new row, the same once more for
 * its history, and the scores that were given. */
#ifndef ACCORD_RISK_EVENTS_H
#define ACCORD_RISK_EVENTS_H

#include "common/consumer.h"
#include "services/risk/model.h"

/* "risk/risks/<id>" */
void risk_ref(const struct risk *risk, char ret_ref[REF_SIZE]);

/* risk.risk.logged.v1, .revised.v1, .scored.v1, .closing.v1, .signed.v1, .closed.v1: by the risk's
 * last change. Restricted as the risk is. */
bool event_risk_changed(struct act *act, const struct risk *risk, const struct score scores[],
                        int score_count, struct problem *err) MUST_CHECK;

/* risk.criteria.adopted.v1 */
bool event_criteria_adopted(struct act *act, const struct criteria *criteria,
                            struct problem *err) MUST_CHECK;

/* An alliance that becomes active gets the default criteria. */
extern const struct reaction RISK_REACTIONS[];
extern const size_t RISK_REACTION_COUNT;

#endif
