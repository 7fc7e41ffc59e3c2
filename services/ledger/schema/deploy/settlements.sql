-- Deploy ledger:settlements
-- requires: submissions

begin;

set local role ledger_owner;
set local search_path = ledger, accord, pg_catalog;

-- A month's settlement (B12): what it rests on and what came out never change; only its state does.
create table settlement (
    alliance_id uuid not null,
    id uuid not null,
    sequence bigint not null,
    month text not null check (month ~ '^[0-9]{4}-[0-9]{2}-M(0[1-9]|1[0-2])$'),
    corrects_id uuid,
    method integer not null check (method > 0),
    agreement_number bigint not null check (agreement_number > 0),
    agreement_digest text not null check (agreement_digest ~ '^[0-9a-f]{64}$'),
    inputs_digest text not null check (inputs_digest ~ '^[0-9a-f]{64}$'),
    digest text not null check (digest ~ '^[0-9a-f]{64}$'), -- of what came out
    ledger_sequence bigint not null check (ledger_sequence >= 0),
    membership_sequence bigint not null check (membership_sequence >= 0),
    line_count integer not null check (line_count between 0 and 256),
    entries jsonb not null check (jsonb_array_length(entries) between 0 and 64),
    evidence jsonb not null check (jsonb_array_length(evidence) between 0 and 8), -- references
    surplus_pence bigint not null check (surplus_pence between -9007199254740991 and 9007199254740991),
    reserve_called_pence bigint not null
        check (reserve_called_pence between -9007199254740991 and 9007199254740991),
    state text not null check (state in ('computed', 'proposed', 'posted', 'rejected', 'withdrawn')),
    computed_at timestamptz not null,
    computed_by uuid not null, -- an appointment
    ended_at timestamptz, -- posted, rejected or withdrawn
    ended_because text check (length(ended_because) between 1 and 1000),
    decision_id uuid,
    posted_sequence bigint, -- of the event that says so
    transaction_id uuid, -- none when nothing was to be moved
    version bigint not null check (version > 0),
    primary key (alliance_id, id),
    constraint settlement_corrects_another check (corrects_id <> id),
    constraint settlement_ended_once check ((ended_at is null) = (state in ('computed', 'proposed'))),
    constraint settlement_posted_by_decision
        check (case when state = 'posted' then decision_id is not null and posted_sequence is not null
                    else transaction_id is null and posted_sequence is null end)
);
alter table settlement add foreign key (alliance_id, month) references period (alliance_id, month);
alter table settlement add foreign key (alliance_id, corrects_id) references settlement (alliance_id, id);
alter table settlement
    add foreign key (alliance_id, transaction_id) references transaction (alliance_id, id);
-- One open settlement per month; one first settlement; what is corrected is corrected once, so that
-- a month's settlements are a chain.
create unique index settlement_open on settlement (alliance_id, month)
    where state in ('computed', 'proposed');
create unique index settlement_first on settlement (alliance_id, month)
    where state = 'posted' and corrects_id is null;
create unique index settlement_corrected_once on settlement (alliance_id, corrects_id)
    where state = 'posted' and corrects_id is not null;
call accord.fact_table('ledger', 'settlement');
alter table transaction
    add foreign key (alliance_id, settlement_id) references settlement (alliance_id, id);
alter table submission
    add foreign key (alliance_id, settlement_id) references settlement (alliance_id, id);

-- The submissions that it used, and in which revision.
create table settlement_actual (
    alliance_id uuid not null,
    settlement_id uuid not null,
    pool text not null check (pool ~ '^[a-z0-9]+(-[a-z0-9]+)*$'),
    sequence bigint not null,
    submission_id uuid not null,
    revision bigint not null check (revision > 0),
    primary key (alliance_id, settlement_id, pool)
);
alter table settlement_actual
    add foreign key (alliance_id, settlement_id) references settlement (alliance_id, id);
alter table settlement_actual add foreign key (alliance_id, submission_id, revision)
    references submission_revision (alliance_id, submission_id, revision);
call accord.fact_table('ledger', 'settlement_actual', p_is_history => true);

-- What was held of the accounts that it could draw on; their balances are their entries'.
create table settlement_standing (
    alliance_id uuid not null,
    settlement_id uuid not null,
    account_code text not null collate "C",
    sequence bigint not null,
    balance_pence bigint not null,
    held_pence bigint not null check (held_pence >= 0),
    primary key (alliance_id, settlement_id, account_code)
);
alter table settlement_standing
    add foreign key (alliance_id, settlement_id) references settlement (alliance_id, id);
