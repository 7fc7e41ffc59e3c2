#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/json.h"
#include "common/memory.h"
#include "common/terms.h"
#include "services/ledger/api/handlers.h"
#include "services/ledger/rules/settlement.h"
#include "services/ledger/store/settlement.h"

/* What the agreement in force in a month says of money, read from the agreement and nowhere else
 * (B6, B7, B12). */
struct view {
    struct terms *terms; /* NULL = no agreement is in force in that month */
    json_t *parameters;
    int64_t agreement_number;
    int32_t month;
};

static void view_done(struct view *view)
{
    free(view->terms);
    json_decref(view->parameters);
}

/* Of the month asked for, or of this one. */
static bool view_begin(const struct request *request, struct view *ret_view, struct problem *err)
{
    const char *asked = request_query(request, "month");
    *ret_view = (struct view){.month = month_of_day(instant_day(request->now_ms))};
    if (asked != NULL && !month_parse(asked, &ret_view->month))
        return problem_set(err, PROBLEM_NOT_FOUND, "there is no such month");
    if (!store_parameters(request->tx, ret_view->month, &ret_view->agreement_number,
                          &ret_view->parameters, err))
        return false;
    if (ret_view->parameters == NULL)
        return true;
    ret_view->terms = need(calloc(1, sizeof *ret_view->terms));
    terms_of_json(ret_view->parameters, ret_view->terms);
    return true;
}

/* The twelve months of the financial year, each with its part of the year's amount. */
static json_t *twelfths_to_json(int32_t month, int64_t year_pence)
{
    json_t *months = json_array();
    int32_t first = month - month % 12;
    for (int32_t i = first; i < first + 12; i++) {
        json_t *item = json_object();
        put_month(item, i);
        json_put_money(item, "amount", twelfth(year_pence, i));
        json_push_new(months, item);
    }
    return months;
}

static int compare_key(const void *a, const void *b)
{
    return strcmp(json_text(*(json_t *const *)a, "key"), json_text(*(json_t *const *)b, "key"));
}

/* One page of what the agreement lists: in order of their keys, after the page before. Takes
 * `items`, at most a hundred. */
static void page_reply(struct request *request, struct reply *reply, const struct page *page,
                       json_t *items)
{
    json_auto_t *owned = items;
    json_t *sorted[POOLS_MAX + GUARANTEES_MAX + CONTRACTS_MAX] = {NULL}, *listed = json_array();
    size_t count = json_array_size(owned);
    for (size_t i = 0; i < count; i++)
        sorted[i] = json_array_get(owned, i);
    qsort(sorted, count, sizeof sorted[0], compare_key);
    for (size_t i = 0; i < count && json_array_size(listed) < (size_t)page->limit; i++)
        if (page->after == NULL || strcmp(json_text(sorted[i], "key"), page->after) > 0)
            json_push_new(listed, json_incref(sorted[i]));
    list_reply(request, reply, page, listed, "key");
}

/* The amount that a pool's mechanism starts from; false when it starts from none. */
static bool pool_amount(const struct pool_terms *pool, int64_t *ret_pence)
{
    *ret_pence = pool->value_pence != PENCE_NONE      ? pool->value_pence
                 : pool->baseline_pence != PENCE_NONE ? pool->baseline_pence
                                                      : pool->expected_pence;
    return *ret_pence != PENCE_NONE;
}

bool list_pools(struct request *request, struct reply *reply, struct problem *err)
{
    struct page page;
    CLEANUP(view_done) struct view view = {0};
    if (!page_begin(request, &page, err) || !view_begin(request, &view, err))
        return false;
    json_t *items = json_array();
    for (size_t i = 0; view.terms != NULL && i < view.terms->pool_count; i++) {
        const struct pool_terms *pool = &view.terms->pools[i];
        const json_t *stated = json_array_get(json_member(view.parameters, "pools"), i);
        json_t *item = json_object();
        int64_t pence;
        json_put_text(item, "key", pool->code);
        json_put_text(item, "name", json_text(stated, "name"));
        json_put_integer(item, "agreementNumber", view.agreement_number);
        json_put_text(item, "mechanism", mechanism_word(pool->mechanism));
        json_put_text(item, "provider", pool->provider);
        json_put_text(item, "commissioner", pool->commissioner);
        if (json_member(stated, "parameters") != NULL)
            json_put_new(item, "parameters", json_incref(json_object_get(stated, "parameters")));
        if (pool_amount(pool, &pence) && !pool->is_of_month) {
            json_put_money(item, "year", pence);
            json_put_new(item, "months", twelfths_to_json(view.month, pence));
        }
        json_push_new(items, item);
    }
    page_reply(request, reply, &page, items);
    return true;
}

bool list_contracts(struct request *request, struct reply *reply, struct problem *err)
{
    struct page page;
    CLEANUP(view_done) struct view view = {0};
    if (!page_begin(request, &page, err) || !view_begin(request, &view, err))
        return false;
    json_t *items = json_array();
    for (size_t i = 0; view.terms != NULL && i < view.terms->contract_count; i++) {
        const struct contract_terms *contract = &view.terms->contracts[i];
        char key[2 * ODS_SIZE];
        json_t *item = json_object();
        snprintf(key, sizeof key, "%s-%s", contract->provider, contract->commissioner);
        json_put_text(item, "key", key);
        json_put_integer(item, "agreementNumber", view.agreement_number);
        json_put_text(item, "provider", contract->provider);
        json_put_text(item, "commissioner", contract->commissioner);
        json_put_money(item, "year", contract->year_pence);
        json_put_new(item, "months", twelfths_to_json(view.month, contract->year_pence));
        json_push_new(items, item);
    }
    page_reply(request, reply, &page, items);
    return true;
}

bool list_guarantees(struct request *request, struct reply *reply, struct problem *err)
{
    struct page page;
    CLEANUP(view_done) struct view view = {0};
    if (!page_begin(request, &page, err) || !view_begin(request, &view, err))
        return false;
    json_t *items = json_array();
    for (size_t i = 0; view.terms != NULL && i < view.terms->guarantee_count; i++) {
        const struct guarantee_terms *guarantee = &view.terms->guarantees[i];
        int64_t year_pence;
        json_t *item = json_object();
        json_put_text(item, "key", guarantee->organisation);
        json_put_integer(item, "agreementNumber", view.agreement_number);
        json_put_text(item, "commissioner", guarantee->commissioner);
        json_put_money(item, "baseline", guarantee->baseline_pence);
        json_put_money(item, "tariffImpact", guarantee->tariff_impact_pence);
        json_put_money(item, "growth", guarantee->growth_pence);
        json_put_integer(item, "cquinBp", guarantee->cquin_bp);
        if (guarantee_of_year(guarantee, &year_pence)) {
            json_put_money(item, "year", year_pence);
            json_put_new(item, "months", twelfths_to_json(view.month, year_pence));
        }
        json_push_new(items, item);
    }
    page_reply(request, reply, &page, items);
    return true;
}
