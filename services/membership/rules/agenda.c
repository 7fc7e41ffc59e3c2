#include "services/membership/rules/agenda.h"

#include <stdio.h>

#include "services/membership/rules/terms.h"

bool agenda_take(struct agenda_item *item, const char *appointment_id, const char *note,
                 int64_t now_ms, struct problem *err)
{
    if (appointment_id == NULL)
        return problem_set(err, PROBLEM_ROLE_MISSING, "a person of the %s takes it",
                           group_kind_name(item->group_kind));
    if (item->state == AGENDA_TAKEN)
        return problem_set(err, PROBLEM_STATE_CONFLICT, "the item has been taken");
    item->state = AGENDA_TAKEN;
    item->taken_ms = now_ms;
    item->version++;
    snprintf(item->taken_by, sizeof item->taken_by, "%s", appointment_id);
    snprintf(item->note, sizeof item->note, "%s", note);
    return true;
}
