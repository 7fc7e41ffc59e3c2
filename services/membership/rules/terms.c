#include "services/membership/rules/terms.h"

#include <assert.h>
#include <string.h>

static const char *const ALLIANCE_STATUSES[] = {"forming", "active", "closing", "closed"};
static const char *const PARTNER_ROLES[] = {"commissioner", "provider"};
static const char *const PARTNER_STATUSES[] = {"proposed", "active",   "suspended",
                                               "left",     "excluded", "lapsed"};
static const char *const POSTS[] = {
    "partner-representative", "deputy",       "alliance-director", "chair",        "lead-nurse",
    "senior-medical-lead",    "quality-lead", "finance-lead",      "group-member", "auditor",
};
static const char *const GROUP_KINDS[] = {
    "leadership-board",
    "delivery-board",
    "system-leadership-team",
    "clinical-reference-group",
    "finance-and-information-group",
    "performance-and-quality-group",
    "operational-finance-group",
    "quality-surveillance-group",
    "patient-and-public-partnership-group",
    "other",
};
static const char *const AGENDA_STATES[] = {"open", "taken"};
static const char *const RULES[] = {"unanimous", "two-thirds", "simple-majority"};
static const char *const DECISION_STATES[] = {"open",   "carried",   "rejected",
                                              "lapsed", "escalated", "withdrawn"};
static const char *const CHOICES[] = {"", "agree", "disagree", "abstain"};
static const char *const ELECTOR_STATES[] = {"eligible", "recused", "dropped"};
static const char *const RULINGS[] = {"", "pending", "recuse", "take-part"};
static const char *const INTEREST_TYPES[] = {"financial", "non-financial-professional",
                                             "non-financial-personal", "indirect"};
static const char *const INTEREST_STATES[] = {"current", "overdue", "ended"};
static const char *const EFFECT_STATES[] = {"pending", "done", "refused"};
static const char *const AGREEMENT_STATES[] = {"draft", "adopted"};
static const char *const HOST_STATES[] = {"draft", "appointed", "succeeded"};

/* The schema and the CHECKs allow only words of the list. */
static size_t word_index(const char *const words[], size_t count, const char *name)
{
    assert(name != NULL);
    size_t index = 0;
    while (strcmp(words[index], name) != 0) {
        index++;
        assert(index < count);
    }
    return index;
}

static const char *word_at(const char *const words[], size_t count, size_t value)
{
    assert(value < count);
    return words[value];
}

#define TERM(type, words, name_function, of_function)                                              \
    const char *name_function(enum type value)                                                     \
    {                                                                                              \
        return word_at((words), ARRAY_LENGTH(words), (size_t)value);                               \
    }                                                                                              \
    enum type of_function(const char *name)                                                        \
    {                                                                                              \
        return (enum type)word_index((words), ARRAY_LENGTH(words), name);                          \
    }

TERM(alliance_status, ALLIANCE_STATUSES, alliance_status_name, alliance_status_of)
TERM(partner_role, PARTNER_ROLES, partner_role_name, partner_role_of)
TERM(partner_status, PARTNER_STATUSES, partner_status_name, partner_status_of)
TERM(post, POSTS, post_name, post_of)
TERM(group_kind, GROUP_KINDS, group_kind_name, group_kind_of)
TERM(agenda_state, AGENDA_STATES, agenda_state_name, agenda_state_of)

enum group_kind group_kind_escalated(const char *name)
{
    for (size_t i = 0; i < (size_t)GROUP_OTHER; i++)
        if (strcmp(GROUP_KINDS[i], name) == 0)
            return (enum group_kind)i;
    return GROUP_LEADERSHIP_BOARD;
}

TERM(decision_rule, RULES, rule_name, rule_of)
TERM(decision_state, DECISION_STATES, decision_state_name, decision_state_of)
TERM(elector_state, ELECTOR_STATES, elector_state_name, elector_state_of)
TERM(interest_type, INTEREST_TYPES, interest_type_name, interest_type_of)
TERM(interest_state, INTEREST_STATES, interest_state_name, interest_state_of)
TERM(effect_state, EFFECT_STATES, effect_state_name, effect_state_of)
TERM(agreement_state, AGREEMENT_STATES, agreement_state_name, agreement_state_of)
TERM(host_state, HOST_STATES, host_state_name, host_state_of)

const char *choice_name(enum vote_choice choice)
{
    return choice == CHOICE_NONE ? NULL : word_at(CHOICES, ARRAY_LENGTH(CHOICES), (size_t)choice);
}

enum vote_choice choice_of(const char *name)
{
    return name == NULL ? CHOICE_NONE
                        : (enum vote_choice)word_index(CHOICES, ARRAY_LENGTH(CHOICES), name);
}

const char *ruling_name(enum ruling ruling)
{
    return ruling == RULING_NONE ? NULL : word_at(RULINGS, ARRAY_LENGTH(RULINGS), (size_t)ruling);
}

enum ruling ruling_of(const char *name)
{
    return name == NULL ? RULING_NONE
                        : (enum ruling)word_index(RULINGS, ARRAY_LENGTH(RULINGS), name);
}

enum decision_kind kind_of(const char *name)
{
    enum decision_kind kind = KIND_GENERAL;
    bool is_known = kind_of_name(name, &kind);
    assert(is_known && "the schema and the CHECKs allow only known words");
    return kind;
}

bool kind_is_membership(enum decision_kind kind)
{
    return kind == KIND_ADMIT || kind == KIND_EXCLUDE;
}

bool post_is_organisations(enum post post)
{
    return post != POST_ALLIANCE_DIRECTOR && post != POST_CHAIR && post != POST_AUDITOR;
}
