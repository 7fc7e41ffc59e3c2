/* An alliance for the ledger's store tests, made the way it is made in life: by following
 * membership's events. Two partners (ZZ1, ZZ3), pool "planned", ring-fence "elective", a reserve
 * capped at £5.0m, and the months of the two years from April 2026, all open. */
#ifndef ACCORD_TESTS_LEDGER_WORLD_H
#define ACCORD_TESTS_LEDGER_WORLD_H

#include "tests/store/harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/ids.h"
#include "common/instant.h"
#include "common/json.h"
#include "common/subject_private.h"
#include "services/ledger/events.h"
#include "services/ledger/queries.h"
#include "services/ledger/rules.h"
#include "services/ledger/store.h"

#define ZERO_HASH "0000000000000000000000000000000000000000000000000000000000000000"
#define APPOINTMENT "0193f5a2-8d11-7c3e-9a44-5b6f1f0c2d41"

static struct db *db;
static char alliance[UUID_SIZE];

static inline int make_db(void **state)
{
    (void)state;
    db = harness_db("ledger", 3);
    return 0;
}

static inline int free_db(void **state)
{
    (void)state;
    harness_move_clock(0);
    db_free(db);
    return 0;
}

static inline void begin(struct act *act)
{
    struct problem err = {0};
    assert_done(act_begin(db, "ledger", alliance, &HARNESS_ACTOR, true, act, &err), err);
}

static inline void commit(struct act *act)
{
    struct problem err = {0};
    assert_done(act_commit(act, &err), err);
}

static inline void new_id(char ret_id[UUID_SIZE])
{
    uuid_new(1776000000000, ret_id);
}

static inline int32_t day_of(const char *text)
{
    int32_t day;
    assert_true(day_parse(text, &day));
    return day;
}

/* Another service's event as the consumer takes it: its rows, then our reaction. Takes `envelope`.
 */
static inline void follow(const char *source, json_t *envelope)
{
    act_auto_t act = {0};
    struct problem err = {0};
    assert_non_null(envelope);
    begin(&act);
    char_auto_t *body = json_dumps(envelope, 0);
    int64_t sequence = act_cursor(&act, source) + 1;
    assert_done(act_follow(&act, source, sequence, ZERO_HASH, body, &err), err);
    struct foreign_event event = {.source = source,
                                  .sequence = sequence,
                                  .type = json_text(envelope, "type"),
                                  .subject = json_text(envelope, "subject"),
                                  .occurred_ms = act.now_ms,
                                  .data = json_object_get(envelope, "data"),
                                  .envelope = envelope};
    for (size_t i = 0; i < LEDGER_REACTION_COUNT; i++)
        if (strcmp(LEDGER_REACTIONS[i].type, event.type) == 0)
            assert_done(LEDGER_REACTIONS[i].react(&act, &event, &err), err);
    commit(&act);
    json_decref(envelope);
}

static inline json_t *partner_row(const char *organisation, const char *role, const char *status)
{
    return json_pack("{s:s, s:s, s:s, s:b, s:b, s:s, s:i}", "organisation", organisation, "name",
                     "An invented trust", "role", role, "isVoting", 1, "isFounder", 1, "status",
                     status, "version", 1);
}

/* `pools`: codes separated by a space. */
static inline json_t *agreement_row(const char *pools, int64_t cap_pence)
{
    json_t *list = json_array();
    char text[200], *rest = text;
    snprintf(text, sizeof text, "%s", pools);
    for (char *code; (code = strsep(&rest, " ")) != NULL;)
        json_push_new(list, json_pack("{s:s, s:s}", "code", code, "name", "A pool"));
    return json_pack("{s:i, s:s, s:s, s:{s:o, s:{s:I}, s:[{s:s, s:s}]}}", "number", 1, "state",
                     "adopted", "startsOn", "2026-04-01", "parameters", "pools", list, "reserve",
                     "capPence", (json_int_t)cap_pence, "ringFences", "code", "elective", "purpose",
                     "Community-based elective care");
}

