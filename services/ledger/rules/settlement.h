/* A period's settlement, computed from the agreement in force and the agreed actuals. Pure; any
 * thread; allocates nothing. Intermediates have 128 bits; a line is rounded once, half a penny away
 * from zero; a split gives its odd pence by largest remainder. Source: domain.md B6 to B12. */
#ifndef ACCORD_LEDGER_RULES_SETTLEMENT_H
#define ACCORD_LEDGER_RULES_SETTLEMENT_H

#include "common/problem.h"
#include "services/ledger/model/settlement.h"

/* Computes by method 1. Every fault is named: STATE_CONFLICT where an agreed submission (or what it
 * says of quality) is missing or one is not agreed, RULE_BROKEN where parameters can't be computed
 * with or an amount would be more than an amount can be. On false the settlement is of no use.
 *
 * A corrective settlement's lines are what is computed now less what was posted, and only those
 * that differ. In M12, a pool whose terms are of the year is settled for the year as a whole: its
 * lines are the year's less what the earlier months came to. */
bool settlement_compute(const struct settlement_input *input, struct settlement *ret_settlement,
                        struct problem *err) MUST_CHECK;

/* The canonical texts: ASCII lines except for the pound sign, the same bytes for the same values.
 * The inputs' text does not depend on the order of what came in. Its SHA-256 is the inputs' digest.
 * Returns the text's length (without its final zero); more than size - 1 = it was cut, as
 * snprintf(). */
size_t settlement_inputs_text(const struct settlement_input *input, char *ret_text, size_t size);
size_t settlement_text(const struct settlement *settlement, const char *inputs_digest,
                       char *ret_text, size_t size);

/* A month's share of a year's amount: a twelfth, the odd pence in M12. */
int64_t twelfth(int64_t year_pence, int32_t month);
/* B10: draws + releases = cap at close. What is left to release; never negative. */
int64_t reserve_unspent(int64_t cap_pence, int64_t drawn_pence, int64_t released_pence);

/* The words of the enums, as they stand in the api-spec and in the canonical texts. */
const char *line_kind_word(enum line_kind kind);
const char *figure_word(enum figure figure); /* "baselinePence", "rateBp", "units" */
const char *escalation_kind_word(enum escalation_kind kind);
const char *quality_word(enum quality quality);
/* False when there is no such word. */
bool line_kind_of_word(const char *word, enum line_kind *ret_kind) MUST_CHECK;

#endif
