/* Who may appoint whom (domain.md A5, A7). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "common/instant.h"
#include "services/membership/rules/appointment.h"

enum { NOW = 1000000 };

/* A person with one appointment, named id-<role>, at an active voting partner. */
static struct standing person(const char *role, const char *organisation)
{
    struct standing standing = {
        .has_alliance = true,
        .has_partner = true,
        .partner_status = PARTNER_ACTIVE,
        .is_voting = true,
        .appointment_count = 1,
    };
    strcpy(standing.organisation, organisation);
    struct appointment *appointment = &standing.appointments[0];
    snprintf(appointment->id, sizeof appointment->id, "id-%.20s", role);
    strcpy(appointment->role, role);
    strcpy(appointment->organisation, organisation);
    appointment->is_of_active = true;
    return standing;
}

static struct tenure tenure_make(const char *id, enum post post, const char *organisation)
{
    struct tenure tenure = {
        .post = post, .starts_ms = NOW - 10, .ends_ms = INSTANT_NONE, .version = 1};
    strcpy(tenure.id, id);
    strcpy(tenure.organisation, organisation);
    return tenure;
}

static bool may(const struct standing *standing, enum post post, const struct tenure *holder)
{
    return appointment_may_make(standing, post, "ZZ1", holder, holder != NULL);
}

static void who_speaks_for_an_organisation_fills_its_posts(void **state)
{
    (void)state;
    const struct standing representative = person("partner-representative", "ZZ1");
    const struct standing deputy = person("deputy", "ZZ1");
    const struct standing stranger = person("partner-representative", "ZZ2");
    const struct standing lead = person("finance-lead", "ZZ1");
    const struct standing director = person("alliance-director", "ZZ2");
    static const enum post posts[] = {
        POST_DEPUTY,       POST_LEAD_NURSE,   POST_SENIOR_MEDICAL_LEAD,
        POST_QUALITY_LEAD, POST_FINANCE_LEAD, POST_GROUP_MEMBER};
    for (size_t i = 0; i < ARRAY_LENGTH(posts); i++) {
        assert_true(may(&representative, posts[i], NULL));
        assert_true(may(&deputy, posts[i], NULL));
        assert_false(may(&director, posts[i], NULL));
        assert_false(may(&stranger, posts[i], NULL));
        assert_false(may(&lead, posts[i], NULL));
    }
}

static void a_deputy_names_a_representative_only_while_there_is_none(void **state)
{
    (void)state;
    const struct standing deputy = person("deputy", "ZZ1");
    const struct standing representative = person("partner-representative", "ZZ1");
    const struct standing director = person("alliance-director", "ZZ2");
    const struct standing stranger = person("partner-representative", "ZZ2");
    const struct tenure holder = tenure_make("other", POST_PARTNER_REPRESENTATIVE, "ZZ1");
    assert_true(may(&deputy, POST_PARTNER_REPRESENTATIVE, NULL));
    assert_false(may(&deputy, POST_PARTNER_REPRESENTATIVE, &holder));
    assert_true(may(&representative, POST_PARTNER_REPRESENTATIVE, &holder));
    assert_false(may(&director, POST_PARTNER_REPRESENTATIVE, &holder));
    assert_false(may(&stranger, POST_PARTNER_REPRESENTATIVE, NULL));
}

static void the_director_speaks_for_nobody(void **state)
{
    (void)state;
    const struct standing director = person("alliance-director", "ZZ2");
    const struct standing chair = person("chair", "ZZ2");
    const struct tenure representative = tenure_make("rep", POST_PARTNER_REPRESENTATIVE, "ZZ1");
    const struct tenure lead = tenure_make("lead", POST_FINANCE_LEAD, "ZZ1");
    for (enum post post = POST_PARTNER_REPRESENTATIVE; post <= POST_GROUP_MEMBER; post++) {
        if (post == POST_ALLIANCE_DIRECTOR || post == POST_CHAIR || post == POST_AUDITOR)
            continue;
        assert_false(may(&director, post, NULL));
        assert_false(may(&chair, post, NULL));
    }
    assert_false(appointment_may_end(&director, &representative));
    assert_false(appointment_may_end(&chair, &representative));
    assert_false(appointment_may_end(&director, &lead));
}

