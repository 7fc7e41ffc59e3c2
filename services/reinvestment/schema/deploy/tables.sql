-- Deploy reinvestment:tables
-- requires: accord:core

begin;

call accord.service_schema('reinvestment');
set local role reinvestment_owner;
call accord.service_tables('reinvestment');
set local search_path = reinvestment, accord, pg_catalog;

-- Copies: what the agreement says of ring-fences, and what the ledger holds for them ------------
create table agreement_version (
    alliance_id uuid not null,
    number bigint not null,
    sequence bigint not null,
    state text not null,
    starts_on date not null,
    parameters jsonb not null,
    primary key (alliance_id, number)
);
call accord.fact_table('reinvestment', 'agreement_version', 'membership');

create table balance (
    alliance_id uuid not null,
    account_code text not null,
    currency text not null,
    sequence bigint not null,
    balance_pence bigint not null,
    held_pence bigint not null check (held_pence >= 0),
    floor_pence bigint,
    primary key (alliance_id, account_code, currency)
);
call accord.fact_table('reinvestment', 'balance', 'ledger');

-- Business cases (C3, C4) -------------------------------------------------------------------------
create table "case" (
    alliance_id uuid not null,
    id uuid not null,
    sequence bigint not null,
    title text not null check (length(title) between 1 and 200),
    summary text not null check (length(summary) between 1 and 1000),
    sponsor text not null check (sponsor ~ '^[A-Z0-9]{3,10}$'),
    beneficiary text not null check (beneficiary ~ '^[A-Z0-9]{3,10}$'),
    ring_fence text not null check (ring_fence ~ '^[a-z0-9]+(-[a-z0-9]+)*$'),
    category text not null check (length(category) between 1 and 80),
    setting text not null check (length(setting) between 1 and 80),
    service text not null check (length(service) between 1 and 200),
    specialty text not null check (length(specialty) between 1 and 200),
    award_pence bigint not null check (award_pence between 1 and 9007199254740991),
    one_off_pence bigint not null check (one_off_pence between 0 and 9007199254740991),
    recurrent_pence bigint not null check (recurrent_pence between 0 and 9007199254740991),
    costs jsonb not null check (jsonb_typeof(costs) = 'array' and jsonb_array_length(costs) <= 36), -- by month
    milestones jsonb not null check (jsonb_typeof(milestones) = 'array'
                                     and jsonb_array_length(milestones) <= 12),
    benefits jsonb not null check (jsonb_typeof(benefits) = 'array'
                                   and jsonb_array_length(benefits) <= 12),
    state text not null check (state in ('draft', 'submitted', 'appraised', 'proposed', 'decided', 'in-delivery',
                                         'rejected', 'closed')),
    criteria_version bigint, -- frozen by the first appraisal
    appraisal_count bigint not null check (appraisal_count >= 0),
    appraisal_sum_e4 bigint not null check (appraisal_sum_e4 between 0 and 50000 * appraisal_count),
    decision_id uuid,
    hold_id uuid,
    pending_pence bigint not null check (pending_pence >= 0),   -- asked for or verified
    captured_pence bigint not null check (captured_pence >= 0), -- paid out of the hold
    outcome text check (outcome in ('completed', 'cancelled', 'expired')),
    reason text check (length(reason) between 1 and 4000),
    drafted_at timestamptz not null,
    drafted_by uuid not null, -- an appointment
    closed_at timestamptz,
    version bigint not null check (version > 0),
    primary key (alliance_id, id),
    constraint appraised_before_proposed
        check (case when state in ('draft', 'submitted') then appraisal_count = 0 else appraisal_count > 0 end),
    constraint appraised_by_frozen_criteria check ((appraisal_count > 0) = (criteria_version is not null)),
    constraint drawn_within_award check (pending_pence + captured_pence <= award_pence),
    constraint drawn_in_delivery_only check (hold_id is not null or pending_pence + captured_pence = 0),
    constraint held_once_decided check (hold_id is null or decision_id is not null),
    constraint held_in_delivery check ((state in ('in-delivery', 'closed')) = (hold_id is not null)),
    constraint decided_before_delivery
        check (state not in ('decided', 'in-delivery', 'closed') or decision_id is not null),
    constraint rejected_with_reason check (state <> 'rejected' or reason is not null),
    constraint closed_with_outcome check ((state = 'closed') = (outcome is not null)
                                          and (state = 'closed') = (closed_at is not null)),
    constraint closed_with_nothing_pending check (state <> 'closed' or pending_pence = 0)
);
create index case_state on "case" (alliance_id, ring_fence, state);
call accord.fact_table('reinvestment', 'case');

-- Drawdowns (C5) ----------------------------------------------------------------------------------
create table drawdown (
    alliance_id uuid not null,
    id uuid not null,
    sequence bigint not null,
    case_id uuid not null,
    hold_id uuid not null,
    milestone text check (length(milestone) between 1 and 80),
    amount_pence bigint not null check (amount_pence between 1 and 9007199254740991),
    beneficiary text not null check (beneficiary ~ '^[A-Z0-9]{3,10}$'),
    evidence text not null check (length(evidence) between 1 and 1000),
    state text not null check (state in ('requested', 'verified', 'captured', 'refused')),
    requested_at timestamptz not null,
    requested_organisation text not null,
    requested_by uuid not null, -- an appointment
    verified_at timestamptz,
    verified_organisation text,
    verified_by uuid,
    transaction_id uuid,
    captured_at timestamptz,
    reason text check (length(reason) between 1 and 1000),
    version bigint not null check (version > 0),
    primary key (alliance_id, id),
    foreign key (alliance_id, case_id) references "case" (alliance_id, id),
    constraint verified_by_another check (verified_organisation <> requested_organisation
                                          and verified_organisation <> beneficiary
                                          and verified_by <> requested_by),
    constraint verified_wholly check ((verified_at is null) = (verified_organisation is null)
                                      and (verified_at is null) = (verified_by is null)),
    constraint captured_after_verification
        check (state not in ('verified', 'captured') or verified_at is not null),
    constraint captured_by_transaction check ((state = 'captured') = (transaction_id is not null)
                                              and (state = 'captured') = (captured_at is not null)),
    constraint refused_with_reason check ((state = 'refused') = (reason is not null))
);
create index drawdown_case on drawdown (alliance_id, case_id, id);
call accord.fact_table('reinvestment', 'drawdown');

commit;
