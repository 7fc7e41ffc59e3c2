/* A register in a real database: an active alliance with the default criteria, risks with every
 * field filled, and ways to read them. For the store tests of the risk service. */
#ifndef ACCORD_TESTS_RISK_WORLD_H
#define ACCORD_TESTS_RISK_WORLD_H

#include "tests/store/harness.h"

#include <stdio.h>
#include <string.h>

#include "common/ids.h"
#include "common/instant.h"
#include "common/json.h"
#include "services/risk/events.h"
#include "services/risk/rules.h"
#include "services/risk/store.h"

#define ZERO_HASH "0000000000000000000000000000000000000000000000000000000000000000"
/* Organisations, as queries take them. */
#define NOBODY "{}"
#define SOMEBODY "0193f5a2-8d11-7c3e-9a44-5b6f1f0c2d51"

static struct db *db;
static char alliance[UUID_SIZE];

static inline int make_db(void **state)
{
    (void)state;
    db = harness_db("risk", 2);
    return 0;
}

static inline int free_db(void **state)
{
    (void)state;
    db_free(db);
    return 0;
}

static inline void begin(struct act *act)
{
    struct problem err = {0};
    assert_done(act_begin(db, "risk", alliance, &HARNESS_ACTOR, true, act, &err), err);
}

static inline void commit(struct act *act)
{
    struct problem err = {0};
    assert_done(act_commit(act, &err), err);
}

/* Another service's event passes, and we react. `data` is JSON. */
static inline void hear(const char *source, const char *type, const char *subject, const char *data)
{
    char body[2000];
    act_auto_t act = {0};
    struct problem err = {0};
    json_auto_t *envelope = NULL;
    struct foreign_event event = {
        .source = source, .type = type, .subject = subject, .occurred_ms = INSTANT_NONE};
    snprintf(body, sizeof(body), "{\"type\":\"%s\",\"subject\":\"%s\",\"data\":%s}", type, subject,
             data);
    assert_done(json_parse(body, strlen(body), &envelope, &err), err);
    event.envelope = envelope;
    event.data = json_member(envelope, "data");
    begin(&act);
    event.sequence = act_cursor(&act, source) + 1;
    assert_done(act_follow(&act, source, event.sequence, ZERO_HASH, body, &err), err);
    for (size_t i = 0; i < RISK_REACTION_COUNT; i++)
        if (strcmp(RISK_REACTIONS[i].type, event.type) == 0)
            assert_done(RISK_REACTIONS[i].react(&act, &event, &err), err);
    commit(&act);
}

/* The alliance becomes active: membership says so, we react. */
static inline void activate(void)
{
    hear("membership", "membership.alliance.activated.v1", "alliance", "{}");
}

static inline int make_alliance(void **state)
{
    (void)state;
    harness_alliance(alliance);
    activate();
    return 0;
}

static inline struct criteria criteria_now(void)
{
    db_tx_auto_t *tx = NULL;
    struct problem err = {0};
    struct criteria criteria;
    assert_done(db_begin(db, alliance, true, &tx, &err), err);
    assert_done(store_criteria_in_force(tx, &criteria, &err), err);
    return criteria;
}

static inline struct risk risk_now(const char *id)
{
    db_tx_auto_t *tx = NULL;
    struct problem err = {0};
    struct risk risk = {0};
    assert_done(db_begin(db, alliance, true, &tx, &err), err);
    assert_done(store_risk_get(tx, NOBODY, id, &risk, &err), err);
    return risk;
}

/* Whole structs are compared: what stands between the members of a rating is not its business. */
static inline void rating_clean(struct rating *rating)
{
    struct rating clean;
    memset(&clean, 0, sizeof(clean));
    clean.likelihood = rating->likelihood;
    clean.consequence = rating->consequence;
    clean.score = rating->score;
    clean.band = rating->band;
    clean.criteria_version = rating->criteria_version;
    memcpy(rating, &clean, sizeof(clean));
}

