#include <stdio.h>

#include "common/json.h"
#include "services/ledger/events.h"
#include "services/ledger/events/rows.h"
#include "services/ledger/rules.h"

static void put_figures(json_t *row, const struct submission *submission)
{
    const struct figures *figures = &submission->figures;
    json_put_integer(row, "revision", submission->revision);
    json_put_integer(row, "agreementNumber", submission->agreement_number);
    json_put_integer(row, "planUnits", figures->plan_units);
    json_put_integer(row, "actualUnits", figures->actual_units);
    json_put_integer(row, "pricePence", figures->price_pence);
    json_put_integer(row, "planCostPence", figures->plan_cost_pence);
    json_put_integer(row, "costPence", figures->cost_pence);
    if (figures->has_shadow_tariff)
        json_put_integer(row, "shadowTariffPence", figures->shadow_tariff_pence);
    json_put_text(row, "quality", figures->quality);
    json_put_text(row, "note", figures->note);
    json_put_instant(row, "submittedAt", submission->submitted.at_ms);
    json_put_text(row, "submittedBy", submission->submitted.by);
}

json_t *submission_revision_row(const struct submission *submission)
{
    json_t *row = json_object();
    json_put_text(row, "submissionId", submission->id);
    put_figures(row, submission);
    return row;
}

json_t *submission_row(const struct submission *submission)
{
    const struct deed *provider = &submission->agreed[SIDE_PROVIDER];
    const struct deed *commissioner = &submission->agreed[SIDE_COMMISSIONER];
    json_t *row = json_object();
    json_put_text(row, "id", submission->id);
    json_put_text(row, "pool", submission->pool);
    json_put_text(row, "provider", submission->provider);
    json_put_text(row, "commissioner", submission->commissioner);
    row_put_month(row, submission->month);
    put_figures(row, submission);
    json_put_text(row, "state", submission_state_word(submission->state));
    json_put_instant(row, "providerAgreedAt", provider->at_ms);
    json_put_text(row, "providerAgreedBy", provider->by);
    json_put_instant(row, "commissionerAgreedAt", commissioner->at_ms);
    json_put_text(row, "commissionerAgreedBy", commissioner->by);
    json_put_instant(row, "queriedAt", submission->queried.at_ms);
    json_put_text(row, "queriedBy", submission->queried.by);
    json_put_text(row, "queryReason", submission->query_reason);
    if (submission->used_revision > 0)
        json_put_integer(row, "usedRevision", submission->used_revision);
    json_put_text(row, "settlementId", submission->settlement_id);
    json_put_integer(row, "version", submission->version);
    return row;
}

static bool submission_announce(struct act *act, const char *type,
                                const struct submission *submission, bool has_revision,
                                struct problem *err)
{
    char subject[REF_SIZE];
    submission_ref(submission->id, subject);
    json_t *data = json_object(), *links = json_array();
    json_put_new(data, "submission", submission_row(submission));
    if (has_revision)
        json_put_new(data, "submissionRevision", submission_revision_row(submission));
    link_agreement(links, submission->agreement_number);
    return announce(act, type, subject, data, links, NULL, err);
}

bool event_submission_submitted(struct act *act, const struct submission *submission,
                                struct problem *err)
{
    return submission_announce(act, "ledger.submission.submitted.v1", submission, true, err);
}

bool event_submission_agreed(struct act *act, const struct submission *submission,
                             struct problem *err)
{
    return submission_announce(act, "ledger.submission.agreed.v1", submission, false, err);
}

bool event_submission_queried(struct act *act, const struct submission *submission,
                              struct problem *err)
{
    return submission_announce(act, "ledger.submission.queried.v1", submission, false, err);
}
