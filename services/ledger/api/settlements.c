#include <stdio.h>
#include <string.h>

#include "common/ids.h"
#include "common/json.h"
#include "common/subject.h"
#include "common/trace.h"
#include "services/ledger/api/handlers.h"
#include "services/ledger/events.h"
#include "services/ledger/events/settlement.h"
#include "services/ledger/rules.h"
#include "services/ledger/rules/settling.h"
#include "services/ledger/store/settlement.h"

/* --- nouns
 * -------------------------------------------------------------------------------------------- */

/* Without its parts. */
static json_t *settlement_to_json(const struct settlement_record *record)
{
    json_t *resource = json_object();
    json_put_text(resource, "id", record->id);
    put_month(resource, record->month);
    json_put_text(resource, "corrects", record->corrects_id);
    json_put_text(resource, "state", settlement_state_word(record->state));
    json_put_integer(resource, "method", record->method);
    json_put_integer(resource, "agreementNumber", record->agreement_number);
    json_put_text(resource, "agreementDigest", record->agreement_digest);
    json_put_text(resource, "inputsDigest", record->inputs_digest);
    json_put_text(resource, "digest", record->digest);
    json_put_integer(resource, "ledgerSequence", record->ledger_sequence);
    json_put_integer(resource, "membershipSequence", record->membership_sequence);
    json_put_integer(resource, "lineCount", record->line_count);
    json_put_new(resource, "evidence", settlement_evidence(record));
    json_put_money(resource, "surplus", record->surplus_pence);
    json_put_money(resource, "reserveCalled", record->reserve_called_pence);
    json_put_instant(resource, "computedAt", record->computed.at_ms);
    json_put_text(resource, "computedBy", record->computed.by);
    json_put_instant(resource, "endedAt", record->ended_ms);
    json_put_text(resource, "endedBecause", record->ended_because);
    json_put_text(resource, "decisionId", record->decision_id);
    json_put_text(resource, "transactionId", record->transaction_id);
    json_put_integer(resource, "version", record->version);
    return resource;
}

static json_t *entries_to_json(const struct settlement_record *record)
{
    json_t *entries = json_array();
    for (size_t i = 0; i < record->entry_count; i++) {
        json_t *entry = json_object();
        json_put_text(entry, "accountCode", record->entries[i].account_code);
        json_put_money(entry, "amount", record->entries[i].amount_pence);
        json_push_new(entries, entry);
    }
    return entries;
}

static json_t *lines_to_json(const struct db_rows *rows)
{
    json_t *lines = json_array();
    for (int i = 0; i < rows->count; i++) {
        json_t *line = json_object();
        json_put_integer(line, "position", row_int(rows, i, "position"));
        json_put_text(line, "kind", row_text(rows, i, "kind"));
        json_put_text(line, "pool", row_text(rows, i, "pool"));
        json_put_text(line, "mechanism", row_text(rows, i, "mechanism"));
        json_put_text(line, "organisation", row_text(rows, i, "organisation"));
        if (row_int(rows, i, "band") > 0)
            json_put_integer(line, "band", row_int(rows, i, "band"));
        json_put_text(line, "fromAccount", row_text(rows, i, "from_account"));
        json_put_text(line, "toAccount", row_text(rows, i, "to_account"));
        json_put_new(line, "steps", json_loads(row_text(rows, i, "steps"), 0, NULL));
        json_put_money(line, "result", row_int(rows, i, "result_pence"));
        json_put_text(line, "explanation", row_text(rows, i, "sentence"));
        json_push_new(lines, line);
    }
    return lines;
}

static json_t *escalations_to_json(const struct db_rows *rows)
{
    json_t *escalations = json_array();
    for (int i = 0; i < rows->count; i++) {
        json_t *escalation = json_object();
        json_put_text(escalation, "kind", row_text(rows, i, "kind"));
        json_put_text(escalation, "pool", row_text(rows, i, "pool"));
        json_put_text(escalation, "organisation", row_text(rows, i, "organisation"));
        json_put_money(escalation, "amount", row_int(rows, i, "amount_pence"));
        json_put_text(escalation, "explanation", row_text(rows, i, "sentence"));
        json_push_new(escalations, escalation);
    }
    return escalations;
}

