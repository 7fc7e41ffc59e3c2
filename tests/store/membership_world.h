/* An alliance for membership's store tests, made the way it is made in life: two commissioners
 * (ZZ2, ZZ4) and two providers (ZZ1, ZZ3) found it and all agree; ZZ5 and ZZ6 have applied. */
#ifndef ACCORD_TESTS_MEMBERSHIP_WORLD_H
#define ACCORD_TESTS_MEMBERSHIP_WORLD_H

#include "tests/store/harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/ids.h"
#include "common/instant.h"
#include "common/json.h"
#include "common/subject_private.h"
#include "services/membership/closing.h"
#include "services/membership/events.h"
#include "services/membership/opening.h"
#include "services/membership/rules/decision.h"
#include "services/membership/rules/group.h"
#include "services/membership/rules/partner.h"
#include "services/membership/rules/tally.h"
#include "services/membership/rules/terms.h"
#include "services/membership/store/agreement.h"
#include "services/membership/store/decision.h"
#include "services/membership/store/group.h"
#include "services/membership/store/roster.h"
#include "services/membership/subjects.h"

enum { HOUR_MS = 3600 * 1000, FOUNDERS = 4 };
#define HAND "0193f5a2-8d11-7c3e-9a44-5b6f1f0c2d41"

static struct db *db;
static char alliance_id[UUID_SIZE];

static inline int make_db(void **state)
{
    (void)state;
    db = harness_db("membership", 3);
    return 0;
}

static inline int free_db(void **state)
{
    (void)state;
    harness_move_clock(0);
    db_free(db);
    return 0;
}

static inline void begin(struct act *act)
{
    struct problem err = {0};
    assert_done(act_begin(db, "membership", alliance_id, &HARNESS_ACTOR, true, act, &err), err);
}

static inline void commit(struct act *act)
{
    struct problem err = {0};
    assert_done(act_commit(act, &err), err);
}

static inline struct partner founder_make(int index)
{
    struct partner partner = {
        .role = index % 2 == 0 ? PARTNER_PROVIDER : PARTNER_COMMISSIONER,
        .is_voting = true,
        .is_founder = true,
        .status = PARTNER_PROPOSED,
        .joined_on = DAY_NONE,
        .left_on = DAY_NONE,
        .version = 1,
    };
    snprintf(partner.organisation, sizeof partner.organisation, "ZZ%d", (index + 1) % 10);
    snprintf(partner.name, sizeof partner.name, "Organisation %s", partner.organisation);
    return partner;
}

static inline struct tenure tenure_make(int64_t now_ms, const char *organisation)
{
    struct tenure tenure = {.issuer = "https://issuer.accord.example",
                            .post = POST_PARTNER_REPRESENTATIVE,
                            .starts_ms = now_ms,
                            .ends_ms = INSTANT_NONE,
                            .version = 1};
    uuid_new(now_ms, tenure.id);
    snprintf(tenure.subject, sizeof tenure.subject, "rep-%.10s", organisation);
    snprintf(tenure.organisation, sizeof tenure.organisation, "%.10s", organisation);
    return tenure;
}

static inline json_t *parameters_make(void)
{
    return json_pack("{s:[{s:s, s:s}], s:[], s:[], s:[]}", "rules", "kind", "general", "rule",
                     "simple-majority", "shares", "pools", "ringFences");
}

static inline struct agreement_version version_make(int32_t number, int32_t starts_on,
                                                    int64_t now_ms)
{
    struct agreement_version version = {.number = number,
                                        .starts_on = starts_on,
                                        .summary = "A version.",
                                        .parameters = parameters_make(),
                                        .state = AGREEMENT_DRAFT,
                                        .drafted_ms = now_ms,
                                        .adopted_ms = INSTANT_NONE,
                                        .version = 1};
    return version;
}

