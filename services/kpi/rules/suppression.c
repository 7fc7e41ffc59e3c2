#include "services/kpi/rules/suppression.h"

enum { PEOPLE_SHOWN_MIN = 8, PEOPLE_STEP = 5 };

int64_t people_round(int64_t count)
{
    if (count == VALUE_NONE || count == 0)
        return count;
    if (count < PEOPLE_SHOWN_MIN)
        return VALUE_SUPPRESSED;
    return (count + PEOPLE_STEP / 2) / PEOPLE_STEP * PEOPLE_STEP;
}

struct figures figures_round(const struct figures *figures)
{
    return (struct figures){.numerator = people_round(figures->numerator),
                            .denominator = people_round(figures->denominator),
                            .value = people_round(figures->value)};
}

bool figures_are_suppressed(const struct figures *figures)
{
    return figures->numerator == VALUE_SUPPRESSED || figures->denominator == VALUE_SUPPRESSED ||
           figures->value == VALUE_SUPPRESSED;
}
