#include "common/service.h"

#include <errno.h>
#include <nng/nng.h>
#include <rhonabwy.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/config.h"
#include "common/ids.h"
#include "common/journal.h"
#include "common/json.h"
#include "common/log.h"
#include "common/notify.h"
#include "common/queries.h"
#include "common/questions.h"
#include "common/service_args.h"
#include "common/service_context.h"
#include "common/sweep.h"
#include "common/token.h"
#include "common/version.h"

/* jemalloc's settings: what is not in use goes back to the system after a second, also when nothing
 * happens any more. */
extern const char *const malloc_conf;
const char *const malloc_conf =
    "background_thread:true,narenas:4,dirty_decay_ms:1000,muzzy_decay_ms:0";

enum {
    DRAIN_MS = 5000,
    CONNECTIONS_MS = 3000, /* to end; nginx keeps an idle one for 2 s */
    DATABASE_RETRY_MS = 500,
    WATCH_MS = 1000,
    BEAT_MS_MAX = 30000, /* between two beats of a sweeper that lives */
};

/* --- what must fit before anything runs ------------------------------------------------------- */

static bool list_has(const char *const *list, const char *name)
{
    for (size_t i = 0; list[i] != NULL; i++)
        if (strcmp(list[i], name) == 0)
            return true;
    return false;
}

static bool rows_have(const struct db_rows *rows, const char *change)
{
    for (int i = 0; i < rows->count; i++)
        if (strcmp(row_text(rows, i, "change"), change) == 0)
            return true;
    return false;
}

/* The database has exactly the schema changes that this binary was built with. */
static bool schema_compare(const struct service *service, const struct db_rows *rows,
                           struct problem *err)
{
    for (int i = 0; i < rows->count; i++)
        if (!list_has(service->schema_changes, row_text(rows, i, "change")))
            return problem_set(
                err, PROBLEM_INTERNAL,
                "the database's schema is newer than this accord-%s: it has %s; start "
                "the version that goes with it",
                service->name, row_text(rows, i, "change"));
    for (size_t i = 0; service->schema_changes[i] != NULL; i++)
        if (!rows_have(rows, service->schema_changes[i]))
            return problem_set(err, PROBLEM_INTERNAL,
                               "the database's schema is older than this accord-%s: it lacks %s; "
                               "deploy the migrations first",
                               service->name, service->schema_changes[i]);
    return true;
}

static bool schema_check(const struct service *service, struct db *db, struct problem *err)
{
    db_tx_auto_t *tx = NULL;
    db_rows_auto_t there = {0}, rows = {0};
    if (!db_begin(db, NULL, true, &tx, err) ||
        !db_select_one(tx, &QUERY_SCHEMA_IS_THERE, &there, err))
        return false;
    if (!row_bool(&there, 0, "is_there"))
        return problem_set(
            err, PROBLEM_INTERNAL,
            "the database has no list of migrations that %s may read (sqitch.changes); "
            "deploy the migrations first",
            service->name);
    return db_select(tx, &QUERY_SCHEMA_CHANGES, &rows, err, db_text(service->name)) &&
           schema_compare(service, &rows, err) && db_commit(tx, err);
}

/* Waits for a database that is not there (yet); what is wrong with one that is ends the start.
 * False with PROBLEM_NONE: told to stop meanwhile. */
static bool database_wait(const struct service *service, struct db *db, const sigset_t *signals,
                          struct problem *err)
{
    struct timespec pause = {.tv_nsec = DATABASE_RETRY_MS * 1000000L};
    for (bool is_said = false;; is_said = true) {
        problem_clear(err);
        if (db_is_ready(db, err) && schema_check(service, db, err))
            return true;
        if (err->code != PROBLEM_UNAVAILABLE)
            return false;
        if (!is_said)
            log_warning("waiting for the database: %s", err->detail);
        if (sigtimedwait(signals, NULL, &pause) > 0) {
            problem_clear(err);
            return false;
        }
    }
}

/* --- starting, in the order of what relies on what -------------------------------------------- */

static void peers_config(const struct service *service, const struct config *config,
                         struct bus_config *bus)
{
    for (int i = 0; i < config->service_count; i++) {
        const struct config_service *other = &config->services[i];
        if (strcmp(other->name, service->name) == 0)
            continue;
        struct bus_peer *peer = &bus->peers[bus->peer_count++];
        peer->service = other->name;
        for (int k = 0; k < other->instance_count; k++) {
            peer->questions[peer->count] = other->instances[k].questions;
            peer->wakes[peer->count++] = other->instances[k].wake;
        }
    }
}

