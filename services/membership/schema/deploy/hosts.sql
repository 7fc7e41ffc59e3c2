-- Deploy membership:hosts
-- requires: tables

begin;

set local role membership_owner;
set local search_path = membership, accord, pg_catalog;

-- Who hosts a function, and did: every change of host, drafted, appointed, succeeded.
create table host_version (
    alliance_id uuid not null,
    function text not null check (function ~ '^[a-z0-9]+(-[a-z0-9]+)*$' and length(function) <= 40),
    number integer not null check (number between 1 and 9999),
    sequence bigint not null,
    organisation text not null,
    summary text not null check (length(summary) between 1 and 4000),
    state text not null check (state in ('draft', 'appointed', 'succeeded')),
    decision_id uuid,
    drafted_at timestamptz not null,
    starts_at timestamptz,
    ends_at timestamptz,
    version bigint not null check (version > 0),
    primary key (alliance_id, function, number),
    constraint host_is_appointed_by_decision check (
        (state = 'draft') = (decision_id is null) and (state = 'draft') = (starts_at is null)),
    constraint host_ends_when_succeeded check ((state = 'succeeded') = (ends_at is not null)),
    check (starts_at >= drafted_at),
    check (ends_at >= starts_at)
);
alter table host_version
    add foreign key (alliance_id, organisation) references partner (alliance_id, organisation);
alter table host_version
    add foreign key (alliance_id, decision_id) references decision (alliance_id, id);
call accord.fact_table('membership', 'host_version');

-- Who hosts it now: one organisation, by its key.
create table host (
    alliance_id uuid not null,
    function text not null,
    sequence bigint not null,
    organisation text not null,
    number integer not null,
    since_at timestamptz not null,
    primary key (alliance_id, function)
);
create index host_by_organisation on host (alliance_id, organisation);
alter table host
    add foreign key (alliance_id, function, number)
        references host_version (alliance_id, function, number);
alter table host
    add foreign key (alliance_id, organisation) references partner (alliance_id, organisation);
call accord.fact_table('membership', 'host');

commit;
