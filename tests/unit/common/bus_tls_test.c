/* The bus between machines: tls+tcp with certificates on both sides, and nothing without one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/bus_private.h"
#include "common/clock.h"
#include "common/json.h"
#include "tests/unit/common/certificates.h"
#include "tests/unit/common/cluster_keys.h"

enum { PATIENCE_MS = 5000 };

static struct cluster_keys cluster;
static struct signer *ledger, *risk;
static char ours[128], strangers[128], authority[128];

/* --- certificates ----------------------------------------------------------------------------- */

static void certificate_write(const struct certificate *certificate, bool with_key,
                              const char *name, char ret_path[128])
{
    static char pem[CERTIFICATE_PEM_SIZE];
    size_t size = certificate_pem(certificate, with_key, pem);
    cluster_file(&cluster, name, 0600, pem, size);
    snprintf(ret_path, 128, "%s/%s", cluster.folder, name);
}

static int make_all(void **state)
{
    (void)state;
    char unused[128];
    struct problem err = {0};
    cluster_keys_make(&cluster);
    cluster_key(&cluster, "ledger", 1);
    cluster_key(&cluster, "risk", 1);
    cluster_publish(&cluster);
    assert_true(signer_new("ledger", cluster.folder, &ledger, &err));
    assert_true(signer_new("risk", cluster.folder, &risk, &err));
    struct certificate root = certificate_new("Accord", NULL, CERTIFICATE_HOUR_S), own;
    struct certificate other_root = certificate_new("Somebody else", NULL, CERTIFICATE_HOUR_S),
                       other;
    own = certificate_new("localhost", &root, CERTIFICATE_HOUR_S);
    other = certificate_new("localhost", &other_root, CERTIFICATE_HOUR_S);
    certificate_write(&root, false, "authority.crt", authority);
    certificate_write(&own, true, "own.crt", ours);
    certificate_write(&other, true, "other.crt", strangers);
    certificate_write(&other_root, false, "other-authority.crt", unused);
    certificate_free(&root);
    certificate_free(&own);
    certificate_free(&other_root);
    certificate_free(&other);
    return 0;
}

static int remove_all(void **state)
{
    (void)state;
    static const char *const names[] = {"authority.crt", "own.crt", "other.crt",
                                        "other-authority.crt"};
    char path[256];
    signer_free(ledger);
    signer_free(risk);
    for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
        snprintf(path, sizeof path, "%s/%s", cluster.folder, names[i]);
        unlink(path);
    }
    cluster_keys_done(&cluster);
    nng_fini();
    return 0;
}

/* --- two buses -------------------------------------------------------------------------------- */

static bool echo_answer(const struct bus_question *question, json_t **ret_answer,
                        struct problem *err)
{
    (void)err;
    *ret_answer = json_pack("{s:s}", "from", question->from);
    return true;
}

static const struct bus_answerer ANSWERERS[] = {{"echo", echo_answer}};

static void free_address(char ret_address[64])
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int probe = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(probe, (struct sockaddr *)&address, size), 0);
    assert_int_equal(getsockname(probe, (struct sockaddr *)&address, &size), 0);
    close(probe);
    snprintf(ret_address, 64, "tls+tcp://localhost:%d", ntohs(address.sin_port));
}

/* Asks a server with one certificate from a client with another. */
static bool ask(const char *server_certificate, const char *client_certificate,
                const char *client_authority, struct problem *err)
{
    char address[64];
    struct bus *server = NULL, *client = NULL;
    free_address(address);
    struct bus_config answering = {.questions = address,
                                   .certificate = server_certificate,
                                   .authority = authority,
                                   .tables = {{ANSWERERS, ARRAY_LENGTH(ANSWERERS)}}};
    struct bus_config asking = {
        .certificate = client_certificate,
        .authority = client_authority,
        .peers = {{.service = "ledger", .count = 1, .questions = {address}, .wakes = {address}}},
        .peer_count = 1};
    if (!bus_new(&answering, ledger, NULL, &server, err) || !bus_start(server, err))
        fail_msg("%s", err->detail);
    if (!bus_new(&asking, risk, NULL, &client, err))
        fail_msg("%s", err->detail);
    json_auto_t *answer = NULL;
    struct bus_ask what = {.service = "ledger", .question = "echo", .timeout_ms = PATIENCE_MS};
    if (client_certificate == strangers || server_certificate == strangers)
        what.timeout_ms = 700; /* it must not succeed */
    bool ok = bus_ask(client, &what, &answer, err);
    if (ok)
        assert_string_equal(json_string_value(json_object_get(answer, "from")), "risk");
    bus_free(client);
    bus_free(server);
    return ok;
}

