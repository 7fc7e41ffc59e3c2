-- Verify ledger:reserve
begin;
select alliance_id, id, year, amount_pence, state, decision_id, transaction_id from ledger.reserve_release where false;
rollback;
