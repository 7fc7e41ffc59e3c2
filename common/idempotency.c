#include "common/idempotency.h"

#include <stdio.h>
#include <string.h>

#include "common/ids.h"
#include "common/json.h"
#include "common/memory.h"
#include "common/queries.h"

/* --- digests -------------------------------------------------------------------------------------
 */

static bool digest_of_json(const json_t *value, char ret_digest[DIGEST_SIZE], struct problem *err)
{
    char_auto_t *text = NULL;
    size_t size;
    if (!json_canonical(value, &text, &size, err))
        return false;
    digest_of_bytes(text, size, ret_digest);
    return true;
}

/* The body, as sent for this organisation: what a person has done for one is no answer to it when
 * it acts for another. */
static bool digest_body(struct request *request, struct problem *err)
{
    struct request_private *private = request->private;
    char digest[DIGEST_SIZE], text[ODS_SIZE + DIGEST_SIZE];
    if (private->body && !digest_of_json(private->body, digest, err))
        return false;
    if (!private->body)
        digest_of_bytes(request->text_body ? request->text_body : "", request->text_body_size,
                        digest);
    int size = snprintf(text, sizeof text, "%s/%s", request->caller.organisation, digest);
    digest_of_bytes(text, (size_t)size, private->body_digest);
    return true;
}

bool idempotency_prepare(struct request *request, struct problem *err)
{
    struct request_private *private = request->private;
    if (!private->key[0])
        return true;
    json_auto_t *caller = json_pack("[s,s,s]", request->caller.issuer, request->caller.subject,
                                    request->caller.client);
    json_auto_t *whole = json_pack("[s,s,s,s]", request->caller.issuer, request->caller.subject,
                                   request->caller.client, private->key);
    char_auto_t *text = NULL;
    size_t size;
    if (!caller || !whole)
        return problem_set(err, PROBLEM_INTERNAL, "the caller is not UTF-8");
    if (!digest_of_json(caller, private->caller_digest, err) ||
        !json_canonical(whole, &text, &size, err))
        return false;
    uuid_of_bytes(text, size, request->key_id);
    return digest_body(request, err);
}

/* --- looking up
 * ------------------------------------------------------------------------------------ */

void stored_answer_done(struct stored_answer *answer)
{
    free(answer->path);
    free(answer->text);
    *answer = (struct stored_answer){0};
}

static void read_answer(const struct db_rows *rows, int row, struct stored_answer *answer)
{
    answer->status = (int)row_int(rows, row, "status");
    row_copy(rows, row, "method", answer->method, sizeof answer->method);
    answer->path = text_copy(row_text(rows, row, "path"));
    row_copy(rows, row, "body_digest", answer->body_digest, sizeof answer->body_digest);
    if (!row_is_null(rows, row, "location"))
        row_copy(rows, row, "location", answer->location, sizeof answer->location);
    answer->version = row_int(rows, row, "version");
    row_copy(rows, row, "content_type", answer->content_type, sizeof answer->content_type);
    answer->text = text_copy(row_text(rows, row, "answer"));
}

static json_t *key_to_json(const struct request *request, size_t number)
{
    const struct request_private *private = request->private;
    json_t *one = json_object();
    json_put_integer(one, "number", (int64_t)number);
    json_put_text(one, "caller", private->caller_digest);
    json_put_text(one, "key", private->key);
    return one;
}

static bool ask_one(struct db_tx *tx, const struct request *request, struct db_rows *ret_rows,
                    struct problem *err)
{
    return db_send(tx, &QUERY_ANSWER_GET, ret_rows, err, db_text(request->private->caller_digest),
                   db_text(request->private->key));
}

bool idempotency_ask(struct db_tx *tx, struct request *const requests[], size_t count,
                     struct db_rows *ret_rows, struct problem *err)
{
    if (count == 1)
        return !requests[0]->private->key[0] || ask_one(tx, requests[0], ret_rows, err);
    json_auto_t *keys = json_array();
    for (size_t i = 0; i < count; i++)
        if (requests[i]->private->key[0])
            json_push_new(keys, key_to_json(requests[i], i));
    char_auto_t *text = json_dumps(keys, JSON_COMPACT);
    if (!text)
        abort();
    return json_array_size(keys) == 0 ||
           db_send(tx, &QUERY_ANSWER_LIST, ret_rows, err, db_text(text));
}

void idempotency_read(const struct db_rows *rows, size_t count, struct stored_answer ret_answers[])
{
    for (int i = 0; rows->result && i < rows->count; i++) {
        int64_t number = row_int(rows, i, "number");
        if (number >= 0 && number < (int64_t)count)
            read_answer(rows, i, &ret_answers[number]);
    }
}

