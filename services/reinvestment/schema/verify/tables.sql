-- Verify reinvestment:tables
begin;
select alliance_id, sequence, class, digest, hash from reinvestment.journal where false;
select alliance_id, id, state, pending_pence, captured_pence from reinvestment."case" where false;
select alliance_id, id, case_id, state from reinvestment.drawdown where false;
select alliance_id, number, parameters from reinvestment.agreement_version where false;
select alliance_id, account_code, currency, balance_pence, held_pence from reinvestment.balance where false;
rollback;
