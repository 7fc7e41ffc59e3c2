#include "common/access.h"

#include <string.h>

#include "common/instant.h"

bool caller_has_scope(const struct caller *caller, const char *scope)
{
    for (int i = 0; i < caller->scope_count; i++)
        if (strcmp(caller->scopes[i], scope) == 0)
            return true;
    return false;
}

/* An organisation takes part when it is active, or founds an alliance that is not yet. */
static bool appointment_counts(const struct appointment *appointment)
{
    return appointment->is_of_active || appointment->is_of_founder;
}

const struct appointment *standing_appointment(const struct standing *standing, const char *role,
                                               const char *organisation)
{
    for (int i = 0; i < standing->appointment_count; i++) {
        const struct appointment *appointment = &standing->appointments[i];
        if (strcmp(appointment->role, role) == 0 &&
            (!organisation || strcmp(appointment->organisation, organisation) == 0))
            return appointment;
    }
    return NULL;
}

static bool appointment_speaks(const struct appointment *appointment)
{
    return strcmp(appointment->role, "partner-representative") == 0 ||
           strcmp(appointment->role, "deputy") == 0;
}

static bool speaks_elsewhere(const struct standing *standing, const char *organisation)
{
    for (int i = 0; i < standing->appointment_count; i++) {
        const struct appointment *appointment = &standing->appointments[i];
        if (appointment_speaks(appointment) && appointment_counts(appointment) &&
            strcmp(appointment->organisation, organisation) != 0)
            return true;
    }
    return false;
}

const struct appointment *standing_speaks_for(const struct standing *standing,
                                              const char *organisation)
{
    if (standing->token_organisation[0] ? strcmp(standing->token_organisation, organisation) != 0
                                        : speaks_elsewhere(standing, organisation))
        return NULL;
    const struct appointment *found =
        standing_appointment(standing, "partner-representative", organisation);
    if (!found)
        found = standing_appointment(standing, "deputy", organisation);
    return found && appointment_counts(found) ? found : NULL;
}

bool standing_speaks_for_suspended(const struct standing *standing, const char *organisation)
{
    if (strcmp(standing->token_organisation, organisation) != 0)
        return false;
    for (int i = 0; i < standing->appointment_count; i++) {
        const struct appointment *appointment = &standing->appointments[i];
        if (appointment->is_of_suspended && appointment_speaks(appointment) &&
            strcmp(appointment->organisation, organisation) == 0)
            return true;
    }
    return false;
}

static const struct appointment *acts_by(const struct standing *standing, const char *const roles[],
                                         const char *organisation)
{
    for (; *roles; roles++) {
        const struct appointment *found = standing_appointment(standing, *roles, organisation);
        if (found && appointment_counts(found))
            return found;
    }
    return NULL;
}

const struct appointment *standing_acts_by(const struct standing *standing,
                                           const char *const roles[])
{
    const struct appointment *found = acts_by(standing, roles, standing->organisation);
    return found ? found : acts_by(standing, roles, NULL);
}

static bool is_active(const struct standing *standing)
{
    return standing->has_partner && standing->partner_status == PARTNER_ACTIVE;
}

static bool is_suspended(const struct standing *standing)
{
    if (standing->has_partner && standing->partner_status == PARTNER_SUSPENDED)
        return true;
    for (int i = 0; i < standing->appointment_count; i++)
        if (standing->appointments[i].is_of_suspended)
            return true;
    return false;
}

static bool is_anyone(const struct standing *standing)
{
    return standing->has_alliance;
}

/* A voting partner's system or person. */
static bool is_partner(const struct standing *standing)
{
    if (is_active(standing) && standing->is_voting)
        return true;
    for (int i = 0; i < standing->appointment_count; i++)
        if (standing->appointments[i].is_of_active && standing->appointments[i].is_of_voter)
            return true;
    return false;
}

/* The same of a partner that has a voice and no vote. */
static bool is_associate(const struct standing *standing)
{
    if (is_active(standing) && !standing->is_voting)
        return true;
    for (int i = 0; i < standing->appointment_count; i++)
        if (standing->appointments[i].is_of_active && !standing->appointments[i].is_of_voter)
            return true;
    return false;
}

static bool is_applicant(const struct standing *standing)
{
    return standing->has_partner && standing->partner_status == PARTNER_PROPOSED &&
           !standing->is_founder;
}

/* Who founds may see the forming alliance before anybody is active. */
static bool is_founder(const struct standing *standing)
{
    if (standing->has_partner && standing->is_founder &&
        (standing->partner_status == PARTNER_PROPOSED ||
         standing->partner_status == PARTNER_ACTIVE))
        return true;
    for (int i = 0; i < standing->appointment_count; i++)
        if (standing->appointments[i].is_of_founder)
            return true;
    return false;
}

static bool is_left(const struct standing *standing)
{
    return standing->has_partner && (standing->partner_status == PARTNER_LEFT ||
                                     standing->partner_status == PARTNER_EXCLUDED);
}

static bool is_representative(const struct standing *standing)
{
    for (int i = 0; i < standing->appointment_count; i++)
        if (standing_speaks_for(standing, standing->appointments[i].organisation))
            return true;
    return false;
}

/* The table: a role of x-roles, and what the roster must say of the caller. A role without a
 * function is an appointment of that name with an organisation that takes part; an auditor comes
 * from outside. */
