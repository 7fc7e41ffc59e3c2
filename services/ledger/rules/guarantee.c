#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "services/ledger/rules/balancing.h"

enum { MONTHS = 12 };

/* What settlements have added to a position in the year, with this one. */
static __int128 income_of(const struct sheet *sheet, const char *position)
{
    __int128 income = 0;
    for (size_t i = 0; i < sheet->input->earlier_count; i++) {
        const struct settled *settled = &sheet->input->earlier[i];
        if (strcmp(settled->to_account, position) == 0)
            income += settled->amount_pence;
        if (strcmp(settled->from_account, position) == 0)
            income -= settled->amount_pence;
    }
    for (size_t i = 0; i < sheet->out->line_count; i++) {
        const struct line *line = &sheet->out->lines[i];
        if (strcmp(line->to_account, position) == 0)
            income += line->result_pence;
        if (strcmp(line->from_account, position) == 0)
            income -= line->result_pence;
    }
    return income;
}

/* The months that settlements cover so far count; a top-up waits for the year to be whole. */
static void guarantee_line(struct sheet *sheet, const struct guarantee_terms *guarantee)
{
    const int32_t month = month_of_year(sheet->input->month);
    const uint32_t before = (UINT32_C(1) << (month - 1)) - 1;
    const uint32_t months = (sheet->input->settled_months & before) | (before + 1);
    char payer[CODE_SIZE], position[CODE_SIZE];
    int64_t year_pence = 0;
    bool is_amount = guarantee_of_year(guarantee, &year_pence);
    assert(is_amount && "terms_check() has seen it");
    position_of(guarantee->commissioner, payer);
    position_of(guarantee->organisation, position);
    const int64_t floor_pence = span_of_year(year_pence, months);
    const int64_t income_pence = sheet_pence(sheet, income_of(sheet, position));
    const int64_t short_pence =
        income_pence < floor_pence ? sheet_pence(sheet, (__int128)floor_pence - income_pence) : 0;
    struct line *line = line_begin(sheet, LINE_GUARANTEE, payer, position);
    line_step(sheet, line, FIGURE_YEAR, year_pence);
    line_step(sheet, line, FIGURE_BASELINE, floor_pence);
    line_step(sheet, line, FIGURE_INCOME, income_pence);
    line_end(sheet, line, month == MONTHS ? short_pence : 0,
             "Of the year's guarantee of %s, %s belongs to the months so far; %s has had %s%s.",
             money_of(year_pence).text, money_of(floor_pence).text, guarantee->organisation,
             money_of(income_pence).text,
             month < MONTHS    ? "; a shortfall is made good in M12"
             : short_pence > 0 ? ", and is topped up"
                               : ", and needs no top-up");
}

void guarantee_lines(struct sheet *sheet)
{
    for (size_t i = 0; i < sheet->input->terms->guarantee_count; i++)
        guarantee_line(sheet, &sheet->input->terms->guarantees[i]);
}
