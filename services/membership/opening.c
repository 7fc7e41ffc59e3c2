#include "services/membership/opening.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/ids.h"
#include "common/instant.h"
#include "common/json.h"
#include "common/subject.h"
#include "services/membership/closing.h"
#include "services/membership/conflicts.h"
#include "services/membership/events.h"
#include "services/membership/rows.h"
#include "services/membership/rules/decision.h"
#include "services/membership/rules/group.h"
#include "services/membership/rules/terms.h"
#include "services/membership/store/agreement.h"
#include "services/membership/store/decision.h"
#include "services/membership/store/group.h"
#include "services/membership/store/roster.h"

/* A decision's row leaves this much of an event to what its end adds. */
enum { FOUNDING_VERSION = 1, RESTRICTED_MAX = 50, ENDING_BYTES = 8 * 1024 };

/* --- the owner's answer: another service's word, so nothing of it is taken for granted --- */

static bool described_text(const json_t *described, const char *name, char *ret_text, size_t size,
                           struct problem *err)
{
    const char *text = json_text(described, name);
    if (text == NULL || text[0] == '\0' || strlen(text) >= size)
        return problem_set(err, PROBLEM_UPSTREAM, "the subject was described without a fit %s",
                           name);
    memcpy(ret_text, text, strlen(text) + 1);
    return true;
}

static bool described_kind(const json_t *described, const char *owner, enum decision_kind *ret_kind,
                           struct problem *err)
{
    const char *name = json_text(described, "kind");
    if (name == NULL || !kind_of_name(name, ret_kind))
        return problem_set(err, PROBLEM_UPSTREAM, "%s described a kind that does not exist", owner);
    const bool is_ours = kind_is_membership(*ret_kind) || *ret_kind == KIND_FOUND ||
                         *ret_kind == KIND_VARY_AGREEMENT;
    if (is_ours && strcmp(owner, "membership") != 0)
        return problem_set(err, PROBLEM_UPSTREAM, "%s does not decide who is in, or on what terms",
                           owner);
    return true;
}

static json_t *described_list(const json_t *described, const char *name)
{
    return json_incref(json_object_get(described, name));
}

static bool decision_of_described(const json_t *described, const struct opening *opening,
                                  struct decision *decision, struct problem *err)
{
    if (!described_kind(described, ref_service(opening->subject), &decision->kind, err) ||
        !described_text(described, "title", decision->title, sizeof decision->title, err) ||
        !described_text(described, "summary", decision->summary, sizeof decision->summary, err) ||
        !described_text(described, "nonce", decision->nonce, sizeof decision->nonce, err) ||
        !described_text(described, "digest", decision->digest, sizeof decision->digest, err))
        return false;
    decision->subject_version = json_integer_or(described, "version", 0);
    decision->content = described_list(described, "content");
    decision->organisations = described_list(described, "organisations");
    decision->restricted_to = described_list(described, "restrictedTo");
    if (decision->subject_version < 1 || !json_is_object(decision->content))
        return problem_set(err, PROBLEM_UPSTREAM, "the subject was described without content");
    json_auto_t *data = json_object();
    json_put_new(data, "decision", decision_row(decision));
    if (!subject_digest_matches(data))
        return problem_set(err, PROBLEM_UPSTREAM,
                           "the subject's digest does not match its content");
    return true;
}

/* What opens must be able to end: its closing event holds the row again, and more. */
static bool decision_check_size(const struct decision *decision, struct problem *err)
{
    size_t size;
    char_auto_t *text = NULL;
    json_auto_t *row = decision_row(decision);
    if (!json_canonical(row, &text, &size, err))
        return false;
    if (size > EVENT_BYTES_MAX - ENDING_BYTES)
        return problem_set(err, PROBLEM_BODY_TOO_LARGE,
                           "question, rationale and subject have %zu bytes together; %d fit", size,
                           EVENT_BYTES_MAX - ENDING_BYTES);
    return true;
}

/* --- rule and electorate --- */

bool opening_rules(struct db_tx *tx, int64_t now_ms, json_t **ret_rules, struct problem *err)
{
    agreement_auto_t version = {0};
    struct agreement_terms terms = {0};
    if (store_agreement_in_force(tx, instant_day(now_ms), &version, err))
        agreement_terms_of_json(version.parameters, &terms);
    else if (err->code != PROBLEM_NOT_FOUND)
        return false;
    problem_clear(err);
    json_t *rules = json_object();
    for (int i = 0; i < KIND_COUNT; i++) {
        const enum decision_kind kind = (enum decision_kind)i;
        json_put_text(rules, kind_name(kind), rule_name(decision_rule_for(&terms, kind)));
    }
    *ret_rules = rules;
    return true;
}

/* Another service froze its subject for a rule, a moment ago: the owner has given up a decision
 * that has not opened long after, and would refuse one that another rule carries. */
static bool asking_check(const struct opening *opening, const struct decision *decision,
                         const json_t *described, struct problem *err)
{
    const char *rule = json_text(described, "rule");
    if (opening->asked_ms == 0)
        return true;
    if (monotonic_ms() - opening->asked_ms > FREEZE_FRESH_MS)
        return problem_set(err, PROBLEM_UNAVAILABLE, "%s was described too long ago",
                           opening->subject);
    if (rule == NULL || strcmp(rule, rule_name(decision->rule)) != 0)
        return problem_set(err, PROBLEM_UNAVAILABLE, "the agreement changed while %s was described",
                           opening->subject);
    return true;
}

