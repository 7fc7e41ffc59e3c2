#include "services/membership/agenda.h"

#include <stdio.h>
#include <string.h>

#include "common/ids.h"
#include "common/instant.h"
#include "common/json.h"
#include "services/membership/events.h"
#include "services/membership/rules/terms.h"
#include "services/membership/store/agenda.h"

static struct agenda_item agenda_item_new(const struct act *act, const char *source)
{
    struct agenda_item item = {
        .group_kind = GROUP_LEADERSHIP_BOARD,
        .raised_ms = act->now_ms,
        .state = AGENDA_OPEN,
        .taken_ms = INSTANT_NONE,
        .version = 1,
    };
    uuid_new(act->now_ms, item.id);
    snprintf(item.source, sizeof item.source, "%s", source);
    return item;
}

static bool event_is_escalation(const struct foreign_event *event)
{
    static const char suffix[] = ".escalated.v1";
    const size_t length = strlen(event->type);
    return length > sizeof suffix - 1 &&
           strcmp(event->type + length - (sizeof suffix - 1), suffix) == 0 &&
           json_is_object(json_member(event->data, "escalation"));
}

bool agenda_react(struct act *act, const struct foreign_event *event, struct problem *err)
{
    const char *subject;
    const char *to_group;
    const char *title;
    const char *reason;
    if (!event_is_escalation(event))
        return true;
    const json_t *said = json_member(event->data, "escalation");
    agenda_item_auto_t item = agenda_item_new(act, event->source);
    if (!event_text(said, "subject", sizeof item.subject, &subject, err) ||
        !event_text(said, "toGroup", CODE_SIZE, &to_group, err) ||
        !event_text(said, "title", sizeof item.title, &title, err) ||
        !event_text(said, "reason", sizeof item.reason, &reason, err))
        return false;
    item.group_kind = group_kind_escalated(to_group);
    item.raised_ms = event->occurred_ms;
    item.restricted_to = json_incref(json_object_get(event->envelope, "restrictedTo"));
    snprintf(item.subject, sizeof item.subject, "%s", subject);
    snprintf(item.title, sizeof item.title, "%s", title);
    snprintf(item.reason, sizeof item.reason, "%s", reason);
    return event_agenda_item(act, "added", &item, err);
}

bool agenda_add_decision(struct act *act, const struct decision *decision, struct problem *err)
{
    agenda_item_auto_t item = agenda_item_new(act, "membership");
    item.raised_ms = decision->closed_ms;
    item.restricted_to = json_incref(decision->restricted_to);
    snprintf(item.subject, sizeof item.subject, "decisions/%s", decision->id);
    snprintf(item.title, sizeof item.title, "%s", decision->title);
    snprintf(item.reason, sizeof item.reason, "%s", decision->outcome_reason);
    return event_agenda_item(act, "added", &item, err);
}
