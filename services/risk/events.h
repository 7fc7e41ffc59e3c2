/* What the risk service announces, and what it reacts to. Each event of a risk holds its full new
 * row, the same once more for its history, and the scores that were given. */
#ifndef ACCORD_RISK_EVENTS_H
#define ACCORD_RISK_EVENTS_H

#include "common/consumer.h"
#include "common/service.h"
#include "services/risk/model.h"

/* "risk/risks/<id>" */
void risk_ref(const struct risk *risk, char ret_ref[REF_SIZE]);

/* risk.risk.proposed.v1, .accepted.v1, .dismissed.v1, .logged.v1, .revised.v1, .scored.v1,
 * .closing.v1, .signed.v1, .closed.v1: by the risk's last change; and risk.risk.escalated.v1 for a
 * score that escalates. Restricted as the risk is. */
bool event_risk_changed(struct act *act, const struct risk *risk, const struct score scores[],
                        int score_count, struct problem *err) MUST_CHECK;

/* risk.risk.reviewed.v1, with the review */
bool event_risk_reviewed(struct act *act, const struct risk *risk, const struct review *review,
                         struct problem *err) MUST_CHECK;

/* risk.criteria.adopted.v1 */
bool event_criteria_adopted(struct act *act, const struct criteria *criteria,
                            struct problem *err) MUST_CHECK;

/* An alliance that becomes active gets the default criteria; a signal that kpi has found becomes a
 * draft. */
extern const struct reaction RISK_REACTIONS[];
extern const size_t RISK_REACTION_COUNT;

/* Overdue reviews are told up the groups: risk.risk.escalated.v1. */
extern const struct sweep RISK_SWEEPS[];
extern const size_t RISK_SWEEP_COUNT;

#endif
