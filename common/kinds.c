#include "common/kinds.h"

#include <assert.h>
#include <string.h>

static const char *const NAMES[KIND_COUNT] = {
    [KIND_FOUND] = "found",
    [KIND_ADMIT] = "admit",
    [KIND_EXCLUDE] = "exclude",
    [KIND_CHANGE_HOST] = "change-host",
    [KIND_VARY_AGREEMENT] = "vary-agreement",
    [KIND_MOVE_CONTROL_TOTALS] = "move-control-totals",
    [KIND_MOVE_MONEY] = "move-money",
    [KIND_APPROVE_SETTLEMENT] = "approve-settlement",
    [KIND_RELEASE_RESERVE] = "release-reserve",
    [KIND_SPEND_RING_FENCE] = "spend-ring-fence",
    [KIND_AGREE_SPECIFICATION] = "agree-specification",
    [KIND_SERVICE_CHANGE] = "service-change",
    [KIND_GENERAL] = "general",
};

const char *kind_name(enum decision_kind kind)
{
    assert(kind < KIND_COUNT);
    return NAMES[kind];
}

bool kind_of_name(const char *name, enum decision_kind *ret_kind)
{
    for (size_t i = 0; i < KIND_COUNT; i++)
        if (strcmp(NAMES[i], name) == 0) {
            *ret_kind = (enum decision_kind)i;
            return true;
        }
    return false;
}

bool kind_is_reserved(enum decision_kind kind)
{
    return kind <= KIND_SPEND_RING_FENCE;
}
