/* Writing CSV (RFC 4180, CRLF, a header line) from JSON rows. A text that a spreadsheet would take
 * for a formula is kept a text by an apostrophe before it. Pure but for memory. */
#ifndef ACCORD_COMMON_CSV_H
#define ACCORD_COMMON_CSV_H

#include <jansson.h>

/* `columns` are member paths ("score.rating"), also the header line. A missing member is an empty
 * cell; arrays of texts are joined by "; ". The caller frees the text. */
char *csv_of_rows(const json_t *rows, const json_t *columns);

#endif
