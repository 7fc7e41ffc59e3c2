#include <stdio.h>

#include "common/instant.h"
#include "services/risk/rules.h"

enum { LEVEL_DAYS = 7 };

#define LEADERSHIP_BOARD "leadership-board"

void ladder_default(struct ladder *ret)
{
    *ret = (struct ladder){.kinds = {"delivery-board", "system-leadership-team", LEADERSHIP_BOARD},
                           .count = 3};
}

static void escalation_begin(const struct risk *risk, enum escalation_cause cause,
                             const char *to_group, int64_t raised_ms, struct escalation *ret)
{
    *ret = (struct escalation){
        .cause = cause, .score = risk->current.score, .due_day = DAY_NONE, .raised_ms = raised_ms};
    snprintf(ret->risk_id, sizeof(ret->risk_id), "%s", risk->id);
    snprintf(ret->to_group, sizeof(ret->to_group), "%s", to_group);
    snprintf(ret->title, sizeof(ret->title), "%s", risk->title);
}

void escalation_by_score(const struct risk *risk, const struct score *score, struct escalation *ret)
{
    escalation_begin(risk, ESCALATED_BY_SCORE, LEADERSHIP_BOARD, score->scored_ms, ret);
    ret->score_number = score->number;
    snprintf(ret->reason, sizeof(ret->reason), "The risk scores %d x %d = %d, %s.",
             (int)score->to.likelihood, (int)score->to.consequence, (int)score->to.score,
             band_word(score->to.band));
}

int64_t overdue_level(int32_t due_day, int32_t today, int64_t levels)
{
    if (today <= due_day)
        return 0;
    int64_t level = 1 + (today - due_day - 1) / LEVEL_DAYS;
    return level < levels ? level : levels;
}

void escalation_overdue(const struct risk *risk, const struct ladder *ladder, int32_t today,
                        int64_t now_ms, struct escalation *ret)
{
    char due[DATE_SIZE];
    int64_t level = overdue_level(risk->next_review_day, today, ladder->count);
    int days = (int)(today - risk->next_review_day);
    escalation_begin(risk, ESCALATED_OVERDUE, ladder->kinds[level - 1], now_ms, ret);
    ret->due_day = risk->next_review_day;
    ret->level = level;
    day_format(risk->next_review_day, due);
    snprintf(ret->reason, sizeof(ret->reason),
             "The review that was due on %s is overdue by %d day%s; the risk scores %d, %s.", due,
             days, days == 1 ? "" : "s", (int)risk->current.score, band_word(risk->current.band));
}
