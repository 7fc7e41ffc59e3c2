/* The paths of a spec: spec.c fills them, spec_tree.c finds the way. Nobody else looks inside. */
#ifndef ACCORD_COMMON_SPEC_TREE_H
#define ACCORD_COMMON_SPEC_TREE_H

#include "common/spec.h"

struct spec_segment {
    const char *text; /* within the path's text, without braces */
    size_t size;
    bool is_parameter;
    const char *name; /* the parameter's, as operations declare it */
};

struct spec_tree_path {
    const char *text;
    struct spec_segment segments[SEGMENTS_MAX];
    size_t count;
    const struct operation *operations[METHOD_COUNT];
};

struct spec {
    json_t *document;
    struct schema_set *schemas;
    struct operation **operations;
    size_t operation_count;
    struct spec_tree_path *paths;
    size_t path_count;
};

/* Makes the operation reachable by its path. */
bool spec_tree_add(struct spec *spec, const struct operation *operation,
                   struct problem *err) MUST_CHECK;

#endif
