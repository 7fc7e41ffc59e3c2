/* A settlement as it stands in the books: what it rests on, by digest, and how it stands. What was
 * computed (model/settlement.h) is beside it, line by line. Source: domain.md B12, B10. */
#ifndef ACCORD_LEDGER_MODEL_RECORD_H
#define ACCORD_LEDGER_MODEL_RECORD_H

#include "services/ledger/model/settlement.h"

enum { EVIDENCE_MAX = 8 };

enum settlement_state {
    SETTLEMENT_COMPUTED,
    SETTLEMENT_PROPOSED, /* a decision is to be made on it */
    SETTLEMENT_POSTED,
    SETTLEMENT_REJECTED,
    SETTLEMENT_WITHDRAWN
};

struct settlement_record {
    char id[UUID_SIZE];
    int32_t month;
    char corrects_id[UUID_SIZE]; /* "" = the month's first */
    int32_t method;
    int64_t agreement_number;
    char agreement_digest[DIGEST_SIZE];
    char inputs_digest[DIGEST_SIZE];
    char digest[DIGEST_SIZE]; /* of what came out */
    int64_t ledger_sequence;  /* how far the journals were when it was computed */
    int64_t membership_sequence;
    int32_t line_count;
    struct settlement_entry entries[ENTRIES_MAX];
    size_t entry_count;
    /* What it cites (C2): part of what is voted on, not of what is computed. */
    char evidence[EVIDENCE_MAX][REF_SIZE];
    size_t evidence_count;
    int64_t surplus_pence;
    int64_t reserve_called_pence;
    enum settlement_state state;
    struct deed computed;
    int64_t ended_ms;
    char ended_because[NOTE_SIZE];
    char decision_id[UUID_SIZE];
    int64_t posted_sequence;        /* 0 = not posted */
    char transaction_id[UUID_SIZE]; /* "" = nothing was to be moved */
    int64_t version;
};

/* A settled month in which another version of the agreement has come to be in force. */
struct overtaken {
    char settlement_id[UUID_SIZE]; /* the month's last */
    int32_t month;
    enum period_state state; /* of the month */
    int64_t settled_by;      /* versions of the agreement, by number */
    int64_t in_force;
};

enum release_state { RELEASE_DRAFT, RELEASE_RELEASED, RELEASE_REJECTED, RELEASE_WITHDRAWN };

/* What of a year's reserve is to go elsewhere. */
struct reserve_release {
    char id[UUID_SIZE];
    char year[MONTH_SIZE]; /* "2026-27" */
    char purpose[KIND_SIZE * 2];
    char to_account[CODE_SIZE];
    int64_t amount_pence;
    char reason[NOTE_SIZE];
    enum release_state state;
    struct deed drafted;
    int64_t ended_ms;
    char ended_because[NOTE_SIZE];
    char decision_id[UUID_SIZE];
    char transaction_id[UUID_SIZE];
    int64_t version;
};

/* How the reserve stands in a financial year. */
struct reserve_position {
    bool has_cap; /* the agreement in force has a reserve */
    int64_t cap_pence;
    int64_t drawn_pence; /* by settlements of the year, less what came back */
    int64_t released_pence;
};

const char *release_state_word(enum release_state state);
enum release_state release_state_of_word(const char *word);
const char *settlement_state_word(enum settlement_state state);
/* Of our own tables: an unknown one asserts. */
enum settlement_state settlement_state_of_word(const char *word);

#endif