static bool bus_open(struct service_context *context, const struct config_instance *instance,
                     struct problem *err)
{
    const struct config *config = context->config;
    struct bus_config bus = {
        .questions = instance->questions,
        .wake = instance->wake,
        .certificate = config->tls_certificate[0] == '\0' ? NULL : config->tls_certificate,
        .authority = config->tls_authority[0] == '\0' ? NULL : config->tls_authority,
        .tables = {{HOUSE_ANSWERERS, HOUSE_ANSWERER_COUNT},
                   {context->service->answerers, context->service->answerer_count}},
    };
    peers_config(context->service, config, &bus);
    return bus_new(&bus, context->signer, context, &context->bus, err);
}

static bool database_open(struct service_context *context, struct problem *err)
{
    const char *name = context->service->name;
    char application[CODE_SIZE + 8], path[CODE_SIZE + 16];
    const struct config_service *service = config_service(context->config, name);
    if (service == NULL)
        return problem_set(err, PROBLEM_INTERNAL, "the configuration has no service %s", name);
    snprintf(application, sizeof application, "accord-%s", name);
    snprintf(path, sizeof path, "%s, accord", name);
    struct db_config config = {.conninfo = service->database,
                               .application_name = application,
                               .search_path = path,
                               .connections_max = DB_CONNECTIONS_MAX};
    return db_new(&config, &context->db, err);
}

static bool http_open(struct service_context *context, const struct config_instance *instance,
                      struct problem *err)
{
    struct http_config http = {.host = instance->http_host,
                               .port = instance->http_port,
                               .listening_fd = notify_listening_fd(),
                               .rate_per_s = context->config->rate_per_s,
                               .api_description = context->service->api_description};
    signer_derive(context->signer, "accord cursors", http.cursor_secret);
    return http_start(context, &http, err);
}

static bool service_start(struct service_context *context, const sigset_t *signals,
                          struct problem *err)
{
    const struct config *config = context->config;
    const struct config_instance *instance;
    return config_instance(config, context->service->name, (int)context->instance, &instance,
                           err) &&
           signer_new(context->service->name, config->keys, &context->signer, err) &&
           token_verifier_new(config->issuers, config->audience, &context->tokens, err) &&
           database_open(context, err) &&
           database_wait(context->service, context->db, signals, err) &&
           bus_open(context, instance, err) && consumers_new(context, &context->consumers, err) &&
           http_open(context, instance, err) && bus_start(context->bus, err) &&
           consumers_start(context->consumers, err) &&
           sweeper_start(context, &context->sweeper, err);
}

/* Requests in hand are answered, nothing new is begun, every thread is joined. What tells the HTTP
 * side of news stops before it, what its requests use stops after it. */
static void service_still(struct service_context *context)
{
    atomic_store(&context->is_draining, true);
    http_drain(context->http, CONNECTIONS_MS);
    sweeper_stop(STEAL(context->sweeper));
    consumers_stop(context->consumers);
    if (context->bus != NULL)
        bus_stop(context->bus);
    /* Not stolen: requests in hand look for it there until they are done. */
    http_stop(context->http, DRAIN_MS);
    context->http = NULL;
}

static void service_stop(struct service_context *context)
{
    service_still(context);
    consumers_free(STEAL(context->consumers));
    bus_free(STEAL(context->bus));
    token_verifier_free(STEAL(context->tokens));
    signer_free(STEAL(context->signer));
    db_free(STEAL(context->db));
}

/* --- what may change while it runs ------------------------------------------------------------ */

/* Our key and the bus' certificate are files: a changed one is taken without a restart. Issuers'
 * keys are looked at with each token, the database's password with each connection. */
static void service_refresh(struct service_context *context, bool at_once)
{
    struct problem err = {0};
    unsigned char secret[32];
    bool has_changed;
    if (!signer_refresh(context->signer, &has_changed, &err))
        log_error("the old key goes on: %s", err.detail);
    if (has_changed) {
        signer_derive(context->signer, "accord cursors", secret);
        http_rekey(context->http, secret);
        log_info("what we sign is signed with another key now");
    }
    problem_clear(&err);
    if (!bus_refresh(context->bus, at_once, &err))
        log_error("the old certificate goes on: %s", err.detail);
}

/* --- the process ------------------------------------------------------------------------------ */

static void signals_block(sigset_t *ret_stop)
{
    sigemptyset(ret_stop);
    sigaddset(ret_stop, SIGTERM);
    sigaddset(ret_stop, SIGINT);
    sigset_t blocked = *ret_stop;
    sigaddset(&blocked, SIGHUP);
    /* Before the first thread: they all inherit it, so that only we are told. */
    pthread_sigmask(SIG_BLOCK, &blocked, NULL);
    signal(SIGPIPE, SIG_IGN);
}

static void ready_say(int fd)
{
    notify_say("READY=1\nSTATUS=serving");
    if (fd < 0)
        return;
    if (write(fd, "ready\n", 6) != 6)
        log_warning("nobody hears that we are ready: %s", strerror(errno));
    close(fd);
}