/* --- keys in hand elsewhere --- */

/* 63 bits of what names alliance, caller and key. */
static int64_t lock_number(const struct request *request)
{
    const struct request_private *private = request->private;
    char text[UUID_SIZE + DIGEST_SIZE + IDEMPOTENCY_KEY_SIZE], digest[DIGEST_SIZE];
    int size = snprintf(text, sizeof text, "%s/%s/%s", request->alliance_id, private->caller_digest,
                        private->key);
    digest_of_bytes(text, (size_t)size, digest);
    digest[16] = '\0';
    return (int64_t)(strtoull(digest, NULL, 16) >> 1);
}

bool idempotency_lock(struct db_tx *tx, struct request *const requests[], size_t count,
                      bool ret_taken[], struct problem *err)
{
    json_auto_t *locks = json_array();
    memset(ret_taken, 0, count * sizeof *ret_taken);
    for (size_t i = 0; i < count; i++) {
        if (!requests[i]->private->key[0])
            continue;
        json_t *lock = json_object();
        json_put_integer(lock, "number", (int64_t)i);
        json_put_integer(lock, "lock", lock_number(requests[i]));
        json_push_new(locks, lock);
    }
    if (json_array_size(locks) == 0)
        return true;
    char_auto_t *text = json_dumps(locks, JSON_COMPACT);
    db_rows_auto_t rows = {0};
    if (!text)
        abort();
    if (!db_select(tx, &QUERY_KEY_TRY, &rows, err, db_text(text)))
        return false;
    for (int i = 0; i < rows.count; i++)
        ret_taken[row_int(&rows, i, "number")] = true;
    return (size_t)rows.count < count ||
           problem_set(err, PROBLEM_REQUEST_RUNNING,
                       "a request with this Idempotency-Key is still running");
}

/* --- giving again --- */

bool idempotency_replay(const struct request *request, const struct stored_answer *answer,
                        struct reply *reply, struct problem *err)
{
    const struct request_private *private = request->private;
    if (strcmp(answer->method, method_name(request->operation->method)) != 0 ||
        strcmp(answer->path, private->message->target) != 0 ||
        strcmp(answer->body_digest, private->body_digest) != 0)
        return problem_set(
            err, PROBLEM_IDEMPOTENCY_KEY_REUSED,
            "this Idempotency-Key came with another method, path, body or organisation "
            "before");
    reply_clear(reply);
    reply->status = answer->status;
    reply->version = answer->version;
    reply->is_replayed = true;
    memcpy(reply->location, answer->location, sizeof reply->location);
    memcpy(reply->content_type, answer->content_type, sizeof reply->content_type);
    if (reply->content_type[0]) {
        reply->text = text_copy(answer->text);
        reply->text_size = strlen(reply->text);
    }
    return true;
}

/* --- storing
 * --------------------------------------------------------------------------------------- */

bool idempotency_is_frozen(int status, enum problem_code code)
{
    if (code == PROBLEM_REQUEST_RUNNING || code == PROBLEM_IDEMPOTENCY_KEY_REUSED)
        return false;
    return (status >= 200 && status < 300) || status == 409 || status == 422;
}

json_t *idempotency_row(const struct request *request, const struct reply *reply,
                        const struct act *act)
{
    const struct request_private *private = request->private;
    json_t *row = json_object();
    json_put_text(row, "caller", private->caller_digest);
    json_put_text(row, "key", private->key);
    json_put_text(row, "method", method_name(request->operation->method));
    json_put_text(row, "path", private->message->target);
    json_put_text(row, "bodyDigest", private->body_digest);
    json_put_integer(row, "status", reply->status);
    json_put_text(row, "location", reply->location);
    json_put_integer(row, "version", reply->version);
    json_put_new(row, "contentType", json_string(reply->content_type));
    json_put_new(row, "answer", json_string(reply->text ? reply->text : ""));
    json_put_integer(row, "sequence", act->sequence);
    json_put_instant(row, "recordedAt", act->now_ms);
    return row;
}

bool idempotency_store(struct act *act, const json_t *rows, struct problem *err)
{
    if (json_array_size(rows) == 0)
        return true;
    char_auto_t *text = json_dumps(rows, JSON_COMPACT);
    if (!text)
        return problem_set(err, PROBLEM_INTERNAL, "an answer is not UTF-8");
    return db_send(act->tx, &QUERY_ANSWER_ADD, NULL, err, db_text(text));
}
