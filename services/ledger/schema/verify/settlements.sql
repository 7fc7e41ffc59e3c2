-- Verify ledger:settlements
begin;
select alliance_id, id, month, state, digest, transaction_id from ledger.settlement where false;
select alliance_id, settlement_id, pool, submission_id, revision from ledger.settlement_actual where false;
select alliance_id, settlement_id, account_code, held_pence from ledger.settlement_standing where false;
select alliance_id, settlement_id, position, kind, result_pence from ledger.settlement_line where false;
select alliance_id, settlement_id, position, kind, amount_pence from ledger.settlement_escalation where false;
select alliance_id, id, subject, to_group, reason, raised_at from ledger.escalation where false;
rollback;
