#include <assert.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "common/json.h"
#include "services/ledger/queries.h"
#include "services/ledger/rules/settlement.h"
#include "services/ledger/store/settlement.h"

#define COPY(member) row_copy(rows, row, #member, ret->member, sizeof ret->member)

static void entries_of_row(const struct db_rows *rows, int row, struct settlement_record *ret)
{
    json_auto_t *entries = json_loads(row_text(rows, row, "entries"), 0, NULL);
    ret->entry_count = json_array_size(entries);
    assert(ret->entry_count <= ENTRIES_MAX);
    for (size_t i = 0; i < ret->entry_count; i++) {
        const json_t *entry = json_array_get(entries, i);
        json_copy_text(entry, "accountCode", ret->entries[i].account_code, CODE_SIZE);
        ret->entries[i].amount_pence = json_integer_or(entry, "amountPence", 0);
    }
}

static void evidence_of_row(const struct db_rows *rows, int row, struct settlement_record *ret)
{
    json_auto_t *evidence = json_loads(row_text(rows, row, "evidence"), 0, NULL);
    ret->evidence_count = json_array_size(evidence);
    assert(ret->evidence_count <= EVIDENCE_MAX);
    for (size_t i = 0; i < ret->evidence_count; i++)
        snprintf(ret->evidence[i], REF_SIZE, "%s", json_string_value(json_array_get(evidence, i)));
}

void settlement_of_row(const struct db_rows *rows, int row, struct settlement_record *ret)
{
    COPY(id);
    bool is_month = month_parse(row_text(rows, row, "month"), &ret->month);
    assert(is_month);
    COPY(corrects_id);
    ret->method = (int32_t)row_int(rows, row, "method");
    ret->agreement_number = row_int(rows, row, "agreement_number");
    COPY(agreement_digest);
    COPY(inputs_digest);
    COPY(digest);
    ret->ledger_sequence = row_int(rows, row, "ledger_sequence");
    ret->membership_sequence = row_int(rows, row, "membership_sequence");
    ret->line_count = (int32_t)row_int(rows, row, "line_count");
    entries_of_row(rows, row, ret);
    evidence_of_row(rows, row, ret);
    ret->surplus_pence = row_int(rows, row, "surplus_pence");
    ret->reserve_called_pence = row_int(rows, row, "reserve_called_pence");
    ret->state = settlement_state_of_word(row_text(rows, row, "state"));
    ret->computed.at_ms = row_instant(rows, row, "computed_at");
    row_copy(rows, row, "computed_by", ret->computed.by, sizeof ret->computed.by);
    ret->ended_ms = row_instant(rows, row, "ended_at");
    COPY(ended_because);
    COPY(decision_id);
    ret->posted_sequence = row_int(rows, row, "posted_sequence");
    COPY(transaction_id);
    ret->version = row_int(rows, row, "version");
}

bool store_settlement_get(struct db_tx *tx, const char *id, struct settlement_record *ret_record,
                          struct problem *err)
{
    db_rows_auto_t rows = {.result = NULL};
    if (!db_select(tx, &QUERY_SETTLEMENT_GET, &rows, err, db_text(id)))
        return false;
    if (rows.count == 0)
        return problem_set(err, PROBLEM_NOT_FOUND, "there is no settlement %s", id);
    settlement_of_row(&rows, 0, ret_record);
    return true;
}

bool store_settlement_last(struct db_tx *tx, int32_t month, bool *ret_found,
                           struct settlement_record *ret_record, struct problem *err)
{
    char text[MONTH_SIZE];
    month_format(month, text);
    db_rows_auto_t rows = {.result = NULL};
    if (!db_select(tx, &QUERY_SETTLEMENT_LAST, &rows, err, db_text(text)))
        return false;
    *ret_found = rows.count == 1;
    if (*ret_found)
        settlement_of_row(&rows, 0, ret_record);
    return true;
}

bool store_settlement_list(struct db_tx *tx, const char *month, const char *state,
                           const char *after, int limit, struct db_rows *ret_rows,
                           struct problem *err)
{
    return db_select(tx, &QUERY_SETTLEMENT_LIST, ret_rows, err, db_text(month), db_text(state),
                     db_text(after), db_int(limit));
}

