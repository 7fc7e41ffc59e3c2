/* Kinds of decisions: each has a name of its own; which ones only unanimity carries. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/kinds.h"

static void each_kind_has_a_name(void **state)
{
    (void)state;
    for (int i = 0; i < KIND_COUNT; i++) {
        enum decision_kind kind = KIND_COUNT;
        assert_true(kind_of_name(kind_name((enum decision_kind)i), &kind));
        assert_int_equal(kind, i);
    }
    enum decision_kind kind = KIND_GENERAL;
    assert_false(kind_of_name("coup", &kind));
    assert_false(kind_of_name("", &kind));
    assert_int_equal(kind, KIND_GENERAL);
}

static void what_is_reserved_is_so_by_name(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        bool is_reserved;
    } expected[] = {
        {"found", true},
        {"admit", true},
        {"exclude", true},
        {"change-host", true},
        {"vary-agreement", true},
        {"move-control-totals", true},
        {"move-money", true},
        {"approve-settlement", true},
        {"release-reserve", true},
        {"spend-ring-fence", true},
        {"agree-specification", false},
        {"service-change", false},
        {"general", false},
    };
    assert_int_equal(ARRAY_LENGTH(expected), KIND_COUNT);
    for (size_t i = 0; i < ARRAY_LENGTH(expected); i++) {
        enum decision_kind kind = KIND_COUNT;
        assert_true(kind_of_name(expected[i].name, &kind));
        assert_int_equal(kind_is_reserved(kind), expected[i].is_reserved);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_kind_has_a_name),
        cmocka_unit_test(what_is_reserved_is_so_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
