/* The journal as partners see it: the feed, restricted and erased events, the export that
 * accord-verify checks, the signed head; and traces through two services. */
#include "tests/store/harness.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "common/export.h"
#include "common/http_private.h"
#include "common/ids.h"
#include "common/instant.h"
#include "common/journal.h"
#include "common/json.h"
#include "common/questions.h"
#include "common/trace.h"
#include "tests/unit/common/cluster_keys.h"

static struct cluster_keys cluster;
static const char *const NOBODY[] = {NULL};
static const struct service LEDGER = {.name = "ledger", .follows = NOBODY};
static const struct service MEMBERSHIP = {.name = "membership", .follows = NOBODY};
static struct service_context ledger = {.service = &LEDGER};
static struct service_context membership = {.service = &MEMBERSHIP};
static char questions[64], nowhere[64];

static void free_address(char ret_address[64])
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int socket_fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(socket_fd, (struct sockaddr *)&address, size), 0);
    assert_int_equal(getsockname(socket_fd, (struct sockaddr *)&address, &size), 0);
    close(socket_fd);
    snprintf(ret_address, 64, "tcp://127.0.0.1:%d", ntohs(address.sin_port));
}

static int make_services(void **state)
{
    (void)state;
    struct problem err = {0};
    cluster_keys_make(&cluster);
    cluster_key(&cluster, "ledger", 1);
    cluster_key(&cluster, "membership", 1);
    cluster_publish(&cluster);
    free_address(questions);
    free_address(nowhere);
    struct bus_config server = {.questions = questions,
                                .tables = {{HOUSE_ANSWERERS, HOUSE_ANSWERER_COUNT}}};
    struct bus_config client = {
        .peers =
            {{.service = "membership", .count = 1, .questions = {questions}, .wakes = {nowhere}},
             {.service = "risk", .count = 1, .questions = {nowhere}, .wakes = {nowhere}}},
        .peer_count = 2};
    ledger.db = harness_db("ledger", 4);
    membership.db = harness_db("membership", 4);
    assert_done(signer_new("ledger", cluster.folder, &ledger.signer, &err), err);
    assert_done(signer_new("membership", cluster.folder, &membership.signer, &err), err);
    assert_done(bus_new(&server, membership.signer, &membership, &membership.bus, &err), err);
    assert_done(bus_start(membership.bus, &err), err);
    assert_done(bus_new(&client, ledger.signer, &ledger, &ledger.bus, &err), err);
    return 0;
}

static int free_services(void **state)
{
    (void)state;
    bus_free(ledger.bus);
    bus_free(membership.bus);
    signer_free(ledger.signer);
    signer_free(membership.signer);
    db_free(ledger.db);
    db_free(membership.db);
    cluster_keys_done(&cluster);
    return 0;
}

/* --- events ----------------------------------------------------------------------------------- */

static int64_t say(struct service_context *service, const char *alliance, const char *type,
                   const char *subject, const char *restricted_to, const char *links)
{
    struct problem err = {0};
    act_auto_t act = {0};
    json_auto_t *data = json_pack("{s:{s:s}}", "note", "text", type),
                *restricted = restricted_to == NULL ? NULL : json_loads(restricted_to, 0, NULL),
                *linked = links == NULL ? NULL : json_loads(links, 0, NULL);
    assert_done(
        act_begin(service->db, service->service->name, alliance, &HARNESS_ACTOR, true, &act, &err),
        err);
    struct event event = {.type = type,
                          .subject = subject,
                          .data = data,
                          .class = restricted == NULL ? EVENT_OPEN : EVENT_RESTRICTED,
                          .restricted_to = restricted,
                          .links = linked,
                          .occurred_ms = INSTANT_NONE};
    assert_done(act_append(&act, &event, &err), err);
    assert_done(act_commit(&act, &err), err);
    return act.sequence;
}

static void erase(const char *alliance, int64_t sequence)
{
    struct problem err = {0};
    act_auto_t act = {0};
    assert_done(act_begin(ledger.db, "ledger", alliance, &HARNESS_ACTOR, false, &act, &err), err);
    assert_done(journal_erase(&act, sequence, "asked", "somebody", &err), err);
    assert_done(act_commit(&act, &err), err);
}

