/* Every limit on what somebody else can make us hold, in one place; the api-spec names the same. */
#ifndef ACCORD_COMMON_LIMITS_H
#define ACCORD_COMMON_LIMITS_H

enum {
    UUID_SIZE = 37,    /* text form with its terminating zero */
    ODS_SIZE = 11,     /* organisation code, 3-10 characters */
    INSTANT_SIZE = 25, /* 2026-04-01T00:00:00.000Z */
    DATE_SIZE = 11,    /* 2026-04-01 */
    MONTH_SIZE = 12,   /* 2026-27-M03 */
    DIGEST_SIZE = 65,  /* SHA-256 in lower-case hex */
    REF_SIZE = 161,    /* a resource below its alliance: "ledger/holds/<uuid>" */
    /* The api-spec counts characters, and a character has up to four bytes. */
    NAME_SIZE = 4 * 200 + 1,  /* names and titles: one line of 200 */
    TEXT_SIZE = 4 * 4000 + 1, /* free text: reasons, rationales, narratives */
    CODE_SIZE = 81,           /* account codes, kinds, roles, event types */
    IDENTITY_SIZE = 256,      /* issuer, subject, client */
    TRACEPARENT_SIZE = 56,
    REQUEST_ID_SIZE = UUID_SIZE,
    CORRELATION_ID_SIZE = 129,
    IDEMPOTENCY_KEY_SIZE = 256,

    JSON_DEPTH_MAX = 32,
    BODY_BYTES_MAX = 1024 * 1024,
    IMPORT_BYTES_MAX = 32 * 1024 * 1024,
    EVENT_BYTES_MAX = 64 * 1024,
    BUS_MESSAGE_BYTES_MAX = 4 * 1024 * 1024,
    JOURNAL_PAGE_BYTES_MAX = 1024 * 1024,
    JOURNAL_PAGE_EVENTS_MAX = 500,
    TOKEN_BYTES_MAX = 8 * 1024,
    LIST_LIMIT_DEFAULT = 100,
    LIST_LIMIT_MAX = 1000,
    BULK_POSTINGS_MAX = 10000,
    FAULTS_LISTED_MAX = 16,
    BATCH_REQUESTS_MAX = 256, /* writes of one alliance that share a transaction */

    HTTP_CONNECTIONS_MAX = 512,
    HTTP_TIMEOUT_S = 15,
    HTTP_STACK_BYTES = 512 * 1024,
    DB_CONNECTIONS_MAX = 8,
    DB_WAIT_MS = 2000,      /* for a free connection */
    DB_STATEMENT_MS = 5000, /* our own deadline on an answer of the database */
    BUS_ANSWER_MS = 1000,
    AFTER_WAIT_MS = 2000, /* how long Accord-After waits */
    FREEZE_UNOPENED_MS = 10 * 60 * 1000,
    FREEZE_FRESH_MS = FREEZE_UNOPENED_MS / 2, /* an older answer opens no decision */
    CONSUMER_ATTEMPTS_MAX = 3,
    CONSUMER_ATTEMPT_MS = 30000, /* longer than one event takes: who began it is gone */
    TRANSACTION_ATTEMPTS_MAX = 3,
};

#endif
