-- Deploy reinvestment:tables
-- requires: accord:core

begin;

call accord.service_schema('reinvestment');
set local role reinvestment_owner;
call accord.service_tables('reinvestment');

commit;
