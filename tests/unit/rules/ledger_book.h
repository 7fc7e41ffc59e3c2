/* A small book for the ledger's rule tests: a pool without limits, a ring-fence that never goes
 * below zero, a reserve capped at £5.0m, two partners, a closed pool, and the months April to July
 * 2026 (closed, locked, open, open). */
#ifndef ACCORD_TESTS_LEDGER_BOOK_H
#define ACCORD_TESTS_LEDGER_BOOK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "common/money.h"
#include "services/ledger/rules.h"

#define MANDATE_ID "0193f5a2-8d11-7c3e-9a44-5b6f1f0c2d3e"
#define DECISION_ID "0193f5a2-8d11-7c3e-9a44-5b6f1f0c2d42"
#define HOLD_ID "0193f5a2-8d11-7c3e-9a44-5b6f1f0c2d44"

enum { POOL, CLOSED_POOL, OWED_ZZ3, POSITION_ZZ1, POSITION_ZZ3, RESERVE, RING_FENCE, ACCOUNTS };
enum { APRIL, MAY, JUNE, JULY, MONTHS };

struct fixture {
    struct account accounts[ACCOUNTS];
    struct period periods[MONTHS];
    struct mandate mandate;
    struct hold hold;
    struct book book;
};

static inline int32_t day_of(const char *text)
{
    int32_t day;
    assert_true(day_parse(text, &day));
    return day;
}

static inline int64_t instant_of(const char *text)
{
    int64_t ms;
    assert_true(instant_parse(text, &ms));
    return ms;
}

#define NOW instant_of("2026-06-10T12:00:00.000Z")

static inline void mandate_make(struct mandate *mandate)
{
    *mandate = (struct mandate){
        .id = MANDATE_ID,
        .title = "Ring-fence the surplus",
        .debit_accounts = {"pool:planned", "ring-fence:elective"},
        .debit_count = 2,
        .credit_accounts = {"partner:ZZ3:position", "reserve:cost-risk", "pool:urgent"},
        .credit_count = 3,
        .limit_pence = 1000000,
        .starts_day = day_of("2026-06-01"),
        .ends_day = day_of("2026-07-02"),
        .state = MANDATE_ACTIVE,
        .decision_id = DECISION_ID,
        .version = 2,
    };
}

static inline void fixture_make(struct fixture *fixture)
{
    *fixture = (struct fixture){
        .accounts =
            {
                [CLOSED_POOL] = {.code = "pool:urgent", .is_closed = true},
                [POOL] = {.code = "pool:planned", .balance_pence = -500},
                [OWED_ZZ3] = {.code = "partner:ZZ3:owed", .type = ACCOUNT_OWED},
                [POSITION_ZZ1] = {.code = "partner:ZZ1:position", .type = ACCOUNT_POSITION},
                [POSITION_ZZ3] = {.code = "partner:ZZ3:position", .type = ACCOUNT_POSITION},
                [RESERVE] = {.code = "reserve:cost-risk",
                             .type = ACCOUNT_RESERVE,
                             .has_floor = true,
                             .has_ceiling = true,
                             .ceiling_pence = 500000000},
                [RING_FENCE] = {.code = "ring-fence:elective",
                                .type = ACCOUNT_RING_FENCE,
                                .balance_pence = 64000000,
                                .held_pence = 25000000,
                                .has_floor = true,
                                .entry_count = 3,
                                .version = 7},
            },
        .periods =
            {
                [APRIL] = {.month = month_of_day(day_of("2026-04-01")),
                           .state = PERIOD_CLOSED,
                           .version = 3},
                [MAY] = {.month = month_of_day(day_of("2026-05-01")),
                         .state = PERIOD_LOCKED,
                         .version = 2},
                [JUNE] = {.month = month_of_day(day_of("2026-06-01")), .version = 1},
                [JULY] = {.month = month_of_day(day_of("2026-07-01")), .version = 1},
            },
        .hold =
            {
                .id = HOLD_ID,
                .account_code = "ring-fence:elective",
                .beneficiary = "ZZ3",
                .title = "Hernia hub",
                .decision_id = DECISION_ID,
                .month = DAY_NONE,
                .amount_pence = 25000000,
                .expires_ms = INSTANT_NONE,
                .resolved_ms = INSTANT_NONE,
                .version = 1,
            },
    };
    mandate_make(&fixture->mandate);
    fixture->book = (struct book){
        .accounts = fixture->accounts,
        .account_count = ACCOUNTS,
        .periods = fixture->periods,
        .period_count = MONTHS,
        .mandates = &fixture->mandate,
        .mandate_count = 1,
        .holds = &fixture->hold,
        .hold_count = 1,
    };
    /* In the order of their codes, as the book asks. */
    for (size_t i = 1; i < ACCOUNTS; i++)
        for (size_t j = i;
             j > 0 && strcmp(fixture->accounts[j - 1].code, fixture->accounts[j].code) > 0; j--) {
            struct account other = fixture->accounts[j];
            fixture->accounts[j] = fixture->accounts[j - 1];
            fixture->accounts[j - 1] = other;
        }
}

/* One more entry. */
static inline void posting_add(struct transaction *transaction, const char *code, int64_t pence)
{
    struct entry *entry = &transaction->entries[transaction->entry_count++];
    snprintf(entry->account_code, sizeof entry->account_code, "%s", code);
    entry->amount_pence = pence;
}

/* A posting from one account to another, under the mandate. */
static inline struct transaction posting_of(const char *day, const char *from, const char *to,
                                            int64_t pence)
{
    struct transaction transaction = {.mandate_id = MANDATE_ID,
                                      .decision_id = DECISION_ID,
                                      .effective_day = day_of(day),
                                      .requested_day = DAY_NONE};
    posting_add(&transaction, from, -pence);
    posting_add(&transaction, to, pence);
    return transaction;
}

/* The fault at that place has that code. */
static inline void assert_fault(const struct problem *err, size_t fault, const char *pointer,
                                const char *code)
{
    assert_true(fault < err->fault_count);
    assert_string_equal(err->faults[fault].pointer, pointer);
    assert_string_equal(err->faults[fault].code, code);
}

#endif
