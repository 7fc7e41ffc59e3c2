/* What reinvestment decides: pure functions over model.h. Changes are made to the struct that is
 * handed in, and only when the rule allows them. Source: domain.md C1, C2, C3, C4, C5. */
#ifndef ACCORD_REINVESTMENT_RULES_H
#define ACCORD_REINVESTMENT_RULES_H

#include "common/problem.h"
#include "services/reinvestment/model.h"

/* "in-delivery" and back; an unknown word is a bug and asserts. */
const char *case_state_word(enum case_state state);
enum case_state case_state_of_word(const char *word);
const char *drawdown_state_word(enum drawdown_state state);
enum drawdown_state drawdown_state_of_word(const char *word);

/* What may still be proposed: balance above the floor, less held, less proposed; may be negative.
 */
int64_t ring_fence_available_pence(const struct ring_fence *ring_fence);

/* C2. Both settings differ, and the surplus, volume x (before - after), is a number that can be
 * written down: else RULE_BROKEN. Sets the surplus. */
bool left_shift_compute(struct left_shift *shift, struct problem *err) MUST_CHECK;
/* PERSONAL_DATA naming every field that looks as if it held an NHS number. */
bool left_shift_words_check(const struct left_shift *shift, struct problem *err) MUST_CHECK;
/* Only who recorded it revises it: ROLE_MISSING. */
bool left_shift_check_owner(const struct left_shift *shift, const char *organisation,
                            struct problem *err) MUST_CHECK;

/* C3. What an alliance appraises by until it says otherwise. */
void appraisal_criteria_default(int64_t now_ms, struct appraisal_criteria *ret);
/* Each criterion has a code of its own and a weight, and the weights add up to 10,000: RULE_BROKEN
 * with every fault. */
bool appraisal_criteria_check(const struct appraisal_criteria *criteria,
                              struct problem *err) MUST_CHECK;
bool appraisal_criteria_words_check(const struct appraisal_criteria *criteria,
                                    struct problem *err) MUST_CHECK;
/* submitted or appraised -> appraised, by one appraisal of a person who is neither of the sponsor
 * nor of the beneficiary and has not appraised it before (`is_again`): a score for each criterion.
 * The first one freezes the version of the criteria for the case: `criteria` is that one then. */
bool case_appraise(struct business_case *a_case, const struct appraisal_criteria *criteria,
                   struct appraisal *appraisal, const struct person *person, bool is_again,
                   int64_t now_ms, struct problem *err) MUST_CHECK;
/* The mean of the appraisals' weighted scores, rounded half up once; 0 without any. */
int64_t case_score_e4(const struct business_case *a_case);
/* 42500 -> "4.25" */
void score_format(int64_t score_e4, char ret_text[SCORE_TEXT_SIZE]);

/* The costs by month go forward in time, each month once; when there are any, the one-off ones add
 * up to the one-off cost, and the recurrent ones of a financial year stay within the recurrent
 * cost: RULE_BROKEN with every fault. Part of case_check(). */
bool costs_check(const struct business_case *a_case, struct problem *err) MUST_CHECK;
/* A milestone of a case in delivery is done, once, on a day that is not to come. */
bool milestone_complete(struct business_case *a_case, const char *code, int32_t done_day,
                        int32_t today, struct problem *err) MUST_CHECK;

/* The words hold no NHS number (E10): PERSONAL_DATA naming every field that does. */
bool case_words_check(const struct business_case *a_case, struct problem *err) MUST_CHECK;

/* What a case names is there (`ring_fence` NULL: it is not in the agreement in force): else
 * REFERENCE_UNKNOWN. It fits its ring-fence (category and setting are among those it is for), its
 * milestones have codes of their own and together ask for no more than the award: else RULE_BROKEN.
 * With every fault. */
bool case_check(const struct business_case *a_case, const struct ring_fence *ring_fence,
                bool is_beneficiary_active, struct problem *err) MUST_CHECK;

/* Only the sponsor's people change, submit and close a case; others get ROLE_MISSING. */
bool case_check_sponsor(const struct business_case *a_case, const char *organisation,
                        struct problem *err) MUST_CHECK;
/* Only a draft is revised. */
bool case_check_draft(const struct business_case *a_case, struct problem *err) MUST_CHECK;

/* draft -> submitted */
bool case_submit(struct business_case *a_case, struct problem *err) MUST_CHECK;
/* appraised -> proposed; FUNDS_INSUFFICIENT with the figures when the award is more than what is
 * available, other open proposals included (C4). */
bool case_propose(struct business_case *a_case, const struct ring_fence *ring_fence,
                  struct problem *err) MUST_CHECK;
/* proposed -> decided. In delivery already when the ledger's hold was heard of first: then only the
 * decision must be the same. */
bool case_decide(struct business_case *a_case, const char *decision_id,
                 struct problem *err) MUST_CHECK;
/* The decision ended without effect: rejected when it was voted down, else appraised as before, so
 * that it may be proposed anew. false: it was not proposed, nothing to do. */
bool case_release(struct business_case *a_case, const char *outcome) MUST_CHECK;
/* The ledger holds the award: proposed or decided -> in delivery. false: it waits for no hold of
 * this decision. */
bool case_fund(struct business_case *a_case, const char *decision_id,
               const char *hold_id) MUST_CHECK;
/* The ledger refused to: proposed or decided -> rejected. false: as above. */
bool case_refuse(struct business_case *a_case, const char *decision_id,
                 const char *reason) MUST_CHECK;
/* in delivery -> closed, with no drawdown pending. Outcome "completed", "cancelled". */
bool case_close(struct business_case *a_case, const char *outcome, const char *reason,
                int64_t now_ms, struct problem *err) MUST_CHECK;
/* The hold is gone (expired, or released in the ledger): in delivery -> closed. The caller has
 * voided what was pending. false: it was not in delivery, nothing to do. */
bool case_expire(struct business_case *a_case, const char *reason, int64_t now_ms) MUST_CHECK;

/* Asks for a part of the award (C5): by the sponsor's or the beneficiary's people, in delivery, for
 * a milestone of the case if one is named, and never above what is left of the award. Adds to the
 * case's pending amount. */
bool drawdown_request(struct business_case *a_case, struct drawdown *drawdown,
                      const struct person *person, int64_t now_ms, struct problem *err) MUST_CHECK;
/* By another person, of another organisation than the one that asked and the one that is paid. */
bool drawdown_verify(struct drawdown *drawdown, const struct person *person, bool is_same_person,
                     int64_t now_ms, struct problem *err) MUST_CHECK;
/* The verifier refuses, with a reason: the amount may be asked for again. */
bool drawdown_refuse(struct business_case *a_case, struct drawdown *drawdown,
                     const struct person *person, bool is_same_person, const char *reason,
                     int64_t now_ms, struct problem *err) MUST_CHECK;
/* The ledger paid: verified -> captured. false: it was not verified, nothing to do. */
bool drawdown_capture(struct business_case *a_case, struct drawdown *drawdown,
                      const char *transaction_id, int64_t captured_ms) MUST_CHECK;
/* The ledger refused to pay, or the hold is gone: requested or verified -> refused. false: it was
 * not pending, nothing to do. */
bool drawdown_void(struct business_case *a_case, struct drawdown *drawdown,
                   const char *reason) MUST_CHECK;

#endif
