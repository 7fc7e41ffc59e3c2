/* Kinds of decisions: one list for membership, which derives the rule, and for every owner, which
 * checks it again. Pure; any thread. Source: domain.md A9. */
#ifndef ACCORD_COMMON_KINDS_H
#define ACCORD_COMMON_KINDS_H

#include <stdbool.h>

#include "common/cleanup.h"

/* Reserved first: nothing but unanimity carries them, whatever the agreement says. */
enum decision_kind {
    KIND_FOUND,
    KIND_ADMIT,
    KIND_EXCLUDE,
    KIND_CHANGE_HOST,
    KIND_VARY_AGREEMENT,
    KIND_MOVE_CONTROL_TOTALS,
    KIND_MOVE_MONEY,
    KIND_APPROVE_SETTLEMENT,
    KIND_RELEASE_RESERVE,
    KIND_SPEND_RING_FENCE,
    KIND_AGREE_SPECIFICATION,
    KIND_SERVICE_CHANGE,
    KIND_GENERAL,
    KIND_COUNT,
};

/* "move-money" */
const char *kind_name(enum decision_kind kind);
/* False (and the output untouched) when there is no such kind. */
bool kind_of_name(const char *name, enum decision_kind *ret_kind) MUST_CHECK;
bool kind_is_reserved(enum decision_kind kind);

#endif
