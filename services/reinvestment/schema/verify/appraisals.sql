-- Verify reinvestment:appraisals
begin;
select alliance_id, number, criteria, reason from reinvestment.appraisal_criteria where false;
select alliance_id, case_id, number, criteria_version, scores, weighted_e4 from reinvestment.appraisal where false;
rollback;
