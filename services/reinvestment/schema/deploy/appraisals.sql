-- Deploy reinvestment:appraisals
-- requires: tables

begin;

set local role reinvestment_owner;
set local search_path = reinvestment, accord, pg_catalog;

-- What cases are appraised by, in versions (C3) -------------------------------------------------------
create table appraisal_criteria (
    alliance_id uuid not null,
    number bigint not null check (number > 0),
    sequence bigint not null,
    criteria jsonb not null check (jsonb_typeof(criteria) = 'array'
                                   and jsonb_array_length(criteria) between 1 and 10),
    reason text not null check (length(reason) between 1 and 1000),
    adopted_at timestamptz not null,
    adopted_by uuid, -- an appointment; null on the default
    primary key (alliance_id, number)
);
call accord.fact_table('reinvestment', 'appraisal_criteria', p_is_history => true);

-- One person's view of a case; never changed (C3) -----------------------------------------------------
create table appraisal (
    alliance_id uuid not null,
    case_id uuid not null,
    number bigint not null check (number > 0),
    sequence bigint not null,
    criteria_version bigint not null,
    scores jsonb not null check (jsonb_typeof(scores) = 'array' and jsonb_array_length(scores) between 1 and 10),
    weighted_e4 bigint not null check (weighted_e4 between 0 and 50000), -- ten-thousandths of a point
    comment text not null check (length(comment) between 1 and 1000),
    appraised_at timestamptz not null,
    appraised_by uuid not null, -- an appointment
    organisation text not null check (organisation ~ '^[A-Z0-9]{3,10}$'),
    primary key (alliance_id, case_id, number),
    constraint one_per_appraiser unique (alliance_id, case_id, appraised_by),
    foreign key (alliance_id, case_id) references "case" (alliance_id, id),
    foreign key (alliance_id, criteria_version) references appraisal_criteria (alliance_id, number)
);
call accord.fact_table('reinvestment', 'appraisal', p_is_history => true);

alter table "case"
    add constraint case_criteria foreign key (alliance_id, criteria_version)
        references appraisal_criteria (alliance_id, number);

commit;
