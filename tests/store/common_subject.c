/* The owner's side of a decision on a real database: described, frozen, digested; done only as it
 * was frozen; thawed when nothing comes of it. The owner is the ledger, with hooks of our own. */
#include "tests/store/harness.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "common/bus.h"
#include "common/consumer.h"
#include "common/ids.h"
#include "common/instant.h"
#include "common/json.h"
#include "common/service_context.h"
#include "common/subject.h"
#include "tests/lib/free_address.h"
#include "tests/unit/common/cluster_keys.h"

static const char REF[] = "ledger/things/018f0000-0000-7000-8000-00000000000a";
/* Another spelling, which the hook below doesn't know from the first. */
static const char ALIAS[] = "ledger/things/0018f0000-0000-7000-8000-00000000000a";

/* --- the hooks -------------------------------------------------------------------------------- */

static int carried, released;
static char release_outcome[CODE_SIZE], release_reason[PROBLEM_DETAIL_SIZE];
static const char *subject_kind, *subject_rule;
static bool is_restricted, is_hidden, is_impossible;
static enum problem_code carry_refusal;
static char carry_content[200];

static bool thing_append(struct act *act, const char *type, struct problem *err)
{
    json_auto_t *data = json_pack("{s:{s:s}}", "note", "text", "a thing happened");
    struct event event = {.type = type, .subject = REF, .data = data, .occurred_ms = INSTANT_NONE};
    return act_append(act, &event, err);
}

static bool thing_describe(struct act *act, const struct standing *standing, const char *ref,
                           const char *effect, struct subject *ret_subject, struct problem *err)
{
    (void)act;
    if (strcmp(ref, REF) != 0 && strcmp(ref, ALIAS) != 0)
        return problem_set(err, PROBLEM_NOT_FOUND, "there is no %s", ref);
    if (is_hidden)
        return problem_set(err, PROBLEM_NOT_FOUND, "there is no %s", ref);
    if (strcmp(effect, "never") == 0 || is_impossible)
        return problem_set(err, PROBLEM_FUNDS_INSUFFICIENT, "only £5 are left");
    assert_string_equal(standing->organisation, "ZZ1");
    snprintf(ret_subject->ref, sizeof ret_subject->ref, "%s", REF);
    snprintf(ret_subject->kind, sizeof ret_subject->kind, "%s", subject_kind);
    snprintf(ret_subject->title, sizeof ret_subject->title, "A thing");
    ret_subject->version = 3;
    ret_subject->content = json_pack("{s:i}", "amountPence", 500);
    if (is_restricted)
        ret_subject->restricted_to = json_pack("[s, s]", "ZZ1", "ZZ2");
    return thing_append(act, "ledger.thing.proposed.v1", err);
}

static bool thing_carry(struct act *act, const struct carried_decision *decision,
                        struct problem *err)
{
    carried++;
    char_auto_t *content = json_dumps(decision->content, JSON_COMPACT);
    snprintf(carry_content, sizeof carry_content, "%s", content);
    if (!thing_append(act, "ledger.thing.done.v1", err) || !act_flush(act, err))
        return false;
    if (carry_refusal != PROBLEM_NONE)
        return problem_set(err, carry_refusal, "it can no longer be done");
    return true;
}

static bool thing_release(struct act *act, const char *ref, const char *effect, const char *outcome,
                          const char *reason, struct problem *err)
{
    (void)act, (void)err;
    assert_string_equal(ref, REF);
    assert_string_equal(effect, "grant");
    released++;
    snprintf(release_outcome, sizeof release_outcome, "%s", outcome);
    snprintf(release_reason, sizeof release_reason, "%s", reason == NULL ? "" : reason);
    return true;
}

static const struct subject_hooks HOOKS = {thing_describe, thing_carry, thing_release};
static const char *const FOLLOWS[] = {"membership", NULL};
static const struct service LEDGER = {.name = "ledger", .follows = FOLLOWS, .subjects = &HOOKS};
static struct service_context context = {.service = &LEDGER};

/* Membership, as far as it is asked what has opened. */
static struct cluster_keys cluster;
static char questions[64], wake[64];
static struct signer *membership_signer;
static struct bus *membership_bus;
static char opened_id[UUID_SIZE];

