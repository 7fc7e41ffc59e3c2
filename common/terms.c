#include "common/terms.h"

#include <assert.h>
#include <string.h>

#include "common/cleanup.h"

static const char *const MECHANISMS[] = {
    [MECHANISM_NONE] = "",
    [MECHANISM_BLOCK] = "block",
    [MECHANISM_ACTIVITY] = "activity",
    [MECHANISM_MARGINAL] = "marginal",
    [MECHANISM_COST_AND_VOLUME] = "cost-and-volume",
    [MECHANISM_CAPITATION] = "capitation",
    [MECHANISM_GAIN_LOSS] = "gain-loss",
    [MECHANISM_COST_RISK_SHARE] = "cost-risk-share",
    [MECHANISM_COST_REDUCTION_INCENTIVE] = "cost-reduction-incentive",
};

const char *mechanism_word(enum mechanism mechanism)
{
    assert((size_t)mechanism < ARRAY_LENGTH(MECHANISMS));
    return MECHANISMS[mechanism];
}

enum mechanism mechanism_of_word(const char *word)
{
    size_t mechanism = 0;
    while (word != NULL && strcmp(MECHANISMS[mechanism], word) != 0) {
        mechanism++;
        assert(mechanism < ARRAY_LENGTH(MECHANISMS));
    }
    return (enum mechanism)mechanism;
}
