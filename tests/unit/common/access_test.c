#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "common/access.h"
#include "common/instant.h"

static struct standing partner_of(const char *organisation, enum partner_status status)
{
    struct standing standing = {
        .has_alliance = true, .has_partner = true, .partner_status = status, .is_voting = true};
    strcpy(standing.organisation, organisation);
    strcpy(standing.token_organisation, organisation);
    return standing;
}

static void appoint(struct standing *standing, const char *role, const char *organisation,
                    bool is_of_active)
{
    struct appointment *appointment = &standing->appointments[standing->appointment_count++];
    *appointment = (struct appointment){.is_of_active = is_of_active, .is_of_voter = is_of_active};
    strcpy(appointment->role, role);
    strcpy(appointment->organisation, organisation);
}

static enum problem_code check(const struct standing *standing, const char *role)
{
    struct problem err = {.code = PROBLEM_NONE};
    role_set roles = 0;
    assert_true(role_set_add(&roles, role));
    bool ok = access_check(standing, roles, &err);
    assert_int_equal(ok, err.code == PROBLEM_NONE);
    return err.code;
}

static void a_scope_is_held_whole_or_not(void **state)
{
    (void)state;
    struct caller caller = {.scope_count = 2};
    strcpy(caller.scopes[0], "ledger:read");
    strcpy(caller.scopes[1], "ledger:post");
    strcpy(caller.scopes[2], "risk:write"); /* beyond the count */
    assert_true(caller_has_scope(&caller, "ledger:read"));
    assert_true(caller_has_scope(&caller, "ledger:post"));
    assert_false(caller_has_scope(&caller, "ledger:write"));
    assert_false(caller_has_scope(&caller, "ledger"));
    assert_false(caller_has_scope(&caller, "risk:write"));
}

static void a_role_that_is_not_in_the_table_is_refused(void **state)
{
    (void)state;
    role_set roles = 0;
    assert_false(role_set_add(&roles, "emperor"));
    assert_true(roles == 0);
}

static void the_alliance_is_hidden_from_who_is_not_on_the_roster(void **state)
{
    (void)state;
    struct standing stranger = {.has_alliance = true, .partner_status = PARTNER_LAPSED};
    assert_int_equal(check(&stranger, "partner"), PROBLEM_NOT_FOUND);
    assert_int_equal(check(&stranger, "anyone"), PROBLEM_NONE);
    struct standing lapsed = partner_of("ZZ5", PARTNER_LAPSED);
    assert_int_equal(check(&lapsed, "partner"), PROBLEM_NOT_FOUND);
    struct standing nowhere = partner_of("ZZ1", PARTNER_ACTIVE);
    nowhere.has_alliance = false;
    assert_int_equal(check(&nowhere, "anyone"), PROBLEM_NOT_FOUND);
}

static void each_status_of_a_partner_opens_its_own_role(void **state)
{
    (void)state;
    static const struct {
        enum partner_status status;
        const char *role;
    } OPENS[] = {{PARTNER_ACTIVE, "partner"},
                 {PARTNER_PROPOSED, "applicant"},
                 {PARTNER_SUSPENDED, "suspended"},
                 {PARTNER_LEFT, "left"},
                 {PARTNER_EXCLUDED, "left"}};
    static const char *const ROLES[] = {"partner", "applicant", "left", "associate", "suspended"};
    for (size_t i = 0; i < ARRAY_LENGTH(OPENS); i++) {
        struct standing standing = partner_of("ZZ1", OPENS[i].status);
        for (size_t j = 0; j < ARRAY_LENGTH(ROLES); j++)
            assert_int_equal(check(&standing, ROLES[j]), strcmp(ROLES[j], OPENS[i].role) == 0
                                                             ? PROBLEM_NONE
                                                             : PROBLEM_ROLE_MISSING);
    }
}

static void a_suspended_partners_people_read_and_do_nothing_else(void **state)
{
    (void)state;
    static const char *const DOES[] = {"partner", "representative", "finance-lead"};
    struct standing person = {.has_alliance = true, .partner_status = PARTNER_LAPSED};
    strcpy(person.organisation, "ZZ1");
    appoint(&person, "partner-representative", "ZZ1", false);
    appoint(&person, "finance-lead", "ZZ1", false);
    assert_int_equal(check(&person, "suspended"), PROBLEM_ROLE_MISSING);
    person.appointments[1].is_of_suspended = true;
    assert_int_equal(check(&person, "suspended"), PROBLEM_NONE);
    for (size_t i = 0; i < ARRAY_LENGTH(DOES); i++)
        assert_int_equal(check(&person, DOES[i]), PROBLEM_ROLE_MISSING);
    assert_null(standing_speaks_for(&person, "ZZ1"));
}

