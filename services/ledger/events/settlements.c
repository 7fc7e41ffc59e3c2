#include "services/ledger/events/settlement.h"

#include <stdio.h>
#include <string.h>

#include "common/ids.h"
#include "common/json.h"
#include "services/ledger/events.h"
#include "services/ledger/events/rows.h"
#include "services/ledger/rules/settlement.h"

/* Bytes of rows in one event: leaves room for the envelope. */
enum { COMPUTED_EVENT_BYTES = 48 * 1024 };

void settlement_ref(const char *id, char ret_ref[REF_SIZE])
{
    snprintf(ret_ref, REF_SIZE, SETTLEMENT_PREFIX "%s", id);
}

/* --- rows
 * -------------------------------------------------------------------------------------------- */

static json_t *entries_of(const struct settlement_record *record)
{
    json_t *entries = json_array();
    for (size_t i = 0; i < record->entry_count; i++) {
        json_t *entry = json_object();
        json_put_text(entry, "accountCode", record->entries[i].account_code);
        json_put_integer(entry, "amountPence", record->entries[i].amount_pence);
        json_push_new(entries, entry);
    }
    return entries;
}

json_t *settlement_evidence(const struct settlement_record *record)
{
    json_t *evidence = json_array();
    for (size_t i = 0; i < record->evidence_count; i++)
        json_push_new(evidence, json_string(record->evidence[i]));
    return evidence;
}

/* The events of a left shift are about it, whichever version they tell. */
static void link_evidence(json_t *links, const struct settlement_record *record)
{
    static const char left_shifts[] = "reinvestment/left-shifts/";
    for (size_t i = 0; i < record->evidence_count; i++) {
        char reference[REF_SIZE];
        memcpy(reference, record->evidence[i], sizeof reference);
        char *version = strstr(reference, "/versions/");
        if (version != NULL && strncmp(reference, left_shifts, sizeof left_shifts - 1) == 0)
            *version = '\0';
        link_add(links, "", reference);
    }
}

/* What a vote on it is about: its lines by their digest. */
json_t *settlement_content(const struct settlement_record *record)
{
    json_t *content = json_object();
    row_put_month(content, record->month);
    json_put_text(content, "correctsId", record->corrects_id);
    json_put_integer(content, "method", record->method);
    json_put_integer(content, "agreementNumber", record->agreement_number);
    json_put_text(content, "agreementDigest", record->agreement_digest);
    json_put_text(content, "inputsDigest", record->inputs_digest);
    json_put_text(content, "digest", record->digest);
    json_put_integer(content, "lineCount", record->line_count);
    json_put_new(content, "entries", entries_of(record));
    json_put_new(content, "evidence", settlement_evidence(record));
    json_put_integer(content, "surplusPence", record->surplus_pence);
    json_put_integer(content, "reserveCalledPence", record->reserve_called_pence);
    return content;
}

static json_t *settlement_row(const struct settlement_record *record)
{
    json_t *row = settlement_content(record);
    json_put_text(row, "id", record->id);
    json_put_integer(row, "ledgerSequence", record->ledger_sequence);
    json_put_integer(row, "membershipSequence", record->membership_sequence);
    json_put_text(row, "state", settlement_state_word(record->state));
    json_put_instant(row, "computedAt", record->computed.at_ms);
    json_put_text(row, "computedBy", record->computed.by);
    json_put_instant(row, "endedAt", record->ended_ms);
    json_put_text(row, "endedBecause", record->ended_because);
    json_put_text(row, "decisionId", record->decision_id);
    if (record->posted_sequence > 0)
        json_put_integer(row, "postedSequence", record->posted_sequence);
    json_put_text(row, "transactionId", record->transaction_id);
    json_put_integer(row, "version", record->version);
    return row;
}

static json_t *line_row(const struct settlement_record *record, const struct settlement *settlement,
                        size_t i)
{
    const struct line *line = &settlement->lines[i];
    json_t *row = json_object(), *steps = json_array();
    for (size_t j = 0; j < line->step_count; j++) {
        json_t *step = json_object();
        json_put_text(step, "figure", figure_word(line->steps[j].figure));
        json_put_integer(step, "value", line->steps[j].value);
        json_push_new(steps, step);
    }
    json_put_text(row, "settlementId", record->id);
    json_put_integer(row, "position", (int64_t)i + 1);
    json_put_text(row, "kind", line_kind_word(line->kind));
    json_put_text(row, "pool", line->pool);
    json_put_text(row, "mechanism", mechanism_word(line->mechanism));
    json_put_text(row, "organisation", line->organisation);
    json_put_integer(row, "band", line->band);
    json_put_text(row, "fromAccount", line->from_account);
    json_put_text(row, "toAccount", line->to_account);
    json_put_new(row, "steps", steps);
    json_put_integer(row, "resultPence", line->result_pence);
    json_put_text(row, "sentence", line->sentence);
    return row;
}

