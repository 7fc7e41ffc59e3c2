-- The ledger's questions to its tables. $1 is always the alliance. Look-ups by a whole key for each row
-- of a page stand in `lateral (... offset 0)`: without statistics, as on a young alliance, the planner
-- would else walk all its rows for each.

-- name: account_get
select a.code, a.type, a.organisation, a.title, a.state, a.opened_at, a.closed_at, a.closed_because,
       b.balance_pence, b.held_pence, b.floor_pence, b.ceiling_pence, b.entry_count, b.version
from account as a
join balance as b on b.alliance_id = a.alliance_id and b.account_code = a.code
where a.alliance_id = $1::uuid and a.code = $2::text;

-- name: account_list
select a.code, a.type, a.organisation, a.title, a.state, a.opened_at, a.closed_at, a.closed_because,
       b.balance_pence, b.held_pence, b.floor_pence, b.ceiling_pence, b.entry_count, b.version
from account as a
join balance as b on b.alliance_id = a.alliance_id and b.account_code = a.code
where a.alliance_id = $1::uuid
  and ($2::text is null or a.type = $2)
  and ($3::text is null or a.organisation = $3)
  and ($4::text is null or a.state = $4)
  and ($5::text is null or a.code > $5)
order by a.code
limit $6::bigint;

-- The whole chart: what a batch of postings needs, read once.
-- name: book_accounts
select a.code, a.type, a.organisation, a.title, a.state, a.opened_at, a.closed_at, a.closed_because,
       b.balance_pence, b.held_pence, b.floor_pence, b.ceiling_pence, b.entry_count, b.version
from account as a
join balance as b on b.alliance_id = a.alliance_id and b.account_code = a.code
where a.alliance_id = $1::uuid
order by a.code;

-- The months' states in one word, "cclloooo": they follow each other without a gap.
-- name: book_periods
select min(p.month collate "C") as first_month,
       coalesce(string_agg(left(p.state, 1), '' order by p.month collate "C"), '') as states
from period as p
where p.alliance_id = $1::uuid;

-- name: entry_list
select e.number, e.transaction_id, t.kind, t.description, e.effective_on, e.recorded_at,
       e.amount_pence, e.balance_pence
from entry as e
cross join lateral (select o.kind, o.description
                    from transaction as o
                    where o.alliance_id = e.alliance_id and o.id = e.transaction_id
                    offset 0) as t
where e.alliance_id = $1::uuid and e.account_code = $2::text
  and ($3::date is null or e.effective_on >= $3)
  and ($4::date is null or e.effective_on < $4)
  and ($5::bigint is null or e.number > $5)
order by e.number
limit $6::bigint;

-- name: statement_opening
select coalesce(sum(e.amount_pence), 0)::bigint as opening_pence
from entry as e
where e.alliance_id = $1::uuid and e.account_code = $2::text
  and e.effective_on < $3::date and e.recorded_at <= $4::timestamptz;

-- name: statement_months
select ledger.financial_month(e.effective_on) as month,
       coalesce(sum(e.amount_pence) filter (where e.amount_pence > 0), 0)::bigint as in_pence,
       coalesce(-sum(e.amount_pence) filter (where e.amount_pence < 0), 0)::bigint as out_pence,
       count(*) as entry_count
from entry as e
where e.alliance_id = $1::uuid and e.account_code = $2::text
  and e.effective_on >= $3::date and e.effective_on < $4::date and e.recorded_at <= $5::timestamptz
group by 1
order by 1;

-- name: trial_balance
select a.code,
       coalesce(-sum(e.amount_pence) filter (where e.amount_pence < 0), 0)::bigint as debits_pence,
       coalesce(sum(e.amount_pence) filter (where e.amount_pence > 0), 0)::bigint as credits_pence,
       coalesce(sum(e.amount_pence), 0)::bigint as balance_pence
from account as a
left join entry as e
    on e.alliance_id = a.alliance_id and e.account_code = a.code
   and ($2::date is null or e.effective_on <= $2) and e.recorded_at <= $3::timestamptz
where a.alliance_id = $1::uuid and a.opened_at <= $3
group by a.code
order by a.code;

