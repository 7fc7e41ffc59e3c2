/* How a settlement comes about and ends (B5, B12), and what of the reserve is released (B10). */
#include "services/ledger/rules/settling.h"

#include "tests/unit/rules/ledger_book.h"

#define SETTLEMENT_ID "0193f5a2-8d11-7c3e-9a44-5b6f1f0c2d51"
#define OTHER_ID "0193f5a2-8d11-7c3e-9a44-5b6f1f0c2d52"

static struct settlement_record computed(void)
{
    return (struct settlement_record){
        .id = SETTLEMENT_ID,
        .month = month_of_day(day_of("2026-05-01")),
        .entries = {{"reserve:cost-risk", -180}, {"partner:ZZ3:position", 180}},
        .entry_count = 2,
        .ended_ms = INSTANT_NONE,
        .version = 1,
    };
}

static void every_state_has_its_word(void **state)
{
    (void)state;
    static const char *const settlements[] = {"computed", "proposed", "posted", "rejected",
                                              "withdrawn"};
    static const char *const releases[] = {"draft", "released", "rejected", "withdrawn"};
    for (int i = 0; i < 5; i++) {
        assert_string_equal(settlement_state_word((enum settlement_state)i), settlements[i]);
        assert_int_equal(settlement_state_of_word(settlements[i]), i);
    }
    for (int i = 0; i < 4; i++) {
        assert_string_equal(release_state_word((enum release_state)i), releases[i]);
        assert_int_equal(release_state_of_word(releases[i]), i);
    }
}

static void only_a_locked_month_without_an_open_settlement_is_settled(void **state)
{
    (void)state;
    struct fixture f;
    fixture_make(&f);
    struct problem err = {0};
    struct settled_so_far none = {0}, open = {.has_open = true};
    assert_true(settlement_begin_check(&f.periods[MAY], &none, "", &err));
    assert_false(settlement_begin_check(&f.periods[JUNE], &none, "", &err));
    assert_int_equal(err.code, PROBLEM_STATE_CONFLICT);
    assert_string_equal(err.detail, "2026-27-M03 is open; a locked month is settled");
    assert_false(settlement_begin_check(&f.periods[APRIL], &none, "", &err));
    assert_false(settlement_begin_check(&f.periods[MAY], &open, "", &err));
    assert_int_equal(err.code, PROBLEM_STATE_CONFLICT);
}

static void a_settled_month_is_corrected_in_a_chain_and_for_a_reason(void **state)
{
    (void)state;
    struct fixture f;
    fixture_make(&f);
    struct problem err = {0};
    struct settlement_record last = computed();
    struct settled_so_far none = {0}, settled = {.last = &last, .has_changed = true};
    assert_false(settlement_begin_check(&f.periods[MAY], &none, SETTLEMENT_ID, &err));
    assert_int_equal(err.code, PROBLEM_RULE_BROKEN);
    problem_clear(&err);
    assert_false(settlement_begin_check(&f.periods[MAY], &settled, "", &err));
    assert_int_equal(err.code, PROBLEM_STATE_CONFLICT);
    assert_false(settlement_begin_check(&f.periods[MAY], &settled, OTHER_ID, &err));
    assert_string_equal(err.faults[0].code, "not-last");
    assert_true(settlement_begin_check(&f.periods[MAY], &settled, SETTLEMENT_ID, &err));
    settled.has_changed = false;
    assert_false(settlement_begin_check(&f.periods[MAY], &settled, SETTLEMENT_ID, &err));
    assert_int_equal(err.code, PROBLEM_STATE_CONFLICT);
}

static void a_settlement_is_proposed_once_and_withdrawn_only_before(void **state)
{
    (void)state;
    struct problem err = {0};
    struct settlement_record record = computed(), proposed, after;
    assert_true(settlement_propose(&record, &proposed, &err));
    assert_int_equal(proposed.state, SETTLEMENT_PROPOSED);
    assert_int_equal(proposed.version, 2);
    assert_false(settlement_propose(&proposed, &after, &err));
    assert_int_equal(err.code, PROBLEM_STATE_CONFLICT);
    assert_false(settlement_withdraw(&proposed, "No.", 9, &after, &err));
    assert_string_equal(err.detail, "the settlement is proposed");
    assert_true(settlement_withdraw(&record, "A mistake.", 9, &after, &err));
    assert_int_equal(after.state, SETTLEMENT_WITHDRAWN);
    assert_int_equal(after.ended_ms, 9);
    assert_string_equal(after.ended_because, "A mistake.");
}

