/* The canonical texts and their words. What stands here is frozen with method 1. */
#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "services/ledger/rules/settlement.h"

static const char *const LINE_KINDS[] = {
    [LINE_CONTRACT] = "contract", [LINE_FUNDING] = "funding",     [LINE_PAYMENT] = "payment",
    [LINE_CALL] = "call",         [LINE_SHARE] = "share",         [LINE_RESIDUAL] = "residual",
    [LINE_SURPLUS] = "surplus",   [LINE_GUARANTEE] = "guarantee",
};
static const char *const FIGURES[] = {
    [FIGURE_YEAR] = "yearPence",
    [FIGURE_BASELINE] = "baselinePence",
    [FIGURE_ACTUAL] = "actualPence",
    [FIGURE_DIFFERENCE] = "differencePence",
    [FIGURE_UNITS] = "units",
    [FIGURE_PRICE] = "pricePence",
    [FIGURE_DEADBAND] = "deadbandPence",
    [FIGURE_BEYOND] = "beyondPence",
    [FIGURE_CAP] = "capPence",
    [FIGURE_SHARED] = "sharedPence",
    [FIGURE_BAND] = "bandPence",
    [FIGURE_RATE] = "rateBp",
    [FIGURE_ASKED] = "askedPence",
    [FIGURE_LEFT] = "leftPence",
    [FIGURE_GRANTED] = "grantedPence",
    [FIGURE_INCOME] = "incomePence",
    [FIGURE_COMPUTED] = "computedPence",
    [FIGURE_EARLIER] = "earlierPence",
    [FIGURE_POSTED] = "postedPence",
    [FIGURE_ACTUAL_UNITS] = "actualUnits",
    [FIGURE_CAP_UNITS] = "capUnits",
};
static const char *const ESCALATIONS[] = {
    [ESCALATION_RESERVE] = "reserve",
    [ESCALATION_CLAW_BACK] = "claw-back",
};
static const char *const QUALITIES[] = {
    [QUALITY_NOT_STATED] = "not-stated",
    [QUALITY_MET] = "met",
    [QUALITY_MISSED] = "missed",
};

const char *line_kind_word(enum line_kind kind)
{
    assert((size_t)kind < ARRAY_LENGTH(LINE_KINDS));
    return LINE_KINDS[kind];
}

bool line_kind_of_word(const char *word, enum line_kind *ret_kind)
{
    for (size_t kind = 0; kind < ARRAY_LENGTH(LINE_KINDS); kind++)
        if (strcmp(LINE_KINDS[kind], word) == 0) {
            *ret_kind = (enum line_kind)kind;
            return true;
        }
    return false;
}

const char *figure_word(enum figure figure)
{
    assert((size_t)figure < ARRAY_LENGTH(FIGURES));
    return FIGURES[figure];
}

const char *escalation_kind_word(enum escalation_kind kind)
{
    assert((size_t)kind < ARRAY_LENGTH(ESCALATIONS));
    return ESCALATIONS[kind];
}

const char *quality_word(enum quality quality)
{
    assert((size_t)quality < ARRAY_LENGTH(QUALITIES));
    return QUALITIES[quality];
}

/* What is written, as far as it fits, and how long all of it is. */
struct text {
    char *out;
    size_t size;
    size_t length;
};

static void put(struct text *text, const char *format, ...) PRINTF_LIKE(2, 3);
static void put(struct text *text, const char *format, ...)
{
    const size_t used = text->length < text->size ? text->length : text->size;
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(text->out + used, text->size - used, format, arguments);
    va_end(arguments);
    assert(length >= 0);
    text->length += (size_t)length;
}

/* --- the inputs
 * --------------------------------------------------------------------------------------- */

static void put_actuals(struct text *text, const struct settlement_input *input)
{
    for (size_t pool = 0; pool < input->terms->pool_count; pool++)
        for (size_t i = 0; i < input->actual_count; i++) {
            const struct actual *actual = &input->actuals[i];
            if (strcmp(actual->pool, input->terms->pools[pool].code) == 0)
                put(text,
                    "submission pool=%s id=%s revision=%" PRId64 " units=%" PRId64 " cost=%" PRId64
                    " quality=%s earlierUnits=%" PRId64 " earlierCost=%" PRId64 "\n",
                    actual->pool, actual->submission_id, actual->revision, actual->units,
                    actual->cost_pence, quality_word(actual->quality), actual->earlier_units,
                    actual->earlier_cost_pence);
        }
}

