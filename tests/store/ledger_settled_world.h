/* A month of an alliance for the store tests of settlements, step by step, each an act of its own:
 * locked, its figures agreed, settled, decided on, closed. */
#ifndef ACCORD_TESTS_LEDGER_SETTLED_WORLD_H
#define ACCORD_TESTS_LEDGER_SETTLED_WORLD_H

#include "tests/store/ledger_world.h"

#include "services/ledger/events/settlement.h"
#include "services/ledger/rules/settling.h"

#define M01 "2026-27-M01"

/* Pool "drugs" passes its cost through: £30.0m are expected, half of a saving is the provider's,
 * the rest of it goes to the ring-fence. Pool "planned" is a block of £1.0m. */
static const char *const PARAMETERS =
    "{\"reserve\": {\"capPence\": 500000000},"
    " \"ringFences\": [{\"code\": \"elective\", \"purpose\": \"Community-based elective care\"}],"
    " \"pools\": ["
    " {\"code\": \"drugs\", \"name\": \"Drugs\", \"mechanism\": \"cost-reduction-incentive\","
    "  \"provider\": \"ZZ3\", \"commissioner\": \"ZZ1\", \"parameters\": {\"per\": \"month\","
    "  \"baselinePence\": 3000000000, \"rateBp\": 5000, \"surplusTo\": \"elective\"}},"
    " {\"code\": \"planned\", \"name\": \"Planned care\", \"mechanism\": \"block\","
    "  \"provider\": \"ZZ3\", \"commissioner\": \"ZZ1\", \"parameters\": {\"per\": \"month\","
    "  \"valuePence\": 100000000}}]}";

static inline void parameters_adopted(int number, const char *starts_on, const char *parameters)
{
    json_t *read = json_loads(parameters, 0, NULL);
    assert_non_null(read);
    follow("membership",
           json_pack("{s:s, s:s, s:{s:{s:i, s:s, s:s, s:o}}}", "type",
                     "membership.agreement.adopted.v1", "subject", "agreement/versions/2", "data",
                     "agreementVersion", "number", number, "state", "adopted", "startsOn",
                     starts_on, "parameters", read));
}

static inline int make_settled_alliance(void **state)
{
    make_alliance(state);
    parameters_adopted(1, "2026-04-01", PARAMETERS);
    return 0;
}

/* It is not the disk that is tested here. */
static inline int make_quick_db(void **state)
{
    (void)state;
    db = harness_db_with("ledger", 3, "-c synchronous_commit=off", 0);
    return 0;
}

/* --- the steps of a month, an act each; false when a rule refuses
 * ------------------------------------------- */

static inline int32_t month(void)
{
    return month_of_day(day_of("2026-04-01"));
}

static inline bool month_move(enum period_state to, struct problem *err)
{
    act_auto_t act = {0};
    struct book *book;
    struct period *period, moved;
    struct month_ties ties = {0};
    if (!act_begin(db, "ledger", alliance, &HARNESS_ACTOR, true, &act, err) ||
        !book_begin(&act, &book, err) || !store_book_period(&act, month(), &period, err) ||
        !store_month_is_held(&act, month(), &ties.has_open_hold, err) ||
        !store_month_ties(act.tx, month(), &ties, err) ||
        !period_move(book, period, to, &ties, act.now_ms, &moved, err))
        return false;
    *period = moved;
    return event_period_moved(&act, period, err) && act_commit(&act, err);
}

/* Submitted, or revised, and agreed by both sides. */
static inline bool actuals_agree(int64_t cost_pence, struct problem *err)
{
    act_auto_t act = {0};
    struct book *book;
    struct pool_sides sides;
    struct submission submission, next;
    bool found, is_open;
    struct figures figures = {.plan_units = 1, .actual_units = 1, .cost_pence = cost_pence};
    if (!act_begin(db, "ledger", alliance, &HARNESS_ACTOR, true, &act, err))
        return false;
    struct deed deed = {.at_ms = act.now_ms, .by = APPOINTMENT};
    if (!store_book(&act, &book, err) ||
        !store_pool_sides(act.tx, month(), "drugs", &found, &sides, err) ||
        !submission_place_check(book, found ? &sides : NULL, month(), err) ||
        !store_submission_find(act.tx, "drugs", "ZZ3", month(), &found, &submission, err) ||
        !store_settlement_is_open(&act, month(), &is_open, err))
        return false;
    if (found) {
        if (!submission_revise(&submission, &sides, &figures, &deed, is_open, &next, err))
            return false;
        submission = next;
    } else {
        submission_make(&sides, month(), &figures, &deed, &submission);
        uuid_new(act.now_ms, submission.id);
    }
    if (!event_submission_submitted(&act, &submission, err))
        return false;
    for (int side = SIDE_PROVIDER; side <= SIDE_COMMISSIONER; side++) {
        if (!submission_agree(book, &submission, submission.revision, (enum side)side, &deed, &next,
                              err) ||
            !event_submission_agreed(&act, &next, err))
            return false;
        submission = next;
    }
    return act_commit(&act, err);
}