alter table settlement_standing
    add foreign key (alliance_id, account_code) references account (alliance_id, code);
call accord.fact_table('ledger', 'settlement_standing', p_is_history => true);

-- Every amount with every step to it.
create table settlement_line (
    alliance_id uuid not null,
    settlement_id uuid not null,
    position integer not null check (position between 1 and 256),
    sequence bigint not null,
    kind text not null check (kind in ('contract', 'funding', 'payment', 'call', 'share', 'residual',
                                       'surplus', 'guarantee')),
    pool text check (pool ~ '^[a-z0-9]+(-[a-z0-9]+)*$'),
    mechanism text,
    organisation text check (organisation ~ '^[A-Z0-9]{3,10}$'),
    band integer not null check (band between 0 and 5),
    from_account text,
    to_account text,
    steps jsonb not null check (jsonb_array_length(steps) between 0 and 14),
    result_pence bigint not null check (result_pence between -9007199254740991 and 9007199254740991),
    sentence text not null check (length(sentence) between 1 and 600),
    primary key (alliance_id, settlement_id, position)
);
alter table settlement_line
    add foreign key (alliance_id, settlement_id) references settlement (alliance_id, id);
call accord.fact_table('ledger', 'settlement_line', p_is_history => true);

-- What it leaves for people to settle between them.
create table settlement_escalation (
    alliance_id uuid not null,
    settlement_id uuid not null,
    position integer not null check (position between 1 and 64),
    sequence bigint not null,
    kind text not null check (kind in ('reserve', 'claw-back')),
    pool text,
    organisation text check (organisation ~ '^[A-Z0-9]{3,10}$'),
    amount_pence bigint not null check (amount_pence between 1 and 9007199254740991),
    sentence text not null check (length(sentence) between 1 and 600),
    primary key (alliance_id, settlement_id, position)
);
alter table settlement_escalation
    add foreign key (alliance_id, settlement_id) references settlement (alliance_id, id);
call accord.fact_table('ledger', 'settlement_escalation', p_is_history => true);

-- What the ledger put on a group's agenda.
create table escalation (
    alliance_id uuid not null,
    id uuid not null,
    sequence bigint not null,
    subject text not null check (length(subject) between 1 and 160),
    to_group text not null check (length(to_group) between 1 and 80),
    title text not null check (length(title) between 1 and 200),
    reason text not null check (length(reason) between 1 and 4000),
    raised_at timestamptz not null,
    primary key (alliance_id, id)
);
call accord.fact_table('ledger', 'escalation', p_is_history => true);

-- What was computed stays; a settlement that has ended stays as it is.
create function settlement_moves_on() returns trigger
language plpgsql set search_path = ledger, accord, pg_temp
as $$
begin
    if old.state not in ('computed', 'proposed') then
        raise exception 'settlement % is % already', old.id, old.state using errcode = 'check_violation';
    end if;
    if (new.month, new.corrects_id, new.method, new.agreement_number, new.agreement_digest,
        new.inputs_digest, new.digest, new.ledger_sequence, new.membership_sequence, new.line_count,
        new.entries, new.evidence, new.surplus_pence, new.reserve_called_pence, new.computed_at, new.computed_by)
       is distinct from
       (old.month, old.corrects_id, old.method, old.agreement_number, old.agreement_digest,
        old.inputs_digest, old.digest, old.ledger_sequence, old.membership_sequence, old.line_count,
        old.entries, old.evidence, old.surplus_pence, old.reserve_called_pence, old.computed_at, old.computed_by) then
        raise exception 'what settlement % says is never changed', old.id
            using errcode = 'check_violation';
    end if;
    return new;
end $$;
create trigger settlement_moves_on before update on settlement
    for each row execute function settlement_moves_on();

-- A settlement is of a locked month, when it is computed and when it is posted; what was posted is
-- what it says, to the penny.
create function settlement_in_locked_period() returns trigger
language plpgsql set search_path = ledger, accord, pg_temp
as $$
declare
    v_one record;
