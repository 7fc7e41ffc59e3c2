/* The nouns of the risk register: risks, scores, criteria. Plain values; the limits of the fields
 * stand in the api-spec and in the schema's CHECKs too. */
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
    PASSAGE_SIZE = 4 * 1000 + 1, /* a passage of 1,000 characters */
};

enum band { BAND_LOW, BAND_MODERATE, BAND_HIGH, BAND_EXTREME, BAND_COUNT };

/* Scores from..to, both included. */
struct band_range {
    int64_t from;
    int64_t to;
};

/* A version of the bands (D2). */
struct criteria {
    int64_t number;
    struct band_range bands[BAND_COUNT];
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

enum risk_state { RISK_OPEN, RISK_CLOSING, RISK_CLOSED, RISK_STATE_COUNT };

enum risk_change {
    CHANGE_LOGGED,
    CHANGE_REVISED,
    CHANGE_SCORED,
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

struct risk {
    char id[UUID_SIZE];
    char title[NAME_SIZE];
    char cause[PASSAGE_SIZE];
    char event[PASSAGE_SIZE];
    char effect[PASSAGE_SIZE];
    enum category category;
    char owner_organisation[ODS_SIZE];
    char owner_appointment_id[UUID_SIZE]; /* "" = nobody in person */
    char supporting[SUPPORTING_MAX][ODS_SIZE];
    int supporting_count;
    char links[LINKS_MAX][REF_SIZE];
    int link_count;
    char restricted_to[RESTRICTED_MAX][ODS_SIZE];
    int restricted_count; /* 0 = everybody may know of it */
    struct rating current;
    struct rating initial;
    struct rating target;
    enum risk_state state;
    struct signature signatures[SIGNATURES_MAX]; /* under the closure that is asked for */
    int signature_count;
    int64_t logged_ms;
    /* the last change */
    int64_t changed_ms;
    char changed_by[UUID_SIZE]; /* an appointment */
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
};

/* Who changes something, when. */
struct editor {
    char appointment_id[UUID_SIZE];
    char organisation[ODS_SIZE];
    int64_t now_ms;
};

#endif
