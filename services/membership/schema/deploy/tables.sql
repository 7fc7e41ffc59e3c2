-- Deploy membership:tables
-- requires: accord:core

begin;

call accord.service_schema('membership');
set local role membership_owner;
call accord.service_tables('membership');
set local search_path = membership, accord, pg_catalog;

-- A question over one resource, as its owner froze it.
create table decision (
    alliance_id uuid not null,
    id uuid not null,
    sequence bigint not null,
    kind text not null check (kind in ('found', 'admit', 'exclude', 'change-host', 'vary-agreement',
        'move-control-totals', 'move-money', 'approve-settlement', 'release-reserve',
        'spend-ring-fence', 'agree-specification', 'service-change', 'general')),
    rule text not null check (rule in ('unanimous', 'two-thirds', 'simple-majority')),
    subject text not null check (length(subject) between 1 and 160),
    effect text not null check (effect ~ '^[a-z]+(-[a-z]+)*$' and length(effect) <= 40),
    title text not null check (length(title) between 1 and 200),
    summary text not null check (length(summary) between 1 and 4000),
    question text not null check (length(question) between 1 and 4000),
    rationale text not null check (length(rationale) between 1 and 4000),
    content jsonb not null check (jsonb_typeof(content) = 'object'),
    subject_version bigint not null check (subject_version > 0),
    nonce text not null check (nonce ~ '^[0-9a-f]{32,64}$'),
    digest text not null check (digest ~ '^[0-9a-f]{64}$'),
    organisations jsonb check (jsonb_typeof(organisations) = 'array'),
    restricted_to jsonb check (jsonb_typeof(restricted_to) = 'array'),
    agreement_number integer not null check (agreement_number > 0),
    group_code text, -- in the agreement's words: whoever sits there, if anybody does
    state text not null
        check (state in ('open', 'carried', 'rejected', 'lapsed', 'escalated', 'withdrawn')),
    outcome_reason text,
    opened_at timestamptz not null,
    opener_organisation text,
    opener_appointment_id uuid,
    deadline_at timestamptz not null,
    closed_at timestamptz,
    recorded_at timestamptz,
    version bigint not null check (version > 0),
    primary key (alliance_id, id),
    constraint decision_reserved_is_unanimous check (
        rule = 'unanimous' or kind in ('agree-specification', 'service-change', 'general')),
    constraint decision_reserved_is_nobody_elses check (
        group_code is null or kind in ('agree-specification', 'service-change', 'general')),
    constraint decision_closed_once check (
        (state = 'open') = (closed_at is null) and (state = 'open') = (recorded_at is null)
        and (state = 'open') = (outcome_reason is null)),
    check (opened_at < deadline_at),
    check (closed_at between opened_at and deadline_at),
    check (closed_at <= recorded_at)
);
-- One decision at a time over one thing.
create unique index decision_one_open on decision (alliance_id, subject, effect) where state = 'open';
create index decision_by_opening on decision (alliance_id, opened_at, id);
create index decision_due on decision (alliance_id, deadline_at) where state = 'open';
call accord.fact_table('membership', 'decision');

-- Who decides on it, frozen at opening, and the latest version of each vote.
create table elector (
    alliance_id uuid not null,
    decision_id uuid not null,
    organisation text not null check (organisation ~ '^[A-Z0-9]{3,10}$'),
    sequence bigint not null,
    role text not null check (role in ('commissioner', 'provider')),
    state text not null check (state in ('eligible', 'recused', 'dropped')),
    reason text,
    changed_at timestamptz,
    conflict text, -- the interest that is, or was, to be ruled on
    ruling text check (ruling is null or ruling in ('pending', 'recuse', 'take-part')),
    choice text check (choice in ('agree', 'disagree', 'abstain')),
    vote_number integer not null check (vote_number >= 0),
    version bigint not null check (version > 0),
    primary key (alliance_id, decision_id, organisation),
    constraint elector_says_why_it_stands_aside check (
        (state = 'eligible') = (reason is null) and (state = 'eligible') = (changed_at is null)),
    constraint elector_is_ruled_on_an_interest check ((ruling is null) = (conflict is null)),
    constraint elector_is_ruled_on_while_eligible check (
        ruling is null or (ruling = 'recuse') = (state <> 'eligible')),
    check ((choice is null) = (vote_number = 0))
);
create index elector_by_organisation on elector (alliance_id, organisation, decision_id);
alter table elector
    add foreign key (alliance_id, decision_id) references decision (alliance_id, id);
call accord.fact_table('membership', 'elector');

