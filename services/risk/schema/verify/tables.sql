-- Verify risk:tables
begin;
select alliance_id, sequence, class, digest, hash from risk.journal where false;
rollback;
