#include "services/kpi/rules.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/utf8.h"

bool specification_check(const struct specification *specification, struct problem *err)
{
    bool is_percentage = specification->unit == UNIT_PERCENTAGE;
    bool ok = true;
    if (is_percentage && specification->numerator[0] == '\0')
        ok = problem_add(err, PROBLEM_RULE_BROKEN, "required", "/numerator",
                         "a percentage says what is counted");
    if (is_percentage && specification->denominator[0] == '\0')
        ok = problem_add(err, PROBLEM_RULE_BROKEN, "required", "/denominator",
                         "a percentage says out of what it is counted");
    if (!is_percentage && specification->numerator[0] != '\0')
        ok = problem_add(err, PROBLEM_RULE_BROKEN, "not-allowed", "/numerator",
                         "only a percentage has a numerator");
    if (!is_percentage && specification->denominator[0] != '\0')
        ok = problem_add(err, PROBLEM_RULE_BROKEN, "not-allowed", "/denominator",
                         "only a percentage has a denominator");
    if (specification->is_suppressed && !is_percentage && specification->unit != UNIT_COUNT)
        ok = problem_add(err, PROBLEM_RULE_BROKEN, "not-allowed", "/suppressesSmallNumbers",
                         "only percentages and counts are of people");
    return ok;
}

bool specification_may_agree(const struct specification *specification,
                             const struct indicator *indicator, struct problem *err)
{
    if (strcmp(specification->state, "draft") != 0)
        return problem_set(err, PROBLEM_STATE_CONFLICT, "specification %lld of %s is %s already",
                           (long long)specification->number, specification->indicator,
                           specification->state);
    if (specification->number <= indicator->agreed_specification)
        return problem_set(err, PROBLEM_STATE_CONFLICT,
                           "specification %lld of %s is older than number %lld, which is agreed",
                           (long long)specification->number, specification->indicator,
                           (long long)indicator->agreed_specification);
    return true;
}

static bool figures_fault(struct problem *err, const char *code, const char *pointer,
                          const char *member, const char *detail)
{
    char at[FAULT_POINTER_SIZE];
    snprintf(at, sizeof(at), "%s/%s", pointer, member);
    return problem_add(err, PROBLEM_RULE_BROKEN, code, at, "%s", detail);
}

static bool percentage_check(const struct figures *figures, const char *pointer,
                             struct problem *err)
{
    bool ok = true;
    if (figures->value != VALUE_NONE)
        ok = figures_fault(err, "not-allowed", pointer, "value",
                           "a percentage is given by numerator and denominator");
    if (figures->numerator == VALUE_NONE)
        ok = figures_fault(err, "required", pointer, "numerator", "a percentage needs a numerator");
    else if (figures->numerator < 0)
        ok = figures_fault(err, "minimum", pointer, "numerator", "must not be negative");
    if (figures->denominator == VALUE_NONE)
        return figures_fault(err, "required", pointer, "denominator",
                             "a percentage needs a denominator");
    if (figures->denominator <= 0)
        return figures_fault(err, "minimum", pointer, "denominator", "must be positive");
    if (figures->numerator > figures->denominator)
        ok = figures_fault(err, "maximum", pointer, "numerator",
                           "must not be more than the denominator");
    return ok;
}

bool figures_check(const struct figures *figures, enum specification_unit unit, const char *pointer,
                   struct problem *err)
{
    if (unit == UNIT_PERCENTAGE)
        return percentage_check(figures, pointer, err);
    bool ok = true;
    if (figures->numerator != VALUE_NONE)
        ok = figures_fault(err, "not-allowed", pointer, "numerator",
                           "the indicator is not a percentage");
    if (figures->denominator != VALUE_NONE)
        ok = figures_fault(err, "not-allowed", pointer, "denominator",
                           "the indicator is not a percentage");
    if (figures->value == VALUE_NONE)
        ok = figures_fault(err, "required", pointer, "value", "a value is needed");
    else if (unit != UNIT_MONEY && figures->value < 0)
        ok = figures_fault(err, "minimum", pointer, "value", "must not be negative");
    return ok;
}

bool figures_equal(const struct figures *a, const struct figures *b)
{
    return a->numerator == b->numerator && a->denominator == b->denominator && a->value == b->value;
}

void percentage_format(int64_t numerator, int64_t denominator, char ret_text[PERCENTAGE_SIZE])
{
    __int128 scaled = (__int128)numerator * 100000;
    __int128 rounded =
        (scaled * 2 + (scaled < 0 ? -denominator : denominator)) / ((__int128)denominator * 2);
    long long thousandths = (long long)rounded;
    const char *sign = thousandths < 0 ? "-" : "";
    if (thousandths < 0)
        thousandths = -thousandths;
    snprintf(ret_text, PERCENTAGE_SIZE, "%s%lld.%03lld", sign, thousandths / 1000,
             thousandths % 1000);
}

void import_fault_add(struct import_rows *rows, size_t line, const char *column, const char *code,
                      const char *format, ...)
{
    size_t index = rows->fault_count++;
    if (index >= IMPORT_FAULTS_MAX)
        return;
    struct import_fault *fault = &rows->faults[index];
    fault->line = line;
    snprintf(fault->column, sizeof(fault->column), "%s", column);
    snprintf(fault->code, sizeof(fault->code), "%s", code);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(fault->detail, sizeof(fault->detail), format, arguments);
    va_end(arguments);
    /* What a file says was cut to fit, wherever that was. */
    utf8_mend(fault->column);
    utf8_mend(fault->detail);
}

