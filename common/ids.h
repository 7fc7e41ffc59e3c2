/* Identifiers: UUIDs, ODS codes, digests. uuid_new() draws from the system's randomness and
 * belongs to the shell; all the rest is pure. Any thread. */
#ifndef ACCORD_COMMON_IDS_H
#define ACCORD_COMMON_IDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/limits.h"
#include "common/problem.h"

/* Strict lower-case 8-4-4-4-12 of any version (RFC 9562). */
bool uuid_is_valid(const char *text);
/* `^[A-Z0-9]{3,10}$` */
bool ods_is_valid(const char *text);
/* A reference to a resource below its alliance: `[A-Za-z0-9:._-]+` segments joined by '/', at most
 * REF_SIZE - 1 characters, no empty segment. */
bool ref_is_valid(const char *text);
/* The service that owns the resource ("ledger/..." -> "ledger"; the first segments "ledger",
 * "reinvestment", "risk" and "kpi" name their service, anything else is membership's). */
const char *ref_service(const char *ref);

/* 10 digits, bare or 3-3-4, as a whole token with a valid check digit: looks like an NHS number. */
bool text_has_nhs_number(const char *text);
/* Aggregates only (E10): PERSONAL_DATA at `pointer` when a free text (NULL = none) looks as if it
 * held an NHS number. */
bool text_check(const char *pointer, const char *text, struct problem *err) MUST_CHECK;

/* UUIDv7 of this instant (ids_random.c). */
void uuid_new(int64_t now_ms, char ret_uuid[UUID_SIZE]);
/* UUIDv8 that is the same for the same bytes (first 122 bits of their SHA-256). */
void uuid_of_bytes(const void *bytes, size_t size, char ret_uuid[UUID_SIZE]);
/* SHA-256 as lower-case hex. */
void digest_of_bytes(const void *bytes, size_t size, char ret_digest[DIGEST_SIZE]);
/* Lower-case hex: 2 * count digits and no end; returns the place behind them. */
char *hex_put(char *out, const unsigned char *bytes, size_t count);
/* Fills with cryptographic randomness; ends the process if there is none. */
void random_bytes(void *ret_bytes, size_t size);

#endif