static inline int make_alliance(void **state)
{
    (void)state;
    harness_move_clock(0);
    harness_alliance(alliance);
    follow("membership",
           json_pack(
               "{s:s, s:s, s:{s:{s:s, s:s, s:[], s:[], s:s, s:s, s:s, s:s, s:s, s:i},"
               " s:[o, o, o], s:o}}",
               "type", "membership.alliance.activated.v1", "subject", "alliance", "data",
               "alliance", "name", "Elective Care", "purpose", "Better care", "objectives",
               "principles", "startsOn", "2026-04-01", "endsOn", "2028-04-01", "status", "active",
               "foundingDecisionId", APPOINTMENT, "createdAt", "2026-03-01T09:00:00.000Z",
               "version", 2, "partner", partner_row("ZZ1", "commissioner", "active"),
               partner_row("ZZ3", "provider", "active"), partner_row("ZZ4", "provider", "proposed"),
               "agreementVersion", agreement_row("planned urgent", 500000000)));
    return 0;
}

/* --- mandates and postings, under one act each
 * ------------------------------------------------------------ */

static inline struct mandate drafted_mandate(const char *from, const char *to, int64_t limit_pence)
{
    act_auto_t act = {0};
    struct problem err = {0};
    struct mandate mandate = {.title = "Move \"some\" money",
                              .debit_count = 1,
                              .credit_count = 1,
                              .limit_pence = limit_pence,
                              .starts_day = day_of("2026-04-01"),
                              .ends_day = day_of("2028-04-01"),
                              .drafted_ms = 1776000000000,
                              .drafted_by = APPOINTMENT,
                              .granted_ms = INSTANT_NONE,
                              .withdrawn_ms = INSTANT_NONE,
                              .version = 1};
    new_id(mandate.id);
    snprintf(mandate.debit_accounts[0], CODE_SIZE, "%s", from);
    snprintf(mandate.credit_accounts[0], CODE_SIZE, "%s", to);
    begin(&act);
    assert_done(event_mandate_drafted(&act, &mandate, &err), err);
    commit(&act);
    return mandate;
}

static inline struct mandate mandate_now(const char *id)
{
    db_tx_auto_t *tx = NULL;
    struct problem err = {0};
    struct mandate mandate = {.version = 0};
    assert_done(db_begin(db, alliance, true, &tx, &err), err);
    assert_done(store_mandate_get(tx, id, &mandate, &err), err);
    return mandate;
}

static inline struct mandate active_mandate(const char *from, const char *to, int64_t limit_pence)
{
    struct mandate mandate = drafted_mandate(from, to, limit_pence);
    act_auto_t act = {0};
    struct problem err = {0};
    char ref[REF_SIZE], decision_id[UUID_SIZE];
    mandate_ref(mandate.id, ref);
    new_id(decision_id);
    begin(&act);
    const struct carried_decision decision = {
        .id = decision_id, .kind = "move-money", .subject = ref, .effect = "grant"};
    assert_done(LEDGER_SUBJECTS.carry(&act, &decision, &err), err);
    commit(&act);
    return mandate_now(mandate.id);
}

/* A posting under the mandate from its first debit account to its first credit account. */
static inline struct transaction posting_under(const struct mandate *mandate, const char *day,
                                               int64_t pence)
{
    struct transaction transaction = {.description = "Surplus",
                                      .effective_day = day_of(day),
                                      .requested_day = DAY_NONE,
                                      .entry_count = 2};
    snprintf(transaction.mandate_id, UUID_SIZE, "%s", mandate->id);
    snprintf(transaction.decision_id, UUID_SIZE, "%s", mandate->decision_id);
    snprintf(transaction.entries[0].account_code, CODE_SIZE, "%s", mandate->debit_accounts[0]);
    snprintf(transaction.entries[1].account_code, CODE_SIZE, "%s", mandate->credit_accounts[0]);
    transaction.entries[0].amount_pence = -pence;
    transaction.entries[1].amount_pence = pence;
    new_id(transaction.id);
    return transaction;
}

static inline bool post_within(struct act *act, struct transaction *transaction,
                               struct problem *err)
{
    struct book *book;
    struct mandate *mandate;
    if (!book_begin(act, &book, err) ||
        !store_book_mandate(act, transaction->mandate_id, &mandate, err))
        return false;
    transaction->recorded_ms = act->now_ms;
    struct posting_terms terms = {
        .pointer = "", .mandate = transaction->kind == TRANSACTION_REVERSAL ? NULL : mandate};
    if (!transaction_check(book, &terms, transaction, err))
        return false;
    transaction_apply(book, transaction);
    return event_transaction_posted(act, book, transaction, err);
}

