/* JSON as Accord takes and makes it: strict in, canonical out, no reals anywhere.
 * A json_t tree belongs to one thread. `json_auto_t` is jansson's. */
#ifndef ACCORD_COMMON_JSON_H
#define ACCORD_COMMON_JSON_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/problem.h"

/* Parses one JSON value: UTF-8, no duplicate members, depth <= JSON_DEPTH_MAX, integers within
 * +-(2^53-1), no reals, no NUL. Fails with PROBLEM_BODY_MALFORMED and where it went wrong. */
bool json_parse(const char *text, size_t size, json_t **ret_value, struct problem *err) MUST_CHECK;

/* RFC 8785 text (members sorted by UTF-16 code units). The caller frees it. Fails only on reals
 * and on what is not UTF-8 (PROBLEM_INTERNAL): both are bugs by then. */
bool json_canonical(const json_t *value, char **ret_text, size_t *ret_size,
                    struct problem *err) MUST_CHECK;

/* Reading what a schema has already checked: a missing or null member is the default. */
const char *json_text(const json_t *object, const char *name); /* NULL when absent */
int64_t json_integer_or(const json_t *object, const char *name, int64_t otherwise);
bool json_flag(const json_t *object, const char *name);            /* false when absent */
const json_t *json_member(const json_t *object, const char *name); /* NULL when absent or null */
/* Copies text into a fixed field; absent is "". The schema's maxLength fits the field: longer is
 * a bug and asserts. */
void json_copy_text(const json_t *object, const char *name, char *ret_text, size_t size);
/* An `...At` or `...On` member; absent is INSTANT_NONE / DAY_NONE. */
int64_t json_instant(const json_t *object, const char *name);
int32_t json_day(const json_t *object, const char *name);
/* {"amount": 123, "currency": "GBP"} -> 123 */
int64_t json_money(const json_t *object, const char *name);

/* Building: all abort on out-of-memory; NULL, "" and *_NONE leave the member out. */
void json_put_text(json_t *object, const char *name, const char *text);
void json_put_integer(json_t *object, const char *name, int64_t value);
void json_put_flag(json_t *object, const char *name, bool value);
void json_put_instant(json_t *object, const char *name, int64_t ms);
void json_put_day(json_t *object, const char *name, int32_t day);
void json_put_money(json_t *object, const char *name, int64_t pence);
/* Both take `value`; a NULL member is left out. */
void json_put_new(json_t *object, const char *name, json_t *value);
void json_push_new(json_t *array, json_t *value);

#endif
