-- Deploy membership:interests
-- requires: tables

begin;

set local role membership_owner;
set local search_path = membership, accord, pg_catalog;

-- The register of interests: an organisation's own, or a person's, who is known by an appointment.
create table interest (
    alliance_id uuid not null,
    id uuid not null,
    sequence bigint not null,
    organisation text not null,
    appointment_id uuid,
    type text not null check (type in ('financial', 'non-financial-professional',
        'non-financial-personal', 'indirect')),
    description text not null check (length(description) between 1 and 4000),
    in_organisation text
        check (in_organisation is null or in_organisation ~ '^[A-Z0-9]{3,10}$'),
    in_reference text
        check (in_reference is null or length(in_reference) between 1 and 160),
    starts_on date not null,
    ends_on date,
    declared_at timestamptz not null,
    refreshed_at timestamptz not null,
    version bigint not null check (version > 0),
    primary key (alliance_id, id),
    constraint interest_touches_one_thing check ((in_organisation is null) <> (in_reference is null)),
    constraint interest_is_in_another check (
        in_organisation is null or in_organisation <> organisation),
    constraint interest_ends_after_it_starts check (ends_on is null or ends_on > starts_on),
    check (declared_at <= refreshed_at)
);
create index interest_of_organisation on interest (alliance_id, organisation);
alter table interest
    add foreign key (alliance_id, organisation) references partner (alliance_id, organisation);
alter table interest
    add foreign key (alliance_id, appointment_id) references appointment (alliance_id, id);
call accord.fact_table('membership', 'interest');

-- What the chair said of an organisation whose interest touches a decision.
create table ruling (
    alliance_id uuid not null,
    id uuid not null,
    sequence bigint not null,
    decision_id uuid not null,
    organisation text not null,
    outcome text not null check (outcome in ('recuse', 'take-part')),
    conflict text not null check (length(conflict) > 0),
    reason text not null check (length(reason) between 1 and 4000),
    ruled_at timestamptz not null,
    appointment_id uuid not null,
    primary key (alliance_id, id)
);
alter table ruling
    add foreign key (alliance_id, decision_id, organisation)
        references elector (alliance_id, decision_id, organisation);
alter table ruling
    add foreign key (alliance_id, appointment_id) references appointment (alliance_id, id);
create index ruling_of_decision on ruling (alliance_id, decision_id, id);
call accord.fact_table('membership', 'ruling', p_is_history => true);

commit;
