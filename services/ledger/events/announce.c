#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "common/json.h"
#include "services/ledger/events.h"
#include "services/ledger/events/rows.h"
#include "services/ledger/rules.h"

/* Rows of accounts or periods in one event; and bytes of transactions and entries, which leaves
 * room for the balances they touch, the mandate and the envelope. */
enum { ROWS_PER_EVENT = 50, BULK_EVENT_BYTES = 36 * 1024 };

/* --- references
 * -------------------------------------------------------------------------------------- */

void account_ref(const char *code, char ret_ref[REF_SIZE])
{
    snprintf(ret_ref, REF_SIZE, "ledger/accounts/%s", code);
}

void mandate_ref(const char *id, char ret_ref[REF_SIZE])
{
    snprintf(ret_ref, REF_SIZE, "ledger/mandates/%s", id);
}

void transaction_ref(const char *id, char ret_ref[REF_SIZE])
{
    snprintf(ret_ref, REF_SIZE, "ledger/transactions/%s", id);
}

void bulk_ref(const char *id, char ret_ref[REF_SIZE])
{
    snprintf(ret_ref, REF_SIZE, "ledger/bulks/%s", id);
}

void hold_ref(const char *id, char ret_ref[REF_SIZE])
{
    snprintf(ret_ref, REF_SIZE, "ledger/holds/%s", id);
}

void submission_ref(const char *id, char ret_ref[REF_SIZE])
{
    snprintf(ret_ref, REF_SIZE, "ledger/submissions/%s", id);
}

void period_ref(int32_t month, char ret_ref[REF_SIZE])
{
    char text[MONTH_SIZE];
    month_format(month, text);
    snprintf(ret_ref, REF_SIZE, "ledger/periods/%s", text);
}

void link_add(json_t *links, const char *prefix, const char *id)
{
    char ref[REF_SIZE];
    if (id[0] == '\0')
        return;
    snprintf(ref, sizeof ref, "%s%s", prefix, id);
    json_push_new(links, json_string(ref));
}

void link_agreement(json_t *links, int64_t number)
{
    char ref[REF_SIZE];
    snprintf(ref, sizeof ref, "agreement/versions/%lld", (long long)number);
    /* The founding version came with the alliance. */
    link_add(links, "", number == 1 ? "alliance" : ref);
}

bool announce(struct act *act, const char *type, const char *subject, json_t *data, json_t *links,
              const char *effect_decision_id, struct problem *err)
{
    json_auto_t *owned_data = data, *owned_links = links;
    struct event event = {
        .type = type,
        .subject = subject,
        .data = owned_data,
        .links = owned_links,
        .effect_decision_id = effect_decision_id,
        .occurred_ms = INSTANT_NONE,
    };
    return act_append(act, &event, err);
}

/* --- accounts
 * ------------------------------------------------------------------------------------------- */

static json_t *accounts_data(const struct account accounts[], size_t count)
{
    json_t *data = json_object(), *rows = json_array(), *balances = json_array();
    for (size_t i = 0; i < count; i++) {
        json_push_new(rows, account_row(&accounts[i]));
        json_push_new(balances, balance_row(&accounts[i]));
    }
    json_put_new(data, "account", rows);
    json_put_new(data, "balance", balances);
    return data;
}

bool event_accounts_opened(struct act *act, const struct account accounts[], size_t count,
                           struct problem *err)
{
    for (size_t i = 0; i < count; i += ROWS_PER_EVENT) {
        size_t rows = count - i < ROWS_PER_EVENT ? count - i : ROWS_PER_EVENT;
        if (!announce(act, "ledger.accounts.opened.v1", "ledger/accounts",
                      accounts_data(&accounts[i], rows), NULL, NULL, err))
            return false;
    }
    return true;
}

bool event_account_limited(struct act *act, const struct account *account, struct problem *err)
{
    char subject[REF_SIZE];
    account_ref(account->code, subject);
    json_t *data = json_object();
    json_put_new(data, "balance", balance_row(account));
    return announce(act, "ledger.account.limited.v1", subject, data, NULL, NULL, err);
}

bool event_account_closed(struct act *act, const struct account *account, struct problem *err)
{
    char subject[REF_SIZE];
    account_ref(account->code, subject);
    return announce(act, "ledger.account.closed.v1", subject, accounts_data(account, 1), NULL, NULL,
                    err);
}

/* --- mandates
 * -------------------------------------------------------------------------------------------- */

static bool mandate_announce(struct act *act, const char *type, const struct mandate *mandate,
                             const char *effect_decision_id, struct problem *err)
{
    char subject[REF_SIZE];
    mandate_ref(mandate->id, subject);
    json_t *data = json_object(), *links = json_array();
    json_put_new(data, "mandate", mandate_row(mandate));
    link_add(links, "decisions/", mandate->decision_id);
    return announce(act, type, subject, data, links, effect_decision_id, err);
}

bool event_mandate_drafted(struct act *act, const struct mandate *mandate, struct problem *err)
{
    return mandate_announce(act, "ledger.mandate.drafted.v1", mandate, NULL, err);
}