static void an_organisation_that_nobody_speaks_for_is_taken_at_its_word(void **state)
{
    (void)state;
    struct standing token = person("quality-lead", "ZZ1");
    strcpy(token.token_organisation, "ZZ1");
    assert_true(appointment_may_make(&token, POST_PARTNER_REPRESENTATIVE, "ZZ1", NULL, false));
    assert_false(appointment_may_make(&token, POST_PARTNER_REPRESENTATIVE, "ZZ1", NULL, true));
    assert_false(appointment_may_make(&token, POST_PARTNER_REPRESENTATIVE, "ZZ2", NULL, false));
    assert_false(appointment_may_make(&token, POST_DEPUTY, "ZZ1", NULL, false));
    token.partner_status = PARTNER_LEFT;
    assert_false(appointment_may_make(&token, POST_PARTNER_REPRESENTATIVE, "ZZ1", NULL, false));
    token.has_partner = false;
    assert_false(appointment_may_make(&token, POST_PARTNER_REPRESENTATIVE, "ZZ1", NULL, false));
    const struct standing unnamed = person("quality-lead", "ZZ1");
    assert_false(appointment_may_make(&unnamed, POST_PARTNER_REPRESENTATIVE, "ZZ1", NULL, false));
}

static void director_and_chair_are_succeeded_by_their_holders_choice(void **state)
{
    (void)state;
    const struct standing director = person("alliance-director", "ZZ1");
    const struct standing chair = person("chair", "ZZ1");
    const struct standing representative = person("partner-representative", "ZZ1");
    const struct tenure directing =
        tenure_make("id-alliance-director", POST_ALLIANCE_DIRECTOR, "ZZ1");
    const struct tenure chairing = tenure_make("id-chair", POST_CHAIR, "ZZ1");
    assert_true(may(&director, POST_ALLIANCE_DIRECTOR, &directing));
    assert_false(may(&chair, POST_ALLIANCE_DIRECTOR, &directing));
    assert_false(may(&representative, POST_ALLIANCE_DIRECTOR, &directing));
    assert_true(may(&chair, POST_CHAIR, &chairing));
    assert_true(may(&director, POST_CHAIR, &chairing));
    assert_false(may(&representative, POST_CHAIR, &chairing));
}

static void a_voting_partners_representative_fills_a_vacancy(void **state)
{
    (void)state;
    const struct standing representative = person("partner-representative", "ZZ1");
    struct standing associate = person("partner-representative", "ZZ1");
    associate.is_voting = false;
    struct standing founder = person("partner-representative", "ZZ1");
    founder.partner_status = PARTNER_PROPOSED;
    const struct standing lead = person("quality-lead", "ZZ1");
    assert_true(may(&representative, POST_ALLIANCE_DIRECTOR, NULL));
    assert_true(may(&representative, POST_CHAIR, NULL));
    assert_false(may(&associate, POST_ALLIANCE_DIRECTOR, NULL));
    assert_false(may(&founder, POST_CHAIR, NULL));
    assert_false(may(&lead, POST_CHAIR, NULL));
}

static void the_director_appoints_auditors(void **state)
{
    (void)state;
    const struct standing director = person("alliance-director", "ZZ1");
    const struct standing representative = person("partner-representative", "ZZ1");
    assert_true(may(&director, POST_AUDITOR, NULL));
    assert_false(may(&representative, POST_AUDITOR, NULL));
}

static void a_post_belongs_to_an_organisation_that_takes_part(void **state)
{
    (void)state;
    struct problem err = {0};
    const struct tenure tenure = tenure_make("id", POST_FINANCE_LEAD, "ZZ1");
    struct partner partner = {.status = PARTNER_ACTIVE};
    assert_true(appointment_decide(&tenure, &partner, false, NOW, &err));
    partner.status = PARTNER_LEFT;
    assert_false(appointment_decide(&tenure, &partner, false, NOW, &err));
    assert_int_equal(err.code, PROBLEM_REFERENCE_UNKNOWN);
    partner.status = PARTNER_PROPOSED;
    assert_false(appointment_decide(&tenure, &partner, false, NOW, &err));
    problem_clear(&err);
    partner.is_founder = true;
    assert_true(appointment_decide(&tenure, &partner, false, NOW, &err));
    assert_false(appointment_decide(&tenure, NULL, false, NOW, &err));
    problem_clear(&err);
    const struct tenure auditor = tenure_make("id", POST_AUDITOR, "ZZ8");
    assert_true(appointment_decide(&auditor, NULL, false, NOW, &err));
}

static void nobody_holds_a_post_twice(void **state)
{
    (void)state;
    struct problem err = {0};
    const struct tenure tenure = tenure_make("id", POST_FINANCE_LEAD, "ZZ1");
    const struct partner partner = {.status = PARTNER_ACTIVE};
    assert_false(appointment_decide(&tenure, &partner, true, NOW, &err));
    assert_int_equal(err.code, PROBLEM_ALREADY_EXISTS);
}

