-- Deploy ledger:tables
-- requires: accord:core

begin;

call accord.service_schema('ledger');
set local role ledger_owner;
call accord.service_tables('ledger');
set local search_path = ledger, accord, pg_catalog;

-- "2026-27-M03": a month of a financial year, 1 April to 31 March. In PL/pgSQL, which keeps its plan:
-- checks call it once a row.
create function financial_month(p_day date) returns text
language plpgsql immutable strict parallel safe
as $$
declare
    v_day timestamp := p_day - interval '3 months'; -- of the year as if it began in January
    v_year integer := extract(year from v_day);
begin
    return lpad(v_year::text, 4, '0') || '-' || lpad(((v_year + 1) % 100)::text, 2, '0')
           || '-M' || lpad(extract(month from v_day)::text, 2, '0');
end $$;

-- Accounts (B2) ---------------------------------------------------------------------------------------
-- The order of these tables is the order in which an act's rows are derived: what is referred to
-- comes first, and a month closes after what was posted into it.
create table account (
    alliance_id uuid not null,
    code text not null collate "C" check (code ~ '^[a-z][a-z-]*(:[A-Za-z0-9.-]+)+$' and length(code) <= 80),
    sequence bigint not null,
    type text not null check (type in ('pool', 'reserve', 'ring-fence', 'position', 'owed')),
    organisation text check (organisation ~ '^[A-Z0-9]{3,10}$'),
    title text not null check (length(title) between 1 and 200),
    currency text not null check (currency = 'GBP'),
    state text not null check (state in ('open', 'closed')),
    opened_at timestamptz not null,
    closed_at timestamptz,
    closed_because text check (length(closed_because) between 1 and 200),
    primary key (alliance_id, code),
    constraint account_names_its_partner check ((type in ('position', 'owed')) = (organisation is not null)),
    constraint account_closed_once check ((state = 'closed') = (closed_at is not null)
                                          and (state = 'closed') = (closed_because is not null))
);
call accord.fact_table('ledger', 'account');

create table balance (
    alliance_id uuid not null,
    account_code text not null collate "C",
    currency text not null check (currency = 'GBP'),
    sequence bigint not null,
    balance_pence bigint not null check (balance_pence between -9007199254740991 and 9007199254740991),
    held_pence bigint not null check (held_pence between 0 and 9007199254740991),
    floor_pence bigint,
    ceiling_pence bigint,
    entry_count bigint not null check (entry_count >= 0),
    version bigint not null check (version > 0),
    primary key (alliance_id, account_code, currency),
    constraint balance_above_floor check (balance_pence - held_pence >= floor_pence),
    constraint balance_below_ceiling check (balance_pence <= ceiling_pence),
    constraint balance_of_entries check (entry_count > 0 or balance_pence = 0)
);
alter table balance add foreign key (alliance_id, account_code) references account (alliance_id, code);
call accord.fact_table('ledger', 'balance');

-- Mandates: what the alliance has decided may be moved (A9) ------------------------------------------
create table mandate (
    alliance_id uuid not null,
    id uuid not null,
    sequence bigint not null,
    title text not null check (length(title) between 1 and 200),
    debit_accounts jsonb not null check (jsonb_array_length(debit_accounts) between 1 and 20),
    credit_accounts jsonb not null check (jsonb_array_length(credit_accounts) between 1 and 20),
    limit_pence bigint not null check (limit_pence between 1 and 9007199254740991),
    used_pence bigint not null check (used_pence >= 0),
    starts_on date not null,
    ends_on date not null,
    state text not null check (state in ('draft', 'active', 'withdrawn')),
    decision_id uuid,
    drafted_at timestamptz not null,
    drafted_by uuid not null, -- an appointment
    granted_at timestamptz,
    withdrawn_at timestamptz,
    withdrawn_because text check (length(withdrawn_because) between 1 and 200),
    version bigint not null check (version > 0),
    primary key (alliance_id, id),
    constraint mandate_within_limit check (used_pence <= limit_pence),
    constraint mandate_days_in_order check (starts_on < ends_on),
    constraint mandate_rests_on_decision check (state <> 'active' or decision_id is not null),
    constraint mandate_granted_by_decision check ((decision_id is null) = (granted_at is null)),
    constraint mandate_used_once_granted check (used_pence = 0 or decision_id is not null),
    constraint mandate_withdrawn_once check ((state = 'withdrawn') = (withdrawn_at is not null)
                                             and (state = 'withdrawn') = (withdrawn_because is not null))
);
create unique index mandate_decision on mandate (alliance_id, decision_id) where decision_id is not null;
call accord.fact_table('ledger', 'mandate');

