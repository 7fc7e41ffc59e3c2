#include <stdio.h>
#include <string.h>

#include "common/ids.h"
#include "common/json.h"
#include "common/money.h"
#include "services/ledger/events.h"
#include "services/ledger/events/rows.h"
#include "services/ledger/events/settlement.h"
#include "services/ledger/rules.h"
#include "services/ledger/store.h"

#define MANDATE_PREFIX "ledger/mandates/"
#define PERIOD_PREFIX "ledger/periods/"

static bool starts_with(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

static bool no_such(const char *ref, struct problem *err)
{
    return problem_set(err, PROBLEM_NOT_FOUND, "there is no %s to decide on", ref);
}

/* --- mandates: granted
 * --------------------------------------------------------------------------------- */

static bool mandate_find(struct act *act, const char *ref, const char *effect,
                         struct mandate **ret_mandate, struct problem *err)
{
    const char *id = ref + strlen(MANDATE_PREFIX);
    if (!uuid_is_valid(id))
        return no_such(ref, err);
    if (!store_book_mandate(act, id, ret_mandate, err))
        return false;
    if (strcmp(effect, "grant") != 0)
        return problem_set(err, PROBLEM_RULE_BROKEN, "a mandate is granted, not '%s'", effect);
    return true;
}

/* Partners whose accounts money may come from or go to. */
static void organisations_add(json_t *organisations, const struct book *book,
                              const char accounts[][CODE_SIZE], size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct account *account = book_account(book, accounts[i]);
        bool is_there = account == NULL || account->organisation[0] == '\0';
        size_t j;
        json_t *other;
        json_array_foreach(organisations, j, other)
        {
            is_there = is_there || strcmp(json_string_value(other), account->organisation) == 0;
        }
        if (!is_there)
            json_push_new(organisations, json_string(account->organisation));
    }
}

static bool mandate_describe(struct act *act, const char *ref, const char *effect,
                             struct subject *ret_subject, struct problem *err)
{
    struct mandate *mandate;
    struct book *book;
    if (!mandate_find(act, ref, effect, &mandate, err) || !store_book(act, &book, err) ||
        !mandate_grant_check(mandate, err) || !mandate_check(book, mandate, err))
        return false;
    char limit[MONEY_TEXT_SIZE], starts[DATE_SIZE], ends[DATE_SIZE];
    money_format(mandate->limit_pence, limit);
    day_format(mandate->starts_day, starts);
    day_format(mandate->ends_day, ends);
    snprintf(ret_subject->ref, sizeof ret_subject->ref, MANDATE_PREFIX "%s", mandate->id);
    snprintf(ret_subject->title, sizeof ret_subject->title, "%s", mandate->title);
    snprintf(ret_subject->summary, sizeof ret_subject->summary,
             "Up to %s may be moved on days from %s until before %s, from %zu and to %zu accounts.",
             limit, starts, ends, mandate->debit_count, mandate->credit_count);
    ret_subject->version = mandate->version;
    ret_subject->content = mandate_content(mandate);
    ret_subject->organisations = json_array();
    organisations_add(ret_subject->organisations, book, mandate->debit_accounts,
                      mandate->debit_count);
    organisations_add(ret_subject->organisations, book, mandate->credit_accounts,
                      mandate->credit_count);
    return true;
}

static bool mandate_carry(struct act *act, const struct carried_decision *decision,
                          struct problem *err)
{
    struct mandate *mandate;
    if (!mandate_find(act, decision->subject, decision->effect, &mandate, err) ||
        !mandate_grant_check(mandate, err))
        return false;
    snprintf(mandate->decision_id, sizeof mandate->decision_id, "%s", decision->id);
    mandate->state = MANDATE_ACTIVE;
    mandate->granted_ms = act->now_ms;
    mandate->version++;
    return event_mandate_granted(act, mandate, err);
}

/* --- months: reopened
 * -------------------------------------------------------------------------------------- */

