#include "common/schema.h"

#include <stdio.h>
#include <string.h>

#include "common/memory.h"
#include "common/schema_node.h"

struct named_schema {
    const char *ref;
    struct schema *schema;
};

struct schema_set {
    const json_t *document;
    struct schema **nodes;
    size_t node_count;
    struct named_schema *named; /* by $ref, so that a schema may contain itself */
    size_t named_count;
};

struct schema_set *schema_set_new(const json_t *document)
{
    struct schema_set *set = need(calloc(1, sizeof *set));
    set->document = document;
    return set;
}

static void schema_free(struct schema *schema)
{
    free(schema->properties);
    free(schema->one_of.items);
    free(schema->any_of.items);
    free(schema->all_of.items);
    json_decref(schema->const_value);
    pattern_free(schema->pattern);
    free(schema);
}

void schema_set_free(struct schema_set *set)
{
    if (!set)
        return;
    for (size_t i = 0; i < set->node_count; i++)
        schema_free(set->nodes[i]);
    free(set->nodes);
    free(set->named);
    free(set);
}

static struct schema *node_new(struct schema_set *set)
{
    struct schema *schema = need(calloc(1, sizeof *schema));
    schema->size_max = INT64_MAX;
    schema->minimum = INT64_MIN;
    schema->maximum = INT64_MAX;
    set->nodes = need(realloc(set->nodes, (set->node_count + 1) * sizeof *set->nodes));
    set->nodes[set->node_count++] = schema;
    return schema;
}

/* --- keywords --------------------------------------------------------------------------------- */

/* What a keyword's reader needs to know. */
struct reading {
    struct schema_set *set;
    struct schema *schema;
    const json_t *node;
    const char *where;
};

typedef bool keyword_function(const struct reading *reading, const char *name, const json_t *value,
                              struct problem *err);

static bool bad_value(const struct reading *reading, const char *name, struct problem *err)
{
    return problem_set(err, PROBLEM_INTERNAL, "%s: %s has a value that it can't have",
                       reading->where, name);
}

static bool read_annotation(const struct reading *reading, const char *name, const json_t *value,
                            struct problem *err)
{
    (void)reading, (void)name, (void)value, (void)err;
    return true;
}

static bool read_default(const struct reading *reading, const char *name, const json_t *value,
                         struct problem *err)
{
    (void)name, (void)err;
    reading->schema->otherwise = value;
    return true;
}

static unsigned type_bit(const json_t *name)
{
    static const struct {
        const char *name;
        unsigned bit;
    } TYPES[] = {{"object", TYPE_OBJECT},   {"array", TYPE_ARRAY},     {"string", TYPE_STRING},
                 {"integer", TYPE_INTEGER}, {"boolean", TYPE_BOOLEAN}, {"null", TYPE_NULL}};
    for (size_t i = 0; json_is_string(name) && i < ARRAY_LENGTH(TYPES); i++)
        if (strcmp(TYPES[i].name, json_string_value(name)) == 0)
            return TYPES[i].bit;
    return 0;
}

static bool read_type(const struct reading *reading, const char *name, const json_t *value,
                      struct problem *err)
{
    if (json_is_string(value)) {
        reading->schema->types = type_bit(value);
        return reading->schema->types != 0 || bad_value(reading, name, err);
    }
    for (size_t i = 0; i < json_array_size(value); i++) {
        unsigned bit = type_bit(json_array_get(value, i));
        if (!bit)
            return bad_value(reading, name, err);
        reading->schema->types |= bit;
    }
    return json_array_size(value) > 0 || bad_value(reading, name, err);
}

static struct schema_property *property_of(struct schema *schema, const char *name)
{
    for (size_t i = 0; i < schema->property_count; i++)
        if (strcmp(schema->properties[i].name, name) == 0)
            return &schema->properties[i];
    schema->properties = need(
        realloc(schema->properties, (schema->property_count + 1) * sizeof *schema->properties));
    struct schema_property *property = &schema->properties[schema->property_count++];
    *property = (struct schema_property){.name = name};
    return property;
}

static bool read_properties(const struct reading *reading, const char *name, const json_t *value,
                            struct problem *err)
{
    if (!json_is_object(value))
        return bad_value(reading, name, err);
    const char *member;
    json_t *node;
    json_object_foreach((json_t *)value, member, node)
    {
        char where[256];
        snprintf(where, sizeof where, "%s/%s", reading->where, member);
        const struct schema *schema;
        if (!schema_compile(reading->set, node, where, &schema, err))
            return false;
        property_of(reading->schema, member)->schema = schema;
    }
    return true;
}

