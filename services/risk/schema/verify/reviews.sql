-- Verify risk:reviews
begin;
select alliance_id, code, kind, reports_to, level from risk.alliance_group where false;
select alliance_id, risk_id, number, due_on, closed_on, next_on, restricted_to from risk.review where false;
select alliance_id, id, risk_id, subject, to_group, title, reason, raised_at, restricted_to from risk.escalation
where false;
rollback;