/* `evidence`: what it cites; NULL = nothing. */
static inline bool month_settle_citing(const char *evidence, char ret_id[UUID_SIZE],
                                       struct problem *err)
{
    act_auto_t act = {0};
    struct book *book;
    struct month_ties ties = {0};
    struct settlement_record last, record = {.computed.by = APPOINTMENT};
    bool is_settled;
    basis_auto_t *basis = basis_new();
    if (!act_begin(db, "ledger", alliance, &HARNESS_ACTOR, true, &act, err) ||
        !book_begin(&act, &book, err) || !store_month_ties(act.tx, month(), &ties, err) ||
        !store_settlement_last(act.tx, month(), &is_settled, &last, err))
        return false;
    struct settled_so_far so_far = {.has_open = ties.has_open_settlement,
                                    .last = is_settled ? &last : NULL,
                                    .has_changed = ties.has_pending_submission};
    const char *corrects_id = is_settled ? last.id : "";
    record.computed.at_ms = act.now_ms;
    if (evidence != NULL)
        snprintf(record.evidence[record.evidence_count++], REF_SIZE, "%s", evidence);
    uuid_new(act.now_ms, record.id);
    memcpy(ret_id, record.id, UUID_SIZE);
    return settlement_begin_check(book_period(book, month()), &so_far, corrects_id, err) &&
           settlement_run(&act, month(), corrects_id, &record, basis, err) && act_commit(&act, err);
}

static inline bool month_settle(char ret_id[UUID_SIZE], struct problem *err)
{
    return month_settle_citing(NULL, ret_id, err);
}

static inline bool settlement_proposed(const char *id, struct problem *err)
{
    act_auto_t act = {0};
    struct subject subject = {.version = 0};
    char ref[REF_SIZE];
    settlement_ref(id, ref);
    if (!act_begin(db, "ledger", alliance, &HARNESS_ACTOR, true, &act, err) ||
        !LEDGER_SUBJECTS.describe(&act, NULL, ref, "post", &subject, err))
        return false;
    assert_string_equal(subject.kind, "approve-settlement");
    json_decref(subject.content);
    json_decref(subject.organisations);
    return act_commit(&act, err);
}

static inline bool settlement_carried(const char *id, struct problem *err)
{
    act_auto_t act = {0};
    char ref[REF_SIZE], decision_id[UUID_SIZE];
    settlement_ref(id, ref);
    new_id(decision_id);
    const struct carried_decision decision = {
        .id = decision_id, .kind = "approve-settlement", .subject = ref, .effect = "post"};
    return act_begin(db, "ledger", alliance, &HARNESS_ACTOR, true, &act, err) &&
           LEDGER_SUBJECTS.carry(&act, &decision, err) && act_commit(&act, err);
}

static inline void settled(int64_t cost_pence, char ret_id[UUID_SIZE])
{
    struct problem err = {0};
    assert_done(actuals_agree(cost_pence, &err), err);
    assert_done(month_settle(ret_id, &err), err);
    assert_done(settlement_proposed(ret_id, &err), err);
    assert_done(settlement_carried(ret_id, &err), err);
}

static inline const char *count(const char *format, ...) PRINTF_LIKE(1, 2);
static inline const char *count(const char *format, ...)
{
    char sql[2000];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(sql, sizeof sql, format, arguments);
    va_end(arguments);
    assert_true(length > 0 && (size_t)length < sizeof sql);
    return harness_value("select count(*) from ledger.%s", sql);
}

#endif
