#include <stdio.h>
#include <string.h>
#include <time.h>

#include "common/clock.h"
#include "common/ids.h"
#include "common/json.h"
#include "common/log.h"
#include "common/memory.h"
#include "common/queries.h"
#include "common/service_context.h"
#include "common/standing.h"
#include "common/subject_private.h"
#include "common/token.h"

enum { CATCH_UP_MS = 700, CATCH_UP_LOOK_MS = 20, ASK_MS = 2000, OVERDUE_MAX = 100 };

/* --- membership's side ------------------------------------------------------------------------ */

bool subject_ask(struct service_context *context, const struct caller *caller,
                 const char *alliance_id, const char *request_id, const char *traceparent,
                 const struct subject_question *asked, json_t **ret_described, struct problem *err)
{
    json_auto_t *arguments = json_object();
    json_put_text(arguments, "subject", asked->ref);
    json_put_text(arguments, "effect", asked->effect);
    json_put_text(arguments, "decisionId", asked->decision_id);
    json_put_text(arguments, "askId", asked->ask_id);
    json_put_new(arguments, "rules", json_incref(asked->rules));
    json_put_integer(arguments, "membershipSequence", asked->membership_sequence);
    struct bus_ask ask = {.service = ref_service(asked->ref),
                          .question = "subject.describe",
                          .alliance_id = alliance_id,
                          .request_id = request_id,
                          .traceparent = traceparent,
                          .caller = caller,
                          .arguments = arguments,
                          .timeout_ms = ASK_MS};
    return bus_ask(context->bus, &ask, ret_described, err);
}

void subject_release(struct service_context *context, const char *alliance_id, const char *ref,
                     const char *decision_id, const char *ask_id)
{
    json_auto_t *arguments = json_object(), *answer = NULL;
    struct problem fault = {0};
    json_put_text(arguments, "decisionId", decision_id);
    json_put_text(arguments, "askId", ask_id);
    struct bus_ask ask = {.service = ref_service(ref),
                          .question = "subject.release",
                          .alliance_id = alliance_id,
                          .arguments = arguments};
    if (!bus_ask(context->bus, &ask, &answer, &fault))
        log_problem(&fault, "%s stays frozen for a while", ref);
}

/* --- answering -------------------------------------------------------------------------------- */

static bool cursor_reached(struct service_context *context, const char *alliance_id,
                           int64_t sequence, bool *ret_reached, struct problem *err)
{
    db_tx_auto_t *tx = NULL;
    db_rows_auto_t rows = {0};
    *ret_reached = sequence <= 0;
    if (!db_begin(context->db, alliance_id, true, &tx, err) ||
        !db_select(tx, &QUERY_CURSOR_LIST, &rows, err) || !db_commit(tx, err))
        return false;
    for (int i = 0; i < rows.count; i++)
        if (strcmp(row_text(&rows, i, "source"), "membership") == 0)
            *ret_reached = row_int(&rows, i, "sequence") >= sequence;
    return true;
}

/* Membership knows its roster up to there; so must we, or we would refuse whom it has just let in.
 */
static bool catch_up_wait(struct service_context *context, const char *alliance_id,
                          int64_t sequence, struct problem *err)
{
    int64_t deadline_ms = monotonic_ms() + CATCH_UP_MS;
    bool is_reached = false;
    for (;;) {
        if (!cursor_reached(context, alliance_id, sequence, &is_reached, err))
            return false;
        if (is_reached)
            return true;
        if (monotonic_ms() >= deadline_ms)
            return problem_set(err, PROBLEM_NOT_CAUGHT_UP, "%s has not reached membership=%lld",
                               context->service->name, (long long)sequence);
        nanosleep(&(struct timespec){.tv_nsec = CATCH_UP_LOOK_MS * 1000000L}, NULL);
    }
}

static struct actor actor_of(const struct caller *caller)
{
    struct actor actor = {.service = ""};
    snprintf(actor.issuer, sizeof actor.issuer, "%s", caller->issuer);
    snprintf(actor.subject, sizeof actor.subject, "%s", caller->subject);
    snprintf(actor.client, sizeof actor.client, "%s", caller->client);
    snprintf(actor.organisation, sizeof actor.organisation, "%s", caller->organisation);
    return actor;
}

