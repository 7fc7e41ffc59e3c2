/* Store tests run against a real PostgreSQL: ACCORD_TEST_DATABASE is a superuser's connection
 * string to a migrated database that may be written to (tests/cluster makes one). Without it a test
 * fails. Every test works in an alliance of its own, so that nothing needs to be cleaned up. */
#ifndef ACCORD_TESTS_STORE_HARNESS_H
#define ACCORD_TESTS_STORE_HARNESS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/act.h"

/* A pool that acts with the rights of this role, which are a service's runtime rights. */
struct db *harness_db(const char *role, unsigned connections_max);
/* The same with further connection options ("-c lock_timeout=0") and our own deadline (0 = the
 * usual one). */
struct db *harness_db_with(const char *role, unsigned connections_max, const char *options,
                           int statement_ms);

/* A new alliance's id; nothing is stored. */
void harness_alliance(char ret_alliance_id[UUID_SIZE]);
/* An actor with a token: issuer, subject "somebody", client, organisation. */
extern const struct actor HARNESS_ACTOR;

/* Runs SQL as the superuser; the test fails with the server's words if it does not work. */
void harness_sql(const char *format, ...) PRINTF_LIKE(1, 2);
/* The only value of such a query: valid until the next call, "" for null. */
const char *harness_value(const char *format, ...) PRINTF_LIKE(1, 2);
/* Moves accord_now() of the database; 0 puts it right again. */
void harness_move_clock(int64_t offset_ms);

/* Schema `probe`: a service that does nothing, with tables `thing` (code, name, amount_pence,
 * version), `thing_change` (history) and `rumour` (a copy fed from the journal of `elsewhere`). */
void harness_make_probe(void);

/* Fails the test with the problem's detail. */
#define assert_done(call, err)                                                                     \
    do {                                                                                           \
        if (!(call))                                                                               \
            fail_msg("%s: %s", problem_slug((err).code), (err).detail);                            \
    } while (0)
#define assert_problem(call, err, wanted)                                                          \
    do {                                                                                           \
        assert_false(call);                                                                        \
        if ((err).code != (wanted))                                                                \
            fail_msg("%s (%s) instead of %s", problem_slug((err).code), (err).detail,              \
                     problem_slug(wanted));                                                        \
        problem_clear(&(err));                                                                     \
    } while (0)

#endif
