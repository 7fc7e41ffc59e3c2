/* What becomes an item of a group's agenda: another service's escalation, and a decision of ours
 * that could not be decided (A8). Works within an act. */
#ifndef ACCORD_SERVICES_MEMBERSHIP_AGENDA_H
#define ACCORD_SERVICES_MEMBERSHIP_AGENDA_H

#include "common/act.h"
#include "common/consumer.h"
#include "services/membership/model.h"

/* For every event of another service: one whose type ends in `.escalated.v1` and whose data has a
 * member `escalation` {subject, toGroup, title, reason, raisedAt?} adds an item for the group of
 * that kind, restricted as the event is. Any other is not ours. */
reaction_function agenda_react;

/* The leadership board hears of a decision that was escalated. */
bool agenda_add_decision(struct act *act, const struct decision *decision,
                         struct problem *err) MUST_CHECK;

#endif
