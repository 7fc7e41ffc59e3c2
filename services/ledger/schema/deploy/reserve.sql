-- Deploy ledger:reserve
-- requires: settlements

begin;

set local role ledger_owner;
set local search_path = ledger, accord, pg_catalog;

-- What of the cost risk reserve a year leaves unspent, and what becomes of it by decision (B10).
create table reserve_release (
    alliance_id uuid not null,
    id uuid not null,
    sequence bigint not null,
    year text not null check (year ~ '^[0-9]{4}-[0-9]{2}$'),
    purpose text not null check (purpose in ('financial-challenge', 'transformation')),
    to_account text not null collate "C",
    amount_pence bigint not null check (amount_pence between 1 and 9007199254740991),
    reason text not null check (length(reason) between 1 and 1000),
    state text not null check (state in ('draft', 'released', 'rejected', 'withdrawn')),
    drafted_at timestamptz not null,
    drafted_by uuid not null, -- an appointment
    ended_at timestamptz,
    ended_because text check (length(ended_because) between 1 and 1000),
    decision_id uuid,
    transaction_id uuid,
    version bigint not null check (version > 0),
    primary key (alliance_id, id),
    constraint release_ended_once check ((state = 'draft') = (ended_at is null)),
    constraint release_rests_on_decision
        check ((state = 'released') = (decision_id is not null)
               and (state = 'released') = (transaction_id is not null)),
    constraint release_leaves_the_reserve check (to_account <> 'reserve:cost-risk')
);
alter table reserve_release
    add foreign key (alliance_id, to_account) references account (alliance_id, code);
alter table reserve_release
    add foreign key (alliance_id, transaction_id) references transaction (alliance_id, id);
call accord.fact_table('ledger', 'reserve_release');
alter table transaction
    add foreign key (alliance_id, release_id) references reserve_release (alliance_id, id);

-- What a draft says never changes; what has ended stays as it is.
create function release_moves_on() returns trigger
language plpgsql set search_path = ledger, accord, pg_temp
as $$
begin
    if old.state <> 'draft' then
        raise exception 'release % is % already', old.id, old.state using errcode = 'check_violation';
    end if;
    if (new.year, new.purpose, new.to_account, new.amount_pence, new.reason, new.drafted_at,
        new.drafted_by)
       is distinct from
       (old.year, old.purpose, old.to_account, old.amount_pence, old.reason, old.drafted_at,
        old.drafted_by) then
        raise exception 'what release % says is never changed', old.id using errcode = 'check_violation';
    end if;
    return new;
end $$;
create trigger release_moves_on before update on reserve_release
    for each row execute function release_moves_on();

commit;
