#include <stdio.h>
#include <string.h>

#include "common/ids.h"
#include "common/json.h"
#include "common/money.h"
#include "services/ledger/events.h"
#include "services/ledger/events/rows.h"
#include "services/ledger/events/settlement.h"
#include "services/ledger/rules.h"
#include "services/ledger/rules/settling.h"

/* --- computing
 * ------------------------------------------------------------------------------------------------
 */

/* What came out, as the record has it. */
static void record_complete(struct settlement_record *record, const struct basis *basis)
{
    record->method = basis->settlement.method;
    record->agreement_number = basis->input.agreement_number;
    memcpy(record->agreement_digest, basis->input.agreement_digest, DIGEST_SIZE);
    memcpy(record->inputs_digest, basis->inputs_digest, DIGEST_SIZE);
    memcpy(record->digest, basis->digest, DIGEST_SIZE);
    record->ledger_sequence = basis->input.ledger_sequence;
    record->membership_sequence = basis->input.membership_sequence;
    record->line_count = (int32_t)basis->settlement.line_count;
    record->entry_count = basis->settlement.entry_count;
    memcpy(record->entries, basis->settlement.entries, sizeof record->entries);
    record->surplus_pence = basis->settlement.surplus_pence;
    record->reserve_called_pence = basis->settlement.reserve_called_pence;
    record->state = SETTLEMENT_COMPUTED;
    record->ended_ms = INSTANT_NONE;
    record->version = 1;
}

bool settlement_run(struct act *act, int32_t month, const char *corrects_id,
                    struct settlement_record *record, struct basis *basis, struct problem *err)
{
    record->month = month;
    snprintf(record->corrects_id, sizeof record->corrects_id, "%s", corrects_id);
    if (!act_flush(act, err) || !store_basis_undecided(act->tx, month, basis, err) ||
        !store_basis_now(act->tx, month, corrects_id[0] != '\0', act->sequence,
                         act_cursor(act, "membership"), basis, err))
        return false;
    record_complete(record, basis);
    return event_settlement_computed(act, record, basis, err);
}

/* --- as a subject
 * --------------------------------------------------------------------------------------------- */

static bool settlement_find(struct act *act, const char *ref, struct settlement_record *ret_record,
                            struct problem *err)
{
    const char *id = ref + strlen(SETTLEMENT_PREFIX);
    if (!uuid_is_valid(id))
        return problem_set(err, PROBLEM_NOT_FOUND, "there is no %s to decide on", ref);
    return store_settlement_get(act->tx, id, ret_record, err);
}

