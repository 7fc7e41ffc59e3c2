-- Revert membership:hosts
begin;
delete from accord.fact where schema_name = 'membership' and table_name in ('host', 'host_version');
drop table membership.host;
drop table membership.host_version;
commit;