static bool opened_answer(const struct bus_question *question, json_t **ret_answer,
                          struct problem *err)
{
    (void)err;
    assert_string_equal(question->from, "ledger");
    json_t *opened = json_array();
    size_t i;
    json_t *id;
    json_array_foreach(json_object_get(question->arguments, "decisions"), i, id)
    {
        if (strcmp(json_string_value(id), opened_id) == 0)
            json_push_new(opened, json_incref(id));
    }
    *ret_answer = json_pack("{s:o}", "opened", opened);
    return true;
}

static const struct bus_answerer MEMBERSHIP_ANSWERS[] = {{"decisions.opened", opened_answer}};

static void membership_start(void)
{
    struct problem err = {0};
    struct bus_config config = {.questions = questions,
                                .wake = wake,
                                .tables = {{MEMBERSHIP_ANSWERS, ARRAY_LENGTH(MEMBERSHIP_ANSWERS)}}};
    assert_done(bus_new(&config, membership_signer, NULL, &membership_bus, &err), err);
    assert_done(bus_start(membership_bus, &err), err);
}

static int make_db(void **state)
{
    (void)state;
    struct problem err = {0};
    struct bus_config config = {
        .peers = {{.service = "membership", .count = 1, .questions = {questions}, .wakes = {wake}}},
        .peer_count = 1};
    context.db = harness_db("ledger", 4);
    cluster_keys_make(&cluster);
    cluster_key(&cluster, "membership", 1);
    cluster_key(&cluster, "ledger", 1);
    cluster_publish(&cluster);
    free_address(questions);
    free_address(wake);
    assert_done(signer_new("membership", cluster.folder, &membership_signer, &err), err);
    assert_done(signer_new("ledger", cluster.folder, &context.signer, &err), err);
    assert_done(bus_new(&config, context.signer, &context, &context.bus, &err), err);
    membership_start();
    return 0;
}

static int free_db(void **state)
{
    (void)state;
    harness_move_clock(0);
    bus_free(context.bus);
    bus_free(membership_bus);
    signer_free(context.signer);
    signer_free(membership_signer);
    db_free(context.db);
    cluster_keys_done(&cluster);
    return 0;
}

static int start_afresh(void **state)
{
    (void)state;
    carried = released = 0;
    release_outcome[0] = carry_content[0] = '\0';
    is_restricted = is_hidden = is_impossible = false;
    carry_refusal = PROBLEM_NONE;
    opened_id[0] = '\0';
    subject_kind = "move-money";
    subject_rule = "unanimous";
    return 0;
}

/* --- an alliance, a question, a decision ------------------------------------------------------ */

struct stage {
    char alliance[UUID_SIZE];
    char ask[UUID_SIZE];
    char decision[UUID_SIZE];
    json_t *described;
    struct act act;
};

static void begin(struct stage *stage)
{
    struct actor actor = {.service = "ledger"};
    struct problem err = {0};
    assert_done(act_begin(context.db, "ledger", stage->alliance, &actor, true, &stage->act, &err),
                err);
}

static void commit(struct stage *stage)
{
    struct problem err = {0};
    assert_done(act_commit(&stage->act, &err), err);
    act_done(&stage->act);
}

/* What membership says of the alliance and of ZZ1, its active partner. */
static void roster_hear(struct stage *stage, int64_t sequence, const char *status)
{
    static const char zeros[] = "0000000000000000000000000000000000000000000000000000000000000000";
    struct problem err = {0};
    json_auto_t *envelope = json_pack(
        "{s:{s:{s:s, s:s, s:[], s:[], s:s, s:s, s:s, s:s, s:s, s:I},"
        " s:{s:s, s:s, s:s, s:b, s:b, s:s, s:i}}}",
        "data", "alliance", "name", "A", "purpose", "p", "objectives", "principles", "startsOn",
        "2026-04-01", "endsOn", "2033-03-31", "status", status, "foundingDecisionId",
        "018f0000-0000-7000-8000-00000000000a", "createdAt", "2026-04-01T00:00:00.000Z", "version",
        (json_int_t)sequence, "partner", "organisation", "ZZ1", "name", "One", "role", "provider",
        "isVoting", 1, "isFounder", 1, "status", "active", "version", 1);
    char_auto_t *body = json_dumps(envelope, 0);
    assert_non_null(body);
    assert_done(act_follow(&stage->act, "membership", sequence, zeros, body, &err), err);
}

