/* What a published file looks like: the contract between the reader (import.c) and the formats. */
#ifndef ACCORD_KPI_IMPORT_FORMAT_H
#define ACCORD_KPI_IMPORT_FORMAT_H

#include "services/kpi/model.h"

enum { IMPORT_FIELD_SIZE = 128, IMPORT_COLUMNS_MAX = 160 };

struct import_reader {
    const struct import_format *format;
    struct import_rows *rows;
    size_t capacity;
    size_t line;
    size_t column_count; /* of the header */
    /* What each column of this file is, in the format's own words. */
    unsigned char kinds[IMPORT_COLUMNS_MAX];
    bool header_fits;
    bool too_many;
    char names[IMPORT_COLUMNS_MAX][IMPORT_FIELD_SIZE]; /* the header */
    char fields[IMPORT_COLUMNS_MAX][IMPORT_FIELD_SIZE];
    bool too_long;
    size_t field_count;
};

struct import_format {
    const char *name;
    const char *wants; /* the header, in words */
    /* Whether the header (reader->names) is this format's; fills reader->kinds. */
    bool (*header)(struct import_reader *reader);
    /* Reads a record into `row`, faults into reader->rows; false when it takes no part. */
    bool (*read)(struct import_reader *reader, struct import_row *row);
};

extern const struct import_format IMPORT_PLAIN, IMPORT_AE_LONG, IMPORT_AE_MONTHLY, IMPORT_RTT;

/* A fault of a cell; its text is told, unless it looks like an NHS number: then that is the fault
 * (E10). */
void import_cell_fault(struct import_reader *reader, const char *column, const char *code,
                       const char *text, const char *what);
/* Words that nobody reads: no fault but an NHS number. */
void import_cell_check(struct import_reader *reader, const char *column, const char *text);
/* A whole number of at most 10^12. */
int64_t import_count(struct import_reader *reader, const char *column, const char *text,
                     bool may_be_negative);
void import_organisation(struct import_reader *reader, struct import_row *row, const char *column,
                         const char *text);
/* "RTT-November-2024", "MSitAE-NOVEMBER-2024": behind its prefix, a month's name and a year. */
void import_period(struct import_reader *reader, struct import_row *row, const char *column,
                   const char *text, const char *prefix);
/* The header is exactly these columns (NULL-terminated). */
bool import_header_is(const struct import_reader *reader, const char *const columns[]);

#endif
