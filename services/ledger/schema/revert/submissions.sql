-- Revert ledger:submissions
begin;
drop table ledger.submission_revision, ledger.submission, ledger.agreement_version;
drop function ledger.submission_moves_on(), ledger.revision_is_submitted();
delete from accord.fact
where schema_name = 'ledger' and table_name in ('submission_revision', 'submission', 'agreement_version');
commit;
