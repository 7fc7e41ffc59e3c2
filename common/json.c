#include "common/json.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "common/instant.h"
#include "common/money.h"
#include "common/utf8.h"

static void need_memory(bool is_there)
{
    if (!is_there)
        abort();
}

/* --- reading text --- */

/* Looks at the depth before anything is built: jansson itself would go 2048 deep. */
static bool depth_check(const char *text, size_t size, struct problem *err)
{
    int depth = 0;
    bool in_string = false;
    for (size_t i = 0; i < size; i++) {
        char c = text[i];
        if (in_string) {
            if (c == '\\')
                i++;
            else if (c == '"')
                in_string = false;
        } else if (c == '"') {
            in_string = true;
        } else if (c == '{' || c == '[') {
            if (++depth > JSON_DEPTH_MAX)
                return problem_set(err, PROBLEM_BODY_MALFORMED,
                                   "the JSON is nested deeper than %d levels", JSON_DEPTH_MAX);
        } else if (c == '}' || c == ']') {
            depth--;
        }
    }
    return true;
}

/* jansson's own text quotes the input; these sentences don't. */
static const char *parse_fault(enum json_error_code code)
{
    switch (code) {
    case json_error_invalid_utf8:
        return "it is not UTF-8";
    case json_error_premature_end_of_input:
        return "it ends too early";
    case json_error_end_of_input_expected:
        return "something follows its end";
    case json_error_duplicate_key:
        return "a member stands twice";
    case json_error_numeric_overflow:
        return "a number is too large";
    case json_error_null_character:
    case json_error_null_byte_in_key:
        return "a text holds a NUL character";
    case json_error_out_of_memory:
        abort();
    default:
        return "its syntax is wrong";
    }
}

/* A place in a value as a JSON Pointer, kept while walking down. Cut when it gets too long. */
struct place {
    char pointer[FAULT_POINTER_SIZE];
    size_t length;
};

static size_t place_enter(struct place *place, const char *member)
{
    size_t before = place->length;
    char step[FAULT_POINTER_SIZE];
    size_t length = 0;
    step[length++] = '/';
    for (; *member != '\0' && length < sizeof step - 2; member++) {
        bool is_escaped = *member == '~' || *member == '/';
        if (is_escaped)
            step[length++] = '~';
        step[length++] = is_escaped ? (*member == '~' ? '0' : '1') : *member;
    }
    if (before + length < sizeof place->pointer) {
        memcpy(place->pointer + before, step, length);
        place->length = before + length;
        place->pointer[place->length] = '\0';
    }
    return before;
}

static void place_leave(struct place *place, size_t before)
{
    place->length = before;
    place->pointer[before] = '\0';
}

static bool numbers_check(const json_t *value, struct place *place, struct problem *err);

static bool members_check(const json_t *object, struct place *place, struct problem *err)
{
    const char *name;
    json_t *member;
    json_object_foreach((json_t *)object, name, member)
    {
        size_t before = place_enter(place, name);
        if (!numbers_check(member, place, err))
            return false;
        place_leave(place, before);
    }
    return true;
}

static bool items_check(const json_t *array, struct place *place, struct problem *err)
{
    for (size_t i = 0; i < json_array_size(array); i++) {
        char number[24];
        snprintf(number, sizeof number, "%zu", i);
        size_t before = place_enter(place, number);
        if (!numbers_check(json_array_get(array, i), place, err))
            return false;
        place_leave(place, before);
    }
    return true;
}

static bool numbers_check(const json_t *value, struct place *place, struct problem *err)
{
    const char *where = place->length == 0 ? "the value" : place->pointer;
    switch (json_typeof(value)) {
    case JSON_REAL:
        return problem_set(err, PROBLEM_BODY_MALFORMED,
                           "%s is a number with a fraction or exponent: numbers are integers, "
                           "decimals are strings",
                           where);
    case JSON_INTEGER:
        if (json_integer_value(value) > MONEY_PENCE_MAX ||
            json_integer_value(value) < -MONEY_PENCE_MAX)
            return problem_set(err, PROBLEM_BODY_MALFORMED, "%s is outside +-(2^53-1)", where);
        return true;
    case JSON_OBJECT:
        return members_check(value, place, err);
    case JSON_ARRAY:
        return items_check(value, place, err);
    default:
        return true;
    }
}

