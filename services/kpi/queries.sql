-- Named queries of the kpi service. $1 is the alliance.

-- name: indicator_get
select code, name, theme, agreed_specification, specification_count, version
from indicator where alliance_id = $1::uuid and code = $2::text

-- name: indicator_list
select code, name, theme, agreed_specification, specification_count, version
from indicator
where alliance_id = $1::uuid
  and ($2::text is null or theme = $2)
  and ($3::text is null or code > $3)
order by code limit $4::bigint

-- name: specification_get
select indicator, number, definition, numerator, denominator, unit, direction, source,
       source_reason, owner, frequency, state, decision_id, version
from specification where alliance_id = $1::uuid and indicator = $2::text and number = $3::bigint

-- name: specification_list
select indicator, number, definition, numerator, denominator, unit, direction, source,
       source_reason, owner, frequency, state, decision_id, version
from specification
where alliance_id = $1::uuid and indicator = $2::text
  and ($3::text is null or state = $3)
  and number > coalesce($4::bigint, 0)
order by number limit $5::bigint

-- name: observation_get
select id, indicator, organisation, month, specification, revision, numerator, denominator, value,
       status, reason, import_id, recorded_at
from observation where alliance_id = $1::uuid and id = $2::uuid

-- name: observation_find
select id, indicator, organisation, month, specification, revision, numerator, denominator, value,
       status, reason, import_id, recorded_at
from observation
where alliance_id = $1::uuid and indicator = $2::text and organisation = $3::text and month = $4::text

-- name: observation_list
select id, indicator, organisation, month, specification, revision, numerator, denominator, value,
       status, reason, import_id, recorded_at
from observation
where alliance_id = $1::uuid
  and ($2::text is null or indicator = $2)
  and ($3::text is null or organisation = $3)
  and ($4::text is null or month >= $4)
  and ($5::text is null or month <= $5)
  and ($6::uuid is null or id > $6)
order by id limit $7::bigint

-- All of an indicator, in the order of import_plan(): organisation (byte order), then month.
-- name: observation_of_indicator
select id, indicator, organisation, month, specification, revision, numerator, denominator, value,
       status, reason, import_id, recorded_at
from observation
where alliance_id = $1::uuid and indicator = $2::text and month between $3::text and $4::text
order by organisation collate "C", month collate "C"

-- name: revision_list
select observation_id as id, revision, specification, numerator, denominator, value, status,
       reason, import_id, recorded_at
from observation_revision
where alliance_id = $1::uuid and observation_id = $2::uuid and revision > coalesce($3::bigint, 0)
order by revision limit $4::bigint

-- name: import_get
select id, indicator, format, digest, reason, row_count, created_count, revised_count,
       unchanged_count, recorded_at
from import where alliance_id = $1::uuid and id = $2::uuid

-- name: import_list
select id, indicator, format, digest, reason, row_count, created_count, revised_count,
       unchanged_count, recorded_at
from import
where alliance_id = $1::uuid
  and ($2::text is null or indicator = $2)
  and ($3::uuid is null or id > $3)
order by id limit $4::bigint

-- Organisations that may have figures: whoever is or was a partner.
-- name: organisation_list
select organisation from partner
where alliance_id = $1::uuid and status in ('active', 'suspended', 'left', 'excluded')
order by organisation

-- The one-page summary: the latest month of each indicator that has an agreed specification, over the whole
-- system (sum of numerators over sum of denominators, E3).
-- name: overview_indicators
select i.code, i.name, s.unit, o.month, sum(o.numerator)::bigint as numerator,
       sum(o.denominator)::bigint as denominator, sum(o.value)::bigint as value
from indicator as i
join specification as s on s.alliance_id = i.alliance_id and s.indicator = i.code
    and s.number = i.agreed_specification
left join observation as o on o.alliance_id = i.alliance_id and o.indicator = i.code and o.month = (
    select max(l.month) from observation as l where l.alliance_id = i.alliance_id and l.indicator = i.code)
where i.alliance_id = $1::uuid
group by i.code, i.name, s.unit, o.month
order by i.code
