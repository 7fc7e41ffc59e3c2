#include "services/membership/conflicts.h"

#include <jansson.h>
#include <string.h>

#include "services/membership/events.h"
#include "services/membership/rules/interest.h"
#include "services/membership/store/decision.h"
#include "services/membership/store/interest.h"

enum { CONCERNED_MAX = 50 };

static bool interest_meets(const struct interest *interest, const char *organisation,
                           const struct decision *decision)
{
    const char *concerned[CONCERNED_MAX];
    int count = 0;
    for (size_t i = 0; i < json_array_size(decision->organisations) && count < CONCERNED_MAX; i++) {
        const char *one = json_string_value(json_array_get(decision->organisations, i));
        if (one != NULL)
            concerned[count++] = one;
    }
    return interest_touches(interest, organisation, decision->subject, concerned, count);
}

static bool elector_may_be_marked(const struct elector *elector, const char *interest_id)
{
    if (elector == NULL || elector->state != ELECTOR_ELIGIBLE)
        return false;
    return elector->ruling == RULING_NONE ||
           (elector->ruling == RULING_TAKE_PART && interest_id != NULL);
}

bool conflicts_mark(struct act *act, const struct decision *decision, struct electorate *electorate,
                    const char *interest_id, struct problem *err)
{
    db_rows_auto_t rows = {0};
    if (!store_interest_binding(act->tx, act->now_ms, interest_id, &rows, err))
        return false;
    for (int row = 0; row < rows.count; row++) {
        struct interest interest;
        const char *bound = row_text(&rows, row, "bound");
        struct elector *elector = electorate_find(electorate, bound);
        interest_of_row(&rows, row, &interest);
        if (elector_may_be_marked(elector, interest_id) &&
            interest_meets(&interest, bound, decision))
            elector_conflict(elector, &interest, interest.appointment_id[0] != '\0');
    }
    return true;
}

static bool decision_meets_interest(struct act *act, const char *decision_id,
                                    const char *interest_id, struct problem *err)
{
    decision_auto_t decision = {0};
    electorate_auto_t electorate = {0};
    electorate_auto_t before = {0};
    if (!store_decision_get(act->tx, decision_id, &decision, NULL, err) ||
        !store_electorate_get(act->tx, decision_id, &before, err) ||
        !store_electorate_get(act->tx, decision_id, &electorate, err) ||
        !conflicts_mark(act, &decision, &electorate, interest_id, err))
        return false;
    for (int i = 0; i < electorate.count; i++)
        if (electorate.electors[i].version != before.electors[i].version &&
            !event_elector(act, "conflicted", &decision, &electorate.electors[i], err))
            return false;
    return true;
}

bool conflicts_meet_interest(struct act *act, const char *interest_id, struct problem *err)
{
    db_rows_auto_t rows = {0};
    if (!store_decision_open_with(act->tx, "", &rows, err))
        return false;
    for (int row = 0; row < rows.count; row++)
        if (!decision_meets_interest(act, row_text(&rows, row, "id"), interest_id, err))
            return false;
    return true;
}

bool conflicts_settle(struct act *act, const struct decision *decision,
                      struct electorate *electorate, struct problem *err)
{
    for (int i = 0; i < electorate->count; i++)
        if (elector_settle(&electorate->electors[i], decision->deadline_ms) &&
            !event_elector(act, "recused", decision, &electorate->electors[i], err))
            return false;
    return true;
}

bool conflicts_check_person(struct act *act, const struct decision *decision,
                            const struct elector *elector, const char *issuer, const char *subject,
                            struct problem *err)
{
    db_rows_auto_t rows = {0};
    if (elector == NULL || elector->ruling == RULING_TAKE_PART)
        return true;
    if (!store_interest_of_person(act->tx, issuer, subject, act->now_ms, &rows, err))
        return false;
    for (int row = 0; row < rows.count; row++) {
        struct interest interest;
        interest_of_row(&rows, row, &interest);
        if (interest_meets(&interest, elector->organisation, decision))
            return problem_set(err, PROBLEM_NOT_ELIGIBLE,
                               "your interest in %s%s touches this decision: somebody else votes "
                               "for %s, or the chair rules",
                               interest.in_organisation, interest.in_reference,
                               elector->organisation);
    }
    return true;
}
