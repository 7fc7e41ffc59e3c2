#include "services/kpi/import.h"

#include <assert.h>
#include <csv.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/ids.h"
#include "common/instant.h"
#include "common/json.h"
#include "services/kpi/import/format.h"
#include "services/kpi/rules.h"

/* Cells, for the formats --------------------------------------------------------------------------
 */

/* A column's name may be longer than a fault has room for: its beginning tells it. */
static void fault_add(struct import_reader *reader, const char *column, const char *code,
                      const char *detail)
{
    char short_column[sizeof(((struct import_fault *)NULL)->column)];
    snprintf(short_column, sizeof(short_column), "%.*s", (int)sizeof(short_column) - 1, column);
    import_fault_add(reader->rows, reader->line, short_column, code, "%s", detail);
}

void import_cell_check(struct import_reader *reader, const char *column, const char *text)
{
    if (text_has_nhs_number(text))
        fault_add(reader, column, "nhs-number", "looks like an NHS number: only aggregates");
}

void import_cell_fault(struct import_reader *reader, const char *column, const char *code,
                       const char *text, const char *what)
{
    char detail[120];
    if (text_has_nhs_number(text)) {
        import_cell_check(reader, column, text);
        return;
    }
    snprintf(detail, sizeof(detail), "'%.40s' is not %s", text, what);
    fault_add(reader, column, code, detail);
}

int64_t import_count(struct import_reader *reader, const char *column, const char *text,
                     bool may_be_negative)
{
    char *end = NULL;
    errno = 0;
    bool starts_well = (text[0] >= '0' && text[0] <= '9') ||
                       (may_be_negative && text[0] == '-' && text[1] >= '0' && text[1] <= '9');
    long long value = starts_well ? strtoll(text, &end, 10) : 0;
    const long long most = 1000000000000;
    if (!starts_well || *end != '\0' || errno != 0 || value > most || value < -most) {
        import_cell_fault(reader, column, "not-a-number", text, "a whole number");
        return 0;
    }
    return value;
}

void import_organisation(struct import_reader *reader, struct import_row *row, const char *column,
                         const char *text)
{
    if (!ods_is_valid(text))
        import_cell_fault(reader, column, "not-an-organisation", text, "an organisation code");
    else
        snprintf(row->organisation, sizeof(row->organisation), "%s", text);
}

void import_period(struct import_reader *reader, struct import_row *row, const char *column,
                   const char *text, const char *prefix)
{
    static const char *const MONTHS[] = {"January",   "February", "March",    "April",
                                         "May",       "June",     "July",     "August",
                                         "September", "October",  "November", "December"};
    size_t length = strlen(prefix);
    for (int i = 0; i < 12 && strncmp(text, prefix, length) == 0; i++) {
        const char *year = text + length + strlen(MONTHS[i]) + 1;
        char date[DATE_SIZE + 4];
        int32_t day = 0;
        if (strncasecmp(text + length, MONTHS[i], strlen(MONTHS[i])) != 0 || year[-1] != '-')
            continue;
        snprintf(date, sizeof(date), "%.5s-%02d-01", year, i + 1);
        if (!day_parse(date, &day))
            break;
        row->month = month_of_day(day);
        return;
    }
    char what[64];
    snprintf(what, sizeof(what), "a month like %sNovember-2024", prefix);
    import_cell_fault(reader, column, "not-a-month", text, what);
}

bool import_header_is(const struct import_reader *reader, const char *const columns[])
{
    size_t count = 0;
    while (columns[count] != NULL) {
        if (count >= reader->column_count || strcmp(reader->names[count], columns[count]) != 0)
            return false;
        count++;
    }
    return count == reader->column_count;
}

/* The reader --------------------------------------------------------------------------------------
 */

static const struct import_format *const FORMATS[] = {&IMPORT_PLAIN, &IMPORT_AE_LONG,
                                                      &IMPORT_AE_MONTHLY, &IMPORT_RTT};

static void on_field(void *text, size_t size, void *data)
{
    struct import_reader *reader = data;
    if (reader->field_count < IMPORT_COLUMNS_MAX) {
        if (size >= IMPORT_FIELD_SIZE || memchr(text, '\0', size) != NULL)
            reader->too_long = true;
        size_t kept = size < IMPORT_FIELD_SIZE ? size : IMPORT_FIELD_SIZE - 1;
        memcpy(reader->fields[reader->field_count], text, kept);
        reader->fields[reader->field_count][kept] = '\0';
    }
    reader->field_count++;
}

static void take_header(struct import_reader *reader)
{
    if (reader->field_count > IMPORT_COLUMNS_MAX || reader->too_long)
        return;
    reader->column_count = reader->field_count;
    memcpy(reader->names, reader->fields, sizeof(reader->names));
    reader->header_fits = reader->format->header(reader);
}

static struct import_row *row_new(struct import_reader *reader)
{
    struct import_rows *rows = reader->rows;
    if (rows->count == reader->capacity) {
        reader->capacity = reader->capacity == 0 ? 256 : reader->capacity * 2;
        rows->rows = reallocarray(rows->rows, reader->capacity, sizeof(rows->rows[0]));
        assert(rows->rows != NULL);
    }
    struct import_row *row = &rows->rows[rows->count++];
    *row =
        (struct import_row){.line = reader->line, .figures = {VALUE_NONE, VALUE_NONE, VALUE_NONE}};
    return row;
}

