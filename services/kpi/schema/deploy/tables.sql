-- Deploy kpi:tables
-- requires: accord:core

begin;

call accord.service_schema('kpi');
set local role kpi_owner;
call accord.service_tables('kpi');

commit;
