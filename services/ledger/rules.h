/* What the ledger allows. Pure: a rule sees the book as this act knows it and says yes with the
 * full new state, or no with every fault it found. Checks change nothing; the `_apply` functions
 * bring the book up to what was checked, and only after everything of a request was allowed.
 * Source: domain.md B1, B2, B4, B5, B11. */
#ifndef ACCORD_LEDGER_RULES_H
#define ACCORD_LEDGER_RULES_H

#include "common/problem.h"
#include "services/ledger/model.h"

/* --- the book
 * ------------------------------------------------------------------------------------- */

/* NULL when there is none, or none that this act has come across. */
struct account *book_account(const struct book *book, const char *code);
struct period *book_period(const struct book *book, int32_t month);
struct mandate *book_mandate(const struct book *book, const char *id);
struct hold *book_hold(const struct book *book, const char *id);

/* balance - held: what may still be moved or held, down to the floor. */
int64_t account_available(const struct account *account);

/* --- accounts (B2)
 * ---------------------------------------------------------------------------------- */

/* "partner:ZZ1:position", "partner:ZZ1:owed"; nothing else has an organisation. */
void account_code_of_partner(const char *organisation, enum account_type type,
                             char ret_code[CODE_SIZE]);
/* Sets floor and ceiling (none = has_... false) or says why not: RULE_BROKEN where the agreement
 * sets them, LIMIT_EXCEEDED when the balance is beyond them, STATE_CONFLICT when closed. */
bool account_limits_check(const struct account *account, const struct account *wanted,
                          struct problem *err) MUST_CHECK;
/* STATE_CONFLICT unless it is open, empty and unheld. */
bool account_close_check(const struct account *account, struct problem *err) MUST_CHECK;

/* --- mandates
 * ----------------------------------------------------------------------------------------- */

/* Its accounts exist and are open, no account is on both sides, its days are in order. */
bool mandate_check(const struct book *book, const struct mandate *mandate,
                   struct problem *err) MUST_CHECK;
/* A draft may be revised and granted; a draft or an active mandate may be withdrawn. */
bool mandate_revise_check(const struct mandate *mandate, struct problem *err) MUST_CHECK;
bool mandate_grant_check(const struct mandate *mandate, struct problem *err) MUST_CHECK;
bool mandate_withdraw_check(const struct mandate *mandate, struct problem *err) MUST_CHECK;

/* --- transactions (B1)
 * ---------------------------------------------------------------------------------- */

/* What a transaction is checked against besides the book. */
struct posting_terms {
    const char *pointer;           /* of the request's part: "" or "/transactions/3" */
    const struct mandate *mandate; /* that has to cover it; NULL = it rests on something else */
    bool goes_late;                /* into the next open month, rather than be refused */
    bool settles;                  /* a settlement: into its own month, which is locked */
    int64_t unheld_pence;          /* what it frees in the account of its first entry: a capture */
};

/* Checks everything, and completes effective_day, requested_day, month, amount_pence and each
 * entry's number and balance. On false the transaction is of no use. */
bool transaction_check(const struct book *book, const struct posting_terms *terms,
                       struct transaction *transaction, struct problem *err) MUST_CHECK;
/* Balances, entry counts, versions, and what is used of the mandate. */
void transaction_apply(struct book *book, const struct transaction *transaction);

/* The opposite of `original`, ready for transaction_check(); its id and times are the caller's.
 * ALREADY_REVERSED, or RULE_BROKEN for captures and reversals. */
bool reversal_make(const struct transaction *original, const char *reason,
                   struct transaction *ret_reversal, struct problem *err) MUST_CHECK;

/* --- holds (B4)
 * -------------------------------------------------------------------------------------------- */

int64_t hold_remaining(const struct hold *hold);
/* Open and not past its expiry, whether or not a sweep has said so yet. */
bool hold_is_open(const struct hold *hold, int64_t now_ms);

