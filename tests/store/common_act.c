/* Acts on a real database: events become rows and a chain, under one lock and one clock. */
#include "tests/store/harness.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "common/chain.h"
#include "common/ids.h"
#include "common/instant.h"
#include "common/json.h"

static const struct db_query THING_GET = {"thing_get",
                                          "select name, amount_pence, version, sequence from thing"
                                          " where alliance_id = $1::uuid and code = $2::text",
                                          1, NULL};

static json_t *thing(const char *code, const char *name, int64_t amount_pence)
{
    return json_pack("{s:{s:s, s:s, s:I, s:I}}", "thing", "code", code, "name", name, "amountPence",
                     (json_int_t)amount_pence, "version", (json_int_t)1);
}

static bool append_thing(struct act *act, const char *code, const char *name, int64_t amount_pence,
                         struct problem *err)
{
    json_auto_t *data = thing(code, name, amount_pence);
    struct event event = {.type = "probe.thing.made.v1",
                          .subject = "probe/things/1",
                          .data = data,
                          .occurred_ms = INSTANT_NONE};
    return act_append(act, &event, err);
}

static struct db *db;

static int make_db(void **state)
{
    (void)state;
    harness_make_probe();
    db = harness_db("probe", 4);
    return 0;
}

static int free_db(void **state)
{
    (void)state;
    harness_move_clock(0);
    db_free(db);
    return 0;
}

static void begin(struct act *act, const char *alliance_id, bool create)
{
    struct problem err = {0};
    assert_done(act_begin(db, "probe", alliance_id, &HARNESS_ACTOR, create, act, &err), err);
}

static void an_act_needs_a_head_unless_it_founds_one(void **state)
{
    (void)state;
    char alliance[UUID_SIZE];
    harness_alliance(alliance);
    struct problem err = {0};
    act_auto_t act = {0};
    assert_problem(act_begin(db, "probe", alliance, &HARNESS_ACTOR, false, &act, &err), err,
                   PROBLEM_NOT_FOUND);
    assert_problem(
        act_begin(db, "probe", "'; drop table thing; --", &HARNESS_ACTOR, true, &act, &err), err,
        PROBLEM_NOT_FOUND);
    begin(&act, alliance, true);
    assert_int_equal(act.sequence, 0);
    struct hash genesis = chain_genesis("probe", alliance);
    char text[DIGEST_SIZE];
    hash_format(&genesis, text);
    assert_string_equal(act.head_hash, text);
}

static void an_event_becomes_rows_and_the_head_of_the_chain(void **state)
{
    (void)state;
    char alliance[UUID_SIZE];
    harness_alliance(alliance);
    struct problem err = {0};
    {
        act_auto_t act = {0};
        begin(&act, alliance, true);
        assert_done(append_thing(&act, "a", "first", 100, &err), err);
        assert_done(append_thing(&act, "b", "second \"quoted\" \\ back, {brace}", 200, &err), err);
        assert_int_equal(act.sequence, 2);
        assert_done(act_commit(&act, &err), err);
        assert_string_equal(act.head_hash,
                            harness_value("select encode(hash, 'hex') from probe.journal_head"
                                          " where alliance_id = '%s'",
                                          alliance));
    }
    act_auto_t act = {0};
    begin(&act, alliance, false);
    assert_int_equal(act.sequence, 2);
    db_rows_auto_t rows = {0};
    assert_done(act_select_one(&act, &THING_GET, &rows, &err, db_text("b")), err);
    assert_string_equal(row_text(&rows, 0, "name"), "second \"quoted\" \\ back, {brace}");
    assert_int_equal(row_int(&rows, 0, "amount_pence"), 200);
    assert_int_equal(row_int(&rows, 0, "sequence"), 2);
    assert_string_equal(
        harness_value("select string_agg(length(salt)::text, ',') || ' ' || count(distinct salt)"
                      " from probe.journal_body where alliance_id = '%s'",
                      alliance),
        "32,32 2");
}

