/* Following another journal on a real database: exactly once, in order, proven, and one alliance's
 * trouble is nobody else's. `membership` is followed by `probe`, in one process. */
#include "tests/store/harness.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "common/chain.h"
#include "common/ids.h"
#include "common/instant.h"
#include "common/json.h"
#include "common/questions.h"
#include "common/service_context.h"
#include "tests/lib/free_address.h"
#include "tests/unit/common/cluster_keys.h"

enum { PATIENCE_S = 10, WORDS_SIZE = 32 };

static struct cluster_keys cluster;
static char questions[64], wake[64];

/* --- the two services --------------------------------------------------------------------------
 */

/* What the reaction does, by what the event says in data.word. */
static char failing_word[WORDS_SIZE];
static enum problem_code failing_code;
static atomic_int reacted;
static char seen_attempts[16];

static const char *overtaken_alliance;

/* Our act ends; meanwhile another instance has moved the cursor past the event. */
static bool overtake(struct act *act, struct problem *err)
{
    db_tx_done(&act->tx);
    harness_sql("update probe.journal_cursor set sequence = 1, hash = (select hash from"
                " membership.journal where alliance_id = '%s' and sequence = 1), attempts = 0"
                " where alliance_id = '%s' and source = 'membership'",
                overtaken_alliance, overtaken_alliance);
    return problem_set(err, PROBLEM_INTERNAL, "as the test asked");
}

static bool react(struct act *act, const struct foreign_event *event, struct problem *err)
{
    const char *word = json_text(event->data, "word");
    if (word == NULL)
        return true;
    atomic_fetch_add(&reacted, 1);
    if (strcmp(word, "attempts") == 0)
        snprintf(seen_attempts, sizeof seen_attempts, "%s",
                 harness_value("select attempts from probe.journal_cursor where alliance_id = '%s'"
                               " and source = 'membership'",
                               act->alliance_id));
    if (overtaken_alliance != NULL)
        return overtake(act, err);
    char code[CODE_SIZE];
    snprintf(code, sizeof code, "thing-%lld", (long long)event->sequence);
    json_auto_t *data = json_pack("{s:{s:s, s:s, s:i, s:i}}", "thing", "code", code, "name", code,
                                  "amountPence", 0, "version", 1);
    struct event answer = {.type = "probe.word.heard.v1",
                           .subject = "probe/words",
                           .data = data,
                           .occurred_ms = INSTANT_NONE};
    if (!act_append(act, &answer, err))
        return false;
    /* After it has appended: nothing of it may stay. */
    if (failing_word[0] != '\0' && strcmp(word, failing_word) == 0)
        return problem_set(err, failing_code, "as the test asked");
    return true;
}

static const struct reaction REACTIONS[] = {{"membership.word.said.v2", react}};
static const char *const NOBODY[] = {NULL};
static const char *const FOLLOWS[] = {"membership", "ledger", NULL};
static const struct service MEMBERSHIP = {.name = "membership", .follows = NOBODY};
static const struct service PROBE = {
    .name = "probe", .follows = FOLLOWS, .reactions = REACTIONS, .reaction_count = 1};

static struct service_context source = {.service = &MEMBERSHIP};
static struct service_context probe = {.service = &PROBE};

static void open_source(void)
{
    struct problem err = {0};
    struct bus_config config = {
        .questions = questions, .wake = wake, .tables = {{HOUSE_ANSWERERS, HOUSE_ANSWERER_COUNT}}};
    source.db = harness_db("membership", 4);
    assert_done(signer_new("membership", cluster.folder, &source.signer, &err), err);
    assert_done(bus_new(&config, source.signer, &source, &source.bus, &err), err);
    assert_done(bus_start(source.bus, &err), err);
}

static void open_probe(void)
{
    struct problem err = {0};
    struct bus_config config = {
        .peers = {{.service = "membership", .count = 1, .questions = {questions}, .wakes = {wake}}},
        .peer_count = 1};
    harness_make_probe();
    probe.db = harness_db("probe", 6);
    assert_done(signer_new("probe", cluster.folder, &probe.signer, &err), err);
    assert_done(bus_new(&config, probe.signer, &probe, &probe.bus, &err), err);
}

