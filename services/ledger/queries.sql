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
select min(p.month) as first_month, coalesce(string_agg(left(p.state, 1), '' order by p.month), '') as states
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
       t.bulk_id, t.effective_on, t.requested_on, t.month, t.amount_pence, t.entry_count, t.recorded_at,
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
       t.bulk_id, t.effective_on, t.requested_on, t.month, t.amount_pence, t.entry_count, t.recorded_at,
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

-- The one-page summary: what belongs to nobody alone.
-- name: overview_funds
select a.code, b.balance_pence, b.held_pence
from account as a
join balance as b on b.alliance_id = a.alliance_id and b.account_code = a.code
where a.alliance_id = $1::uuid and a.type in ('ring-fence', 'reserve', 'pool') and a.state = 'open'
order by array_position(array['ring-fence', 'reserve', 'pool'], a.type), a.code;
