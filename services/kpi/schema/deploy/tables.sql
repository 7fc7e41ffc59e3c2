-- Deploy kpi:tables
-- requires: accord:core

begin;

call accord.service_schema('kpi');
set local role kpi_owner;
call accord.service_tables('kpi');
set local search_path = kpi, accord, pg_catalog;

create table indicator (
    alliance_id uuid not null,
    code text not null check (code ~ '^[a-z0-9]+(-[a-z0-9]+)*$' and length(code) <= 60),
    sequence bigint not null,
    name text not null check (length(name) between 1 and 200),
    theme text not null check (theme in ('referrals', 'outpatient', 'inpatient', 'urgent-care',
        'waiting-lists', 'diagnostics', 'finance', 'quality')),
    agreed_specification bigint,
    specification_count bigint not null check (specification_count >= 0),
    version bigint not null,
    primary key (alliance_id, code),
    check (agreed_specification between 1 and specification_count)
);
call accord.fact_table('kpi', 'indicator');

create table specification (
    alliance_id uuid not null,
    indicator text not null,
    number bigint not null check (number >= 1),
    sequence bigint not null,
    definition text not null check (length(definition) between 1 and 4000),
    numerator text,
    denominator text,
    unit text not null check (unit in ('percentage', 'count', 'money', 'days')),
    direction text not null check (direction in ('up', 'down', 'neutral')),
    source text not null check (source in ('national', 'regional', 'local')),
    source_reason text not null,
    owner text not null,
    frequency text not null check (frequency = 'monthly'),
    suppresses_small_numbers boolean not null,
    state text not null check (state in ('draft', 'agreed', 'superseded')),
    decision_id uuid,
    version bigint not null,
    primary key (alliance_id, indicator, number),
    check ((unit = 'percentage') = (numerator is not null)),
    check ((unit = 'percentage') = (denominator is not null)),
    check (not suppresses_small_numbers or unit in ('percentage', 'count')),
    check ((state = 'draft') = (decision_id is null))
);
-- One specification of an indicator is in force.
create unique index specification_agreed on specification (alliance_id, indicator)
    where state = 'agreed';
alter table specification
    add foreign key (alliance_id, indicator) references indicator (alliance_id, code);
call accord.fact_table('kpi', 'specification');

create table import (
    alliance_id uuid not null,
    id uuid not null,
    sequence bigint not null,
    indicator text not null,
    format text not null check (format in ('ae-long', 'ae-monthly', 'rtt-full-extract', 'plain')),
    digest text not null check (digest ~ '^[0-9a-f]{64}$'),
    reason text,
    row_count bigint not null check (row_count > 0),
    created_count bigint not null check (created_count >= 0),
    revised_count bigint not null check (revised_count >= 0),
    unchanged_count bigint not null check (unchanged_count >= 0),
    recorded_at timestamptz not null,
    primary key (alliance_id, id),
    constraint import_revises_with_reason check (revised_count = 0 or reason is not null)
);
alter table import
    add foreign key (alliance_id, indicator) references indicator (alliance_id, code);
call accord.fact_table('kpi', 'import', p_is_history => true);

create table observation (
    alliance_id uuid not null,
    id uuid not null,
    sequence bigint not null,
    indicator text not null,
    organisation text not null check (organisation ~ '^[A-Z0-9]{3,10}$'),
    month text not null check (month ~ '^[0-9]{4}-[0-9]{2}-M(0[1-9]|1[0-2])$'),
    specification bigint not null,
    revision bigint not null check (revision >= 1),
    numerator bigint,
    denominator bigint,
    value bigint,
    status text not null check (status in ('provisional', 'submitted', 'agreed', 'published')),
    reason text,
    import_id uuid,
    recorded_at timestamptz not null,
    primary key (alliance_id, id),
    unique (alliance_id, indicator, organisation, month),
    check ((numerator is null) = (denominator is null) and (numerator is null) <> (value is null)),
    check (numerator between 0 and denominator and denominator > 0 or denominator is null)
);
alter table observation
    add foreign key (alliance_id, indicator, specification)
        references specification (alliance_id, indicator, number),
    add foreign key (alliance_id, import_id) references import (alliance_id, id);
call accord.fact_table('kpi', 'observation');

create table observation_revision (
    alliance_id uuid not null,
    observation_id uuid not null,
    revision bigint not null check (revision >= 1),
    sequence bigint not null,
    specification bigint not null,
    numerator bigint,
    denominator bigint,
    value bigint,
    status text not null,
    reason text,
    import_id uuid,
    recorded_at timestamptz not null,
    primary key (alliance_id, observation_id, revision),
    check (status in ('provisional', 'submitted', 'agreed', 'published'))
);
alter table observation_revision
    add foreign key (alliance_id, observation_id) references observation (alliance_id, id);
call accord.fact_table('kpi', 'observation_revision', p_is_history => true);

commit;
