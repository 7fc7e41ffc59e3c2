/* The model as rows of the journal: members named after the tables' columns, in camelCase. Each
 * returns a new object. Row and table must agree: tests/store/membership_journal.c. */
#ifndef ACCORD_SERVICES_MEMBERSHIP_ROWS_H
#define ACCORD_SERVICES_MEMBERSHIP_ROWS_H

#include <jansson.h>

#include "services/membership/model.h"

json_t *alliance_row(const struct alliance *alliance);
json_t *partner_row(const struct partner *partner);
json_t *tenure_row(const struct tenure *tenure);
json_t *group_row(const struct group *group);
json_t *agenda_item_row(const struct agenda_item *item);
json_t *agreement_row(const struct agreement_version *version);
json_t *host_version_row(const struct host_version *version);
/* Who hosts the function from now on: this version. */
json_t *host_row(const struct host_version *version);
json_t *decision_row(const struct decision *decision);
json_t *elector_row(const char *decision_id, const struct elector *elector);
json_t *interest_row(const struct interest *interest);
json_t *outcome_row(const struct outcome_statement *statement);
json_t *vote_row(const char *decision_id, const struct vote *vote);
json_t *effect_row(const char *decision_id, const struct decision_effect *effect);

#endif
