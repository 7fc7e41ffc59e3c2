/* How a figure becomes everybody's: provisional -> submitted -> agreed by both sides -> published;
 * corrections, and the queries that hold it up. Pure. Source: domain.md E3. */
#ifndef ACCORD_KPI_RULES_AGREEMENT_H
#define ACCORD_KPI_RULES_AGREEMENT_H

#include "common/problem.h"
#include "services/kpi/model.h"

/* A revision changes something; changed figures say why. Who revises may submit, never go back.
 * `asked` is the wanted status (NULL = none). Changed figures that were agreed or published are no
 * longer either: the revision is submitted, and the one before stays as it was. RULE_BROKEN. */
bool revision_decide(const struct observation *current, const struct figures *figures,
                     const char *asked, const char *reason, char ret_status[STATUS_SIZE],
                     struct problem *err) MUST_CHECK;

/* The status of changed figures. */
const char *revision_status(const char *current);

/* Somebody of `by` agrees to a revision: only to the current one, submitted and without an open
 * query; its own organisation, or one of the other side (a commissioner's if it is a provider's),
 * each once. `ret_is_agreed`: with `given` (those of this revision), both sides stand by it now.
 * STATE_CONFLICT, RULE_BROKEN (neither side), ALREADY_EXISTS. */
bool agreement_decide(const struct observation *observation, int64_t revision,
                      const struct organisation *owner, const struct organisation *by,
                      const struct agreement given[], size_t given_count, int64_t open_queries,
                      bool *ret_is_agreed, struct problem *err) MUST_CHECK;

/* Only what is agreed and not challenged is published. STATE_CONFLICT. */
bool publication_check(const struct observation *observation, int64_t open_queries,
                       struct problem *err) MUST_CHECK;

/* Who has the figure answers, once. STATE_CONFLICT. */
bool query_answer_check(const struct query *query, struct problem *err) MUST_CHECK;
/* Who raised it closes it, answered or not. STATE_CONFLICT, RULE_BROKEN (somebody else). */
bool query_close_check(const struct query *query, const char *organisation,
                       struct problem *err) MUST_CHECK;

#endif
