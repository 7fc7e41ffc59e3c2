/* The nouns of membership: plain values and enums, no behaviour. Texts have the sizes of
 * common/limits.h; what is free JSON (objectives, parameters, content) is borrowed or owned as the
 * function that fills it says. */
#ifndef ACCORD_SERVICES_MEMBERSHIP_MODEL_H
#define ACCORD_SERVICES_MEMBERSHIP_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#include "common/access.h"
#include "common/cleanup.h"
#include "common/kinds.h"
#include "common/limits.h"
#include "common/terms.h"

struct json_t;

/* The agreement's lists, as the api-spec limits them. */
enum { FOUNDERS_MAX = 50, RULES_MAX = 13, SHARES_MAX = 50, CODES_MAX = 20, SHORT_CODE_SIZE = 41 };
/* Of an alliance's groups: how many, and how many levels of reporting. */
enum { GROUPS_MAX = 100, GROUP_LEVELS_MAX = 8 };
/* A decision stands open for a year at most. */
#define DECISION_OPEN_MS_MAX (INT64_C(366) * 24 * 60 * 60 * 1000)

enum alliance_status { ALLIANCE_FORMING, ALLIANCE_ACTIVE, ALLIANCE_CLOSING, ALLIANCE_CLOSED };

struct alliance {
    char id[UUID_SIZE];
    char name[NAME_SIZE];
    char purpose[TEXT_SIZE];
    struct json_t *objectives; /* arrays of text */
    struct json_t *principles;
    int32_t starts_on;
    int32_t ends_on;
    enum alliance_status status;
    char founding_decision_id[UUID_SIZE];
    int64_t created_ms;
    int64_t version;
};

enum partner_role { PARTNER_COMMISSIONER, PARTNER_PROVIDER };

struct partner {
    char organisation[ODS_SIZE];
    char name[NAME_SIZE];
    enum partner_role role;
    bool is_voting;
    bool is_founder;
    enum partner_status status; /* common/access.h */
    int32_t joined_on;          /* DAY_NONE = never */
    int32_t left_on;
    int64_t version;
    int64_t sequence; /* of the event that wrote it */
};

enum post { /* what a person is appointed to do (A5) */
            POST_PARTNER_REPRESENTATIVE,
            POST_DEPUTY,
            POST_ALLIANCE_DIRECTOR,
            POST_CHAIR,
            POST_LEAD_NURSE,
            POST_SENIOR_MEDICAL_LEAD,
            POST_QUALITY_LEAD,
            POST_FINANCE_LEAD,
            POST_GROUP_MEMBER,
            POST_AUDITOR,
};

/* One person's time in a post; [starts_ms, ends_ms). */
struct tenure {
    char id[UUID_SIZE];
    char issuer[IDENTITY_SIZE];
    char subject[IDENTITY_SIZE];
    enum post post;
    char organisation[ODS_SIZE];
    char group_code[SHORT_CODE_SIZE]; /* of a group member; "" otherwise */
    int64_t starts_ms;
    int64_t ends_ms; /* INSTANT_NONE = open */
    int64_t version;
};

enum group_kind { /* A6 */
                  GROUP_LEADERSHIP_BOARD,
                  GROUP_DELIVERY_BOARD,
                  GROUP_SYSTEM_LEADERSHIP_TEAM,
                  GROUP_CLINICAL_REFERENCE,
                  GROUP_FINANCE_AND_INFORMATION,
                  GROUP_PERFORMANCE_AND_QUALITY,
                  GROUP_OPERATIONAL_FINANCE,
                  GROUP_QUALITY_SURVEILLANCE,
                  GROUP_PATIENT_AND_PUBLIC_PARTNERSHIP,
                  GROUP_OTHER,
};

/* A group of the alliance; the tree is in `reports_to`. */
struct group {
    char code[SHORT_CODE_SIZE];
    enum group_kind kind;
    char name[NAME_SIZE];
    char reports_to[SHORT_CODE_SIZE]; /* "" = nobody, it stands on level 1 */
    int level;
    int64_t made_ms;
    int64_t version;
};

