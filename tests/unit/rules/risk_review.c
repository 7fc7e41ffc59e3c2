/* Reviews, escalation and drafts (domain.md D5, D10). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "common/instant.h"
#include "services/risk/rules.h"

#define LEAD "0193f5a2-8d11-7c3e-9a44-5b6f1f0c2d51"

static int32_t day_of(const char *text)
{
    int32_t day;
    assert_true(day_parse(text, &day));
    return day;
}

static struct editor editor_at(const char *instant)
{
    struct editor editor = {.appointment_id = LEAD, .organisation = "ZZ3"};
    assert_true(instant_parse(instant, &editor.now_ms));
    return editor;
}

static struct criteria the_default(void)
{
    struct criteria criteria;
    criteria_default(50, &criteria);
    return criteria;
}

/* Logged at noon of 1 April 2026 with that score. */
static struct risk logged(int64_t likelihood, int64_t consequence, struct score *ret_score)
{
    struct criteria criteria = the_default();
    const struct editor editor = editor_at("2026-04-01T12:00:00.000Z");
    const struct first_score given = {.likelihood = likelihood, .consequence = consequence};
    struct score scores[2];
    struct risk risk = {.category = CATEGORY_WORKFORCE};
    strcpy(risk.id, "0193f5a2-8d11-7c3e-9a44-5b6f1f0c2d3e");
    strcpy(risk.title, "Theatre staffing");
    assert_int_equal(risk_log(&risk, &criteria, &given, &editor, scores), 1);
    *ret_score = scores[0];
    return risk;
}

static struct score scored(struct risk *risk, int64_t likelihood, int64_t consequence,
                           const char *instant)
{
    struct criteria criteria = the_default();
    const struct editor editor = editor_at(instant);
    struct score score;
    struct problem err = {0};
    assert_true(risk_score(risk, &criteria, SCORE_CURRENT, likelihood, consequence, "why", &editor,
                           &score, &err));
    return score;
}

static void the_first_review_is_due_after_the_bands_interval(void **state)
{
    (void)state;
    struct score score;
    assert_int_equal(logged(4, 4, &score).next_review_day, day_of("2026-05-01"));
    assert_int_equal(logged(3, 4, &score).next_review_day, day_of("2026-06-30"));
    assert_int_equal(logged(2, 3, &score).next_review_day, day_of("2026-09-28"));
    assert_int_equal(logged(1, 3, &score).next_review_day, day_of("2027-04-01"));
}

/* 23:30 UTC in summer is the next day in London. */
static void closing_a_review_sets_the_next_date_in_london(void **state)
{
    (void)state;
    struct score score;
    struct risk risk = logged(4, 4, &score);
    struct criteria criteria = the_default();
    const struct editor editor = editor_at("2026-05-04T23:30:00.000Z");
    struct review review;
    struct problem err = {0};
    assert_true(risk_review(&risk, &criteria, "Nothing new.", &editor, &review, &err));
    assert_int_equal(review.number, 1);
    assert_int_equal(review.due_day, day_of("2026-05-01"));
    assert_int_equal(review.closed_day, day_of("2026-05-05"));
    assert_int_equal(review.next_day, day_of("2026-06-04"));
    assert_int_equal(review.rating.score, 16);
    assert_string_equal(review.findings, "Nothing new.");
    assert_string_equal(review.closed_by, LEAD);
    assert_string_equal(review.organisation, "ZZ3");
    assert_string_equal(review.risk_id, risk.id);
    assert_int_equal(review.closed_ms, editor.now_ms);
    assert_int_equal(risk.next_review_day, review.next_day);
    assert_int_equal(risk.review_number, 1);
    assert_int_equal(risk.change, CHANGE_REVIEWED);
    assert_int_equal(risk.version, 2);
    /* By the criteria in force, not those that the score used. */
    criteria.review_days[BAND_EXTREME] = 7;
    assert_true(risk_review(&risk, &criteria, "Again.", &editor, &review, &err));
    assert_int_equal(review.next_day, day_of("2026-05-12"));
    assert_int_equal(review.number, 2);
}