bool event_mandate_revised(struct act *act, const struct mandate *mandate, struct problem *err)
{
    return mandate_announce(act, "ledger.mandate.revised.v1", mandate, NULL, err);
}

bool event_mandate_withdrawn(struct act *act, const struct mandate *mandate, struct problem *err)
{
    return mandate_announce(act, "ledger.mandate.withdrawn.v1", mandate, NULL, err);
}

bool event_mandate_granted(struct act *act, const struct mandate *mandate, struct problem *err)
{
    return mandate_announce(act, "ledger.mandate.granted.v1", mandate, mandate->decision_id, err);
}

/* --- transactions
 * ------------------------------------------------------------------------------------------ */

static bool is_among(const json_t *balances, const char *code)
{
    size_t i;
    json_t *row;
    json_array_foreach(balances, i, row)
    {
        if (strcmp(json_text(row, "accountCode"), code) == 0)
            return true;
    }
    return false;
}

/* Adds each account's balance once. */
static void balances_add(json_t *balances, const struct book *book,
                         const struct transaction *transaction)
{
    for (size_t i = 0; i < transaction->entry_count; i++) {
        const char *code = transaction->entries[i].account_code;
        if (!is_among(balances, code))
            json_push_new(balances, balance_row(book_account(book, code)));
    }
}

/* A mandate that the transaction used, or gave back to. */
static void put_mandate(json_t *data, const struct book *book, const char *mandate_id)
{
    const struct mandate *mandate = book_mandate(book, mandate_id);
    if (mandate != NULL)
        json_put_new(data, "mandate", mandate_row(mandate));
}

json_t *transaction_data(const struct book *book, const struct transaction *transaction)
{
    json_t *data = json_object(), *balances = json_array();
    json_put_new(data, "transaction", transaction_row(transaction));
    json_put_new(data, "entry", entry_rows(transaction));
    balances_add(balances, book, transaction);
    json_put_new(data, "balance", balances);
    return data;
}

bool event_transaction_posted(struct act *act, const struct book *book,
                              const struct transaction *transaction, struct problem *err)
{
    char subject[REF_SIZE];
    transaction_ref(transaction->id, subject);
    json_t *data = transaction_data(book, transaction), *links = json_array();
    put_mandate(data, book, transaction->mandate_id);
    link_add(links, "ledger/mandates/", transaction->mandate_id);
    link_add(links, "decisions/", transaction->decision_id);
    link_add(links, "ledger/transactions/", transaction->reverses_id);
    return announce(act,
                    transaction->kind == TRANSACTION_REVERSAL ? "ledger.transaction.reversed.v1"
                                                              : "ledger.transaction.posted.v1",
                    subject, data, links, NULL, err);
}

void bulk_event_begin(struct bulk_event *event, struct act *act, const struct book *book,
                      const struct bulk *bulk)
{
    *event = (struct bulk_event){
        .act = act,
        .book = book,
        .bulk = bulk,
        .transactions = json_array(),
        .entries = json_array(),
    };
}

void bulk_event_done(struct bulk_event *event)
{
    json_decref(event->transactions);
    json_decref(event->entries);
}

/* Accounts that the entries in the making touched, as they stand now. */
static json_t *bulk_balances(const struct bulk_event *event)
{
    json_t *balances = json_array(), *entry;
    size_t i;
    json_array_foreach(event->entries, i, entry)
    {
        const char *code = json_text(entry, "accountCode");
        if (!is_among(balances, code))
            json_push_new(balances, balance_row(book_account(event->book, code)));
    }
    return balances;
}

bool bulk_event_end(struct bulk_event *event, struct problem *err)
{
    char subject[REF_SIZE];
    bulk_ref(event->bulk->id, subject);
    json_t *data = json_object(), *links = json_array();
    if (!event->has_bulk)
        json_put_new(data, "bulk", bulk_row(event->bulk));
    event->has_bulk = true;
    json_put_new(data, "balance", bulk_balances(event));
    json_put_new(data, "transaction", event->transactions);
    json_put_new(data, "entry", event->entries);
    event->transactions = json_array();
    event->entries = json_array();
    event->size = 0;
    put_mandate(data, event->book, event->bulk->mandate_id);
    const struct mandate *mandate = book_mandate(event->book, event->bulk->mandate_id);
    link_add(links, "ledger/mandates/", mandate->id);
    link_add(links, "decisions/", mandate->decision_id);
    return announce(event->act, "ledger.bulk.posted.v1", subject, data, links, NULL, err);
}

bool bulk_event_add(struct bulk_event *event, const struct transaction *transaction,
                    struct problem *err)
{
    json_push_new(event->transactions, transaction_row(transaction));
    event->size += 512 + 2 * strlen(transaction->description);
    for (size_t i = 0; i < transaction->entry_count; i++) {
        json_push_new(event->entries, entry_row(transaction, i));
        event->size += 384;
    }
    return event->size < BULK_EVENT_BYTES || bulk_event_end(event, err);
}

/* --- holds
 * --------------------------------------------------------------------------------------------------
 */

static json_t *hold_links(const struct hold *hold)
{
    json_t *links = json_array();
    link_add(links, "", hold->subject);
    link_add(links, "decisions/", hold->decision_id);
    return links;
}

