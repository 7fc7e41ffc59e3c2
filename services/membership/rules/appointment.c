#include "services/membership/rules/appointment.h"

#include <string.h>

#include "common/instant.h"
#include "services/membership/rules/terms.h"

bool post_is_single(enum post post)
{
    return post == POST_PARTNER_REPRESENTATIVE || post == POST_ALLIANCE_DIRECTOR ||
           post == POST_CHAIR;
}

bool tenure_is_in_force(const struct tenure *tenure, int64_t now_ms)
{
    return tenure->starts_ms <= now_ms &&
           (tenure->ends_ms == INSTANT_NONE || now_ms < tenure->ends_ms);
}

static bool standing_holds(const struct standing *standing, const struct tenure *tenure)
{
    for (int i = 0; i < standing->appointment_count; i++)
        if (strcmp(standing->appointments[i].id, tenure->id) == 0)
            return true;
    return false;
}

static bool standing_directs(const struct standing *standing)
{
    return standing_appointment(standing, post_name(POST_ALLIANCE_DIRECTOR), NULL) != NULL;
}

static bool standing_represents_voter(const struct standing *standing)
{
    return standing->has_partner && standing->partner_status == PARTNER_ACTIVE &&
           standing->is_voting && standing_speaks_for(standing, standing->organisation) != NULL;
}

static bool standing_fills_representative(const struct standing *standing, const char *organisation,
                                          const struct tenure *holder)
{
    const struct appointment *speaker = standing_speaks_for(standing, organisation);
    if (speaker == NULL)
        return false;
    return holder == NULL || strcmp(speaker->role, post_name(POST_PARTNER_REPRESENTATIVE)) == 0;
}

/* Nobody is left to speak for it: its own word, by who logs its people in, stands for it. */
static bool standing_is_of(const struct standing *standing, const char *organisation)
{
    return standing->has_partner && standing->partner_status == PARTNER_ACTIVE &&
           strcmp(standing->token_organisation, organisation) == 0;
}

bool appointment_may_make(const struct standing *standing, enum post post, const char *organisation,
                          const struct tenure *holder, bool is_spoken_for)
{
    switch (post) {
    case POST_PARTNER_REPRESENTATIVE:
        return standing_fills_representative(standing, organisation, holder) ||
               (!is_spoken_for && standing_is_of(standing, organisation));
    case POST_AUDITOR:
        return standing_directs(standing);
    case POST_ALLIANCE_DIRECTOR:
        return holder != NULL ? standing_holds(standing, holder)
                              : standing_represents_voter(standing);
    case POST_CHAIR:
        return standing_directs(standing) || (holder != NULL ? standing_holds(standing, holder)
                                                             : standing_represents_voter(standing));
    case POST_DEPUTY:
    case POST_LEAD_NURSE:
    case POST_SENIOR_MEDICAL_LEAD:
    case POST_QUALITY_LEAD:
    case POST_FINANCE_LEAD:
    case POST_GROUP_MEMBER:
        return standing_speaks_for(standing, organisation) != NULL;
    }
    return false;
}

static bool partner_takes_part(const struct partner *partner)
{
    return partner != NULL && (partner->status == PARTNER_ACTIVE ||
                               (partner->status == PARTNER_PROPOSED && partner->is_founder));
}

bool appointment_decide(const struct tenure *tenure, const struct partner *partner, bool duplicate,
                        int64_t now_ms, struct problem *err)
{
    if (tenure->post != POST_AUDITOR && !partner_takes_part(partner))
        return problem_add(err, PROBLEM_REFERENCE_UNKNOWN, "unknown-partner", "/organisation",
                           "%s is not an active partner", tenure->organisation);
    if (duplicate)
        return problem_set(err, PROBLEM_ALREADY_EXISTS, "the person is %s of %s already",
                           post_name(tenure->post), tenure->organisation);
    if (tenure->ends_ms != INSTANT_NONE && tenure->ends_ms <= now_ms)
        return problem_add(err, PROBLEM_RULE_BROKEN, "too-early", "/endsAt",
                           "an appointment ends after it starts");
    return true;
}

bool appointment_may_end(const struct standing *standing, const struct tenure *tenure)
{
    return standing_holds(standing, tenure) ||
           appointment_may_make(standing, tenure->post, tenure->organisation, tenure, true);
}

bool appointment_may_erase_name(const struct standing *standing, const struct tenure *tenure)
{
    return standing_speaks_for(standing, tenure->organisation) != NULL ||
           standing_directs(standing);
}

bool appointment_end(struct tenure *tenure, int64_t ends_ms, int64_t now_ms, struct problem *err)
{
    if (!tenure_is_in_force(tenure, now_ms))
        return problem_set(err, PROBLEM_STATE_CONFLICT, "the appointment has ended");
    if (ends_ms != INSTANT_NONE && ends_ms < now_ms)
        return problem_add(err, PROBLEM_RULE_BROKEN, "too-early", "/endsAt",
                           "an appointment does not end in the past");
    tenure->ends_ms = ends_ms == INSTANT_NONE ? now_ms : ends_ms;
    tenure->version++;
    return true;
}

void tenures_end(struct tenure tenures[], int count, int64_t now_ms)
{
    for (int i = 0; i < count; i++) {
        tenures[i].ends_ms = now_ms;
        tenures[i].version++;
    }
}

bool post_ends_with_membership(enum post post)
{
    (void)post;
    return true;
}

bool post_ends_with_suspension(enum post post)
{
    return !post_is_organisations(post);
}

int tenures_end_some(struct tenure tenures[], int count, bool (*ends)(enum post post),
                     int64_t now_ms)
{
    int ended = 0;
    for (int i = 0; i < count; i++)
        if (ends(tenures[i].post))
            tenures[ended++] = tenures[i];
    tenures_end(tenures, ended, now_ms);
    return ended;
}
