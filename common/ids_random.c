#include "common/ids.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { UUID_BYTES = 16, DIGEST_BYTES = 32 };

/* No identifier, salt or digest is better than a bad one. */
static void need(int status, const char *what)
{
    if (status < 0) {
        fprintf(stderr, "%s: %s\n", what, gnutls_strerror(status));
        abort();
    }
}

char *hex_put(char *out, const unsigned char *bytes, size_t count)
{
    static const char hex[] = "0123456789abcdef";
    for (size_t i = 0; i < count; i++) {
        *out++ = hex[bytes[i] >> 4];
        *out++ = hex[bytes[i] & 15];
    }
    return out;
}

static void uuid_format(unsigned char bytes[UUID_BYTES], unsigned version, char ret_uuid[UUID_SIZE])
{
    bytes[6] = (unsigned char)((bytes[6] & 0x0F) | (version << 4));
    bytes[8] = (unsigned char)((bytes[8] & 0x3F) | 0x80);
    static const size_t groups[] = {4, 2, 2, 2, 6};
    char *out = ret_uuid;
    for (size_t i = 0; i < sizeof groups / sizeof groups[0]; i++) {
        if (i > 0)
            *out++ = '-';
        out = hex_put(out, bytes, groups[i]);
        bytes += groups[i];
    }
    *out = '\0';
}

static void sha256(const void *bytes, size_t size, unsigned char ret_hash[DIGEST_BYTES])
{
    need(gnutls_hash_fast(GNUTLS_DIG_SHA256, bytes, size, ret_hash), "SHA-256");
}

void random_bytes(void *ret_bytes, size_t size)
{
    need(gnutls_rnd(GNUTLS_RND_RANDOM, ret_bytes, size), "randomness");
}

void uuid_new(int64_t now_ms, char ret_uuid[UUID_SIZE])
{
    unsigned char bytes[UUID_BYTES];
    random_bytes(bytes, sizeof bytes);
    for (int i = 0; i < 6; i++)
        bytes[i] = (unsigned char)((uint64_t)now_ms >> (40 - 8 * i));
    uuid_format(bytes, 7, ret_uuid);
}

void uuid_of_bytes(const void *bytes, size_t size, char ret_uuid[UUID_SIZE])
{
    unsigned char hash[DIGEST_BYTES];
    sha256(bytes, size, hash);
    uuid_format(hash, 8, ret_uuid);
}

void digest_of_bytes(const void *bytes, size_t size, char ret_digest[DIGEST_SIZE])
{
    unsigned char hash[DIGEST_BYTES];
    sha256(bytes, size, hash);
    *hex_put(ret_digest, hash, sizeof hash) = '\0';
}
