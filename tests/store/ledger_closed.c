/* What the ledger makes of events that reach it once the alliance is closed: it takes no more
 * money, and gives back what is held. On a real database. */
#include "tests/store/ledger_world.h"

#include "common/standing.h"

static void alliance_becomes(const char *status)
{
    follow("membership",
           json_pack("{s:s, s:s, s:{s:{s:s, s:s, s:[], s:[], s:s, s:s, s:s, s:s, s:s, s:i}}}",
                     "type", "membership.alliance.closed.v1", "subject", "alliance", "data",
                     "alliance", "name", "Elective Care", "purpose", "Better care", "objectives",
                     "principles", "startsOn", "2026-04-01", "endsOn", "2028-04-01", "status",
                     status, "foundingDecisionId", APPOINTMENT, "createdAt",
                     "2026-03-01T09:00:00.000Z", "version", 3));
}

static struct hold held_award(char ret_case_id[UUID_SIZE])
{
    char decision_id[UUID_SIZE];
    struct mandate mandate = active_mandate("pool:planned", "ring-fence:elective", 64000000);
    posted(&mandate, "2026-04-30", 64000000);
    new_id(decision_id);
    new_id(ret_case_id);
    follow("membership", carried_award(decision_id, ret_case_id, 25000000));
    return hold_now(last_event("{data,hold,id}"));
}

static void a_closing_alliance_pays_what_it_owes(void **state)
{
    (void)state;
    char case_id[UUID_SIZE], drawdown_id[UUID_SIZE];
    struct hold hold = held_award(case_id);
    alliance_becomes("closing");
    new_id(drawdown_id);
    follow("reinvestment", verified_drawdown(drawdown_id, case_id, hold.id, 10000000));
    assert_string_equal(last_event("{type}"), "ledger.hold.captured.v1");
    assert_int_equal(hold_now(hold.id).captured_pence, 10000000);
}

static void no_hold_is_placed_once_the_alliance_is_closed(void **state)
{
    (void)state;
    char case_id[UUID_SIZE], decision_id[UUID_SIZE];
    (void)held_award(case_id);
    alliance_becomes("closed");
    new_id(decision_id);
    new_id(case_id);
    follow("membership", carried_award(decision_id, case_id, 100));
    assert_string_equal(last_event("{type}"), "ledger.effect.refused.v1");
    assert_string_equal(last_event("{effect,decision}"), decision_id);
    assert_string_equal(last_event("{effect,reason}"), "the alliance is closed");
    assert_string_equal(event_count("ledger.hold.placed.v1"), "1");
}

static void a_late_drawdown_is_refused_and_what_is_held_goes_back(void **state)
{
    (void)state;
    char case_id[UUID_SIZE], drawdown_id[UUID_SIZE];
    struct hold hold = held_award(case_id);
    alliance_becomes("closed");
    new_id(drawdown_id);
    follow("reinvestment", verified_drawdown(drawdown_id, case_id, hold.id, 1000));
    assert_string_equal(last_event("{type}"), "ledger.capture.refused.v1");
    assert_string_equal(last_event("{data,reason}"), "the alliance is closed");
    assert_int_equal(hold_now(hold.id).captured_pence, 0);
    follow("reinvestment", closed_case(case_id, hold.id));
    assert_string_equal(last_event("{type}"), "ledger.hold.released.v1");
    assert_int_equal(account_now("ring-fence:elective").held_pence, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_closing_alliance_pays_what_it_owes, make_alliance),
        cmocka_unit_test_setup(no_hold_is_placed_once_the_alliance_is_closed, make_alliance),
        cmocka_unit_test_setup(a_late_drawdown_is_refused_and_what_is_held_goes_back,
                               make_alliance),
    };
    return cmocka_run_group_tests(tests, make_db, free_db);
}
