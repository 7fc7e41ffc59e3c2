/* Restricted risks in a real database: there for whom they name, and nowhere for anybody else,
 * limits and days included. */
#include "tests/store/risk_world.h"

/* Its owner and who helps: ZZ3, ZZ1 and ZZ2. */
static struct risk restricted_risk(int64_t now_ms)
{
    struct risk risk = new_risk(now_ms, CATEGORY_WORKFORCE);
    name(&risk, "ZZ3");
    name(&risk, "ZZ1");
    name(&risk, "ZZ2");
    log_at(&risk, now_ms);
    return risk;
}

static void widen_at(struct risk *risk, int64_t now_ms, const char *organisation)
{
    act_auto_t act = {0};
    struct problem err = {0};
    struct editor editor = editor_at(now_ms);
    assert_done(risk_revise(risk, "they must know", &editor, &err), err);
    name(risk, organisation);
    begin(&act);
    assert_done(event_risk_changed(&act, risk, NULL, 0, &err), err);
    commit(&act);
}

/* How many of each a reader gets who may know on behalf of these. */
static void assert_known(const char *known, const char *id, int risks, int versions, int scores)
{
    const struct risk_filter any = {.state = NULL};
    db_tx_auto_t *tx = NULL;
    db_rows_auto_t of_list = {0}, of_history = {0}, of_scores = {0};
    struct problem err = {0};
    struct risk risk = {0};
    struct score score = {0};
    assert_done(db_begin(db, alliance, true, &tx, &err), err);
    assert_done(store_risk_list(tx, known, &any, NULL, 10, &of_list, &err), err);
    assert_int_equal(of_list.count, risks);
    assert_done(store_risk_history_list(tx, known, id, NULL, 10, &of_history, &err), err);
    assert_int_equal(of_history.count, versions);
    assert_done(store_score_list(tx, known, id, NULL, 10, &of_scores, &err), err);
    assert_int_equal(of_scores.count, scores);
    if (scores > 0)
        assert_done(store_score_get(tx, known, id, 3, &score, &err), err);
    else
        assert_problem(store_score_get(tx, known, id, 3, &score, &err), err, PROBLEM_NOT_FOUND);
    if (versions > 0)
        assert_done(store_risk_get(tx, known, id, &risk, &err), err);
    else
        assert_problem(store_risk_get(tx, known, id, &risk, &err), err, PROBLEM_NOT_FOUND);
}

static void a_restricted_risk_is_there_for_whom_it_names(void **state)
{
    (void)state;
    struct risk risk = restricted_risk(1776000000000), read = {0};
    score_at(&risk, 1776000001000, 3, "better");
    assert_known("{ZZ1}", risk.id, 1, 2, 3);
    assert_known("{ZZ4,ZZ2}", risk.id, 1, 2, 3);
    assert_known("{ZZ4}", risk.id, 0, 0, 0);
    assert_known(NOBODY, risk.id, 0, 0, 0);
    db_tx_auto_t *tx = NULL;
    struct problem err = {0};
    assert_done(db_begin(db, alliance, true, &tx, &err), err);
    assert_done(store_risk_get(tx, "{ZZ3}", risk.id, &read, &err), err);
    assert_risk_equal(read, risk);
}

static void no_limit_counts_what_is_restricted(void **state)
{
    (void)state;
    const struct risk_filter any = {.state = NULL};
    struct risk read, hidden = restricted_risk(1776000000000);
    struct risk shown = logged_risk(1776000001000, CATEGORY_WORKFORCE);
    restricted_risk(1776000002000);
    db_tx_auto_t *tx = NULL;
    db_rows_auto_t first = {0}, rest = {0};
    struct problem err = {0};
    assert_true(strcmp(hidden.id, shown.id) < 0);
    assert_int_equal(register_known("{ZZ4}", &any, "2026-04-20", &read), 1);
    assert_string_equal(read.id, shown.id);
    assert_int_equal(register_known("{ZZ1}", &any, "2026-04-20", &read), 3);
    assert_done(db_begin(db, alliance, true, &tx, &err), err);
    assert_done(store_risk_list(tx, "{ZZ4}", &any, NULL, 1, &first, &err), err);
    assert_int_equal(first.count, 1);
    assert_string_equal(row_text(&first, 0, "id"), shown.id);
    assert_done(store_risk_list(tx, "{ZZ4}", &any, shown.id, 1, &rest, &err), err);
    assert_int_equal(rest.count, 0);
}

