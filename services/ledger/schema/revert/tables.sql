-- Revert ledger:tables
begin;
drop schema ledger cascade;
delete from accord.fact where schema_name = 'ledger';
commit;
