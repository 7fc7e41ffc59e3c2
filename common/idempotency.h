/* Answers that were given, by (issuer, subject, client) and Idempotency-Key: looked up and stored
 * in the act that does the work, so that a repeated request happens once and hears the same. */
#ifndef ACCORD_COMMON_IDEMPOTENCY_H
#define ACCORD_COMMON_IDEMPOTENCY_H

#include "common/http_private.h"

/* Reckons caller_digest, body_digest and key_id of a request with a key. */
bool idempotency_prepare(struct request *request, struct problem *err) MUST_CHECK;

/* A stored answer; `status` 0 = there is none. */
struct stored_answer {
    int status;
    char method[8];
    char *path;
    char body_digest[DIGEST_SIZE];
    char location[LOCATION_SIZE];
    int64_t version;
    char content_type[CODE_SIZE];
    char *text;
};
void stored_answer_done(struct stored_answer *answer);

/* Takes a try-lock on the key of each request, until the end of the transaction; ret_taken says
 * which ones another transaction (of another instance) is working on. REQUEST_RUNNING when that is
 * all of them. */
bool idempotency_lock(struct db_tx *tx, struct request *const requests[], size_t count,
                      bool ret_taken[], struct problem *err) MUST_CHECK;

/* Looks the keys of `count` requests up in one query (those without a key find nothing): sends it,
 * and reads what has come once another query of the transaction has been waited for. */
bool idempotency_ask(struct db_tx *tx, struct request *const requests[], size_t count,
                     struct db_rows *ret_rows, struct problem *err) MUST_CHECK;
void idempotency_read(const struct db_rows *rows, size_t count, struct stored_answer ret_answers[]);

/* Gives the stored answer again; IDEMPOTENCY_KEY_REUSED when it belongs to another request. */
bool idempotency_replay(const struct request *request, const struct stored_answer *answer,
                        struct reply *reply, struct problem *err) MUST_CHECK;

/* One more to be stored: a row for idempotency_store(). The reply has been rendered. */
json_t *idempotency_row(const struct request *request, const struct reply *reply,
                        const struct act *act);
/* Stores the rows (an array) with the act; what goes wrong shows at its commit. */
bool idempotency_store(struct act *act, const json_t *rows, struct problem *err) MUST_CHECK;

/* What is frozen: success, and the business' refusals 409 and 422. */
bool idempotency_is_frozen(int status, enum problem_code code);

#endif
