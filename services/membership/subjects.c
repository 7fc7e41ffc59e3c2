#include "services/membership/subjects.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/instant.h"
#include "services/membership/subjects/private.h"

bool effect_unknown(const char *ref, const char *effect, struct problem *err)
{
    return problem_add(err, PROBLEM_RULE_BROKEN, "unknown-effect", "/effect", "%s has no effect %s",
                       ref, effect);
}

void subject_title(struct subject *subject, enum decision_kind kind, const char *title,
                   int64_t version)
{
    snprintf(subject->kind, sizeof subject->kind, "%s", kind_name(kind));
    snprintf(subject->title, sizeof subject->title, "%s", title);
    subject->version = version;
}

int32_t carried_day(const struct carried_decision *decision)
{
    return instant_day(decision->carried_ms);
}

const char *ref_after(const char *ref, const char *prefix)
{
    const size_t length = strlen(prefix);
    return strncmp(ref, prefix, length) == 0 ? ref + length : NULL;
}

int32_t number_of_ref(const char *text)
{
    enum { DIGITS_MAX = 4 };
    const size_t length = strlen(text);
    if (length > DIGITS_MAX || strspn(text, "0123456789") != length || text[0] == '0')
        return 0;
    return (int32_t)strtol(text, NULL, 10);
}

static bool subjects_describe(struct act *act, const struct standing *standing, const char *ref,
                              const char *effect, struct subject *ret_subject, struct problem *err)
{
    (void)standing; /* nothing of ours is restricted to some partners */
    if (strcmp(ref, "alliance") == 0)
        return alliance_describe(act, effect, ret_subject, err);
    if (ref_after(ref, "partners/") != NULL)
        return partner_describe(act, ref, effect, ret_subject, err);
    if (ref_after(ref, "agreement/versions/") != NULL)
        return version_describe(act, ref, effect, ret_subject, err);
    if (ref_after(ref, "hosts/") != NULL)
        return host_describe(act, ref, effect, ret_subject, err);
    return problem_set(err, PROBLEM_NOT_FOUND, "there is no %s", ref);
}

static bool subjects_carry(struct act *act, const struct carried_decision *decision,
                           struct problem *err)
{
    if (strcmp(decision->subject, "alliance") == 0)
        return alliance_carry(act, decision, err);
    if (ref_after(decision->subject, "partners/") != NULL)
        return partner_carry(act, decision, err);
    if (ref_after(decision->subject, "agreement/versions/") != NULL)
        return version_carry(act, decision, err);
    if (ref_after(decision->subject, "hosts/") != NULL)
        return host_carry(act, decision, err);
    return problem_set(err, PROBLEM_INTERNAL, "membership has no %s", decision->subject);
}

static bool subjects_release(struct act *act, const char *ref, const char *effect,
                             const char *outcome, const char *reason, struct problem *err)
{
    (void)outcome, (void)reason;
    return strcmp(ref, "alliance") != 0 || alliance_release(act, effect, err);
}

const struct subject_hooks MEMBERSHIP_SUBJECTS = {
    .describe = subjects_describe,
    .carry = subjects_carry,
    .release = subjects_release,
};