bool store_settlement_parts(struct db_tx *tx, const struct settlement_record *record,
                            struct db_rows *ret_lines, struct db_rows *ret_escalations,
                            struct db_rows *ret_actuals, struct db_rows *ret_standings,
                            struct problem *err)
{
    return db_send(tx, &QUERY_SETTLEMENT_LINES, ret_lines, err, db_text(record->id)) &&
           db_send(tx, &QUERY_SETTLEMENT_ESCALATIONS, ret_escalations, err, db_text(record->id)) &&
           db_send(tx, &QUERY_SETTLEMENT_ACTUALS, ret_actuals, err, db_text(record->id)) &&
           db_select(tx, &QUERY_SETTLEMENT_STANDINGS, ret_standings, err, db_text(record->id),
                     db_int(record->ledger_sequence));
}

bool store_basis_escalated(struct db_tx *tx, const char *corrects_id, struct basis *basis,
                           struct problem *err)
{
    db_rows_auto_t rows = {.result = NULL};
    if (corrects_id[0] == '\0')
        return true;
    if (!db_select(tx, &QUERY_SETTLEMENT_ESCALATIONS, &rows, err, db_text(corrects_id)))
        return false;
    assert(rows.count <= ESCALATIONS_MAX);
    basis->escalated_count = (size_t)rows.count;
    for (int i = 0; i < rows.count; i++) {
        struct settlement_escalation *before = &basis->escalated[i];
        bool is_claw_back =
            strcmp(row_text(&rows, i, "kind"), escalation_kind_word(ESCALATION_CLAW_BACK)) == 0;
        before->kind = is_claw_back ? ESCALATION_CLAW_BACK : ESCALATION_RESERVE;
        row_copy(&rows, i, "pool", before->pool, sizeof before->pool);
        row_copy(&rows, i, "organisation", before->organisation, sizeof before->organisation);
        before->amount_pence = row_int(&rows, i, "amount_pence");
        row_copy(&rows, i, "sentence", before->sentence, sizeof before->sentence);
    }
    return true;
}

bool store_overtaken_list(struct db_tx *tx, int64_t number, struct db_rows *ret_rows,
                          struct problem *err)
{
    return db_select(tx, &QUERY_OVERTAKEN_LIST, ret_rows, err, db_int(number));
}

void overtaken_of_row(const struct db_rows *rows, int row, struct overtaken *ret)
{
    row_copy(rows, row, "id", ret->settlement_id, sizeof ret->settlement_id);
    bool is_month = month_parse(row_text(rows, row, "month"), &ret->month);
    assert(is_month);
    ret->state = period_state_of_word(row_text(rows, row, "state"));
    ret->settled_by = row_int(rows, row, "agreement_number");
}

bool store_settlement_is_open(struct act *act, int32_t month, bool *ret_is_open,
                              struct problem *err)
{
    char text[MONTH_SIZE];
    month_format(month, text);
    db_rows_auto_t rows = {.result = NULL};
    if (!act_select_one(act, &QUERY_SETTLEMENT_IS_OPEN, &rows, err, db_text(text)))
        return false;
    *ret_is_open = row_bool(&rows, 0, "is_open");
    return true;
}

bool store_month_ties(struct db_tx *tx, int32_t month, struct month_ties *ret_ties,
                      struct problem *err)
{
    char text[MONTH_SIZE];
    month_format(month, text);
    bool is_settled;
    struct settlement_record last;
    db_rows_auto_t open = {.result = NULL}, due = {.result = NULL}, terms = {.result = NULL};
    if (!db_select_one(tx, &QUERY_SETTLEMENT_IS_OPEN, &open, err, db_text(text)) ||
        !db_select_one(tx, &QUERY_MONTH_DUES, &due, err, db_text(text)) ||
        !db_select(tx, &QUERY_AGREEMENT_TERMS, &terms, err, db_day(month_first_day(month)),
                   db_text(NULL)) ||
        !store_settlement_last(tx, month, &is_settled, &last, err))
        return false;
    ret_ties->has_open_settlement = row_bool(&open, 0, "is_open");
    ret_ties->has_pending_submission = row_bool(&due, 0, "is_submission_pending");
    ret_ties->has_settlement_due = row_bool(&due, 0, "is_settlement_due");
    ret_ties->has_correction_due =
        is_settled && terms.count == 1 && row_int(&terms, 0, "number") != last.agreement_number;
    return true;
}
