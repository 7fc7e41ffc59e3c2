/* accord-token: prints an access token for development, as the development issuer would give it. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "common/development_token.h"
#include "common/ids.h"

#define READS "membership:read ledger:read reinvestment:read risk:read kpi:read journals:read"

/* The people and systems of the example alliance. */
static const struct preset {
    const char *name, *subject, *client, *organisation, *scope, *about;
} PRESETS[] = {
    {"alliance-director", "dana.director", "accord-token", "ZZ1",
     READS
     " alliances:found membership:write decisions:open reinvestment:write risk:write kpi:write",
     "Dana, who runs the alliance"},
    {"partner-system", "zz1-system", "zz1-system", "ZZ1", READS " ledger:post kpi:submit",
     "ZZ1's finance and reporting system"},
    {"quality-lead", "qual.zz3", "accord-token", "ZZ3",
     READS " decisions:open risk:write kpi:write kpi:submit", "ZZ3's quality lead"},
    {"finance-lead", "fin.zz1", "accord-token", "ZZ1",
     READS " decisions:open ledger:write ledger:post reinvestment:write", "ZZ1's finance lead"},
    {"representative", NULL, "accord-token", "ZZ1",
     READS " alliances:found membership:write decisions:open decisions:vote ledger:write"
           " reinvestment:write risk:write kpi:write",
     "rep.zz1, or of the --organisation you name"},
};

static void help_print(FILE *stream)
{
    fprintf(stream, "usage: accord-token [--keys DIR] --as ROLE [--organisation ODS]\n"
                    "       accord-token [--keys DIR] --subject S --client C [--organisation ODS]\n"
                    "                    [--scope \"ledger:read ledger:post\"]\n\n"
                    "Prints an access token signed by the development issuer's key.\n\n"
                    "  --keys DIR         folder of issuer.pem and issuer.jwks\n"
                    "                     (default: $ACCORD_KEYS, else .data/keys)\n"
                    "  --as ROLE          somebody of the example alliance:\n");
    for (size_t i = 0; i < ARRAY_LENGTH(PRESETS); i++) {
        fprintf(stream, "                       %-18s %s\n", PRESETS[i].name, PRESETS[i].about);
    }
    fprintf(stream, "  --subject S        who acts (sub)\n"
                    "  --client C         by which system (client_id)\n"
                    "  --organisation ODS for which organisation\n"
                    "  --scope \"A B\"      what the token allows\n"
                    "  --audience A       for whom (default: https://accord.example)\n"
                    "  --issuer I         by whom (default: " DEVELOPMENT_ISSUER ")\n"
                    "  --minutes N        how long, 1 to 60 (default: 30)\n"
                    "  --help\n\n"
                    "The options after --as change what it chose. Example:\n"
                    "  curl -H \"Authorization: Bearer $(accord-token --as quality-lead)\" ...\n");
}

static bool preset_apply(const char *name, struct development_token *token)
{
    for (size_t i = 0; i < ARRAY_LENGTH(PRESETS); i++) {
        if (strcmp(PRESETS[i].name, name) == 0) {
            token->subject = PRESETS[i].subject;
            token->client = PRESETS[i].client;
            token->organisation = PRESETS[i].organisation;
            token->scope = PRESETS[i].scope;
            return true;
        }
    }
    fprintf(stderr, "accord-token: there is no role \"%s\"; see --help\n", name);
    return false;
}

static bool minutes_read(const char *text, int *ret_minutes)
{
    char *end = NULL;
    long minutes = strtol(text, &end, 10);
    if (*text == '\0' || *end != '\0' || minutes < 1 || minutes > DEVELOPMENT_TOKEN_MINUTES_MAX) {
        fprintf(stderr, "accord-token: --minutes takes 1 to %d\n", DEVELOPMENT_TOKEN_MINUTES_MAX);
        return false;
    }
    *ret_minutes = (int)minutes;
    return true;
}

