/* Opens a decision over a described subject: derives rule and electorate, and announces. Works
 * within an act. */
#ifndef ACCORD_SERVICES_MEMBERSHIP_OPENING_H
#define ACCORD_SERVICES_MEMBERSHIP_OPENING_H

#include <jansson.h>

#include "common/act.h"
#include "services/membership/model.h"

/* What the opener asks. */
struct opening {
    const char *id;
    const char *subject;
    const char *effect;
    const char *question;
    const char *rationale;
    int64_t deadline_ms;
    const char *organisation;   /* of the opener */
    const char *appointment_id; /* "" = none */
    int64_t asked_ms; /* when the owner was asked, on the monotonic clock: the alliance's may jump;
                       * 0 = within this act, it is ours */
};

/* By which rule each kind may be carried today: {"<kind>": "<rule>"}. Without an adopted agreement
 * everything is unanimous. The caller frees it. */
bool opening_rules(struct db_tx *tx, int64_t now_ms, json_t **ret_rules,
                   struct problem *err) MUST_CHECK;

/* `described` is the owner's frozen answer (common/subject.h), proven against its digest here. The
 * rule comes from its kind and the agreement in force, the electorate from the roster. A decision
 * whose electorate is not balanced is open and escalated at once. */
bool decision_open(struct act *act, const struct opening *opening, const json_t *described,
                   struct problem *err) MUST_CHECK;

#endif
