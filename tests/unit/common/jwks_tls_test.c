/* An issuer's keys over https: they come from whom its authority vouches for, under the name that
 * was asked for, now; from anybody else nothing is even asked. The server is a thread here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <gnutls/gnutls.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/jwks.h"
#include "common/jwks_source.h"
#include "common/token.h"
#include "tests/unit/common/certificates.h"
#include "tests/unit/common/forge.h"

static struct forge_key key;
static char folder[64], authority_file[128], stranger_file[128];
static struct certificate authority, stranger;

/* --- a server of https ------------------------------------------------------------------------ */

struct server {
    int listener;
    char url[64];    /* by name */
    char number[64]; /* by address */
    gnutls_certificate_credentials_t credentials;
    pthread_t thread;
    atomic_int requests; /* that came through */
    char *body;
};

static void session_serve(struct server *server, gnutls_session_t session)
{
    char request[4096], head[256];
    int status;
    while ((status = gnutls_handshake(session)) < 0)
        if (gnutls_error_is_fatal(status))
            return;
    ssize_t size = gnutls_record_recv(session, request, sizeof request);
    if (size <= 0)
        return; /* the client did not like us */
    atomic_fetch_add(&server->requests, 1);
    int length = snprintf(head, sizeof head,
                          "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n",
                          strlen(server->body));
    gnutls_record_send(session, head, (size_t)length);
    gnutls_record_send(session, server->body, strlen(server->body));
    gnutls_bye(session, GNUTLS_SHUT_WR);
}

static void *server_run(void *context)
{
    struct server *server = context;
    for (;;) {
        int client = accept(server->listener, NULL, NULL);
        if (client < 0)
            return NULL;
        gnutls_session_t session;
        assert(gnutls_init(&session, GNUTLS_SERVER | GNUTLS_NO_SIGNAL) == 0);
        gnutls_set_default_priority(session);
        gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, server->credentials);
        gnutls_transport_set_int(session, client);
        session_serve(server, session);
        gnutls_deinit(session);
        close(client);
    }
}

static void server_listen(struct server *server)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    server->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(server->listener, (struct sockaddr *)&address, size), 0);
    assert_int_equal(listen(server->listener, 16), 0);
    assert_int_equal(getsockname(server->listener, (struct sockaddr *)&address, &size), 0);
    int port = ntohs(address.sin_port);
    snprintf(server->url, sizeof server->url, "https://localhost:%d/keys", port);
    snprintf(server->number, sizeof server->number, "https://127.0.0.1:%d/keys", port);
}

/* Serves the key's document as `name`, by a certificate of `by`. */
static struct server *server_start(const char *name, const struct certificate *by, time_t ends_in_s)
{
    static char pem[CERTIFICATE_PEM_SIZE];
    struct server *server = calloc(1, sizeof *server);
    struct certificate own = certificate_new(name, by, ends_in_s);
    gnutls_datum_t text = {(unsigned char *)pem, (unsigned)certificate_pem(&own, true, pem)};
    certificate_free(&own);
    json_auto_t *document = json_pack("{s:[o]}", "keys", forge_jwk(&key));
    assert_non_null(server);
    server->body = json_dumps(document, JSON_COMPACT);
    assert_int_equal(gnutls_certificate_allocate_credentials(&server->credentials), 0);
    assert_int_equal(
        gnutls_certificate_set_x509_key_mem(server->credentials, &text, &text, GNUTLS_X509_FMT_PEM),
        0);
    server_listen(server);
    assert_int_equal(pthread_create(&server->thread, NULL, server_run, server), 0);
    return server;
}

static void server_stop(struct server *server)
{
    shutdown(server->listener, SHUT_RDWR);
    pthread_join(server->thread, NULL);
    close(server->listener);
    gnutls_certificate_free_credentials(server->credentials);
    free(server->body);
    free(server);
}

/* --- what all tests share --------------------------------------------------------------------- */

static void authority_write(const struct certificate *certificate, const char *name,
                            char ret_path[128])
{
    static char pem[CERTIFICATE_PEM_SIZE];
    size_t size = certificate_pem(certificate, false, pem);
    snprintf(ret_path, 128, "%s/%s", folder, name);
    FILE *file = fopen(ret_path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(pem, 1, size, file), size);
    fclose(file);
}

static int make_all(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/accord-jwks-tls-XXXXXX");
    assert_non_null(mkdtemp(folder));
    key = forge_key_new("one", "P-256", 0);
    authority = certificate_new("Authority", NULL, CERTIFICATE_HOUR_S);
    stranger = certificate_new("Stranger", NULL, CERTIFICATE_HOUR_S);
    authority_write(&authority, "authority.pem", authority_file);
    authority_write(&stranger, "stranger.pem", stranger_file);
    return 0;
}

static int remove_all(void **state)
{
    (void)state;
    unlink(authority_file);
    unlink(stranger_file);
    certificate_free(&authority);
    certificate_free(&stranger);
    gnutls_privkey_deinit(key.private);
    return rmdir(folder);
}

static void assert_taken(struct server *server, const char *ca_file)
{
    struct problem err = {0};
    struct jwks *jwks = NULL;
    jwk_t *found = NULL;
    uint64_t generation;
    int before = atomic_load(&server->requests);
    assert_true(jwks_new(server->url, ca_file, 0, &jwks, &err));
    if (!jwks_find(jwks, "one", jws_algorithm("ES256"), 0, &found, &generation, &err))
        fail_msg("%s", err.detail);
    r_jwk_free(found);
    jwks_free(jwks);
    assert_int_equal(atomic_load(&server->requests), before + 1);
}

