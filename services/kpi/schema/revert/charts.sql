-- Revert kpi:charts
begin;
drop table kpi.signal;
drop table kpi.target_step;
drop table kpi.target;
drop table kpi.rebase;
delete from accord.fact where schema_name = 'kpi' and table_name in ('signal', 'target_step', 'target', 'rebase');
commit;