static void certificates_of_one_authority_talk(void **state)
{
    (void)state;
    struct problem err = {0};
    if (!ask(ours, ours, authority, &err))
        fail_msg("%s", err.detail);
}

static void a_client_of_another_authority_is_not_heard(void **state)
{
    (void)state;
    struct problem err = {0};
    assert_false(ask(ours, strangers, authority, &err));
    assert_int_equal(err.code, PROBLEM_UNAVAILABLE);
}

static void a_server_of_another_authority_is_not_asked(void **state)
{
    (void)state;
    struct problem err = {0};
    assert_false(ask(strangers, ours, authority, &err));
    assert_int_equal(err.code, PROBLEM_UNAVAILABLE);
}

static void missing_files_are_named_at_the_start(void **state)
{
    (void)state;
    char address[64];
    struct bus *bus = NULL;
    struct problem err = {0};
    free_address(address);
    struct bus_config config = {
        .questions = address, .certificate = "/nonexistent.crt", .authority = authority};
    assert_false(bus_new(&config, ledger, NULL, &bus, &err));
    assert_non_null(strstr(err.detail, address));
}

/* --- while they change ------------------------------------------------------------------------ */

/* A house of two: the ledger answers, the risk register asks, all the time. */
struct house {
    char certificate[128], authority[128];
    struct certificate root, other_root;
    struct bus *server, *client;
    atomic_bool is_over;
    atomic_int asked, lost;
    pthread_t askers[3];
};

static void *ask_on(void *argument)
{
    struct house *house = argument;
    while (!atomic_load(&house->is_over)) {
        struct problem err = {0};
        json_auto_t *answer = NULL;
        struct bus_ask what = {.service = "ledger", .question = "echo", .timeout_ms = PATIENCE_MS};
        if (!bus_ask(house->client, &what, &answer, &err)) {
            fprintf(stderr, "%s\n", err.detail);
            atomic_fetch_add(&house->lost, 1);
        }
        atomic_fetch_add(&house->asked, 1);
    }
    return NULL;
}

/* By another file that takes its place, as whoever changes certificates does it. */
static void file_replace(const char *name, const struct certificate *first, bool with_key,
                         const struct certificate *second)
{
    static char pem[2 * CERTIFICATE_PEM_SIZE];
    char from[256], to[256];
    size_t size = certificate_pem(first, with_key, pem);
    if (second != NULL)
        size += certificate_pem(second, false, pem + size);
    cluster_file(&cluster, "new", 0600, pem, size);
    snprintf(from, sizeof from, "%s/new", cluster.folder);
    snprintf(to, sizeof to, "%s/%s", cluster.folder, name);
    assert_int_equal(rename(from, to), 0);
}

static void house_open(struct house *house)
{
    static char address[64];
    struct problem err = {0};
    house->root = certificate_new("Accord", NULL, CERTIFICATE_HOUR_S);
    house->other_root = certificate_new("Accord's next", NULL, CERTIFICATE_HOUR_S);
    struct certificate own = certificate_new("localhost", &house->root, CERTIFICATE_HOUR_S);
    file_replace("changing.crt", &own, true, NULL);
    file_replace("changing-authority.crt", &house->root, false, NULL);
    certificate_free(&own);
    snprintf(house->certificate, sizeof house->certificate, "%s/changing.crt", cluster.folder);
    snprintf(house->authority, sizeof house->authority, "%s/changing-authority.crt",
             cluster.folder);
    free_address(address);
    struct bus_config answering = {.questions = address,
                                   .certificate = house->certificate,
                                   .authority = house->authority,
                                   .tables = {{ANSWERERS, ARRAY_LENGTH(ANSWERERS)}}};
    struct bus_config asking = {
        .certificate = house->certificate,
        .authority = house->authority,
        .peers = {{.service = "ledger", .count = 1, .questions = {address}, .wakes = {address}}},
        .peer_count = 1};
    if (!bus_new(&answering, ledger, NULL, &house->server, &err) ||
        !bus_start(house->server, &err) || !bus_new(&asking, risk, NULL, &house->client, &err))
        fail_msg("%s", err.detail);
    for (size_t i = 0; i < ARRAY_LENGTH(house->askers); i++)
        assert_int_equal(pthread_create(&house->askers[i], NULL, ask_on, house), 0);
}