static inline void assert_risk_equal(struct risk a, struct risk b)
{
    struct risk *const both[] = {&a, &b};
    for (int i = 0; i < 2; i++) {
        rating_clean(&both[i]->current);
        rating_clean(&both[i]->initial);
        rating_clean(&both[i]->target);
    }
    assert_memory_equal(&a, &b, sizeof(a));
}

static inline struct editor editor_at(int64_t now_ms)
{
    struct editor editor = {.appointment_id = SOMEBODY, .organisation = "ZZ3", .now_ms = now_ms};
    return editor;
}

/* Every field filled, and not logged yet. */
static inline struct risk new_risk(int64_t now_ms, enum category category)
{
    struct risk risk = {.category = category, .supporting_count = 2, .link_count = 1};
    uuid_new(now_ms, risk.id);
    strcpy(risk.title, "Theatre staffing \"Ä\"");
    strcpy(risk.cause, "Two of seven\nteams");
    strcpy(risk.event, "Lists are cancelled");
    strcpy(risk.effect, "The surplus is not made");
    strcpy(risk.owner_organisation, "ZZ3");
    strcpy(risk.owner_appointment_id, SOMEBODY);
    strcpy(risk.supporting[0], "ZZ1");
    strcpy(risk.supporting[1], "ZZ2");
    strcpy(risk.links[0], "kpi/indicators/rtt");
    return risk;
}

/* Logs it at that instant with 4 x 4 and the target 2 x 3. */
static inline void log_at(struct risk *risk, int64_t now_ms)
{
    act_auto_t act = {0};
    struct problem err = {0};
    struct criteria criteria = criteria_now();
    struct editor editor = editor_at(now_ms);
    struct score scores[2];
    const struct first_score given = {4, 4, 2, 3};
    int count = risk_log(risk, &criteria, &given, &editor, scores);
    begin(&act);
    assert_done(event_risk_changed(&act, risk, scores, count, &err), err);
    commit(&act);
}

static inline struct risk logged_risk(int64_t now_ms, enum category category)
{
    struct risk risk = new_risk(now_ms, category);
    log_at(&risk, now_ms);
    return risk;
}

static inline void name(struct risk *risk, const char *organisation)
{
    strcpy(risk->restricted_to[risk->restricted_count++], organisation);
}

static inline void score_at(struct risk *risk, int64_t now_ms, int64_t likelihood,
                            const char *reason)
{
    act_auto_t act = {0};
    struct problem err = {0};
    struct criteria criteria = criteria_now();
    struct editor editor = editor_at(now_ms);
    struct score score;
    assert_done(
        risk_score(risk, &criteria, SCORE_CURRENT, likelihood, 4, reason, &editor, &score, &err),
        err);
    begin(&act);
    assert_done(event_risk_changed(&act, risk, &score, 1, &err), err);
    commit(&act);
}

static inline int64_t instant_of(const char *text)
{
    int64_t ms;
    assert_true(instant_parse(text, &ms));
    return ms;
}

static inline int register_known(const char *known, const struct risk_filter *filter,
                                 const char *on, struct risk *ret_first)
{
    db_tx_auto_t *tx = NULL;
    db_rows_auto_t rows = {0};
    struct problem err = {0};
    int32_t day;
    assert_true(day_parse(on, &day));
    assert_done(db_begin(db, alliance, true, &tx, &err), err);
    assert_done(store_register_list(tx, known, filter, day, NULL, 10, &rows, &err), err);
    *ret_first = (struct risk){.version = 0};
    if (rows.count > 0)
        assert_done(risk_of_row(&rows, 0, ret_first, &err), err);
    return rows.count;
}

static inline int register_count(const struct risk_filter *filter, const char *on,
                                 struct risk *ret_first)
{
    return register_known(NOBODY, filter, on, ret_first);
}

#endif