/* Opens a decision over one of our own subjects. */
static inline bool try_open(struct act *act, const char *subject, const char *effect,
                            int64_t deadline_ms, char ret_id[UUID_SIZE], struct problem *err)
{
    json_auto_t *described = NULL;
    const struct standing standing = {.has_alliance = true};
    uuid_new(act->now_ms, ret_id);
    const struct opening opening = {.id = ret_id,
                                    .subject = subject,
                                    .effect = effect,
                                    .question = "Shall it?",
                                    .rationale = "Best for project.",
                                    .deadline_ms = deadline_ms,
                                    .organisation = "ZZ1",
                                    .appointment_id = HAND};
    return subject_freeze(act, &MEMBERSHIP_SUBJECTS, &standing, subject, effect, ret_id, &described,
                          err) &&
           decision_open(act, &opening, described, err);
}

static inline void open_decision(const char *subject, const char *effect, int64_t after_ms,
                                 char ret_id[UUID_SIZE])
{
    act_auto_t act = {0};
    struct problem err = {0};
    begin(&act);
    assert_done(try_open(&act, subject, effect, act.now_ms + after_ms, ret_id, &err), err);
    commit(&act);
}

static inline bool try_vote(struct act *act, const char *id, const char *organisation,
                            enum vote_choice choice, struct problem *err)
{
    decision_auto_t decision = {0};
    electorate_auto_t electorate = {0};
    struct vote vote;
    struct ballot ballot = {.choice = choice};
    snprintf(ballot.organisation, sizeof ballot.organisation, "%s", organisation);
    if (choice == CHOICE_DISAGREE)
        snprintf(ballot.reason, sizeof ballot.reason, "Too dear.");
    if (!store_decision_get(act->tx, id, &decision, NULL, err) ||
        !store_electorate_get(act->tx, id, &electorate, err))
        return false;
    struct elector *elector = electorate_find(&electorate, organisation);
    if (!vote_decide(&decision, elector, &ballot, HAND, act->now_ms, &vote, err))
        return false;
    elector_vote(elector, &vote);
    return event_vote_cast(act, &decision, &vote, elector, err) &&
           decision_end_early(act, &decision, &electorate, act->now_ms, err);
}

static inline void vote(const char *id, const char *organisation, enum vote_choice choice)
{
    act_auto_t act = {0};
    struct problem err = {0};
    begin(&act);
    assert_done(try_vote(&act, id, organisation, choice, &err), err);
    commit(&act);
}

/* One letter per organisation from ZZ1 on: A agrees, D disagrees, a abstains, s is silent. */
static inline void vote_letters(const char *id, const char *letters)
{
    char organisation[ODS_SIZE];
    for (int i = 0; letters[i] != '\0'; i++) {
        snprintf(organisation, sizeof organisation, "ZZ%d", (i + 1) % 10);
        if (letters[i] != 's')
            vote(id, organisation,
                 letters[i] == 'A'   ? CHOICE_AGREE
                 : letters[i] == 'D' ? CHOICE_DISAGREE
                                     : CHOICE_ABSTAIN);
    }
}

static inline void found(char ret_decision_id[UUID_SIZE])
{
    act_auto_t act = {0};
    struct problem err = {0};
    begin(&act);
    struct partner founders[FOUNDERS];
    struct tenure tenures[FOUNDERS];
    for (int i = 0; i < FOUNDERS; i++) {
        founders[i] = founder_make(i);
        tenures[i] = tenure_make(act.now_ms, founders[i].organisation);
    }
    const int32_t today = instant_day(act.now_ms);
    alliance_auto_t alliance = {.name = "Elective Care",
                                .purpose = "Better care.",
                                .objectives = json_pack("[s]", "Sooner"),
                                .principles = json_array(),
                                .starts_on = today - 10,
                                .ends_on = today + 1000,
                                .status = ALLIANCE_FORMING,
                                .created_ms = act.now_ms,
                                .version = 1};
    agreement_auto_t version = version_make(1, alliance.starts_on, act.now_ms);
    json_auto_t *described = NULL;
    const struct standing standing = {.has_alliance = true};
    uuid_new(act.now_ms, alliance.founding_decision_id);
    memcpy(ret_decision_id, alliance.founding_decision_id, UUID_SIZE);
    const struct opening opening = {.id = ret_decision_id,
                                    .subject = "alliance",
                                    .effect = "found",
                                    .question = "Shall it be founded?",
                                    .rationale = "Best for project.",
                                    .deadline_ms = act.now_ms + HOUR_MS,
                                    .organisation = "ZZ1",
                                    .appointment_id = tenures[0].id};
    assert_done(event_alliance_founded(&act, &alliance, founders, FOUNDERS, tenures, FOUNDERS,
                                       &version, &err),
                err);
    for (int i = 0; i < FOUNDERS; i++)
        assert_done(store_person_name_add(act.tx, tenures[i].id, "Nora Field", &err), err);
    assert_done(subject_freeze(&act, &MEMBERSHIP_SUBJECTS, &standing, "alliance", "found",
                               ret_decision_id, &described, &err),
                err);
    assert_done(decision_open(&act, &opening, described, &err), err);
    commit(&act);
}