static bool commit_and_tell(struct service_context *context, struct act *act, int64_t before,
                            struct problem *err)
{
    if (act->sequence == before)
        return true; /* nothing to commit */
    if (!act_commit(act, err))
        return false;
    bus_wake(context, act->alliance_id, act->sequence);
    http_moved(context->http);
    return true;
}

static bool describe_once(const struct bus_question *question, struct frozen *frozen,
                          struct act *act, json_t **ret_described, struct problem *err)
{
    struct service_context *context = question->context;
    struct actor actor = actor_of(&question->caller);
    struct caller caller = question->caller;
    struct standing standing;
    token_vouch(context->tokens, &caller);
    if (!act_begin(context->db, context->service->name, question->alliance_id, &actor, false, act,
                   err))
        return false;
    memcpy(act->request_id, question->request_id, UUID_SIZE);
    memcpy(act->traceparent, question->traceparent, TRACEPARENT_SIZE);
    if (!standing_load(act->tx, &caller, act->now_ms, &standing, err))
        return false;
    if (!standing.has_partner && standing.appointment_count == 0)
        return problem_set(err, PROBLEM_NOT_FOUND, "there is no %s", frozen->subject);
    memcpy(act->actor.organisation, standing.organisation, ODS_SIZE);
    actor_appoint(&act->actor, standing_acting(&standing, 0));
    int64_t before = act->sequence;
    const json_t *rules = json_object_get(question->arguments, "rules");
    return frozen_freeze(act, context->service->subjects, &standing, "asked", rules, frozen,
                         ret_described, err) &&
           commit_and_tell(context, act, before, err);
}

bool subject_describe_answer(const struct bus_question *question, json_t **ret_answer,
                             struct problem *err)
{
    struct service_context *context = question->context;
    const json_t *arguments = question->arguments;
    const char *ref = json_text(arguments, "subject"), *effect = json_text(arguments, "effect"),
               *decision_id = json_text(arguments, "decisionId"),
               *ask_id = json_text(arguments, "askId");
    struct frozen asked;
    if (ref == NULL || effect == NULL || decision_id == NULL || ask_id == NULL ||
        !uuid_is_valid(ask_id) || !json_is_object(json_object_get(arguments, "rules")) ||
        !question->has_caller || strcmp(question->from, "membership") != 0)
        return problem_set(err, PROBLEM_PARAMETER_INVALID, "subject.describe by whom, of what?");
    if (!frozen_init(ref, effect, decision_id, &asked, err))
        return false;
    memcpy(asked.ask_id, ask_id, UUID_SIZE);
    if (context->service->subjects == NULL || strcmp(ref_service(ref), context->service->name) != 0)
        return problem_set(err, PROBLEM_NOT_FOUND, "there is no %s", ref);
    if (!catch_up_wait(context, question->alliance_id,
                       json_integer_or(arguments, "membershipSequence", 0), err))
        return false;
    for (int attempt = 1;; attempt++) {
        act_auto_t act = {0};
        struct frozen frozen = asked;
        json_auto_t *described = NULL;
        if (describe_once(question, &frozen, &act, &described, err)) {
            *ret_answer = STEAL(described);
            return true;
        }
        if (!act_should_repeat(&act) || attempt == TRANSACTION_ATTEMPTS_MAX)
            return false;
        problem_clear(err);
    }
}

/* --- giving up -------------------------------------------------------------------------------- */

/* Thaws what is frozen for this very question and has not opened. */
static bool unopened_thaw(struct act *act, const struct subject_hooks *hooks,
                          const char *decision_id, const char *ask_id, struct problem *err)
{
    struct frozen frozen;
    bool is_found;
    if (!frozen_load(act, decision_id, &is_found, &frozen, err))
        return false;
    if (!is_found || strcmp(frozen.state, "asked") != 0 || strcmp(frozen.ask_id, ask_id) != 0)
        return true;
    return frozen_thaw(act, hooks, &frozen, "unopened", err);
}

