#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/ids.h"
#include "common/json.h"
#include "common/memory.h"
#include "common/money.h"
#include "common/standing.h"
#include "services/ledger/events.h"
#include "services/ledger/events/settlement.h"
#include "services/ledger/queries.h"
#include "services/ledger/rules.h"
#include "services/ledger/store.h"

/* --- the chart of accounts follows the agreement and the roster (B2)
 * ------------------------------------- */

/* Accounts to be opened; those that there are already are left alone. */
struct chart {
    const struct book *book;
    int64_t now_ms;
    struct account *accounts;
    size_t count;
};

static void chart_done(struct chart *chart)
{
    free(chart->accounts);
}

static struct account *chart_add(struct chart *chart, const char *code, enum account_type type,
                                 const char *title)
{
    bool is_there = book_account(chart->book, code) != NULL;
    for (size_t i = 0; i < chart->count && !is_there; i++)
        is_there = strcmp(chart->accounts[i].code, code) == 0;
    if (is_there)
        return NULL;
    struct account *accounts =
        reallocarray(chart->accounts, chart->count + 1, sizeof chart->accounts[0]);
    if (accounts == NULL)
        abort();
    chart->accounts = accounts;
    struct account *account = &chart->accounts[chart->count++];
    *account = (struct account){
        .type = type,
        .opened_ms = chart->now_ms,
        .closed_ms = INSTANT_NONE,
        .has_floor = type == ACCOUNT_RESERVE || type == ACCOUNT_RING_FENCE,
        .version = 1,
    };
    snprintf(account->code, sizeof account->code, "%s", code);
    snprintf(account->title, sizeof account->title, "%s", title);
    return account;
}

static bool chart_add_partner(struct chart *chart, const json_t *partner, struct problem *err)
{
    const char *organisation = json_text(partner, "organisation");
    const char *status = json_text(partner, "status"), *name = json_text(partner, "name");
    if (organisation == NULL || status == NULL || name == NULL)
        return problem_set(err, PROBLEM_INTERNAL, "a partner without a code, a name or a status");
    if (strcmp(status, "active") != 0)
        return true;
    static const enum account_type types[] = {ACCOUNT_POSITION, ACCOUNT_OWED};
    for (size_t i = 0; i < ARRAY_LENGTH(types); i++) {
        char code[CODE_SIZE];
        account_code_of_partner(organisation, types[i], code);
        struct account *account = chart_add(chart, code, types[i], name);
        if (account != NULL)
            snprintf(account->organisation, sizeof account->organisation, "%s", organisation);
    }
    return true;
}

static bool chart_add_listed(struct chart *chart, const json_t *listed, enum account_type type,
                             const char *title_member, struct problem *err)
{
    size_t i;
    json_t *item;
    json_array_foreach(listed, i, item)
    {
        char code[CODE_SIZE];
        const char *own_code = json_text(item, "code"), *title = json_text(item, title_member);
        if (own_code == NULL || title == NULL)
            return problem_set(err, PROBLEM_INTERNAL,
                               "the agreement lists a %s without a code or %s",
                               account_type_word(type), title_member);
        snprintf(code, sizeof code, "%s:%s", account_type_word(type), own_code);
        (void)chart_add(chart, code, type, title);
    }
    return true;
}

/* The reserve holds no more than the agreement caps it at. A lower cap takes nothing away that is
 * there already: then nothing more goes in. */
static int64_t reserve_ceiling(const json_t *reserve, int64_t balance_pence)
{
    int64_t cap_pence = json_integer_or(reserve, "capPence", 0);
    return cap_pence > balance_pence ? cap_pence : balance_pence;
}

static bool reserve_limit(struct act *act, struct account *account, const json_t *reserve,
                          struct problem *err)
{
    int64_t ceiling_pence = reserve_ceiling(reserve, account->balance_pence);
    if (account->has_ceiling && account->ceiling_pence == ceiling_pence)
        return true;
    account->has_ceiling = true;
    account->ceiling_pence = ceiling_pence;
    account->version++;
    return event_account_limited(act, account, err);
}

