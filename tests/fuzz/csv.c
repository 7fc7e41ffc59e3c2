/* A published file as it is imported. The first line is the format (or picks one), the rest the
 * file. Every row that is kept is whole; every fault can be told. */
#include "tests/fuzz/fuzz.h"

#include "common/ids.h"
#include "common/utf8.h"
#include "services/kpi/import.h"

static const char *const FORMATS[] = {"plain", "ae-long", "ae-monthly", "rtt-full-extract"};

static const char *format_of(const char *line)
{
    for (size_t i = 0; i < ARRAY_LENGTH(FORMATS); i++)
        if (strcmp(FORMATS[i], line) == 0)
            return FORMATS[i];
    return FORMATS[fuzz_pick(line, ARRAY_LENGTH(FORMATS))];
}

static void can_be_told(const char *text)
{
    json_auto_t *value = json_string(text);
    assert(value != NULL);
}

static void rows_hold(const struct import_rows *rows)
{
    assert(rows->count <= IMPORT_ROWS_MAX);
    for (size_t i = 0; i < rows->fault_count && i < IMPORT_FAULTS_MAX; i++) {
        assert(rows->faults[i].line > 0 && rows->faults[i].code[0] != '\0');
        can_be_told(rows->faults[i].column);
        can_be_told(rows->faults[i].detail);
    }
    for (size_t i = 0; i < rows->count; i++) {
        const struct import_row *row = &rows->rows[i];
        assert(ods_is_valid(row->organisation) && row->month > 0 && row->line > 1);
    }
}

/* What is not UTF-8 does not get as far as this (http_parse.c). */
static bool is_utf8(const char *text, size_t size)
{
    for (size_t at = 0, length; at < size; at += length)
        if ((length = utf8_length(text + at, size - at)) == 0 || text[at] == '\0')
            return false;
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct problem err = {0};
    char_auto_t *line = fuzz_line(&data, &size);
    char_auto_t *text = fuzz_text(data, size);
    import_rows_auto_t *rows = NULL;
    if (!is_utf8(text, size))
        return 0;
    if (import_read_csv(format_of(line), text, size, &rows, &err))
        rows_hold(rows);
    else
        fuzz_refused(&err);
    return 0;
}
