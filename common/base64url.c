#include "common/base64url.h"

#include <stdint.h>

static const char ALPHABET[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* 0-63, or -1. */
static int sextet(char c)
{
    if (c >= 'A' && c <= 'Z') {
        return c - 'A';
    }
    if (c >= 'a' && c <= 'z') {
        return c - 'a' + 26;
    }
    if (c >= '0' && c <= '9') {
        return c - '0' + 52;
    }
    return c == '-' ? 62 : c == '_' ? 63 : -1;
}

bool base64url_decode(const char *text, size_t length, unsigned char *ret_bytes, size_t *ret_size)
{
    uint32_t bits = 0;
    unsigned bit_count = 0;
    size_t size = 0;
    for (size_t i = 0; i < length; i++) {
        int value = sextet(text[i]);
        if (value < 0) {
            return false;
        }
        bits = (bits << 6 | (uint32_t)value) & 0xffffU;
        bit_count += 6;
        if (bit_count >= 8) {
            bit_count -= 8;
            ret_bytes[size++] = (unsigned char)(bits >> bit_count);
        }
    }
    /* 6 spare bits: a lone character; other than zero: two texts for one value */
    if (bit_count >= 6 || (bits & ((1U << bit_count) - 1)) != 0) {
        return false;
    }
    *ret_size = size;
    return true;
}

void base64url_encode(const void *bytes, size_t size, char *ret_text)
{
    const unsigned char *from = bytes;
    uint32_t bits = 0;
    unsigned bit_count = 0;
    for (size_t i = 0; i < size; i++) {
        bits = (bits << 8 | from[i]) & 0xffffU;
        bit_count += 8;
        while (bit_count >= 6) {
            bit_count -= 6;
            *ret_text++ = ALPHABET[bits >> bit_count & 63];
        }
    }
    if (bit_count > 0) {
        *ret_text++ = ALPHABET[bits << (6 - bit_count) & 63];
    }
    *ret_text = '\0';
}
