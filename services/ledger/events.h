/* What the ledger announces, and what it reacts to. Every event holds the full new rows of what it
 * touched: the database writes nothing else. Announce what a rule has allowed and the book already
 * shows; the balances in an event are the book's. */
#ifndef ACCORD_LEDGER_EVENTS_H
#define ACCORD_LEDGER_EVENTS_H

#include "common/consumer.h"
#include "common/service.h"
#include "common/subject.h"
#include "services/ledger/model.h"

/* --- references
 * -------------------------------------------------------------------------------------- */

void account_ref(const char *code, char ret_ref[REF_SIZE]);
void mandate_ref(const char *id, char ret_ref[REF_SIZE]);
void transaction_ref(const char *id, char ret_ref[REF_SIZE]);
void bulk_ref(const char *id, char ret_ref[REF_SIZE]);
void hold_ref(const char *id, char ret_ref[REF_SIZE]);
void period_ref(int32_t month, char ret_ref[REF_SIZE]);
void submission_ref(const char *id, char ret_ref[REF_SIZE]);

/* --- announcements
 * ------------------------------------------------------------------------------------ */

/* ledger.accounts.opened.v1, as often as they need to fit. */
bool event_accounts_opened(struct act *act, const struct account accounts[], size_t count,
                           struct problem *err) MUST_CHECK;
/* ledger.account.limited.v1, .closed.v1 */
bool event_account_limited(struct act *act, const struct account *account,
                           struct problem *err) MUST_CHECK;
bool event_account_closed(struct act *act, const struct account *account,
                          struct problem *err) MUST_CHECK;

/* ledger.mandate.drafted.v1, .revised.v1, .withdrawn.v1; granted: the effect of its decision. */
bool event_mandate_drafted(struct act *act, const struct mandate *mandate,
                           struct problem *err) MUST_CHECK;
bool event_mandate_revised(struct act *act, const struct mandate *mandate,
                           struct problem *err) MUST_CHECK;
bool event_mandate_withdrawn(struct act *act, const struct mandate *mandate,
                             struct problem *err) MUST_CHECK;
bool event_mandate_granted(struct act *act, const struct mandate *mandate,
                           struct problem *err) MUST_CHECK;

/* ledger.transaction.posted.v1, .reversed.v1 (the reversal itself) */
bool event_transaction_posted(struct act *act, const struct book *book,
                              const struct transaction *transaction,
                              struct problem *err) MUST_CHECK;

/* ledger.bulk.posted.v1, as often as they need to fit: begin, add each transaction right after it
 * was applied, end. The first event carries the bulk itself. */
struct bulk_event {
    struct act *act;
    const struct book *book;
    const struct bulk *bulk;
    json_t *transactions, *entries; /* of the event in the making */
    size_t size;
    bool has_bulk; /* an event has said it */
};
void bulk_event_begin(struct bulk_event *event, struct act *act, const struct book *book,
                      const struct bulk *bulk);
bool bulk_event_add(struct bulk_event *event, const struct transaction *transaction,
                    struct problem *err) MUST_CHECK;
bool bulk_event_end(struct bulk_event *event, struct problem *err) MUST_CHECK;
void bulk_event_done(struct bulk_event *event);

/* ledger.hold.placed.v1: of a decision's own hold, the effect of the decision. */
bool event_hold_placed(struct act *act, const struct book *book, const struct hold *hold,
                       struct problem *err) MUST_CHECK;
/* ledger.hold.captured.v1 */
bool event_hold_captured(struct act *act, const struct book *book, const struct hold *hold,
                         const struct capture *capture, const struct transaction *transaction,
                         struct problem *err) MUST_CHECK;
/* ledger.hold.released.v1, .expired.v1: what the hold has become. */
bool event_hold_resolved(struct act *act, const struct book *book, const struct hold *hold,
                         struct problem *err) MUST_CHECK;

/* ledger.periods.opened.v1, as often as they need to fit. */
bool event_periods_opened(struct act *act, const struct period periods[], size_t count,
                          struct problem *err) MUST_CHECK;
/* ledger.period.locked.v1, .closed.v1; reopened: the effect of its decision. */
bool event_period_moved(struct act *act, const struct period *period,
                        struct problem *err) MUST_CHECK;
bool event_period_reopened(struct act *act, const struct period *period,
                           struct problem *err) MUST_CHECK;

/* ledger.submission.submitted.v1 (a revision, the first or the next), .agreed.v1 (by one side or
 * the second), .queried.v1 */
bool event_submission_submitted(struct act *act, const struct submission *submission,
                                struct problem *err) MUST_CHECK;
bool event_submission_agreed(struct act *act, const struct submission *submission,
                             struct problem *err) MUST_CHECK;
bool event_submission_queried(struct act *act, const struct submission *submission,
                              struct problem *err) MUST_CHECK;

/* ledger.effect.refused.v1: the decision's hold could not be placed. */
bool event_effect_refused(struct act *act, const char *decision_id, const char *subject,
                          const char *reason, struct problem *err) MUST_CHECK;
/* ledger.capture.refused.v1: a verified drawdown could not be paid. */
bool event_capture_refused(struct act *act, const json_t *drawdown, const char *reason,
                           struct problem *err) MUST_CHECK;

/* --- work that handlers, reactions and sweeps share
 * ----------------------------------------------------- */

/* The book, after everything that has expired by the act's clock was resolved: what has to be seen
 * before anything is posted, held or closed. */
bool book_begin(struct act *act, struct book **ret_book, struct problem *err) MUST_CHECK;

/* Captures under the act: checks, applies, announces. `transaction` and `capture` are completed. */
struct capture_order {
    int32_t effective_day;
    bool goes_late;
    const char *description; /* NULL = the hold's title */
};
bool capture_run(struct act *act, struct hold *hold, const struct capture_order *order,
                 struct capture *capture, struct transaction *transaction,
                 struct problem *err) MUST_CHECK;
/* Resolves what has expired by the act's clock; at most a batch at a time. */
bool holds_expire(struct act *act, struct problem *err) MUST_CHECK;

/* --- reactions
 * ------------------------------------------------------------------------------------------- */

/* Decisions over mandates (effect "grant") and months ("reopen"). Both are of kind move-money: the
 * one lets money move, the other lets it move in a month whose books were settled. */
extern const struct subject_hooks LEDGER_SUBJECTS;
/* The chart of accounts and the months follow the agreement and the roster; carried decisions place
 * holds; drawdowns and closed cases of reinvestment capture and release them. */
extern const struct reaction LEDGER_REACTIONS[];
extern const size_t LEDGER_REACTION_COUNT;
extern const struct sweep LEDGER_SWEEPS[];
extern const size_t LEDGER_SWEEP_COUNT;

#endif
