/* Money: integer pence, exact. Pure. Source: domain.md, conventions. */
#ifndef ACCORD_COMMON_MONEY_H
#define ACCORD_COMMON_MONEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/cleanup.h"

enum { SHARE_BP_WHOLE = 10000, MONEY_TEXT_SIZE = 32 };
/* What JSON numbers carry exactly; no amount or balance may leave it. */
#define MONEY_PENCE_MAX INT64_C(9007199254740991)

/* Splits `whole_pence` by basis points (each 0..10000, sum 10000) with the largest remainder, ties
 * to the lower index; the parts add up to the whole, also for a negative whole.
 * Returns false (and leaves ret_parts alone) when the shares are not valid. */
bool share_split(int64_t whole_pence, const int32_t share_bp[], size_t count,
                 int64_t ret_parts_pence[]) MUST_CHECK;

/* a + b within +-MONEY_PENCE_MAX, else false. */
bool money_add(int64_t a_pence, int64_t b_pence, int64_t *ret_sum_pence) MUST_CHECK;

/* "£640,000.00", "-£0.05" (UTF-8): for sentences, never for data. */
void money_format(int64_t pence, char ret_text[MONEY_TEXT_SIZE]);

#endif