/* ZZ1 is an active partner of a new alliance; a decision is about to open. */
static struct stage stage_new(void)
{
    struct stage stage = {.described = NULL};
    harness_alliance(stage.alliance);
    harness_alliance(stage.decision);
    harness_alliance(stage.ask);
    begin(&stage);
    roster_hear(&stage, 1, "active");
    commit(&stage);
    return stage;
}

static void stage_done(struct stage *stage)
{
    json_decref(stage->described);
    act_done(&stage->act);
}
#define stage_auto_t CLEANUP(stage_done) struct stage

static bool describe_as(struct stage *stage, const char *from, const char *organisation,
                        const char *ref, const char *effect, int64_t sequence, struct problem *err)
{
    json_auto_t *arguments =
        json_pack("{s:s, s:s, s:s, s:s, s:{s:s}, s:I}", "subject", ref, "effect", effect,
                  "decisionId", stage->decision, "askId", stage->ask, "rules", subject_kind,
                  subject_rule, "membershipSequence", (json_int_t)sequence);
    struct bus_question question = {
        .context = &context,
        .has_caller = true,
        .caller = {.issuer = "https://i.example", .subject = "somebody"},
        .arguments = arguments};
    snprintf(question.from, sizeof question.from, "%s", from);
    snprintf(question.alliance_id, sizeof question.alliance_id, "%s", stage->alliance);
    snprintf(question.caller.organisation, ODS_SIZE, "%s", organisation);
    json_decref(stage->described);
    stage->described = NULL;
    return subject_describe_answer(&question, &stage->described, err);
}

static void describe(struct stage *stage)
{
    struct problem err = {0};
    assert_done(describe_as(stage, "membership", "ZZ1", REF, "grant", 1, &err), err);
}

/* The decision as membership's event has it, about what was described. */
static json_t *decision_data(const struct stage *stage, const char *state)
{
    const json_t *described = stage->described;
    json_t *decision =
        json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "id", stage->decision, "subject", REF, "effect",
                  "grant", "kind", subject_kind, "rule", subject_rule, "state", state);
    json_object_set(decision, "content", json_object_get(described, "content"));
    json_object_set(decision, "subjectVersion", json_object_get(described, "version"));
    json_object_set(decision, "nonce", json_object_get(described, "nonce"));
    json_object_set(decision, "digest", json_object_get(described, "digest"));
    return json_pack("{s:o}", "decision", decision);
}

/* An event of membership's about it; `data` is taken. */
static void hear(struct stage *stage, const char *what, json_t *data)
{
    char type[CODE_SIZE];
    struct problem err = {0};
    json_auto_t *owned = data;
    snprintf(type, sizeof type, "membership.decision.%s.v1", what);
    struct foreign_event event = {.source = "membership", .type = type, .data = owned};
    begin(stage);
    assert_done(subject_react(&stage->act, &HOOKS, &event, &err), err);
    commit(stage);
}

static const char *frozen_state(const struct stage *stage)
{
    return harness_value("select state from ledger.frozen_subject where alliance_id = '%s'"
                         " and decision_id = '%s'",
                         stage->alliance, stage->decision);
}

/* The types of the events since number `after`, without what they all have. */
static const char *events_after(const struct stage *stage, int64_t after)
{
    return harness_value("select coalesce(string_agg(substr(type, 8, length(type) - 10), ' ' order"
                         " by sequence), '') from ledger.journal_body where alliance_id = '%s'"
                         " and sequence > %lld",
                         stage->alliance, (long long)after);
}

static const char *effect_of_last(const struct stage *stage)
{
    return harness_value("select coalesce((body::jsonb #>> '{effect,state}') || ' ' ||"
                         " (body::jsonb #>> '{effect,decision}') || ' ' ||"
                         " coalesce(body::jsonb #>> '{effect,reason}', ''), '') from"
                         " ledger.journal_body where alliance_id = '%s' and type like"
                         " 'ledger.effect.%%' order by sequence desc limit 1",
                         stage->alliance);
}

