/* Reinvestment in a real database: an alliance with £640,000 in its ring-fence, whole cases, and
 * the decisions and answers that move them. For the store tests of reinvestment. */
#ifndef ACCORD_TESTS_REINVESTMENT_WORLD_H
#define ACCORD_TESTS_REINVESTMENT_WORLD_H

#include "tests/store/harness.h"

#include <stdio.h>
#include <string.h>

#include "common/ids.h"
#include "common/instant.h"
#include "common/json.h"
#include "services/reinvestment/events.h"
#include "services/reinvestment/rules.h"
#include "services/reinvestment/store.h"

#define DECISION "0193f5a2-8d11-7c3e-9a44-5b6f1f0c2d41"
#define HOLD "0193f5a2-8d11-7c3e-9a44-5b6f1f0c2d40"
#define TRANSACTION "0193f5a2-8d11-7c3e-9a44-5b6f1f0c2d60"
#define ZERO_HASH "0000000000000000000000000000000000000000000000000000000000000000"

__attribute__((unused)) static const struct person SPONSOR = {
    "0193f5a2-8d11-7c3e-9a44-5b6f1f0c2d51", "ZZ3"};
__attribute__((unused)) static const struct person COMMISSIONER = {
    "0193f5a2-8d11-7c3e-9a44-5b6f1f0c2d53", "ZZ1"};

static struct db *db;
static char alliance[UUID_SIZE];

static inline int make_db(void **state)
{
    (void)state;
    db = harness_db("reinvestment", 2);
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
    assert_done(act_begin(db, "reinvestment", alliance, &HARNESS_ACTOR, true, act, &err), err);
}

static inline void commit(struct act *act)
{
    struct problem err = {0};
    assert_done(act_commit(act, &err), err);
}

/* Another service's event as the consumer takes it: its rows, then our reaction. Takes `envelope`.
 */
static inline void follow(const char *source, json_t *envelope)
{
    act_auto_t act = {0};
    struct problem err = {0};
    begin(&act);
    char_auto_t *body = json_dumps(envelope, 0);
    assert_non_null(body);
    int64_t sequence = act_cursor(&act, source) + 1;
    assert_done(act_follow(&act, source, sequence, ZERO_HASH, body, &err), err);
    struct foreign_event event = {.source = source,
                                  .sequence = sequence,
                                  .type = json_text(envelope, "type"),
                                  .subject = json_text(envelope, "subject"),
                                  .occurred_ms = act.now_ms,
                                  .data = json_object_get(envelope, "data"),
                                  .envelope = envelope};
    for (size_t i = 0; i < REINVESTMENT_REACTION_COUNT; i++)
        if (strcmp(REINVESTMENT_REACTIONS[i].type, event.type) == 0)
            assert_done(REINVESTMENT_REACTIONS[i].react(&act, &event, &err), err);
    commit(&act);
    json_decref(envelope);
}

static inline void follow_balance(int64_t balance_pence, int64_t held_pence)
{
    follow("ledger", json_pack("{s:s, s:s, s:{s:{s:s, s:s, s:I, s:I, s:i}}}", "type",
                               "ledger.transaction.posted.v1", "subject", "ledger/transactions/1",
                               "data", "balance", "accountCode", "ring-fence:elective", "currency",
                               "GBP", "balancePence", (json_int_t)balance_pence, "heldPence",
                               (json_int_t)held_pence, "floorPence", 0));
}

static inline void follow_agreement(int number, const char *starts_on, const char *purpose)
{
    follow("membership",
           json_pack("{s:s, s:s, s:{s:{s:i, s:s, s:s, s:{s:[{s:s, s:s, s:[s], s:[s]}]}}}}", "type",
                     "membership.agreement.adopted.v1", "subject", "agreement/versions/1", "data",
                     "agreementVersion", "number", number, "state", "adopted", "startsOn",
                     starts_on, "parameters", "ringFences", "code", "elective", "purpose", purpose,
                     "categories", "left-shift", "settings", "community"));
}

