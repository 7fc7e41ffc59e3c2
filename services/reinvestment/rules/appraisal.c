#include <stdio.h>
#include <string.h>

#include "common/ids.h"
#include "services/reinvestment/rules.h"

enum { WEIGHTS_BP = 10000 };

static void text_set(char *ret_text, size_t size, const char *text)
{
    snprintf(ret_text, size, "%s", text);
}

void appraisal_criteria_default(int64_t now_ms, struct appraisal_criteria *ret)
{
    *ret = (struct appraisal_criteria){
        .number = 1,
        .criteria = {{"strategic-fit", "It serves the purpose of the ring-fence.", 2500},
                     {"patient-benefit", "Patients are better off, and it can be measured.", 3000},
                     {"value", "What it gives is worth what it costs.", 2500},
                     {"deliverability", "It can be done in time, by those who are there.", 2000}},
        .count = 4,
        .reason = "The default.",
        .adopted_ms = now_ms};
}

static const struct criterion *criterion_find(const struct appraisal_criteria *criteria,
                                              const char *code, int count)
{
    for (int i = 0; i < count; i++)
        if (strcmp(criteria->criteria[i].code, code) == 0)
            return &criteria->criteria[i];
    return NULL;
}

bool appraisal_criteria_check(const struct appraisal_criteria *criteria, struct problem *err)
{
    bool ok = true;
    int64_t sum_bp = 0;
    for (int i = 0; i < criteria->count; i++) {
        char pointer[FAULT_POINTER_SIZE];
        snprintf(pointer, sizeof(pointer), "/criteria/%d/code", i);
        if (criterion_find(criteria, criteria->criteria[i].code, i) != NULL)
            ok = problem_add(err, PROBLEM_RULE_BROKEN, "duplicate", pointer, "%s stands twice",
                             criteria->criteria[i].code);
        sum_bp += criteria->criteria[i].weight_bp;
    }
    if (sum_bp != WEIGHTS_BP)
        ok = problem_add(err, PROBLEM_RULE_BROKEN, "sum", "/criteria",
                         "the weights add up to %d, not to 10000", (int)sum_bp);
    return ok;
}

bool appraisal_criteria_words_check(const struct appraisal_criteria *criteria, struct problem *err)
{
    bool ok = text_check("/reason", criteria->reason, err);
    for (int i = 0; i < criteria->count; i++) {
        char pointer[FAULT_POINTER_SIZE];
        snprintf(pointer, sizeof(pointer), "/criteria/%d/name", i);
        ok &= text_check(pointer, criteria->criteria[i].name, err);
    }
    return ok;
}

static int scores_of(const struct appraisal *appraisal, const char *code)
{
    int count = 0;
    for (int i = 0; i < appraisal->score_count; i++)
        count += strcmp(appraisal->scores[i].code, code) == 0;
    return count;
}

/* A score for each criterion, and for nothing else. */
static bool scores_check(const struct appraisal_criteria *criteria,
                         const struct appraisal *appraisal, struct problem *err)
{
    bool ok = true;
    for (int i = 0; i < criteria->count; i++)
        if (scores_of(appraisal, criteria->criteria[i].code) != 1)
            ok = problem_add(err, PROBLEM_RULE_BROKEN, "scored-once", "/scores",
                             "%s is to be scored once", criteria->criteria[i].code);
    for (int i = 0; i < appraisal->score_count; i++) {
        char pointer[FAULT_POINTER_SIZE];
        snprintf(pointer, sizeof(pointer), "/scores/%d/criterion", i);
        if (criterion_find(criteria, appraisal->scores[i].code, criteria->count) == NULL)
            ok = problem_add(err, PROBLEM_RULE_BROKEN, "unknown-criterion", pointer,
                             "version %d of the criteria has no %s", (int)criteria->number,
                             appraisal->scores[i].code);
    }
    return ok;
}

static bool appraiser_check(const struct business_case *a_case, const struct person *person,
                            bool is_again, struct problem *err)
{
    if (a_case->state != CASE_SUBMITTED && a_case->state != CASE_APPRAISED)
        return problem_set(err, PROBLEM_STATE_CONFLICT,
                           "the case is %s; a submitted or appraised one can be appraised",
                           case_state_word(a_case->state));
    if (strcmp(person->organisation, a_case->sponsor) == 0 ||
        strcmp(person->organisation, a_case->beneficiary) == 0)
        return problem_set(err, PROBLEM_RULE_BROKEN,
                           "a case is appraised by others than its sponsor %s and its beneficiary "
                           "%s",
                           a_case->sponsor, a_case->beneficiary);
    if (is_again)
        return problem_set(err, PROBLEM_ALREADY_EXISTS, "you have appraised the case already");
    return true;
}

bool case_appraise(struct business_case *a_case, const struct appraisal_criteria *criteria,
                   struct appraisal *appraisal, const struct person *person, bool is_again,
                   int64_t now_ms, struct problem *err)
{
    if (!appraiser_check(a_case, person, is_again, err) || !scores_check(criteria, appraisal, err))
        return false;
    appraisal->weighted_e4 = 0;
    for (int i = 0; i < appraisal->score_count; i++)
        appraisal->weighted_e4 +=
            appraisal->scores[i].score *
            criterion_find(criteria, appraisal->scores[i].code, criteria->count)->weight_bp;
    text_set(appraisal->case_id, sizeof(appraisal->case_id), a_case->id);
    appraisal->number = ++a_case->appraisal_count;
    appraisal->criteria_version = criteria->number;
    appraisal->appraised_ms = now_ms;
    text_set(appraisal->appraised_by, sizeof(appraisal->appraised_by), person->appointment_id);
    text_set(appraisal->organisation, sizeof(appraisal->organisation), person->organisation);
    a_case->appraisal_sum_e4 += appraisal->weighted_e4;
    a_case->criteria_version = criteria->number;
    a_case->state = CASE_APPRAISED;
    a_case->version++;
    return true;
}

int64_t case_score_e4(const struct business_case *a_case)
{
    if (a_case->appraisal_count == 0)
        return 0;
    return (2 * a_case->appraisal_sum_e4 + a_case->appraisal_count) / (2 * a_case->appraisal_count);
}

void score_format(int64_t score_e4, char ret_text[SCORE_TEXT_SIZE])
{
    snprintf(ret_text, SCORE_TEXT_SIZE, "%d.%04d", (int)(score_e4 / 10000) % 10,
             (int)(score_e4 % 10000));
    for (size_t last = strlen(ret_text) - 1; ret_text[last] == '0' && ret_text[last - 1] != '.';
         last--)
        ret_text[last] = '\0';
}
