/* JSON Schema 2020-12, the subset that our specs use: compiled once at start, refusing every
 * keyword it does not know, then checking values and naming every fault with its JSON Pointer. A
 * null member counts as absent unless its schema allows null. A compiled set is read-only: any
 * thread. */
#ifndef ACCORD_COMMON_SCHEMA_H
#define ACCORD_COMMON_SCHEMA_H

#include <jansson.h>

#include "common/problem.h"

struct schema;
struct schema_set; /* owns the compiled schemas of one document */

/* `document` is what `$ref: #/...` points into; it outlives the set. */
struct schema_set *schema_set_new(const json_t *document);
void schema_set_free(struct schema_set *set);
static inline void cleanup_schema_set(struct schema_set **set)
{
    schema_set_free(*set);
}
#define schema_set_auto_t CLEANUP(cleanup_schema_set) struct schema_set

/* Compiles a schema of the document; `where` names it in the problem (PROBLEM_INTERNAL: for the
 * operator). The set owns the result. */
bool schema_compile(struct schema_set *set, const json_t *node, const char *where,
                    const struct schema **ret_schema, struct problem *err) MUST_CHECK;

/* Adds every fault to `err` under `code`; `pointer` is where the value stands ("" = the body,
 * "?limit" = a parameter). True when there is none. */
bool schema_check(const struct schema *schema, const json_t *value, const char *pointer,
                  enum problem_code code, struct problem *err) MUST_CHECK;

/* Reads a parameter's text as the schema's type: integer, boolean or string. NULL when the text is
 * not of that type (a fault was added). The caller owns the value. */
json_t *schema_read_text(const struct schema *schema, const char *text, const char *pointer,
                         enum problem_code code, struct problem *err) MUST_CHECK;

/* The schema's `default`, borrowed; NULL = none. */
const json_t *schema_default(const struct schema *schema);

#endif
