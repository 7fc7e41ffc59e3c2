/* The risk register's rules: scores, bands, criteria, closing (domain.md D2, D6, E10). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "services/risk/rules.h"

static const struct editor QUALITY_LEAD = {"0193f5a2-8d11-7c3e-9a44-5b6f1f0c2d51", "ZZ3", 100};
static const struct editor LEAD_NURSE = {"0193f5a2-8d11-7c3e-9a44-5b6f1f0c2d52", "ZZ3", 200};
static const struct editor MEDICAL_LEAD = {"0193f5a2-8d11-7c3e-9a44-5b6f1f0c2d53", "ZZ4", 300};

static struct criteria the_default(void)
{
    struct criteria criteria;
    criteria_default(50, &criteria);
    return criteria;
}

/* A risk of that category, logged with 4 x 4. */
static struct risk logged(enum category category)
{
    struct criteria criteria = the_default();
    struct score scores[2];
    struct risk risk = {.category = category};
    strcpy(risk.id, "0193f5a2-8d11-7c3e-9a44-5b6f1f0c2d3e");
    const struct first_score given = {.likelihood = 4, .consequence = 4};
    assert_int_equal(risk_log(&risk, &criteria, &given, &QUALITY_LEAD, scores), 1);
    return risk;
}

static bool has_fault(const struct problem *err, const char *pointer, const char *code)
{
    for (size_t i = 0; i < err->fault_count && i < FAULTS_LISTED_MAX; i++)
        if (strcmp(err->faults[i].pointer, pointer) == 0 && strcmp(err->faults[i].code, code) == 0)
            return true;
    return false;
}

static void every_value_has_its_word(void **state)
{
    (void)state;
    for (int i = 0; i < BAND_COUNT; i++)
        assert_int_equal(band_of_word(band_word((enum band)i)), i);
    for (int i = 0; i < CATEGORY_COUNT; i++)
        assert_int_equal(category_of_word(category_word((enum category)i)), i);
    for (int i = 0; i < RISK_STATE_COUNT; i++)
        assert_int_equal(risk_state_of_word(risk_state_word((enum risk_state)i)), i);
    for (int i = 0; i < CHANGE_COUNT; i++)
        assert_int_equal(risk_change_of_word(risk_change_word((enum risk_change)i)), i);
    for (int i = 0; i < SCORE_KIND_COUNT; i++)
        assert_int_equal(score_kind_of_word(score_kind_word((enum score_kind)i)), i);
    for (int i = 0; i < ESCALATION_CAUSE_COUNT; i++)
        assert_int_equal(escalation_cause_of_word(escalation_cause_word((enum escalation_cause)i)),
                         i);
}

static void the_default_bands_are_those_of_d2(void **state)
{
    (void)state;
    struct criteria criteria = the_default();
    struct problem err = {0};
    static const char *const expected[5][5] = {
        {"low", "low", "low", "moderate", "moderate"},
        {"low", "moderate", "moderate", "high", "high"},
        {"low", "moderate", "high", "high", "extreme"},
        {"moderate", "high", "high", "extreme", "extreme"},
        {"moderate", "high", "extreme", "extreme", "extreme"},
    };
    assert_true(criteria_check(&criteria, &err));
    assert_int_equal(criteria.number, 1);
    for (int likelihood = 1; likelihood <= FACTOR_MAX; likelihood++)
        for (int consequence = 1; consequence <= FACTOR_MAX; consequence++) {
            struct rating rating = rating_of(&criteria, likelihood, consequence);
            assert_int_equal(rating.score, likelihood * consequence);
            assert_string_equal(band_word(rating.band), expected[likelihood - 1][consequence - 1]);
            assert_int_equal(rating.criteria_version, 1);
        }
}

