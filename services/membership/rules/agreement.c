#include "services/membership/rules/agreement.h"

#include <stdio.h>
#include <string.h>

#include "common/instant.h"
#include "common/money.h"
#include "services/membership/rules/group.h"
#include "services/membership/rules/parties.h"
#include "services/membership/rules/terms.h"

static bool fault_at(struct problem *err, enum problem_code problem, const char *code,
                     const char *pointer, const char *list, int index, const char *member,
                     const char *detail)
{
    char text[FAULT_POINTER_SIZE];
    snprintf(text, sizeof text, "%s/%s/%d%s", pointer, list, index, member);
    return problem_add(err, problem, code, text, "%s", detail);
}

static bool rules_check(const struct agreement_terms *terms, const char *pointer,
                        struct problem *err)
{
    bool is_fine = true;
    for (int i = 0; i < terms->rule_count; i++) {
        const enum decision_kind kind = terms->rules[i].kind;
        for (int k = 0; k < i; k++)
            if (terms->rules[k].kind == kind)
                is_fine = fault_at(err, PROBLEM_RULE_BROKEN, "duplicate", pointer, "rules", i,
                                   "/kind", "this kind has a rule already");
        if (kind_is_reserved(kind) && terms->rules[i].rule != RULE_UNANIMOUS)
            is_fine = fault_at(err, PROBLEM_RULE_BROKEN, "reserved", pointer, "rules", i, "/rule",
                               "a reserved kind is decided unanimously");
        if (kind_is_reserved(kind) && terms->rules[i].group_code[0] != '\0')
            is_fine = fault_at(err, PROBLEM_RULE_BROKEN, "reserved", pointer, "rules", i, "/group",
                               "a reserved kind is not delegated");
    }
    return is_fine;
}

static bool shares_check(const struct agreement_terms *terms, const struct partner partners[],
                         int partner_count, const char *pointer, struct problem *err)
{
    bool is_fine = true;
    int64_t sum_bp = 0;
    for (int i = 0; i < terms->share_count; i++) {
        const char *organisation = terms->shares[i].organisation;
        sum_bp += terms->shares[i].share_bp;
        for (int k = 0; k < i; k++)
            if (strcmp(terms->shares[k].organisation, organisation) == 0)
                is_fine = fault_at(err, PROBLEM_RULE_BROKEN, "duplicate", pointer, "shares", i,
                                   "/organisation", "this organisation has a share already");
        if (party_find(partners, partner_count, organisation) == NULL)
            is_fine = fault_at(err, PROBLEM_REFERENCE_UNKNOWN, "unknown-partner", pointer, "shares",
                               i, "/organisation", "no partner has this code");
    }
    if (terms->share_count > 0 && sum_bp != SHARE_BP_WHOLE) {
        char text[FAULT_POINTER_SIZE];
        snprintf(text, sizeof text, "%s/shares", pointer);
        is_fine =
            problem_add(err, PROBLEM_RULE_BROKEN, "sum", text,
                        "shares add up to 10,000 basis points, these to %lld", (long long)sum_bp);
    }
    return is_fine;
}

static bool codes_check(const char codes[][SHORT_CODE_SIZE], int count, const char *pointer,
                        const char *list, struct problem *err)
{
    bool is_fine = true;
    for (int i = 0; i < count; i++)
        for (int k = 0; k < i; k++)
            if (strcmp(codes[i], codes[k]) == 0)
                is_fine = fault_at(err, PROBLEM_RULE_BROKEN, "duplicate", pointer, list, i, "/code",
                                   "this code stands here already");
    return is_fine;
}

bool agreement_check(const struct agreement_terms *terms, const struct partner partners[],
                     int partner_count, const char *pointer, struct problem *err)
{
    bool is_fine = rules_check(terms, pointer, err);
    is_fine &= shares_check(terms, partners, partner_count, pointer, err);
    is_fine &= codes_check(terms->pools, terms->pool_count, pointer, "pools", err);
    is_fine &= codes_check(terms->ring_fences, terms->ring_fence_count, pointer, "ringFences", err);
    is_fine &= terms_check(&terms->money, pointer, err);
    is_fine &= parties_check(&terms->money, partners, partner_count, pointer, err);
    return is_fine;
}

bool delegations_check(const struct agreement_terms *terms, const struct group groups[], int count,
                       const char *pointer, struct problem *err)
{
    bool is_fine = true;
    for (int i = 0; i < terms->rule_count; i++) {
        const char *code = terms->rules[i].group_code;
        const struct group *group = group_find(groups, count, code);
        if (code[0] != '\0' && group == NULL)
            is_fine = fault_at(err, PROBLEM_REFERENCE_UNKNOWN, "unknown-group", pointer, "rules", i,
                               "/group", "no group has this code");
        if (group != NULL && !group_has_vote(group->kind))
            is_fine = fault_at(err, PROBLEM_RULE_BROKEN, "no-vote", pointer, "rules", i, "/group",
                               "the patient and public partnership group has a voice, not a vote");
    }
    return is_fine;
}

int agreement_in_force(const struct agreement_version versions[], int count, int32_t day)
{
    int first = -1;
    int found = -1;
    for (int i = 0; i < count; i++) {
        if (versions[i].state != AGREEMENT_ADOPTED)
            continue;
        if (first < 0 || versions[i].starts_on < versions[first].starts_on)
            first = i;
        if (versions[i].starts_on <= day &&
            (found < 0 || versions[i].starts_on > versions[found].starts_on))
            found = i;
    }
    return found >= 0 ? found : first;
}

bool adoption_check(const struct agreement_version *version,
                    const struct agreement_version versions[], int count,
                    int32_t alliance_starts_on, int32_t alliance_ends_on, struct problem *err)
{
    if (version->state == AGREEMENT_ADOPTED)
        return problem_set(err, PROBLEM_STATE_CONFLICT, "version %d is adopted already",
                           version->number);
    if (version->starts_on < alliance_starts_on || version->starts_on >= alliance_ends_on)
        return problem_add(err, PROBLEM_RULE_BROKEN, "outside", "/startsOn",
                           "a version starts within the alliance's time");
    for (int i = 0; i < count; i++) {
        if (versions[i].state != AGREEMENT_ADOPTED || versions[i].starts_on < version->starts_on)
            continue;
        char day[DATE_SIZE];
        day_format(versions[i].starts_on, day);
        return problem_add(err, PROBLEM_RULE_BROKEN, "too-early", "/startsOn",
                           "version %d starts on %s, and one version follows another",
                           versions[i].number, day);
    }
    return true;
}

void agreement_adopt(struct agreement_version *version, const char *decision_id, int64_t adopted_ms)
{
    version->state = AGREEMENT_ADOPTED;
    version->adopted_ms = adopted_ms;
    version->version++;
    snprintf(version->decision_id, sizeof version->decision_id, "%s", decision_id);
}
