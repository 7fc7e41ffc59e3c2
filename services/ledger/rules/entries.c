#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "services/ledger/rules/balancing.h"

enum { NETS_MAX = 2 * LINES_MAX + 2 * LINES_MAX };

/* What a settlement comes to in an account. */
struct net {
    char account_code[CODE_SIZE];
    __int128 pence;
};

/* All of them, by account code: each line touches two, and two more where it is not covered. */
struct nets {
    struct sheet *sheet;
    struct net nets[NETS_MAX];
    size_t count;
};

/* Adds to the account's, which is put where it belongs when it is new. */
static void net_add(struct nets *nets, const char *account_code, __int128 pence)
{
    size_t at = 0;
    while (at < nets->count && strcmp(nets->nets[at].account_code, account_code) < 0)
        at++;
    if (at == nets->count || strcmp(nets->nets[at].account_code, account_code) != 0) {
        assert(nets->count < NETS_MAX);
        memmove(&nets->nets[at + 1], &nets->nets[at], (nets->count - at) * sizeof nets->nets[0]);
        nets->nets[at] = (struct net){0};
        snprintf(nets->nets[at].account_code, CODE_SIZE, "%s", account_code);
        nets->count++;
    }
    nets->nets[at].pence += pence;
}

/* --- what can't be taken back (B12)
 * -------------------------------------------------------------------- */

static void owe(struct nets *nets, const char *organisation, const char *instead_of,
                __int128 short_pence)
{
    char owed[CODE_SIZE];
    const int64_t pence = sheet_pence(nets->sheet, short_pence);
    snprintf(owed, sizeof owed, "partner:%s:owed", organisation);
    net_add(nets, instead_of, pence);
    net_add(nets, owed, -(__int128)pence);
    sheet_escalate(nets->sheet, ESCALATION_CLAW_BACK, "", organisation, pence,
                   "%s is to be taken back of %s beyond what is available there; %s owes it.",
                   money_of(pence).text, instead_of, organisation);
}

/* What lines take back from an account, less what others give it: positive when it is taken from.
 */
static __int128 taken_back(const struct settlement *settlement, const char *account_code)
{
    __int128 taken = 0;
    for (size_t i = 0; i < settlement->line_count; i++) {
        const struct line *line = &settlement->lines[i];
        if (strcmp(line->to_account, account_code) == 0)
            taken -= line->result_pence;
        if (strcmp(line->from_account, account_code) == 0 && line->result_pence < 0)
            taken += line->result_pence;
    }
    return taken;
}

/* The first line that takes something back from that account speaks for all of them. */
static bool is_first_taker(const struct settlement *settlement, size_t index)
{
    for (size_t i = 0; i < index; i++)
        if (settlement->lines[i].result_pence < 0 &&
            strcmp(settlement->lines[i].to_account, settlement->lines[index].to_account) == 0)
            return false;
    return true;
}

/* Who made the pool's funds good, and does again when what went elsewhere can't come back. */
static const char *commissioner_of(const struct terms *terms, const char *pool)
{
    for (size_t i = 0; i < terms->pool_count; i++)
        if (strcmp(terms->pools[i].code, pool) == 0)
            return terms->pools[i].commissioner;
    return NULL;
}

/* Each pool that takes from the ring-fence has its commissioner owe its part. */
static void ring_fence_owe(struct nets *nets, const char *account_code, __int128 short_pence)
{
    const struct settlement *settlement = nets->sheet->out;
    for (size_t i = 0; i < settlement->line_count && short_pence > 0; i++) {
        const struct line *line = &settlement->lines[i];
        if (line->result_pence >= 0 || strcmp(line->to_account, account_code) != 0)
            continue;
        const __int128 taken = -(__int128)line->result_pence;
        const __int128 part = taken < short_pence ? taken : short_pence;
        const char *organisation = commissioner_of(nets->sheet->input->terms, line->pool);
        if (organisation == NULL)
            sheet_fault(nets->sheet, PROBLEM_RULE_BROKEN, "unknown-pool",
                        "the agreement in force does not say who commissions pool %s", line->pool);
        else
            owe(nets, organisation, account_code, part);
        short_pence -= part;
    }
}

static void take_back(struct nets *nets)
{
    const struct sheet *sheet = nets->sheet;
    for (size_t i = 0; i < sheet->out->line_count; i++) {
        const struct line *line = &sheet->out->lines[i];
        if (line->result_pence >= 0 || !is_first_taker(sheet->out, i))
            continue;
        const __int128 short_pence =
            taken_back(sheet->out, line->to_account) - standing_of(sheet->input, line->to_account);
        if (short_pence <= 0)
            continue;
        if (account_is_ring_fence(line->to_account)) {
            ring_fence_owe(nets, line->to_account, short_pence);
            continue;
        }
        assert(account_is_position(line->to_account) && "a pool gets back what it gives back");
        owe(nets, line->organisation, line->to_account, short_pence);
    }
}

void entries_make(struct sheet *sheet)
{
    struct settlement *settlement = sheet->out;
    struct nets nets = {.sheet = sheet};
    for (size_t i = 0; i < settlement->line_count; i++) {
        const struct line *line = &settlement->lines[i];
        net_add(&nets, line->from_account, -(__int128)line->result_pence);
        net_add(&nets, line->to_account, line->result_pence);
        if (account_is_ring_fence(line->to_account))
            settlement->surplus_pence =
                sheet_pence(sheet, (__int128)settlement->surplus_pence + line->result_pence);
        if (line->kind == LINE_CALL)
            settlement->reserve_called_pence =
                sheet_pence(sheet, (__int128)settlement->reserve_called_pence + line->result_pence);
    }
    take_back(&nets);
    for (size_t i = 0; i < nets.count; i++) {
        if (nets.nets[i].pence == 0)
            continue;
        if (settlement->entry_count == ENTRIES_MAX) {
            sheet_fault(sheet, PROBLEM_RULE_BROKEN, "too-many",
                        "a settlement has %d entries at most", ENTRIES_MAX);
            return;
        }
        struct settlement_entry *entry = &settlement->entries[settlement->entry_count++];
        *entry = (struct settlement_entry){.amount_pence = sheet_pence(sheet, nets.nets[i].pence)};
        snprintf(entry->account_code, CODE_SIZE, "%s", nets.nets[i].account_code);
    }
}
