/* Decisions: opening, reading, withdrawing; and what waits for the caller. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/ids.h"
#include "common/json.h"
#include "common/log.h"
#include "common/memory.h"
#include "common/service_context.h"
#include "common/subject.h"
#include "common/trace.h"
#include "services/membership/api/handlers.h"
#include "services/membership/api/present.h"
#include "services/membership/closing.h"
#include "services/membership/opening.h"
#include "services/membership/rules/decision.h"
#include "services/membership/rules/tally.h"
#include "services/membership/rules/terms.h"
#include "services/membership/store/decision.h"
#include "services/membership/subjects.h"

/* --- opening --- */

/* The owner speaks of its resource; to our caller that is the body's member `subject`. What does
 * not exist for the caller is the body's fault, not the path's. */
static bool subject_fault(struct problem *err)
{
    char detail[FAULT_DETAIL_SIZE];
    for (size_t i = 0; i < err->fault_count && i < FAULTS_LISTED_MAX; i++)
        snprintf(err->faults[i].pointer, sizeof err->faults[i].pointer, "/subject");
    if (err->code != PROBLEM_NOT_FOUND)
        return false;
    snprintf(detail, sizeof detail, "%.150s", err->detail);
    problem_clear(err);
    return problem_add(err, PROBLEM_REFERENCE_UNKNOWN, "unknown-subject", "/subject", "%s", detail);
}

/* Who opens a decision may know whom it waits for, not why. */
static bool owner_fault(const char *owner, struct problem *err)
{
    switch (err->code) {
    case PROBLEM_UNAVAILABLE:
    case PROBLEM_UPSTREAM:
    case PROBLEM_UPSTREAM_TIMEOUT:
        log_problem(err, "asking %s what is to be decided", owner);
        problem_set(err, PROBLEM_UNAVAILABLE, "%s did not answer; nothing was opened", owner);
        break;
    case PROBLEM_NOT_CAUGHT_UP:
        problem_set(err, PROBLEM_NOT_CAUGHT_UP,
                    "%s has not heard of the alliance's latest events yet; nothing was opened",
                    owner);
        break;
    default:
        return subject_fault(err);
    }
    problem_publish(err);
    return false;
}

/* What the owner was asked, and what became of it. */
struct asked {
    const struct request *request;
    struct service_context *context;
    char alliance_id[UUID_SIZE];
    char subject[REF_SIZE];
    char decision_id[UUID_SIZE];
    char ask_id[UUID_SIZE];
    int64_t asked_ms;
    json_t *described;
    bool is_opened;
};

/* The same request, come twice, may open it at another instance, or have done so meanwhile. */
static bool may_open_elsewhere(const struct asked *asked)
{
    struct problem err = {0};
    db_tx_auto_t *tx = NULL;
    decision_auto_t decision = {0};
    int64_t version;
    const enum problem_code refusal = asked->request->refusal;
    if (refusal == PROBLEM_REQUEST_RUNNING || problem_status(refusal) >= 500)
        return true;
    bool is_there = db_begin(asked->context->db, asked->alliance_id, true, &tx, &err) &&
                    store_decision_get(tx, asked->decision_id, &decision, &version, &err);
    return is_there || err.code != PROBLEM_NOT_FOUND;
}

/* A subject is not held for a decision that was refused after all; what nobody knows of, its owner
 * asks us about later. */
static void asked_free(void *prepared)
{
    struct asked *asked = prepared;
    if (asked->described != NULL && !asked->is_opened && !may_open_elsewhere(asked))
        subject_release(asked->context, asked->alliance_id, asked->subject, asked->decision_id,
                        asked->ask_id);
    json_decref(asked->described);
    free(asked);
}

static struct asked *asked_new(const struct request *request)
{
    struct asked *asked = need(calloc(1, sizeof *asked));
    asked->request = request;
    asked->context = request->context;
    memcpy(asked->alliance_id, request->alliance_id, UUID_SIZE);
    memcpy(asked->decision_id, request->key_id, UUID_SIZE);
    snprintf(asked->subject, sizeof asked->subject, "%s", json_text(request->body, "subject"));
    uuid_new(request->standing.now_ms, asked->ask_id);
    asked->asked_ms = monotonic_ms();
    return asked;
}

static bool rules_load(const struct request *request, json_t **ret_rules, struct problem *err)
{
    db_tx_auto_t *tx = NULL;
    return db_begin(request->context->db, request->alliance_id, true, &tx, err) &&
           opening_rules(tx, request->standing.now_ms, ret_rules, err) && db_commit(tx, err);
}

/* Asks the owner of another service's subject, before anything is locked. What is wrong with texts
 * and deadline is said first: nobody's subject is frozen for a decision that can't open. */
bool decision_open_prepare(struct request *request, struct problem *err)
{
    json_auto_t *rules = NULL;
    const char *subject = json_text(request->body, "subject");
    const struct standing *standing = &request->standing;
    if (!texts_check(request->body, err))
        return false;
    if (strcmp(ref_service(subject), "membership") == 0)
        return true;
    if (!opening_decide(alliance_status_of(standing->alliance_status), KIND_GENERAL,
                        json_instant(request->body, "deadlineAt"), standing->now_ms, err))
        return false;
    if (!rules_load(request, &rules, err))
        return false;
    struct asked *asked = asked_new(request);
    request->prepared = asked;
    request->free_prepared = asked_free;
    const struct subject_question question = {.ref = subject,
                                              .effect = json_text(request->body, "effect"),
                                              .decision_id = asked->decision_id,
                                              .ask_id = asked->ask_id,
                                              .rules = rules,
                                              .membership_sequence = standing->sequence};
    return subject_ask(request->context, &request->caller, request->alliance_id,
                       request->request_id, request->traceparent, &question, &asked->described,
                       err) ||
           owner_fault(ref_service(subject), err);
}

