-- Deploy kpi:agreements
-- requires: kpi:tables

begin;

set local role kpi_owner;
set local search_path = kpi, accord, pg_catalog;

-- One organisation stands by one revision of an observation.
create table agreement (
    alliance_id uuid not null,
    id uuid not null,
    sequence bigint not null,
    observation_id uuid not null,
    revision bigint not null,
    organisation text not null check (organisation ~ '^[A-Z0-9]{3,10}$'),
    side text not null check (side in ('provider', 'commissioner')),
    appointment_id uuid not null,
    agreed_at timestamptz not null,
    primary key (alliance_id, id),
    unique (alliance_id, observation_id, revision, organisation)
);
alter table agreement
    add foreign key (alliance_id, observation_id, revision)
        references observation_revision (alliance_id, observation_id, revision);
call accord.fact_table('kpi', 'agreement', p_is_history => true);

create table query (
    alliance_id uuid not null,
    id uuid not null,
    sequence bigint not null,
    observation_id uuid not null,
    revision bigint not null,
    raised_by text not null check (raised_by ~ '^[A-Z0-9]{3,10}$'),
    question text not null check (length(question) between 1 and 4000),
    state text not null check (state in ('open', 'answered', 'closed')),
    answered_by text,
    answer text,
    outcome text,
    raised_at timestamptz not null,
    answered_at timestamptz,
    closed_at timestamptz,
    version bigint not null,
    primary key (alliance_id, id),
    check ((answer is null) = (answered_by is null) and (answer is null) = (answered_at is null)),
    check (state <> 'open' or answer is null),
    check (state <> 'answered' or answer is not null),
    check ((state = 'closed') = (closed_at is not null)),
    check (outcome is null or state = 'closed')
);
create index query_of_observation on query (alliance_id, observation_id);
alter table query
    add foreign key (alliance_id, observation_id, revision)
        references observation_revision (alliance_id, observation_id, revision);
call accord.fact_table('kpi', 'query');

commit;
