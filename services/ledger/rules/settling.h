/* How a settlement comes about and ends: computed of a locked month, voted on, posted once. What it
 * says is settlement.h's. Pure. Source: domain.md B5, B12. */
#ifndef ACCORD_LEDGER_RULES_SETTLING_H
#define ACCORD_LEDGER_RULES_SETTLING_H

#include "common/problem.h"
#include "services/ledger/model/record.h"

/* What is there of a month's settlements. */
struct settled_so_far {
    bool has_open;                        /* computed or proposed */
    const struct settlement_record *last; /* the last that was posted; NULL = none */
    bool has_changed; /* since that: other figures are agreed, or another version is in force */
};

/* May the month be settled, or (corrects_id given, "" = not) corrected, now? STATE_CONFLICT,
 * RULE_BROKEN when `corrects_id` is not the month's last. */
bool settlement_begin_check(const struct period *period, const struct settled_so_far *so_far,
                            const char *corrects_id, struct problem *err) MUST_CHECK;
/* STATE_CONFLICT unless it is computed and nothing has become of it yet. */
bool settlement_propose(const struct settlement_record *record,
                        struct settlement_record *ret_record, struct problem *err) MUST_CHECK;
bool settlement_withdraw(const struct settlement_record *record, const char *reason, int64_t now_ms,
                         struct settlement_record *ret_record, struct problem *err) MUST_CHECK;
/* Its decision ended without effect (outcome as in common/subject.h): it is rejected, or computed
 * again where nobody decided. False when there is nothing to undo. */
bool settlement_release(const struct settlement_record *record, const char *outcome,
                        const char *reason, int64_t now_ms,
                        struct settlement_record *ret_record) MUST_CHECK;
/* How its decision ended, in a sentence; `reason` is why what was carried was refused (NULL = it
 * was not). */
void decision_end_words(const char *outcome, const char *reason, char ret_words[NOTE_SIZE]);
/* STATE_CONFLICT unless it is proposed. Posted by that decision and event; the transaction's id is
 * "" when nothing is to be moved. */
bool settlement_post(const struct settlement_record *record, const char *decision_id,
                     int64_t sequence, int64_t now_ms, struct settlement_record *ret_record,
                     struct problem *err) MUST_CHECK;
/* Its transaction, ready for transaction_check(); ids and times are the caller's. */
void settlement_transaction_make(const struct settlement_record *record,
                                 struct transaction *ret_transaction);

/* Has the settlement that it corrects escalated the very same? What the reserve leaves uncovered is
 * computed of the whole month again; a claw-back is always of this one alone. */
bool escalation_is_repeated(const struct settlement_escalation *escalation,
                            const struct settlement_escalation *before, size_t before_count);

/* A submission that a posted settlement has used, in the revision that it is in. */
void submission_use(const struct submission *submission, const char *settlement_id,
                    struct submission *ret_submission);

/* --- the reserve (B10) */

/* What of it the year leaves, and the account has; 0 when the agreement has no reserve. */
int64_t reserve_releasable(const struct book *book, const struct reserve_position *position);
/* May that be released of the reserve now? REFERENCE_UNKNOWN, RULE_BROKEN, FUNDS_INSUFFICIENT with
 * the figures: not more than the year leaves unspent, nor than the account has. */
bool release_check(const struct book *book, const struct reserve_position *position,
                   const struct reserve_release *release, struct problem *err) MUST_CHECK;
/* STATE_CONFLICT unless it is a draft. */
bool release_draft_check(const struct reserve_release *release, struct problem *err) MUST_CHECK;
void release_end(const struct reserve_release *release, enum release_state state,
                 const char *reason, int64_t now_ms, struct reserve_release *ret_release);
/* Its transaction, ready for transaction_check(); ids and times are the caller's. */
void release_transaction_make(const struct reserve_release *release,
                              struct transaction *ret_transaction);

#endif
