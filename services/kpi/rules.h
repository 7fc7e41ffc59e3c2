/* What the kpi service decides: pure functions over model.h. Source: domain.md E1, E3, E4. */
#ifndef ACCORD_KPI_RULES_H
#define ACCORD_KPI_RULES_H

#include "common/problem.h"
#include "services/kpi/model.h"

/* A percentage needs words for numerator and denominator, other units must not have them (E1); only
 * percentages and counts are of people, whose small numbers can be withheld (E10).
 * Fails with RULE_BROKEN naming each fault by its pointer. */
bool specification_check(const struct specification *specification, struct problem *err) MUST_CHECK;

/* Only a draft may be agreed, and only with a number after the agreed one. */
bool specification_may_agree(const struct specification *specification,
                             const struct indicator *indicator, struct problem *err) MUST_CHECK;

/* A value needs an agreed specification, and figures that fit its unit: a percentage has
 * 0 <= numerator <= denominator and denominator > 0; others have one value, counts and days >= 0.
 * `pointer` is where the figures stand in the request ("" = the whole body). */
bool figures_check(const struct figures *figures, enum specification_unit unit, const char *pointer,
                   struct problem *err) MUST_CHECK;
bool figures_equal(const struct figures *a, const struct figures *b);

/* numerator / denominator in percent with three decimals, half away from zero: 12539 of 21702 ->
 * "57.778". Denominator > 0. */
enum { PERCENTAGE_SIZE = 48 };
void percentage_format(int64_t numerator, int64_t denominator, char ret_text[PERCENTAGE_SIZE]);

/* Adds a fault to the rows; past IMPORT_FAULTS_MAX only counted. */
void import_fault_add(struct import_rows *rows, size_t line, const char *column, const char *code,
                      const char *format, ...) PRINTF_LIKE(5, 6);

/* Sums the rows of an organisation and month (their department types; E4), finds rows that stand
 * twice and organisations that may not report, and says what each would do to the observations
 * there are. Both `existing` and the result are in order of organisation and month.
 * `ret_items` has room for rows->count. Faults go into rows. Returns the number of items. */
size_t import_plan(struct import_rows *rows, const char *const organisations[],
                   size_t organisation_count, const struct observation existing[],
                   size_t existing_count, struct import_item ret_items[]);

/* Checks the summed figures of each item against the indicator's unit; faults go into rows. */
void import_figures_check(struct import_rows *rows, const struct import_item items[], size_t count,
                          enum specification_unit unit);

/* The problem of a refused import: its first 16 faults, all counted. Always returns false. */
bool import_refuse(const struct import_rows *rows, struct problem *err);

#endif
