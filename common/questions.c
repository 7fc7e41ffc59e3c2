#include "common/questions.h"

#include <string.h>

#include "common/chain.h"
#include "common/db.h"
#include "common/http.h"
#include "common/ids.h"
#include "common/instant.h"
#include "common/json.h"
#include "common/memory.h"
#include "common/queries.h"
#include "common/service_context.h"
#include "common/subject.h"
#include "common/trace.h"

enum { HEADS_PAGE = 1000 };

/* --- journal.heads ---------------------------------------------------------------------------- */

static json_t *heads_page(const struct db_rows *rows)
{
    int64_t latest_ms = INSTANT_NONE;
    json_t *answer = json_object(), *heads = json_array();
    for (int i = 0; i < rows->count; i++) {
        json_t *head = json_object();
        json_put_text(head, "allianceId", row_text(rows, i, "alliance_id"));
        json_put_integer(head, "sequence", row_int(rows, i, "sequence"));
        json_put_text(head, "hash", row_text(rows, i, "hash"));
        json_push_new(heads, head);
        int64_t recorded_ms = row_instant(rows, i, "recorded_at");
        latest_ms = recorded_ms > latest_ms ? recorded_ms : latest_ms;
    }
    json_put_new(answer, "heads", heads);
    json_put_instant(answer, "latest", latest_ms);
    if (rows->count == HEADS_PAGE)
        json_put_text(answer, "next", row_text(rows, rows->count - 1, "alliance_id"));
    return answer;
}

static bool journal_heads_answer(const struct bus_question *question, json_t **ret_answer,
                                 struct problem *err)
{
    db_tx_auto_t *tx = NULL;
    db_rows_auto_t rows = {0};
    const char *after = json_text(question->arguments, "after"),
               *since = json_text(question->arguments, "changedSince");
    int64_t since_ms = INSTANT_NONE;
    if ((after != NULL && !uuid_is_valid(after)) ||
        (since != NULL && !instant_parse(since, &since_ms)))
        return problem_set(err, PROBLEM_PARAMETER_INVALID, "journal.heads after what, since when?");
    if (!db_begin(question->context->db, NULL, true, &tx, err) ||
        !db_select(tx, &QUERY_JOURNAL_HEADS, &rows, err, db_instant(since_ms),
                   db_text_or_null(after), db_int(HEADS_PAGE)) ||
        !db_commit(tx, err))
        return false;
    *ret_answer = heads_page(&rows);
    return true;
}

/* --- journal.read ----------------------------------------------------------------------------- */

static json_t *event_write(const struct db_rows *rows, int row)
{
    json_t *event = json_object();
    json_put_integer(event, "sequence", row_int(rows, row, "sequence"));
    json_put_text(event, "class", row_text(rows, row, "class"));
    json_put_text(event, "digest", row_text(rows, row, "digest"));
    json_put_text(event, "hash", row_text(rows, row, "hash"));
    json_put_text(event, "salt", row_text(rows, row, "salt"));
    json_put_text(event, "body", row_text(rows, row, "body"));
    return event;
}

/* NULL when the reader's last event is ours, else why it is not. */
static const char *divergence(const char *service, const char *alliance_id, const char *hash,
                              int64_t sequence, const struct db_rows *head)
{
    char genesis[DIGEST_SIZE];
    struct hash first = chain_genesis(service, alliance_id);
    hash_format(&first, genesis);
    if (sequence == 0)
        return strcmp(hash, genesis) == 0 ? NULL : "another beginning";
    if (head->count == 0)
        return "there is no such journal";
    if (sequence > row_int(head, 0, "sequence"))
        return "the journal ends before that event";
    const char *own = row_text(head, 0, "hash_at");
    return own != NULL && strcmp(own, hash) == 0 ? NULL : "that event has another hash";
}

static json_t *page_write(const struct db_rows *head, const struct db_rows *rows)
{
    json_t *answer = json_object(), *events = json_array();
    for (int i = 0; i < rows->count; i++)
        json_push_new(events, event_write(rows, i));
    json_put_new(answer, "events", events);
    json_put_integer(answer, "head", head->count > 0 ? row_int(head, 0, "sequence") : 0);
    return answer;
}

