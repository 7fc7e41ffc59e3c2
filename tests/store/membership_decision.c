/* Decisions on a real database: deadlines by the clock, what follows from an end, what another
 * service's subject must be, and what the tables refuse whatever the code does. */
#include "common/clock.h"
#include "common/service_context.h"
#include "services/membership/questions.h"
#include "tests/store/membership_world.h"

#include "services/membership/rows.h"

/* --- deadlines --- */

static void an_overdue_decision_closed_at_its_deadline_and_was_written_later(void **state)
{
    (void)state;
    char id[UUID_SIZE];
    open_decision("alliance", "resolve", HOUR_MS, id);
    vote_letters(id, "AAAs");
    harness_move_clock(3 * HOUR_MS);
    end_overdue();
    decision_auto_t decision = {0};
    load(id, &decision);
    assert_int_equal(decision.state, DECISION_CARRIED);
    assert_true(decision.closed_ms == decision.deadline_ms);
    assert_true(decision.recorded_ms >= decision.deadline_ms + 2 * HOUR_MS - 1000);
    assert_string_equal(
        harness_value("select body::jsonb -> 'actor' ->> 'service' from "
                      "membership.journal_body where alliance_id = '%s' and type = "
                      "'membership.decision.carried.v1' and subject = 'decisions/%s'",
                      alliance_id, id),
        "membership");
    harness_move_clock(0);
}

static void silence_at_the_deadline_lapses_and_thaws_its_subject(void **state)
{
    (void)state;
    char id[UUID_SIZE];
    char again[UUID_SIZE];
    open_decision("partners/ZZ5", "admit", HOUR_MS, id);
    vote_letters(id, "AAAs");
    harness_move_clock(HOUR_MS + 1);
    end_overdue();
    assert_int_equal(state_of(id), DECISION_LAPSED);
    struct partner partner;
    load_partner("ZZ5", &partner);
    assert_int_equal(partner.status, PARTNER_LAPSED);
    apply("ZZ5");
    open_decision("partners/ZZ5", "admit", HOUR_MS, again);
    vote_letters(again, "AAAA");
    load_partner("ZZ5", &partner);
    assert_int_equal(partner.status, PARTNER_ACTIVE);
    harness_move_clock(0);
}

static void what_is_not_due_stays_open(void **state)
{
    (void)state;
    char id[UUID_SIZE];
    open_decision("alliance", "resolve", HOUR_MS, id);
    end_overdue();
    assert_int_equal(state_of(id), DECISION_OPEN);
}

static void a_vote_after_the_deadline_is_refused_before_any_sweep(void **state)
{
    (void)state;
    char id[UUID_SIZE];
    open_decision("alliance", "resolve", HOUR_MS, id);
    harness_move_clock(HOUR_MS);
    act_auto_t act = {0};
    struct problem err = {0};
    begin(&act);
    assert_problem(try_vote(&act, id, "ZZ1", CHOICE_AGREE, &err), err, PROBLEM_DECISION_CLOSED);
    harness_move_clock(0);
}

/* --- what follows --- */

static void a_new_voter_lapses_open_admissions_and_exclusions_and_nothing_else(void **state)
{
    (void)state;
    char first[UUID_SIZE];
    char second[UUID_SIZE];
    char exclusion[UUID_SIZE];
    char general[UUID_SIZE];
    open_decision("partners/ZZ5", "admit", HOUR_MS, first);
    open_decision("partners/ZZ6", "admit", HOUR_MS, second);
    open_decision("partners/ZZ3", "exclude", HOUR_MS, exclusion);
    open_decision("alliance", "resolve", HOUR_MS, general);
    vote_letters(second, "AAAs");
    vote_letters(first, "AAAA");
    assert_int_equal(state_of(first), DECISION_CARRIED);
    assert_int_equal(state_of(second), DECISION_LAPSED);
    assert_int_equal(state_of(exclusion), DECISION_LAPSED);
    assert_int_equal(state_of(general), DECISION_OPEN);
}