static int key_compare(const char *organisation_a, int32_t month_a, const char *organisation_b,
                       int32_t month_b)
{
    int order = strcmp(organisation_a, organisation_b);
    return order != 0 ? order : (month_a > month_b) - (month_a < month_b);
}

static int row_compare(const void *left, const void *right)
{
    const struct import_row *a = left, *b = right;
    int order = key_compare(a->organisation, a->month, b->organisation, b->month);
    if (order == 0)
        order = strcmp(a->part, b->part);
    return order != 0 ? order : (a->line > b->line) - (a->line < b->line);
}

static bool organisation_may_report(const char *organisation, const char *const organisations[],
                                    size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(organisation, organisations[i]) == 0)
            return true;
    return false;
}

/* Figures of one row onto those of its item. Only department types are summed: they count, each far
 * below 2^53, and give no value. */
static void figures_add(struct figures *sum, const struct figures *more)
{
    assert(sum->numerator != VALUE_NONE && sum->denominator != VALUE_NONE);
    assert(more->numerator != VALUE_NONE && more->denominator != VALUE_NONE);
    assert(sum->value == VALUE_NONE && more->value == VALUE_NONE);
    sum->numerator += more->numerator;
    sum->denominator += more->denominator;
}

/* Rows sorted by key -> one item a key, its types summed. */
static size_t import_sum(struct import_rows *rows, struct import_item ret_items[])
{
    size_t count = 0;
    for (size_t i = 0; i < rows->count; i++) {
        const struct import_row *row = &rows->rows[i];
        const struct import_row *before = i > 0 ? row - 1 : NULL;
        bool same_key = before != NULL && key_compare(before->organisation, before->month,
                                                      row->organisation, row->month) == 0;
        if (same_key && strcmp(before->part, row->part) == 0) {
            import_fault_add(rows, row->line, "", "duplicate", "says the same as line %zu again",
                             before->line);
            continue;
        }
        if (same_key) {
            figures_add(&ret_items[count - 1].figures, &row->figures);
            continue;
        }
        struct import_item *item = &ret_items[count++];
        *item = (struct import_item){.month = row->month, .figures = row->figures};
        memcpy(item->organisation, row->organisation, sizeof(item->organisation));
    }
    return count;
}

size_t import_plan(struct import_rows *rows, const char *const organisations[],
                   size_t organisation_count, const struct observation existing[],
                   size_t existing_count, struct import_item ret_items[])
{
    rows->fault_count = rows->read_fault_count;
    for (size_t i = 0; i < rows->count; i++)
        if (!organisation_may_report(rows->rows[i].organisation, organisations, organisation_count))
            import_fault_add(rows, rows->rows[i].line, "organisation", "not-allowed",
                             "you may not report for %s here", rows->rows[i].organisation);
    if (rows->count > 0)
        qsort(rows->rows, rows->count, sizeof(rows->rows[0]), row_compare);
    size_t count = import_sum(rows, ret_items);
    size_t at = 0;
    for (size_t i = 0; i < count; i++) {
        struct import_item *item = &ret_items[i];
        int order = 1;
        while (at < existing_count &&
               (order = key_compare(existing[at].organisation, existing[at].month,
                                    item->organisation, item->month)) < 0)
            at++;
        item->existing = at;
        if (at == existing_count || order != 0)
            item->action = IMPORT_CREATE;
        else
            item->action = figures_equal(&existing[at].figures, &item->figures) ? IMPORT_UNCHANGED
                                                                                : IMPORT_REVISE;
    }
    return count;
}

/* The first row that an item was summed from, at or after `at`: rows and items are in one order. */
static size_t item_first_row(const struct import_rows *rows, const struct import_item *item,
                             size_t at)
{
    while (key_compare(rows->rows[at].organisation, rows->rows[at].month, item->organisation,
                       item->month) != 0) {
        at++;
        assert(at < rows->count);
    }
    return at;
}

void import_figures_check(struct import_rows *rows, const struct import_item items[], size_t count,
                          enum specification_unit unit)
{
    size_t at = 0;
    for (size_t i = 0; i < count; i++) {
        struct problem problem = {0};
        if (figures_check(&items[i].figures, unit, "", &problem))
            continue;
        at = item_first_row(rows, &items[i], at);
        for (size_t f = 0; f < problem.fault_count; f++)
            import_fault_add(rows, rows->rows[at].line, problem.faults[f].pointer + 1,
                             problem.faults[f].code, "%s", problem.faults[f].detail);
    }
}

bool import_refuse(const struct import_rows *rows, struct problem *err)
{
    size_t listed = rows->fault_count < IMPORT_FAULTS_MAX ? rows->fault_count : IMPORT_FAULTS_MAX;
    for (size_t i = 0; i < listed; i++) {
        const struct import_fault *fault = &rows->faults[i];
        char pointer[FAULT_POINTER_SIZE];
        snprintf(pointer, sizeof(pointer), "/line/%zu%s%s", fault->line,
                 fault->column[0] == '\0' ? "" : "/", fault->column);
        problem_add(err, PROBLEM_IMPORT_INVALID, fault->code, pointer, "%s", fault->detail);
    }
    err->fault_count = rows->fault_count;
    return problem_set(
        err, PROBLEM_IMPORT_INVALID,
        "%zu faults were found; nothing was stored. Ask with dryRun=true for all of them",
        rows->fault_count);
}
