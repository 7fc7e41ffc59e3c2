#include <stdio.h>
#include <string.h>

#include "services/ledger/rules/balancing.h"

/* Which of a settlement's lines say the same of two months, or of two computations of one. */
static bool same_key(const struct settled *settled, const struct line *line)
{
    return settled->kind == line->kind && settled->band == line->band &&
           strcmp(settled->pool, line->pool) == 0 &&
           strcmp(settled->from_account, line->from_account) == 0 &&
           strcmp(settled->to_account, line->to_account) == 0;
}

static bool is_before(const struct line *a, const struct line *b)
{
    int order = strcmp(a->pool, b->pool);
    if (order == 0)
        order = (int)a->kind - (int)b->kind;
    if (order == 0)
        order = a->band - b->band;
    if (order == 0)
        order = strcmp(a->from_account, b->from_account);
    if (order == 0)
        order = strcmp(a->to_account, b->to_account);
    return order < 0;
}

/* What there was before and of which. */
struct past {
    const struct settled *settled;
    size_t count;
    const char *pool; /* of this pool and version only; NULL = all of it */
    enum figure figure;
    const char *words;
};

static bool past_has(const struct past *past, const struct settled *settled)
{
    return past->pool == NULL || (settled->is_of_version && strcmp(settled->pool, past->pool) == 0);
}

static __int128 past_sum(const struct past *past, const struct line *line)
{
    __int128 sum = 0;
    for (size_t i = 0; i < past->count; i++)
        if (past_has(past, &past->settled[i]) && same_key(&past->settled[i], line))
            sum += past->settled[i].amount_pence;
    return sum;
}

/* The line's amount, less what it came to before. */
static void line_less(struct sheet *sheet, struct line *line, const struct past *past)
{
    const int64_t computed_pence = line->result_pence;
    const int64_t before_pence = sheet_pence(sheet, past_sum(past, line));
    const size_t length = strlen(line->sentence);
    line_step(sheet, line, FIGURE_COMPUTED, computed_pence);
    line_step(sheet, line, past->figure, before_pence);
    line->result_pence = sheet_pence(sheet, (__int128)computed_pence - before_pence);
    snprintf(line->sentence + length, sizeof line->sentence - length,
             " %s %s before, which leaves %s.", past->words, money_of(before_pence).text,
             money_of(line->result_pence).text);
}

static bool has_line(const struct sheet *sheet, size_t first_line, const struct settled *settled)
{
    for (size_t i = first_line; i < sheet->out->line_count; i++)
        if (same_key(settled, &sheet->out->lines[i]))
            return true;
    return false;
}

/* Puts the last line where it belongs among those from `first_line` on: what came in in any order
 * comes out in one. */
static void last_line_place(struct sheet *sheet, size_t first_line)
{
    struct line *lines = sheet->out->lines;
    for (size_t i = sheet->out->line_count - 1;
         i > first_line && is_before(&lines[i], &lines[i - 1]); i--) {
        struct line other = lines[i];
        lines[i] = lines[i - 1];
        lines[i - 1] = other;
    }
}

/* What came to something before and is not computed any more: back to nothing. */
static void gone_line(struct sheet *sheet, const struct settled *settled, const struct past *past)
{
    if (sheet->out->line_count == LINES_MAX) {
        sheet_fault(sheet, PROBLEM_RULE_BROKEN, "too-many", "a settlement has %d lines at most",
                    LINES_MAX);
        return;
    }
    struct line *line =
        line_begin(sheet, settled->kind, settled->from_account, settled->to_account);
    snprintf(line->pool, sizeof line->pool, "%s", settled->pool);
    line->band = settled->band;
    line_end(sheet, line, 0, "%s%sthis is no longer due.", settled->pool,
             settled->pool[0] == '\0' ? "" : ": ");
    line_less(sheet, line, past);
}

static void lines_less(struct sheet *sheet, size_t first_line, const struct past *past)
{
    const size_t computed_count = sheet->out->line_count;
    for (size_t i = first_line; i < computed_count; i++)
        line_less(sheet, &sheet->out->lines[i], past);
    for (size_t i = 0; i < past->count && sheet->is_fine; i++)
        if (past_has(past, &past->settled[i]) && !has_line(sheet, first_line, &past->settled[i])) {
            gone_line(sheet, &past->settled[i], past);
            last_line_place(sheet, computed_count);
        }
}

void lines_less_earlier(struct sheet *sheet, const char *pool, size_t first_line)
{
    const struct past past = {
        .settled = sheet->input->earlier,
        .count = sheet->input->earlier_count,
        .pool = pool,
        .figure = FIGURE_EARLIER,
        .words = "That is of the year; earlier months came to",
    };
    lines_less(sheet, first_line, &past);
}

void lines_less_posted(struct sheet *sheet)
{
    const struct past past = {
        .settled = sheet->input->posted,
        .count = sheet->input->posted_count,
        .figure = FIGURE_POSTED,
        .words = "The month was posted with",
    };
    lines_less(sheet, 0, &past);
    size_t kept = 0;
    for (size_t i = 0; i < sheet->out->line_count; i++)
        if (sheet->out->lines[i].result_pence != 0)
            sheet->out->lines[kept++] = sheet->out->lines[i];
    sheet->out->line_count = kept;
}
