/* What travels on the bus, to and from JSON text. No I/O; within the bus only. */
#ifndef ACCORD_COMMON_BUS_ENVELOPE_H
#define ACCORD_COMMON_BUS_ENVELOPE_H

#include "common/bus.h"

/* A message is a token, a line feed, and JSON text: the token proves these very bytes, so that what
 * nobody vouches for isn't even parsed. Without a line feed there is no token. `ret_text` borrows.
 */
void bus_message_split(const void *bytes, size_t size, char ret_token[SERVICE_TOKEN_SIZE],
                       const char **ret_text, size_t *ret_size);

/* The text of a question; the caller frees it. */
bool bus_question_write(const struct bus_ask *ask, char **ret_text, size_t *ret_size,
                        struct problem *err) MUST_CHECK;
/* Reads one. `ret_envelope` owns what `ret_question` and `ret_name` borrow. `context` and `from`
 * are left alone. */
bool bus_question_read(const char *text, size_t size, json_t **ret_envelope,
                       struct bus_question *ret_question, const char **ret_name,
                       struct problem *err) MUST_CHECK;

/* The text of a reply: `answer` (borrowed), or the problem when it is NULL. */
bool bus_reply_write(json_t *answer, const struct problem *problem, char **ret_text,
                     size_t *ret_size, struct problem *err) MUST_CHECK;
bool bus_reply_read(const char *text, size_t size, json_t **ret_envelope,
                    struct problem *err) MUST_CHECK;
/* The answer (a new reference) of a reply whose token was checked, or its problem. */
bool bus_reply_take(const json_t *envelope, json_t **ret_answer, struct problem *err) MUST_CHECK;

#endif
