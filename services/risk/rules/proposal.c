#include <stdio.h>

#include "common/instant.h"
#include "services/risk/rules.h"

void risk_propose(struct risk *risk, const struct evidence *evidence, bool is_of_partner,
                  int64_t now_ms)
{
    const char *where = evidence->organisation[0] == '\0' ? "the system" : evidence->organisation;
    risk->evidence = *evidence;
    snprintf(risk->title, sizeof(risk->title), "%s at %s", evidence->indicator, where);
    snprintf(risk->cause, sizeof(risk->cause), "A signal (%s) was found in %s at %s%s%s.",
             evidence->kind, evidence->indicator, where, evidence->month[0] == '\0' ? "" : " in ",
             evidence->month);
    snprintf(risk->event, sizeof(risk->event),
             "The indicator has left the range in which it moved so far.");
    snprintf(risk->effect, sizeof(risk->effect), "To be said by whoever accepts this draft.");
    risk->category = CATEGORY_OBJECTIVES;
    if (is_of_partner)
        snprintf(risk->owner_organisation, sizeof(risk->owner_organisation), "%s",
                 evidence->organisation);
    snprintf(risk->links[0], sizeof(risk->links[0]), "%s", evidence->signal);
    snprintf(risk->links[1], sizeof(risk->links[1]), "kpi/indicators/%s", evidence->indicator);
    risk->link_count = 2;
    risk->state = RISK_DRAFT;
    risk->next_review_day = DAY_NONE;
    risk->logged_ms = now_ms;
    risk->changed_ms = now_ms;
    risk->change = CHANGE_PROPOSED;
    risk->version = 1;
}
