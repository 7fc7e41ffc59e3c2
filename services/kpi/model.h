/* The nouns of the kpi service: indicators, their data specifications, observations with their
 * revisions, and imports. Plain structs; field limits are those of api-spec/kpi.yaml. */
#ifndef ACCORD_KPI_MODEL_H
#define ACCORD_KPI_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/instant.h"
#include "common/limits.h"

enum {
    INDICATOR_CODE_SIZE = 61,
    STATUS_SIZE = 16,
    IMPORT_ROWS_MAX = 50000,
    IMPORT_FAULTS_MAX = 1000
};

/* No number given (a missing observation is "not received", never zero). */
#define VALUE_NONE INT64_MIN
/* A number of people that is too small to be shown (E10). */
#define VALUE_SUPPRESSED (INT64_MIN + 1)
#define MONTH_NONE INT32_MIN

struct indicator {
    char code[INDICATOR_CODE_SIZE]; /* "ae-4-hours" */
    char name[NAME_SIZE];
    char theme[STATUS_SIZE + 16]; /* E6: "waiting-lists", "finance" ... */
    int64_t agreed_specification; /* its number; 0 = none yet */
    int64_t specification_count;
    int64_t version;
};

enum specification_unit { UNIT_PERCENTAGE, UNIT_COUNT, UNIT_MONEY, UNIT_DAYS };

/* E1: the specification comes before the data. */
struct specification {
    char indicator[INDICATOR_CODE_SIZE];
    int64_t number;
    char definition[TEXT_SIZE];
    char numerator[NAME_SIZE];   /* UNIT_PERCENTAGE only */
    char denominator[NAME_SIZE]; /* UNIT_PERCENTAGE only */
    enum specification_unit unit;
    char direction[8]; /* up | down | neutral: which way is better */
    char source[16];   /* national | regional | local */
    char source_reason[TEXT_SIZE];
    char owner[ODS_SIZE];
    char frequency[16];
    bool is_suppressed;      /* E10: small numbers of people are not shown */
    char state[STATUS_SIZE]; /* draft | agreed | superseded */
    char decision_id[UUID_SIZE];
    int64_t version;
};

/* What an observation says: numerator and denominator (UNIT_PERCENTAGE) or one value. */
struct figures {
    int64_t numerator;
    int64_t denominator;
    int64_t value;
};

/* E3: one indicator, organisation and month; each change is a new revision. */
struct observation {
    char id[UUID_SIZE];
    char indicator[INDICATOR_CODE_SIZE];
    char organisation[ODS_SIZE];
    int32_t month;
    int64_t specification; /* the agreed one it was made under */
    int64_t revision;      /* 1, 2 ... */
    struct figures figures;
    char status[STATUS_SIZE];  /* provisional | submitted | agreed | published */
    char reason[NAME_SIZE];    /* of a revision after the first */
    char import_id[UUID_SIZE]; /* "" = entered by hand */
    int64_t recorded_ms;
    bool is_suppressed; /* read only: small numbers of it are not shown (E10) */
};

/* An organisation of the roster, as agreeing goes by it. */
struct organisation {
    char code[ODS_SIZE];
    bool is_commissioner; /* else a provider */
};

/* E3: one organisation stands by one revision. */
struct agreement {
    char id[UUID_SIZE];
    char observation_id[UUID_SIZE];
    int64_t revision;
    struct organisation by;
    char appointment_id[UUID_SIZE];
    int64_t agreed_ms;
};

/* E3: a challenge. */
struct query {
    char id[UUID_SIZE];
    char observation_id[UUID_SIZE];
    int64_t revision; /* that is challenged */
    char raised_by[ODS_SIZE];
    char question[TEXT_SIZE];
    char state[STATUS_SIZE]; /* open | answered | closed */
    char answered_by[ODS_SIZE];
    char answer[TEXT_SIZE];
    char outcome[TEXT_SIZE];
    int64_t raised_ms, answered_ms, closed_ms; /* INSTANT_NONE = not yet */
    int64_t version;
};

/* A row of an import, as read: figures of an organisation and month, or a part of them. */
struct import_row {
    size_t line; /* in the file, 1 = the header */
    char organisation[ODS_SIZE];
    int32_t month;
    /* What its figures are a part of: a department type, a commissioner; "" = all there is. */
    char part[ODS_SIZE];
    struct figures figures;
};

struct import_fault {
    size_t line;
    char column[24];
    char code[24];
    char detail[120];
};

struct import_rows {
    struct import_row *rows; /* owned */
    size_t count;
    struct import_fault faults[IMPORT_FAULTS_MAX]; /* the first thousand */
    size_t fault_count;                            /* all of them */
    size_t read_fault_count; /* those found while reading: planning may run again */
};

/* What an import would do to one observation. */
enum import_action { IMPORT_UNCHANGED, IMPORT_CREATE, IMPORT_REVISE };
struct import_item {
    char organisation[ODS_SIZE];
    int32_t month;
    struct figures figures; /* department types summed */
    enum import_action action;
    size_t existing; /* index of the observation it revises */
};

struct import_summary {
    char id[UUID_SIZE];
    char indicator[INDICATOR_CODE_SIZE];
    char format[24];          /* "ae-long" | "ae-monthly" | "rtt-full-extract" | "plain" */
    char digest[DIGEST_SIZE]; /* of the content as it came */
    char reason[NAME_SIZE];
    int64_t row_count;
    int64_t created_count;
    int64_t revised_count;
    int64_t unchanged_count;
    int64_t recorded_ms;
};

/* E2: from its month on a target is what is to be reached, until the next one's month. Its steps
 * are its own month and those of its trajectory. Never changed: a newer one stands beside it. */
struct target {
    char id[UUID_SIZE];
    char indicator[INDICATOR_CODE_SIZE];
    int32_t from;
    char source[16]; /* national | regional | local */
    char reason[NAME_SIZE];
    int64_t recorded_ms;
};

struct target_step {
    char target_id[UUID_SIZE];
    int64_t target_sequence; /* in which order targets were set */
    int32_t from;            /* its target's month */
    int32_t month;
    int64_t value; /* millionths */
};

/* E5: the process changed here; nothing in a chart crosses it. */
struct rebase {
    char id[UUID_SIZE];
    char indicator[INDICATOR_CODE_SIZE];
    int32_t month;
    char reason[TEXT_SIZE];
    int64_t recorded_ms;
};

/* A rule that made the latest point of a chart special cause, and concerning. */
struct signal_found {
    char id[UUID_SIZE];
    char indicator[INDICATOR_CODE_SIZE];
    char organisation[ODS_SIZE];
    int32_t month;
    int64_t revision;
    int64_t specification;
    char kind[24]; /* outside-limits | run | trend | two-of-three */
    char value[48], mean[48], lower[48], upper[48];
    int64_t found_ms;
};

#endif
