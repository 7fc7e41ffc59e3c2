-- Verify membership:alliances
begin;
select 'membership.alliances_of(text, text, text, text[], uuid, bigint)'::regprocedure;
rollback;
