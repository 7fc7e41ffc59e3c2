#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "services/ledger/rules/balancing.h"
#include "services/ledger/rules/settlement.h"

static const char RESERVE[] = "reserve:cost-risk";

int64_t reserve_unspent(int64_t cap_pence, int64_t drawn_pence, int64_t released_pence)
{
    __int128 left = (__int128)cap_pence - drawn_pence - released_pence;
    if (left <= 0)
        return 0;
    return left > cap_pence ? cap_pence : (int64_t)left;
}

/* Which is to have the next odd penny: the largest remainder that has none yet. */
static size_t next_penny(const __int128 remainders[], const bool has_penny[], size_t count)
{
    size_t best = count;
    for (size_t i = 0; i < count; i++)
        if (!has_penny[i] && (best == count || remainders[i] > remainders[best]))
            best = i;
    return best;
}

void reserve_grant(int64_t left_pence, const int64_t asked_pence[], size_t count,
                   int64_t ret_granted_pence[])
{
    __int128 asked = 0, remainders[POOLS_MAX];
    bool has_penny[POOLS_MAX] = {false};
    for (size_t i = 0; i < count; i++)
        asked += asked_pence[i];
    if (asked <= left_pence) {
        memcpy(ret_granted_pence, asked_pence, count * sizeof asked_pence[0]);
        return;
    }
    int64_t odd_pence = left_pence;
    for (size_t i = 0; i < count; i++) {
        const __int128 product = (__int128)left_pence * asked_pence[i];
        ret_granted_pence[i] = (int64_t)(product / asked);
        remainders[i] = product % asked;
        odd_pence -= ret_granted_pence[i];
    }
    for (; odd_pence > 0; odd_pence--) {
        const size_t best = next_penny(remainders, has_penny, count);
        has_penny[best] = true;
        ret_granted_pence[best]++;
    }
}

/* Is the call taken back and made again by this settlement. */
static bool is_replaced(const struct settlement_input *input, const struct settled *settled,
                        const bool is_whole_year[])
{
    if (!settled->is_of_version)
        return false;
    for (size_t i = 0; i < input->terms->pool_count; i++)
        if (strcmp(input->terms->pools[i].code, settled->pool) == 0)
            return is_whole_year[i];
    return false;
}

int64_t reserve_left(struct sheet *sheet, const bool is_whole_year[])
{
    const struct settlement_input *input = sheet->input;
    __int128 replaced = 0;
    for (size_t i = 0; i < input->posted_count; i++)
        if (input->posted[i].kind == LINE_CALL)
            replaced += input->posted[i].amount_pence;
    for (size_t i = 0; i < input->earlier_count; i++)
        if (input->earlier[i].kind == LINE_CALL &&
            is_replaced(input, &input->earlier[i], is_whole_year))
            replaced += input->earlier[i].amount_pence;
    const int64_t drawn_pence = sheet_pence(sheet, input->reserve_drawn_pence - replaced);
    const int64_t there_pence = sheet_pence(sheet, standing_of(input, RESERVE) + replaced);
    const int64_t unspent_pence = reserve_unspent(input->terms->reserve_cap_pence, drawn_pence,
                                                  input->reserve_released_pence);
    const int64_t left_pence = there_pence < unspent_pence ? there_pence : unspent_pence;
    return left_pence > 0 ? left_pence : 0;
}