static bool own_act_begin(struct service_context *context, const char *alliance_id, struct act *act,
                          struct problem *err)
{
    struct actor actor = {.service = ""};
    snprintf(actor.service, sizeof actor.service, "%s", context->service->name);
    return act_begin(context->db, context->service->name, alliance_id, &actor, false, act, err);
}

bool subject_release_answer(const struct bus_question *question, json_t **ret_answer,
                            struct problem *err)
{
    struct service_context *context = question->context;
    const char *decision_id = json_text(question->arguments, "decisionId"),
               *ask_id = json_text(question->arguments, "askId");
    act_auto_t act = {0};
    if (decision_id == NULL || ask_id == NULL || !uuid_is_valid(decision_id) ||
        !uuid_is_valid(ask_id) || strcmp(question->from, "membership") != 0)
        return problem_set(err, PROBLEM_PARAMETER_INVALID, "subject.release by whom, of what?");
    if (context->service->subjects == NULL)
        return problem_set(err, PROBLEM_NOT_FOUND, "nothing of ours is decided on");
    if (!own_act_begin(context, question->alliance_id, &act, err))
        return false;
    int64_t before = act.sequence;
    if (!unopened_thaw(&act, context->service->subjects, decision_id, ask_id, err) ||
        !commit_and_tell(context, &act, before, err))
        return false;
    *ret_answer = need(json_object());
    return true;
}

/* What membership has of these decisions, whatever we have heard of them: {"opened": [id ...]}. */
static bool opened_ask(struct service_context *context, const char *alliance_id,
                       const struct db_rows *rows, json_t **ret_opened, struct problem *err)
{
    json_auto_t *arguments = json_object(), *answer = NULL;
    json_t *decisions = json_array();
    for (int i = 0; i < rows->count; i++)
        json_push_new(decisions, json_string(row_text(rows, i, "decision_id")));
    json_put_new(arguments, "decisions", decisions);
    struct bus_ask ask = {.service = "membership",
                          .question = "decisions.opened",
                          .alliance_id = alliance_id,
                          .arguments = arguments};
    if (!bus_ask(context->bus, &ask, &answer, err))
        return false;
    json_t *opened = json_object_get(answer, "opened");
    if (!json_is_array(opened))
        return problem_set(err, PROBLEM_UPSTREAM, "membership does not say what has opened");
    *ret_opened = json_incref(opened);
    return true;
}

static bool list_has(const json_t *list, const char *text)
{
    size_t i;
    json_t *item;
    json_array_foreach(list, i, item)
    {
        const char *other = json_string_value(item);
        if (other != NULL && strcmp(other, text) == 0)
            return true;
    }
    return false;
}

static bool overdue_read(struct service_context *context, const char *alliance_id,
                         struct db_rows *ret_rows, struct problem *err)
{
    db_tx_auto_t *tx = NULL;
    return db_begin(context->db, alliance_id, true, &tx, err) &&
           db_select(tx, &QUERY_FROZEN_OVERDUE, ret_rows, err, db_int(FREEZE_UNOPENED_MS),
                     db_int(OVERDUE_MAX)) &&
           db_commit(tx, err);
}

bool subject_thaw_unopened(struct service_context *context, const char *alliance_id,
                           struct problem *err)
{
    db_rows_auto_t rows = {0};
    json_auto_t *opened = NULL;
    act_auto_t act = {0};
    if (!overdue_read(context, alliance_id, &rows, err))
        return false;
    if (rows.count == 0)
        return true;
    if (!opened_ask(context, alliance_id, &rows, &opened, err) ||
        !own_act_begin(context, alliance_id, &act, err))
        return false;
    int64_t before = act.sequence;
    for (int i = 0; i < rows.count; i++) {
        const char *decision_id = row_text(&rows, i, "decision_id"),
                   *ask_id = row_text(&rows, i, "ask_id");
        if (ask_id != NULL && !list_has(opened, decision_id) &&
            !unopened_thaw(&act, context->service->subjects, decision_id, ask_id, err))
            return false;
    }
    return commit_and_tell(context, &act, before, err);
}