static const struct {
    const char *name;
    bool (*holds)(const struct standing *standing);
    bool is_from_outside;
} ROLES[] = {
    {"anyone", is_anyone, false},
    {"partner", is_partner, false},
    {"associate", is_associate, false},
    {"applicant", is_applicant, false},
    {"founder", is_founder, false},
    {"left", is_left, false},
    {"suspended", is_suspended, false},
    {"representative", is_representative, false},
    {"auditor", NULL, true},
    {"alliance-director", NULL, false},
    {"chair", NULL, false},
    {"finance-lead", NULL, false},
    {"quality-lead", NULL, false},
    {"lead-nurse", NULL, false},
    {"senior-medical-lead", NULL, false},
};

bool role_set_add(role_set *roles, const char *name)
{
    for (size_t i = 0; i < ARRAY_LENGTH(ROLES); i++) {
        if (strcmp(ROLES[i].name, name) == 0) {
            *roles |= (role_set)1 << i;
            return true;
        }
    }
    return false;
}

static bool role_holds(size_t role, const struct standing *standing)
{
    if (ROLES[role].holds)
        return ROLES[role].holds(standing);
    for (int i = 0; i < standing->appointment_count; i++) {
        const struct appointment *appointment = &standing->appointments[i];
        if (strcmp(appointment->role, ROLES[role].name) == 0 &&
            (ROLES[role].is_from_outside || appointment_counts(appointment)))
            return true;
    }
    return false;
}

static bool appointment_gives(const struct appointment *appointment, size_t role)
{
    if (!ROLES[role].is_from_outside && !appointment_counts(appointment))
        return false;
    return ROLES[role].holds == is_representative
               ? appointment_speaks(appointment)
               : strcmp(appointment->role, ROLES[role].name) == 0;
}

/* An appointment with this organisation (NULL = any) that gives one of these roles. */
static const struct appointment *appointment_of_roles(const struct standing *standing,
                                                      role_set roles, const char *organisation)
{
    for (int i = 0; i < standing->appointment_count; i++) {
        const struct appointment *appointment = &standing->appointments[i];
        if (organisation && strcmp(appointment->organisation, organisation) != 0)
            continue;
        for (size_t role = 0; role < ARRAY_LENGTH(ROLES); role++)
            if (roles & (role_set)1 << role && appointment_gives(appointment, role))
                return appointment;
    }
    return NULL;
}

const struct appointment *standing_acting(const struct standing *standing, role_set roles)
{
    const struct appointment *found = appointment_of_roles(standing, roles, standing->organisation);
    if (!found)
        found = appointment_of_roles(standing, roles, NULL);
    if (!found)
        found = standing_speaks_for(standing, standing->organisation);
    return found || standing->appointment_count == 0 ? found : &standing->appointments[0];
}

bool access_check(const struct standing *standing, role_set roles, struct problem *err)
{
    if (standing->has_alliance)
        for (size_t i = 0; i < ARRAY_LENGTH(ROLES); i++)
            if (roles & (role_set)1 << i && role_holds(i, standing))
                return true;
    bool may_know = standing->has_alliance &&
                    (standing->appointment_count > 0 ||
                     (standing->has_partner && standing->partner_status != PARTNER_LAPSED));
    if (!may_know)
        return problem_set(err, PROBLEM_NOT_FOUND, "there is no such alliance");
    return problem_set(err, PROBLEM_ROLE_MISSING,
                       "this needs a role in the alliance that you do not hold");
}

static const char *const ALLIANCE_STATES[] = {"forming", "active", "closing", "closed"};

/* The state's bit; 0 when there is no such state. */
static alliance_set alliance_state(const char *name)
{
    for (size_t i = 0; i < ARRAY_LENGTH(ALLIANCE_STATES); i++)
        if (strcmp(ALLIANCE_STATES[i], name) == 0)
            return 1U << i;
    return 0;
}

bool alliance_set_add(alliance_set *states, const char *name)
{
    const alliance_set state = alliance_state(name);
    *states |= state;
    return state != 0;
}

bool access_check_alliance(const struct standing *standing, alliance_set states,
                           struct problem *err)
{
    if ((states & alliance_state(standing->alliance_status)) != 0)
        return true;
    return problem_set(err, PROBLEM_ALLIANCE_NOT_ACTIVE, "the alliance is %s",
                       standing->alliance_status);
}

bool access_check_active(const struct standing *standing, struct problem *err)
{
    return access_check_alliance(standing, alliance_state("active"), err);
}

/* By nothing but having been in: an auditor's eyes see on. */
static bool is_only_left(const struct standing *standing)
{
    return is_left(standing) && standing_appointment(standing, "auditor", NULL) == NULL;
}

bool access_may_know_at(const struct standing *standing, int64_t recorded_ms)
{
    return !is_only_left(standing) ||
           (recorded_ms != INSTANT_NONE && instant_day(recorded_ms) < standing->left_on);
}

bool access_may_know(const struct standing *standing, const char *const organisations[], int count)
{
    if (!organisations)
        return true;
    for (int i = 0; i < count; i++) {
        if (is_active(standing) && strcmp(standing->organisation, organisations[i]) == 0)
            return true;
        for (int j = 0; j < standing->appointment_count; j++)
            if (standing->appointments[j].is_of_active &&
                strcmp(standing->appointments[j].organisation, organisations[i]) == 0)
                return true;
    }
    return false;
}