static void a_worse_band_brings_the_review_forward_and_a_better_one_leaves_it(void **state)
{
    (void)state;
    struct score score;
    struct risk risk = logged(1, 1, &score);
    scored(&risk, 4, 4, "2026-04-11T12:00:00.000Z");
    assert_int_equal(risk.next_review_day, day_of("2026-05-11"));
    scored(&risk, 1, 1, "2026-04-21T12:00:00.000Z");
    assert_int_equal(risk.next_review_day, day_of("2026-05-11"));
    struct criteria criteria = the_default();
    const struct editor editor = editor_at("2026-04-01T12:00:00.000Z");
    struct problem err = {0};
    assert_true(risk_score(&risk, &criteria, SCORE_TARGET, 5, 5, "why", &editor, &score, &err));
    assert_int_equal(risk.next_review_day, day_of("2026-05-11"));
    assert_false(score.escalates);
}

static void what_is_closed_is_not_reviewed(void **state)
{
    (void)state;
    struct score score;
    struct risk risk = logged(4, 4, &score), clinical = logged(4, 4, &score);
    struct criteria criteria = the_default();
    const struct editor editor = editor_at("2026-05-04T12:00:00.000Z");
    struct review review;
    struct problem err = {0};
    assert_true(risk_close(&risk, "over", &editor, &err));
    assert_int_equal(risk.next_review_day, DAY_NONE);
    assert_false(risk_review(&risk, &criteria, "x", &editor, &review, &err));
    assert_int_equal(err.code, PROBLEM_STATE_CONFLICT);
    /* One that waits for signatures is, and stays what was asked for. */
    clinical.category = CATEGORY_SAFETY;
    assert_true(risk_close(&clinical, "over", &editor, &err));
    assert_true(risk_sign(&clinical, "lead-nurse", false, &editor, &err));
    assert_true(risk_review(&clinical, &criteria, "x", &editor, &review, &err));
    assert_int_equal(clinical.state, RISK_CLOSING);
    assert_int_equal(clinical.signature_count, 1);
    assert_true(risk_sign(&clinical, "senior-medical-lead", false, &editor, &err));
    assert_int_equal(clinical.next_review_day, DAY_NONE);
}

static void fifteen_escalates_at_once_and_not_twice_until_it_fell_below(void **state)
{
    (void)state;
    static const struct {
        int64_t likelihood, consequence;
        bool escalates;
    } steps[] = {{3, 4, false}, {3, 5, true},  {3, 5, false}, {4, 4, true},  {3, 5, false},
                 {4, 4, false}, {5, 5, true},  {4, 5, false}, {5, 5, false}, {3, 4, false},
                 {3, 5, true},  {1, 1, false}, {5, 5, true}};
    struct score score;
    struct risk risk = logged(1, 1, &score);
    assert_false(score.escalates);
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        score =
            scored(&risk, steps[i].likelihood, steps[i].consequence, "2026-04-02T12:00:00.000Z");
        assert_int_equal(score.escalates, steps[i].escalates);
        assert_true(risk.escalated_score == 0 || risk.escalated_score >= risk.current.score);
    }
    logged(4, 4, &score);
    assert_true(score.escalates);
    logged(3, 4, &score);
    assert_false(score.escalates);
}

static void a_score_goes_to_the_leadership_board(void **state)
{
    (void)state;
    struct score score;
    struct risk risk = logged(4, 4, &score);
    struct escalation escalation;
    escalation_by_score(&risk, &score, &escalation);
    assert_string_equal(escalation.to_group, "leadership-board");
    assert_string_equal(escalation.title, "Theatre staffing");
    assert_string_equal(escalation.reason, "The risk scores 4 x 4 = 16, extreme.");
    assert_string_equal(escalation.risk_id, risk.id);
    assert_int_equal(escalation.cause, ESCALATED_BY_SCORE);
    assert_int_equal(escalation.score, 16);
    assert_int_equal(escalation.score_number, 1);
    assert_int_equal(escalation.due_day, DAY_NONE);
    assert_int_equal(escalation.raised_ms, score.scored_ms);
}