static void queries_see_the_events_before_them(void **state)
{
    (void)state;
    char alliance[UUID_SIZE];
    harness_alliance(alliance);
    struct problem err = {0};
    act_auto_t act = {0};
    begin(&act, alliance, true);
    for (int64_t amount = 1; amount <= 3; amount++) {
        db_rows_auto_t rows = {0};
        assert_done(append_thing(&act, "a", "changing", amount, &err), err);
        /* db.h's own function sends them, too. */
        assert_done(db_select_one(act.tx, &THING_GET, &rows, &err, db_text("a")), err);
        assert_int_equal(row_int(&rows, 0, "amount_pence"), amount);
        assert_int_equal(row_int(&rows, 0, "sequence"), amount);
    }
    assert_done(act_commit(&act, &err), err);
}

static void the_envelope_is_canonical_and_whole(void **state)
{
    (void)state;
    char alliance[UUID_SIZE], expected[2048], at[INSTANT_SIZE];
    harness_alliance(alliance);
    struct problem err = {0};
    act_auto_t act = {0};
    begin(&act, alliance, true);
    snprintf(act.request_id, sizeof act.request_id, "018f0000-0000-7000-8000-000000000001");
    snprintf(act.actor.appointment_id, UUID_SIZE, "018f0000-0000-7000-8000-000000000002");
    json_auto_t *data = thing("a", "\u00e9", 1);
    json_auto_t *links = json_pack("[s]", "decisions/1");
    json_auto_t *restricted_to = json_pack("[ss]", "ZZ1", "ZZ2");
    struct event event = {.type = "probe.thing.made.v1",
                          .subject = "probe/things/1",
                          .data = data,
                          .class = EVENT_RESTRICTED,
                          .restricted_to = restricted_to,
                          .links = links,
                          .effect_decision_id = "018f0000-0000-7000-8000-000000000003",
                          .effect_refused = true,
                          .effect_reason = "no",
                          .occurred_ms = 0};
    assert_done(act_append(&act, &event, &err), err);
    assert_done(act_commit(&act, &err), err);
    instant_format(act.now_ms, at);
    snprintf(
        expected, sizeof expected,
        "restricted {\"actor\":{\"appointment\":\"018f0000-0000-7000-8000-000000000002\","
        "\"client\":\"tests\",\"issuer\":\"https://issuer.accord.example\","
        "\"organisation\":\"ZZ1\",\"subject\":\"somebody\"},"
        "\"data\":{\"thing\":{\"amountPence\":1,\"code\":\"a\",\"name\":\"\u00e9\",\"version\":1}},"
        "\"effect\":{\"decision\":\"018f0000-0000-7000-8000-000000000003\",\"reason\":\"no\","
        "\"state\":\"refused\"},"
        "\"links\":[\"decisions/1\"],\"occurredAt\":\"1970-01-01T00:00:00.000Z\","
        "\"recordedAt\":\"%s\",\"requestId\":\"018f0000-0000-7000-8000-000000000001\","
        "\"restrictedTo\":[\"ZZ1\",\"ZZ2\"],\"subject\":\"probe/things/1\","
        "\"type\":\"probe.thing.made.v1\"}",
        at);
    assert_string_equal(harness_value("select class || ' ' || body from probe.journal"
                                      " natural join probe.journal_body where alliance_id = '%s'",
                                      alliance),
                        expected);
}

static void a_service_acts_under_its_own_name(void **state)
{
    (void)state;
    char alliance[UUID_SIZE];
    harness_alliance(alliance);
    struct problem err = {0};
    struct actor service = {.service = "probe", .issuer = "not said"};
    act_auto_t act = {0};
    assert_done(act_begin(db, "probe", alliance, &service, true, &act, &err), err);
    assert_done(append_thing(&act, "a", "b", 1, &err), err);
    assert_done(act_commit(&act, &err), err);
    assert_string_equal(harness_value("select body::json ->> 'actor' from probe.journal_body"
                                      " where alliance_id = '%s'",
                                      alliance),
                        "{\"service\":\"probe\"}");
}

