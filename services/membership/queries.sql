-- Membership's questions to its database; `$1` is the transaction's alliance. Nothing is written here:
-- the journal writes every fact. The one exception is people's names, which are nobody's fact.

-- Alliances and partners ----------------------------------------------------------------------------

-- name: alliance_get
select alliance_id, name, purpose, objectives, principles, starts_on, ends_on, status,
       founding_decision_id, created_at, version
from alliance
where alliance_id = $1::uuid

-- Those of an organisation or a person ($5: the organisations for which the issuer may speak; null = all):
-- asked without an alliance.
-- name: alliance_list
select alliance_id, name, purpose, objectives, principles, starts_on, ends_on, status,
       founding_decision_id, created_at, version
from alliances_of($2::text, $3::text, $4::text, $5::text[], $6::uuid, $7::bigint)
where $1::uuid is null
order by alliance_id

-- name: partner_get
select organisation, name, role, is_voting, is_founder, status, joined_on, left_on, version, sequence
from partner
where alliance_id = $1::uuid and organisation = $2::text

-- name: partner_list
select organisation, name, role, is_voting, is_founder, status, joined_on, left_on, version, sequence
from partner
where alliance_id = $1::uuid
  and ($2::text is null or status = $2)
  and ($3::text is null or organisation > $3)
order by organisation
limit $4::bigint

-- name: partner_all
select organisation, name, role, is_voting, is_founder, status, joined_on, left_on, version, sequence
from partner
where alliance_id = $1::uuid
order by organisation

-- Appointments ----------------------------------------------------------------------------------------

-- name: appointment_get
select a.id, a.issuer, a.subject, a.role, a.organisation, a.group_code, a.starts_at, a.ends_at,
       a.version, n.name
from appointment as a
left join person_name as n on n.alliance_id = a.alliance_id and n.appointment_id = a.id
where a.alliance_id = $1::uuid and a.id = $2::uuid

-- name: appointment_list
select a.id, a.issuer, a.subject, a.role, a.organisation, a.group_code, a.starts_at, a.ends_at,
       a.version, n.name
from appointment as a
left join person_name as n on n.alliance_id = a.alliance_id and n.appointment_id = a.id
where a.alliance_id = $1::uuid
  and ($2::text is null or a.organisation = $2)
  and ($3::text is null or a.role = $3)
  and ($4::text is null or a.group_code = $4)
  and ($5::timestamptz is null
       or (a.starts_at <= $5 and (a.ends_at is null or a.ends_at > $5)))
  and ($6::uuid is null or a.id > $6)
order by a.id
limit $7::bigint

-- Who holds a post now: of an organisation, or ($3 is null) of the alliance.
-- name: appointment_holders
select id, issuer, subject, role, organisation, group_code, starts_at, ends_at, version
from appointment
where alliance_id = $1::uuid and role = $2::text
  and ($3::text is null or organisation = $3)
  and starts_at <= $4::timestamptz and (ends_at is null or ends_at > $4)
order by id

-- name: appointment_of_organisation
select id, issuer, subject, role, organisation, group_code, starts_at, ends_at, version
from appointment
where alliance_id = $1::uuid and organisation = $2::text
  and starts_at <= $3::timestamptz and (ends_at is null or ends_at > $3)
order by id

-- name: person_name_add
insert into person_name (alliance_id, appointment_id, name)
values ($1::uuid, $2::uuid, $3::text)

-- name: person_name_erase
delete from person_name
where alliance_id = $1::uuid and appointment_id = $2::uuid

-- Groups ------------------------------------------------------------------------------------------------

-- name: group_all
select code, kind, name, reports_to, level, made_at, version
from alliance_group
where alliance_id = $1::uuid
order by code

-- name: group_list
select code, kind, name, reports_to, level, made_at, version
from alliance_group
where alliance_id = $1::uuid
  and ($2::text is null or kind = $2)
  and ($3::text is null or code > $3)