static bool is_thawed(struct stage *stage)
{
    struct problem err = {0};
    begin(stage);
    bool ok = subject_check_thawed(&stage->act, REF, &err);
    assert_true(ok || err.code == PROBLEM_SUBJECT_FROZEN);
    act_done(&stage->act);
    return ok;
}

/* --- describing and freezing ------------------------------------------------------------------ */

static void what_is_described_is_frozen_and_digested(void **state)
{
    (void)state;
    stage_auto_t stage = stage_new();
    assert_true(is_thawed(&stage));
    describe(&stage);
    assert_string_equal(json_text(stage.described, "kind"), "move-money");
    assert_int_equal(json_integer_or(stage.described, "version", 0), 3);
    assert_string_equal(frozen_state(&stage), "asked");
    assert_false(is_thawed(&stage));
    assert_string_equal(events_after(&stage, 0), "thing.proposed subject.frozen");
    json_auto_t *data = decision_data(&stage, "open");
    assert_true(subject_digest_matches(data));
    json_object_set_new(json_object_get(data, "decision"), "content",
                        json_pack("{s:i}", "amountPence", 501));
    assert_false(subject_digest_matches(data));
    /* by its digest, as anybody may reckon it */
    char_auto_t *text = NULL;
    assert_true(asprintf(&text,
                         "{\"content\":{\"amountPence\":500},\"effect\":\"grant\",\"nonce\":\"%s\","
                         "\"subject\":\"%s\",\"version\":3}",
                         json_text(stage.described, "nonce"), REF) > 0);
    char digest[DIGEST_SIZE];
    digest_of_bytes(text, strlen(text), digest);
    assert_string_equal(digest, json_text(stage.described, "digest"));
}

static void the_same_question_has_the_same_answer(void **state)
{
    (void)state;
    stage_auto_t stage = stage_new();
    describe(&stage);
    json_auto_t *first = json_incref(stage.described);
    describe(&stage);
    assert_true(json_equal(first, stage.described));
    assert_string_equal(events_after(&stage, 0), "thing.proposed subject.frozen");
}

static void one_decision_at_a_time(void **state)
{
    (void)state;
    stage_auto_t stage = stage_new();
    struct problem err = {0};
    describe(&stage);
    harness_alliance(stage.decision);
    assert_problem(describe_as(&stage, "membership", "ZZ1", REF, "grant", 1, &err), err,
                   PROBLEM_DECISION_OPEN);
    /* Whatever else stands against it, that is why. */
    is_impossible = true;
    problem_clear(&err);
    assert_problem(describe_as(&stage, "membership", "ZZ1", REF, "grant", 1, &err), err,
                   PROBLEM_DECISION_OPEN);
}

static void a_subject_has_one_name(void **state)
{
    (void)state;
    stage_auto_t stage = stage_new();
    struct problem err = {0};
    assert_problem(describe_as(&stage, "membership", "ZZ1", ALIAS, "grant", 1, &err), err,
                   PROBLEM_NOT_FOUND);
    assert_string_equal(events_after(&stage, 0), "");
    describe(&stage);
    harness_alliance(stage.decision);
    problem_clear(&err);
    assert_problem(describe_as(&stage, "membership", "ZZ1", ALIAS, "grant", 1, &err), err,
                   PROBLEM_NOT_FOUND);
}

static void who_may_not_know_is_told_nothing(void **state)
{
    (void)state;
    stage_auto_t stage = stage_new();
    struct problem err = {0};
    assert_problem(describe_as(&stage, "membership", "ZZ9", REF, "grant", 1, &err), err,
                   PROBLEM_NOT_FOUND);
    assert_problem(describe_as(&stage, "membership", "ZZ1", "ledger/things/2", "grant", 1, &err),
                   err, PROBLEM_NOT_FOUND);
    assert_problem(describe_as(&stage, "membership", "ZZ1", "risk/risks/2", "grant", 1, &err), err,
                   PROBLEM_NOT_FOUND);
    assert_problem(describe_as(&stage, "membership", "ZZ1", REF, "never", 1, &err), err,
                   PROBLEM_FUNDS_INSUFFICIENT);
    assert_problem(describe_as(&stage, "kpi", "ZZ1", REF, "grant", 1, &err), err,
                   PROBLEM_PARAMETER_INVALID);
    /* membership knows more than we do */
    assert_problem(describe_as(&stage, "membership", "ZZ1", REF, "grant", 2, &err), err,
                   PROBLEM_NOT_CAUGHT_UP);
    assert_string_equal(events_after(&stage, 0), "");
    /* Nor that another decision holds it. */
    describe(&stage);
    harness_alliance(stage.decision);
    is_hidden = true;
    problem_clear(&err);
    assert_problem(describe_as(&stage, "membership", "ZZ1", REF, "grant", 1, &err), err,
                   PROBLEM_NOT_FOUND);
}

