-- Revert ledger:settlements
begin;
drop trigger period_is_settled on ledger.period;
alter table ledger.transaction drop constraint transaction_alliance_id_settlement_id_fkey;
alter table ledger.submission drop constraint submission_alliance_id_settlement_id_fkey;
drop table ledger.escalation, ledger.settlement_escalation, ledger.settlement_line,
    ledger.settlement_standing, ledger.settlement_actual, ledger.settlement;
drop function ledger.settlement_moves_on(), ledger.settlement_in_locked_period(),
    ledger.settlement_is_whole(), ledger.period_is_settled(),
    ledger.has_pending_submission(uuid, text), ledger.has_settlement_due(uuid, text),
    ledger.parameters_of_month(uuid, text);
delete from accord.fact
where schema_name = 'ledger'
  and table_name in ('escalation', 'settlement_escalation', 'settlement_line', 'settlement_standing',
                     'settlement_actual', 'settlement');
commit;
