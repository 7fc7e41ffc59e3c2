#include "common/schema.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/ids.h"
#include "common/instant.h"
#include "common/memory.h"
#include "common/schema_node.h"

/* Where we are in the value, and where faults go. */
struct check {
    char pointer[FAULT_POINTER_SIZE];
    size_t length;
    enum problem_code code;
    struct problem *err;
};

static bool fault(struct check *check, const char *fault_code, const char *format, ...)
    PRINTF_LIKE(3, 4);
static bool fault(struct check *check, const char *fault_code, const char *format, ...)
{
    char detail[FAULT_DETAIL_SIZE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(detail, sizeof detail, format, arguments);
    va_end(arguments);
    return problem_add(check->err, check->code, fault_code, check->pointer, "%s", detail);
}

/* Goes a step down; returns where to come back to. Too deep for the pointer: it ends above. */
static size_t enter(struct check *check, const char *step)
{
    size_t before = check->length;
    char text[FAULT_POINTER_SIZE];
    size_t length = 0;
    text[length++] = '/';
    for (; *step && length < sizeof text - 3; step++) {
        if (*step == '~' || *step == '/')
            text[length++] = '~';
        text[length++] = *step == '~' ? '0' : *step == '/' ? '1' : *step;
    }
    if (before + length < sizeof check->pointer) {
        memcpy(check->pointer + before, text, length);
        check->length = before + length;
        check->pointer[check->length] = '\0';
    }
    return before;
}

static void leave(struct check *check, size_t before)
{
    check->length = before;
    check->pointer[before] = '\0';
}

static bool check_value(const struct schema *schema, const json_t *value, struct check *check);

/* --- text ------------------------------------------------------------------------------------- */

static int64_t character_count(const char *text, size_t size)
{
    int64_t count = 0;
    for (size_t i = 0; i < size; i++)
        count += ((unsigned char)text[i] & 0xC0) != 0x80;
    return count;
}

static bool uri_is_valid(const char *text)
{
    size_t scheme =
        strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+.-");
    if (scheme == 0 || text[scheme] != ':' || !text[scheme + 1])
        return false;
    for (const char *c = text; *c; c++)
        if (*c <= ' ' || *c > '~' || strchr("\"<>\\^`{|}", *c))
            return false;
    return true;
}

static bool format_matches(enum schema_format format, const char *text)
{
    int64_t ms;
    int32_t day;
    switch (format) {
    case FORMAT_UUID:
        return uuid_is_valid(text);
    case FORMAT_DATE:
        return day_parse(text, &day);
    case FORMAT_DATE_TIME:
        return instant_parse(text, &ms);
    case FORMAT_URI:
        return uri_is_valid(text);
    case FORMAT_NONE:
        return true;
    }
    return true;
}

static bool check_text(const struct schema *schema, const json_t *value, struct check *check)
{
    static const char *const FORMAT_NAMES[] = {"", "a UUID in lower case",
                                               "a calendar day (2026-04-01)",
                                               "an instant in UTC (2026-04-01T09:30:00Z)", "a URI"};
    const char *text = json_string_value(value);
    size_t size = json_string_length(value);
    int64_t length = character_count(text, size);
    if (length < schema->size_min)
        return fault(check, "too-short", "at least %" PRId64 " characters are needed",
                     schema->size_min);
    if (length > schema->size_max)
        return fault(check, "too-long", "at most %" PRId64 " characters are allowed",
                     schema->size_max);
    if (!format_matches(schema->format, text))
        return fault(check, "format", "this is not %s", FORMAT_NAMES[schema->format]);
    if (schema->pattern && !pattern_matches(schema->pattern, text, size))
        return fault(check, "pattern", "the text does not match %.120s", schema->pattern_text);
    return true;
}

/* --- numbers, arrays, objects
 * ----------------------------------------------------------------------- */

static bool check_integer(const struct schema *schema, const json_t *value, struct check *check)
{
    int64_t number = json_integer_value(value);
    if (number < schema->minimum)
        return fault(check, "too-small", "at least %" PRId64 " is needed", schema->minimum);
    if (number > schema->maximum)
        return fault(check, "too-large", "at most %" PRId64 " is allowed", schema->maximum);
    return true;
}

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool items_are_unique(const json_t *array)
{
    size_t count = json_array_size(array);
    char **texts = need(calloc(count + 1, sizeof *texts));
    for (size_t i = 0; i < count; i++) {
        texts[i] = json_dumps(json_array_get(array, i), JSON_ENCODE_ANY | JSON_SORT_KEYS);
        if (!texts[i])
            abort();
    }
    qsort(texts, count, sizeof *texts, compare_texts);
    bool unique = true;
    for (size_t i = 1; i < count; i++)
        unique = unique && strcmp(texts[i - 1], texts[i]) != 0;
    for (size_t i = 0; i < count; i++)
        free(texts[i]);
    free(texts);
    return unique;
}

static bool check_array(const struct schema *schema, const json_t *value, struct check *check)
{
    int64_t count = (int64_t)json_array_size(value);
    if (count < schema->size_min)
        return fault(check, "too-few", "at least %" PRId64 " items are needed", schema->size_min);
    if (count > schema->size_max)
        return fault(check, "too-many", "at most %" PRId64 " items are allowed", schema->size_max);
    bool ok = true;
    for (size_t i = 0; schema->items && i < (size_t)count; i++) {
        char step[24];
        snprintf(step, sizeof step, "%zu", i);
        size_t before = enter(check, step);
        ok &= check_value(schema->items, json_array_get(value, i), check);
        leave(check, before);
    }
    if (ok && schema->is_unique && !items_are_unique(value))
        return fault(check, "not-unique", "an item stands twice");
    return ok;
}

static bool allows_null(const struct schema *schema)
{
    if (schema->types)
        return schema->types & TYPE_NULL;
    for (size_t i = 0; i < schema->all_of.count; i++)
        if (allows_null(schema->all_of.items[i]))
            return true;
    for (size_t i = 0; i < schema->any_of.count; i++)
        if (allows_null(schema->any_of.items[i]))
            return true;
    for (size_t i = 0; i < schema->one_of.count; i++)
        if (allows_null(schema->one_of.items[i]))
            return true;
    return false;
}

/* A null that the schema does not allow is an absent member. */
static bool is_absent(const struct schema_property *property, const json_t *value)
{
    return !value || (json_is_null(value) && property->schema && !allows_null(property->schema));
}

static bool check_required(const struct schema *schema, const json_t *object, struct check *check)
{
    bool ok = true;
    for (size_t i = 0; i < schema->property_count; i++) {
        const struct schema_property *property = &schema->properties[i];
        if (!property->is_required || !is_absent(property, json_object_get(object, property->name)))
            continue;
        size_t before = enter(check, property->name);
        ok = fault(check, "required", "this member is needed");
        leave(check, before);
    }
    return ok;
}

static const struct schema_property *find_property(const struct schema *schema, const char *name)
{
    for (size_t i = 0; i < schema->property_count; i++)
        if (schema->properties[i].schema && strcmp(schema->properties[i].name, name) == 0)
            return &schema->properties[i];
    return NULL;
}

static bool check_member(const struct schema *schema, const char *name, const json_t *value,
                         struct check *check)
{
    const struct schema_property *property = find_property(schema, name);
    if (property)
        return is_absent(property, value) || check_value(property->schema, value, check);
    if (schema->is_closed)
        return fault(check, "unknown-member", "there is no such member here");
    bool ok = true;
    if (schema->property_names) {
        json_auto_t *text = json_string(name);
        ok = check_value(schema->property_names, text, check);
    }
    return (!schema->additional || check_value(schema->additional, value, check)) && ok;
}

static bool check_object(const struct schema *schema, const json_t *value, struct check *check)
{
    bool ok = check_required(schema, value, check);
    int64_t count = (int64_t)json_object_size(value);
    if (count < schema->size_min)
        ok = fault(check, "too-few", "at least %" PRId64 " members are needed", schema->size_min);
    if (count > schema->size_max)
        return fault(check, "too-many", "at most %" PRId64 " members are allowed",
                     schema->size_max);
    const char *name;
    json_t *member;
    json_object_foreach((json_t *)value, name, member)
    {
        size_t before = enter(check, name);
        ok &= check_member(schema, name, member, check);
        leave(check, before);
    }
    return ok;
}

/* --- alternatives --------------------------------------------------------------------------------
 */

/* Without a branch that fits: the faults of the one that came closest. */
static bool check_branches(const struct schema_list *list, bool only_one, const json_t *value,
                           struct check *check)
{
    struct problem closest = {.code = PROBLEM_NONE, .fault_count = SIZE_MAX};
    size_t matches = 0;
    for (size_t i = 0; i < list->count; i++) {
        struct problem found = {.code = PROBLEM_NONE};
        struct check trial = *check;
        trial.err = &found;
        if (check_value(list->items[i], value, &trial))
            matches++;
        else if (found.fault_count < closest.fault_count)
            closest = found;
    }
    if (matches == 1 || (matches > 1 && !only_one))
        return true;
    if (matches > 1)
        return fault(check, "ambiguous", "this matches more than one of its alternatives");
    for (size_t i = 0; i < closest.fault_count && i < FAULTS_LISTED_MAX; i++)
        (void)problem_add(check->err, check->code, closest.faults[i].code,
                          closest.faults[i].pointer, "%s", closest.faults[i].detail);
    return false;
}

static unsigned type_of(const json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        return TYPE_OBJECT;
    case JSON_ARRAY:
        return TYPE_ARRAY;
    case JSON_STRING:
        return TYPE_STRING;
    case JSON_INTEGER:
        return TYPE_INTEGER;
    case JSON_TRUE:
    case JSON_FALSE:
        return TYPE_BOOLEAN;
    case JSON_NULL:
        return TYPE_NULL;
    case JSON_REAL:
        break;
    }
    return 0;
}