/* --- a request as the dispatcher would hand it over ------------------------------------------- */

struct call {
    struct operation operation;
    struct request request;
    struct request_private private;
    struct reply reply;
    struct db_tx *tx;
};

static void call_begin(struct call *call, const char *alliance, const char *organisation,
                       int64_t after, bool wants_lines)
{
    static char after_text[32];
    struct problem err = {0};
    memset(call, 0, sizeof *call);
    call->operation.path = "/v1/alliances/{allianceId}/ledger/transactions/{transactionId}/trace";
    call->operation.answers[0].type = "application/json";
    call->operation.answers[1].type = "application/x-ndjson";
    call->operation.answer_count = 2;
    call->private.accept = wants_lines ? 1 : 0;
    snprintf(after_text, sizeof after_text, "%lld", (long long)after);
    call->private.query[0] = (struct query_parameter){"after", after_text};
    call->private.query[1] = (struct query_parameter){"limit", "100"};
    call->private.query_count = 2;
    call->private.match.names[0] = "transactionId";
    call->private.match.values[0] = "018f0000-0000-7000-8000-000000000001";
    call->private.match.value_count = 1;
    call->request.context = &ledger;
    call->request.operation = &call->operation;
    call->request.private = &call->private;
    call->request.standing.has_alliance = true;
    call->request.standing.has_partner = true;
    call->request.standing.partner_status = PARTNER_ACTIVE;
    snprintf(call->request.standing.alliance_status, CODE_SIZE, "active");
    snprintf(call->request.standing.organisation, ODS_SIZE, "%s", organisation);
    snprintf(call->request.standing.token_organisation, ODS_SIZE, "%s", organisation);
    snprintf(call->request.alliance_id, UUID_SIZE, "%s", alliance);
    call->request.now_ms = 1790000000000;
    assert_done(db_begin(ledger.db, alliance, true, &call->tx, &err), err);
    call->request.tx = call->tx;
}

static void call_end(struct call *call)
{
    reply_clear(&call->reply);
    db_rollback(call->tx);
}
#define call_auto_t CLEANUP(call_end) struct call

static json_t *item(const struct call *call, size_t index)
{
    return json_array_get(json_object_get(call->reply.resource, "items"), index);
}

/* --- the feed --------------------------------------------------------------------------------- */

static void an_open_event_is_a_cloud_event_with_its_proof(void **state)
{
    (void)state;
    char alliance[UUID_SIZE], id[128], source[128];
    struct problem err = {0};
    call_auto_t call;
    harness_alliance(alliance);
    say(&ledger, alliance, "ledger.note.made.v1", "ledger/notes/1", NULL, NULL);
    call_begin(&call, alliance, "ZZ9", 0, false);
    assert_done(journal_list(&call.request, &call.reply, &err), err);
    assert_int_equal(json_integer_or(call.reply.resource, "head", -1), 1);
    const json_t *event = item(&call, 0);
    snprintf(id, sizeof id, "ledger/%s/1", alliance);
    snprintf(source, sizeof source, "/v1/alliances/%s/journals/ledger", alliance);
    assert_string_equal(json_text(event, "specversion"), "1.0");
    assert_string_equal(json_text(event, "id"), id);
    assert_string_equal(json_text(event, "source"), source);
    assert_string_equal(json_text(event, "type"), "ledger.note.made.v1");
    assert_string_equal(json_text(event, "subject"), "ledger/notes/1");
    assert_string_equal(json_text(event, "datacontenttype"), "application/json");
    assert_string_equal(json_text(json_object_get(json_object_get(event, "data"), "note"), "text"),
                        "ledger.note.made.v1");
    assert_int_equal(json_integer_or(event, "sequence", -1), 1);
    assert_string_equal(json_text(event, "class"), "open");
    struct hash salt, digest;
    assert_true(hash_parse(json_text(event, "salt"), &salt));
    assert_true(hash_parse(json_text(event, "digest"), &digest));
    const char *body = json_text(event, "body");
    struct hash own = chain_digest(false, &salt, body, strlen(body));
    assert_true(hash_is_equal(&own, &digest));
}