static bool chart_follow_agreement(struct act *act, struct chart *chart, const json_t *parameters,
                                   struct problem *err)
{
    if (!chart_add_listed(chart, json_member(parameters, "pools"), ACCOUNT_POOL, "name", err) ||
        !chart_add_listed(chart, json_member(parameters, "ringFences"), ACCOUNT_RING_FENCE,
                          "purpose", err))
        return false;
    const json_t *reserve = json_member(parameters, "reserve");
    if (reserve == NULL)
        return true;
    struct account *opened =
        chart_add(chart, "reserve:cost-risk", ACCOUNT_RESERVE, "Cost risk reserve");
    if (opened == NULL)
        return reserve_limit(act, book_account(chart->book, "reserve:cost-risk"), reserve, err);
    opened->has_ceiling = true;
    opened->ceiling_pence = reserve_ceiling(reserve, 0);
    return true;
}

static bool chart_open(struct act *act, struct chart *chart, struct problem *err)
{
    bool ok = chart->count == 0 || event_accounts_opened(act, chart->accounts, chart->count, err);
    store_book_forget(act);
    return ok;
}

/* --- months of the alliance's term (B5)
 * --------------------------------------------------------------------- */

static bool periods_open(struct act *act, struct problem *err)
{
    struct book *book;
    int32_t starts_day, ends_day;
    if (!store_term(act->tx, &starts_day, &ends_day, err) || !store_book(act, &book, err))
        return false;
    int32_t first = month_of_day(starts_day), last = month_of_day(ends_day - 1);
    struct period *periods = need(calloc((size_t)(last - first + 1), sizeof *periods));
    size_t count = 0;
    for (int32_t month = first; month <= last; month++)
        if (book_period(book, month) == NULL)
            periods[count++] = (struct period){
                .month = month,
                .locked_ms = INSTANT_NONE,
                .closed_ms = INSTANT_NONE,
                .reopened_ms = INSTANT_NONE,
                .version = 1,
            };
    bool ok = event_periods_opened(act, periods, count, err);
    free(periods);
    store_book_forget(act);
    return ok;
}

/* --- membership
 * ------------------------------------------------------------------------------------------------
 */

/* Membership asks nobody before a version starts in settled months (B12); the board is told of
 * each, as what is posted does not follow by itself. */
static bool overtaken_escalate(struct act *act, int64_t number, struct problem *err)
{
    db_rows_auto_t rows = {.result = NULL};
    if (!act_flush(act, err) || !store_overtaken_list(act->tx, number, &rows, err))
        return false;
    for (int i = 0; i < rows.count; i++) {
        struct overtaken overtaken = {.in_force = number};
        overtaken_of_row(&rows, i, &overtaken);
        if (!event_settlement_overtaken(act, &overtaken, err))
            return false;
    }
    return true;
}

static bool agreement_follow(struct act *act, const struct foreign_event *event,
                             struct problem *err)
{
    struct book *book;
    if (!store_book(act, &book, err))
        return false;
    CLEANUP(chart_done) struct chart chart = {.book = book, .now_ms = act->now_ms};
    size_t i;
    json_t *partner;
    json_array_foreach(json_member(event->data, "partner"), i, partner)
    {
        if (!chart_add_partner(&chart, partner, err))
            return false;
    }
    const json_t *version = json_member(event->data, "agreementVersion");
    return chart_follow_agreement(act, &chart, json_member(version, "parameters"), err) &&
           chart_open(act, &chart, err) && periods_open(act, err) &&
           overtaken_escalate(act, json_integer_or(version, "number", 0), err);
}

static bool partner_admitted(struct act *act, const struct foreign_event *event,
                             struct problem *err)
{
    struct book *book;
    if (!store_book(act, &book, err))
        return false;
    CLEANUP(chart_done) struct chart chart = {.book = book, .now_ms = act->now_ms};
    return chart_add_partner(&chart, json_member(event->data, "partner"), err) &&
           chart_open(act, &chart, err);
}

static bool text_is(const json_t *object, const char *name, const char *wanted)
{
    const char *text = json_text(object, name);
    return text != NULL && strcmp(text, wanted) == 0;
}

