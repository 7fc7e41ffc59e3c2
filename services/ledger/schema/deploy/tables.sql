-- Deploy ledger:tables
-- requires: accord:core

begin;

call accord.service_schema('ledger');
set local role ledger_owner;
call accord.service_tables('ledger');

commit;