static bool journal_read_answer(const struct bus_question *question, json_t **ret_answer,
                                struct problem *err)
{
    db_tx_auto_t *tx = NULL;
    db_rows_auto_t head = {0}, rows = {0};
    struct hash unused;
    int64_t sequence = json_integer_or(question->arguments, "sequence", -1);
    const char *hash = json_text(question->arguments, "hash");
    if (question->alliance_id[0] == '\0' || sequence < 0 || !hash_parse(hash, &unused))
        return problem_set(err, PROBLEM_PARAMETER_INVALID, "journal.read of what, after what?");
    if (!db_begin(question->context->db, question->alliance_id, true, &tx, err) ||
        !db_select(tx, &QUERY_JOURNAL_AT, &head, err, db_int(sequence)))
        return false;
    const char *why =
        divergence(question->context->service->name, question->alliance_id, hash, sequence, &head);
    if (why != NULL) {
        *ret_answer = need(json_object());
        json_put_text(*ret_answer, "diverged", why);
        return true;
    }
    if (!db_select(tx, &QUERY_JOURNAL_PAGE, &rows, err, db_int(sequence),
                   db_int(JOURNAL_PAGE_BYTES_MAX), db_int(JOURNAL_PAGE_EVENTS_MAX),
                   db_text_or_null(NULL)) ||
        !db_commit(tx, err))
        return false;
    *ret_answer = page_write(&head, &rows);
    return true;
}

/* --- trace.read ------------------------------------------------------------------------------- */

static bool trace_read_answer(const struct bus_question *question, json_t **ret_answer,
                              struct problem *err)
{
    db_tx_auto_t *tx = NULL;
    json_t *events = NULL;
    const json_t *subjects = json_object_get(question->arguments, "subjects");
    if (question->alliance_id[0] == '\0' || !json_is_array(subjects) ||
        json_array_size(subjects) > TRACE_NODES_MAX)
        return problem_set(err, PROBLEM_PARAMETER_INVALID, "trace.read of what?");
    if (!db_begin(question->context->db, question->alliance_id, true, &tx, err) ||
        !trace_events(tx, question->context->service->name, subjects, &events, err))
        return false;
    *ret_answer = need(json_object());
    json_put_new(*ret_answer, "events", events);
    return true;
}

/* --- overview.read ---------------------------------------------------------------------------- */

static bool overview_read_answer(const struct bus_question *question, json_t **ret_answer,
                                 struct problem *err)
{
    db_tx_auto_t *tx = NULL;
    json_auto_t *part = json_object();
    if (question->alliance_id[0] == '\0')
        return problem_set(err, PROBLEM_PARAMETER_INVALID, "overview.read of what?");
    if (!db_begin(question->context->db, question->alliance_id, true, &tx, err) ||
        !question->context->service->overview(tx, part, err) || !db_commit(tx, err))
        return false;
    *ret_answer = need(json_object());
    json_put_new(*ret_answer, "part", STEAL(part));
    return true;
}

/* --- readiness.tell --------------------------------------------------------------------------- */

static bool readiness_tell_answer(const struct bus_question *question, json_t **ret_answer,
                                  struct problem *err)
{
    struct problem why = {0};
    (void)err;
    *ret_answer = need(json_object());
    json_put_flag(*ret_answer, "ready", http_is_ready(question->context, &why));
    return true;
}

const struct bus_answerer HOUSE_ANSWERERS[] = {
    {"journal.heads", journal_heads_answer},     {"journal.read", journal_read_answer},
    {"trace.read", trace_read_answer},           {"subject.describe", subject_describe_answer},
    {"subject.release", subject_release_answer}, {"readiness.tell", readiness_tell_answer},
    {"overview.read", overview_read_answer},
};
const size_t HOUSE_ANSWERER_COUNT = ARRAY_LENGTH(HOUSE_ANSWERERS);