static void only_its_own_token_speaks_for_a_suspended_partner(void **state)
{
    (void)state;
    struct standing person = partner_of("ZZ1", PARTNER_SUSPENDED);
    assert_false(standing_speaks_for_suspended(&person, "ZZ1"));
    appoint(&person, "finance-lead", "ZZ1", false);
    person.appointments[0].is_of_suspended = true;
    assert_false(standing_speaks_for_suspended(&person, "ZZ1"));
    appoint(&person, "deputy", "ZZ2", false);
    person.appointments[1].is_of_suspended = true;
    assert_false(standing_speaks_for_suspended(&person, "ZZ1"));
    assert_false(standing_speaks_for_suspended(&person, "ZZ2"));
    appoint(&person, "deputy", "ZZ1", true);
    assert_false(standing_speaks_for_suspended(&person, "ZZ1"));
    person.appointments[2].is_of_active = false;
    person.appointments[2].is_of_suspended = true;
    assert_true(standing_speaks_for_suspended(&person, "ZZ1"));
    strcpy(person.token_organisation, "ZZ2");
    assert_true(standing_speaks_for_suspended(&person, "ZZ2"));
    assert_false(standing_speaks_for_suspended(&person, "ZZ1"));
}

static void an_associate_is_an_active_partner_without_a_vote(void **state)
{
    (void)state;
    struct standing associate = partner_of("ZZ1", PARTNER_ACTIVE);
    associate.is_voting = false;
    assert_int_equal(check(&associate, "associate"), PROBLEM_NONE);
    assert_int_equal(check(&associate, "partner"), PROBLEM_ROLE_MISSING);
}

static void who_holds_a_post_of_an_associate_is_an_associate(void **state)
{
    (void)state;
    struct standing person = {.has_alliance = true};
    appoint(&person, "partner-representative", "ZZ1", true);
    assert_int_equal(check(&person, "partner"), PROBLEM_NONE);
    assert_int_equal(check(&person, "associate"), PROBLEM_ROLE_MISSING);
    person.appointments[0].is_of_voter = false;
    assert_int_equal(check(&person, "associate"), PROBLEM_NONE);
    assert_int_equal(check(&person, "partner"), PROBLEM_ROLE_MISSING);
    assert_int_equal(check(&person, "representative"), PROBLEM_NONE);
    person.appointments[0].is_of_active = false;
    assert_int_equal(check(&person, "associate"), PROBLEM_ROLE_MISSING);
}

static void an_organisation_off_the_roster_holds_no_role_of_a_partner(void **state)
{
    (void)state;
    static const char *const ROLES[] = {"partner", "associate", "applicant",
                                        "founder", "left",      "representative"};
    static const enum partner_status STATUSES[] = {PARTNER_ACTIVE, PARTNER_PROPOSED, PARTNER_LEFT};
    for (size_t i = 0; i < ARRAY_LENGTH(STATUSES); i++) {
        struct standing stranger = partner_of("ZZ1", STATUSES[i]);
        stranger.has_partner = false;
        stranger.is_founder = true;
        for (size_t j = 0; j < ARRAY_LENGTH(ROLES); j++)
            assert_int_equal(check(&stranger, ROLES[j]), PROBLEM_NOT_FOUND);
    }
}

static void a_founder_stays_one_while_it_is_proposed_or_active(void **state)
{
    (void)state;
    for (int status = PARTNER_PROPOSED; status <= PARTNER_LAPSED; status++) {
        struct standing founder = partner_of("ZZ1", (enum partner_status)status);
        founder.is_founder = true;
        bool is_in = status == PARTNER_PROPOSED || status == PARTNER_ACTIVE;
        assert_int_equal(check(&founder, "founder") == PROBLEM_NONE, is_in);
        founder.is_founder = false;
        assert_true(check(&founder, "founder") != PROBLEM_NONE);
    }
}