static json_t *hold_data(const struct book *book, const struct hold *hold)
{
    json_t *data = json_object();
    json_put_new(data, "hold", hold_row(hold));
    json_put_new(data, "balance", balance_row(book_account(book, hold->account_code)));
    put_mandate(data, book, hold->mandate_id);
    return data;
}

bool event_hold_placed(struct act *act, const struct book *book, const struct hold *hold,
                       struct problem *err)
{
    char subject[REF_SIZE];
    hold_ref(hold->id, subject);
    bool is_effect = hold->mandate_id[0] == '\0';
    return announce(act, "ledger.hold.placed.v1", subject, hold_data(book, hold), hold_links(hold),
                    is_effect ? hold->decision_id : NULL, err);
}

bool event_hold_captured(struct act *act, const struct book *book, const struct hold *hold,
                         const struct capture *capture, const struct transaction *transaction,
                         struct problem *err)
{
    char subject[REF_SIZE];
    hold_ref(hold->id, subject);
    json_t *data = transaction_data(book, transaction);
    json_put_new(data, "hold", hold_row(hold));
    json_put_new(data, "capture", capture_row(capture));
    put_mandate(data, book, hold->mandate_id);
    json_t *links = json_array();
    link_add(links, "reinvestment/drawdowns/", capture->drawdown_id);
    json_auto_t *others = hold_links(hold);
    json_array_extend(links, others);
    link_add(links, "ledger/transactions/", transaction->id);
    return announce(act, "ledger.hold.captured.v1", subject, data, links, NULL, err);
}

bool event_hold_resolved(struct act *act, const struct book *book, const struct hold *hold,
                         struct problem *err)
{
    char subject[REF_SIZE];
    hold_ref(hold->id, subject);
    assert(hold->state == HOLD_RELEASED || hold->state == HOLD_EXPIRED);
    return announce(
        act, hold->state == HOLD_EXPIRED ? "ledger.hold.expired.v1" : "ledger.hold.released.v1",
        subject, hold_data(book, hold), hold_links(hold), NULL, err);
}

/* --- periods
 * --------------------------------------------------------------------------------------------------
 */

bool event_periods_opened(struct act *act, const struct period periods[], size_t count,
                          struct problem *err)
{
    for (size_t i = 0; i < count; i += ROWS_PER_EVENT) {
        json_t *data = json_object(), *rows = json_array();
        for (size_t j = i; j < count && j < i + ROWS_PER_EVENT; j++)
            json_push_new(rows, period_row(&periods[j]));
        json_put_new(data, "period", rows);
        if (!announce(act, "ledger.periods.opened.v1", "ledger/periods", data, NULL, NULL, err))
            return false;
    }
    return true;
}

static bool period_announce(struct act *act, const char *type, const struct period *period,
                            const char *effect_decision_id, struct problem *err)
{
    char subject[REF_SIZE];
    period_ref(period->month, subject);
    json_t *data = json_object(), *links = json_array();
    json_put_new(data, "period", period_row(period));
    if (effect_decision_id != NULL)
        link_add(links, "decisions/", effect_decision_id);
    return announce(act, type, subject, data, links, effect_decision_id, err);
}

bool event_period_moved(struct act *act, const struct period *period, struct problem *err)
{
    return period_announce(
        act, period->state == PERIOD_LOCKED ? "ledger.period.locked.v1" : "ledger.period.closed.v1",
        period, NULL, err);
}

bool event_period_reopened(struct act *act, const struct period *period, struct problem *err)
{
    return period_announce(act, "ledger.period.reopened.v1", period, period->reopened_by, err);
}

/* --- refusals
 * ----------------------------------------------------------------------------------------------------
 */

bool event_effect_refused(struct act *act, const char *decision_id, const char *subject,
                          const char *reason, struct problem *err)
{
    json_auto_t *data = json_object(), *links = json_array();
    json_put_text(data, "reason", reason);
    link_add(links, "decisions/", decision_id);
    link_add(links, "", subject);
    struct event event = {
        .type = "ledger.effect.refused.v1",
        .subject = subject,
        .data = data,
        .links = links,
        .effect_decision_id = decision_id,
        .effect_refused = true,
        .effect_reason = reason,
        .occurred_ms = INSTANT_NONE,
    };
    return act_append(act, &event, err);
}

bool event_capture_refused(struct act *act, const json_t *drawdown, const char *reason,
                           struct problem *err)
{
    const char *hold_id = json_text(drawdown, "holdId"), *case_id = json_text(drawdown, "caseId");
    char subject[REF_SIZE];
    snprintf(subject, sizeof subject, "reinvestment/drawdowns/%s", json_text(drawdown, "id"));
    json_t *data = json_object(), *links = json_array();
    json_put_text(data, "reason", reason);
    json_push_new(links, json_string(subject));
    link_add(links, "ledger/holds/", hold_id != NULL ? hold_id : "");
    link_add(links, "reinvestment/cases/", case_id != NULL ? case_id : "");
    return announce(act, "ledger.capture.refused.v1", subject, data, links, NULL, err);
}
