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
       source_reason, owner, frequency, suppresses_small_numbers, state, decision_id, version
from specification where alliance_id = $1::uuid and indicator = $2::text and number = $3::bigint

-- name: specification_list
select indicator, number, definition, numerator, denominator, unit, direction, source,
       source_reason, owner, frequency, suppresses_small_numbers, state, decision_id, version
from specification
where alliance_id = $1::uuid and indicator = $2::text
  and ($3::text is null or state = $3)
  and number > coalesce($4::bigint, 0)
order by number limit $5::bigint

-- name: observation_get
select o.id, o.indicator, o.organisation, o.month, o.specification, o.revision, o.numerator,
       o.denominator, o.value, o.status, o.reason, o.import_id, o.recorded_at,
       s.suppresses_small_numbers as is_suppressed
from observation as o
join specification as s on s.alliance_id = o.alliance_id and s.indicator = o.indicator
                       and s.state = 'agreed'
where o.alliance_id = $1::uuid and o.id = $2::uuid

-- name: observation_find
select o.id, o.indicator, o.organisation, o.month, o.specification, o.revision, o.numerator,
       o.denominator, o.value, o.status, o.reason, o.import_id, o.recorded_at,
       s.suppresses_small_numbers as is_suppressed
from observation as o
join specification as s on s.alliance_id = o.alliance_id and s.indicator = o.indicator
                       and s.state = 'agreed'
where o.alliance_id = $1::uuid and o.indicator = $2::text and o.organisation = $3::text and o.month = $4::text

-- name: observation_list
select o.id, o.indicator, o.organisation, o.month, o.specification, o.revision, o.numerator,
       o.denominator, o.value, o.status, o.reason, o.import_id, o.recorded_at,
       s.suppresses_small_numbers as is_suppressed
from observation as o
join specification as s on s.alliance_id = o.alliance_id and s.indicator = o.indicator
                       and s.state = 'agreed'
where o.alliance_id = $1::uuid
  and ($2::text is null or o.indicator = $2)
  and ($3::text is null or o.organisation = $3)
  and ($4::text is null or o.month >= $4)
  and ($5::text is null or o.month <= $5)
  and ($6::text is null or o.status = $6)
  and ($7::uuid is null or o.id > $7)
order by o.id limit $8::bigint

-- All of an indicator, in the order of import_plan(): organisation (byte order), then month.
-- name: observation_of_indicator
select o.id, o.indicator, o.organisation, o.month, o.specification, o.revision, o.numerator,
       o.denominator, o.value, o.status, o.reason, o.import_id, o.recorded_at,
       s.suppresses_small_numbers as is_suppressed
from observation as o
join specification as s on s.alliance_id = o.alliance_id and s.indicator = o.indicator
                       and s.state = 'agreed'
where o.alliance_id = $1::uuid and o.indicator = $2::text and o.month between $3::text and $4::text
order by o.organisation collate "C", o.month collate "C"

-- name: revision_list
select r.observation_id as id, r.revision, r.specification, r.numerator, r.denominator, r.value,
       r.status, r.reason, r.import_id, r.recorded_at, s.suppresses_small_numbers as is_suppressed
from observation_revision as r
join observation as o on o.alliance_id = r.alliance_id and o.id = r.observation_id
join specification as s on s.alliance_id = o.alliance_id and s.indicator = o.indicator
                       and s.state = 'agreed'
where r.alliance_id = $1::uuid and r.observation_id = $2::uuid
  and r.revision > coalesce($3::bigint, 0)
order by r.revision limit $4::bigint

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

-- The one-page summary: indicators with an agreed specification, over all organisations; days make no sum, so those
-- stand once for each organisation that gave any. `total` counts what the limit cuts as well.
-- name: overview_indicators
select i.code, o.organisation, count(*) over () as total
from indicator as i
join specification as s on s.alliance_id = i.alliance_id and s.indicator = i.code
    and s.number = i.agreed_specification
left join lateral (
    select distinct d.organisation from observation as d
    where d.alliance_id = i.alliance_id and d.indicator = i.code) as o on s.unit = 'days'
