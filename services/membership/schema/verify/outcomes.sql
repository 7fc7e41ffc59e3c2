-- Verify membership:outcomes
begin;
select alliance_id, decision_id, text, audience, publish_on, published_at from membership.outcome_statement where false;
rollback;
