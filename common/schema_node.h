/* A compiled schema, as schema.c makes it and schema_check.c walks it; nobody else looks inside. */
#ifndef ACCORD_COMMON_SCHEMA_NODE_H
#define ACCORD_COMMON_SCHEMA_NODE_H

#include <stdint.h>

#include "common/pattern.h"
#include "common/schema.h"

enum schema_type {
    TYPE_OBJECT = 1,
    TYPE_ARRAY = 2,
    TYPE_STRING = 4,
    TYPE_INTEGER = 8,
    TYPE_BOOLEAN = 16,
    TYPE_NULL = 32,
};

enum schema_format { FORMAT_NONE, FORMAT_UUID, FORMAT_DATE, FORMAT_DATE_TIME, FORMAT_URI };

struct schema_property {
    const char *name;
    const struct schema *schema; /* NULL: required, but described elsewhere (allOf) */
    bool is_required;
};

struct schema_list {
    const struct schema **items;
    size_t count;
};

struct schema {
    unsigned types; /* enum schema_type; 0 = any */
    struct schema_property *properties;
    size_t property_count;
    bool is_closed;                  /* additionalProperties: false */
    const struct schema *additional; /* NULL = whatever */
    const struct schema *property_names;
    const struct schema *items;
    bool is_unique;
    int64_t size_min, size_max;  /* of properties, items or characters */
    int64_t minimum, maximum;    /* inclusive */
    const json_t *one_of_values; /* enum, or an array of the const; NULL = any */
    json_t *const_value;         /* owned: keeps one_of_values for a const */
    struct pattern *pattern;
    const char *pattern_text;
    enum schema_format format;
    struct schema_list one_of, any_of, all_of;
    const json_t *otherwise; /* default */
};

#endif
