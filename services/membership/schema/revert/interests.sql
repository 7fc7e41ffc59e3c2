-- Revert membership:interests
begin;
drop table membership.ruling;
drop table membership.interest;
delete from accord.fact where schema_name = 'membership' and table_name in ('ruling', 'interest');
commit;