static void a_restricted_subject_restricts_its_events(void **state)
{
    (void)state;
    stage_auto_t stage = stage_new();
    is_restricted = true;
    describe(&stage);
    hear(&stage, "opened", decision_data(&stage, "open"));
    hear(&stage, "carried", decision_data(&stage, "carried"));
    assert_string_equal(
        harness_value("select string_agg(distinct class || ' ' || (body::jsonb ->> 'restrictedTo'),"
                      " ',') from ledger.journal join ledger.journal_body using (alliance_id,"
                      " sequence) where alliance_id = '%s' and type not like 'ledger.thing%%'",
                      stage.alliance),
        "restricted [\"ZZ1\", \"ZZ2\"]");
}

/* --- what a decision's end means -------------------------------------------------------------- */

static void a_carried_decision_is_done(void **state)
{
    (void)state;
    stage_auto_t stage = stage_new();
    char effect[100];
    describe(&stage);
    hear(&stage, "opened", decision_data(&stage, "open"));
    assert_string_equal(frozen_state(&stage), "held");
    hear(&stage, "carried", decision_data(&stage, "carried"));
    assert_int_equal(carried, 1);
    assert_string_equal(carry_content, "{\"amountPence\":500}");
    assert_string_equal(frozen_state(&stage), "done");
    assert_string_equal(events_after(&stage, 2), "subject.held effect.done thing.done");
    snprintf(effect, sizeof effect, "done %s ", stage.decision);
    assert_string_equal(effect_of_last(&stage), effect);
    assert_true(is_thawed(&stage));
    assert_int_equal(released, 0);
    /* The same again changes nothing. */
    hear(&stage, "carried", decision_data(&stage, "carried"));
    assert_int_equal(carried, 1);
    assert_string_equal(events_after(&stage, 5), "");
}

static void a_decision_that_was_never_heard_to_open_is_done_too(void **state)
{
    (void)state;
    stage_auto_t stage = stage_new();
    describe(&stage);
    hear(&stage, "carried", decision_data(&stage, "carried"));
    assert_int_equal(carried, 1);
    assert_string_equal(frozen_state(&stage), "done");
}

static void assert_refused(struct stage *stage, const char *reason)
{
    char effect[200];
    snprintf(effect, sizeof effect, "refused %s %s", stage->decision, reason);
    assert_string_equal(effect_of_last(stage), effect);
}

static void a_refusing_hook_leaves_nothing_behind(void **state)
{
    (void)state;
    stage_auto_t stage = stage_new();
    describe(&stage);
    carry_refusal = PROBLEM_RULE_BROKEN;
    hear(&stage, "carried", decision_data(&stage, "carried"));
    assert_int_equal(carried, 1);
    assert_string_equal(events_after(&stage, 2), "effect.refused");
    assert_refused(&stage, "it can no longer be done");
    assert_string_equal(frozen_state(&stage), "refused");
    assert_string_equal(release_outcome, "refused");
    assert_string_equal(release_reason, "it can no longer be done");
    assert_true(is_thawed(&stage));
    /* The chain goes on as if nothing had been. */
    assert_string_equal(harness_value("select h.sequence = 3 and h.hash = j.hash and j.hash ="
                                      " accord.journal_hash(p.hash, 3, j.digest) from"
                                      " ledger.journal_head as h join ledger.journal as j using"
                                      " (alliance_id, sequence) join ledger.journal as p on"
                                      " p.alliance_id = h.alliance_id and p.sequence = 2"
                                      " where h.alliance_id = '%s'",
                                      stage.alliance),
                        "t");
}

