/* The ledger's nouns. Amounts are pence; an entry's amount is positive where it adds to its
 * account. Days are London days; a mandate's and a month's span is [from, to). */
#ifndef ACCORD_LEDGER_MODEL_H
#define ACCORD_LEDGER_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/instant.h"
#include "common/limits.h"

enum {
    ENTRIES_MAX = 64, /* of a transaction: one event holds it and every balance it touches */
    MANDATE_ACCOUNTS_MAX = 20, /* on each side */
    KIND_SIZE = 16,            /* words of the enums below */
};

enum account_type {
    ACCOUNT_POOL,
    ACCOUNT_RESERVE,
    ACCOUNT_RING_FENCE,
    ACCOUNT_POSITION,
    ACCOUNT_OWED
};

/* An account and its balance: two tables, one noun. */
struct account {
    char code[CODE_SIZE]; /* "partner:ZZ1:position" */
    enum account_type type;
    char organisation[ODS_SIZE]; /* "" = nobody's in particular */
    char title[NAME_SIZE];
    bool is_closed;
    int64_t opened_ms;
    int64_t closed_ms;
    char closed_because[NAME_SIZE];
    int64_t balance_pence;
    int64_t held_pence;
    bool has_floor;
    int64_t floor_pence; /* what is available never goes below it */
    bool has_ceiling;
    int64_t ceiling_pence;
    int64_t entry_count;
    int64_t version; /* of the balance row; it changes with every entry, hold and limit */
};

enum mandate_state { MANDATE_DRAFT, MANDATE_ACTIVE, MANDATE_WITHDRAWN };

/* Authority to move money, granted by a decision. */
struct mandate {
    char id[UUID_SIZE];
    char title[NAME_SIZE];
    char debit_accounts[MANDATE_ACCOUNTS_MAX][CODE_SIZE];
    size_t debit_count;
    char credit_accounts[MANDATE_ACCOUNTS_MAX][CODE_SIZE];
    size_t credit_count;
    int64_t limit_pence;
    int64_t used_pence; /* posted or held, less what was reversed or released */
    int32_t starts_day;
    int32_t ends_day;
    enum mandate_state state;
    char decision_id[UUID_SIZE]; /* "" while draft */
    int64_t drafted_ms;
    char drafted_by[UUID_SIZE]; /* an appointment */
    int64_t granted_ms;
    int64_t withdrawn_ms;
    char withdrawn_because[NAME_SIZE];
    int64_t version;
};

enum period_state { PERIOD_OPEN, PERIOD_LOCKED, PERIOD_CLOSED };

struct period {
    int32_t month; /* common/instant.h */
    enum period_state state;
    int64_t locked_ms;
    int64_t closed_ms;
    int64_t reopened_ms;
    char reopened_by[UUID_SIZE]; /* a decision */
    int64_t version;
};

/* What a month hangs on while it is to close. */
struct month_ties {
    bool has_open_hold;
    bool has_open_settlement;
    bool has_pending_submission;
    bool
        has_settlement_due; /* the agreement in force in it settles something, and none is posted */
    bool has_correction_due; /* another version of the agreement is in force in it by now */
};

enum transaction_kind {
    TRANSACTION_POSTING,
    TRANSACTION_CAPTURE,
    TRANSACTION_REVERSAL,
    TRANSACTION_SETTLEMENT,
    TRANSACTION_RELEASE
};

struct entry {
    char account_code[CODE_SIZE];
    int64_t amount_pence;
    /* once it is posted: */
    int64_t number;        /* of the account's entries, from 1 */
    int64_t balance_pence; /* of the account after it */
};

/* Immutable once posted. */
struct transaction {
    char id[UUID_SIZE];
    enum transaction_kind kind;
    char description[NAME_SIZE];
    char decision_id[UUID_SIZE];   /* what it rests on, always */
    char mandate_id[UUID_SIZE];    /* "" unless under a mandate */
    char hold_id[UUID_SIZE];       /* "" unless a capture */
    char reverses_id[UUID_SIZE];   /* "" unless a reversal */
    char bulk_id[UUID_SIZE];       /* "" = alone */
    char settlement_id[UUID_SIZE]; /* "" unless a settlement */
    char release_id[UUID_SIZE];    /* "" unless a release of the reserve */
    int32_t effective_day;
    int32_t requested_day; /* where late moved it, else DAY_NONE */
    int32_t month;
    int64_t recorded_ms;
    int64_t amount_pence; /* what it moves: the sum of its positive entries */
    struct entry entries[ENTRIES_MAX];
    size_t entry_count;
    /* as read, not stored: */
    char reversed_by[UUID_SIZE];
    int64_t sequence; /* of the event that posted it */
};