static inline struct transaction posted(const struct mandate *mandate, const char *day,
                                        int64_t pence)
{
    act_auto_t act = {0};
    struct problem err = {0};
    struct transaction transaction = posting_under(mandate, day, pence);
    begin(&act);
    assert_done(post_within(&act, &transaction, &err), err);
    commit(&act);
    return transaction;
}

static inline struct account account_now(const char *code)
{
    db_tx_auto_t *tx = NULL;
    struct problem err = {0};
    struct account account = {.version = 0};
    assert_done(db_begin(db, alliance, true, &tx, &err), err);
    assert_done(store_account_get(tx, code, &account, &err), err);
    return account;
}

static inline struct hold hold_now(const char *id)
{
    db_tx_auto_t *tx = NULL;
    struct problem err = {0};
    struct hold hold = {.version = 0};
    assert_done(db_begin(db, alliance, true, &tx, &err), err);
    assert_done(store_hold_get(tx, id, &hold, &err), err);
    return hold;
}

/* --- decisions of membership over business cases
 * --------------------------------------------------------- */

/* A carried decision to hold for ZZ3 out of the ring-fence. Its digest is right. */
static inline json_t *carried_award(const char *decision_id, const char *case_id,
                                    int64_t amount_pence)
{
    char subject[REF_SIZE], digest[DIGEST_SIZE];
    size_t size;
    struct problem err = {0};
    snprintf(subject, sizeof subject, "reinvestment/cases/%s", case_id);
    json_t *content = json_pack("{s:s, s:{s:s, s:I, s:s}}", "title", "Hernia hub", "hold",
                                "accountCode", "ring-fence:elective", "amountPence",
                                (json_int_t)amount_pence, "beneficiary", "ZZ3");
    assert_done(subject_digest(subject, "approve", "nonce", 3, content, digest, &size, &err), err);
    return json_pack("{s:s, s:s, s:{s:{s:s, s:s, s:s, s:s, s:s, s:s, s:o, s:i, s:s, s:s, s:s}}}",
                     "type", "membership.decision.carried.v1", "subject", "decisions/1", "data",
                     "decision", "id", decision_id, "kind", "spend-ring-fence", "rule", "unanimous",
                     "subject", subject, "effect", "approve", "title", "Hernia hub", "content",
                     content, "subjectVersion", 3, "nonce", "nonce", "digest", digest, "state",
                     "carried");
}

static inline json_t *verified_drawdown(const char *drawdown_id, const char *case_id,
                                        const char *hold_id, int64_t amount_pence)
{
    return json_pack("{s:s, s:s, s:{s:{s:s, s:s, s:s, s:I, s:s}}}", "type",
                     "reinvestment.drawdown.verified.v1", "subject", "reinvestment/drawdowns/1",
                     "data", "drawdown", "id", drawdown_id, "caseId", case_id, "holdId", hold_id,
                     "amountPence", (json_int_t)amount_pence, "beneficiary", "ZZ3");
}

static inline json_t *closed_case(const char *case_id, const char *hold_id)
{
    return json_pack("{s:s, s:s, s:{s:{s:s, s:s}}}", "type", "reinvestment.case.closed.v1",
                     "subject", "reinvestment/cases/1", "data", "case", "id", case_id, "holdId",
                     hold_id);
}

/* --- the journal
 * ---------------------------------------------------------------------------------------------- */

/* The last event's member, by JSON path ("{effect,state}"). */
static inline const char *last_event(const char *path)
{
    return harness_value("select coalesce(body::jsonb #>> '%s', '') from ledger.journal_body"
                         " where alliance_id = '%s' order by sequence desc limit 1",
                         path, alliance);
}

static inline const char *event_count(const char *type)
{
    return harness_value("select count(*) from ledger.journal_body where alliance_id = '%s'"
                         " and type = '%s'",
                         alliance, type);
}

#endif
