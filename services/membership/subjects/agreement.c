/* A version of the agreement: adopted. */
#include <stdio.h>

#include "common/instant.h"
#include "common/json.h"
#include "services/membership/events.h"
#include "services/membership/rows.h"
#include "services/membership/rules/agreement.h"
#include "services/membership/store/agreement.h"
#include "services/membership/store/roster.h"
#include "services/membership/subjects/private.h"

static const char VERSIONS[] = "agreement/versions/";

json_t *agreement_content(const struct agreement_version *version)
{
    json_t *content = json_object();
    json_put_integer(content, "number", version->number);
    json_put_day(content, "startsOn", version->starts_on);
    json_put_text(content, "summary", version->summary);
    json_put_new(content, "parameters", json_incref(version->parameters));
    return content;
}

static bool version_of_ref(struct act *act, const char *ref, struct agreement_version *ret_version,
                           struct problem *err)
{
    const char *text = ref + strlen(VERSIONS);
    const int32_t number = number_of_ref(text);
    if (number == 0)
        return problem_set(err, PROBLEM_NOT_FOUND, "the agreement has no version %s", text);
    return store_agreement_get(act->tx, number, ret_version, err);
}

/* A fault of the draft, said of the version: whoever decides on it did not write its members. */
static bool fault_say(struct problem *err)
{
    const struct problem fault = *err;
    if (fault.fault_count == 0)
        return false;
    problem_clear(err);
    return problem_set(err, fault.code, "%s", fault.faults[0].detail);
}

static bool version_check(struct act *act, const struct agreement_version *version,
                          struct problem *err)
{
    alliance_auto_t alliance = {0};
    agreement_series_auto_t series = {0};
    if (!store_alliance_get(act->tx, &alliance, err) ||
        !store_agreement_series(act->tx, &series, err))
        return false;
    return adoption_check(version, series.versions, series.count, alliance.starts_on,
                          alliance.ends_on, err) ||
           fault_say(err);
}

bool version_describe(struct act *act, const char *ref, const char *effect,
                      struct subject *ret_subject, struct problem *err)
{
    char title[NAME_SIZE];
    char day[DATE_SIZE];
    agreement_auto_t version = {0};
    if (!version_of_ref(act, ref, &version, err))
        return false;
    if (strcmp(effect, "adopt") != 0)
        return effect_unknown("a version of the agreement", effect, err);
    if (!version_check(act, &version, err))
        return false;
    day_format(version.starts_on, day);
    snprintf(title, sizeof title, "Adopt version %d of the agreement from %s", version.number, day);
    subject_title(ret_subject, KIND_VARY_AGREEMENT, title, version.version);
    snprintf(ret_subject->ref, sizeof ret_subject->ref, "%s%d", VERSIONS, version.number);
    snprintf(ret_subject->summary, sizeof ret_subject->summary, "%s", version.summary);
    ret_subject->content = agreement_content(&version);
    return true;
}

bool version_carry(struct act *act, const struct carried_decision *decision, struct problem *err)
{
    agreement_auto_t version = {0};
    if (!version_of_ref(act, decision->subject, &version, err) ||
        !version_check(act, &version, err))
        return false;
    agreement_adopt(&version, decision->id, decision->carried_ms);
    return event_agreement_adopted(act, &version, err);
}
