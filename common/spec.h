/* The api-spec as the dispatcher uses it: operations with their paths, rights, parameters and
 * compiled schemas, read once at start from the bundled document (tools/embed.py). Whatever is not
 * understood stops the start. Read-only afterwards: any thread. */
#ifndef ACCORD_COMMON_SPEC_H
#define ACCORD_COMMON_SPEC_H

#include <jansson.h>

#include "common/access.h"
#include "common/schema.h"

enum {
    SEGMENTS_MAX = 12,
    PATH_PARAMETERS_MAX = 6,
    SEGMENT_SIZE = 256,
    OPERATION_PARAMETERS_MAX = 24,
    MEDIA_MAX = 4,
};

enum method { METHOD_GET, METHOD_PUT, METHOD_POST, METHOD_PATCH, METHOD_DELETE, METHOD_COUNT };
const char *method_name(enum method method);
/* METHOD_COUNT when there is no such method; HEAD is GET. */
enum method method_of(const char *name);

struct spec_parameter {
    const char *name;
    bool is_in_path; /* else in the query */
    bool is_required;
    const struct schema *schema;
    char *default_text; /* owned; NULL = none */
};

struct spec_media {
    const char *type;            /* "application/json" */
    const struct schema *schema; /* bodies only */
};

/* Scopes that are needed together. */
struct spec_rights {
    const char *scopes[8];
    size_t count;
};

struct route; /* common/http.h */

struct operation {
    const char *id;
    enum method method;
    const char *path;
    size_t index; /* among the spec's operations */
    bool is_public;
    struct spec_rights rights[4]; /* any of them suffices */
    size_t rights_count;
    bool has_alliance;
    role_set roles;
    alliance_set states; /* of the alliance, in which it may change anything; 0 for reading */
    struct spec_parameter parameters[OPERATION_PARAMETERS_MAX];
    size_t parameter_count;
    struct spec_media bodies[MEDIA_MAX];
    size_t body_count;
    bool is_body_required;
    struct spec_media answers[MEDIA_MAX]; /* of its success */
    size_t answer_count;
    bool takes_key, needs_key;     /* Idempotency-Key */
    bool takes_match, needs_match; /* If-Match */
    bool is_list;
    bool is_import; /* IMPORT_BYTES_MAX instead of BODY_BYTES_MAX */
    bool has_prepare;
    bool is_without_database;  /* answers while the database is away: no transaction, no clock */
    const char *csv_rows;      /* member that text/csv shows; NULL = no CSV */
    const json_t *csv_columns; /* array of member paths */
    const char *deprecated_at; /* header values; NULL = not */
    const char *sunset_at;
    const struct route *route; /* bound by spec_bind() */
};

struct spec;

/* `text` is the bundled document. */
bool spec_new(const char *text, struct spec **ret_spec, struct problem *err) MUST_CHECK;
void spec_free(struct spec *spec);
static inline void cleanup_spec(struct spec **spec)
{
    spec_free(*spec);
}
#define spec_auto_t CLEANUP(cleanup_spec) struct spec

/* Gives every operation its route; fails when one is missing on either side, or when x-prepare and
 * the prepare function do not agree. */
bool spec_bind(struct spec *spec, const struct route *routes, size_t count,
               struct problem *err) MUST_CHECK;

size_t spec_operation_count(const struct spec *spec);
const struct operation *spec_operation(const struct spec *spec, size_t index);
/* By operationId; NULL when there is none. */
const struct operation *spec_find(const struct spec *spec, const char *operation_id);

/* A request's path, taken apart: decoded segments. */
struct spec_path {
    char segments[SEGMENTS_MAX][SEGMENT_SIZE];
    size_t count;
};
/* Strict: absolute, no empty segment, no bad or reserved escape (%2F, %00), valid UTF-8. False =
 * no path of ours. `size` is up to the '?'. */
bool spec_path_read(const char *target, size_t size, struct spec_path *ret_path) MUST_CHECK;

struct spec_match {
    const struct operation *operation; /* NULL: no such path (allow = 0), or no such method */
    unsigned allow;                    /* methods of the path: 1 << enum method */
    /* values of the path's parameters, pointing into the spec_path */
    const char *names[PATH_PARAMETERS_MAX];
    const char *values[PATH_PARAMETERS_MAX];
    size_t value_count;
};
void spec_route(const struct spec *spec, enum method method, const struct spec_path *path,
                struct spec_match *ret_match);

#endif
