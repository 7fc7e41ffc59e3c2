-- Revert kpi:tables
begin;
drop schema kpi cascade;
delete from accord.fact where schema_name = 'kpi';
commit;