where i.alliance_id = $1::uuid
order by i.code, o.organisation
limit $2::bigint

-- The signals of the latest months, and how many there are in all.
-- name: overview_signals
select g.id, g.indicator, i.name, g.organisation, g.month, g.kind, g.value, s.unit,
       count(*) over () as total
from signal as g
join indicator as i on i.alliance_id = g.alliance_id and i.code = g.indicator
join specification as s on s.alliance_id = g.alliance_id and s.indicator = g.indicator
    and s.number = g.specification
where g.alliance_id = $1::uuid
order by g.month desc, g.found_at desc, g.id
limit $2::bigint

-- name: organisation_get
select organisation, role = 'commissioner' as is_commissioner
from partner
where alliance_id = $1::uuid and organisation = $2::text
  and status in ('active', 'suspended', 'left', 'excluded')

-- name: agreement_list
select id, observation_id, revision, organisation, side = 'commissioner' as is_commissioner,
       appointment_id, agreed_at
from agreement
where alliance_id = $1::uuid and observation_id = $2::uuid and ($3::uuid is null or id > $3)
order by id limit $4::bigint

-- name: agreement_of_revision
select id, observation_id, revision, organisation, side = 'commissioner' as is_commissioner,
       appointment_id, agreed_at
from agreement
where alliance_id = $1::uuid and observation_id = $2::uuid and revision = $3::bigint
order by id

-- name: query_get
select id, observation_id, revision, raised_by, question, state, answered_by, answer, outcome,
       raised_at, answered_at, closed_at, version
from query where alliance_id = $1::uuid and id = $2::uuid

-- name: query_list
select id, observation_id, revision, raised_by, question, state, answered_by, answer, outcome,
       raised_at, answered_at, closed_at, version
from query
where alliance_id = $1::uuid
  and ($2::uuid is null or observation_id = $2)
  and ($3::text is null or state = $3)
  and ($4::uuid is null or id > $4)
order by id limit $5::bigint

-- name: query_unclosed_count
select count(*) as unclosed from query
where alliance_id = $1::uuid and observation_id = $2::uuid and state <> 'closed'

-- What a chart is drawn from, in the order of chart_months().
-- name: chart_figures
select o.organisation, coalesce(p.status in ('active', 'suspended'), false) as is_current, o.month,
       o.revision, o.numerator, o.denominator, o.value, o.status
from observation as o
left join partner as p on p.alliance_id = o.alliance_id and p.organisation = o.organisation
where o.alliance_id = $1::uuid and o.indicator = $2::text
  and ($3::text is null or o.organisation = $3)
order by o.organisation collate "C", o.month collate "C"

-- name: rebase_list
select id, indicator, month, reason, recorded_at
from rebase
where alliance_id = $1::uuid and indicator = $2::text and ($3::uuid is null or id > $3)
order by id limit $4::bigint

-- name: rebase_months
select month from rebase where alliance_id = $1::uuid and indicator = $2::text order by month

-- name: target_list
select id, indicator, from_month, source, reason, recorded_at
from target
where alliance_id = $1::uuid and indicator = $2::text and ($3::uuid is null or id > $3)
order by id limit $4::bigint

-- name: target_steps
select t.id as target_id, t.sequence as target_sequence, t.from_month, s.month, s.value
from target as t
join target_step as s on s.alliance_id = t.alliance_id and s.target_id = t.id
where t.alliance_id = $1::uuid and t.indicator = $2::text
order by t.id, s.month

-- name: signal_list
select id, indicator, organisation, month, kind, specification, revision, value, mean, lower_limit,
       upper_limit, found_at
from signal
where alliance_id = $1::uuid
  and ($2::text is null or indicator = $2)
  and ($3::text is null or organisation = $3)
  and ($4::uuid is null or id > $4)
order by id limit $5::bigint

-- name: signal_kinds
select kind from signal
where alliance_id = $1::uuid and indicator = $2::text and organisation = $3::text and month = $4::text