static void bands_may_not_overlap_be_empty_or_leave_a_score_out(void **state)
{
    (void)state;
    struct criteria criteria = the_default();
    struct problem err = {0};
    criteria.bands[BAND_MODERATE] = (struct band_range){3, 6};
    assert_false(criteria_check(&criteria, &err));
    assert_int_equal(err.code, PROBLEM_RULE_BROKEN);
    assert_true(has_fault(&err, "/bands/1", "order"));

    criteria = the_default();
    problem_clear(&err);
    criteria.bands[BAND_LOW] = (struct band_range){3, 1};
    assert_false(criteria_check(&criteria, &err));
    assert_true(has_fault(&err, "/bands/0", "empty"));

    criteria = the_default();
    problem_clear(&err);
    criteria.bands[BAND_EXTREME].from = 16;
    assert_false(criteria_check(&criteria, &err));
    assert_true(has_fault(&err, "/bands", "uncovered"));
    assert_non_null(strstr(err.faults[0].detail, "15"));
}

static void a_worse_band_is_not_reviewed_less_often(void **state)
{
    (void)state;
    struct criteria criteria = the_default();
    struct problem err = {0};
    criteria.review_days[BAND_HIGH] = criteria.review_days[BAND_MODERATE];
    assert_true(criteria_check(&criteria, &err));
    criteria.review_days[BAND_HIGH]++;
    assert_false(criteria_check(&criteria, &err));
    assert_true(has_fault(&err, "/bands/2", "order"));
    assert_int_equal(err.fault_count, 1);
}

static void every_domain_says_what_each_consequence_means(void **state)
{
    (void)state;
    struct criteria criteria = the_default();
    struct problem err = {0};
    for (int i = 0; i < CATEGORY_COUNT; i++)
        for (int k = 0; k < FACTOR_MAX; k++)
            assert_true(strlen(criteria.descriptors[i][k]) > 0 &&
                        strlen(criteria.descriptors[i][k]) <= 200);
    assert_true(criteria_words_check(&criteria, &err));
    strcpy(criteria.descriptors[CATEGORY_ENVIRONMENT][4], "as with 943 476 5919");
    strcpy(criteria.reason, "9434765919");
    assert_false(criteria_words_check(&criteria, &err));
    assert_int_equal(err.code, PROBLEM_PERSONAL_DATA);
    assert_true(has_fault(&err, "/descriptors", "nhs-number"));
    assert_true(has_fault(&err, "/reason", "nhs-number"));
}

static void other_bands_that_cover_every_product_are_fine(void **state)
{
    (void)state;
    struct criteria criteria = the_default();
    struct problem err = {0};
    criteria.bands[BAND_LOW].to = 4;
    criteria.bands[BAND_MODERATE] = (struct band_range){5, 9};
    criteria.bands[BAND_HIGH] = (struct band_range){10, 12};
    assert_true(criteria_check(&criteria, &err));
    assert_int_equal(rating_of(&criteria, 2, 4).band, BAND_MODERATE);
}

static void four_by_four_is_sixteen_and_extreme(void **state)
{
    (void)state;
    struct risk risk = logged(CATEGORY_WORKFORCE);
    assert_int_equal(risk.current.score, 16);
    assert_int_equal(risk.current.band, BAND_EXTREME);
    assert_int_equal(risk.initial.score, 16);
    assert_false(rating_is_given(&risk.target));
    assert_int_equal(risk.state, RISK_OPEN);
    assert_int_equal(risk.change, CHANGE_LOGGED);
    assert_int_equal(risk.score_number, 1);
    assert_int_equal(risk.version, 1);
    assert_int_equal(risk.logged_ms, 100);
    assert_string_equal(risk.changed_by, QUALITY_LEAD.appointment_id);
}

static void a_target_is_a_second_score_of_the_history(void **state)
{
    (void)state;
    struct criteria criteria = the_default();
    struct score scores[2];
    struct risk risk = {.category = CATEGORY_FINANCE};
    const struct first_score given = {4, 4, 2, 3};
    assert_int_equal(risk_log(&risk, &criteria, &given, &QUALITY_LEAD, scores), 2);
    assert_int_equal(scores[0].kind, SCORE_INITIAL);
    assert_int_equal(scores[0].number, 1);
    assert_false(rating_is_given(&scores[0].from));
    assert_int_equal(scores[1].kind, SCORE_TARGET);
    assert_int_equal(scores[1].number, 2);
    assert_int_equal(scores[1].to.score, 6);
    assert_int_equal(risk.target.band, BAND_MODERATE);
    assert_int_equal(risk.current.score, 16);
}