static void nothing_takes_effect_on_a_closed_alliance(void **state)
{
    (void)state;
    static const struct {
        const char *status;
        bool is_done;
    } CASES[] = {{"closing", true}, {"closed", false}};
    for (size_t i = 0; i < ARRAY_LENGTH(CASES); i++) {
        stage_auto_t stage = stage_new();
        carried = 0;
        describe(&stage);
        begin(&stage);
        roster_hear(&stage, 2, CASES[i].status);
        commit(&stage);
        hear(&stage, "carried", decision_data(&stage, "carried"));
        assert_int_equal(carried, CASES[i].is_done);
        assert_string_equal(frozen_state(&stage), CASES[i].is_done ? "done" : "refused");
        if (!CASES[i].is_done)
            assert_refused(&stage, "the alliance is closed");
        assert_true(is_thawed(&stage));
    }
}

static void a_failing_hook_is_no_refusal(void **state)
{
    (void)state;
    stage_auto_t stage = stage_new();
    struct problem err = {0};
    describe(&stage);
    carry_refusal = PROBLEM_INTERNAL;
    json_auto_t *data = decision_data(&stage, "carried");
    struct foreign_event event = {
        .source = "membership", .type = "membership.decision.carried.v1", .data = data};
    begin(&stage);
    assert_problem(subject_react(&stage.act, &HOOKS, &event, &err), err, PROBLEM_INTERNAL);
    act_done(&stage.act);
    assert_string_equal(frozen_state(&stage), "asked");
}

/* Carries the decision with one member of it changed, and says how it was refused. */
static void carry_changed(const char *name, json_t *value, const char *reason)
{
    stage_auto_t stage = stage_new();
    describe(&stage);
    json_t *data = decision_data(&stage, "carried");
    json_object_set_new(json_object_get(data, "decision"), name, value);
    hear(&stage, "carried", data);
    assert_int_equal(carried, 0);
    assert_refused(&stage, reason);
    assert_string_equal(frozen_state(&stage), "refused");
}

static void only_what_was_frozen_is_done(void **state)
{
    (void)state;
    static const char other[] = "what was voted on is not what was frozen";
    carry_changed("content", json_pack("{s:i}", "amountPence", 501), other);
    carry_changed("subjectVersion", json_integer(4), other);
    carry_changed("nonce", json_string("00"), other);
    carry_changed("digest", json_string("00"), other);
    carry_changed("kind", json_string("general"), "the decision is of another kind");
    carry_changed("rule", json_string("simple-majority"), "a reserved decision needs unanimity");
    carry_changed("effect", json_string("revoke"),
                  "the decision is about another subject or effect");
    carry_changed("state", json_string("rejected"), "the decision is not carried");
}

static void only_the_rule_that_was_named_carries(void **state)
{
    (void)state;
    struct problem err = {0};
    subject_kind = "service-change";
    subject_rule = "two-thirds";
    carry_changed("rule", json_string("simple-majority"),
                  "the decision was carried by another rule than it was asked for");
    stage_auto_t stage = stage_new(), unruly = stage_new();
    describe(&stage);
    assert_string_equal(json_text(stage.described, "rule"), "two-thirds");
    hear(&stage, "carried", decision_data(&stage, "carried"));
    assert_int_equal(carried, 1);
    /* What is reserved is frozen for nothing less. */
    subject_kind = "move-money";
    assert_problem(describe_as(&unruly, "membership", "ZZ1", REF, "grant", 1, &err), err,
                   PROBLEM_PARAMETER_INVALID);
    subject_kind = "coup";
    problem_clear(&err);
    assert_problem(describe_as(&unruly, "membership", "ZZ1", REF, "grant", 1, &err), err,
                   PROBLEM_INTERNAL);
}

static void what_was_never_frozen_is_refused(void **state)
{
    (void)state;
    stage_auto_t stage = stage_new();
    describe(&stage);
    json_t *data = decision_data(&stage, "carried");
    harness_alliance(stage.decision);
    json_object_set_new(json_object_get(data, "decision"), "id", json_string(stage.decision));
    hear(&stage, "carried", data);
    assert_int_equal(carried, 0);
    assert_refused(&stage, "the subject was never frozen for it");
}

