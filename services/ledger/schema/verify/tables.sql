-- Verify ledger:tables
begin;
select alliance_id, sequence, class, digest, hash from ledger.journal where false;
select alliance_id, code, state from ledger.account where false;
select alliance_id, account_code, balance_pence, held_pence, floor_pence, ceiling_pence from ledger.balance where false;
select alliance_id, id, limit_pence, used_pence, state from ledger.mandate where false;
select alliance_id, id, transaction_count from ledger.bulk where false;
select alliance_id, id, amount_pence, captured_pence, released_pence, state from ledger.hold where false;
select alliance_id, id, kind, effective_on, month, recorded_at from ledger.transaction where false;
select alliance_id, transaction_id, position, amount_pence, balance_pence from ledger.entry where false;
select alliance_id, id, hold_id, transaction_id, drawdown_id from ledger.capture where false;
select alliance_id, month, state from ledger.period where false;
rollback;
