-- Revert membership:outcomes
begin;
drop table membership.outcome_statement;
delete from accord.fact where schema_name = 'membership' and table_name in ('outcome_statement');
commit;