static void house_close(struct house *house)
{
    atomic_store(&house->is_over, true);
    for (size_t i = 0; i < ARRAY_LENGTH(house->askers); i++)
        pthread_join(house->askers[i], NULL);
    bus_free(house->client);
    bus_free(house->server);
    unlink(house->certificate);
    unlink(house->authority);
    certificate_free(&house->root);
    certificate_free(&house->other_root);
}

static void refresh(struct house *house)
{
    struct problem err = {0};
    if (!bus_refresh(house->server, true, &err) || !bus_refresh(house->client, true, &err))
        fail_msg("%s", err.detail);
    int before = atomic_load(&house->asked);
    while (atomic_load(&house->asked) < before + 50)
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
}

static bool stranger_is_heard(const struct house *house, const char *certificate, int timeout_ms)
{
    struct problem err = {0};
    struct bus *client = NULL;
    json_auto_t *answer = NULL;
    const char *address = house->server->config.questions;
    struct bus_config asking = {
        .certificate = certificate,
        .authority = house->authority,
        .peers = {{.service = "ledger", .count = 1, .questions = {address}, .wakes = {address}}},
        .peer_count = 1};
    struct bus_ask what = {.service = "ledger", .question = "echo", .timeout_ms = timeout_ms};
    assert_true(bus_new(&asking, risk, NULL, &client, &err));
    bool is_heard = bus_ask(client, &what, &answer, &err);
    bus_free(client);
    return is_heard;
}

static void certificates_change_and_no_question_is_lost(void **state)
{
    (void)state;
    static struct house house;
    house_open(&house);
    struct certificate old = certificate_new("localhost", &house.root, CERTIFICATE_HOUR_S),
                       next = certificate_new("localhost", &house.other_root, CERTIFICATE_HOUR_S);
    char of_before[128];
    certificate_write(&old, true, "of-before.crt", of_before);
    assert_true(stranger_is_heard(&house, of_before, 2 * PATIENCE_MS));
    file_replace("changing.crt", &old, true, NULL);
    refresh(&house);
    /* Another authority: first both are believed, then shown is the new one, then only that is. */
    file_replace("changing-authority.crt", &house.root, false, &house.other_root);
    refresh(&house);
    file_replace("changing.crt", &next, true, NULL);
    refresh(&house);
    file_replace("changing-authority.crt", &house.other_root, false, NULL);
    refresh(&house);
    assert_false(stranger_is_heard(&house, of_before, 700));
    assert_true(bus_mend(house.server));
    assert_in_range(atomic_load(&house.server->tls.refused), 1, 1000);
    assert_true(stranger_is_heard(&house, house.certificate, 2 * PATIENCE_MS));
    int64_t expires_s = atomic_load(&house.server->tls.expires_s);
    assert_in_range(expires_s, time(NULL) + 1, time(NULL) + CERTIFICATE_HOUR_S);
    house_close(&house);
    unlink(of_before);
    certificate_free(&old);
    certificate_free(&next);
    assert_int_equal(atomic_load(&house.lost), 0);
}

static void what_cannot_be_used_is_not_taken(void **state)
{
    (void)state;
    static struct house house;
    struct problem err = {0};
    house_open(&house);
    struct certificate expired = certificate_new("localhost", &house.root, -60),
                       strange =
                           certificate_new("localhost", &house.other_root, CERTIFICATE_HOUR_S);
    const struct {
        const struct certificate *certificate;
        bool with_key;
        const char *words;
    } bad[] = {{&expired, true, "has expired"},
               {&strange, true, "is not signed by our authority"},
               {&strange, false, "is not a certificate with its key"}};
    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
        file_replace("changing.crt", bad[i].certificate, bad[i].with_key, NULL);
        problem_clear(&err);
        assert_false(bus_refresh(house.server, true, &err));
        assert_non_null(strstr(err.detail, bad[i].words));
        /* Said once: the file is what it is. */
        assert_true(bus_refresh(house.server, true, &err));
    }
    /* Just written: whoever does not insist waits. */
    struct certificate own = certificate_new("localhost", &house.root, CERTIFICATE_HOUR_S);
    file_replace("changing.crt", &own, true, NULL);
    int64_t before_s = atomic_load(&house.server->tls.expires_s);
    assert_true(bus_refresh(house.server, false, &err));
    assert_int_equal(atomic_load(&house.server->tls.expires_s), before_s);
    refresh(&house);
    house_close(&house);
    certificate_free(&expired);
    certificate_free(&strange);
    certificate_free(&own);
    assert_int_equal(atomic_load(&house.lost), 0);
}

