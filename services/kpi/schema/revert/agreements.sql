-- Revert kpi:agreements
begin;
drop table kpi.query;
drop table kpi.agreement;
delete from accord.fact where schema_name = 'kpi' and table_name in ('query', 'agreement');
commit;
