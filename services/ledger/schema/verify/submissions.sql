-- Verify ledger:submissions
begin;
select alliance_id, number, state, starts_on, parameters from ledger.agreement_version where false;
select alliance_id, id, pool, provider, month, revision, state from ledger.submission where false;
select alliance_id, submission_id, revision, cost_pence from ledger.submission_revision where false;
rollback;
