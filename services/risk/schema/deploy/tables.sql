-- Deploy risk:tables
-- requires: accord:core

begin;

call accord.service_schema('risk');
set local role risk_owner;
call accord.service_tables('risk');
set local search_path = risk, accord, pg_catalog;

-- The bands that scores fall into and how often each is reviewed, and what the consequences mean in each
-- domain, in versions (D2, D5) -----------------------------------------------------------------------
create table criteria (
    alliance_id uuid not null,
    number bigint not null check (number > 0),
    sequence bigint not null,
    bands jsonb not null check (jsonb_typeof(bands) = 'array' and jsonb_array_length(bands) = 4),
    descriptors jsonb not null check (jsonb_typeof(descriptors) = 'array' and jsonb_array_length(descriptors) = 9),
    reason text not null check (length(reason) between 1 and 1000),
    adopted_at timestamptz not null,
    adopted_by uuid, -- an appointment; null on the default
    primary key (alliance_id, number)
);
call accord.fact_table('risk', 'criteria', p_is_history => true);

-- The register (D1, D2) ------------------------------------------------------------------------------
create table risk (
    alliance_id uuid not null,
    id uuid not null,
    sequence bigint not null,
    title text not null check (length(title) between 1 and 200),
    cause text not null check (length(cause) between 1 and 1000),
    event text not null check (length(event) between 1 and 1000),
    effect text not null check (length(effect) between 1 and 1000),
    category text not null check (category in ('safety', 'quality', 'workforce', 'statutory', 'reputation',
                                               'objectives', 'finance', 'service', 'environment')),
    owner_organisation text check (owner_organisation ~ '^[A-Z0-9]{3,10}$'),
    owner_appointment_id uuid,
    supporting_organisations jsonb not null check (jsonb_typeof(supporting_organisations) = 'array'),
    links jsonb not null check (jsonb_typeof(links) = 'array'),
    -- Partners that may know of it; null = everybody. As the event that made the row.
    restricted_to jsonb check (jsonb_typeof(restricted_to) = 'array'
                               and jsonb_array_length(restricted_to) between 1 and 30),
    -- What a draft was proposed from (D10).
    evidence jsonb check (jsonb_typeof(evidence) = 'object'),
    likelihood bigint check (likelihood between 1 and 5),
    consequence bigint check (consequence between 1 and 5),
    score bigint,
    band text check (band in ('low', 'moderate', 'high', 'extreme')),
    criteria_version bigint,
    initial_likelihood bigint check (initial_likelihood between 1 and 5),
    initial_consequence bigint check (initial_consequence between 1 and 5),
    initial_score bigint,
    initial_band text check (initial_band in ('low', 'moderate', 'high', 'extreme')),
    initial_criteria_version bigint,
    target_likelihood bigint check (target_likelihood between 1 and 5),
    target_consequence bigint check (target_consequence between 1 and 5),
    target_score bigint,
    target_band text check (target_band in ('low', 'moderate', 'high', 'extreme')),
    target_criteria_version bigint,
    state text not null check (state in ('draft', 'open', 'closing', 'closed', 'dismissed')),
    signatures jsonb not null check (jsonb_typeof(signatures) = 'array'
                                     and jsonb_array_length(signatures) <= 2),
    logged_at timestamptz not null,
    next_review_on date,
    review_number bigint not null check (review_number >= 0),
    escalated_score bigint not null, -- the highest told upwards since it was last below 15; 0 = below
    changed_at timestamptz not null,
    changed_by uuid, -- an appointment; null = the service itself
    changed_organisation text,
    change text not null check (change in ('proposed', 'accepted', 'dismissed', 'logged', 'revised', 'scored',
                                           'reviewed', 'closing', 'signed', 'closed')),
    reason text check (length(reason) between 1 and 1000),
    score_number bigint not null check (score_number >= 0),
    version bigint not null check (version > 0),
    primary key (alliance_id, id),
    constraint score_is_product check (score = likelihood * consequence),
    constraint initial_is_product check (initial_score = initial_likelihood * initial_consequence),
    constraint target_is_product check (target_score = target_likelihood * target_consequence),
    constraint target_is_whole
        check (num_nulls(target_likelihood, target_consequence, target_score, target_band,
                         target_criteria_version) in (0, 5)),
    constraint restricted_to_who_owns_and_helps
        check (restricted_to is null
               or (restricted_to ? owner_organisation and restricted_to @> supporting_organisations)),
    constraint changed_with_reason check (change in ('proposed', 'accepted', 'logged') or reason is not null),
    constraint changed_by_somebody
        check (num_nulls(changed_by, changed_organisation) = case when change = 'proposed' then 2 else 0 end),
    -- D10: a draft has no score, and is in no band of the register, until a person accepts it.
    constraint scored_once_in_the_register
        check (num_nulls(likelihood, consequence, score, band, criteria_version, initial_likelihood,
                         initial_consequence, initial_score, initial_band, initial_criteria_version)
               = case when state in ('draft', 'dismissed') then 10 else 0 end
               and (score_number = 0) = (state in ('draft', 'dismissed'))),
    constraint owned_once_in_the_register
        check (state in ('draft', 'dismissed') or owner_organisation is not null),
    constraint drafted_with_evidence check (state not in ('draft', 'dismissed') or evidence is not null),
    -- D5
    constraint reviewed_while_open check ((state in ('open', 'closing')) = (next_review_on is not null)),
    constraint escalated_from_15
        check (case when coalesce(score, 0) >= 15 then escalated_score between score and 25
                    else escalated_score = 0 end),
    -- D6: quality and safety risks close with two signatures.
    constraint closed_with_signatures
        check (state <> 'closed' or category not in ('quality', 'safety')
               or jsonb_array_length(signatures) = 2),
    constraint signed_while_closing check (state <> 'open' or jsonb_array_length(signatures) = 0),
    foreign key (alliance_id, criteria_version) references criteria (alliance_id, number),
    foreign key (alliance_id, initial_criteria_version) references criteria (alliance_id, number),
    foreign key (alliance_id, target_criteria_version) references criteria (alliance_id, number)
);
create index risk_band on risk (alliance_id, state, band);
create index risk_review on risk (alliance_id, next_review_on) where next_review_on is not null;
call accord.fact_table('risk', 'risk');