order by code
limit $4::bigint

-- The organisations with a seat in a group now.
-- name: group_seats
select distinct a.organisation
from appointment as a
where a.alliance_id = $1::uuid and a.group_code = $2::text
  and a.starts_at <= $3::timestamptz and (a.ends_at is null or a.ends_at > $3)
order by a.organisation

-- The agreement ---------------------------------------------------------------------------------------

-- name: agreement_get
select number, starts_on, summary, parameters, state, decision_id, drafted_at, adopted_at, version,
       sequence
from agreement_version
where alliance_id = $1::uuid and number = $2::integer

-- name: agreement_list
select number, starts_on, summary, parameters, state, decision_id, drafted_at, adopted_at, version,
       sequence
from agreement_version
where alliance_id = $1::uuid and ($2::integer is null or number > $2)
order by number
limit $3::bigint

-- All of them without their parameters, to find the one in force.
-- name: agreement_starts
select number, starts_on, state
from agreement_version
where alliance_id = $1::uuid
order by number

-- Hosts -----------------------------------------------------------------------------------------------

-- name: host_version_get
select function, number, organisation, summary, state, decision_id, drafted_at, starts_at, ends_at, version,
       sequence
from host_version
where alliance_id = $1::uuid and function = $2::text and number = $3::integer

-- name: host_version_list
select function, number, organisation, summary, state, decision_id, drafted_at, starts_at, ends_at, version,
       sequence
from host_version
where alliance_id = $1::uuid and function = $2::text and ($3::integer is null or number > $3)
order by number
limit $4::bigint

-- name: host_version_next
select coalesce(max(number), 0) + 1 as number
from host_version
where alliance_id = $1::uuid and function = $2::text

-- Who hosted each function at an instant.
-- name: host_list
select function, number, organisation, summary, state, decision_id, drafted_at, starts_at, ends_at, version,
       sequence
from host_version
where alliance_id = $1::uuid
  and ($2::text is null or organisation = $2)
  and starts_at <= $3::timestamptz and (ends_at is null or ends_at > $3)
  and ($4::text is null or function > $4)
order by function
limit $5::bigint

-- name: host_now
select v.function, v.number, v.organisation, v.summary, v.state, v.decision_id, v.drafted_at, v.starts_at,
       v.ends_at, v.version, v.sequence
from host as h
join host_version as v on v.alliance_id = h.alliance_id and v.function = h.function and v.number = h.number
where h.alliance_id = $1::uuid and h.function = $2::text

-- name: host_function_of
select function
from host
where alliance_id = $1::uuid and organisation = $2::text
order by function
limit 1

-- Decisions ----------------------------------------------------------------------------------------------
-- A decision's version moves with everything that is shown of it: electors and effects, too.

-- name: decision_get
select d.id, d.kind, d.rule, d.subject, d.effect, d.title, d.summary, d.question, d.rationale, d.content,
       d.subject_version, d.nonce, d.digest, d.organisations, d.restricted_to, d.agreement_number,
       d.group_code, d.state, d.outcome_reason, d.opened_at, d.opener_organisation, d.opener_appointment_id,
       d.deadline_at, d.closed_at, d.recorded_at, d.version,
       (select coalesce(sum(e.version), 0)::bigint from elector as e
        where e.alliance_id = d.alliance_id and e.decision_id = d.id)
       + (select coalesce(sum(f.version), 0)::bigint from decision_effect as f
          where f.alliance_id = d.alliance_id and f.decision_id = d.id) as version_below
from decision as d
where d.alliance_id = $1::uuid and d.id = $2::uuid

-- What the caller may know of ($5: its organisations), in the order of opening.
-- name: decision_list
select d.id, d.kind, d.rule, d.group_code, d.subject, d.effect, d.title, d.question, d.state,
       d.opened_at, d.deadline_at, d.closed_at
