-- Named queries of the risk service. $1 is the alliance, where a row may be restricted $2 is
-- the organisations on whose behalf the caller may know of it: whoever may not gets fewer rows, and no limit counts what is hidden.

-- name: risk_get
select id, title, cause, event, effect, category, owner_organisation, owner_appointment_id,
       supporting_organisations, links, restricted_to, likelihood, consequence, score, band, criteria_version,
       initial_likelihood, initial_consequence, initial_score, initial_band, initial_criteria_version,
       target_likelihood, target_consequence, target_score, target_band, target_criteria_version,
       state, signatures, evidence, logged_at, next_review_on, review_number, escalated_score,
       changed_at, changed_by, changed_organisation, change, reason,
       score_number, version
from risk
where alliance_id = $1::uuid and id = $3::uuid
  and (restricted_to is null or restricted_to ?| $2::text[])

-- name: risk_list
select id, title, cause, event, effect, category, owner_organisation, owner_appointment_id,
       supporting_organisations, links, restricted_to, likelihood, consequence, score, band, criteria_version,
       initial_likelihood, initial_consequence, initial_score, initial_band, initial_criteria_version,
       target_likelihood, target_consequence, target_score, target_band, target_criteria_version,
       state, signatures, evidence, logged_at, next_review_on, review_number, escalated_score,
       changed_at, changed_by, changed_organisation, change, reason,
       score_number, version
from risk
where alliance_id = $1::uuid
  and (restricted_to is null or restricted_to ?| $2::text[])
  and case when $3::text is null then state not in ('draft', 'dismissed') else state = $3 end
  and ($4::text is null or band = $4)
  and ($5::text is null or category = $5)
  and ($6::text is null or owner_organisation = $6)
  and ($7::uuid is null or id > $7)
  and ($9::boolean is null
       or coalesce(next_review_on < (select (now_at at time zone 'Europe/London')::date from present), false) = $9)
order by id limit $8::bigint

-- The kinds of the groups that an overdue review is told to, from the delivery board up.
-- name: ladder_list
with recursive ladder as (
    select g.kind, g.reports_to, g.level from alliance_group as g
    where g.alliance_id = $1::uuid and g.kind = 'delivery-board'
    union all
    select g.kind, g.reports_to, g.level from alliance_group as g
    join ladder as below on g.alliance_id = $1::uuid and g.code = below.reports_to)
select kind from ladder where kind <> 'other' order by level desc

-- Reviews that are overdue today in London and were not told as far up as they have come by now (seven days
-- a level, three levels without groups), whoever may know of the risk.
-- name: review_overdue
with recursive ladder as (
    select g.kind, g.reports_to from alliance_group as g
    where g.alliance_id = $1::uuid and g.kind = 'delivery-board'
    union all
    select g.kind, g.reports_to from alliance_group as g
    join ladder as below on g.alliance_id = $1::uuid and g.code = below.reports_to)
select id, title, cause, event, effect, category, owner_organisation, owner_appointment_id,
       supporting_organisations, links, restricted_to, likelihood, consequence, score, band, criteria_version,
       initial_likelihood, initial_consequence, initial_score, initial_band, initial_criteria_version,
       target_likelihood, target_consequence, target_score, target_band, target_criteria_version,
       state, signatures, evidence, logged_at, next_review_on, review_number, escalated_score,
       changed_at, changed_by, changed_organisation, change, reason,
       score_number, version
from risk as r, (select (now_at at time zone 'Europe/London')::date as today from present) as now,
     (select coalesce(nullif(count(*), 0), 3) as levels from ladder where kind <> 'other') as top
where r.alliance_id = $1::uuid and r.next_review_on < now.today
  and not exists (select from escalation as e
                  where e.alliance_id = r.alliance_id and e.risk_id = r.id and e.due_on = r.next_review_on
                    and e.level >= least(1 + (now.today - r.next_review_on - 1) / 7, top.levels))
order by r.next_review_on, r.id limit 100

-- A draft of that signal's indicator and organisation waits, or the risk it became is still open.
-- name: draft_is_known
select exists (select from risk
               where alliance_id = $1::uuid and state in ('draft', 'open', 'closing')
                 and evidence ->> 'indicator' = $2::text
                 and evidence ->> 'organisation' is not distinct from $3::text)
       or exists (select from risk where alliance_id = $1::uuid and id = $4::uuid) as is_known

-- Every version of a risk, each known to whom it was restricted when it was made.
-- name: risk_history_list
select id, title, cause, event, effect, category, owner_organisation, owner_appointment_id,
       supporting_organisations, links, restricted_to, likelihood, consequence, score, band, criteria_version,
       initial_likelihood, initial_consequence, initial_score, initial_band, initial_criteria_version,
       target_likelihood, target_consequence, target_score, target_band, target_criteria_version,
       state, signatures, evidence, logged_at, next_review_on, review_number, escalated_score,
       changed_at, changed_by, changed_organisation, change, reason,
       score_number, version
from risk_history
where alliance_id = $1::uuid and id = $3::uuid and version > coalesce($4::bigint, 0)
  and (restricted_to is null or restricted_to ?| $2::text[])
order by version limit $5::bigint

