#include "services/reinvestment/events.h"

#include <stdio.h>
#include <string.h>

#include "common/ids.h"
#include "common/instant.h"
#include "common/json.h"
#include "common/money.h"
#include "services/reinvestment/events/rows.h"
#include "services/reinvestment/rules.h"
#include "services/reinvestment/store.h"

#define CASE_PREFIX "reinvestment/cases/"
#define DRAWDOWN_PREFIX "reinvestment/drawdowns/"

/* Decisions over cases
 * --------------------------------------------------------------------------------- */

/* The id behind "reinvestment/cases/" (or drawdowns), or NULL. */
static const char *ref_id(const char *ref, const char *prefix)
{
    size_t length = strlen(prefix);
    if (ref == NULL || strncmp(ref, prefix, length) != 0 || !uuid_is_valid(ref + length))
        return NULL;
    return ref + length;
}

static bool case_of_ref(struct act *act, const char *ref, struct business_case *ret,
                        struct problem *err)
{
    const char *id = ref_id(ref, CASE_PREFIX);
    if (id == NULL)
        return problem_set(err, PROBLEM_NOT_FOUND, "there is no %s to decide on", ref);
    return store_case_get(act->tx, id, ret, err);
}

static bool effect_check(const char *effect, struct problem *err)
{
    return strcmp(effect, "approve") == 0 ||
           problem_set(err, PROBLEM_RULE_BROKEN, "a case can only be approved, not '%s'", effect);
}

/* The hold that the ledger places when it reads that the decision was carried. */
static json_t *case_hold(const struct business_case *a_case, const struct ring_fence *ring_fence)
{
    json_t *hold = json_object();
    json_put_text(hold, "accountCode", ring_fence->account_code);
    json_put_integer(hold, "amountPence", a_case->award_pence);
    json_put_text(hold, "beneficiary", a_case->beneficiary);
    return hold;
}

static json_t *case_organisations(const struct business_case *a_case)
{
    json_t *organisations = json_array();
    json_push_new(organisations, json_string(a_case->sponsor));
    if (strcmp(a_case->sponsor, a_case->beneficiary) != 0)
        json_push_new(organisations, json_string(a_case->beneficiary));
    return organisations;
}

/* Whatever has changed since it was drafted, it must be right now. */
static bool case_load(struct act *act, const char *ref, struct business_case *ret_case,
                      struct ring_fence *ret_ring_fence, struct problem *err)
{
    bool is_active, found;
    return case_of_ref(act, ref, ret_case, err) &&
           store_partner_is_active(act->tx, ret_case->beneficiary, &is_active, err) &&
           store_ring_fence_find(act->tx, ret_case->ring_fence, instant_day(act->now_ms), &found,
                                 ret_ring_fence, err) &&
           case_check(ret_case, found ? ret_ring_fence : NULL, is_active, err);
}

static bool case_describe(struct act *act, const struct standing *standing, const char *ref,
                          const char *effect, struct subject *ret_subject, struct problem *err)
{
    /* Open book: whoever may open a decision here may see every case. */
    struct business_case a_case = {0};
    struct ring_fence ring_fence = {0};
    if (!access_check_active(standing, err) || !case_load(act, ref, &a_case, &ring_fence, err) ||
        !effect_check(effect, err) || !case_propose(&a_case, &ring_fence, err) ||
        !case_append(act, "reinvestment.case.proposed.v1", &a_case, err))
        return false;
    char award[MONEY_TEXT_SIZE];
    money_format(a_case.award_pence, award);
    snprintf(ret_subject->kind, sizeof(ret_subject->kind), "spend-ring-fence");
    snprintf(ret_subject->title, sizeof(ret_subject->title), "%s", a_case.title);
    snprintf(ret_subject->summary, sizeof(ret_subject->summary), "%s out of ring-fence %s for %s",
             award, a_case.ring_fence, a_case.beneficiary);
    case_ref(&a_case, ret_subject->ref);
    ret_subject->version = a_case.version;
    ret_subject->content = case_content(&a_case);
    json_put_new(ret_subject->content, "hold", case_hold(&a_case, &ring_fence));
    ret_subject->organisations = case_organisations(&a_case);
    return true;
}