static void a_person_of_a_founder_sees_the_forming_alliance_too(void **state)
{
    (void)state;
    struct standing person = {.has_alliance = true, .partner_status = PARTNER_LAPSED};
    appoint(&person, "deputy", "ZZ1", false);
    assert_int_equal(check(&person, "founder"), PROBLEM_ROLE_MISSING);
    person.appointments[0].is_of_founder = true;
    assert_int_equal(check(&person, "founder"), PROBLEM_NONE);
}

static void a_founder_may_see_the_forming_alliance(void **state)
{
    (void)state;
    struct standing founder = partner_of("ZZ1", PARTNER_PROPOSED);
    founder.is_founder = true;
    assert_int_equal(check(&founder, "founder"), PROBLEM_NONE);
    assert_int_equal(check(&founder, "applicant"), PROBLEM_ROLE_MISSING);
    appoint(&founder, "partner-representative", "ZZ1", false);
    assert_int_equal(check(&founder, "representative"), PROBLEM_ROLE_MISSING);
    founder.appointments[0].is_of_founder = true;
    assert_int_equal(check(&founder, "representative"), PROBLEM_NONE);
}

static void an_appointment_counts_while_its_organisation_is_active(void **state)
{
    (void)state;
    struct standing lead = {.has_alliance = true, .partner_status = PARTNER_LAPSED};
    appoint(&lead, "finance-lead", "ZZ2", true);
    assert_int_equal(check(&lead, "finance-lead"), PROBLEM_NONE);
    assert_int_equal(check(&lead, "partner"), PROBLEM_NONE);
    assert_int_equal(check(&lead, "quality-lead"), PROBLEM_ROLE_MISSING);
    lead.appointments[0].is_of_active = false;
    assert_int_equal(check(&lead, "finance-lead"), PROBLEM_ROLE_MISSING);
    assert_int_equal(check(&lead, "partner"), PROBLEM_ROLE_MISSING);
}

/* What stands in the array beyond the count is left from somebody else. */
static void an_appointment_beyond_the_count_gives_nothing(void **state)
{
    (void)state;
    static const char *const ROLES[] = {"partner", "founder", "representative", "finance-lead",
                                        "auditor"};
    static const char *const NAMED[] = {"ZZ1"};
    static const char *const ACTS[] = {"finance-lead", NULL};
    static const char *const LEFT[] = {"partner-representative", "finance-lead", "auditor"};
    for (size_t i = 0; i < ARRAY_LENGTH(LEFT); i++) {
        struct standing person = {.has_alliance = true, .partner_status = PARTNER_LAPSED};
        appoint(&person, LEFT[i], "ZZ1", true);
        person.appointments[0].is_of_founder = true;
        person.appointment_count = 0;
        for (size_t j = 0; j < ARRAY_LENGTH(ROLES); j++)
            assert_int_equal(check(&person, ROLES[j]), PROBLEM_NOT_FOUND);
        assert_null(standing_speaks_for(&person, "ZZ1"));
        assert_null(standing_acts_by(&person, ACTS));
        assert_false(access_may_know(&person, NAMED, 1));
    }
}

static void an_auditor_comes_from_outside(void **state)
{
    (void)state;
    struct standing auditor = {.has_alliance = true, .partner_status = PARTNER_LAPSED};
    appoint(&auditor, "auditor", "AUD", false);
    assert_int_equal(check(&auditor, "auditor"), PROBLEM_NONE);
    assert_int_equal(check(&auditor, "partner"), PROBLEM_ROLE_MISSING);
}

static void a_token_of_one_organisation_never_speaks_for_another(void **state)
{
    (void)state;
    struct standing both = partner_of("ZZ1", PARTNER_ACTIVE);
    appoint(&both, "partner-representative", "ZZ1", true);
    appoint(&both, "deputy", "ZZ2", true);
    assert_non_null(standing_speaks_for(&both, "ZZ1"));
    assert_null(standing_speaks_for(&both, "ZZ2"));
}

static void a_token_of_none_speaks_for_one_at_most(void **state)
{
    (void)state;
    struct standing person = partner_of("ZZ1", PARTNER_ACTIVE);
    person.token_organisation[0] = '\0';
    appoint(&person, "partner-representative", "ZZ1", true);
    appoint(&person, "finance-lead", "ZZ2", true);
    assert_ptr_equal(standing_speaks_for(&person, "ZZ1"), &person.appointments[0]);
    assert_null(standing_speaks_for(&person, "ZZ2"));
    appoint(&person, "deputy", "ZZ2", true);
    assert_null(standing_speaks_for(&person, "ZZ1"));
    assert_null(standing_speaks_for(&person, "ZZ2"));
    assert_int_equal(check(&person, "representative"), PROBLEM_ROLE_MISSING);
    person.appointments[2].is_of_active = false;
    assert_non_null(standing_speaks_for(&person, "ZZ1"));
}

