/* How votes are counted and what comes of them. Pure; any thread. Source: domain.md A8. */
#ifndef ACCORD_SERVICES_MEMBERSHIP_RULES_TALLY_H
#define ACCORD_SERVICES_MEMBERSHIP_RULES_TALLY_H

#include "services/membership/model.h"

/* Counts the electorate as it stands. A recused or dropped organisation's vote counts nowhere. */
struct tally tally_of(const struct elector electors[], int count);
/* One elector more. */
void tally_count(struct tally *tally, const struct elector *elector);

/* Unanimous: a = n; two-thirds: 3a >= 2n; simple majority: 2a > n. Nobody eligible: false. */
bool tally_carries(const struct tally *tally, enum decision_rule rule);

/* At least one commissioner and one provider are eligible; else the decision is escalated. */
bool tally_is_balanced(const struct tally *tally);

/* What the decision is now. Before its deadline it closes only when every eligible elector has
 * voted and nothing is pending; at the deadline, when not carried: any disagreement under unanimity
 * is a rejection, else anyone silent makes it lapse, else it is rejected. An electorate that is not
 * balanced is escalated at once. */
enum decision_state decision_outcome(enum decision_rule rule, const struct tally *tally,
                                     bool is_deadline);

/* The rule as it is printed on the ballot, with the figures of this electorate. */
void rule_print(enum decision_rule rule, const struct tally *tally, char ret_text[TEXT_SIZE]);

/* The same, and to which group the agreement delegates it ("" = to none). */
void ballot_print(enum decision_rule rule, const char *group_code, const struct tally *tally,
                  char ret_text[TEXT_SIZE]);

/* Why it ended like that, in a sentence with the figures. */
void outcome_print(enum decision_rule rule, const struct tally *tally, enum decision_state state,
                   char ret_text[TEXT_SIZE]);

#endif
