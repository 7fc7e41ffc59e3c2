#include "services/membership/store/roster.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/cleanup.h"
#include "common/instant.h"
#include "common/issuer.h"
#include "common/json.h"
#include "services/membership/queries.h"
#include "services/membership/rules/terms.h"
#include "services/membership/store/column.h"

void alliance_done(struct alliance *alliance)
{
    json_decref(alliance->objectives);
    json_decref(alliance->principles);
    alliance->objectives = NULL;
    alliance->principles = NULL;
}

bool alliance_of_row(const struct db_rows *rows, int row, struct alliance *ret_alliance,
                     struct problem *err)
{
    alliance_auto_t alliance = {0};
    row_copy(rows, row, "alliance_id", alliance.id, sizeof alliance.id);
    row_copy(rows, row, "name", alliance.name, sizeof alliance.name);
    row_copy(rows, row, "purpose", alliance.purpose, sizeof alliance.purpose);
    alliance.starts_on = row_day(rows, row, "starts_on");
    alliance.ends_on = row_day(rows, row, "ends_on");
    alliance.status = alliance_status_of(row_text(rows, row, "status"));
    row_copy(rows, row, "founding_decision_id", alliance.founding_decision_id,
             sizeof alliance.founding_decision_id);
    alliance.created_ms = row_instant(rows, row, "created_at");
    alliance.version = row_int(rows, row, "version");
    if (!column_json(rows, row, "objectives", &alliance.objectives, err) ||
        !column_json(rows, row, "principles", &alliance.principles, err))
        return false;
    *ret_alliance = alliance;
    alliance.objectives = NULL;
    alliance.principles = NULL;
    return true;
}

bool store_alliance_get(struct db_tx *tx, struct alliance *ret_alliance, struct problem *err)
{
    db_rows_auto_t rows = {0};
    if (!db_select(tx, &QUERY_ALLIANCE_GET, &rows, err))
        return false;
    if (rows.count == 0)
        return problem_set(err, PROBLEM_NOT_FOUND, "there is no such alliance");
    return alliance_of_row(&rows, 0, ret_alliance, err);
}

/* "{ZZ1,ZZ2}", as an array of SQL; NULL when the issuer may speak for every organisation. */
static char *organisations_vouched(const struct issuer *issuer)
{
    char *text = NULL;
    size_t size = 0;
    if (issuer->is_any_organisation)
        return NULL;
    FILE *out = open_memstream(&text, &size);
    if (out == NULL)
        abort();
    for (size_t i = 0; i < issuer->organisation_count; i++)
        fprintf(out, "%s%s", i == 0 ? "{" : ",", issuer->organisations[i]);
    fputs(issuer->organisation_count == 0 ? "{}" : "}", out);
    fclose(out);
    return text;
}

bool store_alliance_list(struct db_tx *tx, const struct caller *caller, const char *after,
                         int limit, struct db_rows *ret_rows, struct problem *err)
{
    char_auto_t *vouched = organisations_vouched(caller->vouched_by);
    return db_select(tx, &QUERY_ALLIANCE_LIST, ret_rows, err, db_text_or_null(caller->organisation),
                     db_text(caller->issuer), db_text(caller->subject), db_text(vouched),
                     db_text(after), db_int(limit));
}

void partner_of_row(const struct db_rows *rows, int row, struct partner *ret_partner)
{
    *ret_partner = (struct partner){
        .role = partner_role_of(row_text(rows, row, "role")),
        .is_voting = row_bool(rows, row, "is_voting"),
        .is_founder = row_bool(rows, row, "is_founder"),
        .status = partner_status_of(row_text(rows, row, "status")),
        .joined_on = row_day(rows, row, "joined_on"),
        .left_on = row_day(rows, row, "left_on"),
        .version = row_int(rows, row, "version"),
        .sequence = row_int(rows, row, "sequence"),
    };
    row_copy(rows, row, "organisation", ret_partner->organisation,
             sizeof ret_partner->organisation);
    row_copy(rows, row, "name", ret_partner->name, sizeof ret_partner->name);
}

bool store_partner_find(struct db_tx *tx, const char *organisation, struct partner *ret_partner,
                        bool *ret_found, struct problem *err)
{
    db_rows_auto_t rows = {0};
    if (!db_select(tx, &QUERY_PARTNER_GET, &rows, err, db_text(organisation)))
        return false;
    *ret_found = rows.count > 0;
    if (*ret_found)
        partner_of_row(&rows, 0, ret_partner);
    return true;
}

bool store_partner_get(struct db_tx *tx, const char *organisation, struct partner *ret_partner,
                       struct problem *err)
{
    bool found = false;
    if (!store_partner_find(tx, organisation, ret_partner, &found, err))
        return false;
    if (!found)
        return problem_set(err, PROBLEM_NOT_FOUND, "there is no partner %s", organisation);
    return true;
}

