#include "common/csv.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"

/* Text that grows. */
struct text {
    char *bytes;
    size_t size, room;
};

static void put(struct text *text, const char *bytes, size_t size)
{
    if (text->size + size + 1 > text->room) {
        text->room = (text->size + size + 1) * 2;
        text->bytes = need(realloc(text->bytes, text->room));
    }
    memcpy(text->bytes + text->size, bytes, size);
    text->size += size;
    text->bytes[text->size] = '\0';
}

static bool is_number(const char *cell)
{
    const char *rest = cell + (*cell == '-' || *cell == '+');
    size_t digits = strspn(rest, "0123456789");
    rest += digits;
    if (*rest == '.')
        rest += 1 + strspn(rest + 1, "0123456789");
    return digits > 0 && !*rest;
}

static void put_cell(struct text *text, const char *cell)
{
    bool is_formula = *cell && strchr("=+-@\t\r", *cell) && !is_number(cell);
    bool is_quoted = is_formula || strpbrk(cell, ",\"\r\n") || *cell == ' ';
    if (is_quoted)
        put(text, "\"", 1);
    if (is_formula)
        put(text, "'", 1);
    for (; *cell; cell++) {
        if (*cell == '"')
            put(text, "\"", 1);
        put(text, cell, 1);
    }
    if (is_quoted)
        put(text, "\"", 1);
}

static const json_t *value_at(const json_t *row, const char *path)
{
    char step[128];
    while (row && *path) {
        size_t size = strcspn(path, ".");
        if (size >= sizeof step)
            return NULL;
        memcpy(step, path, size);
        step[size] = '\0';
        row = json_object_get(row, step);
        path += size + (path[size] == '.');
    }
    return row;
}

static void put_array(struct text *text, const json_t *array)
{
    struct text joined = {0};
    put(&joined, "", 0);
    for (size_t i = 0; i < json_array_size(array); i++) {
        const char *item = json_string_value(json_array_get(array, i));
        if (i)
            put(&joined, "; ", 2);
        if (item)
            put(&joined, item, strlen(item));
    }
    put_cell(text, joined.bytes);
    free(joined.bytes);
}

static void put_value(struct text *text, const json_t *value)
{
    char number[32];
    if (json_is_string(value)) {
        put_cell(text, json_string_value(value));
    } else if (json_is_integer(value)) {
        int size =
            snprintf(number, sizeof number, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
        put(text, number, (size_t)size);
    } else if (json_is_boolean(value)) {
        const char *word = json_is_true(value) ? "true" : "false";
        put(text, word, strlen(word));
    } else if (json_is_array(value)) {
        put_array(text, value);
    }
}

char *csv_of_rows(const json_t *rows, const json_t *columns)
{
    struct text text = {0};
    put(&text, "", 0);
    size_t count = json_array_size(columns);
    for (size_t i = 0; i < count; i++) {
        put_cell(&text, json_string_value(json_array_get(columns, i)));
        put(&text, i + 1 < count ? "," : "\r\n", i + 1 < count ? 1 : 2);
    }
    for (size_t row = 0; row < json_array_size(rows); row++) {
        for (size_t i = 0; i < count; i++) {
            put_value(&text, value_at(json_array_get(rows, row),
                                      json_string_value(json_array_get(columns, i))));
            put(&text, i + 1 < count ? "," : "\r\n", i + 1 < count ? 1 : 2);
        }
    }
    return text.bytes;
}