static void what_is_not_committed_never_was(void **state)
{
    (void)state;
    char alliance[UUID_SIZE];
    harness_alliance(alliance);
    struct problem err = {0};
    {
        act_auto_t act = {0};
        begin(&act, alliance, true);
        assert_done(append_thing(&act, "a", "b", 1, &err), err);
        assert_done(act_flush(&act, &err), err);
    }
    act_auto_t act = {0};
    assert_problem(act_begin(db, "probe", alliance, &HARNESS_ACTOR, false, &act, &err), err,
                   PROBLEM_NOT_FOUND);
}

static void what_came_after_a_mark_can_be_taken_back(void **state)
{
    (void)state;
    char alliance[UUID_SIZE];
    harness_alliance(alliance);
    struct problem err = {0};
    act_auto_t act = {0};
    begin(&act, alliance, true);
    assert_done(append_thing(&act, "a", "before", 1, &err), err);
    for (int is_sent = 0; is_sent <= 1; is_sent++) {
        struct act_mark mark;
        db_rows_auto_t rows = {0};
        assert_done(act_mark(&act, &mark, &err), err);
        assert_done(append_thing(&act, "a", "taken back", 2, &err), err);
        assert_int_equal(act.sequence, 2);
        if (is_sent)
            assert_done(act_select_one(&act, &THING_GET, &rows, &err, db_text("a")), err);
        assert_done(act_drop(&act, &mark, &err), err);
        assert_int_equal(act.sequence, 1);
        assert_done(act_select_one(&act, &THING_GET, &rows, &err, db_text("a")), err);
        assert_string_equal(row_text(&rows, 0, "name"), "before");
    }
    assert_done(append_thing(&act, "a", "after", 3, &err), err);
    assert_done(act_commit(&act, &err), err);
    assert_string_equal(harness_value("select name || ' ' || sequence from probe.thing"
                                      " where alliance_id = '%s'",
                                      alliance),
                        "after 2");
    assert_string_equal(act.head_hash,
                        harness_value("select encode(hash, 'hex') from probe.journal_head"
                                      " where alliance_id = '%s'",
                                      alliance));
}

static void a_row_that_breaks_a_rule_fails_the_commit(void **state)
{
    (void)state;
    char alliance[UUID_SIZE];
    harness_alliance(alliance);
    struct problem err = {0};
    {
        act_auto_t act = {0};
        begin(&act, alliance, true);
        assert_done(append_thing(&act, "a", "b", 1, &err), err);
        assert_done(append_thing(&act, "c", "d", -1, &err), err);
        assert_false(act_commit(&act, &err));
        assert_int_equal(err.code, PROBLEM_RULE_BROKEN);
        assert_non_null(strstr(err.detail, "thing_amount_pence_check"));
        assert_false(act_should_repeat(&act));
        problem_clear(&err);
    }
    {
        act_auto_t act = {0};
        begin(&act, alliance, true);
        assert_done(append_thing(&act, "a", "same", 1, &err), err);
        assert_done(append_thing(&act, "c", "same", 1, &err), err);
        assert_problem(act_commit(&act, &err), err, PROBLEM_ALREADY_EXISTS);
    }
    act_auto_t act = {0};
    assert_problem(act_begin(db, "probe", alliance, &HARNESS_ACTOR, false, &act, &err), err,
                   PROBLEM_NOT_FOUND);
}

static void too_large_an_event_is_refused_and_the_act_goes_on(void **state)
{
    (void)state;
    char alliance[UUID_SIZE];
    harness_alliance(alliance);
    struct problem err = {0};
    act_auto_t act = {0};
    begin(&act, alliance, true);
    char_auto_t *name = malloc(EVENT_BYTES_MAX + 1);
    memset(name, 'x', EVENT_BYTES_MAX);
    name[EVENT_BYTES_MAX] = '\0';
    assert_problem(append_thing(&act, "a", name, 1, &err), err, PROBLEM_BODY_TOO_LARGE);
    assert_int_equal(act.sequence, 0);
    /* The largest that fits: what is around it stays the same. */
    name[EVENT_BYTES_MAX - 600] = '\0';
    assert_done(append_thing(&act, "a", "small", 1, &err), err);
    assert_done(act_commit(&act, &err), err);
}

