/* Reads the text of an import into rows, naming every bad row; touches nothing else. Before the
 * lock, any thread. CSV by libcsv (RFC 4180, strict). Source: domain.md E4. */
#ifndef ACCORD_KPI_IMPORT_H
#define ACCORD_KPI_IMPORT_H

#include <jansson.h>

#include "common/problem.h"
#include "services/kpi/model.h"

/* `format`: of import/format.h, by its name: "plain" (organisation,month and numerator,denominator
 * or value), "ae-long", "ae-monthly", "rtt-full-extract". Faults are in the rows; fails only when
 * nothing can be read at all: another header, no rows, over IMPORT_ROWS_MAX. */
bool import_read_csv(const char *format, const char *text, size_t size,
                     struct import_rows **ret_rows, struct problem *err) MUST_CHECK;

/* The same from {"rows": [{"organisation", "month", "numerator", "denominator", "value"}]}; a
 * row's line is its index + 1. */
bool import_read_json(const json_t *body, struct import_rows **ret_rows,
                      struct problem *err) MUST_CHECK;

void import_rows_free(struct import_rows *rows);
static inline void cleanup_import_rows(struct import_rows **rows)
{
    import_rows_free(*rows);
}
#define import_rows_auto_t CLEANUP(cleanup_import_rows) struct import_rows

#endif
