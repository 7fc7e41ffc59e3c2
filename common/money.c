#include "common/money.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static bool shares_are_valid(const int32_t share_bp[], size_t count)
{
    int64_t sum = 0;
    for (size_t i = 0; i < count; i++) {
        if (share_bp[i] < 0 || share_bp[i] > SHARE_BP_WHOLE)
            return false;
        sum += share_bp[i];
    }
    return sum == SHARE_BP_WHOLE;
}

/* The amount without its sign; INT64_MIN has no positive int64_t. */
static unsigned __int128 magnitude(int64_t pence)
{
    return pence < 0 ? -(unsigned __int128)pence : (unsigned __int128)pence;
}

static int64_t with_sign(unsigned __int128 amount, bool is_negative)
{
    return (int64_t)(is_negative ? -amount : amount);
}

/* Share i of the whole, rounded down, and what was cut (in 1/10000 penny). */
static unsigned __int128 share_floor(unsigned __int128 whole, int32_t share_bp, int32_t *ret_cut)
{
    unsigned __int128 product = whole * (unsigned __int128)share_bp;
    *ret_cut = (int32_t)(product % SHARE_BP_WHOLE);
    return product / SHARE_BP_WHOLE;
}

bool share_split(int64_t whole_pence, const int32_t share_bp[], size_t count,
                 int64_t ret_parts_pence[])
{
    if (!shares_are_valid(share_bp, count))
        return false;
    bool is_negative = whole_pence < 0;
    unsigned __int128 whole = magnitude(whole_pence), left = whole;
    for (size_t i = 0; i < count; i++) {
        int32_t cut;
        unsigned __int128 part = share_floor(whole, share_bp[i], &cut);
        ret_parts_pence[i] = with_sign(part, is_negative);
        left -= part;
    }
    /* What is left is a penny each for the largest cuts: fewer pennies than parts that were cut. */
    for (; left > 0; left--) {
        size_t best = count;
        int32_t best_cut = 0;
        for (size_t i = 0; i < count; i++) {
            int32_t cut;
            unsigned __int128 part = share_floor(whole, share_bp[i], &cut);
            bool has_penny = magnitude(ret_parts_pence[i]) != part;
            if (!has_penny && cut > best_cut) {
                best = i;
                best_cut = cut;
            }
        }
        ret_parts_pence[best] += is_negative ? -1 : 1;
    }
    return true;
}

bool money_add(int64_t a_pence, int64_t b_pence, int64_t *ret_sum_pence)
{
    int64_t sum;
    if (__builtin_add_overflow(a_pence, b_pence, &sum) || sum > MONEY_PENCE_MAX ||
        sum < -MONEY_PENCE_MAX)
        return false;
    *ret_sum_pence = sum;
    return true;
}

void money_format(int64_t pence, char ret_text[MONEY_TEXT_SIZE])
{
    uint64_t amount = (uint64_t)magnitude(pence);
    char pounds[24];
    int digits = snprintf(pounds, sizeof pounds, "%" PRIu64, amount / 100);
    char *out = ret_text;
    if (pence < 0)
        *out++ = '-';
    memcpy(out, "\u00a3", 2);
    out += 2;
    for (int i = 0; i < digits; i++) {
        if (i > 0 && (digits - i) % 3 == 0)
            *out++ = ',';
        *out++ = pounds[i];
    }
    *out++ = '.';
    *out++ = (char)('0' + amount % 100 / 10);
    *out++ = (char)('0' + amount % 10);
    *out = '\0';
}