static json_t *actuals_to_json(const struct db_rows *rows)
{
    json_t *submissions = json_array();
    for (int i = 0; i < rows->count; i++) {
        json_t *submission = json_object();
        json_put_text(submission, "pool", row_text(rows, i, "pool"));
        json_put_text(submission, "submissionId", row_text(rows, i, "submission_id"));
        json_put_integer(submission, "revision", row_int(rows, i, "revision"));
        json_push_new(submissions, submission);
    }
    return submissions;
}

static json_t *standings_to_json(const struct db_rows *rows)
{
    json_t *standings = json_array();
    for (int i = 0; i < rows->count; i++) {
        json_t *standing = json_object();
        json_put_text(standing, "accountCode", row_text(rows, i, "account_code"));
        json_put_money(standing, "balance", row_int(rows, i, "balance_pence"));
        json_put_money(standing, "held", row_int(rows, i, "held_pence"));
        json_push_new(standings, standing);
    }
    return standings;
}

/* With everything that it says and rests on. */
static bool whole_to_json(struct request *request, const struct settlement_record *record,
                          json_t **ret_resource, struct problem *err)
{
    db_rows_auto_t lines = {.result = NULL}, escalations = {.result = NULL};
    db_rows_auto_t actuals = {.result = NULL}, standings = {.result = NULL};
    if (!store_settlement_parts(request->tx, record, &lines, &escalations, &actuals, &standings,
                                err))
        return false;
    *ret_resource = settlement_to_json(record);
    json_put_new(*ret_resource, "submissions", actuals_to_json(&actuals));
    json_put_new(*ret_resource, "standings", standings_to_json(&standings));
    json_put_new(*ret_resource, "lines", lines_to_json(&lines));
    json_put_new(*ret_resource, "entries", entries_to_json(record));
    json_put_new(*ret_resource, "escalations", escalations_to_json(&escalations));
    return true;
}

/* --- reading
 * -------------------------------------------------------------------------------------------- */

bool list_settlements(struct request *request, struct reply *reply, struct problem *err)
{
    struct page page;
    db_rows_auto_t rows = {.result = NULL};
    if (!page_begin(request, &page, err) ||
        !store_settlement_list(request->tx, request_query(request, "month"),
                               request_query(request, "state"), page.after, page.limit, &rows, err))
        return false;
    json_t *items = json_array();
    for (int i = 0; i < rows.count; i++) {
        struct settlement_record record;
        settlement_of_row(&rows, i, &record);
        json_push_new(items, settlement_to_json(&record));
    }
    list_reply(request, reply, &page, items, "id");
    return true;
}

bool get_settlement(struct request *request, struct reply *reply, struct problem *err)
{
    struct settlement_record record;
    json_t *resource;
    if (!store_settlement_get(request->tx, request_path(request, "settlementId"), &record, err) ||
        !whole_to_json(request, &record, &resource, err))
        return false;
    reply_ok(reply, resource, record.version);
    return true;
}

bool recompute_settlement(struct request *request, struct reply *reply, struct problem *err)
{
    struct settlement_record record;
    struct problem refusal = {0};
    basis_auto_t *basis = basis_new();
    if (!store_settlement_get(request->tx, request_path(request, "settlementId"), &record, err))
        return false;
    bool is_computed = store_basis_then(request->tx, &record, basis, &refusal);
    if (!is_computed && problem_status(refusal.code) >= 500) {
        *err = refusal;
        return false;
    }
    json_t *resource = json_object();
    json_put_text(resource, "settlementId", record.id);
    json_put_integer(resource, "method", record.method);
    json_put_flag(resource, "isSame",
                  is_computed && strcmp(basis->digest, record.digest) == 0 &&
                      strcmp(basis->inputs_digest, record.inputs_digest) == 0 &&
                      strcmp(basis->input.agreement_digest, record.agreement_digest) == 0);
    json_put_text(resource, "digest", record.digest);
    json_put_text(resource, "inputsDigest", record.inputs_digest);
    json_put_text(resource, "recomputedDigest", basis->digest);
    json_put_text(resource, "recomputedInputsDigest", basis->inputs_digest);
    json_put_text(resource, "reason", is_computed ? NULL : refusal.detail);
    reply_ok(reply, resource, 0);
    return true;
}

