#include <stdio.h>
#include <string.h>

#include "common/consumer.h"
#include "common/ids.h"
#include "common/json.h"
#include "common/kinds.h"
#include "common/standing.h"
#include "common/subject_private.h"

/* --- a carried decision ----------------------------------------------------------------------- */

static bool text_is(const json_t *object, const char *name, const char *value)
{
    const char *text = json_text(object, name);
    return text != NULL && strcmp(text, value) == 0;
}

/* Why a carried decision is not about what was frozen for it; NULL when it is. */
static const char *carried_fault(const struct frozen *frozen, const json_t *event_data)
{
    const json_t *decision = json_member(event_data, "decision");
    if (!text_is(decision, "state", "carried"))
        return "the decision is not carried";
    if (!text_is(decision, "subject", frozen->subject) ||
        !text_is(decision, "effect", frozen->effect))
        return "the decision is about another subject or effect";
    if (!text_is(decision, "kind", frozen->kind))
        return "the decision is of another kind";
    enum decision_kind kind;
    if (kind_of_name(frozen->kind, &kind) && kind_is_reserved(kind) &&
        !text_is(decision, "rule", "unanimous"))
        return "a reserved decision needs unanimity";
    if (frozen->rule[0] != '\0' && !text_is(decision, "rule", frozen->rule))
        return "the decision was carried by another rule than it was asked for";
    if (!text_is(decision, "digest", frozen->digest) ||
        !text_is(decision, "nonce", frozen->nonce) ||
        json_integer_or(decision, "subjectVersion", -1) != frozen->version ||
        !subject_digest_matches(event_data))
        return "what was voted on is not what was frozen";
    return NULL;
}

static void frozen_set(struct frozen *frozen, const char *state)
{
    snprintf(frozen->state, sizeof frozen->state, "%s", state);
}

static bool release(struct act *act, const struct subject_hooks *hooks, const struct frozen *frozen,
                    const char *outcome, const char *reason, struct problem *err)
{
    return hooks->release == NULL ||
           hooks->release(act, frozen->subject, frozen->effect, outcome, reason, err);
}

static bool refuse(struct act *act, const struct subject_hooks *hooks, struct frozen *frozen,
                   const json_t *described, const char *reason, struct problem *err)
{
    frozen_set(frozen, "refused");
    struct frozen_event event = {.name = "effect.refused",
                                 .frozen = frozen,
                                 .described = described,
                                 .is_effect = true,
                                 .refusal = reason};
    return frozen_append(act, &event, err) && release(act, hooks, frozen, "refused", reason, err);
}

static struct carried_decision carried_of(const struct act *act, const json_t *event_data)
{
    const json_t *decision = json_member(event_data, "decision");
    struct carried_decision carried = {
        .id = json_text(decision, "id"),
        .kind = json_text(decision, "kind"),
        .subject = json_text(decision, "subject"),
        .effect = json_text(decision, "effect"),
        .digest = json_text(decision, "digest"),
        .content = json_member(decision, "content"),
        .event_data = event_data,
        .carried_ms = json_instant(decision, "closedAt"),
    };
    if (json_member(decision, "closedAt") == NULL)
        carried.carried_ms = act->now_ms;
    return carried;
}

/* Does it, or takes back what the hook had begun and says why not. */
static bool carry(struct act *act, const struct subject_hooks *hooks, struct frozen *frozen,
                  const json_t *described, const json_t *event_data, struct problem *err)
{
    struct act_mark mark;
    struct problem refusal = {0};
    struct carried_decision decision = carried_of(act, event_data);
    if (!act_mark(act, &mark, err))
        return false;
    frozen_set(frozen, "done");
    struct frozen_event event = {
        .name = "effect.done", .frozen = frozen, .described = described, .is_effect = true};
    if (!frozen_append(act, &event, err))
        return false;
    if (alliance_check_open(act->tx, &refusal) && hooks->carry(act, &decision, &refusal))
        return true;
    if (problem_status(refusal.code) >= 500) {
        *err = refusal;
        return false;
    }
    return act_drop(act, &mark, err) && refuse(act, hooks, frozen, described, refusal.detail, err);
}

static bool settle_carried(struct act *act, const struct subject_hooks *hooks,
                           struct frozen *frozen, const json_t *event_data, struct problem *err)
{
    json_auto_t *described = NULL;
    if (!frozen_described(act, frozen, &described, err))
        return false;
    const char *fault = carried_fault(frozen, event_data);
    if (fault != NULL)
        return refuse(act, hooks, frozen, described, fault, err);
    return carry(act, hooks, frozen, described, event_data, err);
}

