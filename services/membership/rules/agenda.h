/* Who takes what was escalated to a group. Pure; any thread. Source: domain.md A6, A8, F4. */
#ifndef ACCORD_SERVICES_MEMBERSHIP_RULES_AGENDA_H
#define ACCORD_SERVICES_MEMBERSHIP_RULES_AGENDA_H

#include "common/problem.h"
#include "services/membership/model.h"

/* Once, and by a person of the group that it went to; `appointment_id` is the seat, NULL for
 * somebody without one. */
bool agenda_take(struct agenda_item *item, const char *appointment_id, const char *note,
                 int64_t now_ms, struct problem *err) MUST_CHECK;

#endif