static bool subject_describe(struct request *request, const struct opening *opening,
                             json_t **ret_described, struct problem *err)
{
    db_rows_auto_t open = {0};
    if (request->prepared == NULL)
        return subject_freeze(request->act, &MEMBERSHIP_SUBJECTS, &request->standing,
                              opening->subject, opening->effect, opening->id, ret_described, err) ||
               (err->code == PROBLEM_NOT_FOUND && subject_fault(err));
    if (!store_decision_open_on(request->tx, opening->subject, opening->effect, &open, err))
        return false;
    if (open.count > 0)
        return problem_set(err, PROBLEM_DECISION_OPEN, "decision %s already asks this of %s",
                           row_text(&open, 0, "id"), opening->subject);
    const struct asked *asked = request->prepared;
    *ret_described = json_incref(asked->described);
    return true;
}

/* `reply_it` is reply_ok or, for a new one, creates. */
static bool decision_show(struct request *request, struct reply *reply, const char *id, bool is_new,
                          struct problem *err)
{
    decision_auto_t decision = {0};
    electorate_auto_t electorate = {0};
    db_rows_auto_t effects = {0};
    int64_t version = 0;
    if (!store_decision_get(request->tx, id, &decision, &version, err) ||
        !store_electorate_get(request->tx, id, &electorate, err) ||
        !store_effect_list(request->tx, id, &effects, err))
        return false;
    json_t *resource = decision_present(&decision, &electorate, &effects, version);
    char ref[REF_SIZE];
    snprintf(ref, sizeof ref, "decisions/%s", id);
    if (is_new)
        reply_created(reply, resource, ref, version);
    else
        reply_ok(reply, resource, version);
    return true;
}

bool decision_open_handle(struct request *request, struct reply *reply, struct problem *err)
{
    json_auto_t *described = NULL;
    struct asked *asked = request->prepared;
    const struct actor *actor = &request->act->actor;
    const struct opening opening = {
        .id = request->key_id,
        .subject = json_text(request->body, "subject"),
        .effect = json_text(request->body, "effect"),
        .question = json_text(request->body, "question"),
        .rationale = json_text(request->body, "rationale"),
        .deadline_ms = json_instant(request->body, "deadlineAt"),
        .organisation = actor->organisation,
        .appointment_id = actor->appointment_id,
        .asked_ms = asked != NULL ? asked->asked_ms : 0,
    };
    const bool is_opened = command_begin(request, err) &&
                           subject_describe(request, &opening, &described, err) &&
                           decision_open(request->act, &opening, described, err) &&
                           decision_show(request, reply, opening.id, true, err);
    if (asked != NULL)
        asked->is_opened = is_opened; /* it may be tried again */
    return is_opened;
}

/* --- reading --- */

bool decision_get(struct request *request, struct reply *reply, struct problem *err)
{
    decision_auto_t decision = {0};
    return decision_of_path(request, &decision, NULL, err) &&
           decision_show(request, reply, decision.id, false, err);
}

bool decision_trace(struct request *request, struct reply *reply, struct problem *err)
{
    decision_auto_t decision = {0};
    return decision_of_path(request, &decision, NULL, err) && trace_get(request, reply, err);
}

static json_t *summary_present(const struct db_rows *rows, int row, const struct tally *tally)
{
    static const char *const texts[][2] = {
        {"id", "id"},           {"kind", "kind"},     {"rule", "rule"},   {"group", "group_code"},
        {"subject", "subject"}, {"effect", "effect"}, {"title", "title"}, {"question", "question"},
        {"state", "state"},
    };
    json_t *item = json_object();
    for (size_t i = 0; i < ARRAY_LENGTH(texts); i++)
        json_put_text(item, texts[i][0], row_text(rows, row, texts[i][1]));
    json_put_instant(item, "openedAt", row_instant(rows, row, "opened_at"));
    json_put_instant(item, "deadlineAt", row_instant(rows, row, "deadline_at"));
    json_put_instant(item, "closedAt", row_instant(rows, row, "closed_at"));
    json_put_new(item, "tally", tally_present(tally));
    return item;
}

bool decision_list(struct request *request, struct reply *reply, struct problem *err)
{
    struct page page;
    db_rows_auto_t rows = {0};
    struct tally *tallies = NULL;
    char known[ORGANISATIONS_TEXT_SIZE];
    organisations_known(&request->standing, known);
    if (!page_begin(request, &page, err) ||
        !store_decision_list(request->tx, request_query(request, "state"),
                             request_query(request, "kind"), request_query(request, "subject"),
                             known, page.after, page.limit, &rows, err) ||
        !store_tallies(request->tx, &rows, &tallies, err))
        return false;
    json_t *items = json_array();
    for (int row = 0; row < rows.count; row++)
        json_push_new(items, summary_present(&rows, row, &tallies[row]));
    free(tallies);
    list_reply(request, reply, &page, items, "id");
    return true;
}

/* --- withdrawing --- */

bool decision_withdraw(struct request *request, struct reply *reply, struct problem *err)
{
    decision_auto_t decision = {0};
    return command_begin(request, err) && decision_of_path(request, &decision, NULL, err) &&
           withdrawal_decide(&decision, &request->standing, request->now_ms, err) &&
           decision_end(request->act, &decision, DECISION_WITHDRAWN,
                        json_text(request->body, "reason"), request->now_ms, err) &&
           decision_show(request, reply, decision.id, false, err);
}
