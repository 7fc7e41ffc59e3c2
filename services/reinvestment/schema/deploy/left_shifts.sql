-- Deploy reinvestment:left_shifts
-- requires: tables

begin;

set local role reinvestment_owner;
set local search_path = reinvestment, accord, pg_catalog;

-- Work that moves to where it costs less: evidence of a surplus (C2) -----------------------------------
create table left_shift (
    alliance_id uuid not null,
    id uuid not null,
    sequence bigint not null,
    organisation text not null check (organisation ~ '^[A-Z0-9]{3,10}$'),
    specialty text not null check (length(specialty) between 1 and 200),
    from_setting text not null check (length(from_setting) between 1 and 80),
    to_setting text not null check (length(to_setting) between 1 and 80),
    monthly_volume bigint not null check (monthly_volume between 1 and 1000000),
    before_pence bigint not null check (before_pence between 0 and 9007199254740991), -- a unit
    after_pence bigint not null check (after_pence between 0 and 9007199254740991),
    surplus_pence bigint not null, -- a month
    evidence text not null check (length(evidence) between 1 and 1000),
    links jsonb not null check (jsonb_typeof(links) = 'array' and jsonb_array_length(links) <= 10),
    reason text check (length(reason) between 1 and 1000),
    recorded_at timestamptz not null,
    recorded_by uuid not null, -- an appointment
    version bigint not null check (version > 0),
    primary key (alliance_id, id),
    constraint something_moves check (from_setting <> to_setting),
    constraint surplus_is_volume_times_saving
        check (surplus_pence::numeric = monthly_volume::numeric * (before_pence - after_pence)),
    constraint revised_with_reason check ((version = 1) = (reason is null))
);
call accord.fact_table('reinvestment', 'left_shift');

-- Every version, for whoever relied on one
create table left_shift_version (
    like left_shift including constraints,
    primary key (alliance_id, id, version),
    foreign key (alliance_id, id) references left_shift (alliance_id, id)
);
call accord.fact_table('reinvestment', 'left_shift_version', p_is_history => true);

commit;