static bool case_carry(struct act *act, const struct carried_decision *decision,
                       struct problem *err)
{
    struct business_case a_case = {0};
    if (!case_of_ref(act, decision->subject, &a_case, err) ||
        !effect_check(decision->effect, err) || !case_decide(&a_case, decision->id, err))
        return false;
    json_auto_t *data = json_object();
    json_put_new(data, "case", case_row(&a_case));
    json_auto_t *links = case_links(&a_case);
    struct event event = {.type = "reinvestment.case.decided.v1",
                          .subject = decision->subject,
                          .data = data,
                          .links = links,
                          .effect_decision_id = decision->id,
                          .occurred_ms = decision->carried_ms};
    return act_append(act, &event, err);
}

static bool case_return(struct act *act, const char *ref, const char *effect, const char *outcome,
                        const char *reason, struct problem *err)
{
    (void)effect, (void)reason;
    struct business_case a_case = {0};
    if (!case_of_ref(act, ref, &a_case, err))
        return false;
    if (!case_release(&a_case, outcome))
        return true;
    return case_append(act,
                       a_case.state == CASE_REJECTED ? "reinvestment.case.rejected.v1"
                                                     : "reinvestment.case.returned.v1",
                       &a_case, err);
}

const struct subject_hooks REINVESTMENT_SUBJECTS = {
    .describe = case_describe,
    .carry = case_carry,
    .release = case_return,
};

/* The ledger's answers
 * --------------------------------------------------------------------------------- */

/* The case that a hold of the ledger's event is for; false in ret_found when it is not one of ours.
 */
static bool case_of_hold(struct act *act, const struct foreign_event *event, bool *ret_found,
                         struct business_case *ret, struct problem *err)
{
    const char *id = ref_id(json_text(json_member(event->data, "hold"), "subject"), CASE_PREFIX);
    *ret_found = id != NULL;
    return id == NULL || store_case_get(act->tx, id, ret, err);
}

static bool hold_placed(struct act *act, const struct foreign_event *event, struct problem *err)
{
    const json_t *hold = json_member(event->data, "hold");
    struct business_case a_case = {0};
    bool found;
    const char *decision_id = json_text(hold, "decisionId"), *hold_id = json_text(hold, "id");
    if (!case_of_hold(act, event, &found, &a_case, err))
        return false;
    if (found && (decision_id == NULL || hold_id == NULL))
        return problem_set(err, PROBLEM_INTERNAL, "a hold without an id or a decision");
    if (!found || !case_fund(&a_case, decision_id, hold_id))
        return true;
    return case_append(act, "reinvestment.case.funded.v1", &a_case, err);
}

/* Gives up what is pending, then the case. */
static bool hold_gone(struct act *act, const struct foreign_event *event, struct problem *err)
{
    struct business_case a_case = {0};
    bool found;
    db_rows_auto_t rows = {0};
    if (!case_of_hold(act, event, &found, &a_case, err))
        return false;
    if (!found || a_case.state != CASE_IN_DELIVERY)
        return true;
    if (!store_drawdown_pending(act->tx, a_case.id, &rows, err))
        return false;
    const char *reason = "the ledger's hold on the award ended";
    for (int row = 0; row < rows.count; row++) {
        struct drawdown drawdown = {0};
        drawdown_of_row(&rows, row, &drawdown);
        if (drawdown_void(&a_case, &drawdown, reason) &&
            !event_drawdown_refused(act, &a_case, &drawdown, err))
            return false;
    }
    return !case_expire(&a_case, reason, act->now_ms) ||
           case_append(act, "reinvestment.case.expired.v1", &a_case, err);
}

