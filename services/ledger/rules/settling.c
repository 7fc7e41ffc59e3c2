#include "services/ledger/rules/settling.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "services/ledger/rules.h"

static const char *const STATES[] = {"computed", "proposed", "posted", "rejected", "withdrawn"};

const char *settlement_state_word(enum settlement_state state)
{
    return STATES[state];
}

enum settlement_state settlement_state_of_word(const char *word)
{
    size_t state = 0;
    while (strcmp(STATES[state], word) != 0) {
        state++;
        assert(state < ARRAY_LENGTH(STATES));
    }
    return (enum settlement_state)state;
}

static bool chain_check(const char *month, const struct settled_so_far *so_far,
                        const char *corrects_id, struct problem *err)
{
    if (so_far->last == NULL) {
        if (corrects_id[0] == '\0')
            return true;
        return problem_add(err, PROBLEM_RULE_BROKEN, "not-last", "/corrects",
                           "%s is not settled yet: there is nothing to correct", month);
    }
    if (corrects_id[0] == '\0')
        return problem_set(err, PROBLEM_STATE_CONFLICT,
                           "%s is settled; what has changed since is corrected", month);
    if (strcmp(corrects_id, so_far->last->id) != 0)
        return problem_add(err, PROBLEM_RULE_BROKEN, "not-last", "/corrects",
                           "the last settlement of %s is %s", month, so_far->last->id);
    if (!so_far->has_changed)
        return problem_set(err, PROBLEM_STATE_CONFLICT,
                           "%s rests on the figures and the agreement as they are", month);
    return true;
}

bool settlement_begin_check(const struct period *period, const struct settled_so_far *so_far,
                            const char *corrects_id, struct problem *err)
{
    char month[MONTH_SIZE];
    month_format(period->month, month);
    if (period->state != PERIOD_LOCKED)
        return problem_set(err, PROBLEM_STATE_CONFLICT, "%s is %s; a locked month is settled",
                           month, period_state_word(period->state));
    if (so_far->has_open)
        return problem_set(err, PROBLEM_STATE_CONFLICT,
                           "a settlement of %s waits for its decision already", month);
    return chain_check(month, so_far, corrects_id, err);
}

static bool computed_check(const struct settlement_record *record, struct problem *err)
{
    if (record->state == SETTLEMENT_COMPUTED)
        return true;
    return problem_set(err, PROBLEM_STATE_CONFLICT, "the settlement is %s",
                       settlement_state_word(record->state));
}

bool settlement_propose(const struct settlement_record *record,
                        struct settlement_record *ret_record, struct problem *err)
{
    if (!computed_check(record, err))
        return false;
    *ret_record = *record;
    ret_record->state = SETTLEMENT_PROPOSED;
    ret_record->version++;
    return true;
}

/* It is over, and why. */
static void settlement_end(struct settlement_record *record, enum settlement_state state,
                           const char *reason, int64_t now_ms)
{
    record->state = state;
    record->ended_ms = now_ms;
    snprintf(record->ended_because, sizeof record->ended_because, "%s", reason);
    record->version++;
}

bool settlement_withdraw(const struct settlement_record *record, const char *reason, int64_t now_ms,
                         struct settlement_record *ret_record, struct problem *err)
{
    if (!computed_check(record, err))
        return false;
    *ret_record = *record;
    settlement_end(ret_record, SETTLEMENT_WITHDRAWN, reason, now_ms);
    return true;
}

void decision_end_words(const char *outcome, const char *reason, char ret_words[NOTE_SIZE])
{
    if (reason == NULL)
        snprintf(ret_words, NOTE_SIZE, "The decision was %s.", outcome);
    else
        snprintf(ret_words, NOTE_SIZE, "The decision was carried, and its effect refused: %s.",
                 reason);
}

bool settlement_release(const struct settlement_record *record, const char *outcome,
                        const char *reason, int64_t now_ms, struct settlement_record *ret_record)
{
    if (record->state != SETTLEMENT_PROPOSED)
        return false;
    *ret_record = *record;
    if (strcmp(outcome, "withdrawn") == 0 || strcmp(outcome, "unopened") == 0) {
        ret_record->state = SETTLEMENT_COMPUTED;
        ret_record->version++;
        return true;
    }
    char because[NOTE_SIZE];
    decision_end_words(outcome, reason, because);
    settlement_end(ret_record, SETTLEMENT_REJECTED, because, now_ms);
    return true;
}

bool settlement_post(const struct settlement_record *record, const char *decision_id,
                     int64_t sequence, int64_t now_ms, struct settlement_record *ret_record,
                     struct problem *err)
{
    if (record->state != SETTLEMENT_PROPOSED)
        return problem_set(err, PROBLEM_STATE_CONFLICT, "the settlement is %s",
                           settlement_state_word(record->state));
    *ret_record = *record;
    settlement_end(ret_record, SETTLEMENT_POSTED, "", now_ms);
    snprintf(ret_record->decision_id, sizeof ret_record->decision_id, "%s", decision_id);
    ret_record->posted_sequence = sequence;
    return true;
}

void settlement_transaction_make(const struct settlement_record *record,
                                 struct transaction *ret_transaction)
{
    char month[MONTH_SIZE];
    month_format(record->month, month);
    memset(ret_transaction, 0, sizeof *ret_transaction);
    ret_transaction->kind = TRANSACTION_SETTLEMENT;
    snprintf(ret_transaction->description, sizeof ret_transaction->description, "%s of %s",
             record->corrects_id[0] == '\0' ? "Settlement" : "Corrective settlement", month);
    memcpy(ret_transaction->settlement_id, record->id, sizeof ret_transaction->settlement_id);
    ret_transaction->effective_day = month_first_day(record->month + 1) - 1;
    ret_transaction->requested_day = DAY_NONE;
    ret_transaction->entry_count = record->entry_count;
    for (size_t i = 0; i < record->entry_count; i++) {
        memcpy(ret_transaction->entries[i].account_code, record->entries[i].account_code,
               CODE_SIZE);
        ret_transaction->entries[i].amount_pence = record->entries[i].amount_pence;
    }
}

bool escalation_is_repeated(const struct settlement_escalation *escalation,
                            const struct settlement_escalation *before, size_t before_count)
{
    if (escalation->kind == ESCALATION_CLAW_BACK)
        return false;
    for (size_t i = 0; i < before_count; i++)
        if (before[i].kind == escalation->kind && strcmp(before[i].pool, escalation->pool) == 0 &&
            strcmp(before[i].organisation, escalation->organisation) == 0 &&
            before[i].amount_pence == escalation->amount_pence)
            return true;
    return false;
}

void submission_use(const struct submission *submission, const char *settlement_id,
                    struct submission *ret_submission)
{
    *ret_submission = *submission;
    ret_submission->state = SUBMISSION_USED;
    ret_submission->used_revision = submission->revision;
    snprintf(ret_submission->settlement_id, sizeof ret_submission->settlement_id, "%s",
             settlement_id);
    ret_submission->version++;
}