static int order_of(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

static int standing_order(const struct standing_balance *a, const struct standing_balance *b)
{
    const int order = strcmp(a->account_code, b->account_code);
    return order != 0 ? order : order_of(a->available_pence, b->available_pence);
}

/* Each time the least of those beyond the last: whatever the order in which they came in. */
static void put_standings(struct text *text, const struct settlement_input *input)
{
    const struct standing_balance *last = NULL;
    for (;;) {
        const struct standing_balance *next = NULL;
        for (size_t i = 0; i < input->standing_count; i++) {
            const struct standing_balance *item = &input->standings[i];
            if ((last == NULL || standing_order(item, last) > 0) &&
                (next == NULL || standing_order(item, next) < 0))
                next = item;
        }
        if (next == NULL)
            return;
        put(text, "available account=%s pence=%" PRId64 "\n", next->account_code,
            next->available_pence);
        last = next;
    }
}

static int settled_order(const struct settled *a, const struct settled *b)
{
    const int orders[] = {
        strcmp(a->pool, b->pool),
        order_of(a->kind, b->kind),
        order_of(a->band, b->band),
        strcmp(a->from_account, b->from_account),
        strcmp(a->to_account, b->to_account),
        order_of(a->is_of_version, b->is_of_version),
    };
    size_t i = 0;
    while (i < ARRAY_LENGTH(orders) - 1 && orders[i] == 0)
        i++;
    return orders[i];
}

/* What has the same key is one sum; one beyond 64 bits wraps, and computing refuses it. */
static void put_settled(struct text *text, const char *word, const struct settled *settled,
                        size_t count)
{
    const struct settled *last = NULL;
    for (;;) {
        const struct settled *next = NULL;
        int64_t sum = 0;
        for (size_t i = 0; i < count; i++)
            if ((last == NULL || settled_order(&settled[i], last) > 0) &&
                (next == NULL || settled_order(&settled[i], next) < 0))
                next = &settled[i];
        if (next == NULL)
            return;
        for (size_t i = 0; i < count; i++)
            if (settled_order(&settled[i], next) == 0)
                (void)__builtin_add_overflow(sum, settled[i].amount_pence, &sum);
        put(text,
            "%s kind=%s pool=%s band=%" PRId32 " from=%s to=%s ofVersion=%d pence=%" PRId64 "\n",
            word, line_kind_word(next->kind), next->pool, next->band, next->from_account,
            next->to_account, next->is_of_version, sum);
        last = next;
    }
}

size_t settlement_inputs_text(const struct settlement_input *input, char *ret_text, size_t size)
{
    struct text text = {.out = ret_text, .size = size};
    char month[MONTH_SIZE];
    month_format(input->month, month);
    put(&text, "inputs method=%d month=%s corrective=%d\n", SETTLEMENT_METHOD, month,
        input->is_corrective);
    put(&text, "agreement number=%" PRId64 " digest=%s\n", input->agreement_number,
        input->agreement_digest);
    put(&text, "journals ledger=%" PRId64 " membership=%" PRId64 "\n", input->ledger_sequence,
        input->membership_sequence);
    put(&text, "reserve drawn=%" PRId64 " released=%" PRId64 "\n", input->reserve_drawn_pence,
        input->reserve_released_pence);
    put(&text, "months settled=%03" PRIx32 " ofVersion=%03" PRIx32 "\n", input->settled_months,
        input->version_months);
    put_actuals(&text, input);
    put_standings(&text, input);
    put_settled(&text, "earlier", input->earlier, input->earlier_count);
    put_settled(&text, "posted", input->posted, input->posted_count);
    return text.length;
}

/* --- the settlement
 * ------------------------------------------------------------------------------------ */

static void put_line(struct text *text, size_t number, const struct line *line)
{
    put(text,
        "line %zu kind=%s pool=%s mechanism=%s organisation=%s band=%" PRId32 " from=%s to=%s",
        number, line_kind_word(line->kind), line->pool, mechanism_word(line->mechanism),
        line->organisation, line->band, line->from_account, line->to_account);
    for (size_t i = 0; i < line->step_count; i++)
        put(text, " %s=%" PRId64, figure_word(line->steps[i].figure), line->steps[i].value);
    put(text, " resultPence=%" PRId64 "\n  %s\n", line->result_pence, line->sentence);
}

size_t settlement_text(const struct settlement *settlement, const char *inputs_digest,
                       char *ret_text, size_t size)
{
    struct text text = {.out = ret_text, .size = size};
    char month[MONTH_SIZE];
    month_format(settlement->month, month);
    put(&text, "settlement method=%" PRId32 " month=%s corrective=%d agreement=%" PRId64 "\n",
        settlement->method, month, settlement->is_corrective, settlement->agreement_number);
    put(&text, "inputs %s\n", inputs_digest);
    for (size_t i = 0; i < settlement->line_count; i++)
        put_line(&text, i + 1, &settlement->lines[i]);
    for (size_t i = 0; i < settlement->entry_count; i++)
        put(&text, "entry %s %" PRId64 "\n", settlement->entries[i].account_code,
            settlement->entries[i].amount_pence);
    for (size_t i = 0; i < settlement->escalation_count; i++) {
        const struct settlement_escalation *escalation = &settlement->escalations[i];
        put(&text, "escalation kind=%s pool=%s organisation=%s pence=%" PRId64 "\n  %s\n",
            escalation_kind_word(escalation->kind), escalation->pool, escalation->organisation,
            escalation->amount_pence, escalation->sentence);
    }
    put(&text, "surplus %" PRId64 "\nreserve called %" PRId64 "\n", settlement->surplus_pence,
        settlement->reserve_called_pence);
    return text.length;
}