/* "reinvestment/cases/<id>" among what the event names: its subject or its links. */
static const char *linked_id(const struct foreign_event *event, const char *prefix)
{
    const char *id = ref_id(event->subject, prefix);
    size_t i;
    json_t *link;
    json_array_foreach(json_member(event->envelope, "links"), i, link)
    {
        if (id == NULL)
            id = ref_id(json_string_value(link), prefix);
    }
    return id;
}

/* The ledger could not place the hold of a carried decision. */
static bool hold_refused(struct act *act, const struct foreign_event *event, struct problem *err)
{
    const json_t *effect = json_member(event->envelope, "effect");
    const char *id = linked_id(event, CASE_PREFIX);
    const char *decision_id = json_text(effect, "decision");
    const char *reason = json_text(effect, "reason");
    struct business_case a_case = {0};
    if (id == NULL || decision_id == NULL)
        return true;
    if (!store_case_get(act->tx, id, &a_case, err))
        return false;
    if (!case_refuse(&a_case, decision_id, reason != NULL ? reason : "the ledger placed no hold"))
        return true;
    return case_append(act, "reinvestment.case.rejected.v1", &a_case, err);
}

static bool drawdown_and_case(struct act *act, const char *id, struct drawdown *ret_drawdown,
                              struct business_case *ret_case, struct problem *err)
{
    return store_drawdown_get(act->tx, id, ret_drawdown, err) &&
           store_case_get(act->tx, ret_drawdown->case_id, ret_case, err);
}

static bool hold_captured(struct act *act, const struct foreign_event *event, struct problem *err)
{
    const json_t *capture = json_member(event->data, "capture");
    const char *id = json_text(capture, "drawdownId");
    const char *transaction_id = json_text(capture, "transactionId");
    struct drawdown drawdown = {0};
    struct business_case a_case = {0};
    if (id == NULL)
        return true;
    if (!drawdown_and_case(act, id, &drawdown, &a_case, err))
        return false;
    if (transaction_id == NULL)
        return problem_set(err, PROBLEM_INTERNAL, "a capture without a transaction");
    if (!drawdown_capture(&a_case, &drawdown, transaction_id, event->occurred_ms))
        return true;
    return drawdown_append(act, "reinvestment.drawdown.captured.v1", &a_case, &drawdown, err);
}

static bool capture_refused(struct act *act, const struct foreign_event *event, struct problem *err)
{
    const char *id = linked_id(event, DRAWDOWN_PREFIX);
    const char *reason = json_text(event->data, "reason");
    struct drawdown drawdown = {0};
    struct business_case a_case = {0};
    if (id == NULL)
        return true;
    if (!drawdown_and_case(act, id, &drawdown, &a_case, err))
        return false;
    if (!drawdown_void(&a_case, &drawdown, reason != NULL ? reason : "the ledger did not pay"))
        return true;
    return event_drawdown_refused(act, &a_case, &drawdown, err);
}

/* An alliance that becomes active appraises by the default criteria. */
static bool alliance_activated(struct act *act, const struct foreign_event *event,
                               struct problem *err)
{
    (void)event;
    struct appraisal_criteria criteria;
    if (!store_appraisal_criteria_in_force(act->tx, &criteria, err))
        return false;
    if (criteria.number > 0)
        return true;
    appraisal_criteria_default(act->now_ms, &criteria);
    return event_appraisal_criteria_adopted(act, &criteria, err);
}

const struct reaction REINVESTMENT_REACTIONS[] = {
    {"membership.alliance.activated.v1", alliance_activated},
    {"ledger.hold.placed.v1", hold_placed},
    {"ledger.effect.refused.v1", hold_refused},
    {"ledger.hold.captured.v1", hold_captured},
    {"ledger.capture.refused.v1", capture_refused},
    {"ledger.hold.released.v1", hold_gone},
    {"ledger.hold.expired.v1", hold_gone},
};
const size_t REINVESTMENT_REACTION_COUNT = ARRAY_LENGTH(REINVESTMENT_REACTIONS);
