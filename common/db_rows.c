/* Arguments to and rows from db.h's queries. */
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/db.h"
#include "common/instant.h"

struct db_arg db_text(const char *text)
{
    return (struct db_arg){.text = text};
}

struct db_arg db_text_or_null(const char *text)
{
    return (struct db_arg){.text = text == NULL || text[0] == '\0' ? NULL : text};
}

struct db_arg db_int(int64_t value)
{
    struct db_arg arg = {.text = NULL};
    snprintf(arg.space, sizeof arg.space, "%" PRId64, value);
    return arg;
}

struct db_arg db_bool(bool value)
{
    return (struct db_arg){.text = value ? "true" : "false"};
}

struct db_arg db_instant(int64_t ms)
{
    struct db_arg arg = {.text = NULL};
    if (ms != INSTANT_NONE)
        instant_format(ms, arg.space);
    return arg;
}

struct db_arg db_day(int32_t day)
{
    struct db_arg arg = {.text = NULL};
    if (day != DAY_NONE)
        day_format(day, arg.space);
    return arg;
}

void db_rows_done(struct db_rows *rows)
{
    PQclear(rows->result);
    rows->result = NULL;
    rows->count = 0;
}

/* PQfnumber() copies and folds the name each time; ours are as the server says them. Columns are
 * mostly asked for in their order: the search starts at the last one found. */
static int column_number(const struct db_rows *rows, int row, const char *column)
{
    static _Thread_local int found;
    assert(row >= 0 && row < rows->count);
    int count = PQnfields(rows->result);
    for (int i = 0; i < count; i++) {
        int number = (found + i) % count;
        if (strcmp(PQfname(rows->result, number), column) == 0)
            return found = number;
    }
    assert(false && "the query has no such column");
    return 0;
}

bool row_is_null(const struct db_rows *rows, int row, const char *column)
{
    return PQgetisnull(rows->result, row, column_number(rows, row, column));
}

const char *row_text(const struct db_rows *rows, int row, const char *column)
{
    int number = column_number(rows, row, column);
    return PQgetisnull(rows->result, row, number) ? NULL : PQgetvalue(rows->result, row, number);
}

void row_copy(const struct db_rows *rows, int row, const char *column, char *ret_text, size_t size)
{
    const char *text = row_text(rows, row, column);
    size_t length = text == NULL ? 0 : strlen(text);
    assert(length < size);
    if (length > 0)
        memcpy(ret_text, text, length);
    ret_text[length] = '\0';
}

int64_t row_int(const struct db_rows *rows, int row, const char *column)
{
    const char *text = row_text(rows, row, column);
    return text == NULL ? 0 : strtoll(text, NULL, 10);
}

bool row_bool(const struct db_rows *rows, int row, const char *column)
{
    const char *text = row_text(rows, row, column);
    return text != NULL && text[0] == 't';
}

/* Connections speak ISO dates in UTC: "2026-04-01 00:00:00.123+00". */
int64_t row_instant(const struct db_rows *rows, int row, const char *column)
{
    const char *text = row_text(rows, row, column);
    char instant[40];
    size_t length = text == NULL ? 0 : strlen(text);
    if (length < 4 || length >= sizeof instant || strcmp(text + length - 3, "+00") != 0)
        return INSTANT_NONE; /* null, or infinity: an open end */
    memcpy(instant, text, length - 3);
    memcpy(instant + length - 3, "Z", 2);
    char *space = strchr(instant, ' ');
    if (space != NULL)
        *space = 'T';
    int64_t ms;
    return instant_parse(instant, &ms) ? ms : INSTANT_NONE;
}

int32_t row_day(const struct db_rows *rows, int row, const char *column)
{
    const char *text = row_text(rows, row, column);
    int32_t day;
    return text != NULL && day_parse(text, &day) ? day : DAY_NONE;
}