static void an_overdue_review_climbs_a_level_a_week(void **state)
{
    (void)state;
    static const struct {
        int days;
        int64_t level;
    } expected[] = {{-1, 0}, {0, 0}, {1, 1}, {7, 1}, {8, 2}, {14, 2}, {15, 3}, {400, 3}};
    static const char *const groups[] = {NULL, "delivery-board", "system-leadership-team",
                                         "leadership-board"};
    struct score score;
    struct risk risk = logged(4, 4, &score);
    struct escalation escalation;
    struct ladder ladder;
    const struct ladder shorter = {.kinds = {"delivery-board", "leadership-board"}, .count = 2};
    ladder_default(&ladder);
    for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
        int32_t today = risk.next_review_day + expected[i].days;
        assert_int_equal(overdue_level(risk.next_review_day, today, 3), expected[i].level);
        if (expected[i].level == 0)
            continue;
        escalation_overdue(&risk, &ladder, today, 77, &escalation);
        assert_string_equal(escalation.to_group, groups[expected[i].level]);
        assert_int_equal(escalation.level, expected[i].level);
        assert_int_equal(escalation.due_day, risk.next_review_day);
        assert_int_equal(escalation.cause, ESCALATED_OVERDUE);
        assert_int_equal(escalation.raised_ms, 77);
    }
    escalation_overdue(&risk, &shorter, risk.next_review_day + 400, 77, &escalation);
    assert_string_equal(escalation.to_group, "leadership-board");
    assert_int_equal(escalation.level, 2);
    escalation_overdue(&risk, &ladder, risk.next_review_day + 1, 77, &escalation);
    assert_string_equal(escalation.reason, "The review that was due on 2026-05-01 is overdue by 1 "
                                           "day; the risk scores 16, extreme.");
    escalation_overdue(&risk, &ladder, risk.next_review_day + 8, 77, &escalation);
    assert_string_equal(escalation.reason, "The review that was due on 2026-05-01 is overdue by 8 "
                                           "days; the risk scores 16, extreme.");
}

static struct risk proposed(const char *organisation, const char *month, bool is_of_partner)
{
    struct evidence evidence = {.signal = "kpi/signals/1", .indicator = "rtt", .kind = "shift"};
    struct risk risk = {.version = 0};
    strcpy(evidence.organisation, organisation);
    strcpy(evidence.month, month);
    risk_propose(&risk, &evidence, is_of_partner, 500);
    return risk;
}

static void a_signal_proposes_a_draft_without_a_score(void **state)
{
    (void)state;
    struct risk risk = proposed("ZZ3", "2026-27-M03", true);
    assert_int_equal(risk.state, RISK_DRAFT);
    assert_int_equal(risk.change, CHANGE_PROPOSED);
    assert_string_equal(risk.title, "rtt at ZZ3");
    assert_string_equal(risk.cause, "A signal (shift) was found in rtt at ZZ3 in 2026-27-M03.");
    assert_string_equal(risk.owner_organisation, "ZZ3");
    assert_string_equal(risk.evidence.signal, "kpi/signals/1");
    assert_int_equal(risk.link_count, 2);
    assert_string_equal(risk.links[0], "kpi/signals/1");
    assert_string_equal(risk.links[1], "kpi/indicators/rtt");
    assert_false(rating_is_given(&risk.current));
    assert_int_equal(risk.score_number, 0);
    assert_int_equal(risk.next_review_day, DAY_NONE);
    assert_int_equal(risk.logged_ms, 500);
    assert_int_equal(risk.version, 1);
    assert_string_equal(risk.changed_by, "");

    risk = proposed("", "", false);
    assert_string_equal(risk.title, "rtt at the system");
    assert_string_equal(risk.cause, "A signal (shift) was found in rtt at the system.");
    assert_string_equal(risk.owner_organisation, "");
}

