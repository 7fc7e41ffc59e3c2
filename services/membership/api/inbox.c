/* What waits for the caller: votes to cast, and what was escalated to its groups. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/json.h"
#include "services/membership/api/handlers.h"
#include "services/membership/api/present.h"
#include "services/membership/events.h"
#include "services/membership/rules/agenda.h"
#include "services/membership/rules/tally.h"
#include "services/membership/rules/terms.h"
#include "services/membership/store/agenda.h"
#include "services/membership/store/decision.h"

/* "{<id>,<id>}" of the caller's appointments with active partners. */
enum { APPOINTMENTS_TEXT_SIZE = APPOINTMENTS_MAX * UUID_SIZE + 3 };

static void appointments_held(const struct standing *standing,
                              char ret_text[APPOINTMENTS_TEXT_SIZE])
{
    char *end = stpcpy(ret_text, "{");
    for (int i = 0; i < standing->appointment_count; i++) {
        if (!standing->appointments[i].is_of_active)
            continue;
        if (end > ret_text + 1)
            *end++ = ',';
        end = stpcpy(end, standing->appointments[i].id);
    }
    stpcpy(end, "}");
}

/* --- the inbox --- */

static void inbox_put_vote(json_t *item, const struct db_rows *rows, int row,
                           const struct tally *tally)
{
    char rule_text[TEXT_SIZE];
    const char *group = row_text(rows, row, "group_code");
    ballot_print(rule_of(row_text(rows, row, "rule")), group != NULL ? group : "", tally,
                 rule_text);
    json_put_text(item, "ruleText", rule_text);
    json_put_instant(item, "dueAt", row_instant(rows, row, "at"));
}

static json_t *inbox_item(const struct db_rows *rows, int row, const struct tally *tally)
{
    char id[UUID_SIZE + ODS_SIZE];
    char ref[REF_SIZE];
    const char *organisation = row_text(rows, row, "organisation");
    const bool is_vote = strcmp(row_text(rows, row, "action"), "vote") == 0;
    snprintf(id, sizeof id, "%s-%s", row_text(rows, row, "id"), organisation);
    snprintf(ref, sizeof ref, "%s/%s", is_vote ? "decisions" : "agenda-items",
             row_text(rows, row, "id"));
    json_t *item = json_object();
    json_put_text(item, "id", id);
    json_put_text(item, "action", row_text(rows, row, "action"));
    json_put_text(item, "reference", ref);
    json_put_text(item, "organisation", organisation);
    json_put_text(item, "group", row_text(rows, row, "group_code"));
    json_put_text(item, "subject", row_text(rows, row, "subject"));
    json_put_text(item, "title", row_text(rows, row, "title"));
    json_put_text(item, "question", row_text(rows, row, "question"));
    if (is_vote)
        inbox_put_vote(item, rows, row, tally);
    else
        json_put_instant(item, "raisedAt", row_instant(rows, row, "at"));
    return item;
}

bool inbox_list(struct request *request, struct reply *reply, struct problem *err)
{
    struct page page;
    db_rows_auto_t rows = {0};
    struct tally *tallies = NULL;
    char spoken_for[ORGANISATIONS_TEXT_SIZE];
    char known[ORGANISATIONS_TEXT_SIZE];
    char appointments[APPOINTMENTS_TEXT_SIZE];
    organisations_spoken_for(&request->standing, spoken_for);
    organisations_known(&request->standing, known);
    appointments_held(&request->standing, appointments);
    const struct inbox_filter filter = {.spoken_for = spoken_for,
                                        .appointments = appointments,
                                        .known = known,
                                        .now_ms = request->now_ms};
    if (!page_begin(request, &page, err) ||
        !store_inbox_list(request->tx, &filter, page.after, page.limit, &rows, err) ||
        !store_tallies(request->tx, &rows, &tallies, err))
        return false;
    json_t *items = json_array();
    for (int row = 0; row < rows.count; row++)
        json_push_new(items, inbox_item(&rows, row, &tallies[row]));
    free(tallies);
    list_reply(request, reply, &page, items, "id");
    return true;
}

/* --- agenda items --- */

bool agenda_list(struct request *request, struct reply *reply, struct problem *err)
{
    struct page page;
    db_rows_auto_t rows = {0};
    char known[ORGANISATIONS_TEXT_SIZE];
    organisations_known(&request->standing, known);
    if (!page_begin(request, &page, err) ||
        !store_agenda_list(request->tx, request_query(request, "group"),
                           request_query(request, "state"), known, page.after, page.limit, &rows,
                           err))
        return false;
    json_auto_t *items = json_array();
    for (int row = 0; row < rows.count; row++) {
        agenda_item_auto_t item = {0};
        if (!agenda_item_of_row(&rows, row, &item, err))
            return false;
        json_push_new(items, agenda_item_present(&item, row_text(&rows, row, "group_code")));
    }
    list_reply(request, reply, &page, STEAL(items), "id");
    return true;
}

/* One that the caller may know of; `ret_rows` lends the group's code. */
static bool agenda_item_of_path(struct request *request, struct agenda_item *ret_item,
                                struct db_rows *ret_rows, struct problem *err)
{
    const char *id = request_path(request, "agendaItemId");
    if (!store_agenda_get(request->tx, id, ret_rows, err) ||
        !agenda_item_of_row(ret_rows, 0, ret_item, err))
        return false;
    if (!restricted_may_be_known(ret_item->restricted_to, &request->standing))
        return problem_set(err, PROBLEM_NOT_FOUND, "there is no agenda item %s", id);
    return true;
}

bool agenda_get(struct request *request, struct reply *reply, struct problem *err)
{
    db_rows_auto_t rows = {0};
    agenda_item_auto_t item = {0};
    if (!agenda_item_of_path(request, &item, &rows, err))
        return false;
    reply_ok(reply, agenda_item_present(&item, row_text(&rows, 0, "group_code")), item.version);
    return true;
}

bool agenda_item_take(struct request *request, struct reply *reply, struct problem *err)
{
    db_rows_auto_t rows = {0};
    db_rows_auto_t seats = {0};
    agenda_item_auto_t item = {0};
    char appointments[APPOINTMENTS_TEXT_SIZE];
    if (!command_begin(request, err) || !agenda_item_of_path(request, &item, &rows, err))
        return false;
    appointments_held(&request->standing, appointments);
    if (!store_seat_of_kind(request->tx, item.group_kind, appointments, &seats, err))
        return false;
    const char *seat = seats.count > 0 ? row_text(&seats, 0, "id") : NULL;
    if (!agenda_take(&item, seat, json_text(request->body, "note"), request->now_ms, err) ||
        !event_agenda_item(request->act, "taken", &item, err))
        return false;
    reply_ok(reply, agenda_item_present(&item, row_text(&rows, 0, "group_code")), item.version);
    return true;
}
