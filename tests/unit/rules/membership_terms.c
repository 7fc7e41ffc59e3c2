/* The words of the interface for membership's values. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "services/membership/rules/terms.h"

/* Each value's word is the one listed for it, and leads back to it. */
#define CHECK_WORDS(type, name_function, of_function, ...)                                         \
    do {                                                                                           \
        static const char *const words[] = {__VA_ARGS__};                                          \
        for (size_t i = 0; i < ARRAY_LENGTH(words); i++) {                                         \
            assert_string_equal(name_function((enum type)i), words[i]);                            \
            assert_int_equal(of_function(words[i]), i);                                            \
        }                                                                                          \
    } while (0)

static void every_value_has_its_word(void **state)
{
    (void)state;
    CHECK_WORDS(alliance_status, alliance_status_name, alliance_status_of, "forming", "active",
                "closing", "closed");
    CHECK_WORDS(partner_role, partner_role_name, partner_role_of, "commissioner", "provider");
    CHECK_WORDS(partner_status, partner_status_name, partner_status_of, "proposed", "active",
                "suspended", "left", "excluded", "lapsed");
    CHECK_WORDS(post, post_name, post_of, "partner-representative", "deputy", "alliance-director",
                "chair", "lead-nurse", "senior-medical-lead", "quality-lead", "finance-lead",
                "group-member", "auditor");
    CHECK_WORDS(group_kind, group_kind_name, group_kind_of, "leadership-board", "delivery-board",
                "system-leadership-team", "clinical-reference-group",
                "finance-and-information-group", "performance-and-quality-group",
                "operational-finance-group", "quality-surveillance-group",
                "patient-and-public-partnership-group", "other");
    CHECK_WORDS(agenda_state, agenda_state_name, agenda_state_of, "open", "taken");
    CHECK_WORDS(decision_kind, kind_name, kind_of, "found", "admit", "exclude", "change-host",
                "vary-agreement", "move-control-totals", "move-money", "approve-settlement",
                "release-reserve", "spend-ring-fence", "agree-specification", "service-change",
                "general");
    CHECK_WORDS(decision_rule, rule_name, rule_of, "unanimous", "two-thirds", "simple-majority");
    CHECK_WORDS(decision_state, decision_state_name, decision_state_of, "open", "carried",
                "rejected", "lapsed", "escalated", "withdrawn");
    CHECK_WORDS(elector_state, elector_state_name, elector_state_of, "eligible", "recused",
                "dropped");
    CHECK_WORDS(interest_type, interest_type_name, interest_type_of, "financial",
                "non-financial-professional", "non-financial-personal", "indirect");
    CHECK_WORDS(interest_state, interest_state_name, interest_state_of, "current", "overdue",
                "ended");
    CHECK_WORDS(effect_state, effect_state_name, effect_state_of, "pending", "done", "refused");
    CHECK_WORDS(agreement_state, agreement_state_name, agreement_state_of, "draft", "adopted");
    CHECK_WORDS(host_state, host_state_name, host_state_of, "draft", "appointed", "succeeded");
}

static void who_has_not_voted_has_no_word(void **state)
{
    (void)state;
    assert_null(choice_name(CHOICE_NONE));
    assert_int_equal(choice_of(NULL), CHOICE_NONE);
    assert_string_equal(choice_name(CHOICE_AGREE), "agree");
    assert_int_equal(choice_of("agree"), CHOICE_AGREE);
    assert_string_equal(choice_name(CHOICE_DISAGREE), "disagree");
    assert_int_equal(choice_of("disagree"), CHOICE_DISAGREE);
    assert_string_equal(choice_name(CHOICE_ABSTAIN), "abstain");
    assert_int_equal(choice_of("abstain"), CHOICE_ABSTAIN);
}

static void what_needs_no_ruling_has_no_word(void **state)
{
    (void)state;
    assert_null(ruling_name(RULING_NONE));
    assert_int_equal(ruling_of(NULL), RULING_NONE);
    assert_string_equal(ruling_name(RULING_PENDING), "pending");
    assert_int_equal(ruling_of("pending"), RULING_PENDING);
    assert_string_equal(ruling_name(RULING_RECUSE), "recuse");
    assert_int_equal(ruling_of("recuse"), RULING_RECUSE);
    assert_string_equal(ruling_name(RULING_TAKE_PART), "take-part");
    assert_int_equal(ruling_of("take-part"), RULING_TAKE_PART);
}

static void an_unknown_kind_is_refused(void **state)
{
    (void)state;
    enum decision_kind kind = KIND_GENERAL;
    assert_true(kind_of_name("move-money", &kind));
    assert_int_equal(kind, KIND_MOVE_MONEY);
    assert_false(kind_of_name("coup", &kind));
    assert_false(kind_of_name("", &kind));
    assert_false(kind_of_name("move-mone", &kind));
    assert_int_equal(kind, KIND_MOVE_MONEY);
}

static void the_reserved_kinds_are_those_of_a9(void **state)
{
    (void)state;
    for (int kind = KIND_FOUND; kind <= KIND_GENERAL; kind++) {
        const char *name = kind_name((enum decision_kind)kind);
        bool is_free = strcmp(name, "agree-specification") == 0 ||
                       strcmp(name, "service-change") == 0 || strcmp(name, "general") == 0;
        assert_int_equal(kind_is_reserved((enum decision_kind)kind), !is_free);
        bool is_about_partner = strcmp(name, "admit") == 0 || strcmp(name, "exclude") == 0;
        assert_int_equal(kind_is_membership((enum decision_kind)kind), is_about_partner);
    }
}

static void the_alliance_has_three_posts_of_its_own(void **state)
{
    (void)state;
    for (int post = POST_PARTNER_REPRESENTATIVE; post <= POST_AUDITOR; post++) {
        bool is_alliances =
            post == POST_ALLIANCE_DIRECTOR || post == POST_CHAIR || post == POST_AUDITOR;
        assert_int_equal(post_is_organisations((enum post)post), !is_alliances);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_value_has_its_word),
        cmocka_unit_test(who_has_not_voted_has_no_word),
        cmocka_unit_test(what_needs_no_ruling_has_no_word),
        cmocka_unit_test(an_unknown_kind_is_refused),
        cmocka_unit_test(the_reserved_kinds_are_those_of_a9),
        cmocka_unit_test(the_alliance_has_three_posts_of_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
