/* Who may do what: the token (who, which client, which organisation, which scopes) AND the roster
 * (standing in the alliance, appointments) AND the resource's own rules. access.c holds the one
 * table from the `x-roles` names of the api-spec to what the roster must say. Pure. */
#ifndef ACCORD_COMMON_ACCESS_H
#define ACCORD_COMMON_ACCESS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/problem.h"

enum { SCOPES_MAX = 48, SCOPE_SIZE = 48, APPOINTMENTS_MAX = 16 };

struct issuer;

/* A verified token. */
struct caller {
    char issuer[IDENTITY_SIZE];
    char subject[IDENTITY_SIZE];
    char client[IDENTITY_SIZE];
    const struct issuer *vouched_by; /* common/issuer.h; borrowed from the token's verifier */
    char organisation[ODS_SIZE];     /* "" = the token speaks for no organisation */
    char token_id[IDENTITY_SIZE];
    char scopes[SCOPES_MAX][SCOPE_SIZE];
    int scope_count;
};
bool caller_has_scope(const struct caller *caller, const char *scope);

enum partner_status {
    PARTNER_PROPOSED,
    PARTNER_ACTIVE,
    PARTNER_SUSPENDED,
    PARTNER_LEFT,
    PARTNER_EXCLUDED,
    PARTNER_LAPSED, /* proposed, not admitted */
};

struct appointment {
    char id[UUID_SIZE];
    char role[CODE_SIZE]; /* "partner-representative", "deputy", "alliance-director" ... (A5) */
    char organisation[ODS_SIZE];
    bool is_of_active;    /* that organisation is an active partner ... */
    bool is_of_voter;     /* ... with a vote ... */
    bool is_of_founder;   /* ... or a founder of an alliance that is still forming ... */
    bool is_of_suspended; /* ... or a suspended partner: its people read */
};

/* What the roster says of a caller in one alliance, now. */
struct standing {
    bool has_alliance;               /* this service has heard of it */
    char alliance_status[CODE_SIZE]; /* "forming", "active", "closing", "closed" */
    int64_t sequence;                /* head of this service's journal of it */
    int64_t now_ms;
    char token_organisation[ODS_SIZE]; /* "" = the token speaks for none */
    bool has_partner;                  /* the caller's organisation is on the roster */
    char organisation[ODS_SIZE];       /* the token's, else the one of the appointments */
    enum partner_status partner_status;
    int32_t left_on; /* of who left or was excluded */
    bool is_voting;
    bool is_founder;
    bool is_commissioner;
    struct appointment appointments[APPOINTMENTS_MAX]; /* in force now, of this person */
    int appointment_count;
};
/* An appointment in force to that role (and organisation, unless NULL); NULL if there is none. */
const struct appointment *standing_appointment(const struct standing *standing, const char *role,
                                               const char *organisation);
/* Representative or deputy of that organisation: may speak and vote for it. A token that speaks for
 * one organisation never speaks for another; one that names none speaks for the only organisation
 * for which its person may, and for none when there are several. */
const struct appointment *standing_speaks_for(const struct standing *standing,
                                              const char *organisation);
/* Representative or deputy of a suspended partner, by a token of its own: it neither votes nor
 * posts, but may say that it leaves. */
bool standing_speaks_for_suspended(const struct standing *standing, const char *organisation);

/* The appointment by which the caller acts: to one of these roles (NULL-terminated, best first)
 * with an organisation that takes part, the caller's own organisation before any other. NULL if
 * there is none. */
const struct appointment *standing_acts_by(const struct standing *standing,
                                           const char *const roles[]);

/* Roles as the api-spec names them (x-roles), a bit each; see access.c for what each asks for. */
typedef uint64_t role_set;
/* The appointment by which the caller does what these roles may: to one of them, of the caller's
 * own organisation before any other; else as who speaks for that organisation, else any. NULL if
 * the caller has none. */
const struct appointment *standing_acting(const struct standing *standing, role_set roles);
/* false when there is no such role: the service does not start. */
bool role_set_add(role_set *roles, const char *name) MUST_CHECK;
/* NOT_FOUND to whom the alliance is none of their business, ROLE_MISSING to who may know of it. */
bool access_check(const struct standing *standing, role_set roles, struct problem *err) MUST_CHECK;

/* States of an alliance as the api-spec names them (x-alliance), a bit each. What each allows:
 *   forming   its founding: votes on it, who speaks for its founders
 *   active    everything
 *   closing   business is wound up: what is agreed is voted on, delivered, paid, posted and closed,
 *             but nobody applies or is admitted, and no business case is begun or proposed
 *   closed    reading, in every service; and the erasure of people's names, which they may ask for
 * An operation that changes anything may in an alliance that is active or closing, unless its
 * x-alliance says otherwise; the dispatcher asks, for every one of them. */
typedef unsigned alliance_set;
/* false when there is no such state: the service does not start. */
bool alliance_set_add(alliance_set *states, const char *name) MUST_CHECK;
/* ALLIANCE_NOT_ACTIVE unless the alliance is in one of these states. */
bool access_check_alliance(const struct standing *standing, alliance_set states,
                           struct problem *err) MUST_CHECK;
/* The same for what may only begin in an active alliance: hooks that describe a new undertaking. */
bool access_check_active(const struct standing *standing, struct problem *err) MUST_CHECK;

/* False for what was recorded from the day on which the caller's organisation left, or was
 * excluded: it knows no later business. */
bool access_may_know_at(const struct standing *standing, int64_t recorded_ms);

/* True if a matter restricted to these organisations (NULL = not restricted) may be known. */
bool access_may_know(const struct standing *standing, const char *const organisations[], int count);

#endif