static void assert_proof_only(const json_t *event, const char *class)
{
    assert_int_equal(json_object_size(event), 4);
    assert_string_equal(json_text(event, "class"), class);
    assert_non_null(json_text(event, "digest"));
    assert_non_null(json_text(event, "hash"));
    assert_int_not_equal(json_integer_or(event, "sequence", -1), -1);
}

static void a_restricted_event_is_shown_to_whom_it_concerns(void **state)
{
    (void)state;
    char alliance[UUID_SIZE];
    struct problem err = {0};
    harness_alliance(alliance);
    say(&ledger, alliance, "ledger.note.made.v1", "ledger/notes/1", "[\"ZZ1\",\"ZZ2\"]", NULL);
    {
        call_auto_t call;
        call_begin(&call, alliance, "ZZ9", 0, false);
        assert_done(journal_list(&call.request, &call.reply, &err), err);
        assert_proof_only(item(&call, 0), "restricted");
    }
    call_auto_t call;
    call_begin(&call, alliance, "ZZ2", 0, false);
    assert_done(journal_list(&call.request, &call.reply, &err), err);
    assert_string_equal(json_text(item(&call, 0), "type"), "ledger.note.made.v1");
    assert_string_equal(json_text(item(&call, 0), "class"), "restricted");
}

static void an_erased_event_keeps_its_proof(void **state)
{
    (void)state;
    char alliance[UUID_SIZE];
    struct problem err = {0};
    call_auto_t call;
    harness_alliance(alliance);
    say(&ledger, alliance, "ledger.note.made.v1", "ledger/notes/1", NULL, NULL);
    erase(alliance, 1);
    call_begin(&call, alliance, "ZZ1", 0, false);
    assert_done(journal_list(&call.request, &call.reply, &err), err);
    assert_proof_only(item(&call, 0), "erased");
    assert_string_equal(json_text(item(&call, 1), "type"), "ledger.journal.erased.v1");
}

static void who_left_reads_what_was_recorded_before(void **state)
{
    (void)state;
    enum { DAY_MS = 24 * 3600 * 1000 };
    static const enum partner_status OUT[] = {PARTNER_LEFT, PARTNER_EXCLUDED};
    char alliance[UUID_SIZE];
    struct problem err = {0};
    harness_alliance(alliance);
    say(&ledger, alliance, "ledger.note.made.v1", "ledger/notes/1", NULL, NULL);
    harness_move_clock(2 * DAY_MS);
    say(&ledger, alliance, "ledger.note.made.v1", "ledger/notes/2", NULL, NULL);
    harness_move_clock(0);
    for (size_t i = 0; i < ARRAY_LENGTH(OUT); i++) {
        call_auto_t call;
        call_begin(&call, alliance, "ZZ6", 0, false);
        call.request.standing.partner_status = OUT[i];
        call.request.standing.left_on = instant_day((int64_t)time(NULL) * 1000) + 2;
        assert_done(journal_list(&call.request, &call.reply, &err), err);
        assert_string_equal(json_text(item(&call, 0), "subject"), "ledger/notes/1");
        assert_proof_only(item(&call, 1), "restricted");
    }
    call_auto_t call;
    call_begin(&call, alliance, "ZZ6", 0, false);
    assert_done(journal_list(&call.request, &call.reply, &err), err);
    assert_string_equal(json_text(item(&call, 1), "subject"), "ledger/notes/2");
}

static void money_is_not_erased(void **state)
{
    (void)state;
    char alliance[UUID_SIZE];
    struct problem err = {0};
    harness_alliance(alliance);
    {
        /* Without columns of the table: nothing rests on it, but it says that money moved. */
        act_auto_t act = {0};
        json_auto_t *data = json_pack("{s:[]}", "entry");
        struct event event = {.type = "ledger.money.moved.v1",
                              .subject = "ledger/notes/1",
                              .data = data,
                              .occurred_ms = INSTANT_NONE};
        assert_done(act_begin(ledger.db, "ledger", alliance, &HARNESS_ACTOR, true, &act, &err),
                    err);
        assert_done(act_append(&act, &event, &err), err);
        assert_done(act_commit(&act, &err), err);
    }
    act_auto_t act = {0};
    assert_done(act_begin(ledger.db, "ledger", alliance, &HARNESS_ACTOR, true, &act, &err), err);
    assert_problem(journal_erase(&act, 1, "asked", "somebody", &err), err, PROBLEM_RULE_BROKEN);
}

