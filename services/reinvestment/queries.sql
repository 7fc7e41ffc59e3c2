-- Named queries of reinvestment. $1 is the alliance.

-- Ring-fences of the agreement in force on day $2 (before the first starts, the first), with the
-- ledger's figures as last told.
-- name: ring_fence_list
with agreement as (
    select number, parameters from agreement_version
    where alliance_id = $1::uuid and state = 'adopted'
    order by starts_on <= $2::date desc, abs(starts_on - $2::date) limit 1),
proposed as (
    select ring_fence, sum(award_pence)::bigint as pence from "case"
    where alliance_id = $1::uuid and state in ('proposed', 'decided')
    group by ring_fence)
select f.code, 'ring-fence:' || f.code as account_code, f.purpose, f.categories, f.settings,
       agreement.number as agreement_version, b.account_code is not null as has_account,
       b.balance_pence, b.held_pence, b.floor_pence, proposed.pence as proposed_pence
from agreement
cross join lateral jsonb_to_recordset(agreement.parameters -> 'ringFences')
    as f (code text, purpose text, categories jsonb, settings jsonb)
left join balance as b on b.alliance_id = $1::uuid and b.account_code = 'ring-fence:' || f.code
    and b.currency = 'GBP'
left join proposed on proposed.ring_fence = f.code
where ($3::text is null or f.code = $3)
  and ($4::text is null or f.code collate "C" > $4)
order by f.code collate "C" limit $5::bigint

-- name: case_get
select id, title, summary, sponsor, beneficiary, ring_fence, category, setting, service, specialty,
       award_pence, one_off_pence, recurrent_pence, costs, milestones, benefits, state,
       criteria_version, appraisal_count, appraisal_sum_e4, decision_id, hold_id,
       pending_pence, captured_pence, outcome, reason, drafted_at, drafted_by, closed_at, version
from "case" where alliance_id = $1::uuid and id = $2::uuid

-- name: case_list
select id, title, summary, sponsor, beneficiary, ring_fence, category, setting, service, specialty,
       award_pence, one_off_pence, recurrent_pence, costs, milestones, benefits, state,
       criteria_version, appraisal_count, appraisal_sum_e4, decision_id, hold_id,
       pending_pence, captured_pence, outcome, reason, drafted_at, drafted_by, closed_at, version
from "case"
where alliance_id = $1::uuid
  and ($2::text is null or state = $2)
  and ($3::text is null or ring_fence = $3)
  and ($4::text is null or sponsor = $4)
  and ($5::uuid is null or id > $5)
order by id limit $6::bigint

-- name: left_shift_get
select id, organisation, specialty, from_setting, to_setting, monthly_volume, before_pence, after_pence,
       surplus_pence, evidence, links, reason, recorded_at, recorded_by, version
from left_shift where alliance_id = $1::uuid and id = $2::uuid

-- name: left_shift_list
select id, organisation, specialty, from_setting, to_setting, monthly_volume, before_pence, after_pence,
       surplus_pence, evidence, links, reason, recorded_at, recorded_by, version
from left_shift
where alliance_id = $1::uuid
  and ($2::text is null or organisation = $2)
  and ($3::uuid is null or id > $3)
order by id limit $4::bigint

-- name: left_shift_version_get
select id, organisation, specialty, from_setting, to_setting, monthly_volume, before_pence, after_pence,
       surplus_pence, evidence, links, reason, recorded_at, recorded_by, version
from left_shift_version where alliance_id = $1::uuid and id = $2::uuid and version = $3::bigint

-- name: left_shift_version_list
select id, organisation, specialty, from_setting, to_setting, monthly_volume, before_pence, after_pence,
       surplus_pence, evidence, links, reason, recorded_at, recorded_by, version
from left_shift_version
where alliance_id = $1::uuid and id = $2::uuid and version > coalesce($3::bigint, 0)
order by version limit $4::bigint

-- name: appraisal_criteria_get
select number, criteria, reason, adopted_at, adopted_by
from appraisal_criteria where alliance_id = $1::uuid and number = $2::bigint

-- name: appraisal_criteria_list
select number, criteria, reason, adopted_at, adopted_by
from appraisal_criteria where alliance_id = $1::uuid and number > coalesce($2::bigint, 0)
order by number limit $3::bigint

-- name: appraisal_criteria_in_force
select number, criteria, reason, adopted_at, adopted_by
from appraisal_criteria where alliance_id = $1::uuid
order by number desc limit 1

-- name: appraisal_get
select case_id, number, criteria_version, scores, weighted_e4, comment, appraised_at, appraised_by, organisation
from appraisal where alliance_id = $1::uuid and case_id = $2::uuid and number = $3::bigint

-- name: appraisal_list
select case_id, number, criteria_version, scores, weighted_e4, comment, appraised_at, appraised_by, organisation
from appraisal
where alliance_id = $1::uuid and case_id = $2::uuid and number > coalesce($3::bigint, 0)
order by number limit $4::bigint

-- This person has appraised the case, by whatever appointment.
-- name: appraisal_is_by
select exists (select from appraisal as a
               join appointment as p on p.alliance_id = a.alliance_id and p.id = a.appraised_by
               where a.alliance_id = $1::uuid and a.case_id = $2::uuid and p.issuer = $3::text
                 and p.subject = $4::text) as is_by

-- name: drawdown_get
select id, case_id, hold_id, milestone, amount_pence, beneficiary, evidence, state, requested_at,
       requested_organisation, requested_by, verified_at, verified_organisation, verified_by,
       transaction_id, captured_at, reason, version
from drawdown where alliance_id = $1::uuid and id = $2::uuid

-- name: drawdown_list
select id, case_id, hold_id, milestone, amount_pence, beneficiary, evidence, state, requested_at,
       requested_organisation, requested_by, verified_at, verified_organisation, verified_by,
       transaction_id, captured_at, reason, version
from drawdown
where alliance_id = $1::uuid and case_id = $2::uuid
  and ($3::text is null or state = $3)
  and ($4::uuid is null or id > $4)
order by id limit $5::bigint

-- Asked for or verified, and not yet paid.
-- name: drawdown_pending
select id, case_id, hold_id, milestone, amount_pence, beneficiary, evidence, state, requested_at,
       requested_organisation, requested_by, verified_at, verified_organisation, verified_by,
       transaction_id, captured_at, reason, version
from drawdown
where alliance_id = $1::uuid and case_id = $2::uuid and state in ('requested', 'verified')
order by id

-- The person behind an appointment is this one.
-- name: appointment_is_of
select exists (select from appointment
               where alliance_id = $1::uuid and id = $2::uuid and issuer = $3::text
                 and subject = $4::text) as is_same

-- name: partner_is_active
select exists (select from partner
               where alliance_id = $1::uuid and organisation = $2::text
                 and status = 'active') as is_active

-- The one-page summary.
-- name: overview_cases
select state, count(*) as case_count, sum(award_pence)::bigint as award_pence,
       sum(captured_pence)::bigint as drawn_pence
from "case"
where alliance_id = $1::uuid
group by state
order by state
