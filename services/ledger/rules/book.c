#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "services/ledger/rules.h"

static int compare_code(const void *code, const void *account)
{
    return strcmp(code, ((const struct account *)account)->code);
}

struct account *book_account(const struct book *book, const char *code)
{
    if (book->account_count == 0)
        return NULL;
    return bsearch(code, book->accounts, book->account_count, sizeof book->accounts[0],
                   compare_code);
}

static int compare_month(const void *month, const void *period)
{
    int32_t a = *(const int32_t *)month, b = ((const struct period *)period)->month;
    return (a > b) - (a < b);
}

struct period *book_period(const struct book *book, int32_t month)
{
    if (book->period_count == 0)
        return NULL;
    return bsearch(&month, book->periods, book->period_count, sizeof book->periods[0],
                   compare_month);
}

struct mandate *book_mandate(const struct book *book, const char *id)
{
    for (size_t i = 0; i < book->mandate_count; i++)
        if (strcmp(book->mandates[i].id, id) == 0)
            return &book->mandates[i];
    return NULL;
}

struct hold *book_hold(const struct book *book, const char *id)
{
    for (size_t i = 0; i < book->hold_count; i++)
        if (strcmp(book->holds[i].id, id) == 0)
            return &book->holds[i];
    return NULL;
}

/* --- words
 * ------------------------------------------------------------------------------------------ */

static const char *const account_types[] = {"pool", "reserve", "ring-fence", "position", "owed"};
static const char *const mandate_states[] = {"draft", "active", "withdrawn"};
static const char *const period_states[] = {"open", "locked", "closed"};
static const char *const transaction_kinds[] = {"posting", "capture", "reversal", "settlement",
                                                "release"};
static const char *const hold_states[] = {"open", "captured", "released", "expired"};
static const char *const submission_states[] = {"submitted", "queried", "agreed", "used"};

static size_t word_index(const char *const words[], size_t count, const char *word)
{
    size_t i = 0;
    while (strcmp(words[i], word) != 0) {
        i++;
        assert(i < count);
    }
    return i;
}

const char *account_type_word(enum account_type type)
{
    return account_types[type];
}

const char *mandate_state_word(enum mandate_state state)
{
    return mandate_states[state];
}

const char *period_state_word(enum period_state state)
{
    return period_states[state];
}

const char *transaction_kind_word(enum transaction_kind kind)
{
    return transaction_kinds[kind];
}

const char *hold_state_word(enum hold_state state)
{
    return hold_states[state];
}

const char *submission_state_word(enum submission_state state)
{
    return submission_states[state];
}

enum account_type account_type_of_word(const char *word)
{
    return (enum account_type)word_index(account_types, ARRAY_LENGTH(account_types), word);
}

enum mandate_state mandate_state_of_word(const char *word)
{
    return (enum mandate_state)word_index(mandate_states, ARRAY_LENGTH(mandate_states), word);
}

enum period_state period_state_of_word(const char *word)
{
    return (enum period_state)word_index(period_states, ARRAY_LENGTH(period_states), word);
}

enum transaction_kind transaction_kind_of_word(const char *word)
{
    return (enum transaction_kind)word_index(transaction_kinds, ARRAY_LENGTH(transaction_kinds),
                                             word);
}

enum hold_state hold_state_of_word(const char *word)
{
    return (enum hold_state)word_index(hold_states, ARRAY_LENGTH(hold_states), word);
}

enum submission_state submission_state_of_word(const char *word)
{
    return (enum submission_state)word_index(submission_states, ARRAY_LENGTH(submission_states),
                                             word);
}