static void an_excluded_partner_drops_out_and_the_rest_decide(void **state)
{
    (void)state;
    char general[UUID_SIZE];
    char exclusion[UUID_SIZE];
    open_decision("alliance", "resolve", HOUR_MS, general);
    vote_letters(general, "AAsA");
    open_decision("partners/ZZ3", "exclude", HOUR_MS, exclusion);
    vote_letters(exclusion, "AAsA");
    assert_int_equal(state_of(exclusion), DECISION_CARRIED);
    assert_int_equal(state_of(general), DECISION_CARRIED);
    assert_string_equal(
        harness_value("select state || ' ' || (reason is not null)::text from "
                      "membership.elector where alliance_id = '%s' and decision_id = "
                      "'%s' and organisation = 'ZZ3'",
                      alliance_id, general),
        "dropped true");
    assert_string_equal(
        harness_value("select count(*) from membership.appointment where alliance_id = "
                      "'%s' and organisation = 'ZZ3' and ends_at is null",
                      alliance_id),
        "0");
}

static void one_subject_and_effect_is_asked_once_at_a_time(void **state)
{
    (void)state;
    char id[UUID_SIZE];
    char again[UUID_SIZE];
    open_decision("partners/ZZ5", "admit", HOUR_MS, id);
    act_auto_t act = {0};
    struct problem err = {0};
    begin(&act);
    assert_problem(try_open(&act, "partners/ZZ5", "admit", act.now_ms + HOUR_MS, again, &err), err,
                   PROBLEM_DECISION_OPEN);
}

/* --- other services' subjects --- */

/* What the owner of a foreign subject would answer; takes `content`. */
static json_t *described_of(const char *kind, const char *ref, const char *effect, json_t *content)
{
    static const char nonce[] = "00112233445566778899aabbccddeeff";
    char digest[DIGEST_SIZE];
    size_t size;
    struct problem err = {0};
    assert_done(subject_digest(ref, effect, nonce, 3, content, digest, &size, &err), err);
    return json_pack("{s:s, s:s, s:s, s:o, s:i, s:s, s:s}", "kind", kind, "title", "A mandate",
                     "summary", "Money moves.", "content", content, "version", 3, "nonce", nonce,
                     "digest", digest);
}

static json_t *described_make(const char *kind, const char *ref, const char *effect,
                              const char *restricted_to)
{
    json_t *described = described_of(kind, ref, effect, json_pack("{s:i}", "amountPence", 5));
    if (restricted_to != NULL)
        json_put_new(described, "restrictedTo", json_loads(restricted_to, 0, NULL));
    return described;
}

static const char MANDATE[] = "ledger/mandates/0193f5a2-8d11-7c3e-9a44-5b6f1f0c2d42";

/* Takes `described`. */
static bool open_foreign(struct act *act, json_t *described, char ret_id[UUID_SIZE],
                         struct problem *err)
{
    json_auto_t *owned = described;
    uuid_new(act->now_ms, ret_id);
    const struct opening opening = {.id = ret_id,
                                    .subject = MANDATE,
                                    .effect = "grant",
                                    .question = "Shall money move?",
                                    .rationale = "Best for project.",
                                    .deadline_ms = act->now_ms + HOUR_MS,
                                    .organisation = "ZZ1",
                                    .appointment_id = ""};
    return decision_open(act, &opening, owned, err);
}

static void another_services_word_is_checked(void **state)
{
    (void)state;
    char id[UUID_SIZE];
    act_auto_t act = {0};
    struct problem err = {0};
    begin(&act);
    assert_problem(open_foreign(&act, described_make("admit", MANDATE, "grant", NULL), id, &err),
                   err, PROBLEM_UPSTREAM);
    assert_problem(
        open_foreign(&act, described_make("moon-landing", MANDATE, "grant", NULL), id, &err), err,
        PROBLEM_UPSTREAM);
    assert_problem(open_foreign(&act,
                                described_make("move-money", "ledger/mandates/x", "grant", NULL),
                                id, &err),
                   err, PROBLEM_UPSTREAM);
    json_t *other = described_make("move-money", MANDATE, "grant", NULL);
    json_object_set_new(json_object_get(other, "content"), "amountPence", json_integer(6));
    assert_problem(open_foreign(&act, other, id, &err), err, PROBLEM_UPSTREAM);
    json_t *untitled = described_make("move-money", MANDATE, "grant", NULL);
    json_object_del(untitled, "title");
    assert_problem(open_foreign(&act, untitled, id, &err), err, PROBLEM_UPSTREAM);
}

