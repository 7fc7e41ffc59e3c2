/* Every electorate of two to six organisations, whatever each of them did, and what the rules make
 * of it: a line per electorate, a letter for each rule as it stands before the deadline, and at it.
 * check.py goes through the same electorates and knows A8 by itself. */
#include <stdio.h>

#include "services/membership/rules/tally.h"

enum { ELECTORS_MAX = 6, DEEDS = 5 };

/* In the order of check.py. */
static const struct elector DEED[DEEDS] = {
    {.state = ELECTOR_ELIGIBLE, .choice = CHOICE_AGREE, .vote_number = 1},
    {.state = ELECTOR_ELIGIBLE, .choice = CHOICE_DISAGREE, .vote_number = 1},
    {.state = ELECTOR_ELIGIBLE, .choice = CHOICE_ABSTAIN, .vote_number = 1},
    {.state = ELECTOR_ELIGIBLE, .choice = CHOICE_NONE},
    {.state = ELECTOR_RECUSED, .choice = CHOICE_AGREE, .vote_number = 1},
};

static char letter(enum decision_state state)
{
    static const char LETTERS[] = {
        [DECISION_OPEN] = 'o',   [DECISION_CARRIED] = 'c',   [DECISION_REJECTED] = 'r',
        [DECISION_LAPSED] = 'l', [DECISION_ESCALATED] = 'e', [DECISION_WITHDRAWN] = '?',
    };
    return LETTERS[state];
}

static void electorate_print(const struct elector electors[], int count)
{
    static const enum decision_rule RULES[] = {RULE_UNANIMOUS, RULE_TWO_THIRDS,
                                               RULE_SIMPLE_MAJORITY};
    const struct tally tally = tally_of(electors, count);
    for (int rule = 0; rule < 3; rule++)
        for (int is_deadline = 0; is_deadline < 2; is_deadline++)
            putchar(letter(decision_outcome(RULES[rule], &tally, is_deadline == 1)));
    putchar('\n');
}

/* The first `commissioners` electors are commissioners; deeds are the digits of `number`. */
static void electorates_print(int count, int commissioners)
{
    int numbers = 1;
    for (int i = 0; i < count; i++)
        numbers *= DEEDS;
    for (int number = 0; number < numbers; number++) {
        struct elector electors[ELECTORS_MAX];
        for (int i = 0, rest = number; i < count; i++, rest /= DEEDS) {
            electors[i] = DEED[rest % DEEDS];
            electors[i].role = i < commissioners ? PARTNER_COMMISSIONER : PARTNER_PROVIDER;
        }
        electorate_print(electors, count);
    }
}

int main(void)
{
    for (int count = 2; count <= ELECTORS_MAX; count++)
        for (int commissioners = 0; commissioners <= count; commissioners++)
            electorates_print(count, commissioners);
    return 0;
}