create table bulk (
    alliance_id uuid not null,
    id uuid not null,
    sequence bigint not null,
    mandate_id uuid not null,
    transaction_count bigint not null check (transaction_count between 1 and 10000),
    amount_pence bigint not null check (amount_pence between 1 and 9007199254740991),
    recorded_at timestamptz not null,
    primary key (alliance_id, id)
);
alter table bulk add foreign key (alliance_id, mandate_id) references mandate (alliance_id, id);
call accord.fact_table('ledger', 'bulk', p_is_history => true);

-- Holds (B4) --------------------------------------------------------------------------------------------
create table hold (
    alliance_id uuid not null,
    id uuid not null,
    sequence bigint not null,
    account_code text not null collate "C",
    beneficiary text not null check (beneficiary ~ '^[A-Z0-9]{3,10}$'),
    title text not null check (length(title) between 1 and 200),
    subject text not null check (length(subject) between 1 and 160),
    decision_id uuid not null,
    mandate_id uuid,
    month text check (month ~ '^[0-9]{4}-[0-9]{2}-M(0[1-9]|1[0-2])$'),
    amount_pence bigint not null check (amount_pence between 1 and 9007199254740991),
    captured_pence bigint not null check (captured_pence >= 0),
    released_pence bigint not null check (released_pence >= 0),
    state text not null check (state in ('open', 'captured', 'released', 'expired')),
    placed_at timestamptz not null,
    expires_at timestamptz,
    resolved_at timestamptz,
    resolved_because text check (length(resolved_because) between 1 and 200),
    version bigint not null check (version > 0),
    primary key (alliance_id, id),
    constraint hold_within_amount check (captured_pence + released_pence <= amount_pence),
    constraint hold_resolved_once
        check ((state = 'open') = (captured_pence + released_pence < amount_pence)
               and (state = 'open') = (resolved_at is null)),
    constraint hold_released_with_reason check ((state = 'released') = (resolved_because is not null)),
    constraint hold_expires_by_its_time check (state <> 'expired' or expires_at is not null)
);
alter table hold add foreign key (alliance_id, account_code) references account (alliance_id, code);
alter table hold add foreign key (alliance_id, mandate_id) references mandate (alliance_id, id);
-- A decision places one hold by itself.
create unique index hold_decision on hold (alliance_id, decision_id) where mandate_id is null;
create index hold_open on hold (alliance_id, account_code) where state = 'open';
create index hold_due on hold (alliance_id, expires_at) where state = 'open';
call accord.fact_table('ledger', 'hold');

-- Transactions and their entries (B1) ---------------------------------------------------------------
create table transaction (
    alliance_id uuid not null,
    id uuid not null,
    sequence bigint not null,
    kind text not null check (kind in ('posting', 'capture', 'reversal', 'settlement', 'release')),
    description text not null check (length(description) between 1 and 200),
    decision_id uuid not null,
    mandate_id uuid,
    hold_id uuid,
    reverses_id uuid,
    bulk_id uuid,
    settlement_id uuid,
    release_id uuid, -- of the reserve
    effective_on date not null,
    requested_on date,
    month text not null check (month ~ '^[0-9]{4}-[0-9]{2}-M(0[1-9]|1[0-2])$'),
    amount_pence bigint not null check (amount_pence between 1 and 9007199254740991),
    entry_count bigint not null check (entry_count between 2 and 64),
    recorded_at timestamptz not null,
    primary key (alliance_id, id),
    constraint transaction_rests_on_something check (case kind
        when 'posting' then mandate_id is not null and hold_id is null and reverses_id is null
        when 'capture' then hold_id is not null and reverses_id is null and bulk_id is null
        when 'reversal' then reverses_id is not null and hold_id is null and bulk_id is null
        else mandate_id is null and hold_id is null and reverses_id is null and bulk_id is null end
        and (kind = 'settlement') = (settlement_id is not null)
        and (kind = 'release') = (release_id is not null)),
    constraint transaction_in_its_month check (month = ledger.financial_month(effective_on)),
    constraint transaction_moved_late check (requested_on < effective_on),
    unique (alliance_id, reverses_id),
    unique (alliance_id, settlement_id),
    unique (alliance_id, release_id)
);
alter table transaction add foreign key (alliance_id, mandate_id) references mandate (alliance_id, id);
alter table transaction add foreign key (alliance_id, hold_id) references hold (alliance_id, id);
alter table transaction add foreign key (alliance_id, reverses_id) references transaction (alliance_id, id);
alter table transaction add foreign key (alliance_id, bulk_id) references bulk (alliance_id, id);
create index transaction_month on transaction (alliance_id, month, id);
create index transaction_mandate on transaction (alliance_id, mandate_id, id);
create index transaction_hold on transaction (alliance_id, hold_id, id) where hold_id is not null;
create index transaction_bulk on transaction (alliance_id, bulk_id, id) where bulk_id is not null;
call accord.fact_table('ledger', 'transaction', p_is_history => true);