/* --- links that fail -------------------------------------------------------------------------- */

static int number_at(int fd, int level, int option)
{
    int number = -1;
    socklen_t size = sizeof number;
    assert_int_equal(getsockopt(fd, level, option, &number, &size), 0);
    return number;
}

/* How many sockets have this port at one end; each has to notice who is gone. */
static int sockets_checked(int port)
{
    int count = 0;
    for (int fd = 0; fd < 256; fd++) {
        struct sockaddr_in near, far;
        socklen_t near_size = sizeof near, far_size = sizeof far;
        if (getsockname(fd, (struct sockaddr *)&near, &near_size) != 0 ||
            getpeername(fd, (struct sockaddr *)&far, &far_size) != 0 ||
            (ntohs(near.sin_port) != port && ntohs(far.sin_port) != port))
            continue;
        assert_int_equal(number_at(fd, SOL_SOCKET, SO_KEEPALIVE), 1);
        assert_in_range(number_at(fd, IPPROTO_TCP, TCP_KEEPIDLE), 1, 60);
        assert_in_range(number_at(fd, IPPROTO_TCP, TCP_USER_TIMEOUT), 1, 60000);
        count++;
    }
    return count;
}

static void connections_notice_who_is_gone(void **state)
{
    (void)state;
    static struct house house;
    house_open(&house);
    refresh(&house);
    assert_true(bus_mend(house.server) && bus_mend(house.client));
    const char *address = house.server->config.questions;
    assert_in_range(sockets_checked(atoi(strrchr(address, ':') + 1)), 2, 8);
    house_close(&house);
}

/* Until nng has cleared its connection away and made another. */
static void await_probe(struct bus *bus)
{
    int64_t until_ms = monotonic_ms() + PATIENCE_MS;
    while (atomic_load(&bus->probe.is_asked) || atomic_load(&bus->probe.pipe_id) == 0) {
        assert_true(monotonic_ms() < until_ms);
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
}

static void a_missing_peer_is_no_stuck_bus_and_a_stuck_one_is_said(void **state)
{
    (void)state;
    char address[64];
    struct bus *bus = NULL;
    struct problem err = {0};
    free_address(address);
    struct bus_config asking = {
        .certificate = ours,
        .authority = authority,
        .peers = {{.service = "ledger", .count = 1, .questions = {address}, .wakes = {address}}},
        .peer_count = 1};
    assert_true(bus_new(&asking, risk, NULL, &bus, &err));
    for (int i = 0; i < 2 * PROBE_LOOKS; i++) {
        assert_true(bus_mend(bus));
        await_probe(bus);
    }
    /* As if what is asked for now never came. */
    atomic_store(&bus->probe.is_asked, true);
    bus->probe.looks = 0;
    for (int i = 1; i < PROBE_LOOKS; i++)
        assert_true(bus_mend(bus));
    assert_false(bus_mend(bus));
    bus_free(bus);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(certificates_of_one_authority_talk),
        cmocka_unit_test(a_client_of_another_authority_is_not_heard),
        cmocka_unit_test(a_server_of_another_authority_is_not_asked),
        cmocka_unit_test(missing_files_are_named_at_the_start),
        cmocka_unit_test(certificates_change_and_no_question_is_lost),
        cmocka_unit_test(what_cannot_be_used_is_not_taken),
        cmocka_unit_test(connections_notice_who_is_gone),
        cmocka_unit_test(a_missing_peer_is_no_stuck_bus_and_a_stuck_one_is_said),
    };
    return cmocka_run_group_tests(tests, make_all, remove_all);
}
