-- Verify kpi:tables
begin;
select alliance_id, sequence, class, digest, hash from kpi.journal where false;
select alliance_id, code, agreed_specification from kpi.indicator where false;
select alliance_id, indicator, number, state from kpi.specification where false;
select alliance_id, id, digest from kpi.import where false;
select alliance_id, id, revision from kpi.observation where false;
select alliance_id, observation_id, revision from kpi.observation_revision where false;
rollback;
