#include "services/reinvestment/events.h"

#include <stdio.h>

#include "common/instant.h"
#include "common/json.h"
#include "services/reinvestment/events/rows.h"

void case_ref(const struct business_case *a_case, char ret_ref[REF_SIZE])
{
    snprintf(ret_ref, REF_SIZE, "reinvestment/cases/%s", a_case->id);
}

void drawdown_ref(const struct drawdown *drawdown, char ret_ref[REF_SIZE])
{
    snprintf(ret_ref, REF_SIZE, "reinvestment/drawdowns/%s", drawdown->id);
}

void left_shift_ref(const struct left_shift *shift, char ret_ref[REF_SIZE])
{
    snprintf(ret_ref, REF_SIZE, "reinvestment/left-shifts/%s", shift->id);
}

bool case_append(struct act *act, const char *type, const struct business_case *a_case,
                 struct problem *err)
{
    char subject[REF_SIZE];
    case_ref(a_case, subject);
    json_auto_t *data = json_object();
    json_put_new(data, "case", case_row(a_case));
    json_auto_t *links = case_links(a_case);
    struct event event = {.type = type,
                          .subject = subject,
                          .data = data,
                          .links = links,
                          .occurred_ms = INSTANT_NONE};
    return act_append(act, &event, err);
}

bool drawdown_append(struct act *act, const char *type, const struct business_case *a_case,
                     const struct drawdown *drawdown, struct problem *err)
{
    char subject[REF_SIZE];
    drawdown_ref(drawdown, subject);
    json_auto_t *data = json_object();
    json_put_new(data, "case", case_row(a_case));
    json_put_new(data, "drawdown", drawdown_row(drawdown));
    json_auto_t *links = case_links(a_case);
    link_add(links, "reinvestment/cases/", a_case->id);
    link_add(links, "ledger/transactions/", drawdown->transaction_id);
    struct event event = {.type = type,
                          .subject = subject,
                          .data = data,
                          .links = links,
                          .occurred_ms = INSTANT_NONE};
    return act_append(act, &event, err);
}

/* What people do
 * ------------------------------------------------------------------------------------- */

bool event_case_drafted(struct act *act, const struct business_case *a_case, struct problem *err)
{
    return case_append(act, "reinvestment.case.drafted.v1", a_case, err);
}

bool event_case_revised(struct act *act, const struct business_case *a_case, struct problem *err)
{
    return case_append(act, "reinvestment.case.revised.v1", a_case, err);
}

bool event_case_submitted(struct act *act, const struct business_case *a_case, struct problem *err)
{
    return case_append(act, "reinvestment.case.submitted.v1", a_case, err);
}

bool event_case_appraised(struct act *act, const struct business_case *a_case,
                          const struct appraisal *appraisal, struct problem *err)
{
    char subject[REF_SIZE];
    case_ref(a_case, subject);
    json_auto_t *data = json_object();
    json_put_new(data, "case", case_row(a_case));
    json_put_new(data, "appraisal", appraisal_row(appraisal));
    json_auto_t *links = case_links(a_case);
    struct event event = {.type = "reinvestment.case.appraised.v1",
                          .subject = subject,
                          .data = data,
                          .links = links,
                          .occurred_ms = INSTANT_NONE};
    return act_append(act, &event, err);
}

bool event_case_progressed(struct act *act, const struct business_case *a_case, struct problem *err)
{
    return case_append(act, "reinvestment.case.progressed.v1", a_case, err);
}

bool event_case_closed(struct act *act, const struct business_case *a_case, struct problem *err)
{
    return case_append(act, "reinvestment.case.closed.v1", a_case, err);
}

bool event_drawdown_requested(struct act *act, const struct business_case *a_case,
                              const struct drawdown *drawdown, struct problem *err)
{
    return drawdown_append(act, "reinvestment.drawdown.requested.v1", a_case, drawdown, err);
}

bool event_drawdown_verified(struct act *act, const struct business_case *a_case,
                             const struct drawdown *drawdown, struct problem *err)
{
    return drawdown_append(act, "reinvestment.drawdown.verified.v1", a_case, drawdown, err);
}

bool event_drawdown_refused(struct act *act, const struct business_case *a_case,
                            const struct drawdown *drawdown, struct problem *err)
{
    return drawdown_append(act, "reinvestment.drawdown.refused.v1", a_case, drawdown, err);
}

/* Left shifts and criteria
 * ------------------------------------------------------------------------------------- */

bool event_left_shift_recorded(struct act *act, const struct left_shift *shift, struct problem *err)
{
    char subject[REF_SIZE];
    left_shift_ref(shift, subject);
    json_auto_t *data = json_object(), *links = json_array();
    json_put_new(data, "leftShift", left_shift_row(shift));
    json_put_new(data, "leftShiftVersion", left_shift_row(shift));
    for (int i = 0; i < shift->link_count; i++)
        link_add(links, "", shift->links[i]);
    struct event event = {.type = shift->version == 1 ? "reinvestment.left-shift.recorded.v1"
                                                      : "reinvestment.left-shift.revised.v1",
                          .subject = subject,
                          .data = data,
                          .links = links,
                          .occurred_ms = INSTANT_NONE};
    return act_append(act, &event, err);
}

bool event_appraisal_criteria_adopted(struct act *act, const struct appraisal_criteria *criteria,
                                      struct problem *err)
{
    char subject[REF_SIZE];
    snprintf(subject, sizeof(subject), "reinvestment/appraisal-criteria/%lld",
             (long long)criteria->number);
    json_auto_t *data = json_object();
    json_put_new(data, "appraisalCriteria", appraisal_criteria_row(criteria));
    struct event event = {.type = "reinvestment.appraisal-criteria.adopted.v1",
                          .subject = subject,
                          .data = data,
                          .occurred_ms = INSTANT_NONE};
    return act_append(act, &event, err);
}
