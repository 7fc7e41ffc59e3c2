-- Deploy risk:tables
-- requires: accord:core

begin;

call accord.service_schema('risk');
set local role risk_owner;
call accord.service_tables('risk');

commit;
