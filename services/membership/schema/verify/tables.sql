-- Verify membership:tables
begin;
select alliance_id, sequence, class, digest, hash from membership.journal where false;
rollback;
