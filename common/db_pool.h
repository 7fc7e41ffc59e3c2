/* The pool below db.h: at most so many connections, lent to one transaction at a time. db.c's own:
 * everybody else uses db.h. Any thread. */
#ifndef ACCORD_COMMON_DB_POOL_H
#define ACCORD_COMMON_DB_POOL_H

#include "common/db_connection.h"

/* Lends a connection that is alive as far as can be seen, with no transaction on it. */
bool pool_get(struct db *db, struct connection **ret_connection, struct problem *err) MUST_CHECK;
/* Takes it back to be lent again; what it still owes is read then. */
void pool_put(struct db *db, struct connection *connection);
/* Takes it back to be closed. */
void pool_drop(struct db *db, struct connection *connection);
/* When an answer to what is sent now is late. */
int64_t pool_deadline(const struct db *db);

#endif
