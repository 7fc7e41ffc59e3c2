-- Verify kpi:charts
begin;
select alliance_id, sequence from kpi.signal where false;
select alliance_id, sequence from kpi.target_step where false;
select alliance_id, sequence from kpi.target where false;
select alliance_id, sequence from kpi.rebase where false;
rollback;
