-- Revert membership:groups
begin;
alter table membership.appointment drop constraint appointment_alliance_id_group_code_fkey;
drop index membership.appointment_of_group;
drop table membership.alliance_group;
delete from accord.fact where schema_name = 'membership' and table_name = 'alliance_group';
commit;
