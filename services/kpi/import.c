#include "services/kpi/import.h"

#include <assert.h>
#include <csv.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/ids.h"
#include "common/instant.h"
#include "common/json.h"
#include "services/kpi/rules.h"

enum { FIELD_SIZE = 64, COLUMNS_MAX = 8 };

/* A published file: its columns in order, and how one of its records becomes a row. */
struct import_format {
    const char *name;
    const char *const *columns[2]; /* the headers it may have */
    void (*read)(struct import_rows *rows, const char *const fields[], struct import_row *row,
                 size_t header);
};

struct reader {
    const struct import_format *format;
    struct import_rows *rows;
    size_t capacity;
    size_t line;
    size_t header; /* which of the format's headers it has */
    bool header_fits;
    bool too_many;
    char fields[COLUMNS_MAX][FIELD_SIZE];
    bool too_long;
    size_t field_count;
};

static size_t columns_count(const char *const columns[])
{
    size_t count = 0;
    while (columns[count] != NULL)
        count++;
    return count;
}

static int64_t read_count(struct import_rows *rows, size_t line, const char *column,
                          const char *text, bool may_be_negative)
{
    char *end = NULL;
    errno = 0;
    bool starts_well = (text[0] >= '0' && text[0] <= '9') ||
                       (may_be_negative && text[0] == '-' && text[1] >= '0' && text[1] <= '9');
    long long value = starts_well ? strtoll(text, &end, 10) : 0;
    const long long most = 1000000000000;
    if (!starts_well || *end != '\0' || errno != 0 || value > most || value < -most) {
        import_fault_add(rows, line, column, "not-a-number", "'%.40s' is not a whole number", text);
        return 0;
    }
    return value;
}

static void read_organisation(struct import_rows *rows, struct import_row *row, const char *column,
                              const char *text)
{
    if (!ods_is_valid(text))
        import_fault_add(rows, row->line, column, "not-an-organisation",
                         "'%.40s' is not an organisation code", text);
    else
        snprintf(row->organisation, sizeof(row->organisation), "%s", text);
}

static const char *const AE_COLUMNS[] = {"period",   "org_code",   "type", "attendances",
                                         "breaches", "admissions", NULL};

static void ae_read(struct import_rows *rows, const char *const fields[], struct import_row *row,
                    size_t header)
{
    (void)header;
    int32_t day = 0;
    if (!day_parse(fields[0], &day) || strcmp(fields[0] + 8, "01") != 0)
        import_fault_add(rows, row->line, "period", "not-a-month",
                         "'%.40s' is not the first day of a month", fields[0]);
    else
        row->month = month_of_day(day);
    read_organisation(rows, row, "org_code", fields[1]);
    if (strcmp(fields[2], "1") != 0 && strcmp(fields[2], "2") != 0 &&
        strcmp(fields[2], "other") != 0)
        import_fault_add(rows, row->line, "type", "unknown-type", "'%.40s' is not 1, 2 or other",
                         fields[2]);
    else
        snprintf(row->type, sizeof(row->type), "%s", fields[2]);
    int64_t attendances = read_count(rows, row->line, "attendances", fields[3], false);
    int64_t breaches = read_count(rows, row->line, "breaches", fields[4], false);
    (void)read_count(rows, row->line, "admissions", fields[5], false);
    if (breaches > attendances)
        import_fault_add(rows, row->line, "breaches", "maximum",
                         "%lld breaches of %lld attendances", (long long)breaches,
                         (long long)attendances);
    row->figures.numerator = attendances - breaches;
    row->figures.denominator = attendances;
}

static const char *const PLAIN_PROPORTION[] = {"organisation", "month", "numerator", "denominator",
                                               NULL};
static const char *const PLAIN_VALUE[] = {"organisation", "month", "value", NULL};

static void plain_read(struct import_rows *rows, const char *const fields[], struct import_row *row,
                       size_t header)
{
    read_organisation(rows, row, "organisation", fields[0]);
    if (!month_parse(fields[1], &row->month))
        import_fault_add(rows, row->line, "month", "not-a-month",
                         "'%.40s' is not a month like 2026-27-M03", fields[1]);
    if (header == 0) {
        row->figures.numerator = read_count(rows, row->line, "numerator", fields[2], false);
        row->figures.denominator = read_count(rows, row->line, "denominator", fields[3], false);
    } else {
        row->figures.value = read_count(rows, row->line, "value", fields[2], true);
    }
}

