/* The ledger's book in a real database: accounts and months follow the agreement, postings, bulks,
 * reversals, holds and their ends are stored as they were decided, on both axes of time. */
#include "tests/store/ledger_world.h"

#include "services/ledger/events/settlement.h"

static void the_agreement_opens_the_accounts(void **state)
{
    (void)state;
    assert_string_equal(
        harness_value("select string_agg(code, ' ' order by code) from ledger.account"
                      " where alliance_id = '%s'",
                      alliance),
        "partner:ZZ1:owed partner:ZZ1:position partner:ZZ3:owed partner:ZZ3:position"
        " pool:planned pool:urgent reserve:cost-risk ring-fence:elective");
    struct account fence = account_now("ring-fence:elective");
    assert_true(fence.has_floor);
    assert_int_equal(fence.floor_pence, 0);
    assert_false(fence.has_ceiling);
    assert_string_equal(fence.title, "Community-based elective care");
    struct account reserve = account_now("reserve:cost-risk");
    assert_true(reserve.has_floor && reserve.has_ceiling);
    assert_int_equal(reserve.ceiling_pence, 500000000);
    struct account position = account_now("partner:ZZ3:position");
    assert_false(position.has_floor || position.has_ceiling);
    assert_string_equal(position.organisation, "ZZ3");
    assert_string_equal(harness_value("select count(*) || ' ' || min(month) || ' ' || max(month)"
                                      " from ledger.period where alliance_id = '%s'",
                                      alliance),
                        "24 2026-27-M01 2027-28-M12");
}

static void admission_opens_a_partners_accounts_once(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++)
        follow("membership",
               json_pack("{s:s, s:s, s:{s:o}}", "type", "membership.partner.admitted.v1", "subject",
                         "partners/ZZ4", "data", "partner",
                         partner_row("ZZ4", "provider", "active")));
    assert_int_equal(account_now("partner:ZZ4:position").balance_pence, 0);
    assert_int_equal(account_now("partner:ZZ4:owed").version, 1);
    assert_string_equal(event_count("ledger.accounts.opened.v1"), "2");
}

static void a_partner_without_a_status_stalls(void **state)
{
    (void)state;
    act_auto_t act = {0};
    struct problem err = {0};
    begin(&act);
    json_auto_t *data = json_pack("{s:o}", "partner", partner_row("ZZ4", "provider", "active"));
    json_object_del(json_object_get(data, "partner"), "status");
    struct foreign_event event = {
        .source = "membership", .type = "membership.partner.admitted.v1", .data = data};
    for (size_t i = 0; i < LEDGER_REACTION_COUNT; i++)
        if (strcmp(LEDGER_REACTIONS[i].type, event.type) == 0)
            assert_false(LEDGER_REACTIONS[i].react(&act, &event, &err));
    assert_int_equal(err.code, PROBLEM_INTERNAL);
}

/* Reacts to an event that lacks one of its members; nothing of it stays. */
static void assert_stalls_without(json_t *envelope, const char *object, const char *member)
{
    act_auto_t act = {0};
    struct problem err = {0};
    json_auto_t *owned = envelope;
    json_t *data = json_object_get(owned, "data");
    assert_int_equal(json_object_del(json_object_get(data, object), member), 0);
    struct foreign_event event = {.source = "elsewhere",
                                  .type = json_text(owned, "type"),
                                  .subject = json_text(owned, "subject"),
                                  .data = data,
                                  .envelope = owned};
    begin(&act);
    for (size_t i = 0; i < LEDGER_REACTION_COUNT; i++)
        if (strcmp(LEDGER_REACTIONS[i].type, event.type) == 0)
            assert_false(LEDGER_REACTIONS[i].react(&act, &event, &err));
    if (strstr(err.detail, "an event without a fit") == NULL)
        fail_msg("without %s: %s", member, err.detail);
}

static void what_an_event_lacks_ends_the_reaction_not_the_process(void **state)
{
    (void)state;
    static const char *const of_decision[] = {"id", "subject", "title"};
    for (size_t i = 0; i < ARRAY_LENGTH(of_decision); i++) {
        /* The digest does not cover the title: only what is complete is looked at so closely. */
        char id[UUID_SIZE], case_id[UUID_SIZE];
        harness_alliance(id);
        harness_alliance(case_id);
        assert_stalls_without(carried_award(id, case_id, 100), "decision", of_decision[i]);
    }
    assert_stalls_without(verified_drawdown("x", APPOINTMENT, APPOINTMENT, 100), "drawdown", "id");
}

