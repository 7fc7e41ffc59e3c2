/* What the risk service decides: pure functions over model.h. Changes are made to the struct that
 * is handed in, and only when the rule allows them. Source: domain.md D1, D2, D5, D6, D7,
 * D10, E10. */
#ifndef ACCORD_RISK_RULES_H
#define ACCORD_RISK_RULES_H

#include "common/problem.h"
#include "services/risk/model.h"

/* The words of the api-spec and the tables; an unknown one is a bug and asserts. */
const char *band_word(enum band band);
enum band band_of_word(const char *word);
const char *category_word(enum category category);
enum category category_of_word(const char *word);
const char *risk_state_word(enum risk_state state);
enum risk_state risk_state_of_word(const char *word);
const char *risk_change_word(enum risk_change change);
enum risk_change risk_change_of_word(const char *word);
const char *score_kind_word(enum score_kind kind);
enum score_kind score_kind_of_word(const char *word);

const char *escalation_cause_word(enum escalation_cause cause);
enum escalation_cause escalation_cause_of_word(const char *word);

/* Low 1-3, moderate 4-6, high 8-12, extreme 15-25: version 1 of every alliance (D2). */
void criteria_default(int64_t now_ms, struct criteria *ret);
/* What a consequence of 1-5 means in each domain, until an alliance says otherwise. */
void descriptors_default(struct criteria *ret);
/* The bands are in order, none is empty, and each product of 1-5 and 1-5 falls into exactly one; a
 * worse band is not reviewed less often. RULE_BROKEN with every fault. */
bool criteria_check(const struct criteria *criteria, struct problem *err) MUST_CHECK;
/* The reason and the descriptors hold no NHS number (E10). */
bool criteria_words_check(const struct criteria *criteria, struct problem *err) MUST_CHECK;

/* likelihood x consequence and its band; both are 1-5. */
struct rating rating_of(const struct criteria *criteria, int64_t likelihood, int64_t consequence);
bool rating_is_given(const struct rating *rating);

/* PERSONAL_DATA naming each passage that holds what looks like an NHS number (E10). */
bool risk_words_check(const struct risk *risk, struct problem *err) MUST_CHECK;

/* The risk is restricted to some, and this organisation is one of them. */
bool risk_names(const struct risk *risk, const char *organisation);
/* Who owns a restricted risk and who helps must be named; so must the organisation of whoever logs
 * it (NULL = not being logged). RULE_BROKEN with every fault; a risk that is not restricted is
 * always fine. */
bool risk_restriction_check(const struct risk *risk, const struct editor *logged_by,
                            struct problem *err) MUST_CHECK;
/* A restriction only ever gains names, and what everybody could know is never restricted: who knew
 * cannot unknow, and what was said in confidence stays so. RULE_BROKEN otherwise. */
bool risk_widening_check(const struct risk *before, const struct risk *after,
                         struct problem *err) MUST_CHECK;

/* The first score, and the target if one is given: returns how many scores were made, for the
 * history. The first review is due after the interval of its band. */
struct first_score {
    int64_t likelihood, consequence;
    int64_t target_likelihood, target_consequence; /* likelihood 0 = none */
};
int risk_log(struct risk *risk, const struct criteria *criteria, const struct first_score *given,
             const struct editor *editor, struct score ret_scores[2]);

/* D10. A draft of what a signal may mean. Its owner is the organisation it was found at when that
 * is an active partner, else nobody's yet. */
void risk_propose(struct risk *risk, const struct evidence *evidence, bool is_of_partner,
                  int64_t now_ms);
/* draft -> open, with its first score; returns in ret_count how many scores were made. */
bool risk_accept(struct risk *risk, const struct criteria *criteria,
                 const struct first_score *given, const struct editor *editor,
                 struct score ret_scores[2], int *ret_count, struct problem *err) MUST_CHECK;
/* draft -> dismissed, with the reason. */
bool risk_dismiss(struct risk *risk, const char *reason, const struct editor *editor,
                  struct problem *err) MUST_CHECK;

/* Marks that words, category, owner or links have changed. A closure that waits is void. Only on a
 * risk that is open or closing: STATE_CONFLICT. */
bool risk_revise(struct risk *risk, const char *reason, const struct editor *editor,
                 struct problem *err) MUST_CHECK;
/* Scores again, current or target, against these criteria. A closure that waits is void; a worse
 * band brings the next review forward, a better one leaves it where it is. */
bool risk_score(struct risk *risk, const struct criteria *criteria, enum score_kind kind,
                int64_t likelihood, int64_t consequence, const char *reason,
                const struct editor *editor, struct score *ret_score,
                struct problem *err) MUST_CHECK;

/* open -> closed; quality and safety: open -> closing, until two have signed (D6). */
bool risk_close(struct risk *risk, const char *reason, const struct editor *editor,
                struct problem *err) MUST_CHECK;
/* Signs a closure in a role, "lead-nurse" or "senior-medical-lead", once each, by two people
 * (`is_same_person`: the caller has signed in the other role). The second signature closes. */
bool risk_sign(struct risk *risk, const char *role, bool is_same_person,
               const struct editor *editor, struct problem *err) MUST_CHECK;

/* D5. Closes the review that is due next, whenever it comes: the next one is due after the interval
 * of the risk's band in these criteria, counted from today in London. */
bool risk_review(struct risk *risk, const struct criteria *criteria, const char *findings,
                 const struct editor *editor, struct review *ret_review,
                 struct problem *err) MUST_CHECK;

/* A current score of 15 and above escalates to the leadership board at once, unless as much was
 * escalated since it was last below. What risk_log(), risk_score() and risk_accept() mark with
 * `escalates`; the caller gives it an id. */
void escalation_by_score(const struct risk *risk, const struct score *score,
                         struct escalation *ret);
/* The ladder of an alliance that has no delivery board: delivery board, system leadership team,
 * leadership board. */
void ladder_default(struct ladder *ret);
/* How far up a ladder of so many levels a review that is due on `due_day` has come today: 0 = it is
 * not overdue, 1 from the day after, then one level a week. */
int64_t overdue_level(int32_t due_day, int32_t today, int64_t levels);
/* The escalation of a risk whose review is overdue today. */
void escalation_overdue(const struct risk *risk, const struct ladder *ladder, int32_t today,
                        int64_t now_ms, struct escalation *ret);

#endif