-- name: position_list
select p.organisation, p.name, p.role, position.balance_pence as position_pence,
       owed.balance_pence as owed_pence,
       (select coalesce(sum(h.amount_pence - h.captured_pence - h.released_pence), 0)
        from hold as h
        where h.alliance_id = p.alliance_id and h.beneficiary = p.organisation
          and h.state = 'open')::bigint as held_for_pence
from partner as p
join balance as position
    on position.alliance_id = p.alliance_id
   and position.account_code = 'partner:' || p.organisation || ':position'
join balance as owed
    on owed.alliance_id = p.alliance_id
   and owed.account_code = 'partner:' || p.organisation || ':owed'
where p.alliance_id = $1::uuid
  and ($2::text is null or p.organisation collate "C" > $2)
order by p.organisation collate "C"
limit $3::bigint;

-- name: mandate_get
select m.id, m.title, m.debit_accounts, m.credit_accounts, m.limit_pence, m.used_pence,
       m.starts_on, m.ends_on, m.state, m.decision_id, m.drafted_at, m.drafted_by, m.granted_at,
       m.withdrawn_at, m.withdrawn_because, m.version
from mandate as m
where m.alliance_id = $1::uuid and m.id = $2::uuid;

-- name: mandate_list
select m.id, m.title, m.debit_accounts, m.credit_accounts, m.limit_pence, m.used_pence,
       m.starts_on, m.ends_on, m.state, m.decision_id, m.drafted_at, m.drafted_by, m.granted_at,
       m.withdrawn_at, m.withdrawn_because, m.version
from mandate as m
where m.alliance_id = $1::uuid
  and ($2::text is null or m.state = $2)
  and ($3::uuid is null or m.id > $3)
order by m.id
limit $4::bigint;

-- name: bulk_get
select b.id, b.mandate_id, b.transaction_count, b.amount_pence, b.recorded_at
from bulk as b
where b.alliance_id = $1::uuid and b.id = $2::uuid;

-- name: transaction_get
select t.id, t.sequence, t.kind, t.description, t.decision_id, t.mandate_id, t.hold_id, t.reverses_id,
       t.bulk_id, t.settlement_id, t.release_id, t.effective_on, t.requested_on, t.month, t.amount_pence,
       t.entry_count, t.recorded_at,
       r.id as reversed_by
from transaction as t
left join lateral (select o.id
                   from transaction as o
                   where o.alliance_id = t.alliance_id and o.reverses_id = t.id
                   offset 0) as r on true
where t.alliance_id = $1::uuid and t.id = $2::uuid;

-- name: transaction_entries
select e.account_code, e.number, e.amount_pence, e.balance_pence
from entry as e
where e.alliance_id = $1::uuid and e.transaction_id = $2::uuid
order by e.position;

-- name: transaction_list
select t.id, t.sequence, t.kind, t.description, t.decision_id, t.mandate_id, t.hold_id, t.reverses_id,
       t.bulk_id, t.settlement_id, t.release_id, t.effective_on, t.requested_on, t.month, t.amount_pence,
       t.entry_count, t.recorded_at,
       r.id as reversed_by
from transaction as t
left join lateral (select o.id
                   from transaction as o
                   where o.alliance_id = t.alliance_id and o.reverses_id = t.id
                   offset 0) as r on true
where t.alliance_id = $1::uuid
  and ($2::text is null or t.kind = $2)
  and ($3::text is null or t.month = $3)
  and ($4::uuid is null or t.mandate_id = $4)
  and ($5::uuid is null or t.hold_id = $5)
  and ($6::uuid is null or t.bulk_id = $6)
  and ($7::text is null
       or exists (select from entry as e
                  where e.alliance_id = t.alliance_id and e.transaction_id = t.id
                    and e.account_code = $7))
  and ($8::uuid is null or t.id > $8)
order by t.id
limit $9::bigint;

-- name: hold_get
select h.id, h.account_code, h.beneficiary, h.title, h.subject, h.decision_id, h.mandate_id, h.month,
       h.amount_pence, h.captured_pence, h.released_pence, h.state, h.placed_at, h.expires_at,
       h.resolved_at, h.resolved_because, h.version
from hold as h
where h.alliance_id = $1::uuid and h.id = $2::uuid;

