/* What may be decided, by whom, by which rule, and what a vote, a recusal, a withdrawal and a
 * change of the voting partners do to a decision. Pure; any thread. Source: domain.md A3, A7, A8,
 * A9. */
#ifndef ACCORD_SERVICES_MEMBERSHIP_RULES_DECISION_H
#define ACCORD_SERVICES_MEMBERSHIP_RULES_DECISION_H

#include "common/access.h"
#include "common/problem.h"
#include "services/membership/model.h"

/* Unanimous for a reserved kind; else what the agreement allows for the kind, unanimous by default.
 */
enum decision_rule decision_rule_for(const struct agreement_terms *terms, enum decision_kind kind);

/* The group that the agreement delegates the kind to; "" for none, and for every reserved kind. */
const char *decision_group_for(const struct agreement_terms *terms, enum decision_kind kind);

/* The organisation that an admission or exclusion is about ("partners/ZZ5" -> "ZZ5"); "" for every
 * other decision. */
const char *decision_target(enum decision_kind kind, const char *subject);

/* Voting partners decide: active ones, or the founders while the alliance is founded. The target of
 * an admission or exclusion is never eligible. */
bool electorate_takes(const struct partner *partner, enum decision_kind kind, const char *target);
/* As a partner enters an electorate. */
struct elector elector_of(const struct partner *partner);

/* An open decision needs a deadline ahead, a year at most, and an alliance that is active or
 * closing (forming, for its founding). */
bool opening_decide(enum alliance_status status, enum decision_kind kind, int64_t deadline_ms,
                    int64_t now_ms, struct problem *err) MUST_CHECK;
/* Whoever may know of a restricted subject must include everybody who decides on it. */
bool electorate_may_know(const struct electorate *electorate, const char *const organisations[],
                         int count, struct problem *err) MUST_CHECK;

/* Open, and its deadline not reached: the deadline itself is too late. */
bool decision_is_open_at(const struct decision *decision, int64_t now_ms);
/* Open by the record, but its deadline has passed: to be closed before anything else happens. */
bool decision_is_overdue(const struct decision *decision, int64_t now_ms);

/* DECISION_CLOSED, with since when, unless it is open. */
bool decision_check_open(const struct decision *decision, int64_t now_ms,
                         struct problem *err) MUST_CHECK;

/* A vote counts only while the decision is open, only for an organisation in its electorate that is
 * neither recused nor dropped, and only with a reason if it disagrees. `elector` is NULL when the
 * organisation is not in the electorate. */
bool vote_decide(const struct decision *decision, const struct elector *elector,
                 const struct ballot *ballot, const char *appointment_id, int64_t now_ms,
                 struct vote *ret_vote, struct problem *err) MUST_CHECK;
/* The same again changes nothing. */
bool vote_repeats(const struct vote *latest, const struct ballot *ballot);
/* The elector after that vote. */
void elector_vote(struct elector *elector, const struct vote *vote);

/* One's own organisation stands aside, once, while the decision is open. */
bool recusal_decide(const struct decision *decision, const struct elector *elector, int64_t now_ms,
                    struct problem *err) MUST_CHECK;
/* What was pending or ruled on it is over: the recusal stands for itself. */
void elector_recuse(struct elector *elector, const char *reason, int64_t now_ms);
/* It left the alliance: out of the electorate, recorded. */
void elector_drop(struct elector *elector, const char *reason, int64_t now_ms);

/* By the person who opened it, or who speaks for the organisation that did, while it is open. */
bool withdrawal_decide(const struct decision *decision, const struct standing *standing,
                       int64_t now_ms, struct problem *err) MUST_CHECK;

/* Ends it: true as of `closed_ms`, written at `now_ms`. */
void decision_close(struct decision *decision, enum decision_state state, const char *reason,
                    int64_t closed_ms, int64_t now_ms);

#endif
