/* What membership's own subjects share: each file here describes one, does what was decided of it,
 * and undoes what came to nothing. Works within an act; decides by rules/, announces by events.h.
 */
#ifndef ACCORD_SERVICES_MEMBERSHIP_SUBJECTS_PRIVATE_H
#define ACCORD_SERVICES_MEMBERSHIP_SUBJECTS_PRIVATE_H

#include <string.h>

#include "common/subject.h"
#include "services/membership/model.h"

/* Always false: nothing of that name can be decided of it. */
bool effect_unknown(const char *ref, const char *effect, struct problem *err) MUST_CHECK;
void subject_title(struct subject *subject, enum decision_kind kind, const char *title,
                   int64_t version);
/* The London day on which it was carried. */
int32_t carried_day(const struct carried_decision *decision);
/* What follows `prefix` in a reference ("partners/"), NULL when it has another. */
const char *ref_after(const char *ref, const char *prefix);
/* A number as references write it: no sign, no leading zero, four digits at most. 0 when it is
 * none.
 */
int32_t number_of_ref(const char *text);

bool alliance_describe(struct act *act, const char *effect, struct subject *ret_subject,
                       struct problem *err) MUST_CHECK;
bool alliance_carry(struct act *act, const struct carried_decision *decision,
                    struct problem *err) MUST_CHECK;
/* The founders did not agree: there is no alliance. */
bool alliance_release(struct act *act, const char *effect, struct problem *err) MUST_CHECK;

bool partner_describe(struct act *act, const char *ref, const char *effect,
                      struct subject *ret_subject, struct problem *err) MUST_CHECK;
bool partner_carry(struct act *act, const struct carried_decision *decision,
                   struct problem *err) MUST_CHECK;

/* A version as it is voted on; the caller frees it. */
json_t *agreement_content(const struct agreement_version *version);
bool version_describe(struct act *act, const char *ref, const char *effect,
                      struct subject *ret_subject, struct problem *err) MUST_CHECK;
bool version_carry(struct act *act, const struct carried_decision *decision,
                   struct problem *err) MUST_CHECK;

bool host_describe(struct act *act, const char *ref, const char *effect,
                   struct subject *ret_subject, struct problem *err) MUST_CHECK;
bool host_carry(struct act *act, const struct carried_decision *decision,
                struct problem *err) MUST_CHECK;

#endif