/* Many transactions posted together. */
struct bulk {
    char id[UUID_SIZE];
    char mandate_id[UUID_SIZE];
    int64_t transaction_count;
    int64_t amount_pence;
    int64_t recorded_ms;
};

enum hold_state { HOLD_OPEN, HOLD_CAPTURED, HOLD_RELEASED, HOLD_EXPIRED };

/* Money of an account that is set aside for a partner. */
struct hold {
    char id[UUID_SIZE];
    char account_code[CODE_SIZE];
    char beneficiary[ODS_SIZE];
    char title[NAME_SIZE];
    char subject[REF_SIZE];      /* what it is for: the case, or the mandate */
    char decision_id[UUID_SIZE]; /* what it rests on, always */
    char mandate_id[UUID_SIZE];  /* "" = placed by the decision itself */
    int32_t month;               /* DAY_NONE = no month's own */
    int64_t amount_pence;
    int64_t captured_pence;
    int64_t released_pence;
    enum hold_state state;
    int64_t placed_ms;
    int64_t expires_ms; /* INSTANT_NONE = never */
    int64_t resolved_ms;
    char resolved_because[NAME_SIZE];
    int64_t version;
};

struct capture {
    char id[UUID_SIZE];
    char hold_id[UUID_SIZE];
    char transaction_id[UUID_SIZE];
    char drawdown_id[UUID_SIZE]; /* "" = captured by hand */
    int64_t amount_pence;
    int64_t released_pence; /* what a final capture gave back */
    bool is_final;
    int64_t recorded_ms;
};

/* --- submissions (B11) */

enum { POOL_CODE_SIZE = 41, NOTE_SIZE = 4 * 1000 + 1 };

/* What the agreement in force says of who stands on which side of a pool. */
struct pool_sides {
    char pool[POOL_CODE_SIZE];
    int64_t agreement_number;
    bool is_settled; /* it has a mechanism, a provider and a commissioner */
    char provider[ODS_SIZE];
    char commissioner[ODS_SIZE];
};

/* What a month's work was and what it cost. */
struct figures {
    int64_t plan_units;
    int64_t actual_units;
    int64_t price_pence; /* of a unit */
    int64_t plan_cost_pence;
    int64_t cost_pence;
    bool has_shadow_tariff;
    int64_t shadow_tariff_pence; /* what payment by results would have paid: a memo, never a sum */
    char quality[KIND_SIZE];     /* "met", "missed"; "" = not stated */
    char note[NOTE_SIZE];
};

enum submission_state {
    SUBMISSION_SUBMITTED,
    SUBMISSION_QUERIED,
    SUBMISSION_AGREED,
    SUBMISSION_USED
};
enum side { SIDE_PROVIDER, SIDE_COMMISSIONER };

/* Who did something, by their appointment, and when; INSTANT_NONE = nobody has. */
struct deed {
    int64_t at_ms;
    char by[UUID_SIZE];
};

/* Activity and cost of a pool and a month. Its figures change by a new revision only. */
struct submission {
    char id[UUID_SIZE];
    char pool[POOL_CODE_SIZE];
    char provider[ODS_SIZE];
    char commissioner[ODS_SIZE];
    int32_t month;
    int64_t revision;
    int64_t agreement_number;
    struct figures figures;
    enum submission_state state;
    struct deed submitted;
    struct deed agreed[2]; /* by side: of this revision */
    struct deed queried;
    char query_reason[NOTE_SIZE];
    int64_t used_revision;         /* 0 = no settlement has used it */
    char settlement_id[UUID_SIZE]; /* the last that did */
    int64_t version;
};

/* The books of one alliance as one act sees them: every account, every period's state, and the
 * mandates and holds that it has come across. `accounts` is ordered by code, `periods` by month. A
 * period's other members are there once it was asked for by itself (store_book_period). */
struct book {
    struct account *accounts;
    size_t account_count;
    struct period *periods;
    size_t period_count;
    struct mandate *mandates;
    size_t mandate_count;
    struct hold *holds;
    size_t hold_count;
    int64_t due_hold_count; /* past their expiry when the book was read, and still open in it */
};

/* The words of the enums, as they stand in the api-spec and in the tables. */
const char *account_type_word(enum account_type type);
const char *mandate_state_word(enum mandate_state state);
const char *period_state_word(enum period_state state);
const char *transaction_kind_word(enum transaction_kind kind);
const char *hold_state_word(enum hold_state state);
const char *submission_state_word(enum submission_state state);
/* Words from our own tables: an unknown one asserts. */
enum account_type account_type_of_word(const char *word);
enum mandate_state mandate_state_of_word(const char *word);
enum period_state period_state_of_word(const char *word);
enum transaction_kind transaction_kind_of_word(const char *word);
enum hold_state hold_state_of_word(const char *word);
enum submission_state submission_state_of_word(const char *word);

#endif
