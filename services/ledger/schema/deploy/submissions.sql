-- Deploy ledger:submissions
-- requires: tables

begin;

set local role ledger_owner;
set local search_path = ledger, accord, pg_catalog;

-- A copy of what membership says: the agreement's versions. Every rule of money reads its parameters
-- there and nowhere else (A15, B12).
create table agreement_version (
    alliance_id uuid not null,
    number bigint not null,
    sequence bigint not null,
    state text not null,
    starts_on date not null,
    parameters jsonb not null,
    primary key (alliance_id, number)
);
call accord.fact_table('ledger', 'agreement_version', 'membership');

-- Activity and cost of a pool, a provider and a month, as they stand (B11).
create table submission (
    alliance_id uuid not null,
    id uuid not null,
    sequence bigint not null,
    pool text not null check (pool ~ '^[a-z0-9]+(-[a-z0-9]+)*$' and length(pool) <= 40),
    provider text not null check (provider ~ '^[A-Z0-9]{3,10}$'),
    commissioner text not null check (commissioner ~ '^[A-Z0-9]{3,10}$'),
    month text not null check (month ~ '^[0-9]{4}-[0-9]{2}-M(0[1-9]|1[0-2])$'),
    revision bigint not null check (revision > 0),
    agreement_number bigint not null check (agreement_number > 0),
    plan_units bigint not null check (plan_units between 0 and 1000000000),
    actual_units bigint not null check (actual_units between 0 and 1000000000),
    price_pence bigint not null check (price_pence between 0 and 9007199254740991),
    plan_cost_pence bigint not null check (plan_cost_pence between 0 and 9007199254740991),
    cost_pence bigint not null check (cost_pence between 0 and 9007199254740991),
    shadow_tariff_pence bigint check (shadow_tariff_pence between 0 and 9007199254740991),
    quality text check (quality in ('met', 'missed')),
    note text check (length(note) between 1 and 1000),
    state text not null check (state in ('submitted', 'queried', 'agreed', 'used')),
    submitted_at timestamptz not null,
    submitted_by uuid not null, -- an appointment, like the others
    provider_agreed_at timestamptz,
    provider_agreed_by uuid,
    commissioner_agreed_at timestamptz,
    commissioner_agreed_by uuid,
    queried_at timestamptz,
    queried_by uuid,
    query_reason text check (length(query_reason) between 1 and 1000),
    used_revision bigint,
    settlement_id uuid, -- the last one that used it
    version bigint not null check (version > 0),
    primary key (alliance_id, id),
    unique (alliance_id, pool, provider, month),
    constraint submission_has_two_sides check (provider <> commissioner),
    constraint submission_agreed_by_appointment
        check ((provider_agreed_at is null) = (provider_agreed_by is null)
               and (commissioner_agreed_at is null) = (commissioner_agreed_by is null)),
    constraint submission_agreed_by_both
        check ((state in ('agreed', 'used'))
               = (provider_agreed_at is not null and commissioner_agreed_at is not null)),
    constraint submission_agreed_once_submitted
        check (coalesce(provider_agreed_at >= submitted_at, true)
               and coalesce(commissioner_agreed_at >= submitted_at, true)),
    constraint submission_queried_with_reason
        check ((queried_at is null) = (queried_by is null)
               and (queried_at is null) = (query_reason is null)
               and (state <> 'queried' or queried_at is not null)),
    constraint submission_used_by_settlement
        check ((used_revision is null) = (settlement_id is null) and used_revision <= revision
               and (state = 'used') = (used_revision is not null and used_revision = revision))
);
alter table submission add foreign key (alliance_id, month) references period (alliance_id, month);
create index submission_month on submission (alliance_id, month, pool);
call accord.fact_table('ledger', 'submission');