-- name: hold_list
select h.id, h.account_code, h.beneficiary, h.title, h.subject, h.decision_id, h.mandate_id, h.month,
       h.amount_pence, h.captured_pence, h.released_pence, h.state, h.placed_at, h.expires_at,
       h.resolved_at, h.resolved_because, h.version
from hold as h
where h.alliance_id = $1::uuid
  and ($2::text is null or h.state = $2)
  and ($3::text is null or h.account_code = $3)
  and ($4::text is null or h.beneficiary = $4)
  and ($5::uuid is null or h.id > $5)
order by h.id
limit $6::bigint;

-- name: book_due_holds
select count(*) as due_hold_count
from hold as h
where h.alliance_id = $1::uuid and h.state = 'open' and h.expires_at <= $2::timestamptz;

-- Holds past their expiry that nobody has resolved yet.
-- name: hold_due
select h.id
from hold as h
where h.alliance_id = $1::uuid and h.state = 'open' and h.expires_at <= $2::timestamptz
order by h.expires_at, h.id;

-- name: hold_of_month
select exists (select from hold as h
               where h.alliance_id = $1::uuid and h.month = $2::text and h.state = 'open'
                 and (h.expires_at is null or h.expires_at > $3::timestamptz)) as has_open_hold;

-- Has the sweeper something to do?
-- name: hold_is_due
select h.id
from hold as h
where h.alliance_id = $1::uuid and h.state = 'open' and h.expires_at <= accord.accord_now()
limit 1;

-- name: capture_list
select c.id, c.hold_id, c.transaction_id, c.drawdown_id, c.amount_pence, c.released_pence, c.is_final,
       c.recorded_at
from capture as c
where c.alliance_id = $1::uuid and c.hold_id = $2::uuid
  and ($3::uuid is null or c.id > $3)
order by c.id
limit $4::bigint;

-- name: period_get
select p.month, p.state, p.locked_at, p.closed_at, p.reopened_at, p.reopened_by, p.version
from period as p
where p.alliance_id = $1::uuid and p.month = $2::text;

-- name: period_list
select p.month, p.state, p.locked_at, p.closed_at, p.reopened_at, p.reopened_by, p.version
from period as p
where p.alliance_id = $1::uuid
  and ($2::text is null or p.state = $2)
  and ($3::text is null or p.month like $3 || '-M%')
  and ($4::text is null or p.month > $4)
order by p.month
limit $5::bigint;

-- name: alliance_term
select a.starts_on, a.ends_on
from alliance as a
where a.alliance_id = $1::uuid;

-- The pools of the version of the agreement that is in force on day $2; one of them, or from a code on.
-- name: pool_list
with agreement as (
    select v.number, v.parameters
    from agreement_version as v
    where v.alliance_id = $1::uuid and v.state = 'adopted' and v.starts_on <= $2::date
    order by v.starts_on desc
    limit 1
)
select a.number as agreement_number, p.code, p.name, p.mechanism, p.provider, p.commissioner,
       p.parameters
from agreement as a
cross join lateral jsonb_to_recordset(a.parameters -> 'pools')
    as p (code text, name text, mechanism text, provider text, commissioner text, parameters jsonb)
where ($3::text is null or p.code = $3)
  and ($4::text is null or p.code collate "C" > $4)
order by p.code collate "C"
limit $5::bigint;

-- name: submission_get
select s.id, s.pool, s.provider, s.commissioner, s.month, s.revision, s.agreement_number, s.plan_units,
       s.actual_units, s.price_pence, s.plan_cost_pence, s.cost_pence, s.shadow_tariff_pence, s.quality, s.note,
       s.state, s.submitted_at, s.submitted_by, s.provider_agreed_at, s.provider_agreed_by,
       s.commissioner_agreed_at, s.commissioner_agreed_by, s.queried_at, s.queried_by, s.query_reason,
       s.used_revision, s.settlement_id, s.version
from submission as s
where s.alliance_id = $1::uuid and s.id = $2::uuid;

-- name: submission_of
select s.id, s.pool, s.provider, s.commissioner, s.month, s.revision, s.agreement_number, s.plan_units,
       s.actual_units, s.price_pence, s.plan_cost_pence, s.cost_pence, s.shadow_tariff_pence, s.quality, s.note,
       s.state, s.submitted_at, s.submitted_by, s.provider_agreed_at, s.provider_agreed_by,
       s.commissioner_agreed_at, s.commissioner_agreed_by, s.queried_at, s.queried_by, s.query_reason,
       s.used_revision, s.settlement_id, s.version