from decision as d
where d.alliance_id = $1::uuid
  and ($2::text is null or d.state = $2)
  and ($3::text is null or d.kind = $3)
  and ($4::text is null or d.subject = $4)
  and (d.restricted_to is null or d.restricted_to ?| $5::text[])
  and ($6::uuid is null or (d.opened_at, d.id) > (
      select p.opened_at, p.id from decision as p where p.alliance_id = $1::uuid and p.id = $6))
order by d.opened_at, d.id
limit $7::bigint

-- The one that is open over a subject and effect.
-- name: decision_open_on
select id
from decision
where alliance_id = $1::uuid and subject = $2::text and effect = $3::text and state = 'open'

-- Which of these ($2, a JSON array) have opened.
-- name: decision_known
select id
from decision
where alliance_id = $1::uuid
    and id in (select t.id::uuid from jsonb_array_elements_text($2::jsonb) as t (id))

-- Deadline passed, not closed yet: in the order in which they ended.
-- name: decision_overdue
select id
from decision
where alliance_id = $1::uuid and state = 'open' and deadline_at <= $2::timestamptz
order by deadline_at, id

-- Every open one, and whether this organisation decides on it.
-- name: decision_open_with
select d.id, d.kind, coalesce(e.state, '') as elector_state
from decision as d
left join elector as e on e.alliance_id = d.alliance_id and e.decision_id = d.id
     and e.organisation = $2::text
where d.alliance_id = $1::uuid and d.state = 'open'
order by d.opened_at, d.id

-- Whether any deadline has passed.
-- name: decision_due
select id
from decision
where alliance_id = $1::uuid and state = 'open' and deadline_at <= accord_now()
limit 1

-- name: elector_list
select decision_id, organisation, role, state, reason, changed_at, conflict, ruling, choice, vote_number, version
from elector
where alliance_id = $1::uuid and decision_id = any ($2::uuid[])
order by decision_id, organisation

-- name: elector_recused
select organisation, role, state, reason, changed_at, conflict, ruling, choice, vote_number, version
from elector
where alliance_id = $1::uuid and decision_id = $2::uuid and state = 'recused'
  and ($3::text is null or organisation > $3)
order by organisation
limit $4::bigint

-- name: vote_latest
select organisation, number, choice, reason, cast_at, appointment_id
from vote
where alliance_id = $1::uuid and decision_id = $2::uuid and organisation = $3::text
order by number desc
limit 1

-- name: vote_list
select v.organisation, v.number, v.choice, v.reason, v.cast_at, v.appointment_id
from vote as v
where v.alliance_id = $1::uuid and v.decision_id = $2::uuid
  and ($3::text is null or v.organisation = $3)
  and ($4::text is null or (v.cast_at, v.organisation, v.number) > (
      select p.cast_at, p.organisation, p.number from vote as p
      where p.alliance_id = $1::uuid and p.decision_id = $2::uuid
        and p.organisation || '-' || p.number = $4))
order by v.cast_at, v.organisation, v.number
limit $5::bigint

-- name: effect_list
select service, state, reason, event, version
from decision_effect
where alliance_id = $1::uuid and decision_id = $2::uuid
order by service

-- What our own journal says became of a decision, after a number.
-- name: effect_of_own
select b.sequence, b.body::jsonb #>> '{effect,state}' as state,
       b.body::jsonb #>> '{effect,reason}' as reason
from journal_body as b
where b.alliance_id = $1::uuid and b.sequence > $2::bigint
  and b.body::jsonb #>> '{effect,decision}' = $3::text
order by b.sequence desc
limit 1

