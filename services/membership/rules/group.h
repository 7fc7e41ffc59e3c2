/* Groups as a tree: where a group may stand, who may sit in it, which have a vote. Pure; any
 * thread. Source: domain.md A6, A7. */
#ifndef ACCORD_SERVICES_MEMBERSHIP_RULES_GROUP_H
#define ACCORD_SERVICES_MEMBERSHIP_RULES_GROUP_H

#include "common/problem.h"
#include "services/membership/model.h"

/* The patient and public partnership group has a voice, not a vote: nothing is delegated to it, and
 * a seat in it decides nothing. */
bool group_has_vote(enum group_kind kind);

/* NULL when there is none of that code. */
const struct group *group_find(const struct group groups[], int count, const char *code);

/* One group per code, one per kind (but for `other`), GROUPS_MAX at most. */
bool group_check_new(const struct group groups[], int count, const struct group *group,
                     struct problem *err) MUST_CHECK;

/* Puts groups[index] below `reports_to` ("" = below none), and moves along what reports to it:
 * level and version of each that moves. Nothing reports to itself, however far up, and no deeper
 * than GROUP_LEVELS_MAX. On failure nothing has changed. */
bool group_place(struct group groups[], int count, int index, const char *reports_to,
                 struct problem *err) MUST_CHECK;

/* A member sits in a group that exists (NULL = it does not), and nobody else in any. */
bool seat_check(const struct tenure *tenure, const struct group *group,
                struct problem *err) MUST_CHECK;

#endif
