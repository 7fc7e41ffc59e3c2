/* The nouns of reinvestment: ring-fences, left shifts, business cases, appraisals, drawdowns. Plain
 * values; the limits of the fields stand in the api-spec and in the schema's CHECKs too. */
#ifndef ACCORD_REINVESTMENT_MODEL_H
#define ACCORD_REINVESTMENT_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#include "common/limits.h"

enum {
    LISTED_MAX = 20,
    MILESTONES_MAX = 12, /* and benefits: a decision's event holds them all */
    COSTS_MAX = 36,      /* months */
    CRITERIA_MAX = 10,
    EVIDENCE_MAX = 10, /* references of a left shift */
    APPRAISAL_SCORE_MAX = 5,
    SCORE_TEXT_SIZE = 12,        /* "4.2575" */
    PASSAGE_SIZE = 4 * 1000 + 1, /* 1,000 characters: case and drawdown share an event */
};

/* A ring-fence of the agreement in force, with the ledger's figures as last told (C1). */
struct ring_fence {
    char code[CODE_SIZE];
    char account_code[CODE_SIZE];
    char purpose[TEXT_SIZE];
    char categories[LISTED_MAX][CODE_SIZE]; /* what it may be spent on; none = anything */
    int category_count;
    char settings[LISTED_MAX][CODE_SIZE]; /* where; none = anywhere */
    int setting_count;
    int64_t agreement_version;
    bool has_account; /* the ledger has told of its account */
    int64_t balance_pence;
    int64_t floor_pence;     /* what is available never goes below it */
    int64_t committed_pence; /* held for decided cases */
    int64_t proposed_pence;  /* asked for by cases being decided, not held yet */
};

/* Work that moves to where it costs less (C2): evidence of a surplus. */
struct left_shift {
    char id[UUID_SIZE];
    char organisation[ODS_SIZE]; /* that recorded it */
    char specialty[NAME_SIZE];
    char from_setting[CODE_SIZE];
    char to_setting[CODE_SIZE];
    int64_t monthly_volume;
    int64_t before_pence; /* a unit */
    int64_t after_pence;
    int64_t surplus_pence; /* a month; negative when it costs more than before */
    char evidence[PASSAGE_SIZE];
    char links[EVIDENCE_MAX][REF_SIZE];
    int link_count;
    char reason[PASSAGE_SIZE]; /* of this version; "" on the first */
    int64_t recorded_ms;
    char recorded_by[UUID_SIZE]; /* an appointment */
    int64_t version;
};

/* What cases are appraised by, in versions (C3). */
struct criterion {
    char code[CODE_SIZE];
    char name[NAME_SIZE];
    int64_t weight_bp;
};

struct appraisal_criteria {
    int64_t number;
    struct criterion criteria[CRITERIA_MAX];
    int count;
    char reason[PASSAGE_SIZE];
    int64_t adopted_ms;
    char adopted_by[UUID_SIZE]; /* an appointment; "" on the default */
};

struct criterion_score {
    char code[CODE_SIZE];
    int64_t score; /* 0-5 */
};

/* One person's view of a case. */
struct appraisal {
    char case_id[UUID_SIZE];
    int64_t number;
    int64_t criteria_version;
    struct criterion_score scores[CRITERIA_MAX];
    int score_count;
    int64_t weighted_e4; /* sum of weight x score, in ten-thousandths of a point: 0-50,000 */
    char comment[PASSAGE_SIZE];
    int64_t appraised_ms;
    char appraised_by[UUID_SIZE]; /* an appointment */
    char organisation[ODS_SIZE];
};

enum case_state {
    CASE_DRAFT,
    CASE_SUBMITTED,
    CASE_APPRAISED,
    CASE_PROPOSED,    /* a decision is open */
    CASE_DECIDED,     /* carried; the ledger has not answered yet */
    CASE_IN_DELIVERY, /* the hold stands */
    CASE_REJECTED,
    CASE_CLOSED,
    CASE_STATE_COUNT
};

struct milestone {
    char code[CODE_SIZE];
    char title[NAME_SIZE];
    int32_t due_day;
    int64_t amount_pence; /* 0 = none */
    int32_t done_day;     /* DAY_NONE = not done yet */
};

/* What a month costs. */
struct cost {
    int32_t month; /* -1 = there is no such month */
    int64_t one_off_pence;
    int64_t recurrent_pence;
};

struct benefit {
    char indicator[CODE_SIZE];
    char baseline[24]; /* decimals stay text: no digit is lost */
    char target[24];
    int32_t due_day;
};

struct business_case {
    char id[UUID_SIZE];
    char title[NAME_SIZE];
    char summary[PASSAGE_SIZE];
    char sponsor[ODS_SIZE];
    char beneficiary[ODS_SIZE];
    char ring_fence[CODE_SIZE];
    char category[CODE_SIZE];
    char setting[CODE_SIZE];
    char service[NAME_SIZE];
    char specialty[NAME_SIZE];
    int64_t award_pence;
    int64_t one_off_pence;
    int64_t recurrent_pence; /* a year */
    struct cost costs[COSTS_MAX];
    int cost_count; /* 0 = not told by month */
    struct milestone milestones[MILESTONES_MAX];
    int milestone_count;
    struct benefit benefits[MILESTONES_MAX];
    int benefit_count;
    enum case_state state;
    int64_t criteria_version; /* frozen by the first appraisal; 0 = none yet */
    int64_t appraisal_count;
    int64_t appraisal_sum_e4;
    char decision_id[UUID_SIZE]; /* "" = none */
    char hold_id[UUID_SIZE];
    int64_t pending_pence;
    int64_t captured_pence;
    char outcome[CODE_SIZE]; /* "completed", "cancelled", "expired"; "" = not closed */
    char reason[TEXT_SIZE];
    int64_t drafted_ms;
    char drafted_by[UUID_SIZE]; /* an appointment */
    int64_t closed_ms;
    int64_t version;
};

enum drawdown_state {
    DRAWDOWN_REQUESTED,
    DRAWDOWN_VERIFIED,
    DRAWDOWN_CAPTURED,
    DRAWDOWN_REFUSED,
    DRAWDOWN_STATE_COUNT
};

struct drawdown {
    char id[UUID_SIZE];
    char case_id[UUID_SIZE];
    char hold_id[UUID_SIZE];
    char milestone[CODE_SIZE]; /* "" = none */
    int64_t amount_pence;
    char beneficiary[ODS_SIZE];
    char evidence[PASSAGE_SIZE];
    enum drawdown_state state;
    int64_t requested_ms;
    char requested_organisation[ODS_SIZE];
    char requested_by[UUID_SIZE]; /* an appointment */
    int64_t verified_ms;          /* INSTANT_NONE = nobody has looked at it */
    char verified_organisation[ODS_SIZE];
    char verified_by[UUID_SIZE];
    char transaction_id[UUID_SIZE];
    int64_t captured_ms;
    char reason[PASSAGE_SIZE];
    int64_t version;
};

/* Who acts for whom: the appointment they act by. */
struct person {
    char appointment_id[UUID_SIZE];
    char organisation[ODS_SIZE];
};

#endif