static void a_new_agreement_opens_what_is_new_and_moves_the_cap(void **state)
{
    (void)state;
    follow("membership", json_pack("{s:s, s:s, s:{s:o}}", "type", "membership.agreement.adopted.v1",
                                   "subject", "agreement/versions/2", "data", "agreementVersion",
                                   agreement_row("planned community", 400000000)));
    assert_int_equal(account_now("pool:community").version, 1);
    assert_int_equal(account_now("pool:urgent").version, 1); /* stays */
    struct account reserve = account_now("reserve:cost-risk");
    assert_int_equal(reserve.ceiling_pence, 400000000);
    assert_int_equal(reserve.version, 2);
}

static void a_lower_cap_takes_nothing_away_that_is_there(void **state)
{
    (void)state;
    struct mandate mandate = active_mandate("pool:planned", "reserve:cost-risk", 450000000);
    posted(&mandate, "2026-04-30", 450000000);
    follow("membership", json_pack("{s:s, s:s, s:{s:o}}", "type", "membership.agreement.adopted.v1",
                                   "subject", "agreement/versions/2", "data", "agreementVersion",
                                   agreement_row("planned", 400000000)));
    assert_int_equal(account_now("reserve:cost-risk").ceiling_pence, 450000000);
}

static void a_mandate_comes_back_whole(void **state)
{
    (void)state;
    struct mandate drafted = drafted_mandate("pool:planned", "ring-fence:elective", 64000000);
    struct mandate read = mandate_now(drafted.id);
    assert_memory_equal(read.debit_accounts[0], drafted.debit_accounts[0], 13);
    assert_string_equal(read.title, drafted.title);
    assert_int_equal(read.limit_pence, 64000000);
    assert_int_equal(read.starts_day, drafted.starts_day);
    assert_int_equal(read.ends_day, drafted.ends_day);
    assert_int_equal(read.state, MANDATE_DRAFT);
    assert_int_equal(read.granted_ms, INSTANT_NONE);
    assert_string_equal(read.decision_id, "");
    assert_string_equal(read.drafted_by, APPOINTMENT);
}

static void a_carried_decision_grants_its_mandate_once(void **state)
{
    (void)state;
    struct mandate mandate = active_mandate("pool:planned", "ring-fence:elective", 64000000);
    assert_int_equal(mandate.state, MANDATE_ACTIVE);
    assert_int_equal(mandate.version, 2);
    assert_string_equal(last_event("{effect,state}"), "done");
    char decision_id[UUID_SIZE];
    snprintf(decision_id, sizeof decision_id, "%s", last_event("{effect,decision}"));
    assert_string_equal(decision_id, mandate.decision_id);
    act_auto_t act = {0};
    struct problem err = {0};
    char ref[REF_SIZE];
    mandate_ref(mandate.id, ref);
    begin(&act);
    const struct carried_decision again = {
        .id = APPOINTMENT, .kind = "move-money", .subject = ref, .effect = "grant"};
    assert_problem(LEDGER_SUBJECTS.carry(&act, &again, &err), err, PROBLEM_STATE_CONFLICT);
}

static void a_mandate_is_described_with_what_it_lets_move(void **state)
{
    (void)state;
    struct mandate mandate = drafted_mandate("partner:ZZ1:position", "partner:ZZ3:position", 100);
    act_auto_t act = {0};
    struct problem err = {0};
    struct standing standing = {0};
    struct subject subject = {.version = 0};
    char ref[REF_SIZE];
    mandate_ref(mandate.id, ref);
    begin(&act);
    assert_problem(LEDGER_SUBJECTS.describe(&act, &standing, ref, "bless", &subject, &err), err,
                   PROBLEM_RULE_BROKEN);
    assert_problem(LEDGER_SUBJECTS.describe(&act, &standing, "ledger/mandates/" APPOINTMENT,
                                            "grant", &subject, &err),
                   err, PROBLEM_NOT_FOUND);
    assert_done(LEDGER_SUBJECTS.describe(&act, &standing, ref, "grant", &subject, &err), err);
    assert_string_equal(subject.kind, "move-money");
    assert_int_equal(subject.version, 1);
    assert_int_equal(json_integer_or(subject.content, "limitPence", 0), 100);
    char_auto_t *organisations = json_dumps(subject.organisations, JSON_COMPACT);
    assert_string_equal(organisations, "[\"ZZ1\",\"ZZ3\"]");
    json_decref(subject.content);
    json_decref(subject.organisations);
}