/* For its certificate, before anything was asked. */
static void assert_refused(struct server *server, const char *url, const char *ca_file)
{
    struct problem err = {0};
    char *text = NULL;
    size_t size = 0;
    int before = atomic_load(&server->requests);
    assert_false(jwks_source_read(url, true, ca_file, &text, &size, &err));
    if (strstr(err.detail, "certificate") == NULL)
        fail_msg("%s", err.detail);
    struct jwks *jwks = NULL;
    jwk_t *found = NULL;
    uint64_t generation;
    assert_true(jwks_new(url, ca_file, 0, &jwks, &err));
    assert_false(jwks_find(jwks, "one", jws_algorithm("ES256"), 0, &found, &generation, &err));
    assert_int_equal(err.code, PROBLEM_UNAVAILABLE);
    jwks_free(jwks);
    assert_int_equal(atomic_load(&server->requests), before);
}

/* --- tests ------------------------------------------------------------------------------------ */

static void keys_come_from_whom_the_authority_vouches_for(void **state)
{
    (void)state;
    struct server *server = server_start("localhost", &authority, CERTIFICATE_HOUR_S);
    assert_taken(server, authority_file);
    server_stop(server);
}

static void another_authority_is_refused(void **state)
{
    (void)state;
    struct server *server = server_start("localhost", &authority, CERTIFICATE_HOUR_S);
    assert_refused(server, server->url, stranger_file);
    assert_refused(server, server->url, ""); /* the system's do not know it either */
    assert_taken(server, authority_file);
    server_stop(server);
}

/* Who only copies the authority's name has not its key. */
static void an_authority_of_the_same_name_is_refused(void **state)
{
    (void)state;
    struct certificate namesake = certificate_new("Authority", NULL, CERTIFICATE_HOUR_S);
    struct server *server = server_start("localhost", &namesake, CERTIFICATE_HOUR_S);
    assert_refused(server, server->url, authority_file);
    server_stop(server);
    certificate_free(&namesake);
}

static void another_name_is_refused(void **state)
{
    (void)state;
    struct server *server = server_start("keys.example", &authority, CERTIFICATE_HOUR_S);
    assert_refused(server, server->url, authority_file);
    server_stop(server);
    server = server_start("localhost", &authority, CERTIFICATE_HOUR_S);
    assert_refused(server, server->number, authority_file);
    server_stop(server);
}

static void a_certificate_out_of_its_time_is_refused(void **state)
{
    (void)state;
    struct server *server = server_start("localhost", &authority, -CERTIFICATE_HOUR_S);
    assert_refused(server, server->url, authority_file);
    server_stop(server);
    server = server_start("localhost", &authority, 4 * CERTIFICATE_HOUR_S);
    assert_refused(server, server->url, authority_file);
    server_stop(server);
}

/* A file that cannot be read must not mean the system's authorities, let alone anybody. */
static void a_missing_authority_file_is_no_authority(void **state)
{
    (void)state;
    struct problem err = {0};
    char *text = NULL;
    size_t size = 0;
    struct server *server = server_start("localhost", &authority, CERTIFICATE_HOUR_S);
    assert_false(jwks_source_read(server->url, true, "/nonexistent.pem", &text, &size, &err));
    assert_int_equal(atomic_load(&server->requests), 0);
    server_stop(server);
}

static bool token_is_taken(const char *url, const char *ca_file)
{
    char path[128];
    struct problem err = {0};
    struct caller caller;
    struct token_verifier *verifier = NULL;
    json_auto_t *issuers =
        json_pack("[{s:s, s:s, s:s, s:[s], s:[s]}]", "issuer", "https://login.example", "jwks", url,
                  "caFile", ca_file, "algorithms", "ES256", "organisations", "*");
    snprintf(path, sizeof path, "%s/issuers.json", folder);
    assert_int_equal(json_dump_file(issuers, path, 0), 0);
    assert_true(token_verifier_new(path, "https://accord.example", &verifier, &err));
    unlink(path);
    char_auto_t *token =
        forge_token(&key, "ES256", "{\"alg\":\"ES256\",\"typ\":\"at+jwt\",\"kid\":\"one\"}",
                    "{\"iss\":\"https://login.example\",\"aud\":\"https://accord.example\","
                    "\"sub\":\"s\",\"client_id\":\"c\",\"jti\":\"j\",\"iat\":1000,\"exp\":4000}");
    bool is_taken = token_verify(verifier, token, 2000, &caller, &err);
    token_verifier_free(verifier);
    return is_taken;
}

/* The issuers file names it, relative to itself. */
static void an_issuers_ca_file_is_what_its_keys_are_fetched_by(void **state)
{
    (void)state;
    struct server *server = server_start("localhost", &authority, CERTIFICATE_HOUR_S);
    assert_true(token_is_taken(server->url, "authority.pem"));
    assert_false(token_is_taken(server->url, "stranger.pem"));
    server_stop(server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_come_from_whom_the_authority_vouches_for),
        cmocka_unit_test(another_authority_is_refused),
        cmocka_unit_test(an_authority_of_the_same_name_is_refused),
        cmocka_unit_test(another_name_is_refused),
        cmocka_unit_test(a_certificate_out_of_its_time_is_refused),
        cmocka_unit_test(a_missing_authority_file_is_no_authority),
        cmocka_unit_test(an_issuers_ca_file_is_what_its_keys_are_fetched_by),
    };
    return cmocka_run_group_tests(tests, make_all, remove_all);
}