create table entry (
    alliance_id uuid not null,
    transaction_id uuid not null,
    position integer not null check (position between 1 and 64),
    sequence bigint not null,
    account_code text not null collate "C",
    number bigint not null check (number > 0), -- of the account's entries, without gaps
    currency text not null check (currency = 'GBP'),
    amount_pence bigint not null
        check (amount_pence <> 0 and amount_pence between -9007199254740991 and 9007199254740991),
    balance_pence bigint not null, -- of the account after it
    effective_on date not null,
    recorded_at timestamptz not null,
    primary key (alliance_id, transaction_id, position),
    unique (alliance_id, account_code, number)
);
alter table entry add foreign key (alliance_id, transaction_id) references transaction (alliance_id, id);
alter table entry add foreign key (alliance_id, account_code) references account (alliance_id, code);
create index entry_effective on entry (alliance_id, account_code, effective_on);
call accord.fact_table('ledger', 'entry', p_is_history => true);

create table capture (
    alliance_id uuid not null,
    id uuid not null,
    sequence bigint not null,
    hold_id uuid not null,
    transaction_id uuid not null,
    drawdown_id uuid,
    amount_pence bigint not null check (amount_pence between 1 and 9007199254740991),
    released_pence bigint not null check (released_pence >= 0),
    is_final boolean not null,
    recorded_at timestamptz not null,
    primary key (alliance_id, id),
    constraint capture_releases_when_final check (is_final or released_pence = 0),
    unique (alliance_id, transaction_id),
    unique (alliance_id, drawdown_id)
);
alter table capture add foreign key (alliance_id, hold_id) references hold (alliance_id, id);
alter table capture add foreign key (alliance_id, transaction_id) references transaction (alliance_id, id);
create index capture_hold on capture (alliance_id, hold_id, id);
call accord.fact_table('ledger', 'capture', p_is_history => true);

-- Periods (B5) ------------------------------------------------------------------------------------------
create table period (
    alliance_id uuid not null,
    month text not null check (month ~ '^[0-9]{4}-[0-9]{2}-M(0[1-9]|1[0-2])$'),
    sequence bigint not null,
    starts_on date not null,
    ends_on date not null,
    state text not null check (state in ('open', 'locked', 'closed')),
    locked_at timestamptz,
    closed_at timestamptz,
    reopened_at timestamptz,
    reopened_by uuid, -- a decision
    version bigint not null check (version > 0),
    primary key (alliance_id, month),
    constraint period_is_its_month
        check (month = ledger.financial_month(starts_on) and extract(day from starts_on) = 1
               and ends_on = starts_on + interval '1 month'),
    constraint period_locked_before_closed
        check (case state when 'open' then true when 'locked' then locked_at is not null
               else locked_at is not null and closed_at is not null end),
    constraint period_reopened_by_decision check ((reopened_at is null) = (reopened_by is null))
);
call accord.fact_table('ledger', 'period');
alter table transaction add foreign key (alliance_id, month) references period (alliance_id, month);
alter table hold add foreign key (alliance_id, month) references period (alliance_id, month);

