#include "services/membership/store/decision.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/instant.h"
#include "common/json.h"
#include "services/membership/queries.h"
#include "services/membership/rules/tally.h"
#include "services/membership/rules/terms.h"
#include "services/membership/store/column.h"

void decision_done(struct decision *decision)
{
    json_decref(decision->content);
    json_decref(decision->organisations);
    json_decref(decision->restricted_to);
    decision->content = NULL;
    decision->organisations = NULL;
    decision->restricted_to = NULL;
}

void electorate_done(struct electorate *electorate)
{
    free(electorate->electors);
    *electorate = (struct electorate){0};
}

static void decision_texts(const struct db_rows *rows, struct decision *decision)
{
    row_copy(rows, 0, "id", decision->id, sizeof decision->id);
    row_copy(rows, 0, "subject", decision->subject, sizeof decision->subject);
    row_copy(rows, 0, "effect", decision->effect, sizeof decision->effect);
    row_copy(rows, 0, "title", decision->title, sizeof decision->title);
    row_copy(rows, 0, "summary", decision->summary, sizeof decision->summary);
    row_copy(rows, 0, "question", decision->question, sizeof decision->question);
    row_copy(rows, 0, "rationale", decision->rationale, sizeof decision->rationale);
    row_copy(rows, 0, "nonce", decision->nonce, sizeof decision->nonce);
    row_copy(rows, 0, "digest", decision->digest, sizeof decision->digest);
    row_copy(rows, 0, "group_code", decision->group_code, sizeof decision->group_code);
    row_copy(rows, 0, "outcome_reason", decision->outcome_reason, sizeof decision->outcome_reason);
    row_copy(rows, 0, "opener_organisation", decision->opener_organisation,
             sizeof decision->opener_organisation);
    row_copy(rows, 0, "opener_appointment_id", decision->opener_appointment_id,
             sizeof decision->opener_appointment_id);
}

static void decision_values(const struct db_rows *rows, struct decision *decision)
{
    decision->kind = kind_of(row_text(rows, 0, "kind"));
    decision->rule = rule_of(row_text(rows, 0, "rule"));
    decision->subject_version = row_int(rows, 0, "subject_version");
    decision->agreement_number = (int32_t)row_int(rows, 0, "agreement_number");
    decision->state = decision_state_of(row_text(rows, 0, "state"));
    decision->opened_ms = row_instant(rows, 0, "opened_at");
    decision->deadline_ms = row_instant(rows, 0, "deadline_at");
    decision->closed_ms = row_instant(rows, 0, "closed_at");
    decision->recorded_ms = row_instant(rows, 0, "recorded_at");
    decision->version = row_int(rows, 0, "version");
}

bool store_decision_get(struct db_tx *tx, const char *id, struct decision *ret_decision,
                        int64_t *ret_shown_version, struct problem *err)
{
    db_rows_auto_t rows = {0};
    if (!db_select(tx, &QUERY_DECISION_GET, &rows, err, db_text(id)))
        return false;
    if (rows.count == 0)
        return problem_set(err, PROBLEM_NOT_FOUND, "there is no decision %s", id);
    decision_auto_t decision = {0};
    decision_texts(&rows, &decision);
    decision_values(&rows, &decision);
    if (!column_json(&rows, 0, "content", &decision.content, err) ||
        !column_json(&rows, 0, "organisations", &decision.organisations, err) ||
        !column_json(&rows, 0, "restricted_to", &decision.restricted_to, err))
        return false;
    if (ret_shown_version != NULL)
        *ret_shown_version = decision.version + row_int(&rows, 0, "version_below");
    *ret_decision = decision;
    decision.content = NULL;
    decision.organisations = NULL;
    decision.restricted_to = NULL;
    return true;
}

void elector_of_row(const struct db_rows *rows, int row, struct elector *ret_elector)
{
    *ret_elector = (struct elector){
        .role = partner_role_of(row_text(rows, row, "role")),
        .state = elector_state_of(row_text(rows, row, "state")),
        .changed_ms = row_instant(rows, row, "changed_at"),
        .ruling = ruling_of(row_text(rows, row, "ruling")),
        .choice = choice_of(row_text(rows, row, "choice")),
        .vote_number = (int32_t)row_int(rows, row, "vote_number"),
        .version = row_int(rows, row, "version"),
    };
    row_copy(rows, row, "organisation", ret_elector->organisation,
             sizeof ret_elector->organisation);
    row_copy(rows, row, "reason", ret_elector->reason, sizeof ret_elector->reason);
    row_copy(rows, row, "conflict", ret_elector->conflict, sizeof ret_elector->conflict);
}