static void a_decision_that_ends_without_effect_ends_it_or_gives_it_back(void **state)
{
    (void)state;
    struct problem err = {0};
    struct settlement_record record = computed(), proposed, after;
    assert_false(settlement_release(&record, "rejected", NULL, 9, &after));
    assert_true(settlement_propose(&record, &proposed, &err));
    static const char *const given_back[] = {"withdrawn", "unopened"};
    for (size_t i = 0; i < ARRAY_LENGTH(given_back); i++) {
        assert_true(settlement_release(&proposed, given_back[i], NULL, 9, &after));
        assert_int_equal(after.state, SETTLEMENT_COMPUTED);
        assert_int_equal(after.ended_ms, INSTANT_NONE);
    }
    static const char *const ended[] = {"rejected", "lapsed", "escalated", "refused"};
    for (size_t i = 0; i < ARRAY_LENGTH(ended); i++) {
        assert_true(settlement_release(&proposed, ended[i], NULL, 9, &after));
        assert_int_equal(after.state, SETTLEMENT_REJECTED);
        assert_int_equal(after.ended_ms, 9);
        assert_non_null(strstr(after.ended_because, ended[i]));
    }
    assert_true(settlement_release(&proposed, "refused", "the books have moved", 9, &after));
    assert_string_equal(after.ended_because, "The decision was carried, and its effect refused:"
                                             " the books have moved.");
}

static void what_was_escalated_is_escalated_again_only_when_it_is_another(void **state)
{
    (void)state;
    const struct settlement_escalation before[] = {
        {.kind = ESCALATION_CLAW_BACK, .organisation = "ZZ1", .amount_pence = 100},
        {.kind = ESCALATION_RESERVE, .pool = "urgent", .organisation = "ZZ3", .amount_pence = 100},
    };
    struct settlement_escalation escalation = before[1];
    assert_true(escalation_is_repeated(&escalation, before, 2));
    assert_false(escalation_is_repeated(&escalation, before, 1));
    escalation.amount_pence = 101;
    assert_false(escalation_is_repeated(&escalation, before, 2));
    escalation = before[1];
    snprintf(escalation.pool, sizeof escalation.pool, "drugs");
    assert_false(escalation_is_repeated(&escalation, before, 2));
    escalation = before[1];
    snprintf(escalation.organisation, sizeof escalation.organisation, "ZZ4");
    assert_false(escalation_is_repeated(&escalation, before, 2));
    /* taken back once more, by this one */
    assert_false(escalation_is_repeated(&before[0], before, 2));
}

static void it_is_posted_once_by_its_decision(void **state)
{
    (void)state;
    struct problem err = {0};
    struct settlement_record record = computed(), proposed, posted, after;
    assert_false(settlement_post(&record, DECISION_ID, 21, 9, &posted, &err));
    assert_int_equal(err.code, PROBLEM_STATE_CONFLICT);
    assert_true(settlement_propose(&record, &proposed, &err));
    assert_true(settlement_post(&proposed, DECISION_ID, 21, 9, &posted, &err));
    assert_int_equal(posted.state, SETTLEMENT_POSTED);
    assert_int_equal(posted.posted_sequence, 21);
    assert_string_equal(posted.decision_id, DECISION_ID);
    assert_false(settlement_post(&posted, DECISION_ID, 22, 9, &after, &err));
}

static void its_transaction_is_what_it_says_on_the_last_day_of_its_month(void **state)
{
    (void)state;
    struct settlement_record record = computed();
    struct transaction transaction;
    settlement_transaction_make(&record, &transaction);
    assert_int_equal(transaction.kind, TRANSACTION_SETTLEMENT);
    assert_string_equal(transaction.description, "Settlement of 2026-27-M02");
    assert_string_equal(transaction.settlement_id, SETTLEMENT_ID);
    assert_int_equal(transaction.effective_day, day_of("2026-05-31"));
    assert_int_equal(transaction.entry_count, 2);
    assert_string_equal(transaction.entries[1].account_code, "partner:ZZ3:position");
    assert_int_equal(transaction.entries[1].amount_pence, 180);
    snprintf(record.corrects_id, sizeof record.corrects_id, OTHER_ID);
    settlement_transaction_make(&record, &transaction);
    assert_string_equal(transaction.description, "Corrective settlement of 2026-27-M02");
}

/* --- the reserve */

static struct reserve_release drafted(int64_t amount_pence)
{
    return (struct reserve_release){
        .id = OTHER_ID,
        .year = "2026-27",
        .to_account = "ring-fence:elective",
        .amount_pence = amount_pence,
        .ended_ms = INSTANT_NONE,
        .version = 1,
    };
}