static void the_feed_goes_on_after_a_number(void **state)
{
    (void)state;
    char alliance[UUID_SIZE];
    struct problem err = {0};
    call_auto_t call;
    harness_alliance(alliance);
    for (int i = 0; i < 3; i++)
        say(&ledger, alliance, "ledger.note.made.v1", "ledger/notes/1", NULL, NULL);
    call_begin(&call, alliance, "ZZ1", 2, false);
    assert_done(journal_list(&call.request, &call.reply, &err), err);
    assert_int_equal(json_array_size(json_object_get(call.reply.resource, "items")), 1);
    assert_int_equal(json_integer_or(item(&call, 0), "sequence", -1), 3);
}

/* Who may not read it sees no more of its size than who may. */
static void a_restricted_event_counts_as_the_largest_in_a_page(void **state)
{
    enum { PAGE = JOURNAL_PAGE_BYTES_MAX / EVENT_BYTES_MAX };
    (void)state;
    static const char *const organisations[] = {"ZZ1", "ZZ2"};
    char alliance[UUID_SIZE];
    harness_alliance(alliance);
    say(&ledger, alliance, "ledger.note.made.v1", "ledger/notes/1", NULL, NULL);
    for (int i = 0; i < PAGE + 2; i++)
        say(&ledger, alliance, "ledger.note.made.v1", "ledger/notes/1", "[\"ZZ1\"]", NULL);
    for (size_t i = 0; i < ARRAY_LENGTH(organisations); i++) {
        struct problem err = {0};
        call_auto_t call;
        call_begin(&call, alliance, organisations[i], 1, false);
        assert_done(journal_list(&call.request, &call.reply, &err), err);
        assert_int_equal(json_array_size(json_object_get(call.reply.resource, "items")), PAGE);
    }
}

/* --- the export and the head ------------------------------------------------------------------ */

struct kept {
    char *lines;
    char *head;
    struct journal_head claims;
};

static void kept_done(struct kept *kept)
{
    free(kept->lines);
    free(kept->head);
}

/* What a partner that may see less has downloaded. */
static struct kept download(const char *alliance, const char *organisation)
{
    struct problem err = {0};
    struct kept kept;
    call_auto_t call, head;
    call_begin(&head, alliance, organisation, 0, false);
    assert_done(journal_head_get(&head.request, &head.reply, &err), err);
    assert_string_equal(head.reply.content_type, "application/jose");
    kept.head = strdup(head.reply.text);
    call_begin(&call, alliance, organisation, 0, true);
    assert_done(journal_list(&call.request, &call.reply, &err), err);
    assert_string_equal(call.reply.content_type, "application/x-ndjson");
    kept.lines = strdup(call.reply.text);
    assert_done(journal_head_read(signer_keys(ledger.signer), kept.head, &kept.claims, &err), err);
    return kept;
}

static bool verify(const struct kept *kept, const char *lines, struct journal_export *ret_export,
                   struct problem *err)
{
    FILE *file = fmemopen((char *)lines, strlen(lines), "r");
    assert_non_null(file);
    bool ok = export_check(file, &kept->claims, ret_export, err);
    fclose(file);
    return ok;
}

static void an_export_verifies_against_its_head(void **state)
{
    (void)state;
    char alliance[UUID_SIZE];
    struct problem err = {0};
    struct journal_export whole;
    harness_alliance(alliance);
    say(&ledger, alliance, "ledger.note.made.v1", "ledger/notes/1", NULL, NULL);
    say(&ledger, alliance, "ledger.note.made.v1", "ledger/notes/2", "[\"ZZ1\"]", NULL);
    erase(alliance, 1);
    CLEANUP(kept_done) struct kept kept = download(alliance, "ZZ9");
    assert_done(verify(&kept, kept.lines, &whole, &err), err);
    assert_int_equal(whole.sequence, 3);
    assert_int_equal(whole.restricted, 1);
    assert_int_equal(whole.erased, 1);
    assert_int_equal(kept.claims.sequence, 3);
    assert_int_equal(kept.claims.signed_at_s, 1790000000);
    /* What comes later does not spoil what was kept. */
    say(&ledger, alliance, "ledger.note.made.v1", "ledger/notes/3", NULL, NULL);
    CLEANUP(kept_done) struct kept later = download(alliance, "ZZ9");
    assert_done(verify(&kept, later.lines, &whole, &err), err);
    assert_int_equal(whole.sequence, 4);
}