/* --- writing
 * -------------------------------------------------------------------------------------------- */

/* May the body's month be settled, or what it names be corrected? */
static bool begin_check(struct request *request, int32_t *ret_month, const char **ret_corrects_id,
                        struct problem *err)
{
    struct book *book;
    struct month_ties ties = {0};
    struct settlement_record last;
    bool is_settled;
    const char *corrects_id = json_text(request->body, "corrects");
    *ret_corrects_id = corrects_id == NULL ? "" : corrects_id;
    if (!book_begin(request->act, &book, err))
        return false;
    const struct period *period = month_parse(json_text(request->body, "month"), ret_month)
                                      ? book_period(book, *ret_month)
                                      : NULL;
    if (period == NULL)
        return problem_add(err, PROBLEM_REFERENCE_UNKNOWN, "unknown-period", "/month",
                           "the month is outside the alliance's term");
    if (!store_month_ties(request->tx, *ret_month, &ties, err) ||
        !store_settlement_last(request->tx, *ret_month, &is_settled, &last, err))
        return false;
    struct settled_so_far so_far = {
        .has_open = ties.has_open_settlement,
        .last = is_settled ? &last : NULL,
        .has_changed = ties.has_pending_submission || ties.has_correction_due,
    };
    return settlement_begin_check(period, &so_far, *ret_corrects_id, err);
}

/* Taken at its word: it is other services' own, and each partner sees there what it is. */
static void evidence_take(const struct request *request, struct settlement_record *record)
{
    size_t i;
    json_t *reference;
    json_array_foreach(json_object_get(request->body, "evidence"), i, reference)
    {
        snprintf(record->evidence[record->evidence_count++], REF_SIZE, "%s",
                 json_string_value(reference));
    }
}

bool compute_settlement(struct request *request, struct reply *reply, struct problem *err)
{
    int32_t month;
    const char *corrects_id;
    json_t *resource;
    struct settlement_record record = {.computed.at_ms = request->now_ms};
    basis_auto_t *basis = basis_new();
    if (!begin_check(request, &month, &corrects_id, err))
        return false;
    uuid_new(request->now_ms, record.id);
    evidence_take(request, &record);
    snprintf(record.computed.by, sizeof record.computed.by, "%s", finance_lead_of(request));
    if (!settlement_run(request->act, month, corrects_id, &record, basis, err) ||
        !whole_to_json(request, &record, &resource, err))
        return false;
    char ref[REF_SIZE];
    settlement_ref(record.id, ref);
    reply_created(reply, resource, ref, record.version);
    return true;
}

bool withdraw_computed_settlement(struct request *request, struct reply *reply, struct problem *err)
{
    struct settlement_record record, withdrawn;
    json_t *resource;
    char ref[REF_SIZE];
    if (!words_check(request->body, "reason", err) ||
        !store_settlement_get(request->tx, request_path(request, "settlementId"), &record, err))
        return false;
    settlement_ref(record.id, ref);
    if (!subject_check_thawed(request->act, ref, err) ||
        !settlement_withdraw(&record, json_text(request->body, "reason"), request->now_ms,
                             &withdrawn, err) ||
        !event_settlement_moved(request->act, &withdrawn, err) ||
        !whole_to_json(request, &withdrawn, &resource, err))
        return false;
    reply_ok(reply, resource, withdrawn.version);
    return true;
}