/* As open_foreign(), by what the owner froze `age_ms` ago for this rule. */
static bool open_frozen(struct act *act, const char *rule, int64_t age_ms, char ret_id[UUID_SIZE],
                        struct problem *err)
{
    json_auto_t *described = described_make("general", MANDATE, "grant", NULL);
    json_put_text(described, "rule", rule);
    uuid_new(act->now_ms, ret_id);
    const struct opening opening = {.id = ret_id,
                                    .subject = MANDATE,
                                    .effect = "grant",
                                    .question = "Shall it?",
                                    .rationale = "Best for project.",
                                    .deadline_ms = act->now_ms + HOUR_MS,
                                    .organisation = "ZZ1",
                                    .appointment_id = "",
                                    .asked_ms = monotonic_ms() - age_ms};
    return decision_open(act, &opening, described, err);
}

static void what_was_frozen_opens_soon_by_its_rule_or_not_at_all(void **state)
{
    (void)state;
    char id[UUID_SIZE];
    act_auto_t act = {0};
    struct problem err = {0};
    json_auto_t *rules = NULL;
    begin(&act);
    assert_done(opening_rules(act.tx, act.now_ms, &rules, &err), err);
    assert_int_equal(json_object_size(rules), KIND_COUNT);
    assert_string_equal(json_text(rules, "move-money"), "unanimous");
    const char *rule = json_text(rules, "general");
    const char *other = strcmp(rule, "two-thirds") == 0 ? "unanimous" : "two-thirds";
    /* The owner has given it up by now, or is about to. */
    assert_problem(open_frozen(&act, rule, FREEZE_FRESH_MS + 1, id, &err), err,
                   PROBLEM_UNAVAILABLE);
    assert_problem(open_frozen(&act, other, 1, id, &err), err, PROBLEM_UNAVAILABLE);
    problem_clear(&err);
    assert_done(open_frozen(&act, rule, 1, id, &err), err);
    commit(&act);
}

static void owners_hear_what_has_opened(void **state)
{
    (void)state;
    char opened[UUID_SIZE], ended[UUID_SIZE];
    struct problem err = {0};
    struct service_context context = {.db = db};
    open_decision("partners/ZZ5", "admit", HOUR_MS, opened);
    open_decision("partners/ZZ6", "admit", HOUR_MS, ended);
    vote_letters(ended, "AAAA");
    json_auto_t *arguments = json_pack("{s:[s, s, s]}", "decisions", opened, ended, HAND);
    json_auto_t *answer = NULL;
    struct bus_question question = {.context = &context, .arguments = arguments};
    memcpy(question.alliance_id, alliance_id, UUID_SIZE);
    assert_string_equal(MEMBERSHIP_ANSWERERS[0].question, "decisions.opened");
    assert_done(MEMBERSHIP_ANSWERERS[0].answer(&question, &answer, &err), err);
    const json_t *list = json_object_get(answer, "opened");
    assert_int_equal(json_array_size(list), 2);
    for (size_t i = 0; i < 2; i++) {
        const char *id = json_string_value(json_array_get(list, i));
        assert_true(strcmp(id, opened) == 0 || strcmp(id, ended) == 0);
    }
}

static void what_could_not_end_does_not_open(void **state)
{
    (void)state;
    char id[UUID_SIZE];
    char filler[30 * 1024];
    char words[TEXT_SIZE];
    act_auto_t act = {0};
    struct problem err = {0};
    begin(&act);
    memset(filler, 'x', sizeof filler - 1);
    filler[sizeof filler - 1] = '\0';
    memset(words, 'y', sizeof words - 1);
    words[sizeof words - 1] = '\0';
    json_auto_t *described =
        described_of("move-money", MANDATE, "grant", json_pack("{s:s}", "filler", filler));
    uuid_new(act.now_ms, id);
    const struct opening opening = {.id = id,
                                    .subject = MANDATE,
                                    .effect = "grant",
                                    .question = words,
                                    .rationale = words,
                                    .deadline_ms = act.now_ms + HOUR_MS,
                                    .organisation = "ZZ1",
                                    .appointment_id = ""};
    assert_problem(decision_open(&act, &opening, described, &err), err, PROBLEM_BODY_TOO_LARGE);
}