static void an_empty_journal_has_a_head(void **state)
{
    (void)state;
    char alliance[UUID_SIZE];
    harness_alliance(alliance);
    CLEANUP(kept_done) struct kept kept = download(alliance, "ZZ1");
    assert_int_equal(kept.claims.sequence, 0);
    struct hash genesis = chain_genesis("ledger", alliance);
    assert_true(hash_is_equal(&kept.claims.hash, &genesis));
    assert_string_equal(kept.lines, "");
}

/* Line `number` (from 1) of a text of lines, with the first `from` in it replaced by `to`. */
static char *line_changed(const char *lines, int number, const char *from, const char *to)
{
    const char *line = lines;
    for (int i = 1; i < number; i++)
        line = strchr(line, '\n') + 1;
    const char *at = strstr(line, from);
    assert_non_null(at);
    char *changed;
    assert_true(asprintf(&changed, "%.*s%s%s", (int)(at - lines), lines, to, at + strlen(from)) >
                0);
    return changed;
}

static void assert_bad(const struct kept *kept, char *lines, const char *words)
{
    struct problem err = {0};
    struct journal_export whole;
    assert_false(verify(kept, lines, &whole, &err));
    if (strstr(err.detail, words) == NULL)
        fail_msg("'%s' instead of '... %s ...'", err.detail, words);
    free(lines);
}

/* The lines without line `number`. */
static char *line_dropped(const char *lines, int number)
{
    const char *line = lines;
    for (int i = 1; i < number; i++)
        line = strchr(line, '\n') + 1;
    char *left;
    assert_true(asprintf(&left, "%.*s%s", (int)(line - lines), lines, strchr(line, '\n') + 1) >= 0);
    return left;
}

static void the_first_bad_event_is_named(void **state)
{
    (void)state;
    char alliance[UUID_SIZE];
    harness_alliance(alliance);
    for (int i = 0; i < 3; i++)
        say(&ledger, alliance, "ledger.note.made.v1", "ledger/notes/1", NULL, NULL);
    CLEANUP(kept_done) struct kept kept = download(alliance, "ZZ1");
    assert_bad(&kept,
               line_changed(kept.lines, 2, "\\\"text\\\":\\\"ledger", "\\\"text\\\":\\\"forged"),
               "event 2 (line 2) was changed");
    assert_bad(&kept,
               line_changed(kept.lines, 2, "\"subject\":\"ledger/notes/1\"",
                            "\"subject\":\"ledger/notes/9\""),
               "event 2 (line 2) shows something else");
    assert_bad(&kept,
               line_changed(kept.lines, 2, "\"data\":{\"note\":{\"text\":\"ledger",
                            "\"data\":{\"note\":{\"text\":\"forged"),
               "event 2 (line 2) shows something else");
    assert_bad(&kept, line_changed(kept.lines, 2, "\"class\":\"open\"", "\"class\":\"restricted\""),
               "event 2 (line 2) was changed");
    assert_bad(&kept, line_changed(kept.lines, 2, "\"class\":\"open\"", "\"class\":\"erased\""),
               "event 2 (line 2) has no body");
    assert_bad(&kept, line_changed(kept.lines, 3, "\"sequence\":3", "\"sequence\":2"),
               "event 3 (line 3) is followed by an earlier one");
    assert_bad(&kept, line_dropped(kept.lines, 2), "event 2 (line 2) is missing");
    assert_bad(&kept, line_dropped(kept.lines, 1), "event 1 (line 1) is missing");
    assert_bad(&kept, line_dropped(kept.lines, 3), "event 3 is missing");
    assert_bad(&kept, line_changed(kept.lines, 2, "{", ""),
               "event 2 (line 2) is not a line of JSON");
}

