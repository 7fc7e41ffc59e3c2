-- Revert risk:tables
begin;
drop schema risk cascade;
delete from accord.fact where schema_name = 'risk';
commit;