static int make_services(void **state)
{
    (void)state;
    cluster_keys_make(&cluster);
    cluster_key(&cluster, "membership", 1);
    cluster_key(&cluster, "probe", 1);
    cluster_publish(&cluster);
    free_address(questions);
    free_address(wake);
    open_source();
    open_probe();
    return 0;
}

static int free_services(void **state)
{
    (void)state;
    bus_free(probe.bus);
    bus_free(source.bus);
    signer_free(probe.signer);
    signer_free(source.signer);
    db_free(probe.db);
    db_free(source.db);
    cluster_keys_done(&cluster);
    return 0;
}

/* --- saying and hearing ----------------------------------------------------------------------- */

static int64_t say_event(const char *alliance, const char *type, json_t *data)
{
    struct problem err = {0};
    act_auto_t act = {0};
    json_auto_t *owned = data;
    assert_done(act_begin(source.db, "membership", alliance, &HARNESS_ACTOR, true, &act, &err),
                err);
    snprintf(act.request_id, sizeof act.request_id, "018f0000-0000-7000-8000-00000000000b");
    struct event event = {
        .type = type, .subject = "words/1", .data = owned, .occurred_ms = INSTANT_NONE};
    assert_done(act_append(&act, &event, &err), err);
    assert_done(act_commit(&act, &err), err);
    return act.sequence;
}

static int64_t say(const char *alliance, const char *word)
{
    return say_event(alliance, "membership.word.said.v1", json_pack("{s:s}", "word", word));
}

static int64_t catch_up(void)
{
    struct problem err = {0};
    int64_t applied = 0;
    assert_done(consumer_catch_up(&probe, "membership", &applied, &err), err);
    return applied;
}

static int64_t number(const char *format, const char *alliance)
{
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    return strtoll(harness_value(format, alliance), NULL, 10);
#pragma GCC diagnostic pop
}

static int64_t cursor(const char *alliance)
{
    return number("select coalesce(max(sequence), 0) from probe.journal_cursor"
                  " where alliance_id = '%s' and source = 'membership'",
                  alliance);
}

static int64_t heard(const char *alliance)
{
    return number("select count(*) from probe.thing where alliance_id = '%s'", alliance);
}

static const char *stalled(const char *alliance)
{
    return harness_value("select coalesce(max(stalled), '') from probe.journal_cursor"
                         " where alliance_id = '%s' and source = 'membership'",
                         alliance);
}

static void assert_stalled(const char *alliance, const char *words)
{
    const char *why = stalled(alliance);
    if (strstr(why, words) == NULL)
        fail_msg("stalled: '%s' instead of '... %s ...'", why, words);
}

static void resume(const char *alliance)
{
    struct problem err = {0};
    assert_done(consumer_resume(probe.db, alliance, "membership", &err), err);
}