bool store_partner_list(struct db_tx *tx, const char *status, const char *after, int limit,
                        struct db_rows *ret_rows, struct problem *err)
{
    return db_select(tx, &QUERY_PARTNER_LIST, ret_rows, err, db_text(status), db_text(after),
                     db_int(limit));
}

void roster_done(struct roster *roster)
{
    free(roster->partners);
    *roster = (struct roster){0};
}

bool store_roster_get(struct db_tx *tx, struct roster *ret_roster, struct problem *err)
{
    db_rows_auto_t rows = {0};
    if (!db_select(tx, &QUERY_PARTNER_ALL, &rows, err))
        return false;
    ret_roster->partners = calloc((size_t)rows.count + 1, sizeof *ret_roster->partners);
    if (ret_roster->partners == NULL)
        return problem_set(err, PROBLEM_INTERNAL, "out of memory for %d partners", rows.count);
    ret_roster->count = rows.count;
    for (int row = 0; row < rows.count; row++)
        partner_of_row(&rows, row, &ret_roster->partners[row]);
    return true;
}

void tenure_of_row(const struct db_rows *rows, int row, struct tenure *ret_tenure)
{
    *ret_tenure = (struct tenure){
        .post = post_of(row_text(rows, row, "role")),
        .starts_ms = row_instant(rows, row, "starts_at"),
        .ends_ms = row_instant(rows, row, "ends_at"),
        .version = row_int(rows, row, "version"),
    };
    row_copy(rows, row, "id", ret_tenure->id, sizeof ret_tenure->id);
    row_copy(rows, row, "issuer", ret_tenure->issuer, sizeof ret_tenure->issuer);
    row_copy(rows, row, "subject", ret_tenure->subject, sizeof ret_tenure->subject);
    row_copy(rows, row, "organisation", ret_tenure->organisation, sizeof ret_tenure->organisation);
    row_copy(rows, row, "group_code", ret_tenure->group_code, sizeof ret_tenure->group_code);
}

bool store_tenure_get(struct db_tx *tx, const char *id, struct tenure *ret_tenure,
                      char ret_name[NAME_SIZE], struct problem *err)
{
    db_rows_auto_t rows = {0};
    if (!db_select(tx, &QUERY_APPOINTMENT_GET, &rows, err, db_text(id)))
        return false;
    if (rows.count == 0)
        return problem_set(err, PROBLEM_NOT_FOUND, "there is no appointment %s", id);
    tenure_of_row(&rows, 0, ret_tenure);
    row_copy(&rows, 0, "name", ret_name, NAME_SIZE);
    return true;
}

bool store_tenure_list(struct db_tx *tx, const struct tenure_filter *filter, const char *after,
                       int limit, struct db_rows *ret_rows, struct problem *err)
{
    return db_select(tx, &QUERY_APPOINTMENT_LIST, ret_rows, err, db_text(filter->organisation),
                     db_text(filter->post), db_text(filter->group_code),
                     db_instant(filter->in_force_ms), db_text(after), db_int(limit));
}

bool store_tenure_holders(struct db_tx *tx, enum post post, const char *organisation,
                          int64_t now_ms, struct db_rows *ret_rows, struct problem *err)
{
    return db_select(tx, &QUERY_APPOINTMENT_HOLDERS, ret_rows, err, db_text(post_name(post)),
                     db_text(organisation), db_instant(now_ms));
}

void tenures_done(struct tenures *tenures)
{
    free(tenures->tenures);
    *tenures = (struct tenures){0};
}

bool store_tenures_of_organisation(struct db_tx *tx, const char *organisation, int64_t now_ms,
                                   struct tenures *ret_tenures, struct problem *err)
{
    db_rows_auto_t rows = {0};
    if (!db_select(tx, &QUERY_APPOINTMENT_OF_ORGANISATION, &rows, err, db_text(organisation),
                   db_instant(now_ms)))
        return false;
    ret_tenures->tenures = calloc((size_t)rows.count + 1, sizeof *ret_tenures->tenures);
    if (ret_tenures->tenures == NULL)
        return problem_set(err, PROBLEM_INTERNAL, "out of memory for %d appointments", rows.count);
    ret_tenures->count = rows.count;
    for (int row = 0; row < rows.count; row++)
        tenure_of_row(&rows, row, &ret_tenures->tenures[row]);
    return true;
}

bool store_person_name_add(struct db_tx *tx, const char *appointment_id, const char *name,
                           struct problem *err)
{
    db_rows_auto_t rows = {0};
    return db_select(tx, &QUERY_PERSON_NAME_ADD, &rows, err, db_text(appointment_id),
                     db_text(name));
}

bool store_person_name_erase(struct db_tx *tx, const char *appointment_id, struct problem *err)
{
    db_rows_auto_t rows = {0};
    return db_select(tx, &QUERY_PERSON_NAME_ERASE, &rows, err, db_text(appointment_id));
}
