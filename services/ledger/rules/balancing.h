/* What joins the pools of a settlement: the reserve that they call on, the guarantee, what was
 * posted before, the entries. Only within the rules. Source: domain.md B7, B10, B12. */
#ifndef ACCORD_LEDGER_RULES_BALANCING_H
#define ACCORD_LEDGER_RULES_BALANCING_H

#include "services/ledger/rules/mechanism.h"

/* What the reserve gives to each pool: all that is asked, or, when that exceeds what is left, pro
 * rata, the odd pence by largest remainder, ties to the first. */
void reserve_grant(int64_t left_pence, const int64_t asked_pence[], size_t count,
                   int64_t ret_granted_pence[]);
/* What is left of it for this settlement: of the cap, and of what is there; what the settlement
 * takes the place of counts as not drawn. */
int64_t reserve_left(struct sheet *sheet, const bool is_whole_year[]);

/* From what is computed for the year, the lines of that pool from `first_line` on, takes what
 * earlier months came to. */
void lines_less_earlier(struct sheet *sheet, const char *pool, size_t first_line);
/* From every line, takes what was posted for this month; keeps only lines that differ. */
void lines_less_posted(struct sheet *sheet);

/* Income against the guarantee of every organisation that has one. */
void guarantee_lines(struct sheet *sheet);

/* The entries of all lines, and what can't be taken back to its debtor's `owed`. */
void entries_make(struct sheet *sheet);

#endif
