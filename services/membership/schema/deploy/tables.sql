-- Deploy membership:tables
-- requires: accord:core

begin;

call accord.service_schema('membership');
set local role membership_owner;
call accord.service_tables('membership');

commit;
