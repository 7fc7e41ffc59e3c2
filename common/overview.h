/* An alliance's one-page summary. Each service makes the part whose data it owns, from its latest
 * committed state and of open matters only: nothing restricted is shown, counted or added up, so
 * that every member may see the same page. membership puts the parts together. */
#ifndef ACCORD_COMMON_OVERVIEW_H
#define ACCORD_COMMON_OVERVIEW_H

#include <jansson.h>

#include "common/db.h"

enum {
    OVERVIEW_MS_MAX = 900, /* for all parts together */
    OVERVIEW_ASK_MS = 300, /* for one of them: what is away must not use up the time of all */
};

/* Fills `part` with the members of the Overview schema (api-spec/membership.yaml) that are this
 * service's. `tx` is over the alliance. */
typedef bool overview_function(struct db_tx *tx, json_t *part, struct problem *err);

#endif