/* Whoever is named later knows what comes from then on, in every table as in the journal. */
static void what_was_said_in_confidence_stays_so(void **state)
{
    (void)state;
    const struct risk_filter any = {.state = NULL};
    struct risk read, risk = restricted_risk(instant_of("2026-04-20T09:00:00.000Z"));
    widen_at(&risk, instant_of("2026-04-21T09:00:00.000Z"), "ZZ4");
    score_at(&risk, instant_of("2026-04-22T09:00:00.000Z"), 3, "better");
    assert_known("{ZZ1}", risk.id, 1, 3, 3);
    assert_known("{ZZ4}", risk.id, 1, 2, 1);
    assert_int_equal(register_known("{ZZ4}", &any, "2026-04-20", &read), 0);
    assert_int_equal(register_known("{ZZ4}", &any, "2026-04-21", &read), 1);
    assert_int_equal(register_known("{ZZ1}", &any, "2026-04-20", &read), 1);
    assert_string_equal(
        harness_value("select string_agg(class || ' ' || (body::jsonb ->> 'restrictedTo'), ', '"
                      " order by sequence) from risk.journal join risk.journal_body"
                      " using (alliance_id, sequence) where alliance_id = '%s'"
                      " and class = 'restricted'",
                      alliance),
        /* logged, escalated; revised, scored */
        "restricted [\"ZZ3\", \"ZZ1\", \"ZZ2\"], restricted [\"ZZ3\", \"ZZ1\", \"ZZ2\"],"
        " restricted [\"ZZ3\", \"ZZ1\", \"ZZ2\", \"ZZ4\"],"
        " restricted [\"ZZ3\", \"ZZ1\", \"ZZ2\", \"ZZ4\"]");
}

static void fill(char *text, int bytes, const char *unit)
{
    for (int at = 0; at < bytes; at += (int)strlen(unit))
        strcpy(text + at, unit);
}

/* Whatever the api-spec lets in fits an event. */
static void the_largest_restricted_risk_fits_an_event(void **state)
{
    (void)state;
    struct risk risk = new_risk(1776000000000, CATEGORY_WORKFORCE);
    fill(risk.title, NAME_SIZE - 1, "\U0001F3E5");
    fill(risk.cause, PASSAGE_SIZE - 1, "\U0001F3E5");
    fill(risk.event, PASSAGE_SIZE - 1, "\U0001F3E5");
    fill(risk.effect, PASSAGE_SIZE - 1, "\U0001F3E5");
    strcpy(risk.owner_organisation, "ZZZZZZZZ00");
    for (int i = 0; i < RESTRICTED_MAX; i++) {
        fill(risk.restricted_to[i], ODS_SIZE - 1, "Z");
        risk.restricted_to[i][8] = (char)('0' + i / 10);
        risk.restricted_to[i][9] = (char)('0' + i % 10);
        strcpy(risk.supporting[i], risk.restricted_to[i]);
    }
    risk.restricted_count = risk.supporting_count = RESTRICTED_MAX;
    for (risk.link_count = 0; risk.link_count < LINKS_MAX; risk.link_count++) {
        fill(risk.links[risk.link_count], REF_SIZE - 1, "a");
        memcpy(risk.links[risk.link_count], "kpi/", 4);
        risk.links[risk.link_count][4] = (char)('a' + risk.link_count % 26);
    }
    /* As if it had been a draft once. */
    fill(risk.evidence.signal, REF_SIZE - 1, "s");
    fill(risk.evidence.indicator, CODE_SIZE - 1, "i");
    fill(risk.evidence.kind, CODE_SIZE - 1, "k");
    strcpy(risk.evidence.organisation, "ZZZZZZZZ00");
    strcpy(risk.evidence.month, "2026-27-M03");
    log_at(&risk, 1776000000000);
    char reason[PASSAGE_SIZE];
    fill(reason, PASSAGE_SIZE - 1, "\U0001F3E5");
    score_at(&risk, 1776000001000, 3, reason);
    assert_known("{ZZZZZZZZ29}", risk.id, 1, 2, 3);
    act_auto_t act = {0};
    struct problem err = {0};
    struct criteria criteria = criteria_now();
    struct editor editor = editor_at(1776000002000);
    struct review review;
    assert_done(risk_review(&risk, &criteria, reason, &editor, &review, &err), err);
    begin(&act);
    assert_done(event_risk_reviewed(&act, &risk, &review, &err), err);
    commit(&act);
}

static void the_largest_criteria_fit_an_event(void **state)
{
    (void)state;
    act_auto_t act = {0};
    struct problem err = {0};
    struct criteria criteria = criteria_now();
    criteria.number = 2;
    fill(criteria.reason, PASSAGE_SIZE - 1, "\U0001F3E5");
    for (int i = 0; i < CATEGORY_COUNT; i++)
        for (int k = 0; k < FACTOR_MAX; k++)
            fill(criteria.descriptors[i][k], NAME_SIZE - 1, "\U0001F3E5");
    begin(&act);
    assert_done(event_criteria_adopted(&act, &criteria, &err), err);
    commit(&act);
    struct criteria read = criteria_now();
    assert_memory_equal(&read, &criteria, sizeof(read));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_restricted_risk_is_there_for_whom_it_names, make_alliance),
        cmocka_unit_test_setup(no_limit_counts_what_is_restricted, make_alliance),
        cmocka_unit_test_setup(what_was_said_in_confidence_stays_so, make_alliance),
        cmocka_unit_test_setup(the_largest_restricted_risk_fits_an_event, make_alliance),
        cmocka_unit_test_setup(the_largest_criteria_fit_an_event, make_alliance),
    };
    return cmocka_run_group_tests(tests, make_db, free_db);
}
