#include "services/kpi/rules/target.h"

#include <stdio.h>
#include <string.h>

#include "services/kpi/rules/spc.h"

enum { WHOLE_DIGITS_MAX = 12, PLACES_MAX = 3 };

const struct target_proposal TARGET_PROPOSALS[] = {
    {"rtt-18-weeks", "standard", "92", "up", "RTT incomplete pathways within 18 weeks"},
    {"diagnostics-6-weeks", "standard", "1", "down", "Diagnostic waits over 6 weeks"},
    {"ae-4-hours", "standard", "95", "up", "A&E attendances within 4 hours"},
    {"ae-4-hours", "interim", "78", "up", "A&E attendances within 4 hours"},
    {"cancer-62-days", "standard", "85", "up", "Cancer treated within 62 days of referral"},
    {"cancer-62-days", "interim", "75", "up", "Cancer treated within 62 days of referral"},
    {"cancer-31-days", "standard", "96", "up", "Cancer treated within 31 days of the decision"},
    {"cancer-28-days", "standard", "80", "up", "Cancer confirmed or excluded within 28 days"},
};
const size_t TARGET_PROPOSAL_COUNT = ARRAY_LENGTH(TARGET_PROPOSALS);

bool target_value_parse(const char *text, int64_t *ret_millionths)
{
    bool is_negative = text[0] == '-';
    const char *whole = text + is_negative;
    size_t digits = strspn(whole, "0123456789");
    const char *rest = whole + digits;
    size_t places = rest[0] == '.' ? strspn(rest + 1, "0123456789") : 0;
    bool has_end = rest[0] == '\0' || (places > 0 && rest[1 + places] == '\0');
    if (digits == 0 || digits > WHOLE_DIGITS_MAX || places > PLACES_MAX || !has_end)
        return false;
    int64_t value = 0, scale = SPC_SCALE;
    for (size_t i = 0; i < digits; i++)
        value = value * 10 + (whole[i] - '0');
    for (size_t i = 0; i < places; i++) {
        value = value * 10 + (rest[1 + i] - '0');
        scale /= 10;
    }
    *ret_millionths = (is_negative ? -value : value) * scale;
    return true;
}

static bool step_fault(struct problem *err, size_t at, const char *member, const char *code,
                       const char *detail)
{
    char pointer[FAULT_POINTER_SIZE];
    if (at == 0)
        snprintf(pointer, sizeof(pointer), "/%s", member);
    else
        snprintf(pointer, sizeof(pointer), "/trajectory/%zu/%s", at - 1, member);
    return problem_add(err, PROBLEM_RULE_BROKEN, code, pointer, "%s", detail);
}

bool target_check(const struct target_step steps[], size_t count, enum specification_unit unit,
                  struct problem *err)
{
    bool ok = true;
    for (size_t i = 0; i < count; i++) {
        if (i > 0 && steps[i].month <= steps[i - 1].month)
            ok = step_fault(err, i, "month", "order", "must come after the month before it");
        if (unit != UNIT_MONEY && steps[i].value < 0)
            ok = step_fault(err, i, "value", "minimum", "must not be negative");
        if (unit == UNIT_PERCENTAGE && steps[i].value > (int64_t)100 * SPC_SCALE)
            ok = step_fault(err, i, "value", "maximum", "must not be more than 100 percent");
    }
    return ok;
}

/* a stands before b in time: an earlier target, or an earlier step of the same one. */
static bool step_is_before(const struct target_step *a, const struct target_step *b)
{
    if (a->from != b->from)
        return a->from < b->from;
    if (a->target_sequence != b->target_sequence)
        return a->target_sequence < b->target_sequence;
    return a->month < b->month;
}

bool target_at(const struct target_step steps[], size_t count, int32_t month,
               int64_t *ret_millionths)
{
    const struct target_step *found = NULL;
    for (size_t i = 0; i < count; i++)
        if (steps[i].month <= month && (found == NULL || step_is_before(found, &steps[i])))
            found = &steps[i];
    if (found == NULL)
        return false;
    *ret_millionths = found->value;
    return true;
}
