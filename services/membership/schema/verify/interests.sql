-- Verify membership:interests
begin;
select alliance_id, id, organisation, appointment_id, type, in_organisation, in_reference from membership.interest where false;
select alliance_id, id, decision_id, organisation, outcome, reason from membership.ruling where false;
rollback;
