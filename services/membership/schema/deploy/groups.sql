-- Deploy membership:groups
-- requires: tables

begin;

set local role membership_owner;
set local search_path = membership, accord, pg_catalog;

-- The alliance's groups, a tree. Nothing can report to itself, however far up: each stands exactly one
-- level below what it reports to, and a circle would need a level below itself.
create table alliance_group (
    alliance_id uuid not null,
    code text not null check (code ~ '^[a-z0-9]+(-[a-z0-9]+)*$' and length(code) <= 40),
    sequence bigint not null,
    kind text not null check (kind in ('leadership-board', 'delivery-board', 'system-leadership-team',
        'clinical-reference-group', 'finance-and-information-group', 'performance-and-quality-group',
        'operational-finance-group', 'quality-surveillance-group',
        'patient-and-public-partnership-group', 'other')),
    name text not null check (length(name) between 1 and 200),
    reports_to text,
    level integer not null check (level between 1 and 8),
    level_above integer generated always as (level - 1) stored,
    made_at timestamptz not null,
    version bigint not null check (version > 0),
    primary key (alliance_id, code),
    unique (alliance_id, code, level),
    constraint group_reports_or_stands_on_top check ((reports_to is null) = (level = 1))
);
create unique index alliance_group_one_of_a_kind on alliance_group (alliance_id, kind)
    where kind <> 'other';
alter table alliance_group
    add constraint group_reports_to_the_level_above foreign key (alliance_id, reports_to, level_above)
        references alliance_group (alliance_id, code, level);
call accord.fact_table('membership', 'alliance_group');

alter table appointment
    add foreign key (alliance_id, group_code) references alliance_group (alliance_id, code);
create index appointment_of_group on appointment (alliance_id, group_code)
    where group_code is not null;

commit;