static void other_peoples_subjects_are_none_of_our_business(void **state)
{
    (void)state;
    stage_auto_t stage = stage_new();
    describe(&stage);
    json_t *data = decision_data(&stage, "carried");
    json_object_set_new(json_object_get(data, "decision"), "subject", json_string("risk/risks/1"));
    hear(&stage, "carried", data);
    assert_string_equal(events_after(&stage, 2), "");
}

static void without_effect_it_thaws(void **state)
{
    (void)state;
    static const char *const outcomes[] = {"rejected", "lapsed", "escalated", "withdrawn"};
    for (size_t i = 0; i < ARRAY_LENGTH(outcomes); i++) {
        stage_auto_t stage = stage_new();
        describe(&stage);
        hear(&stage, "opened", decision_data(&stage, "open"));
        hear(&stage, outcomes[i], decision_data(&stage, outcomes[i]));
        assert_string_equal(frozen_state(&stage), "thawed");
        assert_string_equal(release_outcome, outcomes[i]);
        assert_string_equal(release_reason, "");
        assert_string_equal(events_after(&stage, 3), "subject.thawed");
        assert_true(is_thawed(&stage));
    }
    assert_int_equal(carried, 0);
}

static void sweep(struct stage *stage)
{
    struct problem err = {0};
    assert_done(subject_thaw_unopened(&context, stage->alliance, &err), err);
}

static void what_never_opens_thaws_after_ten_minutes(void **state)
{
    (void)state;
    stage_auto_t stage = stage_new(), opened = stage_new();
    describe(&stage);
    describe(&opened);
    hear(&opened, "opened", decision_data(&opened, "open"));
    harness_move_clock(FREEZE_UNOPENED_MS - 5000);
    sweep(&stage);
    assert_string_equal(frozen_state(&stage), "asked");
    harness_move_clock(FREEZE_UNOPENED_MS);
    sweep(&stage);
    sweep(&opened);
    assert_string_equal(frozen_state(&stage), "thawed");
    assert_string_equal(release_outcome, "unopened");
    assert_string_equal(frozen_state(&opened), "held");
    assert_int_equal(released, 1);
    /* Too late now. */
    hear(&stage, "opened", decision_data(&stage, "open"));
    hear(&stage, "carried", decision_data(&stage, "carried"));
    assert_int_equal(carried, 0);
    assert_refused(&stage, "the subject is no longer frozen for it");
    harness_move_clock(0);
}

static void a_late_or_stalled_owner_does_not_thaw_what_is_open(void **state)
{
    (void)state;
    stage_auto_t stage = stage_new();
    describe(&stage);
    /* It has opened long since; we have not heard of it, nor of anything after it. */
    memcpy(opened_id, stage.decision, UUID_SIZE);
    harness_sql("update ledger.journal_cursor set stalled = 'as the test asked'"
                " where alliance_id = '%s'",
                stage.alliance);
    harness_move_clock(24 * FREEZE_UNOPENED_MS);
    sweep(&stage);
    assert_string_equal(frozen_state(&stage), "asked");
    assert_int_equal(released, 0);
    hear(&stage, "carried", decision_data(&stage, "carried"));
    assert_int_equal(carried, 1);
    assert_string_equal(frozen_state(&stage), "done");
    harness_move_clock(0);
}

static void nothing_thaws_while_membership_is_silent(void **state)
{
    (void)state;
    stage_auto_t stage = stage_new();
    struct problem err = {0};
    describe(&stage);
    bus_free(membership_bus);
    harness_move_clock(FREEZE_UNOPENED_MS);
    assert_problem(subject_thaw_unopened(&context, stage.alliance, &err), err, PROBLEM_UNAVAILABLE);
    assert_string_equal(frozen_state(&stage), "asked");
    /* Both start again, long after. */
    membership_start();
    time_t deadline = time(NULL) + 10;
    do
        problem_clear(&err);
    while (!subject_thaw_unopened(&context, stage.alliance, &err) && time(NULL) < deadline);
    assert_string_equal(frozen_state(&stage), "thawed");
    harness_move_clock(0);
}