static void who_decides_may_know_or_it_is_not_decided(void **state)
{
    (void)state;
    char id[UUID_SIZE];
    act_auto_t act = {0};
    struct problem err = {0};
    begin(&act);
    assert_problem(open_foreign(&act,
                                described_make("general", MANDATE, "grant", "[\"ZZ1\",\"ZZ2\"]"),
                                id, &err),
                   err, PROBLEM_RULE_BROKEN);
    assert_done(open_foreign(&act,
                             described_make("general", MANDATE, "grant",
                                            "[\"ZZ1\",\"ZZ2\",\"ZZ3\",\"ZZ4\"]"),
                             id, &err),
                err);
    commit(&act);
    vote_letters(id, "AAAA");
    assert_string_equal(
        harness_value("select string_agg(distinct j.class, ',') from "
                      "membership.journal as j join membership.journal_body as b using "
                      "(alliance_id, sequence) where j.alliance_id = '%s' and "
                      "b.subject = 'decisions/%s'",
                      alliance_id, id),
        "restricted");
    db_tx_auto_t *tx = NULL;
    db_rows_auto_t known = {0};
    db_rows_auto_t unknown = {0};
    assert_done(db_begin(db, alliance_id, true, &tx, &err), err);
    assert_done(store_decision_list(tx, NULL, "general", NULL, "{ZZ9,ZZ2}", NULL, 10, &known, &err),
                err);
    assert_int_equal(known.count, 1);
    assert_done(store_decision_list(tx, NULL, "general", NULL, "{ZZ9}", NULL, 10, &unknown, &err),
                err);
    assert_int_equal(unknown.count, 0);
}

static void carried_money(char ret_id[UUID_SIZE])
{
    act_auto_t act = {0};
    struct problem err = {0};
    begin(&act);
    assert_done(
        open_foreign(&act, described_make("move-money", MANDATE, "grant", NULL), ret_id, &err),
        err);
    commit(&act);
    vote_letters(ret_id, "AAAA");
}

/* The event as the consumer hands it over. */
static void react(const char *source, int64_t sequence, json_t *envelope)
{
    json_auto_t *owned = envelope;
    act_auto_t act = {0};
    struct problem err = {0};
    const struct foreign_event event = {.source = source,
                                        .sequence = sequence,
                                        .type = "ledger.mandate.granted.v1",
                                        .subject = MANDATE,
                                        .data = json_object_get(owned, "data"),
                                        .envelope = owned};
    begin(&act);
    assert_done(event_react(&act, &event, &err), err);
    commit(&act);
}

static const char *effects_of(const char *id)
{
    return harness_value(
        "select string_agg(format('%%s %%s %%s %%s', service, state, "
        "coalesce(event::text, '-'), version), ', ' order by service) from "
        "membership.decision_effect where alliance_id = '%s' and decision_id = '%s'",
        alliance_id, id);
}

static void an_owners_effect_is_pending_until_its_journal_says_so(void **state)
{
    (void)state;
    char id[UUID_SIZE];
    carried_money(id);
    assert_string_equal(effects_of(id), "ledger pending - 1");
    react("ledger", 7,
          json_pack("{s:{s:s, s:s}, s:{}}", "effect", "decision", id, "state", "done", "data"));
    assert_string_equal(effects_of(id), "ledger done 7 2");
    react("reinvestment", 4,
          json_pack("{s:{s:s, s:s, s:s}, s:{}}", "effect", "decision", id, "state", "refused",
                    "reason", "Too late.", "data"));
    assert_string_equal(effects_of(id), "ledger done 7 2, reinvestment refused 4 1");
}

static void an_effect_of_nobodys_decision_stops_nothing(void **state)
{
    (void)state;
    char id[UUID_SIZE];
    harness_alliance(id);
    react("ledger", 7,
          json_pack("{s:{s:s, s:s}, s:{}}", "effect", "decision", id, "state", "done", "data"));
    react("ledger", 8, json_pack("{s:{}}", "data"));
    react("ledger", 9,
          json_pack("{s:{s:s, s:s}, s:{}}", "effect", "decision", "nonsense", "state", "done",
                    "data"));
    assert_string_equal(effects_of(id), "");
}

/* --- what the tables refuse --- */

/* An event that our rules would never let through. */
static void refused_by_the_tables(json_t *data)
{
    json_auto_t *owned = data;
    act_auto_t act = {0};
    struct problem err = {0};
    const struct event event = {.type = "membership.probe.v1",
                                .subject = "alliance",
                                .data = owned,
                                .occurred_ms = INSTANT_NONE};
    begin(&act);
    assert_false(act_append(&act, &event, &err) && act_flush(&act, &err) && act_commit(&act, &err));
}

static void change_decision(const char *id, const char *column, json_t *value)
{
    decision_auto_t decision = {0};
    load(id, &decision);
    json_t *row = decision_row(&decision);
    json_object_set_new(row, column, value);
    refused_by_the_tables(json_pack("{s:o}", "decision", row));
}

