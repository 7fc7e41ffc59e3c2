-- Revert reinvestment:tables
begin;
drop schema reinvestment cascade;
delete from accord.fact where schema_name = 'reinvestment';
commit;