static void a_posting_comes_back_whole(void **state)
{
    (void)state;
    struct mandate mandate = active_mandate("pool:planned", "ring-fence:elective", 100000000);
    struct transaction first = posted(&mandate, "2026-04-30", 64000000);
    struct transaction second = posted(&mandate, "2026-05-31", 1);
    assert_int_equal(account_now("ring-fence:elective").balance_pence, 64000001);
    assert_int_equal(account_now("ring-fence:elective").entry_count, 2);
    assert_int_equal(account_now("pool:planned").balance_pence, -64000001);
    assert_int_equal(mandate_now(mandate.id).used_pence, 64000001);

    db_tx_auto_t *tx = NULL;
    struct problem err = {0};
    struct transaction read = {.entry_count = 0};
    assert_done(db_begin(db, alliance, true, &tx, &err), err);
    assert_done(store_transaction_get(tx, second.id, &read, &err), err);
    assert_string_equal(read.description, "Surplus");
    assert_string_equal(read.mandate_id, mandate.id);
    assert_string_equal(read.decision_id, mandate.decision_id);
    assert_int_equal(read.effective_day, day_of("2026-05-31"));
    assert_int_equal(read.amount_pence, 1);
    assert_int_equal(read.recorded_ms, second.recorded_ms);
    assert_int_equal(read.entry_count, 2);
    assert_int_equal(read.entries[1].number, 2);
    assert_int_equal(read.entries[1].balance_pence, 64000001);
    assert_int_equal(first.entries[1].balance_pence, 64000000);
    assert_problem(store_transaction_get(tx, mandate.id, &read, &err), err, PROBLEM_NOT_FOUND);
}

static void a_batch_of_postings_shares_one_book(void **state)
{
    (void)state;
    struct mandate mandate = active_mandate("pool:planned", "ring-fence:elective", 1000);
    act_auto_t act = {0};
    struct problem err = {0};
    begin(&act);
    for (int i = 0; i < 40; i++) {
        struct transaction transaction = posting_under(&mandate, "2026-04-30", 25);
        assert_done(post_within(&act, &transaction, &err), err);
    }
    /* The forty-first finds the mandate used up, and leaves the book as it was. */
    struct book *book = act_slot(&act);
    int64_t balance_pence = book_account(book, "pool:planned")->balance_pence;
    struct transaction refused = posting_under(&mandate, "2026-04-30", 1);
    assert_problem(post_within(&act, &refused, &err), err, PROBLEM_MANDATE_EXCEEDED);
    assert_ptr_equal(act_slot(&act), book);
    assert_int_equal(book_account(book, "pool:planned")->balance_pence, balance_pence);
    commit(&act);
    assert_int_equal(account_now("pool:planned").balance_pence, -1000);
    assert_int_equal(account_now("pool:planned").entry_count, 40);
    assert_int_equal(mandate_now(mandate.id).used_pence, 1000);
    assert_string_equal(event_count("ledger.transaction.posted.v1"), "40");
}

static void a_bulk_is_cut_into_events_that_fit(void **state)
{
    (void)state;
    struct mandate mandate = active_mandate("pool:planned", "ring-fence:elective", 1000000);
    act_auto_t act = {0};
    struct problem err = {0};
    struct book *book;
    struct mandate *known;
    struct bulk bulk = {.transaction_count = 500, .amount_pence = 500 * 501 / 2};
    new_id(bulk.id);
    snprintf(bulk.mandate_id, UUID_SIZE, "%s", mandate.id);
    begin(&act);
    bulk.recorded_ms = act.now_ms;
    assert_done(book_begin(&act, &book, &err), err);
    assert_done(store_book_mandate(&act, mandate.id, &known, &err), err);
    CLEANUP(bulk_event_done) struct bulk_event event;
    bulk_event_begin(&event, &act, book, &bulk);
    for (int i = 1; i <= 500; i++) {
        struct transaction transaction = posting_under(&mandate, "2026-04-30", i);
        transaction.recorded_ms = act.now_ms;
        memcpy(transaction.bulk_id, bulk.id, UUID_SIZE);
        struct posting_terms terms = {.pointer = "", .mandate = known};
        assert_done(transaction_check(book, &terms, &transaction, &err), err);
        transaction_apply(book, &transaction);
        assert_done(bulk_event_add(&event, &transaction, &err), err);
    }
    assert_done(bulk_event_end(&event, &err), err);
    commit(&act);
    assert_int_equal(account_now("ring-fence:elective").balance_pence, 125250);
    assert_int_equal(account_now("ring-fence:elective").entry_count, 500);
    assert_int_equal(mandate_now(mandate.id).used_pence, 125250);
    assert_true(atoi(event_count("ledger.bulk.posted.v1")) > 1);
    assert_string_equal(harness_value("select count(*) from ledger.transaction"
                                      " where alliance_id = '%s' and bulk_id = '%s'",
                                      alliance, bulk.id),
                        "500");
}

