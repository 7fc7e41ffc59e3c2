-- Verify accord:core
begin;
select only_row, is_test, offset_ms from accord.clock where false;
select has_function_privilege('accord.accord_now()', 'execute');
select schema_name, table_name, statement from accord.fact where false;
rollback;