/* --- every end -------------------------------------------------------------------------------- */

bool frozen_thaw(struct act *act, const struct subject_hooks *hooks, struct frozen *frozen,
                 const char *outcome, struct problem *err)
{
    json_auto_t *described = NULL;
    if (!frozen_described(act, frozen, &described, err))
        return false;
    frozen_set(frozen, "thawed");
    struct frozen_event event = {
        .name = "subject.thawed", .frozen = frozen, .described = described};
    return frozen_append(act, &event, err) && release(act, hooks, frozen, outcome, NULL, err);
}

/* Carried, but we hold nothing for it: frozen here never, or no longer. */
static bool refuse_unheld(struct act *act, const json_t *event_data, const struct frozen *frozen,
                          struct problem *err)
{
    const json_t *decision = json_member(event_data, "decision");
    json_auto_t *described = json_object();
    json_put_new(described, "restrictedTo", json_incref(json_object_get(decision, "restrictedTo")));
    struct frozen_event event = {.name = "effect.refused",
                                 .described = described,
                                 .is_effect = true,
                                 .refusal = frozen == NULL
                                                ? "the subject was never frozen for it"
                                                : "the subject is no longer frozen for it",
                                 .subject = json_text(decision, "subject"),
                                 .decision_id = json_text(decision, "id")};
    return frozen_append(act, &event, err);
}

bool subject_settle(struct act *act, const struct subject_hooks *hooks, const char *outcome,
                    const json_t *event_data, struct problem *err)
{
    const json_t *decision = json_member(event_data, "decision");
    const char *id = json_text(decision, "id"), *ref = json_text(decision, "subject");
    bool is_carried = strcmp(outcome, "carried") == 0, is_found;
    struct frozen frozen;
    if (id == NULL || ref == NULL || !uuid_is_valid(id) || !ref_is_valid(ref))
        return problem_set(err, PROBLEM_INTERNAL, "a decision without id or subject");
    if (!frozen_load(act, id, &is_found, &frozen, err))
        return false;
    if (is_found && frozen_is_held(&frozen))
        return is_carried ? settle_carried(act, hooks, &frozen, event_data, err)
                          : frozen_thaw(act, hooks, &frozen, outcome, err);
    bool is_settled = is_found && strcmp(frozen.state, "thawed") != 0;
    return !is_carried || is_settled ||
           refuse_unheld(act, event_data, is_found ? &frozen : NULL, err);
}

/* The decision is open: the freeze no longer ends by itself. */
static bool settle_opened(struct act *act, const json_t *decision, struct problem *err)
{
    struct frozen frozen;
    bool is_found;
    json_auto_t *described = NULL;
    const char *id = json_text(decision, "id");
    if (id == NULL || !uuid_is_valid(id))
        return problem_set(err, PROBLEM_INTERNAL, "a decision without id");
    if (!frozen_load(act, id, &is_found, &frozen, err))
        return false;
    if (!is_found || strcmp(frozen.state, "asked") != 0)
        return true;
    if (!frozen_described(act, &frozen, &described, err))
        return false;
    frozen_set(&frozen, "held");
    struct frozen_event event = {.name = "subject.held", .frozen = &frozen, .described = described};
    return frozen_append(act, &event, err);
}

bool subject_react(struct act *act, const struct subject_hooks *hooks,
                   const struct foreign_event *event, struct problem *err)
{
    static const char prefix[] = "membership.decision.";
    static const char *const outcomes[] = {"carried", "rejected", "lapsed", "escalated",
                                           "withdrawn"};
    const json_t *decision = json_member(event->data, "decision");
    const char *ref = json_text(decision, "subject");
    if (hooks == NULL || ref == NULL || strncmp(event->type, prefix, strlen(prefix)) != 0 ||
        strcmp(ref_service(ref), act->service) != 0)
        return true;
    const char *what = event->type + strlen(prefix);
    size_t length = strcspn(what, ".");
    if (length == strlen("opened") && strncmp(what, "opened", length) == 0)
        return settle_opened(act, decision, err);
    for (size_t i = 0; i < ARRAY_LENGTH(outcomes); i++)
        if (strlen(outcomes[i]) == length && strncmp(what, outcomes[i], length) == 0)
            return subject_settle(act, hooks, outcomes[i], event->data, err);
    return true;
}
