-- Deploy risk:reviews
-- requires: tables

begin;

set local role risk_owner;
set local search_path = risk, accord, pg_catalog;

-- A copy of the alliance's groups: up their tree goes what is overdue (A6).
create table alliance_group (
    alliance_id uuid not null,
    code text not null,
    sequence bigint not null,
    kind text not null,
    reports_to text,
    level integer not null,
    primary key (alliance_id, code)
);
call accord.fact_table('risk', 'alliance_group', 'membership');

-- Closed reviews: what was due when, what was found, and when the next is due (D5) --------------------
create table review (
    alliance_id uuid not null,
    risk_id uuid not null,
    number bigint not null check (number > 0),
    sequence bigint not null,
    due_on date not null,
    closed_on date not null, -- in London
    next_on date not null,
    likelihood bigint not null check (likelihood between 1 and 5),
    consequence bigint not null check (consequence between 1 and 5),
    score bigint not null,
    band text not null check (band in ('low', 'moderate', 'high', 'extreme')),
    criteria_version bigint not null,
    findings text not null check (length(findings) between 1 and 1000),
    closed_at timestamptz not null,
    closed_by uuid not null, -- an appointment
    organisation text not null,
    restricted_to jsonb check (jsonb_typeof(restricted_to) = 'array'
                               and jsonb_array_length(restricted_to) between 1 and 30), -- as the risk then was
    primary key (alliance_id, risk_id, number),
    constraint score_is_product check (score = likelihood * consequence),
    constraint next_is_later check (next_on > closed_on),
    constraint closed_in_london check (closed_on = (closed_at at time zone 'Europe/London')::date),
    foreign key (alliance_id, risk_id) references risk (alliance_id, id),
    foreign key (alliance_id, criteria_version) references criteria (alliance_id, number)
);
call accord.fact_table('risk', 'review', p_is_history => true);

-- What was put on the agenda of a group further up: a score of 15 and above, a review that nobody closed (D5)
create table escalation (
    alliance_id uuid not null,
    id uuid not null,
    sequence bigint not null,
    risk_id uuid not null,
    subject text not null,
    to_group text not null check (length(to_group) between 1 and 80), -- a kind of group
    title text not null check (length(title) between 1 and 200),
    reason text not null check (length(reason) between 1 and 1000),
    cause text not null check (cause in ('score', 'overdue')),
    score bigint not null check (score between 1 and 25),
    score_number bigint,
    due_on date,
    level bigint check (level between 1 and 8),
    raised_at timestamptz not null,
    restricted_to jsonb check (jsonb_typeof(restricted_to) = 'array'
                               and jsonb_array_length(restricted_to) between 1 and 30), -- as the risk then was
    primary key (alliance_id, id),
    constraint about_a_risk check (subject = 'risk/risks/' || risk_id),
    constraint by_score_or_overdue
        check (case cause when 'score' then score >= 15 and to_group = 'leadership-board'
                                            and score_number is not null and num_nulls(due_on, level) = 2
                    else score_number is null and num_nulls(due_on, level) = 0 end),
    -- Nothing is told twice.
    constraint each_score_once unique (alliance_id, risk_id, score_number),
    constraint each_level_once unique (alliance_id, risk_id, due_on, level),
    foreign key (alliance_id, risk_id) references risk (alliance_id, id),
    foreign key (alliance_id, risk_id, score_number) references score (alliance_id, risk_id, number)
);
call accord.fact_table('risk', 'escalation', p_is_history => true);

commit;