static role_set role(const char *name)
{
    role_set roles = 0;
    assert_true(role_set_add(&roles, name));
    return roles;
}

static void what_is_done_is_done_by_an_appointment_that_allows_it(void **state)
{
    (void)state;
    struct standing person = partner_of("ZZ1", PARTNER_ACTIVE);
    person.token_organisation[0] = '\0';
    assert_null(standing_acting(&person, role("finance-lead")));
    appoint(&person, "group-member", "ZZ1", true);
    assert_ptr_equal(standing_acting(&person, role("partner")), &person.appointments[0]);
    appoint(&person, "deputy", "ZZ1", true);
    assert_ptr_equal(standing_acting(&person, role("partner")), &person.appointments[1]);
    appoint(&person, "finance-lead", "ZZ2", true);
    assert_ptr_equal(standing_acting(&person, role("finance-lead")), &person.appointments[2]);
    assert_ptr_equal(standing_acting(&person, role("representative")), &person.appointments[1]);
    assert_ptr_equal(standing_acting(&person, role("finance-lead") | role("representative")),
                     &person.appointments[1]);
    person.appointments[2].is_of_active = false;
    assert_ptr_equal(standing_acting(&person, role("finance-lead")), &person.appointments[1]);
    appoint(&person, "auditor", "AUD", false);
    assert_ptr_equal(standing_acting(&person, role("auditor")), &person.appointments[3]);
}

static void who_acts_does_so_by_the_best_role_of_the_own_organisation(void **state)
{
    (void)state;
    static const char *const ROLES[] = {"finance-lead", "alliance-director", NULL};
    struct standing person = partner_of("ZZ1", PARTNER_ACTIVE);
    assert_null(standing_acts_by(&person, ROLES));
    appoint(&person, "deputy", "ZZ1", true);
    assert_null(standing_acts_by(&person, ROLES));
    appoint(&person, "finance-lead", "ZZ2", true);
    assert_ptr_equal(standing_acts_by(&person, ROLES), &person.appointments[1]);
    appoint(&person, "alliance-director", "ZZ1", true);
    assert_ptr_equal(standing_acts_by(&person, ROLES), &person.appointments[2]);
    appoint(&person, "finance-lead", "ZZ1", true);
    assert_ptr_equal(standing_acts_by(&person, ROLES), &person.appointments[3]);
    person.appointments[3].is_of_active = false;
    assert_ptr_equal(standing_acts_by(&person, ROLES), &person.appointments[2]);
    person.appointments[3].is_of_founder = true;
    assert_ptr_equal(standing_acts_by(&person, ROLES), &person.appointments[3]);
}

static void only_an_active_alliance_does_its_work(void **state)
{
    (void)state;
    static const char *const OTHERS[] = {"forming", "closing", "closed", ""};
    struct standing standing = partner_of("ZZ1", PARTNER_ACTIVE);
    struct problem err = {.code = PROBLEM_NONE};
    strcpy(standing.alliance_status, "active");
    assert_true(access_check_active(&standing, &err));
    assert_false(problem_is_set(&err));
    for (size_t i = 0; i < ARRAY_LENGTH(OTHERS); i++) {
        strcpy(standing.alliance_status, OTHERS[i]);
        problem_clear(&err);
        assert_false(access_check_active(&standing, &err));
        assert_int_equal(err.code, PROBLEM_ALLIANCE_NOT_ACTIVE);
    }
}

static void an_operation_is_for_the_states_that_it_names(void **state)
{
    (void)state;
    static const char *const STATES[] = {"forming", "active", "closing", "closed"};
    alliance_set unknown = 0;
    assert_false(alliance_set_add(&unknown, "asleep"));
    assert_int_equal(unknown, 0);
    for (size_t i = 0; i < ARRAY_LENGTH(STATES); i++) {
        alliance_set only = 0;
        assert_true(alliance_set_add(&only, STATES[i]));
        for (size_t k = 0; k < ARRAY_LENGTH(STATES); k++) {
            struct problem err = {.code = PROBLEM_NONE};
            struct standing standing = partner_of("ZZ1", PARTNER_ACTIVE);
            strcpy(standing.alliance_status, STATES[k]);
            assert_int_equal(access_check_alliance(&standing, only, &err), i == k);
            assert_int_equal(err.code, i == k ? PROBLEM_NONE : PROBLEM_ALLIANCE_NOT_ACTIVE);
        }
    }
}