static void many_events_travel_in_several_parts(void **state)
{
    (void)state;
    enum { EVENTS = 60, NAME_BYTES = 60000 };
    char alliance[UUID_SIZE], code[16];
    harness_alliance(alliance);
    struct problem err = {0};
    act_auto_t act = {0};
    begin(&act, alliance, true);
    char_auto_t *name = malloc(NAME_BYTES + 1);
    memset(name, '"', NAME_BYTES);
    name[NAME_BYTES / 2] = '\0';
    for (int i = 0; i < EVENTS; i++) {
        snprintf(code, sizeof code, "c%d", i);
        json_auto_t *data = json_pack("{s:s, s:s}", "text", name, "code", code);
        struct event event = {.type = "probe.words.said.v1",
                              .subject = "probe/words",
                              .data = data,
                              .occurred_ms = INSTANT_NONE};
        assert_done(act_append(&act, &event, &err), err);
    }
    assert_done(act_commit(&act, &err), err);
    assert_string_equal(act.head_hash,
                        harness_value("select encode(hash, 'hex') from probe.journal_head"
                                      " where alliance_id = '%s'",
                                      alliance));
    assert_int_equal(act.sequence, EVENTS);
}

static void time_never_runs_backwards_within_an_alliance(void **state)
{
    (void)state;
    char alliance[UUID_SIZE];
    harness_alliance(alliance);
    struct problem err = {0};
    int64_t first;
    {
        act_auto_t act = {0};
        begin(&act, alliance, true);
        first = act.now_ms;
        assert_done(append_thing(&act, "a", "b", 1, &err), err);
        assert_done(act_commit(&act, &err), err);
    }
    harness_move_clock(-3600 * 1000);
    {
        act_auto_t act = {0};
        begin(&act, alliance, false);
        assert_int_equal(act.now_ms, first);
    }
    harness_move_clock(3600 * 1000);
    {
        act_auto_t act = {0};
        begin(&act, alliance, false);
        assert_true(act.now_ms >= first + 3600 * 1000);
    }
    harness_move_clock(0);
}

static void following_moves_the_cursor_and_the_copy_together(void **state)
{
    (void)state;
    static const char hash[] = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
    static const char body[] = "{\"type\":\"elsewhere.x.v1\",\"data\":{\"rumour\":{\"code\":\"r\","
                               "\"words\":\"\u00e9\"}}}";
    char alliance[UUID_SIZE];
    harness_alliance(alliance);
    struct problem err = {0};
    {
        act_auto_t act = {0};
        begin(&act, alliance, true);
        assert_int_equal(act_cursor(&act, "elsewhere"), 0);
        assert_problem(act_follow(&act, "elsewhere", 2, hash, body, &err), err, PROBLEM_INTERNAL);
        assert_done(act_follow(&act, "elsewhere", 1, hash, body, &err), err);
        assert_int_equal(act_cursor(&act, "elsewhere"), 1);
        assert_problem(act_follow(&act, "elsewhere", 1, hash, body, &err), err, PROBLEM_INTERNAL);
        assert_done(act_follow(&act, "elsewhere", 2, hash, NULL, &err), err);
        assert_done(append_thing(&act, "a", "b", 1, &err), err);
        assert_done(act_commit(&act, &err), err);
    }
    act_auto_t act = {0};
    begin(&act, alliance, false);
    assert_int_equal(act_cursor(&act, "elsewhere"), 2);
    assert_string_equal(harness_value("select sequence || ' ' || words from probe.rumour"
                                      " where alliance_id = '%s'",
                                      alliance),
                        "1 \u00e9");
    assert_string_equal(harness_value("select sequence || ' ' || encode(hash, 'hex') from"
                                      " probe.journal_cursor where alliance_id = '%s'",
                                      alliance),
                        "2 00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff");
    assert_string_equal(harness_value("select body::json ->> 'after' from probe.journal_body"
                                      " where alliance_id = '%s'",
                                      alliance),
                        "{\"elsewhere\":2}");
}

