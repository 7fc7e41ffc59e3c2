-- Revert risk:reviews
begin;
drop table risk.escalation;
drop table risk.review;
drop table risk.alliance_group;
delete from accord.fact where schema_name = 'risk' and table_name in ('review', 'escalation', 'alliance_group');
commit;