/* As a superuser who goes behind the journal's back. */
#define tamper(format, ...)                                                                        \
    do {                                                                                           \
        harness_sql("set session_replication_role = replica");                                     \
        harness_sql(format, ##__VA_ARGS__);                                                        \
        harness_sql("set session_replication_role = origin");                                      \
    } while (0)

/* --- the tests -------------------------------------------------------------------------------- */

static void events_are_applied_once_and_in_order(void **state)
{
    (void)state;
    char alliance[UUID_SIZE];
    harness_alliance(alliance);
    say(alliance, "one");
    say(alliance, "two");
    say(alliance, "three");
    catch_up();
    assert_int_equal(heard(alliance), 3);
    assert_int_equal(cursor(alliance), 3);
    assert_string_equal(harness_value("select string_agg(code, ' ' order by sequence) from"
                                      " probe.thing where alliance_id = '%s'",
                                      alliance),
                        "thing-1 thing-2 thing-3");
    assert_string_equal(harness_value("select c.hash = j.hash from probe.journal_cursor as c join"
                                      " membership.journal as j using (alliance_id, sequence)"
                                      " where c.alliance_id = '%s' and c.source = 'membership'",
                                      alliance),
                        "t");
    int before = atomic_load(&reacted);
    catch_up();
    assert_int_equal(atomic_load(&reacted), before);
    /* What it did says what it relied on and whose request it was. */
    assert_string_equal(harness_value("select body::jsonb #>> '{after,membership}' || ' ' ||"
                                      " (body::jsonb ->> 'requestId') from probe.journal_body"
                                      " where alliance_id = '%s' and sequence = 3",
                                      alliance),
                        "3 018f0000-0000-7000-8000-00000000000b");
}

/* In how many transactions the probe has written what it heard. */
static int64_t acts(const char *alliance)
{
    return number("select count(distinct xmin::text) from probe.thing where alliance_id = '%s'",
                  alliance);
}

static void a_run_of_events_is_one_act(void **state)
{
    (void)state;
    char alliance[UUID_SIZE];
    harness_alliance(alliance);
    for (int i = 0; i < 40; i++)
        say(alliance, "word");
    catch_up();
    assert_int_equal(heard(alliance), 40);
    assert_int_equal(cursor(alliance), 40);
    assert_int_equal(acts(alliance), 2); /* of at most 32 */
}

static void a_run_ends_where_its_bytes_are_many(void **state)
{
    (void)state;
    char alliance[UUID_SIZE];
    static char ballast[60000];
    memset(ballast, 'x', sizeof ballast - 1);
    harness_alliance(alliance);
    for (int i = 0; i < 6; i++)
        say_event(alliance, "membership.word.said.v1",
                  json_pack("{s:s, s:s}", "word", "word", "ballast", ballast));
    catch_up();
    assert_int_equal(heard(alliance), 6);
    assert_int_equal(acts(alliance), 2);
}

static void what_comes_before_a_poison_is_applied_and_it_stalls_alone(void **state)
{
    (void)state;
    char alliance[UUID_SIZE];
    harness_alliance(alliance);
    snprintf(failing_word, sizeof failing_word, "poison");
    failing_code = PROBLEM_INTERNAL;
    say(alliance, "one");
    say(alliance, "two");
    say(alliance, "poison");
    say(alliance, "four");
    int before = atomic_load(&reacted);
    catch_up();
    assert_stalled(alliance, "event 3: as the test asked");
    assert_int_equal(cursor(alliance), 2);
    assert_int_equal(heard(alliance), 2);
    assert_int_equal(acts(alliance), 2);
    assert_int_equal(
        number("select sequence from probe.journal_head where alliance_id = '%s'", alliance), 2);
    /* Up to the poison in one act, then again one by one. */
    assert_int_equal(atomic_load(&reacted) - before, 6);
    failing_word[0] = '\0';
    resume(alliance);
    catch_up();
    assert_int_equal(heard(alliance), 4);
    assert_int_equal(cursor(alliance), 4);
}

static void what_passes_takes_nothing_of_its_run_along(void **state)
{
    (void)state;
    char alliance[UUID_SIZE];
    harness_alliance(alliance);
    snprintf(failing_word, sizeof failing_word, "busy");
    failing_code = PROBLEM_UNAVAILABLE;
    say(alliance, "one");
    say(alliance, "busy");
    catch_up();
    assert_string_equal(stalled(alliance), "");
    assert_int_equal(cursor(alliance), 0);
    assert_int_equal(heard(alliance), 0);
    failing_word[0] = '\0';
    catch_up();
    assert_int_equal(heard(alliance), 2);
    assert_int_equal(acts(alliance), 1);
}

static void a_run_ends_before_an_event_that_waits(void **state)
{
    (void)state;
    char alliance[UUID_SIZE];
    harness_alliance(alliance);
    say(alliance, "one");
    say(alliance, "two");
    harness_sql("insert into membership.journal_cursor (alliance_id, source, sequence, hash)"
                " values ('%s', 'ledger', 5, sha256('x'))",
                alliance);
    say(alliance, "relies on it");
    catch_up();
    assert_int_equal(cursor(alliance), 2);
    assert_int_equal(heard(alliance), 2);
    assert_int_equal(acts(alliance), 1);
    assert_string_equal(stalled(alliance), "");
}

/* Whoever died of one of them is not asked which: the next goes on one by one. */
static void after_a_death_events_come_one_by_one(void **state)
{
    (void)state;
    char alliance[UUID_SIZE];
    harness_alliance(alliance);
    for (int i = 0; i < 3; i++)
        say(alliance, "word");
    harness_sql("insert into probe.journal_cursor (alliance_id, source, sequence, hash, attempts,"
                " attempted_at) values ('%s', 'membership', 0, accord.journal_genesis('membership',"
                " '%s'), 1, now() - interval '1 minute')",
                alliance, alliance);
    catch_up();
    assert_int_equal(heard(alliance), 3);
    assert_int_equal(acts(alliance), 3);
    for (int i = 0; i < 3; i++)
        say(alliance, "word");
    catch_up();
    assert_int_equal(heard(alliance), 6);
    assert_int_equal(acts(alliance), 4);
}

static void the_roster_follows_by_itself(void **state)
{
    (void)state;
    char alliance[UUID_SIZE];
    harness_alliance(alliance);
    say_event(alliance, "membership.partner.admitted.v1",
              json_pack("{s:[{s:s, s:s, s:s, s:b, s:b, s:s, s:i}]}", "partner", "organisation",
                        "ZZ7", "name", "Seven", "role", "provider", "isVoting", 1, "isFounder", 0,
                        "status", "active", "version", 1));
    catch_up();
    assert_string_equal(harness_value("select organisation || ' ' || status || ' ' || sequence from"
                                      " probe.partner where alliance_id = '%s'",
                                      alliance),
                        "ZZ7 active 1");
}

static void a_failing_event_stalls_its_alliance_only(void **state)
{
    (void)state;
    char bad[UUID_SIZE], good[UUID_SIZE];
    struct problem err = {0};
    harness_alliance(bad);
    harness_alliance(good);
    snprintf(failing_word, sizeof failing_word, "poison");
    failing_code = PROBLEM_INTERNAL;
    say(bad, "fine");
    say(bad, "poison");
    say(bad, "after it");
    say(good, "fine");
    catch_up();
    assert_stalled(bad, "event 2: as the test asked");
    assert_int_equal(cursor(bad), 1);
    assert_int_equal(heard(bad), 1);
    assert_int_equal(
        number("select sequence from probe.journal_head where alliance_id = '%s'", bad), 1);
    assert_int_equal(heard(good), 1);
    /* It stays so until somebody says otherwise. */
    failing_word[0] = '\0';
    catch_up();
    assert_int_equal(cursor(bad), 1);
    resume(bad);
    catch_up();
    assert_int_equal(cursor(bad), 3);
    assert_int_equal(heard(bad), 3);
    assert_problem(consumer_resume(probe.db, bad, "membership", &err), err, PROBLEM_NOT_FOUND);
}

static void what_passes_is_tried_again(void **state)
{
    (void)state;
    char alliance[UUID_SIZE];
    harness_alliance(alliance);
    snprintf(failing_word, sizeof failing_word, "busy");
    failing_code = PROBLEM_UNAVAILABLE;
    say(alliance, "busy");
    for (int i = 0; i < 5; i++)
        catch_up();
    assert_string_equal(stalled(alliance), "");
    assert_int_equal(cursor(alliance), 0);
    assert_int_equal(heard(alliance), 0);
    assert_int_equal(number("select attempts from probe.journal_cursor where alliance_id = '%s'"
                            " and source = 'membership'",
                            alliance),
                     0);
    failing_word[0] = '\0';
    catch_up();
    assert_int_equal(heard(alliance), 1);
}

static void unknown_types_pass_and_newer_versions_stall(void **state)
{
    (void)state;
    char alliance[UUID_SIZE];
    harness_alliance(alliance);
    say_event(alliance, "membership.weather.changed.v9", json_pack("{s:s}", "word", "rain"));
    say_event(alliance, "membership.word.said.v2", json_pack("{s:s}", "word", "two"));
    say_event(alliance, "membership.word.said.v3", json_pack("{s:s}", "word", "three"));
    catch_up();
    assert_int_equal(cursor(alliance), 2);
    assert_int_equal(heard(alliance), 1);
    assert_stalled(alliance, "membership.word.said.v3 is newer");
}

static void an_event_waits_for_what_it_relied_on(void **state)
{
    (void)state;
    char alliance[UUID_SIZE];
    harness_alliance(alliance);
    say(alliance, "first");
    /* membership had seen the ledger's fifth event; the probe has not. */
    harness_sql("insert into membership.journal_cursor (alliance_id, source, sequence, hash)"
                " values ('%s', 'ledger', 5, sha256('x'))",
                alliance);
    say(alliance, "relies on it");
    for (int i = 0; i < 5; i++)
        catch_up();
    assert_int_equal(cursor(alliance), 1);
    assert_string_equal(stalled(alliance), "");
    harness_sql("insert into probe.journal_cursor (alliance_id, source, sequence, hash)"
                " values ('%s', 'ledger', 4, sha256('w'))",
                alliance);
    catch_up();
    assert_int_equal(cursor(alliance), 1);
    harness_sql("update probe.journal_cursor set sequence = 5, hash = sha256('x')"
                " where alliance_id = '%s' and source = 'ledger'",
                alliance);
    catch_up();
    assert_int_equal(cursor(alliance), 2);
    assert_int_equal(heard(alliance), 2);
}

static void cut_source(const char *alliance, int64_t last)
{
    tamper("delete from membership.journal where alliance_id = '%s' and sequence > %lld;"
           "delete from membership.journal_body where alliance_id = '%s' and sequence > %lld;"
           "update membership.journal_head set sequence = %lld, hash = (select hash from"
           " membership.journal where alliance_id = '%s' and sequence = %lld)"
           " where alliance_id = '%s'",
           alliance, (long long)last, alliance, (long long)last, (long long)last, alliance,
           (long long)last, alliance);
}

static void a_restored_owner_is_not_believed(void **state)
{
    (void)state;
    char shorter[UUID_SIZE], other[UUID_SIZE];
    harness_alliance(shorter);
    harness_alliance(other);
    for (int i = 0; i < 3; i++) {
        say(shorter, "word");
        say(other, "word");
    }
    catch_up();
    cut_source(shorter, 2);
    cut_source(other, 2);
    say(other, "another third");
    say(other, "and a fourth");
    catch_up();
    assert_stalled(shorter, "diverged after event 3");
    assert_stalled(other, "diverged after event 3");
    assert_int_equal(cursor(other), 3);
    assert_int_equal(heard(other), 3);
}

static void what_was_changed_is_not_applied(void **state)
{
    (void)state;
    char body[UUID_SIZE], hash[UUID_SIZE];
    harness_alliance(body);
    harness_alliance(hash);
    say(body, "one");
    say(body, "two");
    say(hash, "one");
    say(hash, "two");
    tamper("update membership.journal_body set body = replace(body, '\"two\"', '\"six\"')"
           " where alliance_id = '%s' and sequence = 2",
           body);
    tamper("update membership.journal set hash = sha256('x') where alliance_id = '%s'"
           " and sequence = 2",
           hash);
    catch_up();
    assert_stalled(body, "event 2 does not have its digest");
    assert_stalled(hash, "event 2 does not continue the chain");
    assert_int_equal(heard(body), 1);
    assert_int_equal(heard(hash), 1);
}

static void an_erased_body_is_passed_over(void **state)
{
    (void)state;
    char alliance[UUID_SIZE];
    harness_alliance(alliance);
    say(alliance, "one");
    say(alliance, "two");
    tamper("delete from membership.journal_body where alliance_id = '%s' and sequence = 1",
           alliance);
    catch_up();
    assert_int_equal(cursor(alliance), 2);
    assert_int_equal(heard(alliance), 1);
}

static void an_attempt_is_counted_before_it_is_made(void **state)
{
    (void)state;
    char alliance[UUID_SIZE];
    harness_alliance(alliance);
    say(alliance, "attempts");
    catch_up();
    assert_string_equal(seen_attempts, "1");
    assert_int_equal(number("select attempts from probe.journal_cursor where alliance_id = '%s'"
                            " and source = 'membership'",
                            alliance),
                     0);
    /* As after three crashes. */
    say(alliance, "deadly");
    harness_sql("update probe.journal_cursor set attempts = 3, attempted_at = now() -"
                " interval '1 minute' where alliance_id = '%s'",
                alliance);
    catch_up();
    assert_stalled(alliance, "event 2 ended the process 3 times");
    resume(alliance);
    catch_up();
    assert_int_equal(heard(alliance), 2);
}

static void attempts_of_live_instances_stall_nothing(void **state)
{
    (void)state;
    char alliance[UUID_SIZE];
    harness_alliance(alliance);
    say(alliance, "healthy");
    catch_up();
    say(alliance, "healthy too");
    /* As while three other instances are at it. */
    harness_sql("update probe.journal_cursor set attempts = 3, attempted_at = now()"
                " where alliance_id = '%s'",
                alliance);
    catch_up();
    assert_string_equal(stalled(alliance), "");
    assert_int_equal(heard(alliance), 1);
    /* They give it back. */
    harness_sql("update probe.journal_cursor set attempts = 0 where alliance_id = '%s'", alliance);
    catch_up();
    assert_int_equal(heard(alliance), 2);
    /* They are gone, and it was the event. */
    say(alliance, "deadly");
    harness_sql("update probe.journal_cursor set attempts = 3, attempted_at = now() -"
                " interval '31 seconds' where alliance_id = '%s'",
                alliance);
    catch_up();
    assert_stalled(alliance, "event 3 ended the process 3 times");
}

/* While it says that it stays, another instance takes the event. */
static void what_another_instance_has_passed_is_not_stalled(void **state)
{
    (void)state;
    char alliance[UUID_SIZE];
    harness_alliance(alliance);
    snprintf(failing_word, sizeof failing_word, "overtaken");
    failing_code = PROBLEM_INTERNAL;
    say(alliance, "overtaken");
    catch_up();
    assert_stalled(alliance, "event 1");
    resume(alliance);
    overtaken_alliance = alliance;
    catch_up();
    overtaken_alliance = NULL;
    failing_word[0] = '\0';
    assert_string_equal(stalled(alliance), "");
    assert_int_equal(cursor(alliance), 1);
}

static void *catch_up_thread(void *unused)
{
    struct problem err = {0};
    int64_t applied;
    for (int i = 0; i < 3; i++)
        if (!consumer_catch_up(&probe, "membership", &applied, &err))
            return unused;
    return NULL;
}

static void two_instances_apply_an_event_once(void **state)
{
    (void)state;
    char alliance[UUID_SIZE];
    pthread_t threads[2];
    void *failed[2];
    harness_alliance(alliance);
    for (int i = 0; i < 60; i++)
        say(alliance, "word");
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, catch_up_thread, &threads), 0);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], &failed[i]);
    assert_null(failed[0]);
    assert_null(failed[1]);
    assert_int_equal(cursor(alliance), 60);
    assert_int_equal(heard(alliance), 60);
    assert_int_equal(
        number("select count(*) from probe.journal where alliance_id = '%s'", alliance), 60);
    assert_string_equal(stalled(alliance), "");
}

