-- Verify membership:agenda
begin;
select alliance_id, id, group_kind, subject, state, taken_by, note from membership.agenda_item where false;
rollback;
