-- Verify kpi:tables
begin;
select alliance_id, sequence, class, digest, hash from kpi.journal where false;
rollback;