static void a_rewritten_history_does_not_fit_the_kept_head(void **state)
{
    (void)state;
    char alliance[UUID_SIZE];
    harness_alliance(alliance);
    say(&ledger, alliance, "ledger.note.made.v1", "ledger/notes/1", NULL, NULL);
    CLEANUP(kept_done) struct kept kept = download(alliance, "ZZ1");
    /* A consistent chain, but not the one that was signed. */
    harness_sql("set session_replication_role = replica;"
                "delete from ledger.journal where alliance_id = '%s';"
                "delete from ledger.journal_body where alliance_id = '%s';"
                "delete from ledger.journal_head where alliance_id = '%s';"
                "set session_replication_role = origin",
                alliance, alliance, alliance);
    say(&ledger, alliance, "ledger.note.made.v1", "ledger/notes/1", NULL, NULL);
    CLEANUP(kept_done) struct kept forged = download(alliance, "ZZ1");
    assert_bad(&kept, strdup(forged.lines), "event 1 (line 1) has another hash than the kept head");
    /* A restricted one cannot be left out by calling a changed one restricted: hashes go on. */
    struct problem err = {0};
    struct journal_export whole;
    assert_done(verify(&forged, forged.lines, &whole, &err), err);
}

/* --- traces ----------------------------------------------------------------------------------- */

static const char TRANSACTION[] = "ledger/transactions/018f0000-0000-7000-8000-000000000001";

/* A capture that relied on a decision, which was voted on in membership and linked a risk. */
static void play(const char *alliance, const char *restricted_to)
{
    say(&membership, alliance, "membership.decision.opened.v1", "decisions/1", restricted_to, NULL);
    say(&membership, alliance, "membership.vote.cast.v1", "decisions/1", NULL, NULL);
    say(&membership, alliance, "membership.decision.carried.v1", "decisions/1", NULL,
        "[\"risk/risks/1\", \"agreement/versions/2\"]");
    say(&membership, alliance, "membership.agreement.adopted.v1", "agreement/versions/2", NULL,
        NULL);
    say(&ledger, alliance, "ledger.hold.placed.v1", "ledger/holds/1", NULL, "[\"decisions/1\"]");
    say(&ledger, alliance, "ledger.hold.captured.v1", TRANSACTION, NULL,
        "[\"ledger/holds/1\", \"decisions/1\"]");
}

static const char *types_of(const struct call *call)
{
    static char types[1024];
    size_t index, size = 0;
    const json_t *event;
    types[0] = '\0';
    json_array_foreach(json_object_get(call->reply.resource, "events"), index, event)
    {
        size += (size_t)snprintf(types + size, sizeof types - size, "%s%s", index > 0 ? " " : "",
                                 json_text(event, "type"));
    }
    return types;
}

static void a_trace_leads_back_through_all_services(void **state)
{
    (void)state;
    char alliance[UUID_SIZE];
    struct problem err = {0};
    call_auto_t call;
    harness_alliance(alliance);
    play(alliance, NULL);
    call_begin(&call, alliance, "ZZ9", 0, false);
    assert_done(trace_get(&call.request, &call.reply, &err), err);
    assert_string_equal(json_text(call.reply.resource, "subject"), TRANSACTION);
    assert_string_equal(types_of(&call),
                        "membership.decision.opened.v1 membership.vote.cast.v1 "
                        "membership.decision.carried.v1 membership.agreement.adopted.v1 "
                        "ledger.hold.placed.v1 ledger.hold.captured.v1");
    /* The risk service is not there: it is named, not forgotten. */
    char_auto_t *incomplete =
        json_dumps(json_object_get(call.reply.resource, "incomplete"), JSON_COMPACT);
    assert_string_equal(incomplete, "[\"risk\"]");
    const json_t *last = json_array_get(json_object_get(call.reply.resource, "events"), 5);
    assert_string_equal(json_text(last, "service"), "ledger");
    assert_int_equal(json_integer_or(last, "sequence", -1), 2);
    assert_string_equal(json_text(last, "organisation"), "ZZ1");
    assert_null(json_object_get(last, "restrictedTo"));
}

