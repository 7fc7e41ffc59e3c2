/* The handlers by noun, and what they share. Each does the work of one operation: JSON to model and
 * back, no SQL, no rule of its own. */
#ifndef ACCORD_SERVICES_MEMBERSHIP_API_HANDLERS_H
#define ACCORD_SERVICES_MEMBERSHIP_API_HANDLERS_H

#include "common/http.h"
#include "common/overview.h"
#include "services/membership/model.h"

/* api/alliances.c */
handler alliance_found, alliance_list, alliance_get, alliance_change;
/* api/status.c */
handler ping_answer, status_get;
/* api/overview.c; overview_part() is our part of it (common/overview.h). */
handler overview_get;
overview_function overview_part;
/* api/partners.c */
handler partner_apply, partner_list, partner_get, partner_trace, partner_leave;
/* api/appointments.c */
handler appointment_make, appointment_list, appointment_get, appointment_finish;
handler appointment_erase_name;
/* api/groups.c */
handler group_make, group_list, group_get, group_change;
/* api/agreement.c */
handler agreement_get_in_force, agreement_draft, agreement_list, agreement_get, agreement_trace;
/* api/hosts.c */
handler host_list, host_draft, host_version_list, host_version_get, host_version_trace;
/* api/decisions.c */
prepare_function decision_open_prepare;
handler decision_open_handle, decision_list, decision_get, decision_trace, decision_withdraw;
/* api/interests.c */
handler interest_declare, interest_list, interest_get, interest_confirm;
handler ruling_record, ruling_list;
/* api/outcomes.c */
handler outcome_write, outcome_get, outcome_publish;
/* api/inbox.c */
handler inbox_list, agenda_list, agenda_get, agenda_item_take;
/* api/votes.c */
handler vote_list, vote_get, vote_cast, recusal_declare, recusal_list;

/* Every command starts here: no free text of its body holds what looks like an NHS number (what is
 * announced stays for ever), decisions whose deadline has passed end first, and if that changed the
 * roster, the caller's standing is looked up and checked again. */
bool command_begin(struct request *request, struct problem *err) MUST_CHECK;
/* The first part alone: every text that has one is named. */
bool texts_check(const json_t *body, struct problem *err) MUST_CHECK;

/* Who only applied, or has left, does not: it knows of nobody but itself. */
bool standing_sees_roster(const struct standing *standing);

/* "{ZZ1,ZZ2}": the organisations on whose behalf the caller may know of restricted matters. */
enum { ORGANISATIONS_TEXT_SIZE = (APPOINTMENTS_MAX + 1) * ODS_SIZE + 3 };
void organisations_known(const struct standing *standing, char ret_text[ORGANISATIONS_TEXT_SIZE]);
/* The same for the organisations that the caller speaks and votes for. */
void organisations_spoken_for(const struct standing *standing,
                              char ret_text[ORGANISATIONS_TEXT_SIZE]);

/* A matter that is restricted to these organisations (NULL = to none) may be known to the caller.
 */
bool restricted_may_be_known(const json_t *restricted_to, const struct standing *standing);

/* A decision that the caller may know of; any other is NOT_FOUND. `ret_shown_version` may be NULL.
 */
bool decision_of_path(struct request *request, struct decision *ret_decision,
                      int64_t *ret_shown_version, struct problem *err) MUST_CHECK;

/* A person of the body: token identity into the tenure; the name is borrowed from the body. */
void tenure_of_person(const json_t *person, struct tenure *tenure, const char **ret_name);

#endif