static void a_reversal_is_stored_once_and_named_on_the_original(void **state)
{
    (void)state;
    struct mandate mandate = active_mandate("pool:planned", "ring-fence:elective", 1000);
    struct transaction original = posted(&mandate, "2026-04-30", 1000), reversal, read;
    act_auto_t act = {0};
    struct problem err = {0};
    begin(&act);
    assert_done(reversal_make(&original, "the wrong fence", &reversal, &err), err);
    new_id(reversal.id);
    assert_done(post_within(&act, &reversal, &err), err);
    commit(&act);
    assert_int_equal(account_now("ring-fence:elective").balance_pence, 0);
    assert_int_equal(mandate_now(mandate.id).used_pence, 0);
    db_tx_auto_t *tx = NULL;
    assert_done(db_begin(db, alliance, true, &tx, &err), err);
    assert_done(store_transaction_get(tx, original.id, &read, &err), err);
    assert_string_equal(read.reversed_by, reversal.id);
    assert_false(reversal_make(&read, "again", &reversal, &err));
    assert_int_equal(err.code, PROBLEM_ALREADY_REVERSED);
}

/* --- holds
 * --------------------------------------------------------------------------------------------- */

/* £640,000.00 in the ring-fence. */
static void fill_the_fence(void)
{
    struct mandate mandate = active_mandate("pool:planned", "ring-fence:elective", 64000000);
    posted(&mandate, "2026-04-30", 64000000);
}

static void a_carried_award_is_held_and_a_second_beyond_it_is_refused(void **state)
{
    (void)state;
    char decision_id[UUID_SIZE], case_id[UUID_SIZE];
    fill_the_fence();
    new_id(decision_id);
    new_id(case_id);
    follow("membership", carried_award(decision_id, case_id, 25000000));
    assert_string_equal(last_event("{type}"), "ledger.hold.placed.v1");
    assert_string_equal(last_event("{effect,state}"), "done");
    assert_string_equal(last_event("{effect,decision}"), decision_id);
    struct hold hold = hold_now(last_event("{data,hold,id}"));
    assert_int_equal(hold.amount_pence, 25000000);
    assert_string_equal(hold.beneficiary, "ZZ3");
    assert_string_equal(hold.title, "Hernia hub");
    struct account fence = account_now("ring-fence:elective");
    assert_int_equal(fence.held_pence, 25000000);
    assert_int_equal(account_available(&fence), 39000000);

    new_id(decision_id);
    new_id(case_id);
    follow("membership", carried_award(decision_id, case_id, 39000001));
    assert_string_equal(last_event("{type}"), "ledger.effect.refused.v1");
    assert_string_equal(last_event("{effect,state}"), "refused");
    assert_string_equal(last_event("{effect,reason}"),
                        "ring-fence:elective has \u00a3390,000.00 available;"
                        " \u00a3390,000.01 is asked for");
    assert_string_equal(event_count("ledger.hold.placed.v1"), "1");
    assert_int_equal(account_now("ring-fence:elective").held_pence, 25000000);
}

static void a_decision_that_does_not_bind_holds_nothing(void **state)
{
    (void)state;
    char id[UUID_SIZE];
    fill_the_fence();
    new_id(id);
    json_t *changed = carried_award(id, id, 100);
    json_t *decision = json_object_get(json_object_get(changed, "data"), "decision");
    json_t *hold = json_object_get(json_object_get(decision, "content"), "hold");
    json_object_set_new(hold, "amountPence", json_integer(101));
    follow("membership", changed);
    assert_string_equal(last_event("{effect,reason}"), "what was voted on is not what was frozen");

    json_t *majority = carried_award(id, id, 100);
    decision = json_object_get(json_object_get(majority, "data"), "decision");
    json_object_set_new(decision, "rule", json_string("simple-majority"));
    follow("membership", majority);
    assert_string_equal(last_event("{effect,reason}"),
                        "spending a ring-fence takes a unanimous decision");
    assert_string_equal(event_count("ledger.hold.placed.v1"), "0");

    json_t *general = carried_award(id, id, 100);
    decision = json_object_get(json_object_get(general, "data"), "decision");
    json_object_set_new(decision, "kind", json_string("general"));
    follow("membership", general);
    assert_string_equal(event_count("ledger.effect.refused.v1"), "2"); /* none of our business */
}

/* A case's hold of £250,000.00. */
static struct hold placed_award(char ret_case_id[UUID_SIZE])
{
    char decision_id[UUID_SIZE];
    fill_the_fence();
    new_id(decision_id);
    new_id(ret_case_id);
    follow("membership", carried_award(decision_id, ret_case_id, 25000000));
    return hold_now(last_event("{data,hold,id}"));
}

