#include "services/membership/rules/outcome.h"

#include <string.h>

#include "common/instant.h"

bool statement_decide(const struct decision *decision, const struct outcome_statement *before,
                      const struct outcome_statement *statement, struct problem *err)
{
    if (decision->state == DECISION_OPEN)
        return problem_set(err, PROBLEM_STATE_CONFLICT,
                           "the decision is open: nothing came of it yet");
    if (before != NULL && before->published_ms != INSTANT_NONE)
        return problem_set(err, PROBLEM_STATE_CONFLICT, "the statement has been published");
    if (statement->publish_on < instant_day(decision->closed_ms))
        return problem_add(err, PROBLEM_RULE_BROKEN, "too-early", "/publishOn",
                           "an outcome is not published before the decision ended");
    return true;
}

bool statement_repeats(const struct outcome_statement *before,
                       const struct outcome_statement *statement)
{
    return strcmp(before->text, statement->text) == 0 &&
           strcmp(before->audience, statement->audience) == 0 &&
           before->publish_on == statement->publish_on;
}

bool publication_decide(const struct outcome_statement *statement, int32_t day, struct problem *err)
{
    char text[DATE_SIZE];
    if (statement == NULL)
        return problem_set(err, PROBLEM_STATE_CONFLICT,
                           "a decision is published with its outcome statement, and has none");
    if (statement->published_ms != INSTANT_NONE)
        return problem_set(err, PROBLEM_STATE_CONFLICT, "the decision has been published");
    day_format(statement->publish_on, text);
    if (day < statement->publish_on)
        return problem_set(err, PROBLEM_STATE_CONFLICT, "it is to be published on %s", text);
    return true;
}
