#include "services/kpi/rules/agreement.h"

#include <stdio.h>
#include <string.h>

#include "services/kpi/rules.h"

const char *revision_status(const char *current)
{
    return strcmp(current, "provisional") == 0 ? "provisional" : "submitted";
}

bool revision_decide(const struct observation *current, const struct figures *figures,
                     const char *asked, const char *reason, char ret_status[STATUS_SIZE],
                     struct problem *err)
{
    bool is_changed = !figures_equal(&current->figures, figures);
    const char *usual = is_changed ? revision_status(current->status) : current->status;
    const char *status = asked == NULL ? usual : asked;
    bool is_first = strcmp(current->status, "provisional") == 0;
    if (!is_first && strcmp(status, "provisional") == 0)
        return problem_set(err, PROBLEM_RULE_BROKEN,
                           "an observation that is %s does not become provisional again",
                           current->status);
    if (!is_changed && strcmp(current->status, status) == 0)
        return problem_set(err, PROBLEM_RULE_BROKEN, "the revision changes nothing");
    if (!is_changed && !is_first)
        return problem_set(err, PROBLEM_RULE_BROKEN,
                           "an observation that is %s is submitted again with changed figures only",
                           current->status);
    if (is_changed && reason[0] == '\0')
        return problem_add(err, PROBLEM_RULE_BROKEN, "required", "/reason",
                           "changed figures need a reason");
    snprintf(ret_status, STATUS_SIZE, "%s", status);
    return true;
}

static bool unchallenged_check(int64_t open_queries, struct problem *err)
{
    if (open_queries > 0)
        return problem_set(err, PROBLEM_STATE_CONFLICT, "%lld queries about it are not closed",
                           (long long)open_queries);
    return true;
}

static bool agreement_state_check(const struct observation *observation, int64_t revision,
                                  int64_t open_queries, struct problem *err)
{
    if (strcmp(observation->status, "submitted") != 0)
        return problem_set(err, PROBLEM_STATE_CONFLICT,
                           "the observation is %s: what is submitted can be agreed",
                           observation->status);
    if (revision != observation->revision)
        return problem_set(err, PROBLEM_STATE_CONFLICT,
                           "revision %lld is the current one, not %lld",
                           (long long)observation->revision, (long long)revision);
    return unchallenged_check(open_queries, err);
}

bool agreement_decide(const struct observation *observation, int64_t revision,
                      const struct organisation *owner, const struct organisation *by,
                      const struct agreement given[], size_t given_count, int64_t open_queries,
                      bool *ret_is_agreed, struct problem *err)
{
    if (!agreement_state_check(observation, revision, open_queries, err))
        return false;
    bool is_own = strcmp(by->code, owner->code) == 0;
    if (!is_own && by->is_commissioner == owner->is_commissioner)
        return problem_set(err, PROBLEM_RULE_BROKEN,
                           "%s itself and a %s agree to its figures; %s is neither", owner->code,
                           owner->is_commissioner ? "provider" : "commissioner", by->code);
    bool has_other_side = false;
    for (size_t i = 0; i < given_count; i++) {
        if (strcmp(given[i].by.code, by->code) == 0)
            return problem_set(err, PROBLEM_ALREADY_EXISTS, "%s has agreed to revision %lld",
                               by->code, (long long)revision);
        bool is_owners = strcmp(given[i].by.code, owner->code) == 0;
        has_other_side = has_other_side || is_owners != is_own;
    }
    *ret_is_agreed = has_other_side;
    return true;
}

bool publication_check(const struct observation *observation, int64_t open_queries,
                       struct problem *err)
{
    if (strcmp(observation->status, "agreed") != 0)
        return problem_set(err, PROBLEM_STATE_CONFLICT,
                           "the observation is %s: what is agreed can be published",
                           observation->status);
    return unchallenged_check(open_queries, err);
}

bool query_answer_check(const struct query *query, struct problem *err)
{
    if (strcmp(query->state, "open") != 0)
        return problem_set(err, PROBLEM_STATE_CONFLICT, "the query is %s already", query->state);
    return true;
}

bool query_close_check(const struct query *query, const char *organisation, struct problem *err)
{
    if (strcmp(query->state, "closed") == 0)
        return problem_set(err, PROBLEM_STATE_CONFLICT, "the query is closed already");
    if (strcmp(query->raised_by, organisation) != 0)
        return problem_set(err, PROBLEM_RULE_BROKEN, "%s raised the query and closes it",
                           query->raised_by);
    return true;
}