-- Invariants over several rows. They run in the statement that inserts, so that nothing passes them
-- by, raw SQL included; not deferred (see scale.md's third rule).

-- Look-ups by a whole key stand in `lateral (... offset 0)`: on a young table, without statistics, the
-- planner would else walk an alliance's every row for each new one. Such a key is compared with plain
-- columns: below row-level security an index is not asked for what must be reckoned first.

-- A transaction comes whole: all its entries at once, zero in sum, and on its day.
create function transaction_is_whole() returns trigger
language plpgsql set search_path = ledger, accord, pg_temp
as $$
declare
    v_bad uuid;
begin
    select s.transaction_id into v_bad
    from (select n.alliance_id, n.transaction_id, sum(n.amount_pence) as total,
                 sum(n.amount_pence) filter (where n.amount_pence > 0) as moved,
                 count(*) as entries, max(n.position) as last_position,
                 min(n.effective_on) as first_on, max(n.effective_on) as last_on
          from added as n
          group by n.alliance_id, n.transaction_id, n.currency) as s,
         lateral (select o.amount_pence, o.entry_count, o.effective_on
                  from transaction as o
                  where o.alliance_id = s.alliance_id and o.id = s.transaction_id
                  offset 0) as t
    where s.total <> 0 or s.moved <> t.amount_pence
       or s.entries <> t.entry_count or s.last_position <> t.entry_count
       or s.first_on <> t.effective_on or s.last_on <> t.effective_on
    limit 1;
    if found then
        raise exception 'the entries of transaction % do not add up to zero, or are not those it says', v_bad
            using errcode = 'check_violation';
    end if;
    return null;
end $$;
create trigger transaction_is_whole after insert on entry
    referencing new table as added
    for each statement execute function transaction_is_whole();

-- An entry goes into an open account, follows the one before it, and the last one is the balance.
create function entry_follows_balance() returns trigger
language plpgsql set search_path = ledger, accord, pg_temp
as $$
declare
    v_bad text;
begin
    with linked as materialized (
        select n.alliance_id, n.account_code, n.number, n.amount_pence, n.balance_pence,
               n.number - 1 as number_wanted,
               lag(n.number) over own as number_before,
               lag(n.balance_pence) over own as balance_before,
               lead(n.number) over own as number_after
        from added as n
        window own as (partition by n.alliance_id, n.account_code order by n.number)
    )
    select e.account_code into v_bad
    from linked as e
    where e.number_before is not null
      and (e.number_before <> e.number_wanted or e.balance_before + e.amount_pence <> e.balance_pence)
    union all
    select e.account_code
    from linked as e
    left join lateral (select o.balance_pence
                       from entry as o
                       where o.alliance_id = e.alliance_id and o.account_code = e.account_code
                         and o.number = e.number_wanted
                       offset 0) as p on true
    where e.number_before is null
      and ((p.balance_pence is null and e.number > 1)
           or coalesce(p.balance_pence, 0) + e.amount_pence <> e.balance_pence)
    union all
    select e.account_code
    from linked as e
    left join lateral (select o.balance_pence, o.entry_count, a.state
                       from balance as o
                       join account as a on a.alliance_id = o.alliance_id and a.code = o.account_code
                       where o.alliance_id = e.alliance_id and o.account_code = e.account_code
                       offset 0) as b on true
    where e.number_after is null
      and (b.state, b.balance_pence, b.entry_count) is distinct from ('open', e.balance_pence, e.number)
    limit 1;
    if found then
        raise exception 'an entry of % does not follow its balance', v_bad
            using errcode = 'check_violation';
    end if;
    return null;
end $$;
create trigger entry_follows_balance after insert on entry
    referencing new table as added
    for each statement execute function entry_follows_balance();

-- Nothing is dated into a month that is not open, but its settlement, which is into a locked one. The
-- share lock makes whoever closes it wait.
create function transaction_in_open_period() returns trigger
language plpgsql set search_path = ledger, accord, pg_temp
as $$
declare
    v_month record;
begin
    for v_month in select distinct n.alliance_id, n.month,
                          case n.kind when 'settlement' then 'locked' else 'open' end as state
                   from added as n loop
        perform from period as p
        where p.alliance_id = v_month.alliance_id and p.month = v_month.month and p.state = v_month.state
        for share;
        if not found then
            raise exception 'period % is not %', v_month.month, v_month.state using errcode = 'check_violation';
        end if;
    end loop;
    return null;
end $$;
create trigger transaction_in_open_period after insert on transaction
    referencing new table as added
    for each statement execute function transaction_in_open_period();

-- A reversal is the opposite of what it names: same mandate, same amount.
create function transaction_reverses_a_posting() returns trigger
language plpgsql set search_path = ledger, accord, pg_temp
as $$
begin
    if exists (select from added as n,
                      lateral (select o.kind, o.amount_pence, o.entry_count, o.mandate_id
                               from transaction as o
                               where o.alliance_id = n.alliance_id and o.id = n.reverses_id
                               offset 0) as t
               where n.reverses_id is not null
                 and (t.kind <> 'posting' or t.amount_pence <> n.amount_pence
                      or t.entry_count <> n.entry_count or t.mandate_id <> n.mandate_id)) then
        raise exception 'a reversal is the opposite of one posting' using errcode = 'check_violation';
    end if;
    return null;
end $$;
create trigger transaction_reverses_a_posting after insert on transaction
    referencing new table as added
    for each statement execute function transaction_reverses_a_posting();

-- What is held of an account is what is left of its open holds.
create function hold_is_held() returns trigger
language plpgsql set search_path = ledger, accord, pg_temp
as $$
declare
    v_bad text;
begin
    select b.account_code into v_bad
    from balance as b
    where (b.alliance_id, b.account_code) in (select n.alliance_id, n.account_code from added as n)
      and b.held_pence <> (select coalesce(sum(h.amount_pence - h.captured_pence - h.released_pence), 0)
                           from hold as h
                           where h.alliance_id = b.alliance_id and h.account_code = b.account_code
                             and h.state = 'open')
    limit 1;
    if found then
        raise exception 'what is held of % is not what its open holds say', v_bad
            using errcode = 'check_violation';
    end if;
    return null;
end $$;
create trigger hold_is_held_when_placed after insert on hold
    referencing new table as added
    for each statement execute function hold_is_held();
create trigger hold_is_held_when_changed after update on hold
    referencing new table as added
    for each statement execute function hold_is_held();

-- A hold that is resolved stays as it is.
create function hold_resolves_once() returns trigger
language plpgsql
as $$
begin
    if old.state <> 'open' then
        raise exception 'hold % is % already', old.id, old.state using errcode = 'check_violation';
    end if;
    return new;
end $$;
create trigger hold_resolves_once before update on hold
    for each row execute function hold_resolves_once();

-- Months close in order, and not over an open hold of their own.
create function period_in_order() returns trigger
language plpgsql set search_path = ledger, accord, pg_temp
as $$
begin
    if exists (select from added as n
               join period as p on p.alliance_id = n.alliance_id
               where (n.state = 'closed' and p.state <> 'closed' and p.month < n.month)
                  or (n.state <> 'closed' and p.state = 'closed' and p.month > n.month)) then
        raise exception 'months close in order' using errcode = 'check_violation';
    end if;
    if exists (select from added as n
               join hold as h on h.alliance_id = n.alliance_id and h.month = n.month
               where n.state = 'closed' and h.state = 'open') then
        raise exception 'a month with an open hold does not close' using errcode = 'check_violation';
    end if;
    return null;
end $$;
create trigger period_in_order_when_opened after insert on period
    referencing new table as added
    for each statement execute function period_in_order();
create trigger period_in_order_when_moved after update on period
    referencing new table as added
    for each statement execute function period_in_order();

-- Only an empty account closes, for good.
create function account_closes_empty() returns trigger
language plpgsql set search_path = ledger, accord, pg_temp
as $$
begin
    if old.state = 'closed' then
        raise exception 'account % is closed for good', old.code using errcode = 'check_violation';
    end if;
    if new.state = 'closed'
       and exists (select from balance as b
                   where b.alliance_id = new.alliance_id and b.account_code = new.code
                     and (b.balance_pence <> 0 or b.held_pence <> 0)) then
        raise exception 'account % is not empty', new.code using errcode = 'check_violation';
    end if;
    return new;
end $$;
create trigger account_closes_empty before update on account
    for each row execute function account_closes_empty();

commit;
