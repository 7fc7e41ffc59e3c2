/* The sheet that a settlement is worked out on: only within the rules. Lines are added one by one;
 * what can't be goes into the problem, and the sheet is no longer fine. */
#ifndef ACCORD_LEDGER_RULES_SHEET_H
#define ACCORD_LEDGER_RULES_SHEET_H

#include "common/money.h"
#include "common/problem.h"
#include "services/ledger/model/settlement.h"

struct sheet {
    const struct settlement_input *input;
    struct settlement *out;
    struct problem *err;
    char month[MONTH_SIZE];
    bool is_fine;
};

/* A pool on the sheet, with the terms of the month (or of the year's months, in M12). */
struct pool_work {
    struct sheet *sheet;
    struct pool_terms terms;
    __int128 units;
    __int128 cost_pence;
    enum quality quality;
    bool is_whole_year;    /* earlier months are settled again, and what they came to comes off */
    int64_t granted_pence; /* by the reserve, */
    int64_t left_pence;    /* which has this for all pools */
    char account[CODE_SIZE];
    char provider[CODE_SIZE]; /* their positions */
    char commissioner[CODE_SIZE];
};

struct money_text {
    char text[MONEY_TEXT_SIZE];
};

/* "£640,000.00", for sentences. */
struct money_text money_of(int64_t pence);
/* "50%", "33.34%" */
struct money_text percent_of(int64_t rate_bp);

/* The month's number within its year, 1 to 12. */
int32_t month_of_year(int32_t month);

/* "partner:ZZ1:position", or an account of another kind, of at most CODE_SIZE - 1 characters. */
void position_of(const char *organisation, char ret_code[CODE_SIZE]);
void account_of(const char *kind, const char *code, char ret_code[CODE_SIZE]);
/* The organisation of a partner's account; "" for any other. */
void organisation_of(const char *account_code, char ret_organisation[ODS_SIZE]);
bool account_is_position(const char *account_code);
bool account_is_ring_fence(const char *account_code);
/* What the account may still give: never negative. */
int64_t standing_of(const struct settlement_input *input, const char *account_code);

/* A new line. The terms see to it that there is room for every line that they ask for. */
struct line *line_begin(struct sheet *sheet, enum line_kind kind, const char *from_account,
                        const char *to_account);
/* A new line of a pool. */
struct line *pool_line(const struct pool_work *work, enum line_kind kind, const char *from_account,
                       const char *to_account);
void line_step(struct sheet *sheet, struct line *line, enum figure figure, __int128 value);
void line_end(struct sheet *sheet, struct line *line, __int128 result, const char *format, ...)
    PRINTF_LIKE(4, 5);
/* Something that people have to settle between them. */
void sheet_escalate(struct sheet *sheet, enum escalation_kind kind, const char *pool,
                    const char *organisation, int64_t pence, const char *format, ...)
    PRINTF_LIKE(6, 7);
/* An amount that is too large for one is 0, and the sheet not fine. */
int64_t sheet_pence(struct sheet *sheet, __int128 value);
void sheet_fault(struct sheet *sheet, enum problem_code problem, const char *code,
                 const char *format, ...) PRINTF_LIKE(4, 5);

#endif