static bool period_find(struct act *act, const char *ref, const char *effect,
                        struct book **ret_book, struct period **ret_period, struct problem *err)
{
    int32_t month;
    if (!month_parse(ref + strlen(PERIOD_PREFIX), &month))
        return no_such(ref, err);
    if (!store_book(act, ret_book, err) || !store_book_period(act, month, ret_period, err))
        return false;
    if (strcmp(effect, "reopen") != 0)
        return problem_set(err, PROBLEM_RULE_BROKEN, "a month is reopened, not '%s'", effect);
    return true;
}

static bool period_describe(struct act *act, const char *ref, const char *effect,
                            struct subject *ret_subject, struct problem *err)
{
    struct book *book;
    struct period *period;
    char month[MONTH_SIZE];
    if (!period_find(act, ref, effect, &book, &period, err) ||
        !period_reopen_check(book, period, err))
        return false;
    month_format(period->month, month);
    snprintf(ret_subject->ref, sizeof ret_subject->ref, PERIOD_PREFIX "%s", month);
    snprintf(ret_subject->title, sizeof ret_subject->title, "Reopen %s", month);
    snprintf(ret_subject->summary, sizeof ret_subject->summary,
             "%s is closed; reopened, it takes postings again until it is locked.", month);
    ret_subject->version = period->version;
    ret_subject->content = json_object();
    json_put_text(ret_subject->content, "month", month);
    json_put_instant(ret_subject->content, "closedAt", period->closed_ms);
    return true;
}

static bool period_carry(struct act *act, const struct carried_decision *decision,
                         struct problem *err)
{
    struct book *book;
    struct period *period;
    if (!period_find(act, decision->subject, decision->effect, &book, &period, err) ||
        !period_reopen_check(book, period, err))
        return false;
    period->state = PERIOD_OPEN;
    period->reopened_ms = act->now_ms;
    snprintf(period->reopened_by, sizeof period->reopened_by, "%s", decision->id);
    period->version++;
    return event_period_reopened(act, period, err);
}

/* --- hooks
 * ------------------------------------------------------------------------------------------------------
 */

static bool describe(struct act *act, const struct standing *standing, const char *ref,
                     const char *effect, struct subject *ret_subject, struct problem *err)
{
    (void)standing; /* the book is open: whoever may open a decision sees all of it */
    snprintf(ret_subject->kind, sizeof ret_subject->kind, "move-money");
    if (starts_with(ref, MANDATE_PREFIX))
        return mandate_describe(act, ref, effect, ret_subject, err);
    if (starts_with(ref, PERIOD_PREFIX))
        return period_describe(act, ref, effect, ret_subject, err);
    if (starts_with(ref, SETTLEMENT_PREFIX))
        return settlement_describe(act, ref, effect, ret_subject, err);
    if (starts_with(ref, RELEASE_PREFIX))
        return release_describe(act, ref, effect, ret_subject, err);
    return no_such(ref, err);
}

static bool carry(struct act *act, const struct carried_decision *decision, struct problem *err)
{
    if (starts_with(decision->subject, MANDATE_PREFIX))
        return mandate_carry(act, decision, err);
    if (starts_with(decision->subject, PERIOD_PREFIX))
        return period_carry(act, decision, err);
    if (starts_with(decision->subject, SETTLEMENT_PREFIX))
        return settlement_carry(act, decision, err);
    if (starts_with(decision->subject, RELEASE_PREFIX))
        return release_carry(act, decision, err);
    return no_such(decision->subject, err);
}

/* A mandate stays a draft and a month closed: nothing was changed for the decision. A settlement
 * was proposed. */
static bool release(struct act *act, const char *ref, const char *effect, const char *outcome,
                    const char *reason, struct problem *err)
{
    (void)effect;
    if (starts_with(ref, SETTLEMENT_PREFIX))
        return settlement_give_back(act, ref, outcome, reason, err);
    return !starts_with(ref, RELEASE_PREFIX) || release_give_back(act, ref, outcome, reason, err);
}

const struct subject_hooks LEDGER_SUBJECTS = {
    .describe = describe,
    .carry = carry,
    .release = release,
};