/* May it be placed? `mandate` has to cover it unless NULL. FUNDS_INSUFFICIENT with the figures. */
bool hold_check(const struct book *book, const struct mandate *mandate, const struct hold *hold,
                int64_t now_ms, struct problem *err) MUST_CHECK;
/* A new hold: what is held of the account, and what is used of the mandate. */
void hold_apply(struct book *book, const struct hold *hold);

/* The hold and its capture afterwards. HOLD_RESOLVED, FUNDS_INSUFFICIENT with the figures. The
 * capture's hold, amount and is_final are given. */
bool hold_capture(const struct hold *hold, int64_t now_ms, struct hold *ret_hold,
                  struct capture *capture, struct problem *err) MUST_CHECK;
/* The transaction of a capture, ready for transaction_check(); id and times are the caller's. */
void capture_transaction_make(const struct hold *hold, const struct capture *capture,
                              struct transaction *ret_transaction);
bool hold_release(const struct hold *hold, const char *reason, int64_t now_ms,
                  struct hold *ret_hold, struct problem *err) MUST_CHECK;
/* The hold as expired; false while it is not due. */
bool hold_expire(const struct hold *hold, int64_t now_ms, struct hold *ret_hold) MUST_CHECK;
/* From `before` to `after`: what is held of the account, what is used of the mandate. */
void hold_move(struct book *book, const struct hold *before, const struct hold *after);

/* --- periods (B5)
 * ---------------------------------------------------------------------------------------------- */

/* The day on which a posting counts: `day` itself in an open month, else (late) the first day of
 * the next open month. PERIOD_CLOSED, RULE_BROKEN outside the alliance's term; `pointer` names the
 * day. */
bool period_choose(const struct book *book, int32_t day, bool goes_late, const char *pointer,
                   int32_t *ret_day, struct problem *err) MUST_CHECK;
/* open -> locked -> closed, each after the months before it. `ties`: of its own. */
bool period_move(const struct book *book, const struct period *period, enum period_state state,
                 const struct month_ties *ties, int64_t now_ms, struct period *ret_period,
                 struct problem *err) MUST_CHECK;
/* Only the latest closed one. */
bool period_reopen_check(const struct book *book, const struct period *period,
                         struct problem *err) MUST_CHECK;

/* --- submissions (B11)
 * ---------------------------------------------------------------------------------------------- */

/* May figures of this month go to the pool? REFERENCE_UNKNOWN when the agreement in force has no
 * such pool (`sides` NULL), RULE_BROKEN when it is not one that is settled or the month is outside
 * the term, PERIOD_CLOSED. */
bool submission_place_check(const struct book *book, const struct pool_sides *sides, int32_t month,
                            struct problem *err) MUST_CHECK;
/* The first revision; its id is the caller's. */
void submission_make(const struct pool_sides *sides, int32_t month, const struct figures *figures,
                     const struct deed *submitted, struct submission *ret_submission);
/* The next revision: whoever agreed to an older one has not agreed to it. STATE_CONFLICT while a
 * settlement that rests on the one there is waits for its decision (`is_in_settlement`). */
bool submission_revise(const struct submission *submission, const struct pool_sides *sides,
                       const struct figures *figures, const struct deed *submitted,
                       bool is_in_settlement, struct submission *ret_submission,
                       struct problem *err) MUST_CHECK;
/* One side's agreement to this revision; agreed once both have. The month may be locked, not
 * closed. */
bool submission_agree(const struct book *book, const struct submission *submission,
                      int64_t revision, enum side side, const struct deed *deed,
                      struct submission *ret_submission, struct problem *err) MUST_CHECK;
/* The commissioner's question; the provider answers it with a new revision. */
bool submission_query(const struct book *book, const struct submission *submission,
                      int64_t revision, const char *reason, const struct deed *deed,
                      struct submission *ret_submission, struct problem *err) MUST_CHECK;

#endif
