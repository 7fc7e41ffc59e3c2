#include "services/membership/rules/parties.h"

#include <stdio.h>
#include <string.h>

const struct partner *party_find(const struct partner partners[], int count,
                                 const char *organisation)
{
    for (int i = 0; i < count; i++)
        if (strcmp(partners[i].organisation, organisation) == 0 &&
            (partners[i].status == PARTNER_ACTIVE || partners[i].status == PARTNER_SUSPENDED ||
             partners[i].status == PARTNER_PROPOSED))
            return &partners[i];
    return NULL;
}

/* Who there is, and where we are in the terms. */
struct roll {
    const struct partner *partners;
    int count;
    char pointer[FAULT_POINTER_SIZE];
    struct problem *err;
};

static struct roll roll_in(const struct roll *outer, const char *list, size_t index)
{
    struct roll roll = *outer;
    snprintf(roll.pointer, sizeof roll.pointer, "%.110s/%s/%zu", outer->pointer, list, index);
    return roll;
}

static const struct partner *partner_named(const struct roll *roll, const char *member,
                                           const char *organisation)
{
    char pointer[FAULT_POINTER_SIZE];
    const struct partner *partner = party_find(roll->partners, roll->count, organisation);
    snprintf(pointer, sizeof pointer, "%.130s%s", roll->pointer, member);
    if (partner == NULL)
        (void)problem_add(roll->err, PROBLEM_REFERENCE_UNKNOWN, "unknown-partner", pointer,
                          "no partner has this code");
    return partner;
}

static bool role_check(const struct roll *roll, const char *member, const char *organisation,
                       enum partner_role role)
{
    if (organisation[0] == '\0') /* where one is needed, terms_check() has said so */
        return true;
    const struct partner *partner = partner_named(roll, member, organisation);
    if (partner == NULL)
        return false;
    if (partner->role == role)
        return true;
    char pointer[FAULT_POINTER_SIZE];
    snprintf(pointer, sizeof pointer, "%.130s%s", roll->pointer, member);
    return problem_add(roll->err, PROBLEM_RULE_BROKEN, "role", pointer, "this partner is no %s",
                       role == PARTNER_PROVIDER ? "provider" : "commissioner");
}

static bool sides_check(const struct roll *roll, const char *provider_member, const char *provider,
                        const char *commissioner)
{
    bool is_fine = role_check(roll, provider_member, provider, PARTNER_PROVIDER);
    if (!role_check(roll, "/commissioner", commissioner, PARTNER_COMMISSIONER))
        is_fine = false;
    return is_fine;
}

static bool split_check(const struct roll *roll, const struct band *band)
{
    bool is_fine = true;
    for (size_t i = 0; i < band->split_count; i++) {
        struct roll inner = roll_in(roll, "split", i);
        if (partner_named(&inner, "/organisation", band->split[i].organisation) == NULL)
            is_fine = false;
    }
    return is_fine;
}

static bool pool_check(const struct roll *roll, const struct pool_terms *pool)
{
    bool is_fine = sides_check(roll, "/provider", pool->provider, pool->commissioner);
    struct roll parameters = *roll;
    snprintf(parameters.pointer, sizeof parameters.pointer, "%.120s/parameters", roll->pointer);
    for (size_t i = 0; i < pool->band_count; i++) {
        struct roll inner = pool->has_bands ? roll_in(&parameters, "bands", i) : parameters;
        if (!split_check(&inner, &pool->bands[i]))
            is_fine = false;
    }
    const char *gain_to = pool->gain_residual_to, *loss_to = pool->loss_residual_to;
    if (gain_to[0] != '\0' && party_ring_fence(gain_to) == NULL &&
        partner_named(&parameters, "/gainResidualTo", gain_to) == NULL)
        is_fine = false;
    if (loss_to[0] != '\0' && partner_named(&parameters, "/lossResidualTo", loss_to) == NULL)
        is_fine = false;
    return is_fine;
}

bool parties_check(const struct terms *terms, const struct partner partners[], int count,
                   const char *pointer, struct problem *err)
{
    bool is_fine = true;
    struct roll whole = {.partners = partners, .count = count, .err = err};
    snprintf(whole.pointer, sizeof whole.pointer, "%.60s", pointer);
    for (size_t i = 0; i < terms->pool_count; i++) {
        struct roll roll = roll_in(&whole, "pools", i);
        if (!pool_check(&roll, &terms->pools[i]))
            is_fine = false;
    }
    for (size_t i = 0; i < terms->contract_count; i++) {
        struct roll roll = roll_in(&whole, "contracts", i);
        if (!sides_check(&roll, "/provider", terms->contracts[i].provider,
                         terms->contracts[i].commissioner))
            is_fine = false;
    }
    for (size_t i = 0; i < terms->guarantee_count; i++) {
        struct roll roll = roll_in(&whole, "guarantee", i);
        if (!sides_check(&roll, "/organisation", terms->guarantees[i].organisation,
                         terms->guarantees[i].commissioner))
            is_fine = false;
    }
    return is_fine;
}