enum option_code {
    OPTION_KEYS = 1,
    OPTION_AS,
    OPTION_SUBJECT,
    OPTION_CLIENT,
    OPTION_ORGANISATION,
    OPTION_SCOPE,
    OPTION_AUDIENCE,
    OPTION_ISSUER,
    OPTION_MINUTES,
    OPTION_HELP
};

static const struct option OPTIONS[] = {
    {"keys", required_argument, NULL, OPTION_KEYS},
    {"as", required_argument, NULL, OPTION_AS},
    {"subject", required_argument, NULL, OPTION_SUBJECT},
    {"client", required_argument, NULL, OPTION_CLIENT},
    {"organisation", required_argument, NULL, OPTION_ORGANISATION},
    {"scope", required_argument, NULL, OPTION_SCOPE},
    {"audience", required_argument, NULL, OPTION_AUDIENCE},
    {"issuer", required_argument, NULL, OPTION_ISSUER},
    {"minutes", required_argument, NULL, OPTION_MINUTES},
    {"help", no_argument, NULL, OPTION_HELP},
    {NULL, 0, NULL, 0},
};

/* One option; false when it is wrong. */
static bool option_apply(int code, const char **keys, struct development_token *token)
{
    switch (code) {
    case OPTION_KEYS:
        *keys = optarg;
        return true;
    case OPTION_AS:
        return preset_apply(optarg, token);
    case OPTION_SUBJECT:
        token->subject = optarg;
        return true;
    case OPTION_CLIENT:
        token->client = optarg;
        return true;
    case OPTION_ORGANISATION:
        token->organisation = optarg;
        return true;
    case OPTION_SCOPE:
        token->scope = optarg;
        return true;
    case OPTION_AUDIENCE:
        token->audience = optarg;
        return true;
    case OPTION_ISSUER:
        token->issuer = optarg;
        return true;
    case OPTION_MINUTES:
        return minutes_read(optarg, &token->minutes);
    case OPTION_HELP:
        help_print(stdout);
        exit(0);
    default:
        fprintf(stderr, "accord-token: see --help\n");
        return false;
    }
}

/* A representative is named after the organisation: rep.zz1. */
static bool subject_complete(struct development_token *token, char *space, size_t size)
{
    if (token->organisation != NULL && token->organisation[0] != '\0' &&
        !ods_is_valid(token->organisation)) {
        fprintf(stderr, "accord-token: \"%s\" is no organisation code\n", token->organisation);
        return false;
    }
    if (token->subject == NULL && token->client != NULL && token->organisation != NULL) {
        size_t length = (size_t)snprintf(space, size, "rep.%s", token->organisation);
        for (size_t i = 0; i < length; i++) {
            space[i] = (char)(space[i] >= 'A' && space[i] <= 'Z' ? space[i] + 32 : space[i]);
        }
        token->subject = space;
    }
    if (token->subject == NULL || token->client == NULL) {
        fprintf(stderr, "accord-token: name --as ROLE, or --subject and --client; see --help\n");
        return false;
    }
    return true;
}

int main(int argc, char *argv[])
{
    const char *keys = getenv("ACCORD_KEYS");
    struct development_token token = {
        .issuer = DEVELOPMENT_ISSUER, .audience = "https://accord.example", .minutes = 30};
    int code;
    while ((code = getopt_long(argc, argv, "", OPTIONS, NULL)) != -1) {
        if (!option_apply(code, &keys, &token)) {
            return 2;
        }
    }
    char subject[sizeof "rep." + ODS_SIZE];
    if (optind < argc) {
        fprintf(stderr, "accord-token: \"%s\" is no option; see --help\n", argv[optind]);
        return 2;
    }
    if (!subject_complete(&token, subject, sizeof subject)) {
        return 2;
    }
    char_auto_t *text = NULL;
    struct problem err = {0};
    if (!development_token_mint(keys != NULL ? keys : ".data/keys", &token, time(NULL), &text,
                                &err)) {
        fprintf(stderr, "accord-token: %s\n", err.detail);
        return 1;
    }
    return puts(text) < 0 || fflush(stdout) != 0;
}