static void a_new_score_says_from_what_to_what_by_whom_and_why(void **state)
{
    (void)state;
    struct criteria criteria = the_default();
    struct risk risk = logged(CATEGORY_WORKFORCE);
    struct score score;
    struct problem err = {0};
    assert_true(risk_score(&risk, &criteria, SCORE_CURRENT, 3, 4, "two start in May", &LEAD_NURSE,
                           &score, &err));
    assert_int_equal(score.number, 2);
    assert_int_equal(score.from.score, 16);
    assert_int_equal(score.to.score, 12);
    assert_int_equal(score.to.band, BAND_HIGH);
    assert_string_equal(score.reason, "two start in May");
    assert_string_equal(score.scored_by, LEAD_NURSE.appointment_id);
    assert_int_equal(score.scored_ms, 200);
    assert_int_equal(risk.current.score, 12);
    assert_int_equal(risk.initial.score, 16);
    assert_int_equal(risk.change, CHANGE_SCORED);
    assert_int_equal(risk.version, 2);
    assert_true(risk_score(&risk, &criteria, SCORE_TARGET, 1, 4, "aim", &LEAD_NURSE, &score, &err));
    assert_false(rating_is_given(&score.from));
    assert_int_equal(risk.target.score, 4);
    assert_int_equal(risk.current.score, 12);
}

static void a_score_keeps_the_criteria_that_it_used(void **state)
{
    (void)state;
    struct criteria criteria = the_default();
    struct risk risk = logged(CATEGORY_WORKFORCE);
    struct score score;
    struct problem err = {0};
    criteria.number = 2;
    criteria.bands[BAND_HIGH].to = 16;
    criteria.bands[BAND_EXTREME].from = 20;
    assert_int_equal(risk.current.criteria_version, 1);
    assert_int_equal(risk.current.band, BAND_EXTREME);
    assert_true(
        risk_score(&risk, &criteria, SCORE_CURRENT, 4, 4, "again", &LEAD_NURSE, &score, &err));
    assert_int_equal(score.from.criteria_version, 1);
    assert_int_equal(score.from.band, BAND_EXTREME);
    assert_int_equal(score.to.criteria_version, 2);
    assert_int_equal(score.to.band, BAND_HIGH);
}

static void passages_with_an_nhs_number_are_refused_with_pointers(void **state)
{
    (void)state;
    struct risk risk = logged(CATEGORY_WORKFORCE);
    struct problem err = {0};
    strcpy(risk.cause, "9434765918 is no NHS number");
    assert_true(risk_words_check(&risk, &err));
    strcpy(risk.title, "943-476-5919");
    strcpy(risk.cause, "patient 943 476 5919");
    strcpy(risk.event, "9434765919");
    strcpy(risk.effect, "(9434765919)");
    assert_false(risk_words_check(&risk, &err));
    assert_int_equal(err.code, PROBLEM_PERSONAL_DATA);
    assert_int_equal(err.fault_count, 4);
    assert_true(has_fault(&err, "/cause", "nhs-number"));
}

static void an_ordinary_risk_is_closed_by_one_person_once(void **state)
{
    (void)state;
    struct risk risk = logged(CATEGORY_FINANCE);
    struct criteria criteria = the_default();
    struct score score;
    struct problem err = {0};
    assert_true(risk_close(&risk, "over", &QUALITY_LEAD, &err));
    assert_int_equal(risk.state, RISK_CLOSED);
    assert_int_equal(risk.change, CHANGE_CLOSED);
    assert_string_equal(risk.reason, "over");
    assert_false(risk_close(&risk, "over", &QUALITY_LEAD, &err));
    assert_int_equal(err.code, PROBLEM_STATE_CONFLICT);
    assert_false(risk_revise(&risk, "again", &QUALITY_LEAD, &err));
    assert_false(
        risk_score(&risk, &criteria, SCORE_CURRENT, 1, 1, "x", &QUALITY_LEAD, &score, &err));
    assert_int_equal(risk.version, 2);
}