static void the_tables_refuse_what_a_decision_can_not_be(void **state)
{
    (void)state;
    char id[UUID_SIZE];
    open_decision("partners/ZZ5", "admit", HOUR_MS, id);
    change_decision(id, "rule", json_string("simple-majority"));
    change_decision(id, "state", json_string("carried"));
    change_decision(id, "closedAt", json_string("2026-01-01T00:00:00.000Z"));
    change_decision(id, "deadlineAt", json_string("2016-01-01T00:00:00.000Z"));
    change_decision(id, "digest", json_string("short"));
    change_decision(id, "content", json_array());
    /* a second one over the same thing */
    char other[UUID_SIZE];
    harness_alliance(other);
    change_decision(id, "id", json_string(other));
}

static void change_elector(const char *id, const char *column, json_t *value)
{
    struct partner partner = founder_make(0);
    const struct elector elector = elector_of(&partner);
    json_t *row = elector_row(id, &elector);
    json_object_set_new(row, column, value);
    refused_by_the_tables(json_pack("{s:o}", "elector", row));
}

static void the_tables_refuse_what_a_vote_can_not_be(void **state)
{
    (void)state;
    char id[UUID_SIZE];
    char other[UUID_SIZE];
    open_decision("partners/ZZ5", "admit", HOUR_MS, id);
    harness_alliance(other);
    change_elector(id, "choice", json_string("agree"));
    change_elector(id, "state", json_string("recused"));
    change_elector(id, "decisionId", json_string(other));
    struct vote reasonless = {.organisation = "ZZ1",
                              .number = 1,
                              .choice = CHOICE_DISAGREE,
                              .cast_ms = 1776000000000,
                              .appointment_id = HAND};
    refused_by_the_tables(json_pack("{s:o}", "vote", vote_row(id, &reasonless)));
    struct vote stranger = {.organisation = "ZZ9",
                            .number = 1,
                            .choice = CHOICE_AGREE,
                            .cast_ms = 1776000000000,
                            .appointment_id = HAND};
    refused_by_the_tables(json_pack("{s:o}", "vote", vote_row(id, &stranger)));
}

static void a_version_of_a_vote_is_never_written_twice(void **state)
{
    (void)state;
    char id[UUID_SIZE];
    open_decision("partners/ZZ5", "admit", HOUR_MS, id);
    vote(id, "ZZ1", CHOICE_AGREE);
    struct vote again = {.organisation = "ZZ1",
                         .number = 1,
                         .choice = CHOICE_ABSTAIN,
                         .cast_ms = 1776000000000,
                         .appointment_id = HAND};
    refused_by_the_tables(json_pack("{s:o}", "vote", vote_row(id, &again)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(an_overdue_decision_closed_at_its_deadline_and_was_written_later,
                               make_alliance),
        cmocka_unit_test_setup(silence_at_the_deadline_lapses_and_thaws_its_subject, make_alliance),
        cmocka_unit_test_setup(what_is_not_due_stays_open, make_alliance),
        cmocka_unit_test_setup(a_vote_after_the_deadline_is_refused_before_any_sweep,
                               make_alliance),
        cmocka_unit_test_setup(a_new_voter_lapses_open_admissions_and_exclusions_and_nothing_else,
                               make_alliance),
        cmocka_unit_test_setup(an_excluded_partner_drops_out_and_the_rest_decide, make_alliance),
        cmocka_unit_test_setup(one_subject_and_effect_is_asked_once_at_a_time, make_alliance),
        cmocka_unit_test_setup(another_services_word_is_checked, make_alliance),
        cmocka_unit_test_setup(what_was_frozen_opens_soon_by_its_rule_or_not_at_all, make_alliance),
        cmocka_unit_test_setup(owners_hear_what_has_opened, make_alliance),
        cmocka_unit_test_setup(what_could_not_end_does_not_open, make_alliance),
        cmocka_unit_test_setup(who_decides_may_know_or_it_is_not_decided, make_alliance),
        cmocka_unit_test_setup(an_owners_effect_is_pending_until_its_journal_says_so,
                               make_alliance),
        cmocka_unit_test_setup(an_effect_of_nobodys_decision_stops_nothing, make_alliance),
        cmocka_unit_test_setup(the_tables_refuse_what_a_decision_can_not_be, make_alliance),
        cmocka_unit_test_setup(the_tables_refuse_what_a_vote_can_not_be, make_alliance),
        cmocka_unit_test_setup(a_version_of_a_vote_is_never_written_twice, make_alliance),
    };
    return cmocka_run_group_tests(tests, make_db, free_db);
}
