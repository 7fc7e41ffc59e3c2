-- Revert membership:alliances
begin;
drop function membership.alliances_of(text, text, text, text[], uuid, bigint);
commit;