/* An alliance with £640,000 in ring-fence elective. */
static inline int make_alliance(void **state)
{
    (void)state;
    harness_alliance(alliance);
    follow("membership",
           json_pack("{s:s, s:s, s:{s:{s:s, s:s, s:s, s:b, s:b, s:s, s:i}}}", "type",
                     "membership.partner.admitted.v1", "subject", "partners/ZZ3", "data", "partner",
                     "organisation", "ZZ3", "name", "Northfield", "role", "provider", "isVoting", 1,
                     "isFounder", 1, "status", "active", "version", 1));
    follow("membership", json_pack("{s:s, s:s, s:{}}", "type", "membership.alliance.activated.v1",
                                   "subject", "alliance", "data"));
    follow_agreement(1, "2020-04-01", "Community-based elective care");
    follow_balance(64000000, 0);
    return 0;
}

/* Every field filled. */
static inline struct business_case whole_case(int64_t award_pence)
{
    struct business_case a_case = {.award_pence = award_pence,
                                   .one_off_pence = 20000000,
                                   .recurrent_pence = 5000000,
                                   .milestone_count = 2,
                                   .benefit_count = 1,
                                   .cost_count = 2,
                                   .state = CASE_APPRAISED,
                                   .criteria_version = 1,
                                   .appraisal_count = 2,
                                   .appraisal_sum_e4 = 80500,
                                   .drafted_ms = 1776000000000,
                                   .closed_ms = INSTANT_NONE,
                                   .version = 2};
    uuid_new(1776000000000, a_case.id);
    strcpy(a_case.title, "Hernia hub \"ÄÖ\"");
    strcpy(a_case.summary, "Repair\nin the community");
    strcpy(a_case.sponsor, "ZZ3");
    strcpy(a_case.beneficiary, "ZZ3");
    strcpy(a_case.ring_fence, "elective");
    strcpy(a_case.category, "left-shift");
    strcpy(a_case.setting, "community");
    strcpy(a_case.service, "Hernia repair");
    strcpy(a_case.specialty, "General surgery");
    strcpy(a_case.drafted_by, SPONSOR.appointment_id);
    strcpy(a_case.milestones[0].code, "ready");
    strcpy(a_case.milestones[0].title, "The theatre is equipped");
    a_case.milestones[0].due_day = 20726;
    a_case.milestones[0].amount_pence = award_pence;
    strcpy(a_case.milestones[1].code, "open");
    strcpy(a_case.milestones[1].title, "The hub is open");
    a_case.milestones[1].due_day = 20800;
    a_case.milestones[0].done_day = a_case.milestones[1].done_day = DAY_NONE;
    a_case.costs[0].month = month_of_day(20726);
    a_case.costs[0].one_off_pence = 20000000;
    a_case.costs[1].month = a_case.costs[0].month + 1;
    a_case.costs[1].recurrent_pence = 5000000;
    strcpy(a_case.benefits[0].indicator, "rtt-incomplete-18-weeks");
    strcpy(a_case.benefits[0].baseline, "58.4");
    strcpy(a_case.benefits[0].target, "65");
    a_case.benefits[0].due_day = 20900;
    return a_case;
}

static inline struct business_case appraised_case(int64_t award_pence)
{
    act_auto_t act = {0};
    struct problem err = {0};
    struct business_case a_case = whole_case(award_pence);
    begin(&act);
    assert_done(event_case_submitted(&act, &a_case, &err), err);
    commit(&act);
    return a_case;
}

static inline struct business_case case_now(const char *id)
{
    db_tx_auto_t *tx = NULL;
    struct problem err = {0};
    struct business_case a_case = {0};
    assert_done(db_begin(db, alliance, true, &tx, &err), err);
    assert_done(store_case_get(tx, id, &a_case, &err), err);
    return a_case;
}