static bool read_required(const struct reading *reading, const char *name, const json_t *value,
                          struct problem *err)
{
    for (size_t i = 0; i < json_array_size(value); i++) {
        const char *member = json_string_value(json_array_get(value, i));
        if (!member)
            return bad_value(reading, name, err);
        property_of(reading->schema, member)->is_required = true;
    }
    return json_is_array(value) || bad_value(reading, name, err);
}

static bool read_additional(const struct reading *reading, const char *name, const json_t *value,
                            struct problem *err)
{
    (void)name;
    if (json_is_boolean(value)) {
        reading->schema->is_closed = json_is_false(value);
        return true;
    }
    return schema_compile(reading->set, value, reading->where, &reading->schema->additional, err);
}

static bool read_property_names(const struct reading *reading, const char *name,
                                const json_t *value, struct problem *err)
{
    (void)name;
    return schema_compile(reading->set, value, reading->where, &reading->schema->property_names,
                          err);
}

static bool read_items(const struct reading *reading, const char *name, const json_t *value,
                       struct problem *err)
{
    (void)name;
    return schema_compile(reading->set, value, reading->where, &reading->schema->items, err);
}

static bool read_unique(const struct reading *reading, const char *name, const json_t *value,
                        struct problem *err)
{
    reading->schema->is_unique = json_is_true(value);
    return json_is_boolean(value) || bad_value(reading, name, err);
}

static bool read_number(const struct reading *reading, const char *name, const json_t *value,
                        struct problem *err)
{
    if (!json_is_integer(value))
        return bad_value(reading, name, err);
    int64_t number = json_integer_value(value);
    struct schema *schema = reading->schema;
    if (strcmp(name, "minimum") == 0)
        schema->minimum = number;
    else if (strcmp(name, "maximum") == 0)
        schema->maximum = number;
    else if (strcmp(name, "exclusiveMinimum") == 0)
        schema->minimum = number + 1;
    else if (strcmp(name, "exclusiveMaximum") == 0)
        schema->maximum = number - 1;
    else if (strncmp(name, "min", 3) == 0)
        schema->size_min = number;
    else
        schema->size_max = number;
    return true;
}

static bool read_enum(const struct reading *reading, const char *name, const json_t *value,
                      struct problem *err)
{
    reading->schema->one_of_values = value;
    return json_array_size(value) > 0 || bad_value(reading, name, err);
}

static bool read_const(const struct reading *reading, const char *name, const json_t *value,
                       struct problem *err)
{
    (void)name, (void)err;
    reading->schema->const_value = need(json_pack("[O]", value));
    reading->schema->one_of_values = reading->schema->const_value;
    return true;
}

static bool read_pattern(const struct reading *reading, const char *name, const json_t *value,
                         struct problem *err)
{
    const char *text = json_string_value(value);
    reading->schema->pattern = text ? pattern_new(text) : NULL;
    reading->schema->pattern_text = text;
    return reading->schema->pattern != NULL || bad_value(reading, name, err);
}

static bool read_format(const struct reading *reading, const char *name, const json_t *value,
                        struct problem *err)
{
    static const struct {
        const char *name;
        enum schema_format format;
    } FORMATS[] = {{"uuid", FORMAT_UUID},           {"date", FORMAT_DATE},
                   {"date-time", FORMAT_DATE_TIME}, {"uri", FORMAT_URI},
                   {"int32", FORMAT_NONE},          {"int64", FORMAT_NONE},
                   {"uri-reference", FORMAT_NONE}};
    for (size_t i = 0; json_is_string(value) && i < ARRAY_LENGTH(FORMATS); i++) {
        if (strcmp(FORMATS[i].name, json_string_value(value)) == 0) {
            reading->schema->format = FORMATS[i].format;
            return true;
        }
    }
    return bad_value(reading, name, err);
}

static void list_push(struct schema_list *list, const struct schema *schema)
{
    list->items = need(realloc(list->items, (list->count + 1) * sizeof(struct schema *)));
    list->items[list->count++] = schema;
}

static bool read_branches(const struct reading *reading, const char *name, const json_t *value,
                          struct problem *err)
{
    struct schema_list *list = strcmp(name, "oneOf") == 0   ? &reading->schema->one_of
                               : strcmp(name, "anyOf") == 0 ? &reading->schema->any_of
                                                            : &reading->schema->all_of;
    for (size_t i = 0; i < json_array_size(value); i++) {
        const struct schema *branch;
        if (!schema_compile(reading->set, json_array_get(value, i), reading->where, &branch, err))
            return false;
        list_push(list, branch);
    }
    return json_array_size(value) > 0 || bad_value(reading, name, err);
}

static keyword_function read_ref;

