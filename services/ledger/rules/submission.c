#include <stdio.h>
#include <string.h>

#include "services/ledger/rules.h"

static const struct deed not_done = {.at_ms = INSTANT_NONE};

static bool month_check(const struct book *book, int32_t month, struct problem *err)
{
    char text[MONTH_SIZE];
    month_format(month, text);
    const struct period *period = book_period(book, month);
    if (period == NULL)
        return problem_add(err, PROBLEM_RULE_BROKEN, "outside-term", "/month",
                           "%s is outside the alliance's term", text);
    if (period->state == PERIOD_CLOSED)
        return problem_add(err, PROBLEM_PERIOD_CLOSED, "period-closed", "/month", "%s is closed",
                           text);
    return true;
}

bool submission_place_check(const struct book *book, const struct pool_sides *sides, int32_t month,
                            struct problem *err)
{
    if (!month_check(book, month, err))
        return false;
    if (sides == NULL)
        return problem_add(err, PROBLEM_REFERENCE_UNKNOWN, "unknown-pool", "/pool",
                           "the agreement in force in that month has no such pool");
    if (!sides->is_settled)
        return problem_add(err, PROBLEM_RULE_BROKEN, "not-settled", "/pool",
                           "pool %s has no mechanism in version %lld of the agreement", sides->pool,
                           (long long)sides->agreement_number);
    return true;
}

/* A revision that nobody has agreed to or asked about. */
static void revision_begin(struct submission *submission, const struct pool_sides *sides,
                           const struct figures *figures, const struct deed *submitted)
{
    submission->agreement_number = sides->agreement_number;
    memcpy(submission->commissioner, sides->commissioner, sizeof submission->commissioner);
    submission->figures = *figures;
    submission->state = SUBMISSION_SUBMITTED;
    submission->submitted = *submitted;
    submission->agreed[SIDE_PROVIDER] = not_done;
    submission->agreed[SIDE_COMMISSIONER] = not_done;
    submission->queried = not_done;
    submission->query_reason[0] = '\0';
}

void submission_make(const struct pool_sides *sides, int32_t month, const struct figures *figures,
                     const struct deed *submitted, struct submission *ret_submission)
{
    memset(ret_submission, 0, sizeof *ret_submission);
    memcpy(ret_submission->pool, sides->pool, sizeof ret_submission->pool);
    memcpy(ret_submission->provider, sides->provider, sizeof ret_submission->provider);
    ret_submission->month = month;
    ret_submission->revision = 1;
    ret_submission->version = 1;
    revision_begin(ret_submission, sides, figures, submitted);
}

bool submission_revise(const struct submission *submission, const struct pool_sides *sides,
                       const struct figures *figures, const struct deed *submitted,
                       bool is_in_settlement, struct submission *ret_submission,
                       struct problem *err)
{
    if (is_in_settlement)
        return problem_set(err, PROBLEM_STATE_CONFLICT,
                           "a settlement of that month waits for its decision; withdraw it first");
    *ret_submission = *submission;
    ret_submission->revision++;
    ret_submission->version++;
    revision_begin(ret_submission, sides, figures, submitted);
    return true;
}

/* It is this revision that the caller has seen, and it waits for a word. */
static bool waiting_check(const struct book *book, const struct submission *submission,
                          int64_t revision, struct problem *err)
{
    if (!month_check(book, submission->month, err))
        return false;
    if (revision != submission->revision)
        return problem_add(err, PROBLEM_STATE_CONFLICT, "other-revision", "/revision",
                           "revision %lld is there, not %lld", (long long)submission->revision,
                           (long long)revision);
    if (submission->state != SUBMISSION_SUBMITTED)
        return problem_set(err, PROBLEM_STATE_CONFLICT, "revision %lld is %s",
                           (long long)submission->revision,
                           submission_state_word(submission->state));
    return true;
}

bool submission_agree(const struct book *book, const struct submission *submission,
                      int64_t revision, enum side side, const struct deed *deed,
                      struct submission *ret_submission, struct problem *err)
{
    if (!waiting_check(book, submission, revision, err))
        return false;
    if (submission->agreed[side].at_ms != INSTANT_NONE)
        return problem_set(err, PROBLEM_STATE_CONFLICT, "the %s has agreed already",
                           side == SIDE_PROVIDER ? "provider" : "commissioner");
    *ret_submission = *submission;
    ret_submission->agreed[side] = *deed;
    ret_submission->version++;
    enum side other = side == SIDE_PROVIDER ? SIDE_COMMISSIONER : SIDE_PROVIDER;
    if (submission->agreed[other].at_ms != INSTANT_NONE)
        ret_submission->state = SUBMISSION_AGREED;
    return true;
}

bool submission_query(const struct book *book, const struct submission *submission,
                      int64_t revision, const char *reason, const struct deed *deed,
                      struct submission *ret_submission, struct problem *err)
{
    if (!waiting_check(book, submission, revision, err))
        return false;
    *ret_submission = *submission;
    ret_submission->state = SUBMISSION_QUERIED;
    ret_submission->queried = *deed;
    snprintf(ret_submission->query_reason, sizeof ret_submission->query_reason, "%s", reason);
    ret_submission->version++;
    return true;
}
