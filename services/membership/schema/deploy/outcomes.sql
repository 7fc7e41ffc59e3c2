-- Deploy membership:outcomes
-- requires: tables

begin;

set local role membership_owner;
set local search_path = membership, accord, pg_catalog;

-- What came of a decision in plain words; published once, and never without.
create table outcome_statement (
    alliance_id uuid not null,
    decision_id uuid not null,
    sequence bigint not null,
    text text not null check (length(text) between 1 and 4000),
    audience text not null check (length(audience) between 1 and 200),
    publish_on date not null,
    written_at timestamptz not null,
    written_by uuid,
    published_at timestamptz,
    version bigint not null check (version > 0),
    primary key (alliance_id, decision_id),
    check (published_at is null or written_at <= published_at)
);
alter table outcome_statement
    add foreign key (alliance_id, decision_id) references decision (alliance_id, id);
alter table outcome_statement
    add foreign key (alliance_id, written_by) references appointment (alliance_id, id);
call accord.fact_table('membership', 'outcome_statement');

commit;