static const char *type_name(unsigned types)
{
    static const struct {
        unsigned bit;
        const char *name;
    } NAMES[] = {{TYPE_OBJECT, "an object"},      {TYPE_ARRAY, "an array"},
                 {TYPE_STRING, "a text"},         {TYPE_INTEGER, "a whole number"},
                 {TYPE_BOOLEAN, "true or false"}, {TYPE_NULL, "null"}};
    for (size_t i = 0; i < ARRAY_LENGTH(NAMES); i++)
        if (types & NAMES[i].bit)
            return NAMES[i].name;
    return "another type";
}

static bool is_one_of(const json_t *values, const json_t *value)
{
    for (size_t i = 0; i < json_array_size(values); i++)
        if (json_equal(json_array_get(values, i), value))
            return true;
    return false;
}

static bool check_enum(const struct schema *schema, const json_t *value, struct check *check)
{
    if (!schema->one_of_values || is_one_of(schema->one_of_values, value))
        return true;
    char *text = json_dumps(schema->one_of_values, JSON_COMPACT);
    (void)fault(check, "enum", "this must be one of %.160s", text ? text : "the listed values");
    free(text);
    return false;
}

static bool check_by_type(const struct schema *schema, const json_t *value, struct check *check)
{
    switch (type_of(value)) {
    case TYPE_OBJECT:
        return check_object(schema, value, check);
    case TYPE_ARRAY:
        return check_array(schema, value, check);
    case TYPE_STRING:
        return check_text(schema, value, check);
    case TYPE_INTEGER:
        return check_integer(schema, value, check);
    default:
        return true;
    }
}

