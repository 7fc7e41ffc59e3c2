/* Votes and recusals: what an organisation says to a decision. */
#include <stdio.h>
#include <string.h>

#include "common/json.h"
#include "services/membership/api/handlers.h"
#include "services/membership/api/present.h"
#include "services/membership/closing.h"
#include "services/membership/conflicts.h"
#include "services/membership/events.h"
#include "services/membership/rules/decision.h"
#include "services/membership/rules/terms.h"
#include "services/membership/store/decision.h"

static const struct appointment *speaker_of(const struct request *request, const char *organisation,
                                            struct problem *err)
{
    const struct appointment *speaker = standing_speaks_for(&request->standing, organisation);
    if (speaker == NULL)
        (void)problem_set(err, PROBLEM_ROLE_MISSING, "%s votes by its representative or deputy",
                          organisation);
    return speaker;
}

bool vote_list(struct request *request, struct reply *reply, struct problem *err)
{
    struct page page;
    decision_auto_t decision = {0};
    db_rows_auto_t rows = {0};
    if (!decision_of_path(request, &decision, NULL, err) || !page_begin(request, &page, err) ||
        !store_vote_list(request->tx, decision.id, request_query(request, "organisation"),
                         page.after, page.limit, &rows, err))
        return false;
    json_t *items = json_array();
    for (int row = 0; row < rows.count; row++) {
        struct vote vote;
        vote_of_row(&rows, row, &vote);
        json_push_new(items, vote_present(&vote));
    }
    list_reply(request, reply, &page, items, "id");
    return true;
}

bool vote_get(struct request *request, struct reply *reply, struct problem *err)
{
    struct vote vote;
    bool has_voted = false;
    decision_auto_t decision = {0};
    const char *organisation = request_path(request, "organisation");
    if (!decision_of_path(request, &decision, NULL, err) ||
        !store_vote_find(request->tx, decision.id, organisation, &vote, &has_voted, err))
        return false;
    if (!has_voted)
        return problem_set(err, PROBLEM_NOT_FOUND, "%s has not voted", organisation);
    reply_ok(reply, vote_present(&vote), vote.number);
    return true;
}

static void ballot_of_request(const struct request *request, struct ballot *ret_ballot)
{
    *ret_ballot = (struct ballot){.choice = choice_of(json_text(request->body, "choice"))};
    snprintf(ret_ballot->organisation, sizeof ret_ballot->organisation, "%s",
             request_path(request, "organisation"));
    json_copy_text(request->body, "reason", ret_ballot->reason, sizeof ret_ballot->reason);
}

static bool vote_record(struct request *request, struct decision *decision,
                        const struct ballot *ballot, const char *appointment_id,
                        struct vote *ret_vote, struct problem *err)
{
    electorate_auto_t electorate = {0};
    if (!store_electorate_get(request->tx, decision->id, &electorate, err))
        return false;
    struct elector *elector = electorate_find(&electorate, ballot->organisation);
    if (!vote_decide(decision, elector, ballot, appointment_id, request->now_ms, ret_vote, err) ||
        !conflicts_check_person(request->act, decision, elector, request->caller.issuer,
                                request->caller.subject, err))
        return false;
    elector_vote(elector, ret_vote);
    return event_vote_cast(request->act, decision, ret_vote, elector, err) &&
           decision_end_early(request->act, decision, &electorate, request->now_ms, err);
}

bool vote_cast(struct request *request, struct reply *reply, struct problem *err)
{
    struct ballot ballot;
    struct vote vote = {.number = 0};
    bool has_voted = false;
    decision_auto_t decision = {0};
    if (!command_begin(request, err) || !decision_of_path(request, &decision, NULL, err))
        return false;
    ballot_of_request(request, &ballot);
    const struct appointment *speaker = speaker_of(request, ballot.organisation, err);
    if (speaker == NULL ||
        !store_vote_find(request->tx, decision.id, ballot.organisation, &vote, &has_voted, err))
        return false;
    /* The same again is the same vote, also when it was the one that closed the decision. */
    const bool is_again = has_voted && vote_repeats(&vote, &ballot);
    if (!is_again && (!request_match(request, vote.number, err) ||
                      !vote_record(request, &decision, &ballot, speaker->id, &vote, err)))
        return false;
    reply_ok(reply, vote_present(&vote), vote.number);
    return true;
}

bool recusal_declare(struct request *request, struct reply *reply, struct problem *err)
{
    decision_auto_t decision = {0};
    electorate_auto_t electorate = {0};
    const char *organisation = json_text(request->body, "organisation");
    if (!command_begin(request, err) || !decision_of_path(request, &decision, NULL, err) ||
        speaker_of(request, organisation, err) == NULL ||
        !store_electorate_get(request->tx, decision.id, &electorate, err))
        return false;
    struct elector *elector = electorate_find(&electorate, organisation);
    if (!recusal_decide(&decision, elector, request->now_ms, err))
        return false;
    elector_recuse(elector, json_text(request->body, "reason"), request->now_ms);
    if (!event_elector(request->act, "recused", &decision, elector, err) ||
        !decision_end_early(request->act, &decision, &electorate, request->now_ms, err))
        return false;
    char ref[REF_SIZE];
    snprintf(ref, sizeof ref, "decisions/%s/recusals", decision.id);
    reply_created(reply, recusal_present(elector), ref, 0);
    return true;
}

bool recusal_list(struct request *request, struct reply *reply, struct problem *err)
{
    struct page page;
    decision_auto_t decision = {0};
    db_rows_auto_t rows = {0};
    if (!decision_of_path(request, &decision, NULL, err) || !page_begin(request, &page, err) ||
        !store_recusal_list(request->tx, decision.id, page.after, page.limit, &rows, err))
        return false;
    json_t *items = json_array();
    for (int row = 0; row < rows.count; row++) {
        struct elector elector;
        elector_of_row(&rows, row, &elector);
        json_push_new(items, recusal_present(&elector));
    }
    list_reply(request, reply, &page, items, "organisation");
    return true;
}
