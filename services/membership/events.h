/* What membership announces, each event with the full rows that it touches; and what it reacts to:
 * other services' effects of a carried decision. Announcing appends to the act and decides nothing.
 */
#ifndef ACCORD_SERVICES_MEMBERSHIP_EVENTS_H
#define ACCORD_SERVICES_MEMBERSHIP_EVENTS_H

#include "common/act.h"
#include "common/consumer.h"
#include "services/membership/model.h"

/* membership.alliance.founded.v1 {alliance, partner, appointment, agreementVersion} */
bool event_alliance_founded(struct act *act, const struct alliance *alliance,
                            const struct partner partners[], int partner_count,
                            const struct tenure tenures[], int tenure_count,
                            const struct agreement_version *version,
                            struct problem *err) MUST_CHECK;
/* membership.alliance.changed.v1 {alliance} */
bool event_alliance_changed(struct act *act, const struct alliance *alliance,
                            struct problem *err) MUST_CHECK;
/* membership.alliance.activated.v1 {alliance, partner, agreementVersion}: the founding's effect. */
bool event_alliance_activated(struct act *act, const struct alliance *alliance,
                              const struct partner partners[], int partner_count,
                              const struct agreement_version *version,
                              struct problem *err) MUST_CHECK;
/* membership.alliance.closed.v1 {alliance, partner}: the founding came to nothing. */
bool event_alliance_closed(struct act *act, const struct alliance *alliance,
                           const struct partner partners[], int partner_count,
                           struct problem *err) MUST_CHECK;

/* membership.alliance.<closing|closed>.v1 {alliance}, after its status: the effect of a decision on
 * its end. */
bool event_alliance_ending(struct act *act, const struct alliance *alliance,
                           const char *decision_id, struct problem *err) MUST_CHECK;

/* membership.partner.<what>.v1 {partner, appointment?}; `tenures` are those that it makes or ends,
 * `decision_id` the decision whose effect it is (NULL = none). */
bool event_partner(struct act *act, const char *what, const struct partner *partner,
                   const struct tenure tenures[], int tenure_count, const char *decision_id,
                   struct problem *err) MUST_CHECK;

/* membership.appointment.<made|ended>.v1 {appointment} */
bool event_appointment(struct act *act, const char *what, const struct tenure *tenure,
                       struct problem *err) MUST_CHECK;

/* membership.group.<made|changed>.v1 {allianceGroup}: those of `groups` whose version is not the
 * one of `versions` any more; `code` is the one that it is about. */
bool event_group(struct act *act, const char *what, const char *code, const struct group groups[],
                 const int64_t versions[], int count, struct problem *err) MUST_CHECK;

/* membership.agenda-item.<added|taken>.v1 {agendaItem}, restricted as the item is. */
bool event_agenda_item(struct act *act, const char *what, const struct agenda_item *item,
                       struct problem *err) MUST_CHECK;

/* membership.agreement.drafted.v1 {agreementVersion} */
bool event_agreement_drafted(struct act *act, const struct agreement_version *version,
                             struct problem *err) MUST_CHECK;
/* membership.agreement.adopted.v1 {agreementVersion}: the effect of its decision. */
bool event_agreement_adopted(struct act *act, const struct agreement_version *version,
                             struct problem *err) MUST_CHECK;

/* membership.host.drafted.v1 {hostVersion} */
bool event_host_drafted(struct act *act, const struct host_version *version,
                        struct problem *err) MUST_CHECK;
/* membership.host.appointed.v1 {host, hostVersion}: the effect of its decision. `before` (may be
 * NULL) is whom it succeeds. */
bool event_host_appointed(struct act *act, const struct host_version *version,
                          const struct host_version *before, struct problem *err) MUST_CHECK;

/* membership.decision.opened.v1 {decision, elector} */
bool event_decision_opened(struct act *act, const struct decision *decision,
                           const struct electorate *electorate, struct problem *err) MUST_CHECK;
/* membership.vote.cast.v1 {vote, elector} */
bool event_vote_cast(struct act *act, const struct decision *decision, const struct vote *vote,
                     const struct elector *elector, struct problem *err) MUST_CHECK;
/* membership.interest.<declared|refreshed>.v1 {interest} */
bool event_interest(struct act *act, const char *what, const struct interest *interest,
                    struct problem *err) MUST_CHECK;
/* membership.elector.ruled.v1 {elector, ruling}; `ruling` is borrowed. */
bool event_ruled(struct act *act, const struct decision *decision, const struct elector *elector,
                 json_t *ruling, struct problem *err) MUST_CHECK;
/* membership.outcome-statement.written.v1, membership.decision.published.v1 {outcomeStatement} */
bool event_outcome(struct act *act, const char *type, const struct decision *decision,
                   const struct outcome_statement *statement, struct problem *err) MUST_CHECK;

/* membership.elector.<recused|dropped|conflicted>.v1 {elector} */
bool event_elector(struct act *act, const char *what, const struct decision *decision,
                   const struct elector *elector, struct problem *err) MUST_CHECK;
/* membership.decision.<carried|rejected|lapsed|escalated|withdrawn>.v1 {decision, decisionEffect?}.
 * `pending` (may be NULL) is the effect that its owner still has to bring about. `ret_data` is the
 * event's data; the caller frees it. */
bool event_decision_closed(struct act *act, const struct decision *decision,
                           const struct decision_effect *pending, json_t **ret_data,
                           struct problem *err) MUST_CHECK;
/* membership.decision.effected.v1 {decisionEffect} */
bool event_effect(struct act *act, const struct decision *decision,
                  const struct decision_effect *effect, struct problem *err) MUST_CHECK;

/* Reaction to every event of the services that we follow: one that says it is the effect of a
 * decision of ours is shown with that decision. */
reaction_function event_react;

#endif
