-- Deploy kpi:charts
-- requires: kpi:tables

begin;

set local role kpi_owner;
set local search_path = kpi, accord, pg_catalog;

-- From this month on the process is another one: nothing in a chart crosses it.
create table rebase (
    alliance_id uuid not null,
    id uuid not null,
    sequence bigint not null,
    indicator text not null,
    month text not null check (month ~ '^[0-9]{4}-[0-9]{2}-M(0[1-9]|1[0-2])$'),
    reason text not null check (length(reason) between 1 and 4000),
    recorded_at timestamptz not null,
    primary key (alliance_id, id),
    unique (alliance_id, indicator, month)
);
alter table rebase
    add foreign key (alliance_id, indicator) references indicator (alliance_id, code);
call accord.fact_table('kpi', 'rebase', p_is_history => true);

-- What is to be reached, and from when; a newer one stands beside it.
create table target (
    alliance_id uuid not null,
    id uuid not null,
    sequence bigint not null,
    indicator text not null,
    from_month text not null check (from_month ~ '^[0-9]{4}-[0-9]{2}-M(0[1-9]|1[0-2])$'),
    source text not null check (source in ('national', 'regional', 'local')),
    reason text,
    recorded_at timestamptz not null,
    primary key (alliance_id, id)
);
create index target_of_indicator on target (alliance_id, indicator);
alter table target
    add foreign key (alliance_id, indicator) references indicator (alliance_id, code);
call accord.fact_table('kpi', 'target', p_is_history => true);

-- Its own month, and those of its trajectory.
create table target_step (
    alliance_id uuid not null,
    target_id uuid not null,
    month text not null check (month ~ '^[0-9]{4}-[0-9]{2}-M(0[1-9]|1[0-2])$'),
    sequence bigint not null,
    value text not null check (value ~ '^-?[0-9]{1,12}([.][0-9]{1,3})?$'),
    primary key (alliance_id, target_id, month)
);
alter table target_step
    add foreign key (alliance_id, target_id) references target (alliance_id, id);
call accord.fact_table('kpi', 'target_step', p_is_history => true);

-- A rule made the latest point of a chart special cause, and concerning: once a point and rule.
create table signal (
    alliance_id uuid not null,
    id uuid not null,
    sequence bigint not null,
    indicator text not null,
    organisation text not null check (organisation ~ '^[A-Z0-9]{3,10}$'),
    month text not null check (month ~ '^[0-9]{4}-[0-9]{2}-M(0[1-9]|1[0-2])$'),
    kind text not null check (kind in ('outside-limits', 'run', 'trend', 'two-of-three')),
    specification bigint not null,
    revision bigint not null,
    value text not null,
    mean text not null,
    lower_limit text not null,
    upper_limit text not null,
    found_at timestamptz not null,
    primary key (alliance_id, id),
    unique (alliance_id, indicator, organisation, month, kind)
);
alter table signal
    add foreign key (alliance_id, indicator, specification)
        references specification (alliance_id, indicator, number);
call accord.fact_table('kpi', 'signal', p_is_history => true);

commit;
