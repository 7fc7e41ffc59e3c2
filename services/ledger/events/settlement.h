/* What the ledger announces of settlements, and how a decision over one is carried. */
#ifndef ACCORD_LEDGER_EVENTS_SETTLEMENT_H
#define ACCORD_LEDGER_EVENTS_SETTLEMENT_H

#include "common/subject.h"
#include "services/ledger/store/settlement.h"

#define SETTLEMENT_PREFIX "ledger/settlements/"
#define RELEASE_PREFIX "ledger/reserve-releases/"

void settlement_ref(const char *id, char ret_ref[REF_SIZE]);

/* What it cites, as an array of references (a new one). */
json_t *settlement_evidence(const struct settlement_record *record);
/* ledger.settlement.computed.v1, as often as its lines need to fit; the first carries the
 * settlement itself. */
bool event_settlement_computed(struct act *act, const struct settlement_record *record,
                               const struct basis *basis, struct problem *err) MUST_CHECK;
/* ledger.settlement.proposed.v1, .returned.v1, .rejected.v1, .withdrawn.v1: by its state. */
bool event_settlement_moved(struct act *act, const struct settlement_record *record,
                            struct problem *err) MUST_CHECK;
/* ledger.settlement.posted.v1, the effect of its decision; NULL = nothing was to be moved. */
bool event_settlement_posted(struct act *act, const struct book *book,
                             const struct settlement_record *record,
                             const struct transaction *transaction, struct problem *err) MUST_CHECK;
/* ledger.submission.used.v1 */
bool event_submission_used(struct act *act, const struct submission *submission,
                           struct problem *err) MUST_CHECK;
/* ledger.settlement.escalated.v1: to the leadership board. */
bool event_settlement_escalated(struct act *act, const struct settlement_record *record,
                                const struct settlement_escalation *escalation,
                                struct problem *err) MUST_CHECK;

/* Likewise: another version of the agreement is in force in a settled month. */
bool event_settlement_overtaken(struct act *act, const struct overtaken *overtaken,
                                struct problem *err) MUST_CHECK;

/* Puts it on the leadership board's agenda; takes links. */
bool event_escalated(struct act *act, const char *type, const char *subject, const char *title,
                     const char *reason, json_t *links, struct problem *err) MUST_CHECK;

/* Computes under the act what has been allowed to begin, and announces it; corrects_id "" = the
 * month's first. `record` is completed but for its id, who computes it and what it cites. */
bool settlement_run(struct act *act, int32_t month, const char *corrects_id,
                    struct settlement_record *record, struct basis *basis,
                    struct problem *err) MUST_CHECK;

/* As a subject of decisions: effect "post", kind approve-settlement. */
bool settlement_describe(struct act *act, const char *ref, const char *effect,
                         struct subject *ret_subject, struct problem *err) MUST_CHECK;
bool settlement_carry(struct act *act, const struct carried_decision *decision,
                      struct problem *err) MUST_CHECK;
bool settlement_give_back(struct act *act, const char *ref, const char *outcome, const char *reason,
                          struct problem *err) MUST_CHECK;

/* --- releases of the reserve: effect "release", kind release-reserve */

void release_ref(const char *id, char ret_ref[REF_SIZE]);
/* ledger.release.drafted.v1, .rejected.v1, .withdrawn.v1: by its state. */
bool event_release_moved(struct act *act, const struct reserve_release *release,
                         struct problem *err) MUST_CHECK;
/* ledger.reserve.escalated.v1, when that month, which has closed, was the last of its financial
 * year and something of the year's reserve is left: draws + releases = cap at close (B10). */
bool reserve_left_escalate(struct act *act, int32_t month, struct problem *err) MUST_CHECK;
/* May it be released, as the books stand? */
bool release_allowed(struct act *act, const struct reserve_release *release, struct book **ret_book,
                     struct problem *err) MUST_CHECK;
bool release_describe(struct act *act, const char *ref, const char *effect,
                      struct subject *ret_subject, struct problem *err) MUST_CHECK;
/* ledger.release.posted.v1 */
bool release_carry(struct act *act, const struct carried_decision *decision,
                   struct problem *err) MUST_CHECK;
bool release_give_back(struct act *act, const char *ref, const char *outcome, const char *reason,
                       struct problem *err) MUST_CHECK;

#endif
