#include "services/ledger/rules/sheet.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct money_text money_of(int64_t pence)
{
    struct money_text money = {.text = ""};
    money_format(pence, money.text);
    return money;
}

struct money_text percent_of(int64_t rate_bp)
{
    struct money_text percent = {.text = ""};
    if (rate_bp % 100 == 0)
        snprintf(percent.text, sizeof percent.text, "%" PRId64 "%%", rate_bp / 100);
    else
        snprintf(percent.text, sizeof percent.text, "%" PRId64 ".%02" PRId64 "%%", rate_bp / 100,
                 rate_bp % 100);
    return percent;
}

int32_t month_of_year(int32_t month)
{
    assert(month >= 0);
    return month % 12 + 1;
}

void position_of(const char *organisation, char ret_code[CODE_SIZE])
{
    snprintf(ret_code, CODE_SIZE, "partner:%s:position", organisation);
}

void account_of(const char *kind, const char *code, char ret_code[CODE_SIZE])
{
    snprintf(ret_code, CODE_SIZE, "%s:%s", kind, code);
}

static const char PARTNER[] = "partner:";
static const char RING_FENCE[] = "ring-fence:";

void organisation_of(const char *account_code, char ret_organisation[ODS_SIZE])
{
    ret_organisation[0] = '\0';
    if (strncmp(account_code, PARTNER, strlen(PARTNER)) != 0)
        return;
    const char *organisation = account_code + strlen(PARTNER);
    snprintf(ret_organisation, ODS_SIZE, "%.*s", (int)strcspn(organisation, ":"), organisation);
}

bool account_is_position(const char *account_code)
{
    return strncmp(account_code, PARTNER, strlen(PARTNER)) == 0;
}

bool account_is_ring_fence(const char *account_code)
{
    return strncmp(account_code, RING_FENCE, strlen(RING_FENCE)) == 0;
}

int64_t standing_of(const struct settlement_input *input, const char *account_code)
{
    for (size_t i = 0; i < input->standing_count; i++) {
        const struct standing_balance *standing = &input->standings[i];
        if (strcmp(standing->account_code, account_code) == 0)
            return standing->available_pence > 0 ? standing->available_pence : 0;
    }
    return 0;
}

struct line *line_begin(struct sheet *sheet, enum line_kind kind, const char *from_account,
                        const char *to_account)
{
    assert(sheet->out->line_count < LINES_MAX);
    struct line *line = &sheet->out->lines[sheet->out->line_count++];
    *line = (struct line){.kind = kind};
    snprintf(line->from_account, sizeof line->from_account, "%s", from_account);
    snprintf(line->to_account, sizeof line->to_account, "%s", to_account);
    organisation_of(to_account, line->organisation);
    if (line->organisation[0] == '\0')
        organisation_of(from_account, line->organisation);
    return line;
}

struct line *pool_line(const struct pool_work *work, enum line_kind kind, const char *from_account,
                       const char *to_account)
{
    struct line *line = line_begin(work->sheet, kind, from_account, to_account);
    line->mechanism = work->terms.mechanism;
    snprintf(line->pool, sizeof line->pool, "%s", work->terms.code);
    return line;
}

void sheet_fault(struct sheet *sheet, enum problem_code problem, const char *code,
                 const char *format, ...)
{
    char detail[FAULT_DETAIL_SIZE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(detail, sizeof detail, format, arguments);
    va_end(arguments);
    sheet->is_fine = problem_add(sheet->err, problem, code, "/month", "%s", detail);
}

int64_t sheet_pence(struct sheet *sheet, __int128 value)
{
    int64_t pence = 0;
    if (!pence_of(value, &pence))
        sheet_fault(sheet, PROBLEM_RULE_BROKEN, "too-large",
                    "an amount would be more than an amount can be");
    return pence;
}

void line_step(struct sheet *sheet, struct line *line, enum figure figure, __int128 value)
{
    assert(line->step_count < STEPS_MAX);
    line->steps[line->step_count++] =
        (struct step){.figure = figure, .value = sheet_pence(sheet, value)};
}

void line_end(struct sheet *sheet, struct line *line, __int128 result, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line->sentence, sizeof line->sentence, format, arguments);
    va_end(arguments);
    line->result_pence = sheet_pence(sheet, result);
}

void sheet_escalate(struct sheet *sheet, enum escalation_kind kind, const char *pool,
                    const char *organisation, int64_t pence, const char *format, ...)
{
    if (sheet->out->escalation_count == ESCALATIONS_MAX) {
        sheet_fault(sheet, PROBLEM_RULE_BROKEN, "too-many",
                    "a settlement escalates %d things at most", ESCALATIONS_MAX);
        return;
    }
    struct settlement_escalation *escalation =
        &sheet->out->escalations[sheet->out->escalation_count++];
    *escalation = (struct settlement_escalation){.kind = kind, .amount_pence = pence};
    snprintf(escalation->pool, sizeof escalation->pool, "%s", pool);
    snprintf(escalation->organisation, sizeof escalation->organisation, "%s", organisation);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(escalation->sentence, sizeof escalation->sentence, format, arguments);
    va_end(arguments);
}
