-- Revert accord:core
begin;
drop schema accord cascade;
commit;