-- The last version of each risk by the end of the day $9 in London, known to whom it then was.
-- name: register_list
with stood as (
    select distinct on (h.id) h.id, h.title, h.cause, h.event, h.effect, h.category,
           h.owner_organisation, h.owner_appointment_id, h.supporting_organisations, h.links,
           h.restricted_to, h.likelihood, h.consequence, h.score, h.band, h.criteria_version, h.initial_likelihood, h.initial_consequence,
           h.initial_score, h.initial_band, h.initial_criteria_version, h.target_likelihood,
           h.target_consequence, h.target_score, h.target_band, h.target_criteria_version, h.state,
           h.signatures, h.evidence, h.logged_at, h.next_review_on, h.review_number, h.escalated_score,
           h.changed_at, h.changed_by, h.changed_organisation, h.change,
           h.reason, h.score_number, h.version
    from risk_history as h
    where h.alliance_id = $1::uuid
      and h.changed_at < ($9::date + 1)::timestamp at time zone 'Europe/London'
      and ($7::uuid is null or h.id > $7)
    order by h.id, h.version desc)
select id, title, cause, event, effect, category, owner_organisation, owner_appointment_id,
       supporting_organisations, links, restricted_to, likelihood, consequence, score, band, criteria_version,
       initial_likelihood, initial_consequence, initial_score, initial_band, initial_criteria_version,
       target_likelihood, target_consequence, target_score, target_band, target_criteria_version,
       state, signatures, evidence, logged_at, next_review_on, review_number, escalated_score,
       changed_at, changed_by, changed_organisation, change, reason,
       score_number, version
from stood
where (restricted_to is null or restricted_to ?| $2::text[])
  and case when $3::text is null then state not in ('draft', 'dismissed') else state = $3 end
  and ($4::text is null or band = $4)
  and ($5::text is null or category = $5)
  and ($6::text is null or owner_organisation = $6)
order by id limit $8::bigint

-- name: score_get
select risk_id, number, kind, likelihood, consequence, score, band, criteria_version,
       from_likelihood, from_consequence, from_score, from_band, from_criteria_version, reason,
       scored_at, scored_by, organisation, escalates
from score
where alliance_id = $1::uuid and risk_id = $3::uuid and number = $4::bigint
  and (restricted_to is null or restricted_to ?| $2::text[])

-- name: score_list
select risk_id, number, kind, likelihood, consequence, score, band, criteria_version,
       from_likelihood, from_consequence, from_score, from_band, from_criteria_version, reason,
       scored_at, scored_by, organisation, escalates
from score
where alliance_id = $1::uuid and risk_id = $3::uuid and number > coalesce($4::bigint, 0)
  and (restricted_to is null or restricted_to ?| $2::text[])
order by number limit $5::bigint

-- name: review_get
select risk_id, number, due_on, closed_on, next_on, likelihood, consequence, score, band, criteria_version,
       findings, closed_at, closed_by, organisation
from review
where alliance_id = $1::uuid and risk_id = $3::uuid and number = $4::bigint
  and (restricted_to is null or restricted_to ?| $2::text[])

-- name: review_list
select risk_id, number, due_on, closed_on, next_on, likelihood, consequence, score, band, criteria_version,
       findings, closed_at, closed_by, organisation
from review
where alliance_id = $1::uuid and risk_id = $3::uuid and number > coalesce($4::bigint, 0)
  and (restricted_to is null or restricted_to ?| $2::text[])
order by number limit $5::bigint

-- name: escalation_list
select id, risk_id, to_group, title, reason, cause, score, score_number, due_on, level, raised_at
from escalation
where alliance_id = $1::uuid and risk_id = $3::uuid and ($4::uuid is null or id > $4)
  and (restricted_to is null or restricted_to ?| $2::text[])
order by id limit $5::bigint

-- name: criteria_get
select number, bands, descriptors, reason, adopted_at, adopted_by
from criteria where alliance_id = $1::uuid and number = $2::bigint

-- name: criteria_list
select number, bands, descriptors, reason, adopted_at, adopted_by
from criteria where alliance_id = $1::uuid and number > coalesce($2::bigint, 0)
order by number limit $3::bigint

-- name: criteria_in_force
select number, bands, descriptors, reason, adopted_at, adopted_by
from criteria where alliance_id = $1::uuid
order by number desc limit 1

-- name: partner_is_active
select exists (select from partner
               where alliance_id = $1::uuid and organisation = $2::text
                 and status = 'active') as is_active

-- An appointment in force of that organisation.
-- name: appointment_is_of_organisation
select exists (select from appointment
               where alliance_id = $1::uuid and id = $2::uuid and organisation = $3::text
                 and starts_at <= $4::timestamptz
                 and (ends_at is null or ends_at > $4::timestamptz)) as is_of

-- The person behind an appointment is this one.
-- name: appointment_is_of_person
select exists (select from appointment
               where alliance_id = $1::uuid and id = $2::uuid and issuer = $3::text
                 and subject = $4::text) as is_of

-- The one-page summary shows everybody the same: nothing restricted is in it.
-- name: overview_bands
select b.band, count(r.id) as risk_count
from unnest(array['extreme', 'high', 'moderate', 'low']) with ordinality as b (band, place)
left join risk as r on r.alliance_id = $1::uuid and r.band = b.band and r.state in ('open', 'closing')
    and r.restricted_to is null
group by b.band, b.place
order by b.place

-- name: overview_highest
select id, title, owner_organisation, score, band
from risk
where alliance_id = $1::uuid and state in ('open', 'closing') and restricted_to is null
order by score desc, id
limit $2::bigint
