-- Revert ledger:reserve
begin;
alter table ledger.transaction drop constraint transaction_alliance_id_release_id_fkey;
drop table ledger.reserve_release;
drop function ledger.release_moves_on();
delete from accord.fact where schema_name = 'ledger' and table_name = 'reserve_release';
commit;
