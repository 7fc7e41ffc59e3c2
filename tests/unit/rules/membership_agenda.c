/* Who takes what was escalated to a group (domain.md A6, A8). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "services/membership/rules/agenda.h"
#include "services/membership/rules/terms.h"

#define SEAT "0193f5a3-1b22-7d4e-8b55-6c7a2a1d3e4f"

static void a_person_of_the_group_takes_it_once(void **state)
{
    (void)state;
    struct problem err = {0};
    struct agenda_item item = {.group_kind = GROUP_LEADERSHIP_BOARD, .version = 1};
    assert_false(agenda_take(&item, NULL, "Ours.", 1000, &err));
    assert_int_equal(err.code, PROBLEM_ROLE_MISSING);
    assert_int_equal(item.state, AGENDA_OPEN);
    assert_true(agenda_take(&item, SEAT, "Ours.", 1000, &err));
    assert_int_equal(item.state, AGENDA_TAKEN);
    assert_int_equal(item.taken_ms, 1000);
    assert_string_equal(item.taken_by, SEAT);
    assert_string_equal(item.note, "Ours.");
    assert_int_equal(item.version, 2);
    assert_false(agenda_take(&item, SEAT, "Again.", 2000, &err));
    assert_int_equal(err.code, PROBLEM_STATE_CONFLICT);
    assert_string_equal(item.note, "Ours.");
}

static void what_names_no_group_goes_to_the_leadership_board(void **state)
{
    (void)state;
    assert_int_equal(group_kind_escalated("quality-surveillance-group"),
                     GROUP_QUALITY_SURVEILLANCE);
    assert_int_equal(group_kind_escalated("patient-and-public-partnership-group"),
                     GROUP_PATIENT_AND_PUBLIC_PARTNERSHIP);
    assert_int_equal(group_kind_escalated("other"), GROUP_LEADERSHIP_BOARD);
    assert_int_equal(group_kind_escalated("nobody"), GROUP_LEADERSHIP_BOARD);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_person_of_the_group_takes_it_once),
        cmocka_unit_test(what_names_no_group_goes_to_the_leadership_board),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
