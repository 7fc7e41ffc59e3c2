-- Verify membership:groups
begin;
select alliance_id, code, kind, reports_to, level, level_above from membership.alliance_group where false;
rollback;
