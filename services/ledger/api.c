#include "services/ledger/api.h"

#include "common/journal.h"
#include "services/ledger/api/handlers.h"

const struct route LEDGER_ROUTES[] = {
    {.operation_id = "listAccounts", .handle = list_accounts},
    {.operation_id = "getAccount", .handle = get_account},
    {.operation_id = "limitAccount", .handle = limit_account},
    {.operation_id = "closeAccount", .handle = close_account},
    {.operation_id = "listEntries", .handle = list_entries},
    {.operation_id = "getStatement", .handle = get_statement},
    {.operation_id = "listPositions", .handle = list_positions},
    {.operation_id = "getTrialBalance", .handle = get_trial_balance},
    {.operation_id = "listMandates", .handle = list_mandates},
    {.operation_id = "draftMandate", .handle = draft_mandate},
    {.operation_id = "getMandate", .handle = get_mandate},
    {.operation_id = "reviseMandate", .handle = revise_mandate},
    {.operation_id = "withdrawMandate", .handle = withdraw_mandate},
    {.operation_id = "listTransactions", .handle = list_transactions},
    {.operation_id = "postTransaction", .handle = post_transaction},
    {.operation_id = "getTransaction", .handle = get_transaction},
    {.operation_id = "reverseTransaction", .handle = reverse_transaction},
    {.operation_id = "traceTransaction", .handle = trace_transaction},
    {.operation_id = "postBulk", .handle = post_bulk},
    {.operation_id = "getBulk", .handle = get_bulk},
    {.operation_id = "listHolds", .handle = list_holds},
    {.operation_id = "placeHold", .handle = place_hold},
    {.operation_id = "getHold", .handle = get_hold},
    {.operation_id = "listCaptures", .handle = list_captures},
    {.operation_id = "captureHold", .handle = capture_hold},
    {.operation_id = "releaseHold", .handle = release_hold},
    {.operation_id = "listPeriods", .handle = list_periods},
    {.operation_id = "getPeriod", .handle = get_period},
    {.operation_id = "movePeriodOn", .handle = move_period_on},
    {.operation_id = "listLedgerJournal", .handle = journal_list},
    {.operation_id = "getLedgerJournalHead", .handle = journal_head_get},
};
const size_t LEDGER_ROUTE_COUNT = ARRAY_LENGTH(LEDGER_ROUTES);