/* Columns of rows are mostly empty lists: a parser is made and ended for each text otherwise. */
static bool is_empty_array(const char *text, size_t size)
{
    return size == 2 && text[0] == '[' && text[1] == ']';
}

bool json_parse(const char *text, size_t size, json_t **ret_value, struct problem *err)
{
    if (is_empty_array(text, size)) {
        *ret_value = json_array();
        need_memory(*ret_value != NULL);
        return true;
    }
    if (!depth_check(text, size, err))
        return false;
    json_error_t error;
    json_auto_t *value = json_loadb(text, size, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
    if (value == NULL)
        return problem_set(err, PROBLEM_BODY_MALFORMED,
                           "this is not acceptable JSON: %s (line %d, column %d)",
                           parse_fault(json_error_code(&error)), error.line, error.column);
    struct place place = {.length = 0};
    if (!numbers_check(value, &place, err))
        return false;
    *ret_value = STEAL(value);
    return true;
}

/* --- canonical text --- */

struct writer {
    char *text;
    size_t size, room;
};

static void write_bytes(struct writer *writer, const char *bytes, size_t count)
{
    if (writer->size + count + 1 > writer->room) {
        size_t room = (writer->size + count + 1) * 2;
        char *text = realloc(writer->text, room);
        need_memory(text != NULL);
        writer->text = text;
        writer->room = room;
    }
    memcpy(writer->text + writer->size, bytes, count);
    writer->size += count;
    writer->text[writer->size] = '\0';
}

static void write_text(struct writer *writer, const char *text)
{
    write_bytes(writer, text, strlen(text));
}

static void write_ascii(struct writer *writer, unsigned char c)
{
    static const char short_form[] = {['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f',
                                      ['\r'] = 'r', ['"'] = '"',  ['\\'] = '\\'};
    if (c < sizeof short_form && short_form[c] != 0) {
        write_bytes(writer, (const char[]){'\\', short_form[c]}, 2);
    } else if (c < 0x20) {
        char escape[8];
        snprintf(escape, sizeof escape, "\\u%04x", c);
        write_bytes(writer, escape, 6);
    } else {
        write_bytes(writer, (const char *)&c, 1);
    }
}

static bool write_string(struct writer *writer, const char *text, size_t size, struct problem *err)
{
    write_text(writer, "\"");
    for (size_t i = 0; i < size;) {
        size_t length = utf8_length(text + i, size - i);
        if (length == 0)
            return problem_set(err, PROBLEM_INTERNAL,
                               "a text that is not UTF-8 has no canonical form");
        if (length == 1)
            write_ascii(writer, (unsigned char)text[i]);
        else
            write_bytes(writer, text + i, length);
        i += length;
    }
    write_text(writer, "\"");
    return true;
}

/* UTF-8 sorts by code point; in UTF-16 the code points beyond U+FFFF come before U+E000..U+FFFF. */
static int name_compare(const void *left, const void *right)
{
    const unsigned char *a = *(const unsigned char *const *)left;
    const unsigned char *b = *(const unsigned char *const *)right;
    for (; *a == *b; a++, b++)
        if (*a == '\0')
            return 0;
    if (*a >= 0xEE && *b >= 0xEE && (*a >= 0xF0) != (*b >= 0xF0))
        return *a >= 0xF0 ? -1 : 1;
    return *a < *b ? -1 : 1;
}

static bool write_value(struct writer *writer, const json_t *value, struct problem *err);

static bool write_members(struct writer *writer, const json_t *object, const char **names,
                          struct problem *err)
{
    size_t count = 0;
    const char *name;
    json_t *member;
    json_object_foreach((json_t *)object, name, member) names[count++] = name;
    qsort(names, count, sizeof names[0], name_compare);
    write_text(writer, "{");
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            write_text(writer, ",");
        if (!write_string(writer, names[i], strlen(names[i]), err))
            return false;
        write_text(writer, ":");
        if (!write_value(writer, json_object_get(object, names[i]), err))
            return false;
    }
    write_text(writer, "}");
    return true;
}

static bool write_object(struct writer *writer, const json_t *object, struct problem *err)
{
    const char **names = calloc(json_object_size(object) + 1, sizeof names[0]);
    need_memory(names != NULL);
    bool is_written = write_members(writer, object, names, err);
    free(names);
    return is_written;
}

static bool write_array(struct writer *writer, const json_t *array, struct problem *err)
{
    write_text(writer, "[");
    for (size_t i = 0; i < json_array_size(array); i++) {
        if (i > 0)
            write_text(writer, ",");
        if (!write_value(writer, json_array_get(array, i), err))
            return false;
    }
    write_text(writer, "]");
    return true;
}

static bool write_value(struct writer *writer, const json_t *value, struct problem *err)
{
    char number[32];
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        return write_object(writer, value, err);
    case JSON_ARRAY:
        return write_array(writer, value, err);
    case JSON_STRING:
        return write_string(writer, json_string_value(value), json_string_length(value), err);
    case JSON_INTEGER:
        snprintf(number, sizeof number, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
        write_text(writer, number);
        return true;
    case JSON_REAL:
        return problem_set(err, PROBLEM_INTERNAL, "a real number has no canonical form here");
    case JSON_TRUE:
    case JSON_FALSE:
        write_text(writer, json_is_true(value) ? "true" : "false");
        return true;
    case JSON_NULL:
        write_text(writer, "null");
        return true;
    }
    return problem_set(err, PROBLEM_INTERNAL, "a JSON value of no known type");
}

bool json_canonical(const json_t *value, char **ret_text, size_t *ret_size, struct problem *err)
{
    struct writer writer = {0};
    if (!write_value(&writer, value, err)) {
        free(writer.text);
        return false;
    }
    *ret_text = writer.text;
    *ret_size = writer.size;
    return true;
}

/* --- reading members --- */

const json_t *json_member(const json_t *object, const char *name)
{
    const json_t *member = json_object_get(object, name);
    return json_is_null(member) ? NULL : member;
}

const char *json_text(const json_t *object, const char *name)
{
    return json_string_value(json_object_get(object, name));
}

int64_t json_integer_or(const json_t *object, const char *name, int64_t otherwise)
{
    const json_t *member = json_object_get(object, name);
    return json_is_integer(member) ? json_integer_value(member) : otherwise;
}

bool json_flag(const json_t *object, const char *name)
{
    return json_is_true(json_object_get(object, name));
}

void json_copy_text(const json_t *object, const char *name, char *ret_text, size_t size)
{
    const char *text = json_text(object, name);
    size_t length = text == NULL ? 0 : strlen(text);
    assert(length < size);
    if (length > 0)
        memcpy(ret_text, text, length);
    ret_text[length] = '\0';
}

int64_t json_instant(const json_t *object, const char *name)
{
    const char *text = json_text(object, name);
    int64_t ms;
    return text != NULL && instant_parse(text, &ms) ? ms : INSTANT_NONE;
}

int32_t json_day(const json_t *object, const char *name)
{
    const char *text = json_text(object, name);
    int32_t day;
    return text != NULL && day_parse(text, &day) ? day : DAY_NONE;
}

int64_t json_money(const json_t *object, const char *name)
{
    return json_integer_or(json_object_get(object, name), "amount", 0);
}

/* --- building --- */

void json_put_new(json_t *object, const char *name, json_t *value)
{
    if (value != NULL)
        need_memory(json_object_set_new(object, name, value) == 0);
}

void json_push_new(json_t *array, json_t *value)
{
    need_memory(json_array_append_new(array, value) == 0);
}

void json_put_text(json_t *object, const char *name, const char *text)
{
    if (text == NULL || text[0] == '\0')
        return;
    need_memory(json_object_set_new(object, name, json_string(text)) == 0);
}

void json_put_integer(json_t *object, const char *name, int64_t value)
{
    need_memory(json_object_set_new(object, name, json_integer(value)) == 0);
}

void json_put_flag(json_t *object, const char *name, bool value)
{
    need_memory(json_object_set_new(object, name, json_boolean(value)) == 0);
}

void json_put_instant(json_t *object, const char *name, int64_t ms)
{
    if (ms == INSTANT_NONE)
        return;
    char text[INSTANT_SIZE];
    instant_format(ms, text);
    json_put_text(object, name, text);
}

void json_put_day(json_t *object, const char *name, int32_t day)
{
    if (day == DAY_NONE)
        return;
    char text[DATE_SIZE];
    day_format(day, text);
    json_put_text(object, name, text);
}

void json_put_money(json_t *object, const char *name, int64_t pence)
{
    json_t *money = json_object();
    need_memory(money != NULL);
    json_put_integer(money, "amount", pence);
    json_put_text(money, "currency", "GBP");
    json_put_new(object, name, money);
}
