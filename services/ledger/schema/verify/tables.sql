-- Verify ledger:tables
begin;
select alliance_id, sequence, class, digest, hash from ledger.journal where false;
rollback;