static json_t *escalation_row(const struct settlement_record *record,
                              const struct settlement *settlement, size_t i)
{
    const struct settlement_escalation *escalation = &settlement->escalations[i];
    json_t *row = json_object();
    json_put_text(row, "settlementId", record->id);
    json_put_integer(row, "position", (int64_t)i + 1);
    json_put_text(row, "kind", escalation_kind_word(escalation->kind));
    json_put_text(row, "pool", escalation->pool);
    json_put_text(row, "organisation", escalation->organisation);
    json_put_integer(row, "amountPence", escalation->amount_pence);
    json_put_text(row, "sentence", escalation->sentence);
    return row;
}

static json_t *actual_rows(const struct settlement_record *record, const struct basis *basis)
{
    json_t *rows = json_array();
    for (size_t i = 0; i < basis->input.actual_count; i++) {
        json_t *row = json_object();
        json_put_text(row, "settlementId", record->id);
        json_put_text(row, "pool", basis->actuals[i].pool);
        json_put_text(row, "submissionId", basis->actuals[i].submission_id);
        json_put_integer(row, "revision", basis->actuals[i].revision);
        json_push_new(rows, row);
    }
    return rows;
}

static json_t *standing_rows(const struct settlement_record *record, const struct basis *basis)
{
    json_t *rows = json_array();
    for (size_t i = 0; i < basis->input.standing_count; i++) {
        json_t *row = json_object();
        json_put_text(row, "settlementId", record->id);
        json_put_text(row, "accountCode", basis->standings[i].account_code);
        json_put_integer(row, "balancePence", basis->balances_pence[i]);
        json_put_integer(row, "heldPence", basis->held_pence[i]);
        json_push_new(rows, row);
    }
    return rows;
}

/* --- computed, in as many events as it takes
 * ------------------------------------------------------------- */

struct computed_event {
    struct act *act;
    const struct settlement_record *record;
    json_t *data;
    size_t size;
};

static bool computed_end(struct computed_event *event, struct problem *err)
{
    char subject[REF_SIZE];
    const struct settlement_record *record = event->record;
    json_t *data = event->data, *links = json_array();
    event->data = json_object();
    event->size = 0;
    settlement_ref(record->id, subject);
    link_agreement(links, record->agreement_number);
    link_add(links, SETTLEMENT_PREFIX, record->corrects_id);
    link_evidence(links, record);
    size_t i;
    json_t *actual;
    json_array_foreach(json_object_get(data, "settlementActual"), i, actual)
    {
        link_add(links, "ledger/submissions/", json_text(actual, "submissionId"));
    }
    return announce(event->act, "ledger.settlement.computed.v1", subject, data, links, NULL, err);
}

/* Takes `row`. */
static bool computed_add(struct computed_event *event, const char *member, json_t *row,
                         struct problem *err)
{
    json_auto_t *owned = row;
    size_t size = json_dumpb(owned, NULL, 0, JSON_COMPACT) + 1;
    if (event->size + size > COMPUTED_EVENT_BYTES && !computed_end(event, err))
        return false;
    json_t *rows = json_object_get(event->data, member);
    if (rows == NULL) {
        rows = json_array();
        json_put_new(event->data, member, rows);
    }
    json_push_new(rows, json_incref(owned));
    event->size += size;
    return true;
}

static bool computed_add_all(struct computed_event *event, const struct basis *basis,
                             struct problem *err)
{
    const struct settlement *settlement = &basis->settlement;
    for (size_t i = 0; i < settlement->line_count; i++)
        if (!computed_add(event, "settlementLine", line_row(event->record, settlement, i), err))
            return false;
    for (size_t i = 0; i < settlement->escalation_count; i++)
        if (!computed_add(event, "settlementEscalation",
                          escalation_row(event->record, settlement, i), err))
            return false;
    return event->size == 0 || computed_end(event, err);
}

bool event_settlement_computed(struct act *act, const struct settlement_record *record,
                               const struct basis *basis, struct problem *err)
{
    struct computed_event event = {.act = act, .record = record, .data = json_object()};
    json_put_new(event.data, "settlement", settlement_row(record));
    json_put_new(event.data, "settlementActual", actual_rows(record, basis));
    json_put_new(event.data, "settlementStanding", standing_rows(record, basis));
    event.size = json_dumpb(event.data, NULL, 0, JSON_COMPACT);
    bool ok = computed_add_all(&event, basis, err);
    json_decref(event.data);
    return ok;
}