static inline void apply(const char *organisation)
{
    act_auto_t act = {0};
    struct problem err = {0};
    struct partner partner;
    begin(&act);
    assert_done(application_decide(ALLIANCE_ACTIVE, NULL, organisation, "An applicant",
                                   PARTNER_PROVIDER, true, &partner, &err),
                err);
    assert_done(event_partner(&act, "applied", &partner, NULL, 0, NULL, &err), err);
    commit(&act);
}

static inline int make_alliance(void **state)
{
    (void)state;
    char founding[UUID_SIZE];
    harness_move_clock(0);
    harness_alliance(alliance_id);
    found(founding);
    vote_letters(founding, "AAAA");
    apply("ZZ5");
    apply("ZZ6");
    return 0;
}

static inline void make_group(const char *code, enum group_kind kind, const char *reports_to)
{
    act_auto_t act = {0};
    struct problem err = {0};
    struct groups groups;
    int64_t versions[GROUPS_MAX + 1];
    begin(&act);
    assert_done(store_groups_get(act.tx, &groups, &err), err);
    for (int i = 0; i < groups.count; i++)
        versions[i] = groups.groups[i].version;
    struct group *group = &groups.groups[groups.count];
    *group = (struct group){.kind = kind, .made_ms = act.now_ms};
    snprintf(group->code, sizeof group->code, "%s", code);
    snprintf(group->name, sizeof group->name, "The group %s", code);
    versions[groups.count] = 0;
    groups.count++;
    assert_done(group_place(groups.groups, groups.count, groups.count - 1, reports_to, &err), err);
    assert_done(event_group(&act, "made", code, groups.groups, versions, groups.count, &err), err);
    commit(&act);
}

static inline void seat(const char *organisation, const char *code)
{
    act_auto_t act = {0};
    struct problem err = {0};
    begin(&act);
    struct tenure tenure = tenure_make(act.now_ms, organisation);
    tenure.post = POST_GROUP_MEMBER;
    snprintf(tenure.group_code, sizeof tenure.group_code, "%s", code);
    assert_done(event_appointment(&act, "made", &tenure, &err), err);
    commit(&act);
}

static inline void end_overdue(void)
{
    act_auto_t act = {0};
    struct problem err = {0};
    begin(&act);
    assert_done(decisions_end_overdue(&act, &err), err);
    commit(&act);
}

static inline void load(const char *id, struct decision *ret_decision)
{
    act_auto_t act = {0};
    struct problem err = {0};
    begin(&act);
    assert_done(store_decision_get(act.tx, id, ret_decision, NULL, &err), err);
}

static inline enum decision_state state_of(const char *id)
{
    decision_auto_t decision = {0};
    load(id, &decision);
    return decision.state;
}

static inline void load_partner(const char *organisation, struct partner *ret_partner)
{
    act_auto_t act = {0};
    struct problem err = {0};
    begin(&act);
    assert_done(store_partner_get(act.tx, organisation, ret_partner, &err), err);
}

#endif