static const struct import_format FORMATS[] = {
    {"ae-long", {AE_COLUMNS, AE_COLUMNS}, ae_read},
    {"plain", {PLAIN_PROPORTION, PLAIN_VALUE}, plain_read},
};

static void on_field(void *text, size_t size, void *data)
{
    struct reader *reader = data;
    if (reader->field_count < COLUMNS_MAX) {
        if (size >= FIELD_SIZE || memchr(text, '\0', size) != NULL)
            reader->too_long = true;
        size_t kept = size < FIELD_SIZE ? size : FIELD_SIZE - 1;
        memcpy(reader->fields[reader->field_count], text, kept);
        reader->fields[reader->field_count][kept] = '\0';
    }
    reader->field_count++;
}

static void take_header(struct reader *reader)
{
    for (size_t h = 0; h < 2 && !reader->header_fits; h++) {
        const char *const *columns = reader->format->columns[h];
        size_t count = columns_count(columns);
        bool fits = reader->field_count == count;
        for (size_t i = 0; fits && i < count; i++)
            fits = strcmp(reader->fields[i], columns[i]) == 0;
        reader->header_fits = fits;
        reader->header = h;
    }
}

static struct import_row *row_new(struct reader *reader)
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

static void take_record(struct reader *reader)
{
    size_t expected = columns_count(reader->format->columns[reader->header]);
    if (reader->field_count != expected) {
        import_fault_add(reader->rows, reader->line, "", "columns", "%zu columns instead of %zu",
                         reader->field_count, expected);
        return;
    }
    if (reader->too_long) {
        import_fault_add(reader->rows, reader->line, "", "too-long",
                         "a field is over %d characters", FIELD_SIZE - 1);
        return;
    }
    if (reader->rows->count == IMPORT_ROWS_MAX) {
        reader->too_many = true;
        return;
    }
    const char *fields[COLUMNS_MAX];
    for (size_t i = 0; i < COLUMNS_MAX; i++)
        fields[i] = reader->fields[i];
    size_t faults_before = reader->rows->fault_count;
    struct import_row *row = row_new(reader);
    reader->format->read(reader->rows, fields, row, reader->header);
    if (reader->rows->fault_count > faults_before)
        reader->rows->count--; /* a bad row takes no part in what follows */
}

static void on_record(int end, void *data)
{
    (void)end;
    struct reader *reader = data;
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
        if (strcmp(FORMATS[i].name, name) == 0)
            return &FORMATS[i];
    return NULL;
}

static bool reader_verdict(const struct reader *reader, const char *syntax, struct problem *err)
{
    if (!reader->header_fits) {
        const char *want =
            strcmp(reader->format->name, "ae-long") == 0
                ? "period,org_code,type,attendances,breaches,admissions"
                : "organisation,month,numerator,denominator or organisation,month,value";
        return problem_add(err, PROBLEM_IMPORT_INVALID, "header", "/line/1",
                           "the first line must be %s", want);
    }
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

bool import_read_csv(const char *format, const char *text, size_t size,
                     struct import_rows **ret_rows, struct problem *err)
{
    if (size >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) { /* spreadsheets put a BOM first */
        text += 3;
        size -= 3;
    }
    import_rows_auto_t *rows = calloc(1, sizeof(*rows));
    assert(rows != NULL);
    struct reader reader = {.format = format_find(format), .rows = rows};
    assert(reader.format != NULL); /* an enum of the api-spec */
    struct csv_parser parser;
    csv_init(&parser, CSV_STRICT | CSV_STRICT_FINI);
    const char *syntax = NULL;
    if (csv_parse(&parser, text, size, on_field, on_record, &reader) != size ||
        csv_fini(&parser, on_field, on_record, &reader) != 0)
        syntax = csv_strerror(csv_error(&parser));
    csv_free(&parser);
    if (!reader_verdict(&reader, syntax, err))
        return false;
    *ret_rows = STEAL(rows);
    return true;
}

bool import_read_json(const json_t *body, struct import_rows **ret_rows, struct problem *err)
{
    const json_t *list = json_member(body, "rows");
    size_t count = json_array_size(list);
    import_rows_auto_t *rows = calloc(1, sizeof(*rows));
    assert(rows != NULL);
    struct reader reader = {.rows = rows};
    for (size_t i = 0; i < count; i++) {
        const json_t *item = json_array_get(list, i);
        reader.line = i + 1;
        struct import_row *row = row_new(&reader);
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
