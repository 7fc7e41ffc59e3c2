/* What came of a decision, in plain words, and its publication. */
#include <stdio.h>
#include <string.h>

#include "common/instant.h"
#include "common/json.h"
#include "services/membership/api/handlers.h"
#include "services/membership/api/present.h"
#include "services/membership/events.h"
#include "services/membership/rules/outcome.h"
#include "services/membership/store/decision.h"
#include "services/membership/store/outcome.h"

static void statement_of_json(const struct request *request, const struct decision *decision,
                              struct outcome_statement *ret_statement)
{
    *ret_statement = (struct outcome_statement){
        .publish_on = json_day(request->body, "publishOn"),
        .written_ms = request->now_ms,
        .published_ms = INSTANT_NONE,
        .version = 1,
    };
    memcpy(ret_statement->decision_id, decision->id, UUID_SIZE);
    json_copy_text(request->body, "text", ret_statement->text, TEXT_SIZE);
    json_copy_text(request->body, "audience", ret_statement->audience, NAME_SIZE);
    snprintf(ret_statement->written_by, sizeof ret_statement->written_by, "%s",
             request->act->actor.appointment_id);
}

bool outcome_write(struct request *request, struct reply *reply, struct problem *err)
{
    bool has_one = false;
    decision_auto_t decision = {0};
    struct outcome_statement before = {.version = 0};
    struct outcome_statement statement;
    if (!command_begin(request, err) || !decision_of_path(request, &decision, NULL, err) ||
        !store_outcome_find(request->tx, decision.id, &before, &has_one, err))
        return false;
    statement_of_json(request, &decision, &statement);
    /* The same again is the same statement, also when it has been published. */
    if (has_one && statement_repeats(&before, &statement)) {
        reply_ok(reply, outcome_present(&before), before.version);
        return true;
    }
    if (!request_match(request, before.version, err) ||
        !statement_decide(&decision, has_one ? &before : NULL, &statement, err))
        return false;
    statement.version = before.version + 1;
    if (!event_outcome(request->act, "membership.outcome-statement.written.v1", &decision,
                       &statement, err))
        return false;
    reply_ok(reply, outcome_present(&statement), statement.version);
    return true;
}

bool outcome_get(struct request *request, struct reply *reply, struct problem *err)
{
    bool has_one = false;
    decision_auto_t decision = {0};
    struct outcome_statement statement;
    if (!decision_of_path(request, &decision, NULL, err) ||
        !store_outcome_find(request->tx, decision.id, &statement, &has_one, err))
        return false;
    if (!has_one)
        return problem_set(err, PROBLEM_NOT_FOUND, "decision %s has no outcome statement",
                           decision.id);
    reply_ok(reply, outcome_present(&statement), statement.version);
    return true;
}

bool outcome_publish(struct request *request, struct reply *reply, struct problem *err)
{
    bool has_one = false;
    decision_auto_t decision = {0};
    struct outcome_statement statement;
    if (!command_begin(request, err) || !decision_of_path(request, &decision, NULL, err) ||
        !store_outcome_find(request->tx, decision.id, &statement, &has_one, err) ||
        !publication_decide(has_one ? &statement : NULL, instant_day(request->now_ms), err))
        return false;
    statement.published_ms = request->now_ms;
    statement.version++;
    if (!event_outcome(request->act, "membership.decision.published.v1", &decision, &statement,
                       err))
        return false;
    reply_ok(reply, outcome_present(&statement), statement.version);
    return true;
}
