-- Verify membership:tables
begin;
select alliance_id, sequence, class, digest, hash from membership.journal where false;
select alliance_id, id, kind, rule, subject, effect, state, deadline_at from membership.decision where false;
select alliance_id, decision_id, organisation, state, choice from membership.elector where false;
select alliance_id, decision_id, organisation, number, choice from membership.vote where false;
select alliance_id, decision_id, service, state, event from membership.decision_effect where false;
select alliance_id, number, starts_on, parameters, state from membership.agreement_version where false;
select alliance_id, appointment_id, name from membership.person_name where false;
select alliance_id, name from membership.alliances_of(null, null, null, null, 0);
rollback;