bool store_electorate_get(struct db_tx *tx, const char *decision_id,
                          struct electorate *ret_electorate, struct problem *err)
{
    char ids[UUID_SIZE + 2];
    snprintf(ids, sizeof ids, "{%s}", decision_id);
    db_rows_auto_t rows = {0};
    if (!db_select(tx, &QUERY_ELECTOR_LIST, &rows, err, db_text(ids)))
        return false;
    ret_electorate->electors = calloc((size_t)rows.count + 1, sizeof *ret_electorate->electors);
    if (ret_electorate->electors == NULL)
        return problem_set(err, PROBLEM_INTERNAL, "out of memory for %d electors", rows.count);
    ret_electorate->count = rows.count;
    for (int row = 0; row < rows.count; row++)
        elector_of_row(&rows, row, &ret_electorate->electors[row]);
    return true;
}

struct elector *electorate_find(const struct electorate *electorate, const char *organisation)
{
    for (int i = 0; i < electorate->count; i++)
        if (strcmp(electorate->electors[i].organisation, organisation) == 0)
            return &electorate->electors[i];
    return NULL;
}

bool store_decision_list(struct db_tx *tx, const char *state, const char *kind, const char *subject,
                         const char *organisations, const char *after, int limit,
                         struct db_rows *ret_rows, struct problem *err)
{
    return db_select(tx, &QUERY_DECISION_LIST, ret_rows, err, db_text(state), db_text(kind),
                     db_text(subject), db_text(organisations), db_text(after), db_int(limit));
}

/* "{id,id}" of the rows' decisions. */
static char *ids_of_rows(const struct db_rows *rows)
{
    char *text = malloc((size_t)rows->count * UUID_SIZE + 3);
    if (text == NULL)
        return NULL;
    char *end = text;
    *end++ = '{';
    for (int row = 0; row < rows->count; row++) {
        if (row > 0)
            *end++ = ',';
        end = stpcpy(end, row_text(rows, row, "id"));
    }
    *end++ = '}';
    *end = '\0';
    return text;
}

