/* How an organisation comes in and goes out: founding, application, admission, suspension,
 * departure, exclusion; and how an alliance ends. Pure; any thread. Source: domain.md A1, A2, A3.
 */
#ifndef ACCORD_SERVICES_MEMBERSHIP_RULES_PARTNER_H
#define ACCORD_SERVICES_MEMBERSHIP_RULES_PARTNER_H

#include "common/problem.h"
#include "services/membership/model.h"

/* An alliance to be. */
struct founding {
    int32_t starts_on;
    int32_t ends_on;
    int32_t agreement_starts_on;
    int64_t deadline_ms;
    struct partner founders[FOUNDERS_MAX];
    int founder_count;
    bool has_director;
    char director_organisation[ODS_SIZE];
    char caller_organisation[ODS_SIZE]; /* "" = the token speaks for none */
    bool caller_is_director;
};
/* Founders stand once each, one voting commissioner and one voting provider at least; the first
 * agreement starts with the alliance; the director is a founder's; who founds is one of them. All
 * faults at once. */
bool founding_decide(const struct founding *founding, int64_t now_ms,
                     struct problem *err) MUST_CHECK;

/* Only an active alliance is applied to, and only by who is not on its roster, or no longer.
 * `existing` is NULL for a newcomer. `ret_partner` is the partner, proposed; who comes back does so
 * like any other, not as a founder. */
bool application_decide(enum alliance_status status, const struct partner *existing,
                        const char *organisation, const char *name, enum partner_role role,
                        bool is_voting, struct partner *ret_partner,
                        struct problem *err) MUST_CHECK;

/* Admission takes an applicant into an active alliance, exclusion a partner that is in, suspension
 * an active one, reinstatement a suspended one. `hosted` is a function that the partner hosts (A4;
 * "" = none): it is handed over before the partner stops taking part. */
bool admission_check(enum alliance_status status, const struct partner *partner,
                     struct problem *err) MUST_CHECK;
bool exclusion_check(const struct partner *partner, const char *hosted,
                     struct problem *err) MUST_CHECK;
bool suspension_check(const struct partner *partner, const char *hosted,
                      struct problem *err) MUST_CHECK;
bool reinstatement_check(const struct partner *partner, struct problem *err) MUST_CHECK;
/* What a carried decision does. */
void partner_admit(struct partner *partner, int32_t today);
void partner_exclude(struct partner *partner, int32_t today);
void partner_suspend(struct partner *partner, int32_t today);
void partner_reinstate(struct partner *partner, int32_t today);
/* The founding failed, the admission came to nothing, or the alliance takes nobody in any more. */
void partner_lapse(struct partner *partner);

/* It applied, and nobody has decided yet: not a founder. */
bool partner_is_applicant(const struct partner *partner);
/* It decides with the others: when this changes, so do electorates (A3). */
bool partner_has_vote(const struct partner *partner);

/* A partner leaves, with `hosted` as above; an applicant withdraws. A founder can't leave what is
 * not founded yet. */
bool departure_decide(struct partner *partner, const char *hosted, int32_t today,
                      struct problem *err) MUST_CHECK;

/* An active alliance closes, a closing one is dissolved. */
bool closing_check(enum alliance_status status, struct problem *err) MUST_CHECK;
bool dissolution_check(enum alliance_status status, struct problem *err) MUST_CHECK;

#endif
