/* Runs a service's sweeps (service.h) about once a second, each alliance in an act of its own; and
 * the house's own: subjects frozen for a decision that never opened. One thread. */
#ifndef ACCORD_COMMON_SWEEP_H
#define ACCORD_COMMON_SWEEP_H

#include "common/service.h"

struct service_context;
struct sweeper;

bool sweeper_start(struct service_context *context, struct sweeper **ret_sweeper,
                   struct problem *err) MUST_CHECK;
/* Joins. NULL is fine. */
void sweeper_stop(struct sweeper *sweeper);
/* One round now; for tests. Returns how many acts committed. */
int sweep_run(struct service_context *context);

#endif