static bool check_value(const struct schema *schema, const json_t *value, struct check *check)
{
    if (schema->types && !(schema->types & type_of(value)))
        return fault(check, "type", "%s is needed", type_name(schema->types));
    if (!check_enum(schema, value, check))
        return false;
    bool ok = check_by_type(schema, value, check);
    for (size_t i = 0; i < schema->all_of.count; i++)
        ok &= check_value(schema->all_of.items[i], value, check);
    if (schema->any_of.count)
        ok &= check_branches(&schema->any_of, false, value, check);
    if (schema->one_of.count)
        ok &= check_branches(&schema->one_of, true, value, check);
    return ok;
}

bool schema_check(const struct schema *schema, const json_t *value, const char *pointer,
                  enum problem_code code, struct problem *err)
{
    struct check check = {.code = code, .err = err};
    check.length = (size_t)snprintf(check.pointer, sizeof check.pointer, "%s", pointer);
    if (check.length >= sizeof check.pointer)
        check.length = sizeof check.pointer - 1;
    return check_value(schema, value, &check);
}

/* --- parameters
 * ------------------------------------------------------------------------------------ */

static unsigned types_of(const struct schema *schema)
{
    if (schema->types)
        return schema->types;
    for (size_t i = 0; i < schema->all_of.count; i++)
        if (types_of(schema->all_of.items[i]))
            return types_of(schema->all_of.items[i]);
    return 0;
}

/* Digits without a sign for plus, without leading zeros, within 2^53 - 1. */
static bool read_integer(const char *text, int64_t *ret_number)
{
    const char *digits = text + (*text == '-');
    size_t length = strspn(digits, "0123456789");
    if (length == 0 || length > 16 || digits[length] ||
        (digits[0] == '0' && (length > 1 || digits != text)))
        return false;
    int64_t number = strtoll(text, NULL, 10);
    if (number > INT64_C(9007199254740991) || number < -INT64_C(9007199254740991))
        return false;
    *ret_number = number;
    return true;
}

json_t *schema_read_text(const struct schema *schema, const char *text, const char *pointer,
                         enum problem_code code, struct problem *err)
{
    unsigned types = types_of(schema);
    int64_t number;
    json_t *value = NULL;
    if (!types || types & TYPE_STRING)
        value = json_string(text);
    else if (types & TYPE_INTEGER && read_integer(text, &number))
        value = json_integer(number);
    else if (types & TYPE_BOOLEAN && (strcmp(text, "true") == 0 || strcmp(text, "false") == 0))
        value = json_boolean(text[0] == 't');
    if (!value)
        (void)problem_add(err, code, "type", pointer, "%s is needed", type_name(types));
    return value;
}
