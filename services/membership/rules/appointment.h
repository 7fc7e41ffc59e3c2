/* Who may appoint whom, and end it. Pure; any thread. Source: domain.md A5, A7. */
#ifndef ACCORD_SERVICES_MEMBERSHIP_RULES_APPOINTMENT_H
#define ACCORD_SERVICES_MEMBERSHIP_RULES_APPOINTMENT_H

#include "common/access.h"
#include "common/problem.h"
#include "services/membership/model.h"

/* Only one person at a time holds it: a representative per organisation, one director, one chair. A
 * new holder succeeds the one before. */
bool post_is_single(enum post post);

bool tenure_is_in_force(const struct tenure *tenure, int64_t now_ms);

/* An organisation's posts are filled by who speaks for it, and by nobody else; its representative
 * by the representative, by a deputy while vacant, and by any token of the organisation when nobody
 * speaks for it (`is_spoken_for`: it has a representative or deputy now). Director and chair are
 * succeeded by their holder's choice (the chair also by the director's); while vacant, who
 * represents a voting partner appoints. The director appoints auditors. `holder` is who holds a
 * single post now, or NULL. */
bool appointment_may_make(const struct standing *standing, enum post post, const char *organisation,
                          const struct tenure *holder, bool is_spoken_for);

/* The organisation takes part (auditors come from outside), the person does not hold the post
 * already (`duplicate`), and it ends in the future if at all. `partner` is NULL for an organisation
 * that is not on the roster. */
bool appointment_decide(const struct tenure *tenure, const struct partner *partner, bool duplicate,
                        int64_t now_ms, struct problem *err) MUST_CHECK;

/* By the person, or by who may fill the post. */
bool appointment_may_end(const struct standing *standing, const struct tenure *tenure);
/* A person's name is erased by who speaks for the organisation, by the director, and by the
 * person (which the caller of this compares). */
bool appointment_may_erase_name(const struct standing *standing, const struct tenure *tenure);
/* Sets the end (INSTANT_NONE = now), which is never before now, and never once it has ended. */
bool appointment_end(struct tenure *tenure, int64_t ends_ms, int64_t now_ms,
                     struct problem *err) MUST_CHECK;

/* The organisation is out: everybody who acts for it stops. */
void tenures_end(struct tenure tenures[], int count, int64_t now_ms);
/* Which of an organisation's people stop: all of them with its membership; with its suspension
 * those who hold a post of the alliance, so that others can be chosen, while its own people read
 * on. */
bool post_ends_with_membership(enum post post);
bool post_ends_with_suspension(enum post post);
/* Ends those whose post ends, and moves them to the front; returns how many. */
int tenures_end_some(struct tenure tenures[], int count, bool (*ends)(enum post post),
                     int64_t now_ms);

#endif
