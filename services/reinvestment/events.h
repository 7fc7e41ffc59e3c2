/* What reinvestment announces, and what it reacts to. Every event holds the case's full new row,
 * and the drawdown's when there is one. */
#ifndef ACCORD_REINVESTMENT_EVENTS_H
#define ACCORD_REINVESTMENT_EVENTS_H

#include "common/consumer.h"
#include "common/subject.h"
#include "services/reinvestment/model.h"

/* "reinvestment/cases/<id>", "reinvestment/drawdowns/<id>" */
void case_ref(const struct business_case *a_case, char ret_ref[REF_SIZE]);
void drawdown_ref(const struct drawdown *drawdown, char ret_ref[REF_SIZE]);
/* "reinvestment/left-shifts/<id>" */
void left_shift_ref(const struct left_shift *shift, char ret_ref[REF_SIZE]);

/* reinvestment.left-shift.recorded.v1, .revised.v1: the row, and the same as a version that stays.
 */
bool event_left_shift_recorded(struct act *act, const struct left_shift *shift,
                               struct problem *err) MUST_CHECK;

/* reinvestment.appraisal-criteria.adopted.v1 */
bool event_appraisal_criteria_adopted(struct act *act, const struct appraisal_criteria *criteria,
                                      struct problem *err) MUST_CHECK;

/* reinvestment.case.drafted.v1, .revised.v1, .submitted.v1, .closed.v1: what the sponsor does. */
bool event_case_drafted(struct act *act, const struct business_case *a_case,
                        struct problem *err) MUST_CHECK;
bool event_case_revised(struct act *act, const struct business_case *a_case,
                        struct problem *err) MUST_CHECK;
bool event_case_submitted(struct act *act, const struct business_case *a_case,
                          struct problem *err) MUST_CHECK;
/* reinvestment.case.appraised.v1, with the appraisal. */
bool event_case_appraised(struct act *act, const struct business_case *a_case,
                          const struct appraisal *appraisal, struct problem *err) MUST_CHECK;
/* reinvestment.case.progressed.v1: a milestone is done. */
bool event_case_progressed(struct act *act, const struct business_case *a_case,
                           struct problem *err) MUST_CHECK;
/* The ledger releases what is left of the hold when it reads this. */
bool event_case_closed(struct act *act, const struct business_case *a_case,
                       struct problem *err) MUST_CHECK;

/* reinvestment.drawdown.requested.v1, .verified.v1, .refused.v1. The ledger captures from the hold
 * when it reads of a verified one. */
bool event_drawdown_requested(struct act *act, const struct business_case *a_case,
                              const struct drawdown *drawdown, struct problem *err) MUST_CHECK;
bool event_drawdown_verified(struct act *act, const struct business_case *a_case,
                             const struct drawdown *drawdown, struct problem *err) MUST_CHECK;
bool event_drawdown_refused(struct act *act, const struct business_case *a_case,
                            const struct drawdown *drawdown, struct problem *err) MUST_CHECK;

/* Decisions over cases: effect "approve", kind spend-ring-fence. Announces
 * reinvestment.case.proposed.v1, .decided.v1, .returned.v1, .rejected.v1. */
extern const struct subject_hooks REINVESTMENT_SUBJECTS;

/* An alliance that becomes active gets the default criteria; the ledger's answers. Announces
 * reinvestment.case.funded.v1, .rejected.v1, .expired.v1 and reinvestment.drawdown.captured.v1,
 * .refused.v1. */
extern const struct reaction REINVESTMENT_REACTIONS[];
extern const size_t REINVESTMENT_REACTION_COUNT;

#endif