static void a_verified_drawdown_is_captured_with_all_its_links(void **state)
{
    (void)state;
    char case_id[UUID_SIZE], drawdown_id[UUID_SIZE];
    struct hold hold = placed_award(case_id);
    new_id(drawdown_id);
    follow("reinvestment", verified_drawdown(drawdown_id, case_id, hold.id, 10000000));
    assert_string_equal(last_event("{type}"), "ledger.hold.captured.v1");
    assert_string_equal(last_event("{data,capture,drawdownId}"), drawdown_id);
    const char *links = last_event("{links}");
    assert_non_null(strstr(links, drawdown_id));
    assert_non_null(strstr(links, case_id));
    assert_non_null(strstr(links, hold.decision_id));
    assert_int_equal(account_now("ring-fence:elective").balance_pence, 54000000);
    assert_int_equal(account_now("ring-fence:elective").held_pence, 15000000);
    assert_int_equal(account_now("partner:ZZ3:position").balance_pence, 10000000);
    assert_int_equal(hold_now(hold.id).captured_pence, 10000000);
    assert_int_equal(hold_now(hold.id).state, HOLD_OPEN);
}

static void a_drawdown_that_cannot_be_paid_is_refused_with_its_reason(void **state)
{
    (void)state;
    char case_id[UUID_SIZE], drawdown_id[UUID_SIZE];
    struct hold hold = placed_award(case_id);
    new_id(drawdown_id);
    follow("reinvestment", verified_drawdown(drawdown_id, case_id, hold.id, 25000001));
    assert_string_equal(last_event("{type}"), "ledger.capture.refused.v1");
    assert_string_equal(last_event("{data,reason}"),
                        "\u00a3250,000.00 is left of the hold; \u00a3250,000.01 is asked for");
    assert_non_null(strstr(last_event("{links}"), drawdown_id));
    /* another case's hold */
    follow("reinvestment", verified_drawdown(drawdown_id, drawdown_id, hold.id, 1));
    assert_string_equal(last_event("{type}"), "ledger.capture.refused.v1");
    /* no hold at all */
    follow("reinvestment", verified_drawdown(drawdown_id, case_id, case_id, 1));
    assert_string_equal(event_count("ledger.capture.refused.v1"), "3");
    assert_int_equal(hold_now(hold.id).captured_pence, 0);
}

static void a_closed_case_gives_the_rest_back_once(void **state)
{
    (void)state;
    char case_id[UUID_SIZE], drawdown_id[UUID_SIZE];
    struct hold hold = placed_award(case_id);
    new_id(drawdown_id);
    follow("reinvestment", verified_drawdown(drawdown_id, case_id, hold.id, 10000000));
    follow("reinvestment", closed_case(case_id, hold.id));
    assert_string_equal(last_event("{type}"), "ledger.hold.released.v1");
    hold = hold_now(hold.id);
    assert_int_equal(hold.state, HOLD_RELEASED);
    assert_int_equal(hold.released_pence, 15000000);
    assert_int_equal(account_now("ring-fence:elective").held_pence, 0);
    follow("reinvestment", closed_case(case_id, hold.id));
    assert_string_equal(event_count("ledger.hold.released.v1"), "1");
    follow("reinvestment", verified_drawdown(case_id, case_id, hold.id, 1));
    assert_string_equal(last_event("{data,reason}"), "the hold is released");
}

/* A hold under a mandate that expires an hour from the act's clock. */
static struct hold placed_for_an_hour(const struct mandate *mandate, int64_t pence)
{
    act_auto_t act = {0};
    struct problem err = {0};
    struct book *book;
    struct mandate *known;
    struct hold hold = {.beneficiary = "ZZ3",
                        .title = "Waiting list",
                        .amount_pence = pence,
                        .resolved_ms = INSTANT_NONE,
                        .version = 1};
    begin(&act);
    new_id(hold.id);
    mandate_ref(mandate->id, hold.subject);
    snprintf(hold.account_code, CODE_SIZE, "%s", mandate->debit_accounts[0]);
    snprintf(hold.mandate_id, UUID_SIZE, "%s", mandate->id);
    snprintf(hold.decision_id, UUID_SIZE, "%s", mandate->decision_id);
    hold.month = month_of_day(day_of("2026-04-01"));
    hold.placed_ms = act.now_ms;
    hold.expires_ms = act.now_ms + 3600 * 1000;
    assert_done(book_begin(&act, &book, &err), err);
    assert_done(store_book_mandate(&act, mandate->id, &known, &err), err);
    assert_done(hold_check(book, known, &hold, act.now_ms, &err), err);
    hold_apply(book, &hold);
    assert_done(event_hold_placed(&act, book, &hold, &err), err);
    commit(&act);
    return hold_now(hold.id);
}