static void safety_and_quality_close_with_two_signatures(void **state)
{
    (void)state;
    static const enum category clinical[] = {CATEGORY_SAFETY, CATEGORY_QUALITY};
    for (int i = 0; i < 2; i++) {
        struct risk risk = logged(clinical[i]);
        struct problem err = {0};
        assert_false(risk_sign(&risk, "lead-nurse", false, &LEAD_NURSE, &err));
        assert_int_equal(err.code, PROBLEM_STATE_CONFLICT);
        assert_true(risk_close(&risk, "over", &QUALITY_LEAD, &err));
        assert_int_equal(risk.state, RISK_CLOSING);
        assert_int_equal(risk.change, CHANGE_CLOSING);
        assert_true(risk_sign(&risk, "lead-nurse", false, &LEAD_NURSE, &err));
        assert_int_equal(risk.state, RISK_CLOSING);
        assert_int_equal(risk.change, CHANGE_SIGNED);
        assert_true(risk_sign(&risk, "senior-medical-lead", false, &MEDICAL_LEAD, &err));
        assert_int_equal(risk.state, RISK_CLOSED);
        assert_int_equal(risk.change, CHANGE_CLOSED);
        assert_string_equal(risk.reason, "over");
        assert_int_equal(risk.signature_count, 2);
        assert_int_equal(risk.signatures[1].signed_ms, 300);
        assert_int_equal(risk.version, 4);
    }
}

static void nobody_signs_twice_in_one_role_or_in_two(void **state)
{
    (void)state;
    struct risk risk = logged(CATEGORY_SAFETY);
    struct problem err = {0};
    assert_true(risk_close(&risk, "over", &QUALITY_LEAD, &err));
    assert_true(risk_sign(&risk, "lead-nurse", false, &LEAD_NURSE, &err));
    assert_false(risk_sign(&risk, "lead-nurse", true, &LEAD_NURSE, &err));
    assert_int_equal(err.code, PROBLEM_STATE_CONFLICT);
    assert_false(risk_sign(&risk, "senior-medical-lead", true, &LEAD_NURSE, &err));
    assert_int_equal(err.code, PROBLEM_RULE_BROKEN);
    assert_int_equal(risk.signature_count, 1);
}

static void a_change_voids_the_closure_that_waits(void **state)
{
    (void)state;
    struct criteria criteria = the_default();
    struct score score;
    struct problem err = {0};
    struct risk revised = logged(CATEGORY_SAFETY), scored = logged(CATEGORY_SAFETY);
    assert_true(risk_close(&revised, "over", &QUALITY_LEAD, &err));
    assert_true(risk_sign(&revised, "lead-nurse", false, &LEAD_NURSE, &err));
    scored = revised;
    assert_true(risk_revise(&revised, "not over", &QUALITY_LEAD, &err));
    assert_int_equal(revised.state, RISK_OPEN);
    assert_int_equal(revised.signature_count, 0);
    assert_true(
        risk_score(&scored, &criteria, SCORE_CURRENT, 5, 5, "worse", &QUALITY_LEAD, &score, &err));
    assert_int_equal(scored.state, RISK_OPEN);
    assert_int_equal(scored.signature_count, 0);
}

static struct risk restricted_to_zz3_and_zz4(void)
{
    struct risk risk = logged(CATEGORY_WORKFORCE);
    strcpy(risk.owner_organisation, "ZZ3");
    strcpy(risk.restricted_to[risk.restricted_count++], "ZZ3");
    strcpy(risk.restricted_to[risk.restricted_count++], "ZZ4");
    return risk;
}