static void take_record(struct import_reader *reader)
{
    struct import_rows *rows = reader->rows;
    if (reader->field_count != reader->column_count) {
        import_fault_add(rows, reader->line, "", "columns", "%zu columns instead of %zu",
                         reader->field_count, reader->column_count);
        return;
    }
    if (reader->too_long) {
        import_fault_add(rows, reader->line, "", "too-long", "a field is over %d characters",
                         IMPORT_FIELD_SIZE - 1);
        return;
    }
    if (rows->count == IMPORT_ROWS_MAX) {
        reader->too_many = true;
        return;
    }
    size_t faults_before = rows->fault_count;
    bool takes_part = reader->format->read(reader, row_new(reader));
    if (!takes_part || rows->fault_count > faults_before)
        rows->count--; /* nor does a bad row take part in what follows */
}

static void on_record(int end, void *data)
{
    (void)end;
    struct import_reader *reader = data;
    reader->line++;
    if (reader->line == 1)
        take_header(reader);
    else if (reader->header_fits)
        take_record(reader);
    reader->field_count = 0;
    reader->too_long = false;
}

static const struct import_format *format_find(const char *name)
{
    for (size_t i = 0; i < ARRAY_LENGTH(FORMATS); i++)
        if (strcmp(FORMATS[i]->name, name) == 0)
            return FORMATS[i];
    return NULL;
}

static bool reader_verdict(const struct import_reader *reader, const char *syntax,
                           struct problem *err)
{
    if (!reader->header_fits)
        return problem_add(err, PROBLEM_IMPORT_INVALID, "header", "/line/1",
                           "the first line must be %s", reader->format->wants);
    if (reader->too_many)
        return problem_add(err, PROBLEM_IMPORT_INVALID, "too-many-rows", "",
                           "an import has at most %d rows", IMPORT_ROWS_MAX);
    if (syntax != NULL)
        import_fault_add(reader->rows, reader->line + 1, "", "syntax", "%s", syntax);
    if (reader->rows->count == 0 && reader->rows->fault_count == 0)
        return problem_add(err, PROBLEM_IMPORT_INVALID, "empty", "", "there is no row to import");
    reader->rows->read_fault_count = reader->rows->fault_count;
    return true;
}

static bool import_read(struct import_reader *reader, const char *text, size_t size,
                        struct problem *err)
{
    struct csv_parser parser;
    csv_init(&parser, CSV_STRICT | CSV_STRICT_FINI);
    const char *syntax = NULL;
    if (csv_parse(&parser, text, size, on_field, on_record, reader) != size ||
        csv_fini(&parser, on_field, on_record, reader) != 0)
        syntax = csv_strerror(csv_error(&parser));
    csv_free(&parser);
    return reader_verdict(reader, syntax, err);
}

bool import_read_csv(const char *format, const char *text, size_t size,
                     struct import_rows **ret_rows, struct problem *err)
{
    if (size >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) { /* spreadsheets put a BOM first */
        text += 3;
        size -= 3;
    }
    import_rows_auto_t *rows = calloc(1, sizeof(*rows));
    struct import_reader *reader = calloc(1, sizeof(*reader)); /* too large for a stack */
    assert(rows != NULL && reader != NULL);
    reader->format = format_find(format);
    reader->rows = rows;
    assert(reader->format != NULL); /* an enum of the api-spec */
    bool ok = import_read(reader, text, size, err);
    free(reader);
    if (ok)
        *ret_rows = STEAL(rows);
    return ok;
}

bool import_read_json(const json_t *body, struct import_rows **ret_rows, struct problem *err)
{
    const json_t *list = json_member(body, "rows");
    size_t count = json_array_size(list);
    import_rows_auto_t *rows = calloc(1, sizeof(*rows));
    assert(rows != NULL);
    rows->rows = calloc(count + 1, sizeof(rows->rows[0]));
    assert(rows->rows != NULL);
    for (size_t i = 0; i < count; i++) {
        const json_t *item = json_array_get(list, i);
        struct import_row *row = &rows->rows[rows->count++];
        row->line = i + 1;
        json_copy_text(item, "organisation", row->organisation, sizeof(row->organisation));
        if (!month_parse(json_text(item, "month"), &row->month))
            import_fault_add(rows, row->line, "month", "not-a-month", "there is no such month");
        row->figures.numerator = json_integer_or(item, "numerator", VALUE_NONE);
        row->figures.denominator = json_integer_or(item, "denominator", VALUE_NONE);
        row->figures.value = json_integer_or(item, "value", VALUE_NONE);
    }
    rows->read_fault_count = rows->fault_count;
    if (count == 0)
        return problem_add(err, PROBLEM_IMPORT_INVALID, "empty", "/rows",
                           "there is no row to import");
    *ret_rows = STEAL(rows);
    return true;
}

void import_rows_free(struct import_rows *rows)
{
    if (rows == NULL)
        return;
    free(rows->rows);
    free(rows);
}