static bool sweep_is_due(void)
{
    db_tx_auto_t *tx = NULL;
    struct problem err = {0};
    db_rows_auto_t rows = {.result = NULL};
    assert_done(db_begin(db, alliance, true, &tx, &err), err);
    assert_done(db_select(tx, LEDGER_SWEEPS[0].due, &rows, &err), err);
    return rows.count > 0;
}

static void a_sweep_makes_visible_what_has_expired(void **state)
{
    (void)state;
    struct mandate mandate = active_mandate("pool:planned", "partner:ZZ3:position", 1000);
    struct hold hold = placed_for_an_hour(&mandate, 600);
    assert_int_equal(mandate_now(mandate.id).used_pence, 600);
    assert_int_equal(account_now("pool:planned").held_pence, 600);
    assert_string_equal(last_event("{effect,state}"), ""); /* not a decision's own effect */
    assert_false(sweep_is_due());
    harness_move_clock(2 * 3600 * 1000);
    assert_true(sweep_is_due());
    act_auto_t act = {0};
    struct problem err = {0};
    begin(&act);
    assert_done(LEDGER_SWEEPS[0].run(&act, &err), err);
    commit(&act);
    struct hold after = hold_now(hold.id);
    assert_int_equal(after.state, HOLD_EXPIRED);
    assert_int_equal(after.resolved_ms, hold.expires_ms);
    assert_int_equal(account_now("pool:planned").held_pence, 0);
    assert_int_equal(mandate_now(mandate.id).used_pence, 0);
    assert_false(sweep_is_due());
}

static void whoever_comes_before_the_sweep_sees_it_expired(void **state)
{
    (void)state;
    struct mandate mandate = active_mandate("pool:planned", "partner:ZZ3:position", 1000);
    struct hold hold = placed_for_an_hour(&mandate, 1000);
    harness_move_clock(2 * 3600 * 1000);
    posted(&mandate, "2026-04-30", 1000); /* the mandate is whole again */
    assert_int_equal(hold_now(hold.id).state, HOLD_EXPIRED);
    assert_int_equal(account_now("partner:ZZ3:position").balance_pence, 1000);
}

static void a_captured_hold_pays_within_its_mandate(void **state)
{
    (void)state;
    struct mandate mandate = active_mandate("pool:planned", "partner:ZZ3:position", 1000);
    struct hold placed = placed_for_an_hour(&mandate, 1000), *hold;
    act_auto_t act = {0};
    struct problem err = {0};
    struct mandate *known;
    struct transaction transaction;
    struct capture capture = {.amount_pence = 400, .is_final = true};
    struct capture_order order = {.effective_day = day_of("2026-04-30"), .description = "Stage 1"};
    begin(&act);
    assert_done(store_book_mandate(&act, mandate.id, &known, &err), err);
    assert_done(store_book_hold(&act, placed.id, &hold, &err), err);
    assert_done(capture_run(&act, hold, &order, &capture, &transaction, &err), err);
    commit(&act);
    assert_int_equal(hold_now(placed.id).state, HOLD_CAPTURED);
    assert_int_equal(hold_now(placed.id).released_pence, 600);
    assert_int_equal(mandate_now(mandate.id).used_pence, 400);
    assert_int_equal(account_now("pool:planned").balance_pence, -400);
    assert_int_equal(account_now("pool:planned").held_pence, 0);
    assert_string_equal(harness_value("select is_final || ' ' || released_pence from ledger.capture"
                                      " where alliance_id = '%s'",
                                      alliance),
                        "true 600");
}

static void a_month_with_its_own_open_hold_is_held(void **state)
{
    (void)state;
    struct mandate mandate = active_mandate("pool:planned", "partner:ZZ3:position", 1000);
    placed_for_an_hour(&mandate, 1);
    act_auto_t act = {0};
    struct problem err = {0};
    bool is_held;
    begin(&act);
    assert_done(store_month_is_held(&act, month_of_day(day_of("2026-04-01")), &is_held, &err), err);
    assert_true(is_held);
    assert_done(store_month_is_held(&act, month_of_day(day_of("2026-05-01")), &is_held, &err), err);
    assert_false(is_held);
}

/* --- months
 * -------------------------------------------------------------------------------------------- */

static const struct month_ties FREE_MONTH = {0};

static void month_move(const char *day, enum period_state to)
{
    act_auto_t act = {0};
    struct problem err = {0};
    struct book *book;
    begin(&act);
    assert_done(store_book(&act, &book, &err), err);
    struct period *period, moved;
    assert_done(store_book_period(&act, month_of_day(day_of(day)), &period, &err), err);
    assert_done(period_move(book, period, to, &FREE_MONTH, act.now_ms, &moved, &err), err);
    *period = moved;
    assert_done(event_period_moved(&act, period, &err), err);
    if (to == PERIOD_CLOSED)
        assert_done(reserve_left_escalate(&act, period->month, &err), err);
    commit(&act);
}