static void an_appointment_ends_after_it_starts(void **state)
{
    (void)state;
    struct problem err = {0};
    const struct partner partner = {.status = PARTNER_ACTIVE};
    struct tenure tenure = tenure_make("id", POST_FINANCE_LEAD, "ZZ1");
    tenure.ends_ms = NOW;
    assert_false(appointment_decide(&tenure, &partner, false, NOW, &err));
    assert_string_equal(err.faults[0].pointer, "/endsAt");
    tenure.ends_ms = NOW + 1;
    assert_true(appointment_decide(&tenure, &partner, false, NOW, &err));
}

static void the_person_or_who_fills_the_post_ends_it(void **state)
{
    (void)state;
    const struct standing self = person("finance-lead", "ZZ1");
    const struct standing representative = person("partner-representative", "ZZ1");
    const struct standing colleague = person("quality-lead", "ZZ1");
    const struct standing deputy = person("deputy", "ZZ1");
    const struct tenure finance = tenure_make("id-finance-lead", POST_FINANCE_LEAD, "ZZ1");
    const struct tenure represents = tenure_make("rep", POST_PARTNER_REPRESENTATIVE, "ZZ1");
    assert_true(appointment_may_end(&self, &finance));
    assert_true(appointment_may_end(&representative, &finance));
    assert_false(appointment_may_end(&colleague, &finance));
    assert_false(appointment_may_end(&deputy, &represents));
    assert_true(appointment_may_end(&representative, &represents));
}

static void a_name_is_erased_by_who_speaks_for_the_organisation_or_directs(void **state)
{
    (void)state;
    const struct standing representative = person("partner-representative", "ZZ1");
    const struct standing stranger = person("partner-representative", "ZZ2");
    const struct standing director = person("alliance-director", "ZZ2");
    const struct tenure finance = tenure_make("id-finance-lead", POST_FINANCE_LEAD, "ZZ1");
    assert_true(appointment_may_erase_name(&representative, &finance));
    assert_false(appointment_may_erase_name(&stranger, &finance));
    assert_true(appointment_may_erase_name(&director, &finance));
}

static void an_end_is_never_in_the_past_and_never_twice(void **state)
{
    (void)state;
    struct problem err = {0};
    struct tenure tenure = tenure_make("id", POST_FINANCE_LEAD, "ZZ1");
    assert_false(appointment_end(&tenure, NOW - 1, NOW, &err));
    assert_int_equal(err.code, PROBLEM_RULE_BROKEN);
    problem_clear(&err);
    assert_true(appointment_end(&tenure, NOW + 100, NOW, &err));
    assert_int_equal(tenure.ends_ms, NOW + 100);
    assert_true(tenure_is_in_force(&tenure, NOW + 99));
    assert_false(tenure_is_in_force(&tenure, NOW + 100));
    assert_true(appointment_end(&tenure, INSTANT_NONE, NOW, &err));
    assert_int_equal(tenure.ends_ms, NOW);
    assert_int_equal(tenure.version, 3);
    assert_false(appointment_end(&tenure, INSTANT_NONE, NOW, &err));
    assert_int_equal(err.code, PROBLEM_STATE_CONFLICT);
}

static void some_posts_have_one_holder(void **state)
{
    (void)state;
    assert_true(post_is_single(POST_PARTNER_REPRESENTATIVE));
    assert_true(post_is_single(POST_ALLIANCE_DIRECTOR));
    assert_true(post_is_single(POST_CHAIR));
    assert_false(post_is_single(POST_DEPUTY));
    assert_false(post_is_single(POST_AUDITOR));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_speaks_for_an_organisation_fills_its_posts),
        cmocka_unit_test(a_deputy_names_a_representative_only_while_there_is_none),
        cmocka_unit_test(the_director_speaks_for_nobody),
        cmocka_unit_test(an_organisation_that_nobody_speaks_for_is_taken_at_its_word),
        cmocka_unit_test(director_and_chair_are_succeeded_by_their_holders_choice),
        cmocka_unit_test(a_voting_partners_representative_fills_a_vacancy),
        cmocka_unit_test(the_director_appoints_auditors),
        cmocka_unit_test(a_post_belongs_to_an_organisation_that_takes_part),
        cmocka_unit_test(nobody_holds_a_post_twice),
        cmocka_unit_test(an_appointment_ends_after_it_starts),
        cmocka_unit_test(the_person_or_who_fills_the_post_ends_it),
        cmocka_unit_test(a_name_is_erased_by_who_speaks_for_the_organisation_or_directs),
        cmocka_unit_test(an_end_is_never_in_the_past_and_never_twice),
        cmocka_unit_test(some_posts_have_one_holder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
