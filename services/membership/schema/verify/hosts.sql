-- Verify membership:hosts
begin;
select alliance_id, function, number, organisation, state, starts_at, ends_at from membership.host_version where false;
select alliance_id, function, organisation, number, since_at from membership.host where false;
rollback;