static void months_close(int32_t first, int32_t last)
{
    for (int32_t month = first; month <= last; month++) {
        char day[DATE_SIZE];
        day_format(month_first_day(month), day);
        month_move(day, PERIOD_LOCKED);
        month_move(day, PERIOD_CLOSED);
    }
}

static void a_year_that_closes_says_what_is_left_in_its_reserve(void **state)
{
    (void)state;
    const int32_t first = month_of_day(day_of("2026-04-01"));
    struct mandate mandate = active_mandate("pool:planned", "reserve:cost-risk", 400000000);
    posted(&mandate, "2026-04-30", 400000000);
    months_close(first, first + 10);
    assert_string_equal(event_count("ledger.reserve.escalated.v1"), "0");
    months_close(first + 11, first + 11);
    assert_string_equal(
        harness_value("select count(*) from ledger.escalation where alliance_id = '%s'"
                      " and subject = 'ledger/periods/2026-27-M12'"
                      " and to_group = 'leadership-board'"
                      " and reason like '%%£5,000,000.00 for 2026-27%%' and reason like "
                      "'%%£4,000,000.00 is left%%'",
                      alliance),
        "1");
    struct mandate back = active_mandate("reserve:cost-risk", "pool:planned", 400000000);
    posted(&back, "2027-04-30", 400000000);
    months_close(first + 12, first + 23); /* the next year has nothing in it */
    assert_string_equal(event_count("ledger.reserve.escalated.v1"), "1");
}

static void a_closed_month_is_reopened_by_decision_only_if_it_is_the_latest(void **state)
{
    (void)state;
    month_move("2026-04-01", PERIOD_LOCKED);
    month_move("2026-05-01", PERIOD_LOCKED);
    month_move("2026-04-01", PERIOD_CLOSED);
    month_move("2026-05-01", PERIOD_CLOSED);
    act_auto_t act = {0};
    struct problem err = {0};
    struct subject subject = {.version = 0};
    struct standing standing = {0};
    begin(&act);
    assert_problem(LEDGER_SUBJECTS.describe(&act, &standing, "ledger/periods/2026-27-M01", "reopen",
                                            &subject, &err),
                   err, PROBLEM_STATE_CONFLICT);
    assert_problem(LEDGER_SUBJECTS.describe(&act, &standing, "ledger/periods/2099-00-M01", "reopen",
                                            &subject, &err),
                   err, PROBLEM_NOT_FOUND);
    assert_done(LEDGER_SUBJECTS.describe(&act, &standing, "ledger/periods/2026-27-M02", "reopen",
                                         &subject, &err),
                err);
    assert_string_equal(subject.kind, "move-money");
    json_decref(subject.content);
    const struct carried_decision decision = {.id = APPOINTMENT,
                                              .kind = "move-money",
                                              .subject = "ledger/periods/2026-27-M02",
                                              .effect = "reopen"};
    assert_done(LEDGER_SUBJECTS.carry(&act, &decision, &err), err);
    commit(&act);
    assert_string_equal(harness_value("select state || ' ' || reopened_by from ledger.period"
                                      " where alliance_id = '%s' and month = '2026-27-M02'",
                                      alliance),
                        "open " APPOINTMENT);
}

static void postings_and_the_closing_of_their_month_fit_in_one_act(void **state)
{
    (void)state;
    struct mandate mandate = active_mandate("pool:planned", "ring-fence:elective", 1000);
    act_auto_t act = {0};
    struct problem err = {0};
    struct book *book;
    begin(&act);
    struct transaction transaction = posting_under(&mandate, "2026-04-30", 10);
    assert_done(post_within(&act, &transaction, &err), err);
    assert_done(store_book(&act, &book, &err), err);
    struct period *period, moved;
    assert_done(store_book_period(&act, month_of_day(day_of("2026-04-01")), &period, &err), err);
    assert_done(period_move(book, period, PERIOD_LOCKED, &FREE_MONTH, act.now_ms, &moved, &err),
                err);
    *period = moved;
    assert_done(event_period_moved(&act, period, &err), err);
    struct transaction late = posting_under(&mandate, "2026-04-30", 10);
    assert_problem(post_within(&act, &late, &err), err, PROBLEM_PERIOD_CLOSED);
    commit(&act);
    assert_int_equal(account_now("ring-fence:elective").balance_pence, 10);
}

