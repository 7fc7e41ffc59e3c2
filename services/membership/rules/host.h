/* Who hosts a function of the alliance - its registration, its coding, its staff - for all
 * partners: one active partner per function at any instant. Pure; any thread. Source: domain.md A1,
 * A4. */
#ifndef ACCORD_SERVICES_MEMBERSHIP_RULES_HOST_H
#define ACCORD_SERVICES_MEMBERSHIP_RULES_HOST_H

#include "common/problem.h"
#include "services/membership/model.h"

/* A change of host is drafted for an active partner that does not host the function already.
 * `partner` is NULL for who is not on the roster; `host` is who hosts it now, "" = nobody. */
bool host_draft_check(const struct host_version *draft, const struct partner *partner,
                      const char *host, struct problem *err) MUST_CHECK;

/* The same of a draft that is voted on: it is still one, its partner still active, and still
 * another than the host. */
bool host_appointment_check(const struct host_version *draft, const struct partner *partner,
                            const char *host, struct problem *err) MUST_CHECK;
/* What was voted on was a change from `voted_from` ("" = from nobody): it is no longer that once
 * somebody else hosts the function. */
bool host_handover_check(const struct host_version *draft, const char *host, const char *voted_from,
                         struct problem *err) MUST_CHECK;

/* What a carried decision does: one ends in the instant in which the other starts. `before` is NULL
 * when nobody hosted it. */
void host_appoint(struct host_version *version, struct host_version *before,
                  const char *decision_id, int64_t carried_ms);

#endif