from submission as s
where s.alliance_id = $1::uuid and s.pool = $2::text and s.provider = $3::text and s.month = $4::text;

-- name: submission_list
select s.id, s.pool, s.provider, s.commissioner, s.month, s.revision, s.agreement_number, s.plan_units,
       s.actual_units, s.price_pence, s.plan_cost_pence, s.cost_pence, s.shadow_tariff_pence, s.quality, s.note,
       s.state, s.submitted_at, s.submitted_by, s.provider_agreed_at, s.provider_agreed_by,
       s.commissioner_agreed_at, s.commissioner_agreed_by, s.queried_at, s.queried_by, s.query_reason,
       s.used_revision, s.settlement_id, s.version
from submission as s
where s.alliance_id = $1::uuid
  and ($2::text is null or s.month = $2)
  and ($3::text is null or s.pool = $3)
  and ($4::text is null or s.provider = $4)
  and ($5::text is null or s.state = $5)
  and ($6::uuid is null or s.id > $6)
order by s.id
limit $7::bigint;

-- name: submission_revision_list
select r.revision, r.agreement_number, r.plan_units, r.actual_units, r.price_pence, r.plan_cost_pence,
       r.cost_pence, r.shadow_tariff_pence, r.quality, r.note, r.submitted_at, r.submitted_by
from submission_revision as r
where r.alliance_id = $1::uuid and r.submission_id = $2::uuid
  and ($3::bigint is null or r.revision > $3)
order by r.revision
limit $4::bigint;

-- The version of the agreement that is in force on day $2, or ($3) the one of that number.
-- name: agreement_terms
select v.number, v.parameters
from agreement_version as v
where v.alliance_id = $1::uuid and v.state = 'adopted'
  and ($2::date is null or v.starts_on <= $2)
  and ($3::bigint is null or v.number = $3)
order by v.starts_on desc
limit 1;

-- name: settlement_get
select s.id, s.month, s.corrects_id, s.method, s.agreement_number, s.agreement_digest, s.inputs_digest,
       s.digest, s.ledger_sequence, s.membership_sequence, s.line_count, s.entries, s.evidence, s.surplus_pence,
       s.reserve_called_pence, s.state, s.computed_at, s.computed_by, s.ended_at, s.ended_because,
       s.decision_id, s.posted_sequence, s.transaction_id, s.version
from settlement as s
where s.alliance_id = $1::uuid and s.id = $2::uuid;

-- name: settlement_list
select s.id, s.month, s.corrects_id, s.method, s.agreement_number, s.agreement_digest, s.inputs_digest,
       s.digest, s.ledger_sequence, s.membership_sequence, s.line_count, s.entries, s.evidence, s.surplus_pence,
       s.reserve_called_pence, s.state, s.computed_at, s.computed_by, s.ended_at, s.ended_because,
       s.decision_id, s.posted_sequence, s.transaction_id, s.version
from settlement as s
where s.alliance_id = $1::uuid
  and ($2::text is null or s.month = $2)
  and ($3::text is null or s.state = $3)
  and ($4::uuid is null or s.id > $4)
order by s.id
limit $5::bigint;

-- name: settlement_last
select s.id, s.month, s.corrects_id, s.method, s.agreement_number, s.agreement_digest, s.inputs_digest,
       s.digest, s.ledger_sequence, s.membership_sequence, s.line_count, s.entries, s.evidence, s.surplus_pence,
       s.reserve_called_pence, s.state, s.computed_at, s.computed_by, s.ended_at, s.ended_because,
       s.decision_id, s.posted_sequence, s.transaction_id, s.version
from settlement as s
where s.alliance_id = $1::uuid and s.month = $2::text and s.state = 'posted'
order by s.posted_sequence desc
limit 1;

