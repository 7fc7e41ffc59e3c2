-- Revert membership:tables
begin;
drop schema membership cascade;
delete from accord.fact where schema_name = 'membership';
commit;