begin
    for v_one in select n.alliance_id, n.id, n.month, n.state, n.transaction_id, n.entries from added as n loop
        if v_one.state in ('rejected', 'withdrawn') then
            continue;
        end if;
        perform from period as p
        where p.alliance_id = v_one.alliance_id and p.month = v_one.month and p.state = 'locked'
        for share;
        if not found then
            raise exception 'period % is not locked', v_one.month using errcode = 'check_violation';
        end if;
        if v_one.state = 'posted'
           and (select count(*) from jsonb_array_elements(v_one.entries))
               <> (select count(*)
                   from jsonb_to_recordset(v_one.entries) as w ("accountCode" text, "amountPence" bigint)
                   join entry as e
                       on e.alliance_id = v_one.alliance_id and e.transaction_id = v_one.transaction_id
                      and e.account_code = w."accountCode" and e.amount_pence = w."amountPence") then
            raise exception 'settlement % was not posted as it says', v_one.id
                using errcode = 'check_violation';
        end if;
    end loop;
    return null;
end $$;
create trigger settlement_in_locked_period_when_computed after insert on settlement
    referencing new table as added
    for each statement execute function settlement_in_locked_period();
create trigger settlement_in_locked_period_when_moved after update on settlement
    referencing new table as added
    for each statement execute function settlement_in_locked_period();

-- A settlement comes with all its lines.
create function settlement_is_whole() returns trigger
language plpgsql set search_path = ledger, accord, pg_temp
as $$
declare
    v_bad uuid;
begin
    select n.id into v_bad
    from added as n
    where n.state <> 'computed'
      and n.line_count <> (select count(*) from settlement_line as l
                           where l.alliance_id = n.alliance_id and l.settlement_id = n.id)
    limit 1;
    if found then
        raise exception 'settlement % lacks lines', v_bad using errcode = 'check_violation';
    end if;
    return null;
end $$;
create trigger settlement_is_whole after update on settlement
    referencing new table as added
    for each statement execute function settlement_is_whole();

-- The parameters of the agreement in force on the month's first day; null when none is.
create function parameters_of_month(p_alliance uuid, p_month text) returns jsonb
language sql stable set search_path = ledger, accord, pg_temp
as $$
    select v.parameters
    from agreement_version as v
    join period as p on p.alliance_id = v.alliance_id and p.month = p_month
    where v.alliance_id = p_alliance and v.state = 'adopted' and v.starts_on <= p.starts_on
    order by v.starts_on desc
    limit 1
$$;

-- Has the month figures that no settlement has used, of a pool that the agreement in force on its first
-- day settles with that provider?
create function has_pending_submission(p_alliance uuid, p_month text) returns boolean
language sql stable set search_path = ledger, accord, pg_temp
as $$
    select exists (select from submission as s
                   cross join parameters_of_month(p_alliance, p_month) as a (parameters)
                   cross join lateral jsonb_to_recordset(a.parameters -> 'pools')
                       as t (code text, mechanism text, provider text)
                   where s.alliance_id = p_alliance and s.month = p_month and s.state <> 'used'
                     and t.code = s.pool and t.provider = s.provider and t.mechanism is not null)
$$;

-- Has the agreement in force in the month something to settle (a pool with a mechanism, a contract, a
-- guarantee), and is no settlement of it posted? A guarantee counts the months that were settled.
create function has_settlement_due(p_alliance uuid, p_month text) returns boolean
language sql stable set search_path = ledger, accord, pg_temp
as $$
    select exists (select from parameters_of_month(p_alliance, p_month) as a (parameters)
                   where jsonb_path_exists(a.parameters, '$.pools[*].mechanism')
                      or jsonb_path_exists(a.parameters, '$.contracts[*]')
                      or jsonb_path_exists(a.parameters, '$.guarantee[*]'))
           and not exists (select from settlement as s
                           where s.alliance_id = p_alliance and s.month = p_month and s.state = 'posted')
$$;

-- A month does not close over an open settlement or a pending submission, nor before what is to be
-- settled is (B5, B7).
create function period_is_settled() returns trigger
language plpgsql set search_path = ledger, accord, pg_temp
as $$
begin
    if exists (select from added as n
               join settlement as s on s.alliance_id = n.alliance_id and s.month = n.month
               where n.state = 'closed' and s.state in ('computed', 'proposed'))
       or exists (select from added as n
                  where n.state = 'closed'
                    and (has_pending_submission(n.alliance_id, n.month)
                         or has_settlement_due(n.alliance_id, n.month))) then
        raise exception 'a month does not close before it is settled' using errcode = 'check_violation';
    end if;
    return null;
end $$;
create trigger period_is_settled after update on period
    referencing new table as added
    for each statement execute function period_is_settled();

commit;
