/* The arithmetic of the journal's proof, shared by who reads a journal: consumers, accord-verify,
 * accord-audit. The database does the same in SQL (schema/deploy/core.sql) when it appends.
 *   first previous hash = sha256("accord/1" || service || alliance)
 *   digest              = sha256(class byte || salt || body), 'o' open, 'r' restricted
 *   hash                = sha256(previous hash || sequence as 8 big-endian bytes || digest)
 * No I/O; any thread. */
#ifndef ACCORD_COMMON_CHAIN_H
#define ACCORD_COMMON_CHAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/cleanup.h"

enum { HASH_BYTES = 32, SALT_BYTES = 32 };

/* 32 bytes: a digest, a hash or a salt. */
struct hash {
    unsigned char bytes[HASH_BYTES];
};

/* Exactly 64 lower-case hexadecimal digits. */
bool hash_parse(const char *text, struct hash *ret_hash) MUST_CHECK;
void hash_format(const struct hash *hash, char ret_text[2 * HASH_BYTES + 1]);
bool hash_is_equal(const struct hash *a, const struct hash *b);

struct hash chain_genesis(const char *service, const char *alliance_id);
struct hash chain_digest(bool is_restricted, const struct hash *salt, const char *body,
                         size_t size);
struct hash chain_hash(const struct hash *previous, int64_t sequence, const struct hash *digest);

#endif
