/* Computes settlements that it is given, one JSON object per line, and prints what came out, so
 * that check.py, which shares no code with the rules, can compare. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/json.h"
#include "services/ledger/rules/settlement.h"

enum { LINE_BYTES_MAX = 1024 * 1024, PAST_MAX = 2048 };

struct work {
    struct terms terms;
    struct actual actuals[ACTUALS_MAX];
    struct standing_balance standings[STANDINGS_MAX];
    struct settled earlier[PAST_MAX];
    struct settled posted[PAST_MAX];
    struct settlement_input input;
    struct settlement settlement;
};

static void actuals_read(const json_t *items, struct work *work)
{
    size_t i;
    const json_t *item;
    json_array_foreach(items, i, item)
    {
        struct actual *actual = &work->actuals[work->input.actual_count++];
        const char *quality = json_text(item, "quality");
        json_copy_text(item, "pool", actual->pool, sizeof actual->pool);
        actual->units = json_integer_or(item, "units", 0);
        actual->cost_pence = json_integer_or(item, "cost", 0);
        actual->earlier_units = json_integer_or(item, "earlierUnits", 0);
        actual->earlier_cost_pence = json_integer_or(item, "earlierCost", 0);
        if (quality != NULL)
            actual->quality = strcmp(quality, "met") == 0 ? QUALITY_MET : QUALITY_MISSED;
    }
}

static size_t settled_read(const json_t *items, struct settled *settled)
{
    size_t i;
    const json_t *item;
    json_array_foreach(items, i, item)
    {
        if (i == PAST_MAX || !line_kind_of_word(json_text(item, "kind"), &settled[i].kind))
            abort();
        json_copy_text(item, "pool", settled[i].pool, sizeof settled[i].pool);
        json_copy_text(item, "from", settled[i].from_account, CODE_SIZE);
        json_copy_text(item, "to", settled[i].to_account, CODE_SIZE);
        settled[i].band = (int32_t)json_integer_or(item, "band", 0);
        settled[i].amount_pence = json_integer_or(item, "amount", 0);
        settled[i].is_of_version = json_flag(item, "isOfVersion");
    }
    return json_array_size(items);
}

static void standings_read(const json_t *items, struct work *work)
{
    size_t i;
    const json_t *item;
    json_array_foreach(items, i, item)
    {
        struct standing_balance *standing = &work->standings[work->input.standing_count++];
        json_copy_text(item, "account", standing->account_code, CODE_SIZE);
        standing->available_pence = json_integer_or(item, "available", 0);
    }
}

static struct work *work_read(const json_t *order)
{
    struct work *work = calloc(1, sizeof *work);
    if (work == NULL)
        abort();
    terms_of_json(json_member(order, "parameters"), &work->terms);
    work->input = (struct settlement_input){
        .month = (int32_t)(2026 * 12 + json_integer_or(order, "month", 0) - 1),
        .is_corrective = json_flag(order, "isCorrective"),
        .terms = &work->terms,
        .actuals = work->actuals,
        .standings = work->standings,
        .reserve_drawn_pence = json_integer_or(order, "drawn", 0),
        .reserve_released_pence = json_integer_or(order, "released", 0),
        .settled_months = (uint32_t)json_integer_or(order, "settledMonths", 0),
        .version_months = (uint32_t)json_integer_or(order, "versionMonths", 0),
        .earlier = work->earlier,
        .posted = work->posted,
    };
    actuals_read(json_member(order, "actuals"), work);
    standings_read(json_member(order, "standings"), work);
    work->input.earlier_count = settled_read(json_member(order, "earlier"), work->earlier);
    work->input.posted_count = settled_read(json_member(order, "posted"), work->posted);
    return work;
}

static void settlement_print(const struct settlement *settlement)
{
    for (size_t i = 0; i < settlement->line_count; i++) {
        const struct line *line = &settlement->lines[i];
        printf("line %s %s %" PRId32 " %s %s %" PRId64 "\n", line_kind_word(line->kind),
               line->pool[0] == '\0' ? "-" : line->pool, line->band, line->from_account,
               line->to_account, line->result_pence);
    }
    for (size_t i = 0; i < settlement->entry_count; i++)
        printf("entry %s %" PRId64 "\n", settlement->entries[i].account_code,
               settlement->entries[i].amount_pence);
    for (size_t i = 0; i < settlement->escalation_count; i++) {
        const struct settlement_escalation *escalation = &settlement->escalations[i];
        printf("escalation %s %s %s %" PRId64 "\n", escalation_kind_word(escalation->kind),
               escalation->pool[0] == '\0' ? "-" : escalation->pool, escalation->organisation,
               escalation->amount_pence);
    }
    printf("surplus %" PRId64 "\ncalled %" PRId64 "\n", settlement->surplus_pence,
           settlement->reserve_called_pence);
}

int main(void)
{
    static char text[LINE_BYTES_MAX];
    while (fgets(text, sizeof text, stdin) != NULL) {
        struct problem err = {0};
        json_auto_t *order = NULL;
        if (!json_parse(text, strlen(text), &order, &err)) {
            fprintf(stderr, "%s\n", err.detail);
            return 1;
        }
        struct work *work = work_read(order);
        if (settlement_compute(&work->input, &work->settlement, &err))
            settlement_print(&work->settlement);
        else
            printf("refused %s %s\n", err.faults[0].code, err.faults[0].pointer);
        puts("end");
        fflush(stdout);
        free(work);
    }
    return 0;
}
