#include "common/chain.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <string.h>

#include "common/ids.h"

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return -1;
}

bool hash_parse(const char *text, struct hash *ret_hash)
{
    struct hash hash;
    if (text == NULL || strlen(text) != 2 * HASH_BYTES)
        return false;
    for (size_t i = 0; i < HASH_BYTES; i++) {
        int high = hex_value(text[2 * i]), low = hex_value(text[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        hash.bytes[i] = (unsigned char)(high * 16 + low);
    }
    *ret_hash = hash;
    return true;
}

void hash_format(const struct hash *hash, char ret_text[2 * HASH_BYTES + 1])
{
    *hex_put(ret_text, hash->bytes, HASH_BYTES) = '\0';
}

bool hash_is_equal(const struct hash *a, const struct hash *b)
{
    return memcmp(a->bytes, b->bytes, HASH_BYTES) == 0;
}

/* SHA-256 over up to three parts, one after the other. */
struct part {
    const void *bytes;
    size_t size;
};

static struct hash sha256(const struct part parts[], size_t count)
{
    struct hash hash;
    gnutls_hash_hd_t handle;
    if (gnutls_hash_init(&handle, GNUTLS_DIG_SHA256) < 0)
        abort();
    for (size_t i = 0; i < count; i++)
        if (parts[i].size > 0 && gnutls_hash(handle, parts[i].bytes, parts[i].size) < 0)
            abort();
    gnutls_hash_deinit(handle, hash.bytes);
    return hash;
}

struct hash chain_genesis(const char *service, const char *alliance_id)
{
    return sha256((const struct part[]){{"accord/1", 8},
                                        {service, strlen(service)},
                                        {alliance_id, strlen(alliance_id)}},
                  3);
}

struct hash chain_digest(bool is_restricted, const struct hash *salt, const char *body, size_t size)
{
    return sha256((const struct part[]){{is_restricted ? "r" : "o", 1},
                                        {salt->bytes, SALT_BYTES},
                                        {body, size}},
                  3);
}

struct hash chain_hash(const struct hash *previous, int64_t sequence, const struct hash *digest)
{
    unsigned char number[8];
    for (int i = 0; i < 8; i++)
        number[i] = (unsigned char)((uint64_t)sequence >> (56 - 8 * i));
    return sha256((const struct part[]){{previous->bytes, HASH_BYTES},
                                        {number, sizeof number},
                                        {digest->bytes, HASH_BYTES}},
                  3);
}
