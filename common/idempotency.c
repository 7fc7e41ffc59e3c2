#include "common/idempotency.h"

#include <stdio.h>
#include <string.h>

#include "common/ids.h"
#include "common/json.h"
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

static bool digest_body(struct request *request, struct problem *err)
{
    struct request_private *private = request->private;
    if (private->body)
        return digest_of_json(private->body, private->body_digest, err);
    digest_of_bytes(request->text_body ? request->text_body : "", request->text_body_size,
                    private->body_digest);
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

static char *copy(const char *text)
{
    char *copied = strdup(text ? text : "");
    if (!copied)
        abort();
    return copied;
}

static void read_answer(const struct db_rows *rows, int row, struct stored_answer *answer)
{
    answer->status = (int)row_int(rows, row, "status");
    row_copy(rows, row, "method", answer->method, sizeof answer->method);
    answer->path = copy(row_text(rows, row, "path"));
    row_copy(rows, row, "body_digest", answer->body_digest, sizeof answer->body_digest);
    if (!row_is_null(rows, row, "location"))
        row_copy(rows, row, "location", answer->location, sizeof answer->location);
    answer->version = row_int(rows, row, "version");
    row_copy(rows, row, "content_type", answer->content_type, sizeof answer->content_type);
    answer->text = copy(row_text(rows, row, "answer"));
}

bool idempotency_find(struct db_tx *tx, struct request *const requests[], size_t count,
                      struct stored_answer ret_answers[], struct problem *err)
{
    json_auto_t *keys = json_array();
    memset(ret_answers, 0, count * sizeof *ret_answers);
    for (size_t i = 0; i < count; i++) {
        const struct request_private *private = requests[i]->private;
        if (!private->key[0])
            continue;
        json_t *one = json_object();
        json_put_integer(one, "number", (int64_t)i);
        json_put_text(one, "caller", private->caller_digest);
        json_put_text(one, "key", private->key);
        json_push_new(keys, one);
    }
    if (json_array_size(keys) == 0)
        return true;
    char_auto_t *text = json_dumps(keys, JSON_COMPACT);
    db_rows_auto_t rows = {0};
    if (!text)
        abort();
    if (!db_select(tx, &QUERY_ANSWER_LIST, &rows, err, db_text(text)))
        return false;
    for (int i = 0; i < rows.count; i++) {
        int64_t number = row_int(&rows, i, "number");
        if (number >= 0 && number < (int64_t)count)
            read_answer(&rows, i, &ret_answers[number]);
    }
    return true;
}

bool idempotency_replay(const struct request *request, const struct stored_answer *answer,
                        struct reply *reply, struct problem *err)
{
    const struct request_private *private = request->private;
    if (strcmp(answer->method, method_name(request->operation->method)) != 0 ||
        strcmp(answer->path, private->message->target) != 0 ||
        strcmp(answer->body_digest, private->body_digest) != 0)
        return problem_set(err, PROBLEM_IDEMPOTENCY_KEY_REUSED,
                           "this Idempotency-Key came with another method, path or body before");
    reply_clear(reply);
    reply->status = answer->status;
    reply->version = answer->version;
    reply->is_replayed = true;
    memcpy(reply->location, answer->location, sizeof reply->location);
    memcpy(reply->content_type, answer->content_type, sizeof reply->content_type);
    if (reply->content_type[0]) {
        reply->text = copy(answer->text);
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