/* Work goes on as long as the sweeper comes round: with the database away, too. */
static bool service_lives(struct service_context *context)
{
    return monotonic_ms() - atomic_load(&context->sweep.beat_ms) < BEAT_MS_MAX;
}

/* Until told to stop; HUP only says that files have changed, which is noticed without it, too. 0 =
 * the bus is stuck. */
static int signal_await(struct service_context *context, const sigset_t *stop)
{
    const struct timespec pause = {.tv_sec = WATCH_MS / 1000};
    bool is_watched = notify_watchdog_ms() > 0;
    sigset_t signals = *stop;
    sigaddset(&signals, SIGHUP);
    for (;;) {
        int number = sigtimedwait(&signals, NULL, &pause);
        if (number > 0 && number != SIGHUP)
            return number;
        service_refresh(context, number == SIGHUP);
        if (!bus_mend(context->bus))
            return 0;
        if (is_watched && service_lives(context))
            notify_say("WATCHDOG=1");
    }
}

/* For another process to begin anew: who supervises us starts it. Whoever is being answered is
 * answered first. */
static _Noreturn void service_abandon(struct service_context *context)
{
    log_error("the bus is stuck after a connection was lost; this process ends, for another one to "
              "be started");
    service_still(context);
    _exit(EXIT_FAILURE);
}

static int service_serve(struct service_context *context, const struct service_args *args)
{
    struct problem err = {0};
    sigset_t signals;
    int number, status = EXIT_FAILURE;
    signals_block(&signals);
    if (service_start(context, &signals, &err)) {
        log_info("accord-%s instance %u is ready", context->service->name, context->instance);
        ready_say(args->ready_fd);
        number = signal_await(context, &signals);
        notify_say("STOPPING=1");
        if (number == 0)
            service_abandon(context);
        log_info("stopping (%s)", strsignal(number));
        status = EXIT_SUCCESS;
    } else if (problem_is_set(&err)) {
        log_error("accord-%s does not start: %s", context->service->name, err.detail);
    } else {
        status = EXIT_SUCCESS; /* told to stop while it waited for the database */
    }
    service_stop(context);
    return status;
}

/* --- an operator's commands ------------------------------------------------------------------- */

static bool erase_run(struct service_context *context, const struct service_args *args,
                      struct problem *err)
{
    struct actor actor = {.service = ""};
    act_auto_t act = {0};
    snprintf(actor.service, sizeof actor.service, "%s", context->service->name);
    return act_begin(context->db, context->service->name, args->alliance_id, &actor, false, &act,
                     err) &&
           journal_erase(&act, args->sequence, args->ground, args->approver, err) &&
           act_commit(&act, err);
}

static int command_run(struct service_context *context, const struct service_args *args)
{
    struct problem err = {0};
    bool is_resume = args->command == SERVICE_RESUME;
    bool ok = database_open(context, &err) && schema_check(context->service, context->db, &err) &&
              (is_resume ? consumer_resume(context->db, args->alliance_id, args->source, &err)
                         : erase_run(context, args, &err));
    if (!ok)
        fprintf(stderr, "accord-%s: %s\n", context->service->name, err.detail);
    else if (is_resume)
        printf("alliance %s goes on with %s's journal\n", args->alliance_id, args->source);
    else
        printf("the body of event %lld of alliance %s is erased\n", (long long)args->sequence,
               args->alliance_id);
    db_free(STEAL(context->db));
    return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}

static bool keys_choose(const struct service_args *args, struct config *config, struct problem *err)
{
    if (args->keys == NULL)
        return true;
    if (strlen(args->keys) >= sizeof config->keys)
        return problem_set(err, PROBLEM_INTERNAL, "--keys is too long");
    snprintf(config->keys, sizeof config->keys, "%s", args->keys);
    return true;
}

int service_run(const struct service *service, int argc, char *argv[])
{
    static struct config config;
    struct service_args args;
    struct problem err = {0};
    log_start(service->name);
    umask(077);
    json_object_seed(0);
    bool is_understood = service_args_read(argc, argv, &args, &err);
    if (is_understood && args.command == SERVICE_VERSION) {
        printf("accord-%s %s\n", service->name, accord_version);
        return EXIT_SUCCESS;
    }
    if (!is_understood || !config_read(args.config, &config, &err) ||
        !keys_choose(&args, &config, &err)) {
        fprintf(stderr, "accord-%s: %s\n", service->name, err.detail);
        return EXIT_FAILURE;
    }
    if (r_global_init() != RHN_OK) {
        fprintf(stderr, "accord-%s: rhonabwy does not start\n", service->name);
        return EXIT_FAILURE;
    }
    struct service_context context = {
        .service = service, .config = &config, .instance = (unsigned)args.instance};
    int status = args.command == SERVICE_SERVE ? service_serve(&context, &args)
                                               : command_run(&context, &args);
    nng_fini();
    r_global_close();
    return status;
}
