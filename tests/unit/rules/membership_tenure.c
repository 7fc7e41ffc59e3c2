/* How long an appointment counts, and what nobody may make of one (domain.md A5). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/instant.h"
#include "services/membership/rules/appointment.h"

enum { NOW = 1000000 };

/* The representative of an active voting partner who directs the alliance as well. */
static struct standing director_and_representative(void)
{
    struct standing standing = {
        .has_alliance = true,
        .has_partner = true,
        .organisation = "ZZ1",
        .partner_status = PARTNER_ACTIVE,
        .is_voting = true,
        .appointments = {{.id = "director",
                          .role = "alliance-director",
                          .organisation = "ZZ1",
                          .is_of_active = true},
                         {.id = "representative",
                          .role = "partner-representative",
                          .organisation = "ZZ1",
                          .is_of_active = true}},
        .appointment_count = 2,
    };
    return standing;
}

static void a_tenure_counts_from_its_start_until_before_its_end(void **state)
{
    (void)state;
    struct tenure tenure = {.starts_ms = NOW, .ends_ms = NOW + 10};
    assert_false(tenure_is_in_force(&tenure, NOW - 1));
    assert_true(tenure_is_in_force(&tenure, NOW));
    assert_true(tenure_is_in_force(&tenure, NOW + 9));
    assert_false(tenure_is_in_force(&tenure, NOW + 10));
    tenure.ends_ms = INSTANT_NONE;
    assert_false(tenure_is_in_force(&tenure, NOW - 1));
    assert_true(tenure_is_in_force(&tenure, INT64_MAX));
}

static void what_has_not_begun_is_not_ended(void **state)
{
    (void)state;
    struct problem err = {0};
    struct tenure tenure = {.starts_ms = NOW + 1, .ends_ms = INSTANT_NONE, .version = 1};
    assert_false(appointment_end(&tenure, INSTANT_NONE, NOW, &err));
    assert_int_equal(err.code, PROBLEM_STATE_CONFLICT);
    assert_int_equal(tenure.version, 1);
}

static void a_tenure_may_end_at_this_very_instant(void **state)
{
    (void)state;
    struct problem err = {0};
    struct tenure tenure = {.starts_ms = NOW, .ends_ms = INSTANT_NONE, .version = 1};
    assert_true(appointment_end(&tenure, NOW, NOW, &err));
    assert_int_equal(tenure.ends_ms, NOW);
    assert_false(tenure_is_in_force(&tenure, NOW));
}

static void everybody_of_an_organisation_that_is_out_stops_at_once(void **state)
{
    (void)state;
    struct tenure tenures[] = {
        {.starts_ms = NOW - 10, .ends_ms = INSTANT_NONE, .version = 1},
        {.starts_ms = NOW - 10, .ends_ms = NOW + 10, .version = 4},
        {.starts_ms = NOW - 10, .ends_ms = INSTANT_NONE, .version = 7},
    };
    tenures_end(tenures, 2, NOW);
    assert_int_equal(tenures[0].ends_ms, NOW);
    assert_int_equal(tenures[0].version, 2);
    assert_int_equal(tenures[1].ends_ms, NOW);
    assert_int_equal(tenures[1].version, 5);
    assert_int_equal(tenures[2].ends_ms, INSTANT_NONE);
    assert_int_equal(tenures[2].version, 7);
    tenures_end(tenures + 2, 0, NOW);
    assert_int_equal(tenures[2].version, 7);
}

static void suspension_ends_the_posts_of_the_alliance_exclusion_all(void **state)
{
    (void)state;
    static const enum post posts[] = {POST_DEPUTY, POST_ALLIANCE_DIRECTOR, POST_FINANCE_LEAD,
                                      POST_CHAIR};
    struct tenure tenures[ARRAY_LENGTH(posts)];
    for (size_t i = 0; i < ARRAY_LENGTH(posts); i++)
        tenures[i] = (struct tenure){.post = posts[i], .ends_ms = INSTANT_NONE, .version = 1};
    assert_int_equal(tenures_end_some(tenures, 4, post_ends_with_suspension, NOW), 2);
    assert_int_equal(tenures[0].post, POST_ALLIANCE_DIRECTOR);
    assert_int_equal(tenures[1].post, POST_CHAIR);
    assert_int_equal(tenures[0].ends_ms, NOW);
    assert_int_equal(tenures[1].version, 2);
    assert_int_equal(tenures[2].ends_ms, INSTANT_NONE);
    assert_int_equal(tenures_end_some(tenures, 4, post_ends_with_membership, NOW), 4);
    assert_int_equal(tenures[3].ends_ms, NOW);
}

static void who_is_not_on_the_roster_fills_no_vacancy(void **state)
{
    (void)state;
    struct standing standing = director_and_representative();
    strcpy(standing.appointments[0].role, "quality-lead"); /* directs nothing */
    assert_true(appointment_may_make(&standing, POST_CHAIR, "ZZ1", NULL, true));
    assert_true(appointment_may_make(&standing, POST_ALLIANCE_DIRECTOR, "ZZ1", NULL, true));
    standing.has_partner = false;
    assert_false(appointment_may_make(&standing, POST_CHAIR, "ZZ1", NULL, true));
    assert_false(appointment_may_make(&standing, POST_ALLIANCE_DIRECTOR, "ZZ1", NULL, true));
}

/* The CHECKs allow no such post; should one come all the same, nobody fills it. */
static void a_post_that_is_none_is_filled_by_nobody(void **state)
{
    (void)state;
    const struct standing standing = director_and_representative();
    const enum post no_post = (enum post)(POST_AUDITOR + 1);
    assert_true(appointment_may_make(&standing, POST_AUDITOR, "ZZ1", NULL, true));
    assert_false(appointment_may_make(&standing, no_post, "ZZ1", NULL, true));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_tenure_counts_from_its_start_until_before_its_end),
        cmocka_unit_test(what_has_not_begun_is_not_ended),
        cmocka_unit_test(a_tenure_may_end_at_this_very_instant),
        cmocka_unit_test(everybody_of_an_organisation_that_is_out_stops_at_once),
        cmocka_unit_test(suspension_ends_the_posts_of_the_alliance_exclusion_all),
        cmocka_unit_test(who_is_not_on_the_roster_fills_no_vacancy),
        cmocka_unit_test(a_post_that_is_none_is_filled_by_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