enum { THREADS = 4, ACTS_EACH = 25 };
static char shared_alliance[UUID_SIZE];

/* Appends to one alliance, and follows one event each time: both only work in order. */
static void *act_many_times(void *failure)
{
    static const char hash[] = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
    struct problem *err = failure;
    for (int i = 0; i < ACTS_EACH; i++) {
        act_auto_t act = {0};
        if (!act_begin(db, "probe", shared_alliance, &HARNESS_ACTOR, true, &act, err) ||
            !act_follow(&act, "elsewhere", act_cursor(&act, "elsewhere") + 1, hash, NULL, err) ||
            !append_thing(&act, "a", "b", act.sequence, err) || !act_commit(&act, err))
            return NULL;
    }
    return NULL;
}

static void acts_of_many_threads_make_one_gapless_journal(void **state)
{
    (void)state;
    harness_alliance(shared_alliance);
    pthread_t threads[THREADS];
    struct problem failures[THREADS] = {0};
    for (int i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, act_many_times, &failures[i]);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    for (int i = 0; i < THREADS; i++)
        assert_string_equal(failures[i].detail, "");
    assert_string_equal(harness_value("select count(*) || ' ' || max(sequence) from probe.journal"
                                      " where alliance_id = '%s'",
                                      shared_alliance),
                        "100 100");
    assert_string_equal(
        harness_value("select bool_and((body::json #>> '{data,thing,amountPence}')::bigint"
                      " = sequence - 1 and (body::json #>> '{after,elsewhere}')::bigint = sequence)"
                      " from probe.journal_body where alliance_id = '%s'",
                      shared_alliance),
        "t");
    assert_string_equal(harness_value("select sequence from probe.journal_cursor"
                                      " where alliance_id = '%s'",
                                      shared_alliance),
                        "100");
}

static int freed;
static void count_free(void *slot)
{
    assert_non_null(slot);
    freed++;
}

static void a_slot_lives_as_long_as_its_act(void **state)
{
    (void)state;
    char alliance[UUID_SIZE];
    harness_alliance(alliance);
    int first = 1, second = 2;
    freed = 0;
    {
        act_auto_t act = {0};
        begin(&act, alliance, true);
        assert_null(act_slot(&act));
        act_set_slot(&act, &first, count_free);
        assert_ptr_equal(act_slot(&act), &first);
        act_set_slot(&act, &second, count_free);
        assert_int_equal(freed, 1);
    }
    assert_int_equal(freed, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_act_needs_a_head_unless_it_founds_one),
        cmocka_unit_test(an_event_becomes_rows_and_the_head_of_the_chain),
        cmocka_unit_test(queries_see_the_events_before_them),
        cmocka_unit_test(the_envelope_is_canonical_and_whole),
        cmocka_unit_test(a_service_acts_under_its_own_name),
        cmocka_unit_test(what_is_not_committed_never_was),
        cmocka_unit_test(what_came_after_a_mark_can_be_taken_back),
        cmocka_unit_test(a_row_that_breaks_a_rule_fails_the_commit),
        cmocka_unit_test(too_large_an_event_is_refused_and_the_act_goes_on),
        cmocka_unit_test(many_events_travel_in_several_parts),
        cmocka_unit_test(time_never_runs_backwards_within_an_alliance),
        cmocka_unit_test(following_moves_the_cursor_and_the_copy_together),
        cmocka_unit_test(acts_of_many_threads_make_one_gapless_journal),
        cmocka_unit_test(a_slot_lives_as_long_as_its_act),
    };
    return cmocka_run_group_tests(tests, make_db, free_db);
}
