#include "services/membership/api.h"

#include "common/journal.h"
#include "services/membership/api/handlers.h"

const struct route MEMBERSHIP_ROUTES[] = {
    {"foundAlliance", alliance_found, NULL},
    {"listAlliances", alliance_list, NULL},
    {"getAlliance", alliance_get, NULL},
    {"changeAlliance", alliance_change, NULL},
    {"applyForPartnership", partner_apply, NULL},
    {"listPartners", partner_list, NULL},
    {"getPartner", partner_get, NULL},
    {"leaveAlliance", partner_leave, NULL},
    {"tracePartner", partner_trace, NULL},
    {"ping", ping_answer, NULL},
    {"getStatus", status_get, NULL},
    {"makeAppointment", appointment_make, NULL},
    {"listAppointments", appointment_list, NULL},
    {"getAppointment", appointment_get, NULL},
    {"endAppointment", appointment_finish, NULL},
    {"erasePersonName", appointment_erase_name, NULL},
    {"getAgreementInForce", agreement_get_in_force, NULL},
    {"draftAgreementVersion", agreement_draft, NULL},
    {"listAgreementVersions", agreement_list, NULL},
    {"getAgreementVersion", agreement_get, NULL},
    {"traceAgreementVersion", agreement_trace, NULL},
    {"openDecision", decision_open_handle, decision_open_prepare},
    {"listDecisions", decision_list, NULL},
    {"getDecision", decision_get, NULL},
    {"traceDecision", decision_trace, NULL},
    {"withdrawDecision", decision_withdraw, NULL},
    {"listVotes", vote_list, NULL},
    {"getVote", vote_get, NULL},
    {"castVote", vote_cast, NULL},
    {"declareRecusal", recusal_declare, NULL},
    {"listRecusals", recusal_list, NULL},
    {"listInbox", inbox_list, NULL},
    {"listMembershipJournal", journal_list, NULL},
    {"getMembershipJournalHead", journal_head_get, NULL},
};
const size_t MEMBERSHIP_ROUTE_COUNT = ARRAY_LENGTH(MEMBERSHIP_ROUTES);
