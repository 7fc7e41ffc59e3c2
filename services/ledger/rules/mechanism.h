/* What each mechanism makes of its terms and actuals: only within the rules. Source: domain.md B8,
 * B9. */
#ifndef ACCORD_LEDGER_RULES_MECHANISM_H
#define ACCORD_LEDGER_RULES_MECHANISM_H

#include "services/ledger/rules/sheet.h"

/* Does it settle anything but its own terms. */
bool mechanism_needs_actual(enum mechanism mechanism);
/* Terms and actuals of the month, or of the year's months that one version governs. `actual` is
 * NULL where none is needed and none is there. */
void pool_work_make(struct sheet *sheet, const struct pool_terms *terms,
                    const struct actual *actual, struct pool_work *ret_work);
/* What the pool asks of the reserve. */
int64_t pool_asked(const struct pool_work *work);
/* Its lines, once it is known what the reserve grants. */
void pool_lines(const struct pool_work *work);

/* A gain (positive) or loss: what of it is shared, and what is left. */
struct gain_loss {
    int64_t difference_pence;
    int64_t beyond_pence;
    int64_t shared_pence;
    int64_t residual_pence;
};
void gain_loss_compute(const struct pool_terms *terms, int64_t actual_pence, bool is_quality_met,
                       struct gain_loss *ret_gain_loss);
void gain_loss_lines(const struct pool_work *work);

/* What of a year's amount (or units) the months of the mask have: twelfths, the odd ones in M12.
 * PENCE_NONE stays. */
int64_t span_of_year(int64_t year, uint32_t months);

#endif
