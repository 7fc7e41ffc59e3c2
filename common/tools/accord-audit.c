/* accord-audit: do the tables say what the journals say?
 *   accord-audit --config FILE | --database CONNINFO
 *                [--service NAME] [--alliance ID] [--jwks FILE] [--head FILE]...
 * The database is asked as an operator: a role that sees every row and may create schemas (in the
 * configuration: "operator"). A head is what GET .../journals/<service>/head answered; --jwks, or
 * the configuration's keys, check its signature. Changes nothing. Exit status: 0 = all is as it
 * should be, 1 = differences, each named, 2 = the audit could not be done. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/audit.h"
#include "common/config.h"
#include "common/ids.h"

enum { HEADS_MAX = 256, HEAD_BYTES_MAX = TOKEN_BYTES_MAX };

struct arguments {
    const char *config, *database, *service, *alliance, *jwks;
    const char *heads[HEADS_MAX];
    size_t head_count;
};

static int fail(const char *format, const char *what)
{
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    fprintf(stderr, format, what);
#pragma GCC diagnostic pop
    return 2;
}

static bool arguments_read(int argc, char *argv[], struct arguments *ret_arguments)
{
    struct arguments all = {.database = NULL};
    for (int i = 1; i + 1 < argc; i += 2) {
        const char *name = argv[i], *value = argv[i + 1];
        if (strcmp(name, "--config") == 0)
            all.config = value;
        else if (strcmp(name, "--database") == 0)
            all.database = value;
        else if (strcmp(name, "--service") == 0)
            all.service = value;
        else if (strcmp(name, "--alliance") == 0 && uuid_is_valid(value))
            all.alliance = value;
        else if (strcmp(name, "--jwks") == 0)
            all.jwks = value;
        else if (strcmp(name, "--head") == 0 && all.head_count < HEADS_MAX)
            all.heads[all.head_count++] = value;
        else
            return false;
    }
    *ret_arguments = all;
    return argc % 2 == 1 && (all.config != NULL || all.database != NULL);
}

static void close_file(FILE **file)
{
    if (*file != NULL)
        fclose(*file);
}

static bool head_read(struct key_set *keys, const char *path, struct journal_head *ret_head,
                      struct problem *err)
{
    char text[HEAD_BYTES_MAX + 1];
    struct problem fault = {0};
    CLEANUP(close_file) FILE *file = fopen(path, "re");
    if (file == NULL)
        return problem_set(err, PROBLEM_INTERNAL, "%s: cannot be read: %s", path, strerror(errno));
    size_t size = fread(text, 1, HEAD_BYTES_MAX, file);
    while (size > 0 && strchr(" \t\r\n", text[size - 1]) != NULL)
        size--;
    text[size] = '\0';
    if (!journal_head_read(keys, text, ret_head, &fault))
        return problem_set(err, PROBLEM_INTERNAL, "%s: %s", path, fault.detail);
    return true;
}

static bool heads_read(const struct arguments *arguments, const char *jwks,
                       struct journal_head *ret_heads, struct problem *err)
{
    key_set_auto_t *keys = NULL;
    if (arguments->head_count > 0 && jwks != NULL && !key_set_load(jwks, &keys, err))
        return false;
    if (arguments->head_count > 0 && jwks == NULL)
        fprintf(stderr, "accord-audit: no --jwks: the heads' signatures are not checked\n");
    for (size_t i = 0; i < arguments->head_count; i++)
        if (!head_read(keys, arguments->heads[i], &ret_heads[i], err))
            return false;
    return true;
}

static void say(void *context, const char *line)
{
    (void)context;
    printf("%s\n", line);
}

static void connection_done(PGconn **pg)
{
    PQfinish(*pg);
}

static int audit(const struct arguments *arguments, const char *database,
                 const struct journal_head *heads)
{
    CLEANUP(connection_done) PGconn *pg = PQconnectdb(database);
    struct audit_options options = {.service = arguments->service,
                                    .alliance_id = arguments->alliance,
                                    .heads = heads,
                                    .head_count = arguments->head_count,
                                    .found = say};
    struct audit_result result;
    struct problem err = {0};
    if (PQstatus(pg) != CONNECTION_OK)
        return fail("accord-audit: %s", PQerrorMessage(pg));
    if (!audit_run(pg, &options, &result, &err))
        return fail("accord-audit: %s\n", err.detail);
    printf("%" PRId64 " events (%" PRId64 " erased), %" PRId64 " rows in %" PRId64
           " tables (%" PRId64 " rest on erased events), %zu kept heads: %" PRId64 " differences\n",
           result.events, result.erased, result.rows, result.tables, result.rests_on_erased,
           options.head_count, result.findings);
    return result.findings == 0 ? 0 : 1;
}

int main(int argc, char *argv[])
{
    static struct config config;
    static struct journal_head heads[HEADS_MAX];
    static char jwks[PATH_SIZE + 16];
    struct arguments arguments;
    struct problem err = {0};
    if (!arguments_read(argc, argv, &arguments))
        return fail("usage: %s --config FILE | --database CONNINFO [--service NAME] "
                    "[--alliance ID] [--jwks FILE] [--head FILE]...\n",
                    "accord-audit");
    if (arguments.config != NULL && !config_read(arguments.config, &config, &err))
        return fail("accord-audit: %s\n", err.detail);
    const char *database = arguments.database != NULL ? arguments.database : config.operator;
    if (database[0] == '\0')
        return fail("accord-audit: %s has no \"operator\"; say --database CONNINFO\n",
                    arguments.config);
    if (arguments.jwks == NULL && arguments.config != NULL) {
        snprintf(jwks, sizeof jwks, "%s/cluster.jwks", config.keys);
        arguments.jwks = jwks;
    }
    if (!heads_read(&arguments, arguments.jwks, heads, &err))
        return fail("accord-audit: %s\n", err.detail);
    return audit(&arguments, database, heads);
}
