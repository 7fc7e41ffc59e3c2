-- Named queries of the risk service. $1 is the alliance, where a row may be restricted $2 is
-- the organisations on whose behalf the caller may know of it: whoever may not gets fewer rows, and no limit counts what is hidden.

-- name: risk_get
select id, title, cause, event, effect, category, owner_organisation, owner_appointment_id,
       supporting_organisations, links, restricted_to, likelihood, consequence, score, band, criteria_version,
       initial_likelihood, initial_consequence, initial_score, initial_band, initial_criteria_version,
       target_likelihood, target_consequence, target_score, target_band, target_criteria_version,
       state, signatures, logged_at, changed_at, changed_by, changed_organisation, change, reason,
       score_number, version
from risk
where alliance_id = $1::uuid and id = $3::uuid
  and (restricted_to is null or restricted_to ?| $2::text[])

-- name: risk_list
select id, title, cause, event, effect, category, owner_organisation, owner_appointment_id,
       supporting_organisations, links, restricted_to, likelihood, consequence, score, band, criteria_version,
       initial_likelihood, initial_consequence, initial_score, initial_band, initial_criteria_version,
       target_likelihood, target_consequence, target_score, target_band, target_criteria_version,
       state, signatures, logged_at, changed_at, changed_by, changed_organisation, change, reason,
       score_number, version
from risk
where alliance_id = $1::uuid
  and (restricted_to is null or restricted_to ?| $2::text[])
  and ($3::text is null or state = $3)
  and ($4::text is null or band = $4)
  and ($5::text is null or category = $5)
  and ($6::text is null or owner_organisation = $6)
  and ($7::uuid is null or id > $7)
order by id limit $8::bigint

-- Every version of a risk, each known to whom it was restricted when it was made.
-- name: risk_history_list
select id, title, cause, event, effect, category, owner_organisation, owner_appointment_id,
       supporting_organisations, links, restricted_to, likelihood, consequence, score, band, criteria_version,
       initial_likelihood, initial_consequence, initial_score, initial_band, initial_criteria_version,
       target_likelihood, target_consequence, target_score, target_band, target_criteria_version,
       state, signatures, logged_at, changed_at, changed_by, changed_organisation, change, reason,
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
           h.signatures, h.logged_at, h.changed_at, h.changed_by, h.changed_organisation, h.change,
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
       state, signatures, logged_at, changed_at, changed_by, changed_organisation, change, reason,
       score_number, version
from stood
where (restricted_to is null or restricted_to ?| $2::text[])
  and ($3::text is null or state = $3)
  and ($4::text is null or band = $4)
  and ($5::text is null or category = $5)
  and ($6::text is null or owner_organisation = $6)
order by id limit $8::bigint

-- name: score_get
select risk_id, number, kind, likelihood, consequence, score, band, criteria_version,
       from_likelihood, from_consequence, from_score, from_band, from_criteria_version, reason,
       scored_at, scored_by, organisation
from score
where alliance_id = $1::uuid and risk_id = $3::uuid and number = $4::bigint
  and (restricted_to is null or restricted_to ?| $2::text[])

-- name: score_list
select risk_id, number, kind, likelihood, consequence, score, band, criteria_version,
       from_likelihood, from_consequence, from_score, from_band, from_criteria_version, reason,
       scored_at, scored_by, organisation
from score
where alliance_id = $1::uuid and risk_id = $3::uuid and number > coalesce($4::bigint, 0)
  and (restricted_to is null or restricted_to ?| $2::text[])
order by number limit $5::bigint

-- name: criteria_get
select number, bands, reason, adopted_at, adopted_by
from criteria where alliance_id = $1::uuid and number = $2::bigint

-- name: criteria_list
select number, bands, reason, adopted_at, adopted_by
from criteria where alliance_id = $1::uuid and number > coalesce($2::bigint, 0)
order by number limit $3::bigint

-- name: criteria_in_force
select number, bands, reason, adopted_at, adopted_by
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