enum decision_rule { RULE_UNANIMOUS, RULE_TWO_THIRDS, RULE_SIMPLE_MAJORITY };

enum decision_state {
    DECISION_OPEN,
    DECISION_CARRIED,
    DECISION_REJECTED,
    DECISION_LAPSED,
    DECISION_ESCALATED,
    DECISION_WITHDRAWN,
};

enum vote_choice { CHOICE_NONE, CHOICE_AGREE, CHOICE_DISAGREE, CHOICE_ABSTAIN };

enum elector_state { ELECTOR_ELIGIBLE, ELECTOR_RECUSED, ELECTOR_DROPPED };

/* What the chair made of an interest that touches a decision (A10). */
enum ruling { RULING_NONE, RULING_PENDING, RULING_RECUSE, RULING_TAKE_PART };

enum interest_type {
    INTEREST_FINANCIAL,
    INTEREST_PROFESSIONAL,
    INTEREST_PERSONAL,
    INTEREST_INDIRECT,
};
enum interest_state { INTEREST_CURRENT, INTEREST_OVERDUE, INTEREST_ENDED };

/* An interest of an organisation, or of a person who acts for it; [starts_on, ends_on). */
struct interest {
    char id[UUID_SIZE];
    char organisation[ODS_SIZE];
    char appointment_id[UUID_SIZE]; /* the person's; "" = the organisation's own */
    enum interest_type type;
    char description[TEXT_SIZE];
    char in_organisation[ODS_SIZE]; /* what it touches: this, */
    char in_reference[REF_SIZE];    /* or this resource */
    int32_t starts_on;
    int32_t ends_on; /* DAY_NONE = open */
    int64_t declared_ms;
    int64_t refreshed_ms;
    int64_t version;
};

/* What a decided question means in plain words (A11). */
struct outcome_statement {
    char decision_id[UUID_SIZE];
    char text[TEXT_SIZE];
    char audience[NAME_SIZE];
    int32_t publish_on;
    int64_t written_ms;
    char written_by[UUID_SIZE]; /* an appointment; "" = by none */
    int64_t published_ms;       /* INSTANT_NONE = not yet */
    int64_t version;
};

struct decision {
    char id[UUID_SIZE];
    enum decision_kind kind;
    enum decision_rule rule;
    char subject[REF_SIZE];
    char effect[CODE_SIZE];
    char title[NAME_SIZE];
    char summary[TEXT_SIZE];
    char question[TEXT_SIZE];
    char rationale[TEXT_SIZE];
    struct json_t *content;
    int64_t subject_version;
    char nonce[DIGEST_SIZE];
    char digest[DIGEST_SIZE];
    struct json_t *organisations;     /* NULL = none in particular */
    struct json_t *restricted_to;     /* NULL = open */
    int32_t agreement_number;         /* the version that the rule came from */
    char group_code[SHORT_CODE_SIZE]; /* to which it delegates the kind; "" = to none */
    enum decision_state state;
    char outcome_reason[TEXT_SIZE];
    int64_t opened_ms;
    char opener_organisation[ODS_SIZE];
    char opener_appointment_id[UUID_SIZE];
    int64_t deadline_ms;
    int64_t closed_ms;   /* when it was true; INSTANT_NONE while open */
    int64_t recorded_ms; /* when it was written */
    int64_t version;
};

struct elector {
    char organisation[ODS_SIZE];
    enum partner_role role;
    enum elector_state state;
    char reason[TEXT_SIZE]; /* why recused or dropped */
    enum ruling ruling;
    char conflict[NAME_SIZE]; /* the interest that is or was to be ruled on */
    int64_t changed_ms;       /* when recused or dropped; INSTANT_NONE */
    enum vote_choice choice;  /* the latest version of its vote */
    int32_t vote_number;      /* 0 = has not voted */
    int64_t version;
};