static void what_a_year_leaves_of_the_reserve_is_released(void **state)
{
    (void)state;
    struct fixture f;
    fixture_make(&f);
    struct problem err = {0};
    struct reserve_position position = {
        .has_cap = true, .cap_pence = 500000000, .drawn_pence = 270000000};
    struct account *reserve = book_account(&f.book, "reserve:cost-risk");
    reserve->balance_pence = 230000000;
    struct reserve_release release = drafted(230000000);
    assert_true(release_check(&f.book, &position, &release, &err));
    release.amount_pence++;
    assert_false(release_check(&f.book, &position, &release, &err));
    assert_int_equal(err.code, PROBLEM_FUNDS_INSUFFICIENT);
    assert_string_equal(err.detail, "the year leaves £2,300,000.00 unspent and the reserve has "
                                    "£2,300,000.00; £2,300,000.01 is asked for");
    assert_int_equal(reserve_releasable(&f.book, &position), 230000000);
    release.amount_pence = 200000000;
    reserve->held_pence = 30000001; /* what is held is spoken for */
    assert_int_equal(reserve_releasable(&f.book, &position), 199999999);
    assert_false(release_check(&f.book, &position, &release, &err));
    reserve->held_pence = 0;
    position.released_pence = 30000001;
    assert_false(release_check(&f.book, &position, &release, &err));
    position.released_pence = 30000000;
    assert_true(release_check(&f.book, &position, &release, &err));
    assert_int_equal(reserve_releasable(&f.book, &position), 200000000);
    assert_int_equal(reserve_releasable(&(struct book){0}, &position), 0);
    position.has_cap = false;
    assert_int_equal(reserve_releasable(&f.book, &position), 0);
    assert_false(release_check(&f.book, &position, &release, &err));
    assert_int_equal(err.code, PROBLEM_RULE_BROKEN);
    assert_false(release_check(&(struct book){0}, &position, &release, &err));
}

static void a_release_goes_to_an_open_account_that_is_not_the_reserve(void **state)
{
    (void)state;
    struct fixture f;
    fixture_make(&f);
    struct problem err = {0};
    struct reserve_position position = {.has_cap = true, .cap_pence = 500000000};
    struct reserve_release release = drafted(1);
    snprintf(release.to_account, sizeof release.to_account, "ring-fence:nowhere");
    assert_false(release_check(&f.book, &position, &release, &err));
    assert_int_equal(err.code, PROBLEM_REFERENCE_UNKNOWN);
    problem_clear(&err);
    snprintf(release.to_account, sizeof release.to_account, "reserve:cost-risk");
    assert_false(release_check(&f.book, &position, &release, &err));
    assert_int_equal(err.code, PROBLEM_RULE_BROKEN);
    snprintf(release.to_account, sizeof release.to_account, "pool:urgent"); /* closed */
    assert_false(release_check(&f.book, &position, &release, &err));
}

static void a_release_ends_once_and_moves_what_it_says(void **state)
{
    (void)state;
    struct problem err = {0};
    struct reserve_release release = drafted(23), after;
    struct transaction transaction;
    assert_true(release_draft_check(&release, &err));
    release_end(&release, RELEASE_WITHDRAWN, "Not yet.", 9, &after);
    assert_int_equal(after.state, RELEASE_WITHDRAWN);
    assert_int_equal(after.ended_ms, 9);
    assert_string_equal(after.ended_because, "Not yet.");
    assert_int_equal(after.version, 2);
    assert_false(release_draft_check(&after, &err));
    assert_int_equal(err.code, PROBLEM_STATE_CONFLICT);
    release_transaction_make(&release, &transaction);
    assert_int_equal(transaction.kind, TRANSACTION_RELEASE);
    assert_string_equal(transaction.release_id, OTHER_ID);
    assert_string_equal(transaction.entries[0].account_code, "reserve:cost-risk");
    assert_int_equal(transaction.entries[0].amount_pence, -23);
    assert_string_equal(transaction.entries[1].account_code, "ring-fence:elective");
    assert_int_equal(transaction.entries[1].amount_pence, 23);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_state_has_its_word),
        cmocka_unit_test(only_a_locked_month_without_an_open_settlement_is_settled),
        cmocka_unit_test(a_settled_month_is_corrected_in_a_chain_and_for_a_reason),
        cmocka_unit_test(a_settlement_is_proposed_once_and_withdrawn_only_before),
        cmocka_unit_test(a_decision_that_ends_without_effect_ends_it_or_gives_it_back),
        cmocka_unit_test(what_was_escalated_is_escalated_again_only_when_it_is_another),
        cmocka_unit_test(it_is_posted_once_by_its_decision),
        cmocka_unit_test(its_transaction_is_what_it_says_on_the_last_day_of_its_month),
        cmocka_unit_test(what_a_year_leaves_of_the_reserve_is_released),
        cmocka_unit_test(a_release_goes_to_an_open_account_that_is_not_the_reserve),
        cmocka_unit_test(a_release_ends_once_and_moves_what_it_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