static void a_trace_leaves_out_what_is_restricted_to_others(void **state)
{
    (void)state;
    char alliance[UUID_SIZE];
    struct problem err = {0};
    call_auto_t call;
    harness_alliance(alliance);
    play(alliance, "[\"ZZ1\"]");
    call_begin(&call, alliance, "ZZ9", 0, false);
    assert_done(trace_get(&call.request, &call.reply, &err), err);
    assert_string_equal(types_of(&call), "membership.vote.cast.v1 membership.decision.carried.v1 "
                                         "membership.agreement.adopted.v1 ledger.hold.placed.v1 "
                                         "ledger.hold.captured.v1");
}

static void nothing_has_no_trace(void **state)
{
    (void)state;
    char alliance[UUID_SIZE];
    struct problem err = {0};
    call_auto_t call;
    harness_alliance(alliance);
    say(&ledger, alliance, "ledger.note.made.v1", TRANSACTION, "[\"ZZ1\"]", NULL);
    call_begin(&call, alliance, "ZZ9", 0, false);
    assert_problem(trace_get(&call.request, &call.reply, &err), err, PROBLEM_NOT_FOUND);
}

static void a_trace_may_begin_at_an_event_of_another_subject(void **state)
{
    (void)state;
    char alliance[UUID_SIZE];
    struct problem err = {0};
    call_auto_t call;
    harness_alliance(alliance);
    int64_t sequence = say(&ledger, alliance, "ledger.hold.captured.v1", "ledger/holds/1", NULL,
                           "[\"ledger/notes/1\"]");
    say(&ledger, alliance, "ledger.note.made.v1", "ledger/notes/1", NULL, NULL);
    call_begin(&call, alliance, "ZZ9", 0, false);
    assert_done(trace_reply(&call.request, &call.reply, TRANSACTION, sequence, &err), err);
    assert_string_equal(types_of(&call), "ledger.hold.captured.v1 ledger.note.made.v1");
}

static void a_trace_is_at_most_a_hundred_events(void **state)
{
    (void)state;
    char alliance[UUID_SIZE], link[64];
    struct problem err = {0};
    call_auto_t call;
    harness_alliance(alliance);
    for (int i = 0; i < 120; i++) {
        snprintf(link, sizeof link, "[\"ledger/notes/%d\"]", i);
        say(&ledger, alliance, "ledger.note.made.v1", i == 119 ? TRANSACTION : "ledger/notes/x",
            NULL, i == 119 ? "[\"ledger/notes/x\"]" : link);
    }
    call_begin(&call, alliance, "ZZ9", 0, false);
    assert_done(trace_get(&call.request, &call.reply, &err), err);
    assert_int_equal(json_array_size(json_object_get(call.reply.resource, "events")), 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_open_event_is_a_cloud_event_with_its_proof),
        cmocka_unit_test(a_restricted_event_is_shown_to_whom_it_concerns),
        cmocka_unit_test(an_erased_event_keeps_its_proof),
        cmocka_unit_test(who_left_reads_what_was_recorded_before),
        cmocka_unit_test(money_is_not_erased),
        cmocka_unit_test(the_feed_goes_on_after_a_number),
        cmocka_unit_test(a_restricted_event_counts_as_the_largest_in_a_page),
        cmocka_unit_test(an_export_verifies_against_its_head),
        cmocka_unit_test(an_empty_journal_has_a_head),
        cmocka_unit_test(the_first_bad_event_is_named),
        cmocka_unit_test(a_rewritten_history_does_not_fit_the_kept_head),
        cmocka_unit_test(a_trace_leads_back_through_all_services),
        cmocka_unit_test(a_trace_leaves_out_what_is_restricted_to_others),
        cmocka_unit_test(nothing_has_no_trace),
        cmocka_unit_test(a_trace_may_begin_at_an_event_of_another_subject),
        cmocka_unit_test(a_trace_is_at_most_a_hundred_events),
    };
    return cmocka_run_group_tests(tests, make_services, free_services);
}
