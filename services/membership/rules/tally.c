#include "services/membership/rules/tally.h"

#include <stdio.h>
#include <string.h>

static void vote_count(struct tally *tally, enum vote_choice choice)
{
    switch (choice) {
    case CHOICE_NONE:
        tally->silent++;
        return;
    case CHOICE_AGREE:
        tally->agree++;
        return;
    case CHOICE_DISAGREE:
        tally->disagree++;
        return;
    case CHOICE_ABSTAIN:
        tally->abstain++;
        return;
    }
}

void tally_count(struct tally *tally, const struct elector *elector)
{
    tally->electors++;
    if (elector->state == ELECTOR_RECUSED) {
        tally->recused++;
        return;
    }
    if (elector->state == ELECTOR_DROPPED) {
        tally->dropped++;
        return;
    }
    tally->eligible++;
    tally->pending += elector->ruling == RULING_PENDING;
    if (elector->role == PARTNER_COMMISSIONER)
        tally->commissioners++;
    else
        tally->providers++;
    vote_count(tally, elector->choice);
}

struct tally tally_of(const struct elector electors[], int count)
{
    struct tally tally = {0};
    for (int i = 0; i < count; i++)
        tally_count(&tally, &electors[i]);
    return tally;
}

bool tally_carries(const struct tally *tally, enum decision_rule rule)
{
    const int a = tally->agree;
    const int n = tally->eligible;
    if (n == 0)
        return false;
    switch (rule) {
    case RULE_UNANIMOUS:
        return a == n;
    case RULE_TWO_THIRDS:
        return 3 * a >= 2 * n;
    case RULE_SIMPLE_MAJORITY:
        return 2 * a > n;
    }
    return false;
}

bool tally_is_balanced(const struct tally *tally)
{
    return tally->commissioners > 0 && tally->providers > 0;
}

enum decision_state decision_outcome(enum decision_rule rule, const struct tally *tally,
                                     bool is_deadline)
{
    if (!tally_is_balanced(tally))
        return DECISION_ESCALATED;
    if (!is_deadline && (tally->silent > 0 || tally->pending > 0))
        return DECISION_OPEN;
    if (tally_carries(tally, rule))
        return DECISION_CARRIED;
    if (rule == RULE_UNANIMOUS && tally->disagree > 0)
        return DECISION_REJECTED;
    return tally->silent > 0 ? DECISION_LAPSED : DECISION_REJECTED;
}

void rule_print(enum decision_rule rule, const struct tally *tally, char ret_text[TEXT_SIZE])
{
    const int n = tally->eligible;
    const char *plural = n == 1 ? "" : "s";
    switch (rule) {
    case RULE_UNANIMOUS:
        snprintf(ret_text, TEXT_SIZE,
                 "Carried if all %d eligible organisation%s agree. An abstention is not agreement.",
                 n, plural);
        return;
    case RULE_TWO_THIRDS:
        snprintf(
            ret_text, TEXT_SIZE,
            "Carried if at least two thirds of the %d eligible organisation%s agree (%d or more). "
            "An abstention is not agreement.",
            n, plural, (2 * n + 2) / 3);
        return;
    case RULE_SIMPLE_MAJORITY:
        snprintf(
            ret_text, TEXT_SIZE,
            "Carried if more than half of the %d eligible organisation%s agree (%d or more); a tie "
            "fails. An abstention is not agreement.",
            n, plural, n / 2 + 1);
        return;
    }
}

void ballot_print(enum decision_rule rule, const char *group_code, const struct tally *tally,
                  char ret_text[TEXT_SIZE])
{
    rule_print(rule, tally, ret_text);
    if (group_code[0] == '\0')
        return;
    const size_t length = strlen(ret_text);
    snprintf(ret_text + length, TEXT_SIZE - length,
             " Delegated to the group %s: the organisations seated in it decide.", group_code);
}

void outcome_print(enum decision_rule rule, const struct tally *tally, enum decision_state state,
                   char ret_text[TEXT_SIZE])
{
    if (state == DECISION_ESCALATED) {
        snprintf(ret_text, TEXT_SIZE,
                 "Escalated: %d commissioner(s) and %d provider(s) are eligible, and it takes one "
                 "of each.",
                 tally->commissioners, tally->providers);
        return;
    }
    static const char *const RULES_IN_WORDS[] = {
        [RULE_UNANIMOUS] = "unanimity",
        [RULE_TWO_THIRDS] = "two thirds",
        [RULE_SIMPLE_MAJORITY] = "a simple majority",
    };
    snprintf(
        ret_text, TEXT_SIZE,
        "Of %d eligible, %d agreed, %d disagreed, %d abstained and %d stayed silent; it took %s.",
        tally->eligible, tally->agree, tally->disagree, tally->abstain, tally->silent,
        RULES_IN_WORDS[rule]);
}