/* --- what becomes of it
 * --------------------------------------------------------------------------------- */

bool event_settlement_moved(struct act *act, const struct settlement_record *record,
                            struct problem *err)
{
    static const char *const types[] = {
        [SETTLEMENT_COMPUTED] = "ledger.settlement.returned.v1",
        [SETTLEMENT_PROPOSED] = "ledger.settlement.proposed.v1",
        [SETTLEMENT_REJECTED] = "ledger.settlement.rejected.v1",
        [SETTLEMENT_WITHDRAWN] = "ledger.settlement.withdrawn.v1",
    };
    char subject[REF_SIZE];
    settlement_ref(record->id, subject);
    json_t *data = json_object();
    json_put_new(data, "settlement", settlement_row(record));
    return announce(act, types[record->state], subject, data, NULL, NULL, err);
}

bool event_settlement_posted(struct act *act, const struct book *book,
                             const struct settlement_record *record,
                             const struct transaction *transaction, struct problem *err)
{
    char subject[REF_SIZE];
    settlement_ref(record->id, subject);
    json_t *data = transaction == NULL ? json_object() : transaction_data(book, transaction);
    json_t *links = json_array();
    json_put_new(data, "settlement", settlement_row(record));
    link_add(links, "decisions/", record->decision_id);
    link_add(links, "ledger/transactions/", record->transaction_id);
    link_add(links, SETTLEMENT_PREFIX, record->corrects_id);
    return announce(act, "ledger.settlement.posted.v1", subject, data, links, record->decision_id,
                    err);
}

bool event_submission_used(struct act *act, const struct submission *submission,
                           struct problem *err)
{
    char subject[REF_SIZE];
    submission_ref(submission->id, subject);
    json_t *data = json_object(), *links = json_array();
    json_put_new(data, "submission", submission_row(submission));
    link_add(links, SETTLEMENT_PREFIX, submission->settlement_id);
    return announce(act, "ledger.submission.used.v1", subject, data, links, NULL, err);
}

/* --- what people have to settle between them
 * ------------------------------------------------------------------------- */

bool event_escalated(struct act *act, const char *type, const char *subject, const char *title,
                     const char *reason, json_t *links, struct problem *err)
{
    char id[UUID_SIZE];
    uuid_new(act->now_ms, id);
    json_t *data = json_object(), *row = json_object();
    json_put_text(row, "id", id);
    json_put_text(row, "subject", subject);
    json_put_text(row, "toGroup", "leadership-board");
    json_put_text(row, "title", title);
    json_put_text(row, "reason", reason);
    json_put_instant(row, "raisedAt", act->now_ms);
    json_put_new(data, "escalation", row);
    link_add(links, "", subject);
    return announce(act, type, subject, data, links, NULL, err);
}

bool event_settlement_escalated(struct act *act, const struct settlement_record *record,
                                const struct settlement_escalation *escalation, struct problem *err)
{
    char subject[REF_SIZE], month[MONTH_SIZE], title[NAME_SIZE];
    json_t *links = json_array();
    settlement_ref(record->id, subject);
    month_format(record->month, month);
    snprintf(title, sizeof title, "%s in %s",
             escalation->kind == ESCALATION_RESERVE ? "The reserve falls short"
                                                    : "A claw-back is not covered",
             month);
    link_add(links, "decisions/", record->decision_id);
    return event_escalated(act, "ledger.settlement.escalated.v1", subject, title,
                           escalation->sentence, links, err);
}

bool event_settlement_overtaken(struct act *act, const struct overtaken *overtaken,
                                struct problem *err)
{
    char subject[REF_SIZE], month[MONTH_SIZE], title[NAME_SIZE], reason[NOTE_SIZE];
    json_t *links = json_array();
    settlement_ref(overtaken->settlement_id, subject);
    month_format(overtaken->month, month);
    /* overtaken_list knows it by its end. */
    snprintf(title, sizeof title, "A correction of %s is due: the agreement is now version %lld",
             month, (long long)overtaken->in_force);
    snprintf(reason, sizeof reason,
             "%s was settled by version %lld of the agreement, and version %lld is in force in it. "
             "A corrective settlement settles it by that%s.",
             month, (long long)overtaken->settled_by, (long long)overtaken->in_force,
             overtaken->state == PERIOD_CLOSED
                 ? "; the month is closed, and is to be reopened by decision first"
                 : "; until then the month does not close");
    link_agreement(links, overtaken->settled_by);
    link_agreement(links, overtaken->in_force);
    return event_escalated(act, "ledger.settlement.escalated.v1", subject, title, reason, links,
                           err);
}