/* --- both axes of time
 * ------------------------------------------------------------------------------------- */

static int64_t trial_balance_of(const char *code, int32_t effective_day, int64_t recorded_ms,
                                int64_t *ret_total_pence)
{
    db_tx_auto_t *tx = NULL;
    struct problem err = {0};
    db_rows_auto_t rows = {.result = NULL};
    int64_t balance_pence = INT64_MIN;
    *ret_total_pence = 0;
    assert_done(db_begin(db, alliance, true, &tx, &err), err);
    assert_done(store_trial_balance(tx, effective_day, recorded_ms, &rows, &err), err);
    for (int i = 0; i < rows.count; i++) {
        *ret_total_pence += row_int(&rows, i, "balance_pence");
        if (strcmp(row_text(&rows, i, "code"), code) == 0)
            balance_pence = row_int(&rows, i, "balance_pence");
    }
    return balance_pence;
}

static void balances_are_known_at_any_point_on_either_axis(void **state)
{
    (void)state;
    struct mandate mandate = active_mandate("pool:planned", "ring-fence:elective", 1000);
    struct transaction may = posted(&mandate, "2026-05-15", 100);
    harness_move_clock(60 * 1000);
    struct transaction april = posted(&mandate, "2026-04-15", 10);
    assert_true(april.recorded_ms > may.recorded_ms);
    int64_t total_pence, after_ms = april.recorded_ms;
    const char *fence = "ring-fence:elective";
    assert_int_equal(trial_balance_of(fence, DAY_NONE, after_ms, &total_pence), 110);
    assert_int_equal(total_pence, 0);
    assert_int_equal(trial_balance_of(fence, day_of("2026-04-30"), after_ms, &total_pence), 10);
    assert_int_equal(total_pence, 0);
    assert_int_equal(trial_balance_of(fence, DAY_NONE, may.recorded_ms, &total_pence), 100);
    assert_int_equal(trial_balance_of(fence, day_of("2026-04-30"), may.recorded_ms, &total_pence),
                     0);

    db_tx_auto_t *tx = NULL;
    struct problem err = {0};
    db_rows_auto_t months = {.result = NULL};
    int64_t opening_pence;
    struct statement_span span = {.account_code = fence,
                                  .from_day = day_of("2026-05-01"),
                                  .to_day = day_of("2026-06-01"),
                                  .recorded_ms = after_ms};
    assert_done(db_begin(db, alliance, true, &tx, &err), err);
    assert_done(store_statement(tx, &span, &opening_pence, &months, &err), err);
    assert_int_equal(opening_pence, 10);
    assert_int_equal(months.count, 1);
    assert_string_equal(row_text(&months, 0, "month"), "2026-27-M02");
    assert_int_equal(row_int(&months, 0, "in_pence"), 100);
}

#define TEST(name) cmocka_unit_test_setup(name, make_alliance)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_agreement_opens_the_accounts),
        TEST(admission_opens_a_partners_accounts_once),
        TEST(a_partner_without_a_status_stalls),
        TEST(what_an_event_lacks_ends_the_reaction_not_the_process),
        TEST(a_new_agreement_opens_what_is_new_and_moves_the_cap),
        TEST(a_lower_cap_takes_nothing_away_that_is_there),
        TEST(a_mandate_comes_back_whole),
        TEST(a_carried_decision_grants_its_mandate_once),
        TEST(a_mandate_is_described_with_what_it_lets_move),
        TEST(a_posting_comes_back_whole),
        TEST(a_batch_of_postings_shares_one_book),
        TEST(a_bulk_is_cut_into_events_that_fit),
        TEST(a_reversal_is_stored_once_and_named_on_the_original),
        TEST(a_carried_award_is_held_and_a_second_beyond_it_is_refused),
        TEST(a_decision_that_does_not_bind_holds_nothing),
        TEST(a_verified_drawdown_is_captured_with_all_its_links),
        TEST(a_drawdown_that_cannot_be_paid_is_refused_with_its_reason),
        TEST(a_closed_case_gives_the_rest_back_once),
        TEST(a_sweep_makes_visible_what_has_expired),
        TEST(whoever_comes_before_the_sweep_sees_it_expired),
        TEST(a_captured_hold_pays_within_its_mandate),
        TEST(a_month_with_its_own_open_hold_is_held),
        TEST(a_closed_month_is_reopened_by_decision_only_if_it_is_the_latest),
        TEST(postings_and_the_closing_of_their_month_fit_in_one_act),
        TEST(a_year_that_closes_says_what_is_left_in_its_reserve),
        TEST(balances_are_known_at_any_point_on_either_axis),
    };
    return cmocka_run_group_tests(tests, make_db, free_db);
}
