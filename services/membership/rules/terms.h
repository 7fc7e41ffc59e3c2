/* The words of the interface for the model's enums, both ways. Pure; any thread. */
#ifndef ACCORD_SERVICES_MEMBERSHIP_RULES_TERMS_H
#define ACCORD_SERVICES_MEMBERSHIP_RULES_TERMS_H

#include "services/membership/model.h"

/* The word for a value: "two-thirds". */
const char *alliance_status_name(enum alliance_status status);
const char *partner_role_name(enum partner_role role);
const char *partner_status_name(enum partner_status status);
const char *post_name(enum post post);
const char *group_kind_name(enum group_kind kind);
const char *agenda_state_name(enum agenda_state state);
const char *rule_name(enum decision_rule rule);
const char *decision_state_name(enum decision_state state);
const char *choice_name(enum vote_choice choice); /* NULL for CHOICE_NONE */
const char *elector_state_name(enum elector_state state);
const char *ruling_name(enum ruling ruling); /* NULL for RULING_NONE */
const char *interest_type_name(enum interest_type type);
const char *interest_state_name(enum interest_state state);
const char *effect_state_name(enum effect_state state);
const char *agreement_state_name(enum agreement_state state);
const char *host_state_name(enum host_state state);

/* The value of a word that the schema or a CHECK has already vouched for: asserts. */
enum alliance_status alliance_status_of(const char *name);
enum partner_role partner_role_of(const char *name);
enum partner_status partner_status_of(const char *name);
enum post post_of(const char *name);
enum group_kind group_kind_of(const char *name);
enum agenda_state agenda_state_of(const char *name);
/* Of another service's word: what is no kind of group goes to the leadership board. */
enum group_kind group_kind_escalated(const char *name);
enum decision_kind kind_of(const char *name);
enum decision_rule rule_of(const char *name);
enum decision_state decision_state_of(const char *name);
enum vote_choice choice_of(const char *name); /* NULL is CHOICE_NONE */
enum elector_state elector_state_of(const char *name);
enum ruling ruling_of(const char *name); /* NULL is RULING_NONE */
enum interest_type interest_type_of(const char *name);
enum interest_state interest_state_of(const char *name);
enum effect_state effect_state_of(const char *name);
enum agreement_state agreement_state_of(const char *name);
enum host_state host_state_of(const char *name);

/* Who is in: these lapse when the voting partners change (A3). */
bool kind_is_membership(enum decision_kind kind);
/* An organisation's own post, or the alliance's. */
bool post_is_organisations(enum post post);

#endif
