-- Deploy membership:agenda
-- requires: groups

begin;

set local role membership_owner;
set local search_path = membership, accord, pg_catalog;

-- What was escalated to a kind of group; it waits there, whether or not the group has been made yet.
create table agenda_item (
    alliance_id uuid not null,
    id uuid not null,
    sequence bigint not null,
    group_kind text not null check (group_kind in ('leadership-board', 'delivery-board',
        'system-leadership-team', 'clinical-reference-group', 'finance-and-information-group',
        'performance-and-quality-group', 'operational-finance-group', 'quality-surveillance-group',
        'patient-and-public-partnership-group')),
    subject text not null check (length(subject) between 1 and 160),
    title text not null check (length(title) between 1 and 200),
    reason text not null check (length(reason) between 1 and 4000),
    source text not null check (source in ('membership', 'ledger', 'reinvestment', 'risk', 'kpi')),
    raised_at timestamptz not null,
    restricted_to jsonb check (jsonb_typeof(restricted_to) = 'array'),
    state text not null check (state in ('open', 'taken')),
    taken_at timestamptz,
    taken_by uuid,
    note text,
    version bigint not null check (version > 0),
    primary key (alliance_id, id),
    constraint agenda_item_is_taken_by_somebody check (
        (state = 'taken') = (taken_at is not null) and (state = 'taken') = (taken_by is not null)
        and (state = 'taken') = (note is not null))
);
create index agenda_item_open on agenda_item (alliance_id, group_kind) where state = 'open';
alter table agenda_item
    add foreign key (alliance_id, taken_by) references appointment (alliance_id, id);
call accord.fact_table('membership', 'agenda_item');

commit;
