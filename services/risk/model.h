/* The nouns of the risk register: risks, scores, reviews, escalations, criteria. Plain values; the
 * limits of the fields stand in the api-spec and in the schema's CHECKs too. */
#ifndef ACCORD_RISK_MODEL_H
#define ACCORD_RISK_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#include "common/limits.h"

enum {
    FACTOR_MAX = 5,
    SUPPORTING_MAX = 50,
    RESTRICTED_MAX = 30,
    LINKS_MAX = 30, /* an event holds a risk twice, and its links three times */
    SIGNATURES_MAX = 2,
    LEVELS_MAX = 8,              /* of groups (A6) */
    ESCALATION_SCORE_MIN = 15,   /* D5: told to the leadership board at once */
    PASSAGE_SIZE = 4 * 1000 + 1, /* a passage of 1,000 characters */
};

enum band { BAND_LOW, BAND_MODERATE, BAND_HIGH, BAND_EXTREME, BAND_COUNT };

/* Scores from..to, both included. */
struct band_range {
    int64_t from;
    int64_t to;
};

enum category {
    CATEGORY_SAFETY,
    CATEGORY_QUALITY,
    CATEGORY_WORKFORCE,
    CATEGORY_STATUTORY,
    CATEGORY_REPUTATION,
    CATEGORY_OBJECTIVES,
    CATEGORY_FINANCE,
    CATEGORY_SERVICE,
    CATEGORY_ENVIRONMENT,
    CATEGORY_COUNT
};

/* A version of the bands (D2), how often a risk of each is reviewed (D5), and what each consequence
 * from 1 to 5 means in each domain. */
struct criteria {
    int64_t number;
    struct band_range bands[BAND_COUNT];
    int64_t review_days[BAND_COUNT];
    char descriptors[CATEGORY_COUNT][FACTOR_MAX][NAME_SIZE];
    char reason[PASSAGE_SIZE];
    int64_t adopted_ms;
    char adopted_by[UUID_SIZE]; /* an appointment; "" on the default */
};

/* A score as it was given, with the criteria version that it used; likelihood 0 = none. */
struct rating {
    int64_t likelihood;
    int64_t consequence;
    int64_t score;
    enum band band;
    int64_t criteria_version;
};

enum risk_state {
    RISK_DRAFT, /* proposed by a signal; not in the register yet (D10) */
    RISK_OPEN,
    RISK_CLOSING,
    RISK_CLOSED,
    RISK_DISMISSED, /* a draft that nobody accepted */
    RISK_STATE_COUNT
};

enum risk_change {
    CHANGE_PROPOSED,
    CHANGE_ACCEPTED,
    CHANGE_DISMISSED,
    CHANGE_LOGGED,
    CHANGE_REVISED,
    CHANGE_SCORED,
    CHANGE_REVIEWED,
    CHANGE_CLOSING,
    CHANGE_SIGNED,
    CHANGE_CLOSED,
    CHANGE_COUNT
};

struct signature {
    char role[CODE_SIZE]; /* "lead-nurse", "senior-medical-lead" */
    int64_t signed_ms;
    char signed_by[UUID_SIZE]; /* an appointment */
};

/* What a draft was proposed from: a signal in an indicator (D10). */
struct evidence {
    char signal[REF_SIZE]; /* "" = the risk was logged by a person */
    char indicator[CODE_SIZE];
    char organisation[ODS_SIZE]; /* "" = the system as a whole */
    char month[MONTH_SIZE];      /* "" = of no month in particular */
    char kind[CODE_SIZE];
};

struct risk {
    char id[UUID_SIZE];
    char title[NAME_SIZE];
    char cause[PASSAGE_SIZE];
    char event[PASSAGE_SIZE];
    char effect[PASSAGE_SIZE];
    enum category category;
    char owner_organisation[ODS_SIZE];    /* "" = nobody's yet: a draft */
    char owner_appointment_id[UUID_SIZE]; /* "" = nobody in person */
    char supporting[SUPPORTING_MAX][ODS_SIZE];
    int supporting_count;
    char links[LINKS_MAX][REF_SIZE];
    int link_count;
    char restricted_to[RESTRICTED_MAX][ODS_SIZE];
    int restricted_count; /* 0 = everybody may know of it */
    struct evidence evidence;
    struct rating current; /* none on a draft */
    struct rating initial;
    struct rating target;
    enum risk_state state;
    struct signature signatures[SIGNATURES_MAX]; /* under the closure that is asked for */
    int signature_count;
    int64_t logged_ms;
    int32_t next_review_day; /* DAY_NONE unless open or closing */
    int64_t review_number;   /* how many reviews were closed */
    int64_t escalated_score; /* the highest since it was last below what escalates; 0 = below */
    /* the last change */
    int64_t changed_ms;
    char changed_by[UUID_SIZE]; /* an appointment; "" = the service itself */
    char changed_organisation[ODS_SIZE];
    enum risk_change change;
    char reason[PASSAGE_SIZE]; /* "" when it was logged */
    int64_t score_number;      /* how many scores it was given */
    int64_t version;
};

enum score_kind { SCORE_INITIAL, SCORE_CURRENT, SCORE_TARGET, SCORE_KIND_COUNT };

/* One entry of a risk's score history. */
struct score {
    char risk_id[UUID_SIZE];
    int64_t number;
    enum score_kind kind;
    struct rating from; /* none on the first of its kind */
    struct rating to;
    char reason[PASSAGE_SIZE];
    int64_t scored_ms;
    char scored_by[UUID_SIZE]; /* an appointment */
    char organisation[ODS_SIZE];
    bool escalates; /* it is told to the leadership board at once */
};

/* A closed review (D5). */
struct review {
    char risk_id[UUID_SIZE];
    int64_t number;
    int32_t due_day;
    int32_t closed_day; /* in London */
    int32_t next_day;
    struct rating rating; /* as reviewed */
    char findings[PASSAGE_SIZE];
    int64_t closed_ms;
    char closed_by[UUID_SIZE]; /* an appointment */
    char organisation[ODS_SIZE];
};

enum escalation_cause { ESCALATED_BY_SCORE, ESCALATED_OVERDUE, ESCALATION_CAUSE_COUNT };

/* The kinds of groups that an overdue review is told to, from the bottom up. */
struct ladder {
    char kinds[LEVELS_MAX][CODE_SIZE];
    int count;
};

/* A risk that is put on the agenda of a group further up (D5). */
struct escalation {
    char id[UUID_SIZE];
    char risk_id[UUID_SIZE];
    char to_group[CODE_SIZE]; /* the kind of group: "leadership-board" */
    char title[NAME_SIZE];
    char reason[PASSAGE_SIZE];
    enum escalation_cause cause;
    int64_t score;
    int64_t score_number; /* by score */
    int32_t due_day;      /* overdue, else DAY_NONE */
    int64_t level;        /* overdue: 1, 2 ... */
    int64_t raised_ms;
};

/* Who changes something, when. */
struct editor {
    char appointment_id[UUID_SIZE];
    char organisation[ODS_SIZE];
    int64_t now_ms;
};

#endif
