-- Revert reinvestment:appraisals
begin;
alter table reinvestment."case" drop constraint case_criteria;
drop table reinvestment.appraisal;
drop table reinvestment.appraisal_criteria;
delete from accord.fact where schema_name = 'reinvestment' and table_name in ('appraisal', 'appraisal_criteria');
commit;