static const struct {
    const char *name;
    keyword_function *read;
} KEYWORDS[] = {
    {"$ref", read_ref},
    {"type", read_type},
    {"properties", read_properties},
    {"required", read_required},
    {"additionalProperties", read_additional},
    {"propertyNames", read_property_names},
    {"items", read_items},
    {"uniqueItems", read_unique},
    {"minItems", read_number},
    {"maxItems", read_number},
    {"minLength", read_number},
    {"maxLength", read_number},
    {"minProperties", read_number},
    {"maxProperties", read_number},
    {"minimum", read_number},
    {"maximum", read_number},
    {"exclusiveMinimum", read_number},
    {"exclusiveMaximum", read_number},
    {"enum", read_enum},
    {"const", read_const},
    {"pattern", read_pattern},
    {"format", read_format},
    {"oneOf", read_branches},
    {"anyOf", read_branches},
    {"allOf", read_branches},
    {"default", read_default},
    {"description", read_annotation},
    {"title", read_annotation},
    {"examples", read_annotation},
    {"deprecated", read_annotation},
    {"readOnly", read_annotation},
};

static bool is_annotation(const char *keyword)
{
    for (size_t i = 0; i < ARRAY_LENGTH(KEYWORDS); i++)
        if (strcmp(KEYWORDS[i].name, keyword) == 0)
            return KEYWORDS[i].read == read_annotation;
    return false;
}

static bool read_keyword(const struct reading *reading, const char *name, const json_t *value,
                         struct problem *err)
{
    for (size_t i = 0; i < ARRAY_LENGTH(KEYWORDS); i++)
        if (strcmp(KEYWORDS[i].name, name) == 0)
            return KEYWORDS[i].read(reading, name, value, err);
    return problem_set(err, PROBLEM_INTERNAL, "%s: keyword %s is not in our subset of JSON Schema",
                       reading->where, name);
}

static bool compile_into(struct schema_set *set, struct schema *schema, const json_t *node,
                         const char *where, struct problem *err)
{
    if (!json_is_object(node))
        return problem_set(err, PROBLEM_INTERNAL, "%s: a schema is an object", where);
    const struct reading reading = {set, schema, node, where};
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)node, name, value)
    {
        if (!read_keyword(&reading, name, value, err))
            return false;
    }
    return true;
}

/* --- references
 * ----------------------------------------------------------------------------------- */

static const json_t *node_at(const json_t *document, const char *ref)
{
    if (strncmp(ref, "#/", 2) != 0)
        return NULL;
    const json_t *node = document;
    const char *step = ref + 2;
    while (node && *step) {
        size_t length = strcspn(step, "/");
        char name[160];
        if (length >= sizeof name)
            return NULL;
        memcpy(name, step, length);
        name[length] = '\0';
        node = json_object_get(node, name);
        step += length + (step[length] == '/');
    }
    return node;
}

static bool schema_named(struct schema_set *set, const char *ref, const char *where,
                         const struct schema **ret_schema, struct problem *err)
{
    for (size_t i = 0; i < set->named_count; i++) {
        if (strcmp(set->named[i].ref, ref) == 0) {
            *ret_schema = set->named[i].schema;
            return true;
        }
    }
    const json_t *node = node_at(set->document, ref);
    if (!node)
        return problem_set(err, PROBLEM_INTERNAL, "%s: %s leads nowhere", where, ref);
    struct schema *schema = node_new(set);
    set->named = need(realloc(set->named, (set->named_count + 1) * sizeof *set->named));
    set->named[set->named_count++] = (struct named_schema){.ref = ref, .schema = schema};
    *ret_schema = schema;
    return compile_into(set, schema, node, ref, err);
}

static bool read_ref(const struct reading *reading, const char *name, const json_t *value,
                     struct problem *err)
{
    const struct schema *schema;
    if (!json_is_string(value))
        return bad_value(reading, name, err);
    if (!schema_named(reading->set, json_string_value(value), reading->where, &schema, err))
        return false;
    list_push(&reading->schema->all_of, schema);
    return true;
}

/* A $ref with nothing but words beside it is what it points to. */
static bool is_plain_ref(const json_t *node)
{
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)node, name, value)
    {
        if (strcmp(name, "$ref") != 0 && !is_annotation(name))
            return false;
    }
    return json_is_string(json_object_get(node, "$ref"));
}

bool schema_compile(struct schema_set *set, const json_t *node, const char *where,
                    const struct schema **ret_schema, struct problem *err)
{
    if (is_plain_ref(node))
        return schema_named(set, json_string_value(json_object_get(node, "$ref")), where,
                            ret_schema, err);
    struct schema *schema = node_new(set);
    *ret_schema = schema;
    return compile_into(set, schema, node, where, err);
}

const json_t *schema_default(const struct schema *schema)
{
    if (schema->otherwise)
        return schema->otherwise;
    for (size_t i = 0; i < schema->all_of.count; i++)
        if (schema_default(schema->all_of.items[i]))
            return schema_default(schema->all_of.items[i]);
    return NULL;
}