/* What a decision asks the ledger to hold; the title is the decision's. */
static bool hold_of_decision(const json_t *decision, struct hold *ret_hold, struct problem *err)
{
    const json_t *wanted = json_member(json_member(decision, "content"), "hold");
    const char *account_code = json_text(wanted, "accountCode");
    const char *beneficiary = json_text(wanted, "beneficiary");
    *ret_hold = (struct hold){
        .month = DAY_NONE,
        .amount_pence = json_integer_or(wanted, "amountPence", 0),
        .expires_ms = json_instant(wanted, "expiresAt"),
        .resolved_ms = INSTANT_NONE,
        .version = 1,
    };
    if (account_code == NULL || strlen(account_code) >= CODE_SIZE || beneficiary == NULL ||
        !ods_is_valid(beneficiary))
        return problem_set(err, PROBLEM_RULE_BROKEN,
                           "the decision does not say what is to be held for whom");
    snprintf(ret_hold->account_code, sizeof ret_hold->account_code, "%s", account_code);
    snprintf(ret_hold->beneficiary, sizeof ret_hold->beneficiary, "%s", beneficiary);
    const char *title, *subject, *id;
    if (!event_text(decision, "title", sizeof ret_hold->title, &title, err) ||
        !event_text(decision, "subject", sizeof ret_hold->subject, &subject, err) ||
        !event_text(decision, "id", sizeof ret_hold->decision_id, &id, err))
        return false;
    snprintf(ret_hold->title, sizeof ret_hold->title, "%s", title);
    snprintf(ret_hold->subject, sizeof ret_hold->subject, "%s", subject);
    snprintf(ret_hold->decision_id, sizeof ret_hold->decision_id, "%s", id);
    return true;
}

/* The ledger believes the decision that it has read itself, and nobody's word for it. */
static bool decision_binds(const struct foreign_event *event, struct problem *err)
{
    const json_t *decision = json_member(event->data, "decision");
    if (!text_is(decision, "state", "carried") || !text_is(decision, "rule", "unanimous"))
        return problem_set(err, PROBLEM_RULE_BROKEN,
                           "spending a ring-fence takes a unanimous decision");
    if (!subject_digest_matches(event->data))
        return problem_set(err, PROBLEM_RULE_BROKEN, "what was voted on is not what was frozen");
    return true;
}

static bool hold_place(struct act *act, const struct foreign_event *event, struct hold *hold,
                       struct problem *err)
{
    struct book *book;
    if (!alliance_check_open(act->tx, err) || !decision_binds(event, err) ||
        !hold_of_decision(json_member(event->data, "decision"), hold, err) ||
        !book_begin(act, &book, err))
        return false;
    const struct account *account = book_account(book, hold->account_code);
    if (account != NULL && account->type != ACCOUNT_RING_FENCE)
        return problem_set(err, PROBLEM_RULE_BROKEN, "%s is not a ring-fence", account->code);
    if (!hold_check(book, NULL, hold, act->now_ms, err))
        return false;
    uuid_new(act->now_ms, hold->id);
    hold->placed_ms = act->now_ms;
    hold_apply(book, hold);
    return event_hold_placed(act, book, hold, err);
}

/* Why, in one sentence: the first fault says more than the general detail. */
static const char *reason_of(const struct problem *refusal)
{
    return refusal->fault_count > 0 ? refusal->faults[0].detail : refusal->detail;
}

static bool decision_carried(struct act *act, const struct foreign_event *event,
                             struct problem *err)
{
    const json_t *decision = json_member(event->data, "decision");
    const char *subject, *id;
    if (!text_is(decision, "kind", "spend-ring-fence"))
        return true;
    if (!event_text(decision, "subject", REF_SIZE, &subject, err) ||
        !event_text(decision, "id", UUID_SIZE, &id, err))
        return false;
    if (strcmp(ref_service(subject), "ledger") == 0)
        return true;
    struct hold hold;
    struct problem refusal = {0};
    if (hold_place(act, event, &hold, &refusal))
        return true;
    if (problem_status(refusal.code) >= 500) {
        *err = refusal;
        return false;
    }
    return event_effect_refused(act, id, subject, reason_of(&refusal), err);
}

