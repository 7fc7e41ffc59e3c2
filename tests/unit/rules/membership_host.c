/* Who hosts a function for all partners (domain.md A4). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/instant.h"
#include "services/membership/rules/host.h"

enum { NOW = 1000000 };
#define DECISION "0193f5a2-8d11-7c3e-9a44-5b6f1f0c2d3e"

static struct host_version draft_make(const char *organisation)
{
    struct host_version draft = {.number = 2,
                                 .state = HOST_DRAFT,
                                 .starts_ms = INSTANT_NONE,
                                 .ends_ms = INSTANT_NONE,
                                 .version = 1};
    strcpy(draft.function, "employer");
    strcpy(draft.organisation, organisation);
    return draft;
}

static struct partner partner_make(enum partner_status status)
{
    struct partner partner = {.status = status};
    strcpy(partner.organisation, "ZZ2");
    return partner;
}

static void an_active_partner_is_proposed_as_host(void **state)
{
    (void)state;
    struct problem err = {0};
    const struct host_version draft = draft_make("ZZ2");
    const struct partner partner = partner_make(PARTNER_ACTIVE);
    assert_true(host_draft_check(&draft, &partner, "", &err));
    assert_true(host_draft_check(&draft, &partner, "ZZ1", &err));
    assert_false(host_draft_check(&draft, &partner, "ZZ2", &err));
    assert_int_equal(err.code, PROBLEM_RULE_BROKEN);
    assert_string_equal(err.faults[0].pointer, "/organisation");
}

static void nobody_else_is_proposed_as_host(void **state)
{
    (void)state;
    const struct host_version draft = draft_make("ZZ2");
    for (int status = PARTNER_PROPOSED; status <= PARTNER_LAPSED; status++) {
        struct problem err = {0};
        const struct partner partner = partner_make((enum partner_status)status);
        assert_int_equal(host_draft_check(&draft, &partner, "", &err), status == PARTNER_ACTIVE);
        assert_int_equal(err.code,
                         status == PARTNER_ACTIVE ? PROBLEM_NONE : PROBLEM_REFERENCE_UNKNOWN);
    }
    struct problem err = {0};
    assert_false(host_draft_check(&draft, NULL, "", &err));
    assert_int_equal(err.code, PROBLEM_REFERENCE_UNKNOWN);
}

static void what_stands_against_an_appointment_is_asked_again(void **state)
{
    (void)state;
    struct problem err = {0};
    struct host_version draft = draft_make("ZZ2");
    const struct partner active = partner_make(PARTNER_ACTIVE);
    const struct partner suspended = partner_make(PARTNER_SUSPENDED);
    assert_true(host_appointment_check(&draft, &active, "ZZ1", &err));
    assert_false(host_appointment_check(&draft, &suspended, "ZZ1", &err));
    assert_int_equal(err.code, PROBLEM_STATE_CONFLICT);
    problem_clear(&err);
    assert_false(host_appointment_check(&draft, &active, "ZZ2", &err));
    assert_int_equal(err.code, PROBLEM_STATE_CONFLICT);
    problem_clear(&err);
    draft.state = HOST_SUCCEEDED;
    assert_false(host_appointment_check(&draft, &active, "ZZ1", &err));
    assert_int_equal(err.code, PROBLEM_STATE_CONFLICT);
}

static void a_handover_is_from_whom_it_was_voted_from(void **state)
{
    (void)state;
    struct problem err = {0};
    const struct host_version draft = draft_make("ZZ2");
    assert_true(host_handover_check(&draft, "", "", &err));
    assert_true(host_handover_check(&draft, "ZZ1", "ZZ1", &err));
    assert_false(host_handover_check(&draft, "ZZ3", "ZZ1", &err));
    assert_int_equal(err.code, PROBLEM_STATE_CONFLICT);
    problem_clear(&err);
    assert_false(host_handover_check(&draft, "ZZ3", "", &err));
}

static void one_ends_in_the_instant_in_which_the_other_starts(void **state)
{
    (void)state;
    struct host_version first = draft_make("ZZ1");
    struct host_version second = draft_make("ZZ2");
    host_appoint(&first, NULL, DECISION, NOW);
    assert_int_equal(first.state, HOST_APPOINTED);
    assert_int_equal(first.starts_ms, NOW);
    assert_int_equal(first.ends_ms, INSTANT_NONE);
    assert_string_equal(first.decision_id, DECISION);
    host_appoint(&second, &first, DECISION, NOW + 5);
    assert_int_equal(first.state, HOST_SUCCEEDED);
    assert_int_equal(first.ends_ms, second.starts_ms);
    assert_int_equal(first.version, 3);
    assert_int_equal(second.state, HOST_APPOINTED);
    assert_int_equal(second.version, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_active_partner_is_proposed_as_host),
        cmocka_unit_test(nobody_else_is_proposed_as_host),
        cmocka_unit_test(what_stands_against_an_appointment_is_asked_again),
        cmocka_unit_test(a_handover_is_from_whom_it_was_voted_from),
        cmocka_unit_test(one_ends_in_the_instant_in_which_the_other_starts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