-- Every version of every vote.
create table vote (
    alliance_id uuid not null,
    decision_id uuid not null,
    organisation text not null,
    number integer not null check (number > 0),
    sequence bigint not null,
    choice text not null check (choice in ('agree', 'disagree', 'abstain')),
    reason text,
    cast_at timestamptz not null,
    appointment_id uuid not null,
    primary key (alliance_id, decision_id, organisation, number),
    constraint vote_disagrees_with_a_reason check (
        choice <> 'disagree' or coalesce(length(reason), 0) > 0)
);
alter table vote
    add foreign key (alliance_id, decision_id, organisation)
        references elector (alliance_id, decision_id, organisation);
call accord.fact_table('membership', 'vote', p_is_history => true);

-- What each service made of a carried decision.
create table decision_effect (
    alliance_id uuid not null,
    decision_id uuid not null,
    service text not null
        check (service in ('membership', 'ledger', 'reinvestment', 'risk', 'kpi')),
    sequence bigint not null,
    state text not null check (state in ('pending', 'done', 'refused')),
    reason text,
    event bigint check (event > 0),
    version bigint not null check (version > 0),
    primary key (alliance_id, decision_id, service),
    check ((state = 'pending') = (event is null)),
    check (state <> 'refused' or coalesce(length(reason), 0) > 0)
);
alter table decision_effect
    add foreign key (alliance_id, decision_id) references decision (alliance_id, id);
call accord.fact_table('membership', 'decision_effect');

-- The agreement: exactly one adopted version starts on a date, and is in force until the next.
create table agreement_version (
    alliance_id uuid not null,
    number integer not null check (number between 1 and 9999),
    sequence bigint not null,
    starts_on date not null,
    summary text not null check (length(summary) between 1 and 200),
    parameters jsonb not null check (jsonb_typeof(parameters) = 'object'),
    state text not null check (state in ('draft', 'adopted')),
    decision_id uuid,
    drafted_at timestamptz not null,
    adopted_at timestamptz,
    version bigint not null check (version > 0),
    primary key (alliance_id, number),
    constraint agreement_is_adopted_by_decision check (
        (state = 'adopted') = (decision_id is not null)
        and (state = 'adopted') = (adopted_at is not null))
);
create unique index agreement_version_in_force on agreement_version (alliance_id, starts_on)
    where state = 'adopted';
alter table agreement_version
    add foreign key (alliance_id, decision_id) references decision (alliance_id, id);
call accord.fact_table('membership', 'agreement_version');

-- One person at a time speaks first for an organisation, directs, chairs.
create unique index appointment_one_representative on appointment (alliance_id, organisation)
    where role = 'partner-representative' and ends_at is null;
create unique index appointment_one_holder on appointment (alliance_id, role)
    where role in ('alliance-director', 'chair') and ends_at is null;

-- People's names are nobody's fact: beside the journal, and erasable.
create table person_name (
    alliance_id uuid not null,
    appointment_id uuid not null,
    name text not null check (length(name) between 1 and 200),
    primary key (alliance_id, appointment_id)
);
alter table person_name
    add foreign key (alliance_id, appointment_id) references appointment (alliance_id, id);
alter table person_name enable row level security;
alter table person_name force row level security;
create policy alliance on person_name using (alliance_id = accord.current_alliance());
grant select, insert, delete on person_name to membership;

-- One question goes across alliances: which are mine. It is asked through a function that answers
-- nothing else; only its owner sees across.
create index partner_of_organisation on partner (organisation);
create index appointment_of_person on appointment (issuer, subject);
create policy across on alliance for select to membership_owner using (true);
create policy across on partner for select to membership_owner using (true);
create policy across on appointment for select to membership_owner using (true);

create function alliances_of(p_organisation text, p_issuer text, p_subject text, p_after uuid,
                             p_limit bigint)
returns setof alliance
language sql volatile security definer set search_path = membership, accord, pg_temp
as $$
    select a.alliance_id, a.sequence, a.name, a.purpose, a.objectives, a.principles, a.starts_on,
           a.ends_on, a.status, a.founding_decision_id, a.created_at, a.version
    from alliance as a
    where (p_after is null or a.alliance_id > p_after)
      and a.alliance_id in (
          select p.alliance_id from partner as p where p.organisation = p_organisation
          union all
          select o.alliance_id from appointment as o
          where o.issuer = p_issuer and o.subject = p_subject
            and (p_organisation is null or o.organisation = p_organisation or o.role = 'auditor')
            and o.starts_at <= accord.accord_now()
            and (o.ends_at is null or o.ends_at > accord.accord_now()))
    order by a.alliance_id
    limit p_limit
$$;
revoke all on function alliances_of(text, text, text, uuid, bigint) from public;
grant execute on function alliances_of(text, text, text, uuid, bigint) to membership;

commit;
