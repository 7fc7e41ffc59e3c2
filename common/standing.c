#include "common/standing.h"

#include <string.h>

#include "common/json.h"
#include "common/queries.h"

static enum partner_status status_of(const char *name)
{
    static const struct {
        const char *name;
        enum partner_status status;
    } STATUSES[] = {{"proposed", PARTNER_PROPOSED},
                    {"active", PARTNER_ACTIVE},
                    {"suspended", PARTNER_SUSPENDED},
                    {"left", PARTNER_LEFT},
                    {"excluded", PARTNER_EXCLUDED}};
    for (size_t i = 0; i < ARRAY_LENGTH(STATUSES); i++)
        if (strcmp(STATUSES[i].name, name) == 0)
            return STATUSES[i].status;
    return PARTNER_LAPSED;
}

static void read_partner(const struct db_rows *rows, int row, struct standing *standing)
{
    enum partner_status status = status_of(row_text(rows, row, "partner_status"));
    /* A person of two partners, by a token of none: the active one counts. */
    if (standing->has_partner &&
        (standing->partner_status == PARTNER_ACTIVE || status != PARTNER_ACTIVE))
        return;
    standing->has_partner = true;
    standing->partner_status = status;
    standing->is_voting = row_bool(rows, row, "is_voting");
    standing->is_founder = row_bool(rows, row, "is_founder");
    standing->is_commissioner = strcmp(row_text(rows, row, "partner_role"), "commissioner") == 0;
    row_copy(rows, row, "organisation", standing->organisation, sizeof standing->organisation);
}

static void read_appointment(const struct db_rows *rows, int row, struct standing *standing)
{
    if (standing->appointment_count == APPOINTMENTS_MAX)
        return;
    struct appointment *appointment = &standing->appointments[standing->appointment_count++];
    row_copy(rows, row, "appointment_id", appointment->id, sizeof appointment->id);
    row_copy(rows, row, "appointment_role", appointment->role, sizeof appointment->role);
    row_copy(rows, row, "appointment_organisation", appointment->organisation,
             sizeof appointment->organisation);
    const char *status = row_text(rows, row, "appointment_status");
    appointment->is_of_active = status && strcmp(status, "active") == 0;
    appointment->is_of_founder =
        status && strcmp(status, "proposed") == 0 && row_bool(rows, row, "appointment_is_founder");
}

static void standing_start(const struct caller *caller, struct standing *ret_standing)
{
    *ret_standing = (struct standing){.partner_status = PARTNER_LAPSED};
    memcpy(ret_standing->token_organisation, caller->organisation, ODS_SIZE);
    memcpy(ret_standing->organisation, caller->organisation, ODS_SIZE);
}

static void read_row(const struct db_rows *rows, int row, struct standing *standing)
{
    standing->now_ms = row_instant(rows, row, "now_at");
    standing->sequence = row_int(rows, row, "sequence");
    const char *status = row_text(rows, row, "alliance_status");
    standing->has_alliance = status != NULL;
    if (status)
        row_copy(rows, row, "alliance_status", standing->alliance_status,
                 sizeof standing->alliance_status);
    if (!row_is_null(rows, row, "organisation"))
        read_partner(rows, row, standing);
    if (!row_is_null(rows, row, "appointment_id"))
        read_appointment(rows, row, standing);
    if (!standing->organisation[0] && standing->appointment_count)
        memcpy(standing->organisation, standing->appointments[0].organisation, ODS_SIZE);
}

bool standing_load(struct db_tx *tx, const struct caller *caller, int64_t now_ms,
                   struct standing *ret_standing, struct problem *err)
{
    db_rows_auto_t rows = {0};
    if (!db_select(tx, &QUERY_STANDING_GET, &rows, err, db_text(caller->issuer),
                   db_text(caller->subject), db_text_or_null(caller->organisation),
                   db_instant(now_ms)))
        return false;
    standing_start(caller, ret_standing);
    for (int i = 0; i < rows.count; i++)
        read_row(&rows, i, ret_standing);
    return true;
}

bool standing_load_many(struct db_tx *tx, const struct caller *const callers[], size_t count,
                        int64_t now_ms, struct standing ret_standings[], struct problem *err)
{
    json_auto_t *list = json_array();
    for (size_t i = 0; i < count; i++) {
        json_t *one = json_object();
        json_put_integer(one, "number", (int64_t)i);
        json_put_text(one, "issuer", callers[i]->issuer);
        json_put_text(one, "subject", callers[i]->subject);
        json_put_text(one, "organisation", callers[i]->organisation);
        json_push_new(list, one);
    }
    char_auto_t *text = json_dumps(list, JSON_COMPACT);
    db_rows_auto_t rows = {0};
    if (!text)
        return problem_set(err, PROBLEM_INTERNAL, "the callers are not UTF-8");
    if (!db_select(tx, &QUERY_STANDING_LIST, &rows, err, db_text(text), db_instant(now_ms)))
        return false;
    for (size_t i = 0; i < count; i++)
        standing_start(callers[i], &ret_standings[i]);
    for (int i = 0; i < rows.count; i++) {
        int64_t number = row_int(&rows, i, "number");
        if (number >= 0 && number < (int64_t)count)
            read_row(&rows, i, &ret_standings[number]);
    }
    return true;
}
