/* Interests, and what becomes of an organisation whose interest touches a decision: the chair
 * rules, and at the deadline whoever was not ruled on is recused. Pure; any thread. Source:
 * domain.md A8, A10. */
#ifndef ACCORD_SERVICES_MEMBERSHIP_RULES_INTEREST_H
#define ACCORD_SERVICES_MEMBERSHIP_RULES_INTEREST_H

#include "common/problem.h"
#include "services/membership/model.h"

/* An interest is refreshed once a year. */
#define INTEREST_FRESH_MS (INT64_C(365) * 24 * 60 * 60 * 1000)

/* It touches one thing, another organisation or a resource, and ends after it starts. `partner` is
 * the holder's, NULL when it has none. */
bool interest_decide(const struct interest *interest, const struct partner *partner,
                     struct problem *err) MUST_CHECK;
/* Ended, or overdue for its yearly refresh, which changes nothing of what it touches. */
enum interest_state interest_state_at(const struct interest *interest, int32_t day, int64_t now_ms);
/* It stands as it is for another year, or ends on a day (DAY_NONE = it does not). Never once it has
 * ended. */
bool interest_refresh(struct interest *interest, int32_t ends_on, int32_t day, int64_t now_ms,
                      struct problem *err) MUST_CHECK;

/* In what it touches: the decision's subject, or what lies below it; or one of the organisations
 * that the subject concerns. It never is the interest of the organisation in itself. */
bool interest_touches(const struct interest *interest, const char *organisation,
                      const char *subject, const char *const organisations[], int count);

/* From now on a ruling is pending on this elector. `is_persons`: the interest is the only
 * speaker's. */
void elector_conflict(struct elector *elector, const struct interest *interest, bool is_persons);
/* A recusal or ruling is only recorded while the decision is open, of an elector for which one is
 * pending, and never by a chair of that organisation. `elector` is NULL for an organisation that is
 * not in the electorate. */
bool ruling_decide(const struct elector *elector, const char *chair_organisation,
                   struct problem *err) MUST_CHECK;
void elector_rule(struct elector *elector, enum ruling ruling, const char *reason, int64_t now_ms);
/* At the deadline: true when it was pending, and now is recused. */
bool elector_settle(struct elector *elector, int64_t closed_ms);

#endif