static void a_person_accepts_a_draft_with_a_score(void **state)
{
    (void)state;
    struct risk risk = proposed("", "", false), owned = proposed("ZZ4", "", true);
    struct criteria criteria = the_default();
    const struct editor editor = editor_at("2026-04-01T12:00:00.000Z");
    const struct first_score given = {4, 4, 2, 3};
    struct score scores[2];
    struct problem err = {0};
    int count;
    assert_true(risk_accept(&risk, &criteria, &given, &editor, scores, &count, &err));
    assert_int_equal(count, 2);
    assert_int_equal(risk.state, RISK_OPEN);
    assert_int_equal(risk.change, CHANGE_ACCEPTED);
    assert_int_equal(risk.current.score, 16);
    assert_int_equal(risk.initial.score, 16);
    assert_int_equal(risk.target.score, 6);
    assert_string_equal(risk.owner_organisation, "ZZ3");
    assert_string_equal(scores[0].reason, "Accepted.");
    assert_true(scores[0].escalates);
    assert_false(scores[1].escalates);
    assert_int_equal(risk.next_review_day, day_of("2026-05-01"));
    assert_int_equal(risk.logged_ms, 500);
    assert_int_equal(risk.version, 2);
    assert_false(risk_accept(&risk, &criteria, &given, &editor, scores, &count, &err));
    assert_int_equal(err.code, PROBLEM_STATE_CONFLICT);
    assert_true(risk_accept(&owned, &criteria, &given, &editor, scores, &count, &err));
    assert_string_equal(owned.owner_organisation, "ZZ4");
}

static void a_draft_is_dismissed_with_a_reason_and_nothing_else_is_done_to_it(void **state)
{
    (void)state;
    struct risk risk = proposed("ZZ3", "", true);
    struct criteria criteria = the_default();
    const struct editor editor = editor_at("2026-04-01T12:00:00.000Z");
    struct score score;
    struct review review;
    struct problem err = {0};
    for (int i = 0; i < 2; i++) {
        assert_false(risk_revise(&risk, "x", &editor, &err));
        assert_int_equal(err.code, PROBLEM_STATE_CONFLICT);
        assert_false(risk_score(&risk, &criteria, SCORE_CURRENT, 1, 1, "x", &editor, &score, &err));
        assert_false(risk_review(&risk, &criteria, "x", &editor, &review, &err));
        assert_false(risk_close(&risk, "x", &editor, &err));
        if (i == 0)
            assert_true(risk_dismiss(&risk, "two bank holidays", &editor, &err));
    }
    assert_int_equal(risk.state, RISK_DISMISSED);
    assert_int_equal(risk.change, CHANGE_DISMISSED);
    assert_string_equal(risk.reason, "two bank holidays");
    assert_int_equal(risk.version, 2);
    assert_false(risk_dismiss(&risk, "again", &editor, &err));
    assert_int_equal(err.code, PROBLEM_STATE_CONFLICT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_review_is_due_after_the_bands_interval),
        cmocka_unit_test(closing_a_review_sets_the_next_date_in_london),
        cmocka_unit_test(a_worse_band_brings_the_review_forward_and_a_better_one_leaves_it),
        cmocka_unit_test(what_is_closed_is_not_reviewed),
        cmocka_unit_test(fifteen_escalates_at_once_and_not_twice_until_it_fell_below),
        cmocka_unit_test(a_score_goes_to_the_leadership_board),
        cmocka_unit_test(an_overdue_review_climbs_a_level_a_week),
        cmocka_unit_test(a_signal_proposes_a_draft_without_a_score),
        cmocka_unit_test(a_person_accepts_a_draft_with_a_score),
        cmocka_unit_test(a_draft_is_dismissed_with_a_reason_and_nothing_else_is_done_to_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
