#include "services/membership/rules/host.h"

#include <stdio.h>
#include <string.h>

#include "services/membership/rules/terms.h"

bool host_draft_check(const struct host_version *draft, const struct partner *partner,
                      const char *host, struct problem *err)
{
    if (partner == NULL || partner->status != PARTNER_ACTIVE)
        return problem_add(err, PROBLEM_REFERENCE_UNKNOWN, "unknown-partner", "/organisation",
                           "%s is not an active partner", draft->organisation);
    if (strcmp(host, draft->organisation) == 0)
        return problem_add(err, PROBLEM_RULE_BROKEN, "unchanged", "/organisation",
                           "%s hosts %s already", draft->organisation, draft->function);
    return true;
}

bool host_appointment_check(const struct host_version *draft, const struct partner *partner,
                            const char *host, struct problem *err)
{
    if (draft->state != HOST_DRAFT)
        return problem_set(err, PROBLEM_STATE_CONFLICT, "version %d for %s is %s already",
                           draft->number, draft->function, host_state_name(draft->state));
    if (partner->status != PARTNER_ACTIVE)
        return problem_set(err, PROBLEM_STATE_CONFLICT,
                           "an active partner hosts a function: %s is %s", draft->organisation,
                           partner_status_name(partner->status));
    if (strcmp(host, draft->organisation) == 0)
        return problem_set(err, PROBLEM_STATE_CONFLICT, "%s hosts %s already", draft->organisation,
                           draft->function);
    return true;
}

bool host_handover_check(const struct host_version *draft, const char *host, const char *voted_from,
                         struct problem *err)
{
    if (strcmp(host, voted_from) != 0)
        return problem_set(err, PROBLEM_STATE_CONFLICT,
                           "%s hosts %s by now, which is not what was voted on", host,
                           draft->function);
    return true;
}

void host_appoint(struct host_version *version, struct host_version *before,
                  const char *decision_id, int64_t carried_ms)
{
    version->state = HOST_APPOINTED;
    version->starts_ms = carried_ms;
    version->version++;
    snprintf(version->decision_id, sizeof version->decision_id, "%s", decision_id);
    if (before == NULL)
        return;
    before->state = HOST_SUCCEEDED;
    before->ends_ms = carried_ms;
    before->version++;
}