-- Months whose last settlement was computed by another version of the agreement than number $2, which is
-- in force in them; unless it was said already (the escalation's title names the version).
-- name: overtaken_list
select s.id, s.month, s.agreement_number, p.state
from period as p
cross join lateral (select v.number
                    from agreement_version as v
                    where v.alliance_id = p.alliance_id and v.state = 'adopted' and v.starts_on <= p.starts_on
                    order by v.starts_on desc
                    limit 1) as f
cross join lateral (select t.id, t.month, t.agreement_number
                    from settlement as t
                    where t.alliance_id = p.alliance_id and t.month = p.month and t.state = 'posted'
                    order by t.posted_sequence desc
                    limit 1) as s
where p.alliance_id = $1::uuid and f.number = $2::bigint and s.agreement_number <> $2
  and not exists (select from escalation as e
                  where e.alliance_id = p.alliance_id and e.subject = 'ledger/settlements/' || s.id
                    and e.title like '% version ' || $2::text)
order by s.month;

-- name: settlement_is_open
select exists (select from settlement as s
               where s.alliance_id = $1::uuid and s.month = $2::text
                 and s.state in ('computed', 'proposed')) as is_open;

-- What the month still waits for.
-- name: month_dues
select ledger.has_pending_submission($1::uuid, $2::text) as is_submission_pending,
       ledger.has_settlement_due($1::uuid, $2::text) as is_settlement_due;

-- name: settlement_lines
select l.position, l.kind, l.pool, l.mechanism, l.organisation, l.band, l.from_account, l.to_account,
       l.steps, l.result_pence, l.sentence
from settlement_line as l
where l.alliance_id = $1::uuid and l.settlement_id = $2::uuid
order by l.position;

-- name: settlement_escalations
select e.kind, e.pool, e.organisation, e.amount_pence, e.sentence
from settlement_escalation as e
where e.alliance_id = $1::uuid and e.settlement_id = $2::uuid
order by e.position;

-- What a settlement used: its submissions, as they were in that revision.
-- name: settlement_actuals
select a.pool, a.submission_id, a.revision, s.provider, r.actual_units, r.cost_pence, r.quality
from settlement_actual as a
join submission as s on s.alliance_id = a.alliance_id and s.id = a.submission_id
join submission_revision as r
    on r.alliance_id = a.alliance_id and r.submission_id = a.submission_id and r.revision = a.revision
where a.alliance_id = $1::uuid and a.settlement_id = $2::uuid
order by a.pool;

-- What a settlement of the month would use now.
-- name: month_actuals
select s.pool, s.id as submission_id, s.revision, s.provider, s.actual_units, s.cost_pence, s.quality
from submission as s
where s.alliance_id = $1::uuid and s.month = $2::text and s.state in ('agreed', 'used')
order by s.pool;

-- Pools that the agreement in force settles with figures of the month that are not agreed.
-- name: month_undecided
select s.pool
from submission as s
cross join ledger.parameters_of_month($1::uuid, $2::text) as a (parameters)
cross join lateral jsonb_to_recordset(a.parameters -> 'pools') as t (code text, mechanism text, provider text)
where s.alliance_id = $1::uuid and s.month = $2::text and s.state in ('submitted', 'queried')
  and t.code = s.pool and t.provider = s.provider and t.mechanism is not null
order by s.pool;

-- Earlier months of the year ($2 'YYYY-YY-M', before month $3), as the last settlement of each that was
-- posted up to event $4 has them; those that it computed by version $5 of the agreement.
-- name: earlier_actuals
with last as (
    select distinct on (t.month) t.id, t.agreement_number
    from settlement as t
    where t.alliance_id = $1::uuid and t.month like $2::text || '%' and t.month < $3::text
      and t.state = 'posted' and t.posted_sequence <= $4::bigint
    order by t.month, t.posted_sequence desc
)
select a.pool, s.provider, sum(r.actual_units)::bigint as units, sum(r.cost_pence)::bigint as cost_pence
from last as l
join settlement_actual as a on a.alliance_id = $1::uuid and a.settlement_id = l.id
join submission as s on s.alliance_id = $1::uuid and s.id = a.submission_id
join submission_revision as r
    on r.alliance_id = $1::uuid and r.submission_id = a.submission_id and r.revision = a.revision
where l.agreement_number = $5::bigint
group by a.pool, s.provider
order by a.pool, s.provider;

-- What was posted for the months of the year until month $3, up to event $4, by kind of line; whether
-- that month is $3 itself, and whether it stands as settled by version $5 of the agreement.
-- name: settled_lines
with last as (
    select distinct on (t.month) t.month, t.agreement_number
    from settlement as t
    where t.alliance_id = $1::uuid and t.month like $2::text || '%' and t.month <= $3::text
      and t.state = 'posted' and t.posted_sequence <= $4::bigint
    order by t.month, t.posted_sequence desc
)
select m.month = $3::text as is_own, m.agreement_number = $5::bigint as is_of_version, l.kind, l.pool,
       l.band, l.from_account, l.to_account, sum(l.result_pence)::bigint as amount_pence
from last as m
join settlement as t on t.alliance_id = $1::uuid and t.month = m.month
join settlement_line as l on l.alliance_id = t.alliance_id and l.settlement_id = t.id
where t.state = 'posted' and t.posted_sequence <= $4::bigint
group by 1, 2, l.kind, l.pool, l.band, l.from_account, l.to_account
order by 1, 2, l.kind, l.pool, l.band, l.from_account, l.to_account;

-- The months of the year that were settled up to event $3, and by which version of the agreement last.
-- name: settled_months
select distinct on (t.month) t.month, t.agreement_number
from settlement as t
where t.alliance_id = $1::uuid and t.month like $2::text || '%'
  and t.state = 'posted' and t.posted_sequence <= $3::bigint
order by t.month, t.posted_sequence desc;

-- What settlements of the year drew on the reserve up to event $3, less what came back; what was
-- released of it.
-- name: reserve_moves
select coalesce(-sum(e.amount_pence) filter (where t.kind = 'settlement'), 0)::bigint as drawn_pence,
       coalesce(-sum(e.amount_pence) filter (where t.kind = 'release'), 0)::bigint as released_pence
from entry as e
join transaction as t on t.alliance_id = e.alliance_id and t.id = e.transaction_id
where e.alliance_id = $1::uuid and e.account_code = 'reserve:cost-risk'
  and t.kind in ('settlement', 'release') and e.sequence <= $3::bigint
  and case t.kind when 'settlement' then t.month like $2::text || '%'
      else exists (select from reserve_release as r
                   where r.alliance_id = t.alliance_id and r.id = t.release_id
                     and $2::text like r.year || '-M%') end;

-- Positions, the reserve and the ring-fences as they stand.
-- name: standing_list
select b.account_code, b.balance_pence, b.held_pence
from balance as b
join account as a on a.alliance_id = b.alliance_id and a.code = b.account_code
where b.alliance_id = $1::uuid and a.type in ('position', 'reserve', 'ring-fence') and a.state = 'open'
order by b.account_code;

-- The same as a settlement has seen them: what was held is kept, balances are their entries.
-- name: settlement_standings
select s.account_code, s.held_pence,
       (select coalesce(sum(e.amount_pence), 0)
        from entry as e
        where e.alliance_id = s.alliance_id and e.account_code = s.account_code
          and e.sequence <= $3::bigint)::bigint as balance_pence
from settlement_standing as s
where s.alliance_id = $1::uuid and s.settlement_id = $2::uuid
order by s.account_code;

-- name: reserve_release_get
select r.id, r.year, r.purpose, r.to_account, r.amount_pence, r.reason, r.state, r.drafted_at, r.drafted_by,
       r.ended_at, r.ended_because, r.decision_id, r.transaction_id, r.version
from reserve_release as r
where r.alliance_id = $1::uuid and r.id = $2::uuid;

-- name: reserve_release_list
select r.id, r.year, r.purpose, r.to_account, r.amount_pence, r.reason, r.state, r.drafted_at, r.drafted_by,
       r.ended_at, r.ended_because, r.decision_id, r.transaction_id, r.version
from reserve_release as r
where r.alliance_id = $1::uuid
  and ($2::text is null or r.year = $2)
  and ($3::text is null or r.state = $3)
  and ($4::uuid is null or r.id > $4)
order by r.id
limit $5::bigint;

-- The one-page summary: what belongs to nobody alone.
-- name: overview_funds
select a.code, b.balance_pence, b.held_pence
from account as a
join balance as b on b.alliance_id = a.alliance_id and b.account_code = a.code
where a.alliance_id = $1::uuid and a.type in ('ring-fence', 'reserve', 'pool') and a.state = 'open'
order by array_position(array['ring-fence', 'reserve', 'pool'], a.type), a.code;