/* --- reinvestment
 * ---------------------------------------------------------------------------------------------- */

static bool case_hold_find(struct act *act, const char *hold_id, const char *case_id,
                           struct hold **ret_hold, struct problem *err)
{
    char subject[REF_SIZE];
    if (hold_id == NULL || case_id == NULL || !uuid_is_valid(hold_id) || !uuid_is_valid(case_id))
        return problem_set(err, PROBLEM_RULE_BROKEN, "it names no hold of a case");
    if (!store_book_hold(act, hold_id, ret_hold, err))
        return false;
    snprintf(subject, sizeof subject, "reinvestment/cases/%s", case_id);
    if (strcmp((*ret_hold)->subject, subject) != 0)
        return problem_set(err, PROBLEM_RULE_BROKEN, "the hold is not that of %s", subject);
    return true;
}

static bool drawdown_pay(struct act *act, const json_t *drawdown, struct problem *err)
{
    struct hold *hold;
    if (!alliance_check_open(act->tx, err) ||
        !case_hold_find(act, json_text(drawdown, "holdId"), json_text(drawdown, "caseId"), &hold,
                        err))
        return false;
    if (!text_is(drawdown, "beneficiary", hold->beneficiary))
        return problem_set(err, PROBLEM_RULE_BROKEN, "the hold is for %s", hold->beneficiary);
    struct capture capture = {.amount_pence = json_integer_or(drawdown, "amountPence", 0)};
    snprintf(capture.drawdown_id, sizeof capture.drawdown_id, "%s", json_text(drawdown, "id"));
    struct capture_order order = {.effective_day = instant_day(act->now_ms), .goes_late = true};
    struct transaction transaction;
    return capture_run(act, hold, &order, &capture, &transaction, err);
}

static bool drawdown_verified(struct act *act, const struct foreign_event *event,
                              struct problem *err)
{
    const json_t *drawdown = json_member(event->data, "drawdown");
    struct problem refusal = {0};
    const char *id;
    if (!event_text(drawdown, "id", UUID_SIZE, &id, err))
        return false;
    if (drawdown_pay(act, drawdown, &refusal))
        return true;
    if (problem_status(refusal.code) >= 500) {
        *err = refusal;
        return false;
    }
    return event_capture_refused(act, drawdown, reason_of(&refusal), err);
}

static bool case_closed(struct act *act, const struct foreign_event *event, struct problem *err)
{
    const json_t *closed = json_member(event->data, "case");
    struct hold *hold, after;
    struct book *book;
    struct problem refusal = {0};
    if (!case_hold_find(act, json_text(closed, "holdId"), json_text(closed, "id"), &hold,
                        &refusal) ||
        !hold_release(hold, "The case is closed.", act->now_ms, &after, &refusal)) {
        /* Nothing is held for it any more: nothing to give back. */
        if (problem_status(refusal.code) < 500)
            return true;
        *err = refusal;
        return false;
    }
    if (!store_book(act, &book, err))
        return false;
    struct hold before = *hold;
    hold_move(book, &before, &after);
    return event_hold_resolved(act, book, &after, err);
}

const struct reaction LEDGER_REACTIONS[] = {
    {"membership.alliance.activated.v1", agreement_follow},
    {"membership.agreement.adopted.v1", agreement_follow},
    {"membership.partner.admitted.v1", partner_admitted},
    {"membership.decision.carried.v1", decision_carried},
    {"reinvestment.drawdown.verified.v1", drawdown_verified},
    {"reinvestment.case.closed.v1", case_closed},
};
const size_t LEDGER_REACTION_COUNT = ARRAY_LENGTH(LEDGER_REACTIONS);

/* --- by the clock
 * ------------------------------------------------------------------------------------------------
 */

const struct sweep LEDGER_SWEEPS[] = {
    {.name = "holds", .due = &QUERY_HOLD_IS_DUE, .run = holds_expire},
};
const size_t LEDGER_SWEEP_COUNT = ARRAY_LENGTH(LEDGER_SWEEPS);
