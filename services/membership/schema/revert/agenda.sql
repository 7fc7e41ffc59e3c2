-- Revert membership:agenda
begin;
drop table membership.agenda_item;
delete from accord.fact where schema_name = 'membership' and table_name = 'agenda_item';
commit;