static void whoever_logs_owns_or_helps_is_named(void **state)
{
    (void)state;
    struct risk risk = restricted_to_zz3_and_zz4();
    struct problem err = {0};
    const struct editor other = {.organisation = "ZZ1"};
    strcpy(risk.supporting[risk.supporting_count++], "ZZ4");
    assert_true(risk_restriction_check(&risk, &QUALITY_LEAD, &err));
    assert_false(risk_restriction_check(&risk, &other, &err));
    assert_int_equal(err.code, PROBLEM_RULE_BROKEN);
    assert_int_equal(err.fault_count, 1);
    assert_true(has_fault(&err, "/restrictedTo", "not-named"));

    problem_clear(&err);
    strcpy(risk.owner_organisation, "ZZ1");
    strcpy(risk.supporting[risk.supporting_count++], "ZZ2");
    assert_false(risk_restriction_check(&risk, NULL, &err));
    assert_int_equal(err.fault_count, 2);
    assert_true(has_fault(&err, "/owner/organisation", "not-named"));
    assert_true(has_fault(&err, "/supportingOrganisations/1", "not-named"));

    problem_clear(&err);
    risk.restricted_count = 0; /* open: whoever */
    assert_true(risk_restriction_check(&risk, &other, &err));
}

static void a_restriction_only_gains_names(void **state)
{
    (void)state;
    const struct risk before = restricted_to_zz3_and_zz4(), open = logged(CATEGORY_WORKFORCE);
    struct risk after = before;
    struct problem err = {0};
    assert_true(risk_widening_check(&before, &after, &err));
    strcpy(after.restricted_to[after.restricted_count++], "ZZ1");
    assert_true(risk_widening_check(&before, &after, &err));
    assert_true(risk_widening_check(&open, &open, &err));

    strcpy(after.restricted_to[1], "ZZ2"); /* for ZZ4 */
    assert_false(risk_widening_check(&before, &after, &err));
    assert_int_equal(err.code, PROBLEM_RULE_BROKEN);
    assert_int_equal(err.fault_count, 1);
    assert_true(has_fault(&err, "/restrictedTo", "knows"));
    assert_non_null(strstr(err.faults[0].detail, "ZZ4"));

    problem_clear(&err);
    assert_false(risk_widening_check(&before, &open, &err));
    assert_int_equal(err.fault_count, 2);

    problem_clear(&err);
    assert_false(risk_widening_check(&open, &before, &err));
    assert_int_equal(err.code, PROBLEM_RULE_BROKEN);
    assert_true(has_fault(&err, "/restrictedTo", "open"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_value_has_its_word),
        cmocka_unit_test(the_default_bands_are_those_of_d2),
        cmocka_unit_test(bands_may_not_overlap_be_empty_or_leave_a_score_out),
        cmocka_unit_test(a_worse_band_is_not_reviewed_less_often),
        cmocka_unit_test(every_domain_says_what_each_consequence_means),
        cmocka_unit_test(other_bands_that_cover_every_product_are_fine),
        cmocka_unit_test(four_by_four_is_sixteen_and_extreme),
        cmocka_unit_test(a_target_is_a_second_score_of_the_history),
        cmocka_unit_test(a_new_score_says_from_what_to_what_by_whom_and_why),
        cmocka_unit_test(a_score_keeps_the_criteria_that_it_used),
        cmocka_unit_test(passages_with_an_nhs_number_are_refused_with_pointers),
        cmocka_unit_test(an_ordinary_risk_is_closed_by_one_person_once),
        cmocka_unit_test(safety_and_quality_close_with_two_signatures),
        cmocka_unit_test(nobody_signs_twice_in_one_role_or_in_two),
        cmocka_unit_test(a_change_voids_the_closure_that_waits),
        cmocka_unit_test(whoever_logs_owns_or_helps_is_named),
        cmocka_unit_test(a_restriction_only_gains_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
