-- Verify risk:tables
begin;
select alliance_id, sequence, class, digest, hash from risk.journal where false;
select alliance_id, number, bands from risk.criteria where false;
select alliance_id, id, score, band, state, restricted_to from risk.risk where false;
select alliance_id, id, version, changed_at, restricted_to from risk.risk_history where false;
select alliance_id, risk_id, number, score, restricted_to from risk.score where false;
rollback;
