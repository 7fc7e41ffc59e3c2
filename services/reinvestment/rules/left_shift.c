#include <stdio.h>
#include <string.h>

#include "common/ids.h"
#include "common/money.h"
#include "services/reinvestment/rules.h"

/* What JSON can say exactly. */
#define PENCE_MAX ((int64_t)9007199254740991)

bool left_shift_compute(struct left_shift *shift, struct problem *err)
{
    bool ok = true;
    if (strcmp(shift->from_setting, shift->to_setting) == 0)
        ok = problem_add(err, PROBLEM_RULE_BROKEN, "same", "/toSetting",
                         "nothing moves from %s to %s", shift->from_setting, shift->to_setting);
    const int64_t saving_pence = shift->before_pence - shift->after_pence;
    const __int128 surplus_pence = (__int128)shift->monthly_volume * saving_pence;
    if (surplus_pence > PENCE_MAX || surplus_pence < -PENCE_MAX)
        return problem_add(err, PROBLEM_RULE_BROKEN, "too-large", "/monthlyVolume",
                           "the surplus of a month is too large to be written down");
    shift->surplus_pence = (int64_t)surplus_pence;
    return ok;
}

bool left_shift_words_check(const struct left_shift *shift, struct problem *err)
{
    bool ok = text_check("/specialty", shift->specialty, err);
    ok &= text_check("/evidence", shift->evidence, err);
    ok &= text_check("/reason", shift->reason, err);
    return ok;
}

bool left_shift_check_owner(const struct left_shift *shift, const char *organisation,
                            struct problem *err)
{
    if (strcmp(shift->organisation, organisation) == 0)
        return true;
    return problem_set(err, PROBLEM_ROLE_MISSING, "only %s, which recorded it, may revise it",
                       shift->organisation);
}
