/* The model as resources of the api-spec. Each returns a new object. */
#ifndef ACCORD_SERVICES_MEMBERSHIP_API_PRESENT_H
#define ACCORD_SERVICES_MEMBERSHIP_API_PRESENT_H

#include <jansson.h>

#include "common/db.h"
#include "services/membership/model.h"

json_t *alliance_present(const struct alliance *alliance);
json_t *partner_present(const struct partner *partner);
json_t *tenure_present(const struct tenure *tenure, const char *name);
json_t *group_present(const struct group *group);
/* `group_code` is that of the group it went to; NULL while there is none. */
json_t *agenda_item_present(const struct agenda_item *item, const char *group_code);
/* Takes `tied_to`, the active partners that the person is tied to; NULL for an organisation's own.
 */
json_t *interest_present(const struct interest *interest, json_t *tied_to, int64_t now_ms);
json_t *outcome_present(const struct outcome_statement *statement);
json_t *agreement_present(const struct agreement_version *version);
json_t *host_version_present(const struct host_version *version);
json_t *tally_present(const struct tally *tally);
json_t *vote_present(const struct vote *vote);
json_t *recusal_present(const struct elector *elector);
/* `effects` are rows of store_effect_list(). */
json_t *decision_present(const struct decision *decision, const struct electorate *electorate,
                         const struct db_rows *effects, int64_t shown_version);

#endif