static bool decision_take_rule(struct act *act, struct decision *decision, struct problem *err)
{
    agreement_auto_t version = {0};
    struct agreement_terms terms;
    const bool is_founding = decision->kind == KIND_FOUND;
    if (is_founding ? !store_agreement_get(act->tx, FOUNDING_VERSION, &version, err)
                    : !store_agreement_in_force(act->tx, instant_day(act->now_ms), &version, err))
        return false;
    agreement_terms_of_json(version.parameters, &terms);
    decision->rule = decision_rule_for(&terms, decision->kind);
    decision->agreement_number = version.number;
    snprintf(decision->group_code, sizeof decision->group_code, "%s",
             decision_group_for(&terms, decision->kind));
    return true;
}

/* Which organisations have a seat in the group that decides; all of them when none does. A group
 * that does not exist, or has no vote, seats nobody. */
static bool seats_load(struct act *act, const struct decision *decision, struct db_rows *ret_seats,
                       struct problem *err)
{
    struct groups groups;
    if (decision->group_code[0] == '\0')
        return true;
    if (!store_groups_get(act->tx, &groups, err))
        return false;
    const struct group *group = group_find(groups.groups, groups.count, decision->group_code);
    return group == NULL || !group_has_vote(group->kind) ||
           store_group_seats(act->tx, group->code, act->now_ms, ret_seats, err);
}

static bool organisation_decides(const struct decision *decision, const struct db_rows *seats,
                                 const char *organisation)
{
    if (decision->group_code[0] == '\0')
        return true;
    for (int row = 0; row < seats->count; row++)
        if (strcmp(row_text(seats, row, "organisation"), organisation) == 0)
            return true;
    return false;
}

static bool electorate_build(struct act *act, const struct decision *decision,
                             struct electorate *ret_electorate, struct problem *err)
{
    roster_auto_t roster = {0};
    db_rows_auto_t seats = {0};
    if (!store_roster_get(act->tx, &roster, err) || !seats_load(act, decision, &seats, err))
        return false;
    const char *target = decision_target(decision->kind, decision->subject);
    ret_electorate->electors = calloc((size_t)roster.count + 1, sizeof *ret_electorate->electors);
    if (ret_electorate->electors == NULL)
        return problem_set(err, PROBLEM_INTERNAL, "out of memory for %d electors", roster.count);
    for (int i = 0; i < roster.count; i++)
        if (electorate_takes(&roster.partners[i], decision->kind, target) &&
            organisation_decides(decision, &seats, roster.partners[i].organisation))
            ret_electorate->electors[ret_electorate->count++] = elector_of(&roster.partners[i]);
    return true;
}

static bool electorate_check_restricted(const struct electorate *electorate,
                                        const json_t *restricted_to, struct problem *err)
{
    const char *organisations[RESTRICTED_MAX];
    const size_t count = json_array_size(restricted_to);
    if (restricted_to == NULL)
        return true;
    if (count > RESTRICTED_MAX)
        return problem_set(err, PROBLEM_UPSTREAM, "the subject is restricted to too many to name");
    for (size_t i = 0; i < count; i++) {
        organisations[i] = json_string_value(json_array_get(restricted_to, i));
        if (organisations[i] == NULL || !ods_is_valid(organisations[i]))
            return problem_set(err, PROBLEM_UPSTREAM, "the subject is restricted to nobody known");
    }
    return electorate_may_know(electorate, organisations, (int)count, err);
}

static void decision_take_opening(struct decision *decision, const struct opening *opening,
                                  int64_t now_ms)
{
    snprintf(decision->id, sizeof decision->id, "%s", opening->id);
    snprintf(decision->subject, sizeof decision->subject, "%s", opening->subject);
    snprintf(decision->effect, sizeof decision->effect, "%s", opening->effect);
    snprintf(decision->question, sizeof decision->question, "%s", opening->question);
    snprintf(decision->rationale, sizeof decision->rationale, "%s", opening->rationale);
    snprintf(decision->opener_organisation, sizeof decision->opener_organisation, "%s",
             opening->organisation);
    snprintf(decision->opener_appointment_id, sizeof decision->opener_appointment_id, "%s",
             opening->appointment_id);
    decision->state = DECISION_OPEN;
    decision->opened_ms = now_ms;
    decision->deadline_ms = opening->deadline_ms;
    decision->closed_ms = INSTANT_NONE;
    decision->recorded_ms = INSTANT_NONE;
    decision->version = 1;
}

bool decision_open(struct act *act, const struct opening *opening, const json_t *described,
                   struct problem *err)
{
    alliance_auto_t alliance = {0};
    decision_auto_t decision = {0};
    electorate_auto_t electorate = {0};
    decision_take_opening(&decision, opening, act->now_ms);
    return decision_of_described(described, opening, &decision, err) &&
           store_alliance_get(act->tx, &alliance, err) &&
           opening_decide(alliance.status, decision.kind, decision.deadline_ms, act->now_ms, err) &&
           decision_take_rule(act, &decision, err) &&
           asking_check(opening, &decision, described, err) &&
           decision_check_size(&decision, err) &&
           electorate_build(act, &decision, &electorate, err) &&
           electorate_check_restricted(&electorate, decision.restricted_to, err) &&
           conflicts_mark(act, &decision, &electorate, NULL, err) &&
           event_decision_opened(act, &decision, &electorate, err) &&
           decision_end_early(act, &decision, &electorate, act->now_ms, err);
}