-- Every version of every risk: the register as it stood (D7) -----------------------------------------
create table risk_history (
    like risk including constraints,
    primary key (alliance_id, id, version),
    foreign key (alliance_id, id) references risk (alliance_id, id)
);
create index risk_history_changed on risk_history (alliance_id, changed_at);
call accord.fact_table('risk', 'risk_history', p_is_history => true);

-- Scores: who, when, from, to, why (D2, D7) ---------------------------------------------------------
create table score (
    alliance_id uuid not null,
    risk_id uuid not null,
    number bigint not null check (number > 0),
    sequence bigint not null,
    kind text not null check (kind in ('initial', 'current', 'target')),
    likelihood bigint not null check (likelihood between 1 and 5),
    consequence bigint not null check (consequence between 1 and 5),
    score bigint not null,
    band text not null check (band in ('low', 'moderate', 'high', 'extreme')),
    criteria_version bigint not null,
    from_likelihood bigint check (from_likelihood between 1 and 5),
    from_consequence bigint check (from_consequence between 1 and 5),
    from_score bigint,
    from_band text check (from_band in ('low', 'moderate', 'high', 'extreme')),
    from_criteria_version bigint,
    reason text not null check (length(reason) between 1 and 1000),
    scored_at timestamptz not null,
    scored_by uuid not null, -- an appointment
    organisation text not null,
    escalates boolean not null, -- D5: told to the leadership board at once
    restricted_to jsonb check (jsonb_typeof(restricted_to) = 'array'
                               and jsonb_array_length(restricted_to) between 1 and 30), -- as the risk then was
    primary key (alliance_id, risk_id, number),
    constraint escalates_from_15 check (not escalates or (score >= 15 and kind <> 'target')),
    constraint score_is_product check (score = likelihood * consequence),
    constraint from_is_product check (from_score = from_likelihood * from_consequence),
    constraint from_is_whole
        check (num_nulls(from_likelihood, from_consequence, from_score, from_band,
                         from_criteria_version) in (0, 5)),
    constraint first_comes_from_nothing check (kind <> 'initial' or (number = 1 and from_score is null)),
    foreign key (alliance_id, risk_id) references risk (alliance_id, id),
    foreign key (alliance_id, criteria_version) references criteria (alliance_id, number),
    foreign key (alliance_id, from_criteria_version) references criteria (alliance_id, number)
);
call accord.fact_table('risk', 'score', p_is_history => true);

commit;