static void release_for(struct stage *stage, const char *from, const char *ask_id,
                        enum problem_code expected)
{
    json_auto_t *answer = NULL;
    json_auto_t *arguments =
        json_pack("{s:s, s:s}", "decisionId", stage->decision, "askId", ask_id);
    struct problem err = {0};
    struct bus_question question = {.context = &context, .arguments = arguments};
    snprintf(question.from, sizeof question.from, "%s", from);
    memcpy(question.alliance_id, stage->alliance, UUID_SIZE);
    bool ok = subject_release_answer(&question, &answer, &err);
    assert_int_equal(err.code, expected);
    assert_int_equal(ok, expected == PROBLEM_NONE);
}

static void what_was_refused_thaws_at_once(void **state)
{
    (void)state;
    stage_auto_t stage = stage_new();
    describe(&stage);
    release_for(&stage, "risk", stage.ask, PROBLEM_PARAMETER_INVALID);
    assert_string_equal(frozen_state(&stage), "asked");
    release_for(&stage, "membership", stage.ask, PROBLEM_NONE);
    assert_string_equal(frozen_state(&stage), "thawed");
    assert_string_equal(release_outcome, "unopened");
    assert_true(is_thawed(&stage));
    /* The same request may be made again, and another decision too. */
    describe(&stage);
    assert_string_equal(frozen_state(&stage), "asked");
    hear(&stage, "opened", decision_data(&stage, "open"));
    release_for(&stage, "membership", stage.ask, PROBLEM_NONE);
    assert_string_equal(frozen_state(&stage), "held");
    hear(&stage, "carried", decision_data(&stage, "carried"));
    assert_int_equal(carried, 1);
}

static void a_late_release_does_not_undo_a_later_question(void **state)
{
    (void)state;
    stage_auto_t stage = stage_new();
    char first[UUID_SIZE];
    describe(&stage);
    json_auto_t *described = json_incref(stage.described);
    memcpy(first, stage.ask, UUID_SIZE);
    harness_alliance(stage.ask);
    describe(&stage);
    assert_true(json_equal(described, stage.described));
    release_for(&stage, "membership", first, PROBLEM_NONE);
    assert_string_equal(frozen_state(&stage), "asked");
    assert_string_equal(events_after(&stage, 2), "subject.asked");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(what_is_described_is_frozen_and_digested, start_afresh),
        cmocka_unit_test_setup(the_same_question_has_the_same_answer, start_afresh),
        cmocka_unit_test_setup(one_decision_at_a_time, start_afresh),
        cmocka_unit_test_setup(a_subject_has_one_name, start_afresh),
        cmocka_unit_test_setup(who_may_not_know_is_told_nothing, start_afresh),
        cmocka_unit_test_setup(a_restricted_subject_restricts_its_events, start_afresh),
        cmocka_unit_test_setup(a_carried_decision_is_done, start_afresh),
        cmocka_unit_test_setup(a_decision_that_was_never_heard_to_open_is_done_too, start_afresh),
        cmocka_unit_test_setup(a_refusing_hook_leaves_nothing_behind, start_afresh),
        cmocka_unit_test_setup(nothing_takes_effect_on_a_closed_alliance, start_afresh),
        cmocka_unit_test_setup(a_failing_hook_is_no_refusal, start_afresh),
        cmocka_unit_test_setup(only_what_was_frozen_is_done, start_afresh),
        cmocka_unit_test_setup(what_was_never_frozen_is_refused, start_afresh),
        cmocka_unit_test_setup(other_peoples_subjects_are_none_of_our_business, start_afresh),
        cmocka_unit_test_setup(without_effect_it_thaws, start_afresh),
        cmocka_unit_test_setup(what_never_opens_thaws_after_ten_minutes, start_afresh),
        cmocka_unit_test_setup(only_the_rule_that_was_named_carries, start_afresh),
        cmocka_unit_test_setup(a_late_or_stalled_owner_does_not_thaw_what_is_open, start_afresh),
        cmocka_unit_test_setup(nothing_thaws_while_membership_is_silent, start_afresh),
        cmocka_unit_test_setup(what_was_refused_thaws_at_once, start_afresh),
        cmocka_unit_test_setup(a_late_release_does_not_undo_a_later_question, start_afresh),
    };
    return cmocka_run_group_tests(tests, make_db, free_db);
}