static void what_is_restricted_is_known_to_the_named_organisations(void **state)
{
    (void)state;
    static const char *const NAMED[] = {"ZZ2", "ZZ3"};
    struct standing outside = partner_of("ZZ1", PARTNER_ACTIVE);
    struct standing inside = partner_of("ZZ3", PARTNER_ACTIVE);
    struct standing former = partner_of("ZZ3", PARTNER_LEFT);
    assert_true(access_may_know(&outside, NULL, 0));
    assert_false(access_may_know(&outside, NAMED, 2));
    assert_true(access_may_know(&inside, NAMED, 2));
    assert_false(access_may_know(&former, NAMED, 2));
    appoint(&outside, "group-member", "ZZ1", true);
    assert_false(access_may_know(&outside, NAMED, 2));
    appoint(&outside, "group-member", "ZZ2", false);
    assert_false(access_may_know(&outside, NAMED, 2));
    outside.appointments[1].is_of_active = true;
    assert_true(access_may_know(&outside, NAMED, 2));
}

static void who_left_knows_nothing_of_what_came_after(void **state)
{
    (void)state;
    enum { DAY_MS = 24 * 3600 * 1000 };
    struct standing former = partner_of("ZZ6", PARTNER_LEFT);
    former.left_on = 20000;
    const int64_t left_ms = (int64_t)former.left_on * DAY_MS + DAY_MS / 2;
    assert_true(access_may_know_at(&former, left_ms - DAY_MS));
    assert_false(access_may_know_at(&former, left_ms));
    assert_false(access_may_know_at(&former, left_ms + DAY_MS));
    assert_false(access_may_know_at(&former, INSTANT_NONE));
    former.partner_status = PARTNER_EXCLUDED;
    assert_false(access_may_know_at(&former, left_ms));
    former.left_on = DAY_NONE;
    assert_false(access_may_know_at(&former, left_ms - DAY_MS));
    appoint(&former, "auditor", "ZZ6", false);
    assert_true(access_may_know_at(&former, left_ms));
    const struct standing active = partner_of("ZZ1", PARTNER_ACTIVE);
    assert_true(access_may_know_at(&active, left_ms));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_role_that_is_not_in_the_table_is_refused),
        cmocka_unit_test(the_alliance_is_hidden_from_who_is_not_on_the_roster),
        cmocka_unit_test(each_status_of_a_partner_opens_its_own_role),
        cmocka_unit_test(an_associate_is_an_active_partner_without_a_vote),
        cmocka_unit_test(who_holds_a_post_of_an_associate_is_an_associate),
        cmocka_unit_test(an_organisation_off_the_roster_holds_no_role_of_a_partner),
        cmocka_unit_test(a_founder_may_see_the_forming_alliance),
        cmocka_unit_test(a_founder_stays_one_while_it_is_proposed_or_active),
        cmocka_unit_test(a_person_of_a_founder_sees_the_forming_alliance_too),
        cmocka_unit_test(an_appointment_counts_while_its_organisation_is_active),
        cmocka_unit_test(an_auditor_comes_from_outside),
        cmocka_unit_test(an_appointment_beyond_the_count_gives_nothing),
        cmocka_unit_test(a_scope_is_held_whole_or_not),
        cmocka_unit_test(a_token_of_one_organisation_never_speaks_for_another),
        cmocka_unit_test(a_token_of_none_speaks_for_one_at_most),
        cmocka_unit_test(what_is_done_is_done_by_an_appointment_that_allows_it),
        cmocka_unit_test(who_acts_does_so_by_the_best_role_of_the_own_organisation),
        cmocka_unit_test(only_an_active_alliance_does_its_work),
        cmocka_unit_test(an_operation_is_for_the_states_that_it_names),
        cmocka_unit_test(a_suspended_partners_people_read_and_do_nothing_else),
        cmocka_unit_test(only_its_own_token_speaks_for_a_suspended_partner),
        cmocka_unit_test(what_is_restricted_is_known_to_the_named_organisations),
        cmocka_unit_test(who_left_knows_nothing_of_what_came_after),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