-- What waits for the caller, what has waited longest first, then the nearest deadline: open decisions in
-- which one of its organisations ($2) has not voted yet, and what was escalated to a group in which it
-- has a seat ($3, its appointments) and may know of ($4). An item is named by decision or agenda item, and organisation.
-- name: inbox_list
with waiting as (
    select 'vote' as action, d.id, e.organisation, d.rule, d.group_code, d.title, d.question, d.subject,
           d.deadline_at as at
    from elector as e
    join decision as d on d.alliance_id = e.alliance_id and d.id = e.decision_id
    where e.alliance_id = $1::uuid and e.organisation = any ($2::text[])
      and e.state = 'eligible' and e.choice is null
      and d.state = 'open' and d.deadline_at > $5::timestamptz
    union all
    select 'take', i.id, min(a.organisation), null, g.code, i.title, i.reason, i.subject, i.raised_at
    from agenda_item as i
    join alliance_group as g on g.alliance_id = i.alliance_id and g.kind = i.group_kind
    join appointment as a on a.alliance_id = g.alliance_id and a.group_code = g.code
    where i.alliance_id = $1::uuid and i.state = 'open' and a.id = any ($3::uuid[])
      and (i.restricted_to is null or i.restricted_to ?| $4::text[])
    group by i.id, g.code, i.title, i.reason, i.subject, i.raised_at
)
select w.action, w.id, w.organisation, w.rule, w.group_code, w.title, w.question, w.subject, w.at
from waiting as w
where $6::text is null or (w.at, w.id, w.organisation) > (
      select p.at, p.id, substr($6::text, 38)
      from (select d.deadline_at as at, d.id from decision as d where d.alliance_id = $1::uuid
            union all
            select i.raised_at, i.id from agenda_item as i where i.alliance_id = $1::uuid) as p
      where p.id::text = substr($6::text, 1, 36))
order by w.at, w.id, w.organisation
limit $7::bigint

-- Agenda items ------------------------------------------------------------------------------------------

-- name: agenda_get
select i.id, i.group_kind, i.subject, i.title, i.reason, i.source, i.raised_at, i.restricted_to, i.state,
       i.taken_at, i.taken_by, i.note, i.version, g.code as group_code
from agenda_item as i
left join alliance_group as g on g.alliance_id = i.alliance_id and g.kind = i.group_kind
where i.alliance_id = $1::uuid and i.id = $2::uuid

-- What the caller may know of ($4: its organisations), in the order in which it was raised here.
-- name: agenda_list
select i.id, i.group_kind, i.subject, i.title, i.reason, i.source, i.raised_at, i.restricted_to, i.state,
       i.taken_at, i.taken_by, i.note, i.version, g.code as group_code
from agenda_item as i
left join alliance_group as g on g.alliance_id = i.alliance_id and g.kind = i.group_kind
where i.alliance_id = $1::uuid
  and ($2::text is null or g.code = $2)
  and ($3::text is null or i.state = $3)
  and (i.restricted_to is null or i.restricted_to ?| $4::text[])
  and ($5::uuid is null or i.id > $5)
order by i.id
limit $6::bigint

-- Which of these appointments ($3) is a seat in the group of this kind.
-- name: seat_of_kind
select a.id
from appointment as a
join alliance_group as g on g.alliance_id = a.alliance_id and g.code = a.group_code
where a.alliance_id = $1::uuid and g.kind = $2::text and a.id = any ($3::uuid[])
order by a.id

-- The one-page summary: nothing restricted is shown or counted ----------------------------------------------

-- name: overview_now
select now_at from present where $1::uuid is not null

-- Open decisions, the nearest deadline first, and how many there are in all.
-- name: overview_decisions
select d.id, d.kind, d.title, d.deadline_at, count(*) over () as open_count, e.eligible, e.voted
from decision as d
cross join lateral (
    select count(*) as eligible, count(o.choice) as voted
    from elector as o
    where o.alliance_id = d.alliance_id and o.decision_id = d.id and o.state = 'eligible') as e
where d.alliance_id = $1::uuid and d.state = 'open' and d.restricted_to is null and d.deadline_at > accord_now()
order by d.deadline_at, d.id
limit $2::bigint

-- Interests ---------------------------------------------------------------------------------------------

