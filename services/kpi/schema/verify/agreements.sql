-- Verify kpi:agreements
begin;
select alliance_id, sequence from kpi.query where false;
select alliance_id, sequence from kpi.agreement where false;
rollback;