-- Every version of its figures, for ever.
create table submission_revision (
    alliance_id uuid not null,
    submission_id uuid not null,
    revision bigint not null check (revision > 0),
    sequence bigint not null,
    agreement_number bigint not null check (agreement_number > 0),
    plan_units bigint not null check (plan_units between 0 and 1000000000),
    actual_units bigint not null check (actual_units between 0 and 1000000000),
    price_pence bigint not null check (price_pence between 0 and 9007199254740991),
    plan_cost_pence bigint not null check (plan_cost_pence between 0 and 9007199254740991),
    cost_pence bigint not null check (cost_pence between 0 and 9007199254740991),
    shadow_tariff_pence bigint check (shadow_tariff_pence between 0 and 9007199254740991),
    quality text check (quality in ('met', 'missed')),
    note text check (length(note) between 1 and 1000),
    submitted_at timestamptz not null,
    submitted_by uuid not null,
    primary key (alliance_id, submission_id, revision)
);
alter table submission_revision
    add foreign key (alliance_id, submission_id) references submission (alliance_id, id);
call accord.fact_table('ledger', 'submission_revision', p_is_history => true);

-- Nobody overwrites alone: figures change by a new revision only, which has no agreement of the older
-- one; what names a submission stays.
create function submission_moves_on() returns trigger
language plpgsql set search_path = ledger, accord, pg_temp
as $$
begin
    if (new.pool, new.provider, new.month) is distinct from (old.pool, old.provider, old.month) then
        raise exception 'submission % is of another pool, provider or month', old.id
            using errcode = 'check_violation';
    end if;
    if new.revision = old.revision
       and (new.plan_units, new.actual_units, new.price_pence, new.plan_cost_pence, new.cost_pence,
            new.shadow_tariff_pence, new.quality, new.submitted_at, new.submitted_by)
           is distinct from
           (old.plan_units, old.actual_units, old.price_pence, old.plan_cost_pence, old.cost_pence,
            old.shadow_tariff_pence, old.quality, old.submitted_at, old.submitted_by) then
        raise exception 'the figures of submission % change by a new revision only', old.id
            using errcode = 'check_violation';
    end if;
    if new.revision < old.revision
       or (new.revision > old.revision
           and ((new.provider_agreed_at, new.provider_agreed_by)
                = (old.provider_agreed_at, old.provider_agreed_by)
                or (new.commissioner_agreed_at, new.commissioner_agreed_by)
                   = (old.commissioner_agreed_at, old.commissioner_agreed_by))) then
        raise exception 'nobody has agreed to the new revision of submission %', old.id
            using errcode = 'check_violation';
    end if;
    return new;
end $$;
create trigger submission_moves_on before update on submission
    for each row execute function submission_moves_on();

-- A revision is what the submission says, and goes into no closed month. The share lock makes whoever
-- closes it wait.
create function revision_is_submitted() returns trigger
language plpgsql set search_path = ledger, accord, pg_temp
as $$
declare
    v_bad uuid;
    v_month record;
begin
    select n.submission_id into v_bad
    from added as n
    left join submission as s
        on s.alliance_id = n.alliance_id and s.id = n.submission_id and s.revision = n.revision
       and s.submitted_at = n.submitted_at and s.cost_pence = n.cost_pence
       and s.actual_units = n.actual_units
    where s.id is null
    limit 1;
    if found then
        raise exception 'a revision of submission % is not what it says', v_bad
            using errcode = 'check_violation';
    end if;
    for v_month in select distinct s.alliance_id, s.month
                   from added as n
                   join submission as s on s.alliance_id = n.alliance_id and s.id = n.submission_id
    loop
        perform from period as p
        where p.alliance_id = v_month.alliance_id and p.month = v_month.month and p.state <> 'closed'
        for share;
        if not found then
            raise exception 'month % is closed', v_month.month using errcode = 'check_violation';
        end if;
    end loop;
    return null;
end $$;
create trigger revision_is_submitted after insert on submission_revision
    referencing new table as added
    for each statement execute function revision_is_submitted();

commit;
