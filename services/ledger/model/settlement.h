/* A settlement: what it is computed from, and what it says. Source: domain.md B12. */
#ifndef ACCORD_LEDGER_MODEL_SETTLEMENT_H
#define ACCORD_LEDGER_MODEL_SETTLEMENT_H

#include "common/terms.h"
#include "services/ledger/model.h"

enum {
    SETTLEMENT_METHOD = 1, /* frozen: another way to compute is another number */
    ACTUALS_MAX = POOLS_MAX,
    LINES_MAX = 256,
    STEPS_MAX = 14,
    SENTENCE_SIZE = 600,
    STANDINGS_MAX = 128,
    ESCALATIONS_MAX = 64,
};

/* --- what goes in */

enum quality { QUALITY_NOT_STATED, QUALITY_MET, QUALITY_MISSED };

/* The agreed submission of a pool and the month. */
struct actual {
    char pool[TERM_CODE_SIZE];
    char submission_id[UUID_SIZE];
    int64_t revision;
    int64_t units;
    int64_t cost_pence; /* or whatever amount a gain-loss pool is measured by */
    enum quality quality;
    /* what earlier months were settled with that `version_months` names: */
    int64_t earlier_units;
    int64_t earlier_cost_pence;
};

/* What an account may still give. */
struct standing_balance {
    char account_code[CODE_SIZE];
    int64_t available_pence;
};

enum line_kind {
    LINE_CONTRACT,  /* a month of a fixed-value contract */
    LINE_FUNDING,   /* the commissioner puts into the pool */
    LINE_PAYMENT,   /* the pool pays its provider */
    LINE_CALL,      /* the pool calls on the reserve */
    LINE_SHARE,     /* of a gain: to a partner; of a loss: from a partner */
    LINE_RESIDUAL,  /* what is not shared goes to, or comes from, its owner */
    LINE_SURPLUS,   /* what nobody earned goes to the ring-fence */
    LINE_GUARANTEE, /* income against the guarantee; moves money in M12 only, and only up */
};

/* What earlier settlements of one kind of line came to; amounts of the same key are summed. */
struct settled {
    enum line_kind kind;
    char pool[TERM_CODE_SIZE];
    int32_t band;
    char from_account[CODE_SIZE];
    char to_account[CODE_SIZE];
    int64_t amount_pence;
    bool is_of_version; /* `earlier` only: of a month that `version_months` names */
};

struct settlement_input {
    int32_t month;
    bool is_corrective; /* `posted` is what was posted for this month */
    int64_t agreement_number;
    char agreement_digest[DIGEST_SIZE]; /* of its canonical parameters */
    const struct terms *terms;
    const struct actual *actuals; /* in any order; pools that need none may have one or not */
    size_t actual_count;
    /* Pools with a submission of the month that is not agreed: they keep it from being computed.
     * Not of the texts: what was computed had none. */
    const char (*undecided)[TERM_CODE_SIZE];
    size_t undecided_count;
    /* Drawn by all settlements of the financial year that were posted, this month's included, less
     * what came back. */
    int64_t reserve_drawn_pence;
    int64_t reserve_released_pence;
    /* Positions, the reserve and the ring-fences as they stand; who is not named has nothing. */
    const struct standing_balance *standings;
    size_t standing_count;
    /* Bit M-1: a settlement of that month of this financial year was posted; and of those, which
     * were computed under the same agreement version as this one. Bits of this month and later ones
     * say nothing. */
    uint32_t settled_months;
    uint32_t version_months;
    const struct settled *earlier; /* posted for the other months of the year before this one */
    size_t earlier_count;
    const struct settled *posted; /* posted for this month: the first settlement and correctives */
    size_t posted_count;
    /* How far the journals were when this was read. */
    int64_t ledger_sequence;
    int64_t membership_sequence;
};

/* --- what comes out */

enum figure {
    FIGURE_YEAR,     /* the year's amount that this is a twelfth of */
    FIGURE_BASELINE, /* or what was expected, or planned */
    FIGURE_ACTUAL,
    FIGURE_DIFFERENCE, /* favourable is positive */
    FIGURE_UNITS,      /* what the price counts */
    FIGURE_ACTUAL_UNITS,
    FIGURE_CAP_UNITS,
    FIGURE_PRICE,
    FIGURE_DEADBAND,
    FIGURE_BEYOND, /* what is beyond the deadband */
    FIGURE_CAP,
    FIGURE_SHARED,  /* what is split */
    FIGURE_BAND,    /* of it, what is in this band */
    FIGURE_RATE,    /* basis points */
    FIGURE_ASKED,   /* of the reserve */
    FIGURE_LEFT,    /* in the reserve, for all pools of this settlement */
    FIGURE_GRANTED, /* by it */
    FIGURE_INCOME,
    FIGURE_COMPUTED, /* what it comes to in all */
    FIGURE_EARLIER,  /* less what earlier months came to */
    FIGURE_POSTED,   /* less what was posted for this month before */
};

/* One step of an amount. */
struct step {
    enum figure figure;
    int64_t value; /* pence; units and basis points by its figure */
};

/* One amount: from one account to another. A negative one goes the other way: it is taken back. */
struct line {
    enum line_kind kind;
    char pool[TERM_CODE_SIZE]; /* "" = of a contract or a guarantee */
    enum mechanism mechanism;
    char organisation[ODS_SIZE]; /* whom it concerns: who pays, is paid or shares; "" = a ring-fence
                                  */
    int32_t band;                /* of a banded split, from 1; 0 = none */
    char from_account[CODE_SIZE];
    char to_account[CODE_SIZE];
    struct step steps[STEPS_MAX];
    size_t step_count;
    int64_t result_pence;
    char sentence[SENTENCE_SIZE]; /* what it is, in words */
};

struct settlement_entry {
    char account_code[CODE_SIZE];
    int64_t amount_pence;
};

enum escalation_kind { ESCALATION_RESERVE, ESCALATION_CLAW_BACK };

/* What people have to settle between them. */
struct settlement_escalation {
    enum escalation_kind kind;
    char pool[TERM_CODE_SIZE];   /* RESERVE */
    char organisation[ODS_SIZE]; /* who goes without, or who owes */
    int64_t amount_pence;
    char sentence[SENTENCE_SIZE];
};

/* About 300 KB: for the heap. */
struct settlement {
    int32_t method;
    int32_t month;
    bool is_corrective;
    int64_t agreement_number;
    struct line lines[LINES_MAX];
    size_t line_count;
    struct settlement_entry entries[ENTRIES_MAX]; /* by account code; add up to zero, none is zero;
                                                     there may be none at all */
    size_t entry_count;
    struct settlement_escalation escalations[ESCALATIONS_MAX];
    size_t escalation_count;
    int64_t surplus_pence;        /* to ring-fences, in all */
    int64_t reserve_called_pence; /* from the reserve, in all */
};

#endif