static inline struct drawdown drawdown_now(const char *id)
{
    db_tx_auto_t *tx = NULL;
    struct problem err = {0};
    struct drawdown drawdown = {0};
    assert_done(db_begin(db, alliance, true, &tx, &err), err);
    assert_done(store_drawdown_get(tx, id, &drawdown, &err), err);
    return drawdown;
}

static inline struct ring_fence ring_fence_now(int32_t today)
{
    db_tx_auto_t *tx = NULL;
    struct problem err = {0};
    struct ring_fence ring_fence = {0};
    assert_done(db_begin(db, alliance, true, &tx, &err), err);
    assert_done(store_ring_fence_get(tx, "elective", today, &ring_fence, &err), err);
    return ring_fence;
}

static inline bool propose(const struct business_case *a_case, struct subject *ret_subject,
                           struct problem *err)
{
    act_auto_t act = {0};
    struct standing standing = {.has_alliance = true, .alliance_status = "active"};
    char ref[REF_SIZE];
    begin(&act);
    case_ref(a_case, ref);
    *ret_subject = (struct subject){.version = 0};
    if (!REINVESTMENT_SUBJECTS.describe(&act, &standing, ref, "approve", ret_subject, err))
        return false;
    commit(&act);
    return true;
}

static inline struct business_case proposed_case(int64_t award_pence)
{
    struct problem err = {0};
    struct subject subject;
    struct business_case a_case = appraised_case(award_pence);
    assert_done(propose(&a_case, &subject, &err), err);
    json_decref(subject.content);
    json_decref(subject.organisations);
    return case_now(a_case.id);
}

static inline void carry(const struct business_case *a_case)
{
    act_auto_t act = {0};
    struct problem err = {0};
    char ref[REF_SIZE];
    begin(&act);
    case_ref(a_case, ref);
    const struct carried_decision decision = {.id = DECISION,
                                              .kind = "spend-ring-fence",
                                              .subject = ref,
                                              .effect = "approve",
                                              .carried_ms = act.now_ms};
    assert_done(REINVESTMENT_SUBJECTS.carry(&act, &decision, &err), err);
    commit(&act);
}

/* An event of the ledger about the hold for a case. */
static inline void follow_hold(const char *type, const struct business_case *a_case, json_t *others)
{
    char ref[REF_SIZE];
    case_ref(a_case, ref);
    json_t *envelope = json_pack("{s:s, s:s, s:{s:{s:s, s:s, s:s}}}", "type", type, "subject",
                                 "ledger/holds/" HOLD, "data", "hold", "id", HOLD, "decisionId",
                                 DECISION, "subject", ref);
    if (others != NULL)
        json_object_update_new(json_object_get(envelope, "data"), others);
    follow("ledger", envelope);
}

static inline struct business_case case_in_delivery(int64_t award_pence)
{
    struct business_case a_case = proposed_case(award_pence);
    carry(&a_case);
    follow_hold("ledger.hold.placed.v1", &a_case, NULL);
    return case_now(a_case.id);
}

static inline struct drawdown verified_drawdown(struct business_case *a_case, int64_t amount_pence)
{
    act_auto_t act = {0};
    struct problem err = {0};
    struct drawdown drawdown = {
        .amount_pence = amount_pence, .verified_ms = INSTANT_NONE, .captured_ms = INSTANT_NONE};
    begin(&act);
    uuid_new(act.now_ms, drawdown.id);
    strcpy(drawdown.evidence, "Invoice 2201");
    strcpy(drawdown.milestone, "ready");
    assert_done(drawdown_request(a_case, &drawdown, &SPONSOR, act.now_ms, &err), err);
    assert_done(event_drawdown_requested(&act, a_case, &drawdown, &err), err);
    assert_done(drawdown_verify(&drawdown, &COMMISSIONER, false, act.now_ms, &err), err);
    assert_done(event_drawdown_verified(&act, a_case, &drawdown, &err), err);
    commit(&act);
    return drawdown;
}

#endif