enum agenda_state { AGENDA_OPEN, AGENDA_TAKEN };

/* Something that was escalated to a kind of group, until a person of that group takes it. */
struct agenda_item {
    char id[UUID_SIZE];
    enum group_kind group_kind;
    char subject[REF_SIZE];
    char title[NAME_SIZE];
    char reason[TEXT_SIZE];
    char source[CODE_SIZE]; /* the service that escalated it */
    int64_t raised_ms;
    struct json_t *restricted_to; /* NULL = open */
    enum agenda_state state;
    int64_t taken_ms;
    char taken_by[UUID_SIZE]; /* the member's appointment */
    char note[TEXT_SIZE];
    int64_t version;
};

/* The electors of one decision; owned. */
struct electorate {
    struct elector *electors;
    int count;
};

/* What a caller puts in for an organisation, and the version of its vote that comes of it. */
struct ballot {
    char organisation[ODS_SIZE];
    enum vote_choice choice;
    char reason[TEXT_SIZE];
};
struct vote {
    char organisation[ODS_SIZE];
    int32_t number; /* 1, 2, 3 ... per organisation and decision */
    enum vote_choice choice;
    char reason[TEXT_SIZE];
    int64_t cast_ms;
    char appointment_id[UUID_SIZE];
};

enum effect_state { EFFECT_PENDING, EFFECT_DONE, EFFECT_REFUSED };

struct decision_effect {
    char service[CODE_SIZE];
    enum effect_state state;
    char reason[TEXT_SIZE];
    int64_t event; /* in that service's journal; 0 = none yet */
    int64_t version;
};

/* How the votes stand (A8). */
struct tally {
    int electors;
    int eligible; /* n: neither recused nor dropped */
    int agree;
    int disagree;
    int abstain;
    int silent;
    int recused;
    int dropped;
    int commissioners; /* among the eligible */
    int providers;
    int pending; /* recusals and rulings that are not settled */
};

/* What the agreement's parameters say, as far as rules read them. */
struct agreement_terms {
    struct {
        enum decision_kind kind;
        enum decision_rule rule;
        char group_code[SHORT_CODE_SIZE]; /* "" = all voting partners decide */
    } rules[RULES_MAX];
    int rule_count;
    struct {
        char organisation[ODS_SIZE];
        int32_t share_bp;
    } shares[SHARES_MAX];
    int share_count;
    char pools[CODES_MAX][SHORT_CODE_SIZE];
    int pool_count;
    char ring_fences[CODES_MAX][SHORT_CODE_SIZE];
    int ring_fence_count;
    struct terms money; /* about 60 KB */
};

enum agreement_state { AGREEMENT_DRAFT, AGREEMENT_ADOPTED };

struct agreement_version {
    int32_t number;
    int32_t starts_on;
    char summary[NAME_SIZE];
    struct json_t *parameters;
    enum agreement_state state;
    char decision_id[UUID_SIZE]; /* "" until adopted */
    int64_t drafted_ms;
    int64_t adopted_ms;
    int64_t version;
    int64_t sequence; /* of the event that wrote it */
};

enum host_state { HOST_DRAFT, HOST_APPOINTED, HOST_SUCCEEDED };

/* One organisation's time as the host of a function (A4), [starts_ms, ends_ms); a draft until a
 * decision appoints it. */
struct host_version {
    char function[SHORT_CODE_SIZE];
    int32_t number; /* 1, 2, 3 ... per function */
    char organisation[ODS_SIZE];
    char summary[TEXT_SIZE];
    enum host_state state;
    char decision_id[UUID_SIZE]; /* "" until appointed */
    int64_t drafted_ms;
    int64_t starts_ms; /* INSTANT_NONE until appointed */
    int64_t ends_ms;   /* INSTANT_NONE until succeeded */
    int64_t version;
    int64_t sequence; /* of the event that wrote it */
};

#endif