/* --- the threads ------------------------------------------------------------------------------ */

static void wait_for_cursor(const char *alliance, int64_t wanted)
{
    time_t deadline = time(NULL) + PATIENCE_S;
    while (cursor(alliance) < wanted && time(NULL) < deadline)
        nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
    assert_int_equal(cursor(alliance), wanted);
}

static void threads_follow_wake_ups_and_sweep(void **state)
{
    (void)state;
    char woken[UUID_SIZE], silent[UUID_SIZE];
    struct consumers *consumers = NULL;
    struct problem err = {0};
    struct consumer_status status[4];
    static const char *const only[] = {"membership", NULL};
    struct service service = PROBE;
    service.follows = only;
    probe.service = &service;
    harness_alliance(woken);
    harness_alliance(silent);
    assert_done(consumers_new(&probe, &consumers, &err), err);
    assert_done(consumers_start(consumers, &err), err);
    bus_wake(&source, woken, say(woken, "one"));
    wait_for_cursor(woken, 1);
    say(silent, "nobody woke anybody");
    wait_for_cursor(silent, 1);
    time_t deadline = time(NULL) + PATIENCE_S;
    do
        assert_int_equal(consumers_status(consumers, status, 4), 1);
    while (status[0].applied < 2 && time(NULL) < deadline);
    assert_true(status[0].applied >= 2);
    assert_true(status[0].is_reached);
    consumers_free(consumers);
    probe.service = &PROBE;
}