/* Electors come sorted by decision: finds the first of one. */
static int electors_first(const struct db_rows *electors, const char *id)
{
    int low = 0;
    int high = electors->count;
    while (low < high) {
        const int middle = low + (high - low) / 2;
        if (strcmp(row_text(electors, middle, "decision_id"), id) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static struct tally tally_of_rows(const struct db_rows *electors, const char *id)
{
    struct tally tally = {0};
    for (int row = electors_first(electors, id);
         row < electors->count && strcmp(row_text(electors, row, "decision_id"), id) == 0; row++) {
        struct elector elector;
        elector_of_row(electors, row, &elector);
        tally_count(&tally, &elector);
    }
    return tally;
}

bool store_tallies(struct db_tx *tx, const struct db_rows *decisions, struct tally **ret_tallies,
                   struct problem *err)
{
    char_auto_t *ids = ids_of_rows(decisions);
    struct tally *tallies = calloc((size_t)decisions->count + 1, sizeof *tallies);
    db_rows_auto_t electors = {0};
    if (ids == NULL || tallies == NULL) {
        free(tallies);
        return problem_set(err, PROBLEM_INTERNAL, "out of memory for %d tallies", decisions->count);
    }
    if (!db_select(tx, &QUERY_ELECTOR_LIST, &electors, err, db_text(ids))) {
        free(tallies);
        return false;
    }
    for (int row = 0; row < decisions->count; row++)
        tallies[row] = tally_of_rows(&electors, row_text(decisions, row, "id"));
    *ret_tallies = tallies;
    return true;
}

bool store_decision_open_on(struct db_tx *tx, const char *subject, const char *effect,
                            struct db_rows *ret_rows, struct problem *err)
{
    return db_select(tx, &QUERY_DECISION_OPEN_ON, ret_rows, err, db_text(subject), db_text(effect));
}

bool store_decision_overdue(struct db_tx *tx, int64_t now_ms, struct db_rows *ret_rows,
                            struct problem *err)
{
    return db_select(tx, &QUERY_DECISION_OVERDUE, ret_rows, err, db_instant(now_ms));
}

bool store_decision_open_with(struct db_tx *tx, const char *organisation, struct db_rows *ret_rows,
                              struct problem *err)
{
    return db_select(tx, &QUERY_DECISION_OPEN_WITH, ret_rows, err, db_text(organisation));
}

void vote_of_row(const struct db_rows *rows, int row, struct vote *ret_vote)
{
    *ret_vote = (struct vote){
        .number = (int32_t)row_int(rows, row, "number"),
        .choice = choice_of(row_text(rows, row, "choice")),
        .cast_ms = row_instant(rows, row, "cast_at"),
    };
    row_copy(rows, row, "organisation", ret_vote->organisation, sizeof ret_vote->organisation);
    row_copy(rows, row, "reason", ret_vote->reason, sizeof ret_vote->reason);
    row_copy(rows, row, "appointment_id", ret_vote->appointment_id,
             sizeof ret_vote->appointment_id);
}

bool store_vote_find(struct db_tx *tx, const char *decision_id, const char *organisation,
                     struct vote *ret_vote, bool *ret_found, struct problem *err)
{
    db_rows_auto_t rows = {0};
    if (!db_select(tx, &QUERY_VOTE_LATEST, &rows, err, db_text(decision_id), db_text(organisation)))
        return false;
    *ret_found = rows.count > 0;
    if (*ret_found)
        vote_of_row(&rows, 0, ret_vote);
    return true;
}

bool store_vote_list(struct db_tx *tx, const char *decision_id, const char *organisation,
                     const char *after, int limit, struct db_rows *ret_rows, struct problem *err)
{
    return db_select(tx, &QUERY_VOTE_LIST, ret_rows, err, db_text(decision_id),
                     db_text(organisation), db_text(after), db_int(limit));
}

bool store_recusal_list(struct db_tx *tx, const char *decision_id, const char *after, int limit,
                        struct db_rows *ret_rows, struct problem *err)
{
    return db_select(tx, &QUERY_ELECTOR_RECUSED, ret_rows, err, db_text(decision_id),
                     db_text(after), db_int(limit));
}

void effect_of_row(const struct db_rows *rows, int row, struct decision_effect *ret_effect)
{
    *ret_effect = (struct decision_effect){
        .state = effect_state_of(row_text(rows, row, "state")),
        .event = row_int(rows, row, "event"),
        .version = row_int(rows, row, "version"),
    };
    row_copy(rows, row, "service", ret_effect->service, sizeof ret_effect->service);
    row_copy(rows, row, "reason", ret_effect->reason, sizeof ret_effect->reason);
}

bool store_effect_list(struct db_tx *tx, const char *decision_id, struct db_rows *ret_rows,
                       struct problem *err)
{
    return db_select(tx, &QUERY_EFFECT_LIST, ret_rows, err, db_text(decision_id));
}

bool store_effect_find(struct db_tx *tx, const char *decision_id, const char *service,
                       struct decision_effect *ret_effect, struct problem *err)
{
    db_rows_auto_t rows = {0};
    if (!store_effect_list(tx, decision_id, &rows, err))
        return false;
    *ret_effect = (struct decision_effect){0};
    snprintf(ret_effect->service, sizeof ret_effect->service, "%s", service);
    for (int row = 0; row < rows.count; row++)
        if (strcmp(row_text(&rows, row, "service"), service) == 0)
            effect_of_row(&rows, row, ret_effect);
    return true;
}

bool store_effect_of_own(struct db_tx *tx, int64_t sequence, const char *decision_id,
                         struct decision_effect *ret_effect, bool *ret_found, struct problem *err)
{
    db_rows_auto_t rows = {0};
    if (!db_select(tx, &QUERY_EFFECT_OF_OWN, &rows, err, db_int(sequence), db_text(decision_id)))
        return false;
    *ret_found = rows.count > 0;
    if (!*ret_found)
        return true;
    ret_effect->state = effect_state_of(row_text(&rows, 0, "state"));
    ret_effect->event = row_int(&rows, 0, "sequence");
    row_copy(&rows, 0, "reason", ret_effect->reason, sizeof ret_effect->reason);
    return true;
}

bool store_inbox_list(struct db_tx *tx, const struct inbox_filter *filter, const char *after,
                      int limit, struct db_rows *ret_rows, struct problem *err)
{
    return db_select(tx, &QUERY_INBOX_LIST, ret_rows, err, db_text(filter->spoken_for),
                     db_text(filter->appointments), db_text(filter->known),
                     db_instant(filter->now_ms), db_text(after), db_int(limit));
}