-- With the active partners that its person is tied to: by appointments, and by interests. $2 today, $3 now.
-- name: interest_list
select i.id, i.organisation, i.appointment_id, i.type, i.description, i.in_organisation, i.in_reference,
       i.starts_on, i.ends_on, i.declared_at, i.refreshed_at, i.version,
       (select jsonb_agg(distinct t.organisation order by t.organisation)
        from (select o.organisation
              from appointment as o
              where o.alliance_id = $1::uuid and o.issuer = h.issuer and o.subject = h.subject
                and o.starts_at <= $3::timestamptz and (o.ends_at is null or o.ends_at > $3)
              union all
              select j.in_organisation
              from interest as j
              join appointment as o on o.alliance_id = j.alliance_id and o.id = j.appointment_id
              where j.alliance_id = $1::uuid and o.issuer = h.issuer and o.subject = h.subject
                and j.starts_on <= $2::date and (j.ends_on is null or j.ends_on > $2)) as t
        join partner as p on p.alliance_id = $1::uuid and p.organisation = t.organisation
             and p.status = 'active') as tied_to
from interest as i
left join appointment as h on h.alliance_id = i.alliance_id and h.id = i.appointment_id
where i.alliance_id = $1::uuid
  and ($4::text is null or i.organisation = $4)
  and ($5::text is null or $5 = case when i.ends_on <= $2::date then 'ended'
                                     when i.refreshed_at <= $6::timestamptz then 'overdue'
                                     else 'current' end)
  and ($7::uuid is null or i.id = $7)
  and ($8::uuid is null or i.id > $8)
order by i.id
limit $9::bigint

-- Interests in force by which an organisation is bound: its own, and those of the only person who speaks
-- for it. $2 today, $3 now; $4 one interest alone.
-- name: interest_binding
with speaker as (
    select s.organisation, min(s.issuer) as issuer, min(s.subject) as subject
    from appointment as s
    where s.alliance_id = $1::uuid and s.role in ('partner-representative', 'deputy')
      and s.starts_at <= $3::timestamptz and (s.ends_at is null or s.ends_at > $3)
    group by s.organisation
    having count(distinct (s.issuer, s.subject)) = 1
)
select i.id, i.organisation, i.appointment_id, i.type, i.description, i.in_organisation, i.in_reference,
       i.starts_on, i.ends_on, i.declared_at, i.refreshed_at, i.version,
       coalesce(s.organisation, i.organisation) as bound
from interest as i
left join appointment as h on h.alliance_id = i.alliance_id and h.id = i.appointment_id
left join speaker as s on s.issuer = h.issuer and s.subject = h.subject
where i.alliance_id = $1::uuid
  and i.starts_on <= $2::date and (i.ends_on is null or i.ends_on > $2)
  and (i.appointment_id is null or s.organisation is not null)
  and ($4::uuid is null or i.id = $4)
order by i.id, bound

-- A person's interests in force, whichever of the person's appointments they stand with.
-- name: interest_of_person
select i.id, i.organisation, i.appointment_id, i.type, i.description, i.in_organisation, i.in_reference,
       i.starts_on, i.ends_on, i.declared_at, i.refreshed_at, i.version
from interest as i
join appointment as h on h.alliance_id = i.alliance_id and h.id = i.appointment_id
where i.alliance_id = $1::uuid and h.issuer = $2::text and h.subject = $3::text
  and i.starts_on <= $4::date and (i.ends_on is null or i.ends_on > $4)
order by i.id

-- name: ruling_list
select id, organisation, outcome, conflict, reason, ruled_at, appointment_id
from ruling
where alliance_id = $1::uuid and decision_id = $2::uuid
  and ($3::uuid is null or id > $3)
order by id
limit $4::bigint

-- Outcome statements --------------------------------------------------------------------------------------

-- name: outcome_get
select decision_id, text, audience, publish_on, written_at, written_by, published_at, version
from outcome_statement
where alliance_id = $1::uuid and decision_id = $2::uuid
