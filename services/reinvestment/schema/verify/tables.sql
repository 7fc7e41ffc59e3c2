-- Verify reinvestment:tables
begin;
select alliance_id, sequence, class, digest, hash from reinvestment.journal where false;
rollback;
