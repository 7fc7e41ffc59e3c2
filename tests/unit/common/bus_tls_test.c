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
#include <nng/nng.h>
#include <sys/socket.h>

#include "common/bus.h"
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(certificates_of_one_authority_talk),
        cmocka_unit_test(a_client_of_another_authority_is_not_heard),
        cmocka_unit_test(a_server_of_another_authority_is_not_asked),
        cmocka_unit_test(missing_files_are_named_at_the_start),
    };
    return cmocka_run_group_tests(tests, make_all, remove_all);
}