static void a_stalled_alliance_is_not_ready(void **state)
{
    (void)state;
    char alliance[UUID_SIZE];
    struct consumers *consumers = NULL;
    struct problem err = {0};
    static const char *const only[] = {"membership", NULL};
    struct service service = PROBE;
    service.follows = only;
    probe.service = &service;
    harness_alliance(alliance);
    snprintf(failing_word, sizeof failing_word, "poison");
    failing_code = PROBLEM_INTERNAL;
    say(alliance, "poison");
    assert_done(consumers_new(&probe, &consumers, &err), err);
    assert_done(consumers_start(consumers, &err), err);
    time_t deadline = time(NULL) + PATIENCE_S;
    while (consumers_are_ready(consumers, &err) && time(NULL) < deadline)
        nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
    assert_problem(consumers_are_ready(consumers, &err), err, PROBLEM_UNAVAILABLE);
    struct consumer_status status;
    assert_int_equal(consumers_status(consumers, &status, 1), 1);
    assert_true(status.stalled >= 1);
    consumers_free(consumers);
    probe.service = &PROBE;
    failing_word[0] = '\0';
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(events_are_applied_once_and_in_order),
        cmocka_unit_test(a_run_of_events_is_one_act),
        cmocka_unit_test(a_run_ends_where_its_bytes_are_many),
        cmocka_unit_test(what_comes_before_a_poison_is_applied_and_it_stalls_alone),
        cmocka_unit_test(what_passes_takes_nothing_of_its_run_along),
        cmocka_unit_test(a_run_ends_before_an_event_that_waits),
        cmocka_unit_test(after_a_death_events_come_one_by_one),
        cmocka_unit_test(the_roster_follows_by_itself),
        cmocka_unit_test(a_failing_event_stalls_its_alliance_only),
        cmocka_unit_test(what_passes_is_tried_again),
        cmocka_unit_test(unknown_types_pass_and_newer_versions_stall),
        cmocka_unit_test(an_event_waits_for_what_it_relied_on),
        cmocka_unit_test(a_restored_owner_is_not_believed),
        cmocka_unit_test(what_was_changed_is_not_applied),
        cmocka_unit_test(an_erased_body_is_passed_over),
        cmocka_unit_test(an_attempt_is_counted_before_it_is_made),
        cmocka_unit_test(attempts_of_live_instances_stall_nothing),
        cmocka_unit_test(what_another_instance_has_passed_is_not_stalled),
        cmocka_unit_test(two_instances_apply_an_event_once),
        cmocka_unit_test(threads_follow_wake_ups_and_sweep),
        cmocka_unit_test(a_stalled_alliance_is_not_ready),
    };
    return cmocka_run_group_tests(tests, make_services, free_services);
}