/* Partners whose accounts it moves. */
static json_t *organisations_of(const struct book *book, const struct settlement_record *record)
{
    json_t *organisations = json_array();
    for (size_t i = 0; i < record->entry_count; i++) {
        const struct account *account = book_account(book, record->entries[i].account_code);
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
    return organisations;
}

bool settlement_describe(struct act *act, const char *ref, const char *effect,
                         struct subject *ret_subject, struct problem *err)
{
    struct settlement_record record, proposed;
    struct book *book;
    if (!settlement_find(act, ref, &record, err))
        return false;
    if (strcmp(effect, "post") != 0)
        return problem_set(err, PROBLEM_RULE_BROKEN, "a settlement is posted, not '%s'", effect);
    if (!store_book(act, &book, err) || !settlement_propose(&record, &proposed, err) ||
        !event_settlement_moved(act, &proposed, err))
        return false;
    char month[MONTH_SIZE], surplus[MONEY_TEXT_SIZE], called[MONEY_TEXT_SIZE];
    month_format(record.month, month);
    money_format(record.surplus_pence, surplus);
    money_format(record.reserve_called_pence, called);
    snprintf(ret_subject->kind, sizeof ret_subject->kind, "approve-settlement");
    settlement_ref(record.id, ret_subject->ref);
    snprintf(ret_subject->title, sizeof ret_subject->title, "%s of %s",
             record.corrects_id[0] == '\0' ? "Settlement" : "Corrective settlement", month);
    snprintf(
        ret_subject->summary, sizeof ret_subject->summary,
        "%d lines by version %lld of the agreement: %s to the ring-fences, %s from the reserve.",
        record.line_count, (long long)record.agreement_number, surplus, called);
    ret_subject->version = proposed.version;
    ret_subject->content = settlement_content(&proposed);
    ret_subject->organisations = organisations_of(book, &record);
    return true;
}

/* --- posting
 * --------------------------------------------------------------------------------------------------
 */

/* The books may have moved since it was computed: what is posted is what the rules say now and what
 * was voted on, or nothing. */
static bool still_true_check(struct act *act, const struct settlement_record *record,
                             struct basis *basis, struct problem *err)
{
    if (!act_flush(act, err) ||
        !store_basis_now(act->tx, record->month, record->corrects_id[0] != '\0', act->sequence,
                         act_cursor(act, "membership"), basis, err))
        return false;
    return basis_says(basis, record) ||
           problem_set(err, PROBLEM_STATE_CONFLICT,
                       "the books have moved since it was computed; it comes to something "
                       "else now and is to be computed anew");
}

static bool entries_post(struct act *act, struct book *book, struct settlement_record *record,
                         struct transaction *transaction, struct problem *err)
{
    struct posting_terms terms = {.pointer = "", .settles = true};
    settlement_transaction_make(record, transaction);
    memcpy(transaction->decision_id, record->decision_id, sizeof transaction->decision_id);
    transaction->recorded_ms = act->now_ms;
    uuid_new(act->now_ms, transaction->id);
    if (!transaction_check(book, &terms, transaction, err)) {
        if (err->fault_count > 0) /* the first says more than the general detail */
            snprintf(err->detail, sizeof err->detail, "%s", err->faults[0].detail);
        return false;
    }
    transaction_apply(book, transaction);
    memcpy(record->transaction_id, transaction->id, sizeof record->transaction_id);
    return true;
}

static bool submissions_use(struct act *act, const struct settlement_record *record,
                            const struct basis *basis, struct problem *err)
{
    for (size_t i = 0; i < basis->input.actual_count; i++) {
        struct submission submission, used;
        if (!store_submission_get(act->tx, basis->actuals[i].submission_id, &submission, err))
            return false;
        submission_use(&submission, record->id, &used);
        if (!event_submission_used(act, &used, err))
            return false;
    }
    return true;
}

static bool posted_announce(struct act *act, struct book *book,
                            const struct settlement_record *posted, const struct basis *basis,
                            const struct transaction *transaction, struct problem *err)
{
    if (!event_settlement_posted(act, book, posted, transaction, err) ||
        !submissions_use(act, posted, basis, err))
        return false;
    for (size_t i = 0; i < basis->settlement.escalation_count; i++) {
        const struct settlement_escalation *escalation = &basis->settlement.escalations[i];
        if (!escalation_is_repeated(escalation, basis->escalated, basis->escalated_count) &&
            !event_settlement_escalated(act, posted, escalation, err))
            return false;
    }
    return true;
}

bool settlement_carry(struct act *act, const struct carried_decision *decision, struct problem *err)
{
    struct settlement_record record, posted;
    struct book *book;
    struct transaction transaction;
    if (!settlement_find(act, decision->subject, &record, err) || !book_begin(act, &book, err))
        return false;
    basis_auto_t *basis = basis_new();
    if (!still_true_check(act, &record, basis, err) ||
        !store_basis_escalated(act->tx, record.corrects_id, basis, err) ||
        !settlement_post(&record, decision->id, act->sequence + 1, act->now_ms, &posted, err))
        return false;
    bool moves = posted.entry_count > 0;
    if (moves && !entries_post(act, book, &posted, &transaction, err))
        return false;
    if (posted_announce(act, book, &posted, basis, moves ? &transaction : NULL, err))
        return true;
    store_book_forget(act); /* it holds what was not posted */
    return false;
}

bool settlement_give_back(struct act *act, const char *ref, const char *outcome, const char *reason,
                          struct problem *err)
{
    struct settlement_record record, after;
    if (!settlement_find(act, ref, &record, err))
        return false;
    if (!settlement_release(&record, outcome, reason, act->now_ms, &after))
        return true;
    return event_settlement_moved(act, &after, err);
}
