-- Queries that every service has. `$1` is the transaction's alliance.

-- Why the database may not be trusted with a write; null when it may. A server of this cluster that
-- answers COMMIT before the disk has it would make every promise of ours worth nothing.
-- name: database_is_ready
select case
    when pg_is_in_recovery() then 'it is a standby'
    when current_setting('transaction_read_only')::boolean then 'it is read-only'
    when not current_setting('fsync')::boolean then 'fsync is off'
    when not current_setting('full_page_writes')::boolean then 'full_page_writes is off'
    when current_setting('synchronous_commit') in ('off', 'local') then 'synchronous_commit is ' || current_setting('synchronous_commit')
end as why_not

-- Of a writing transaction; row-level security shows that alliance alone.
-- name: alliance_set
select set_config('accord.alliance_id', coalesce($1::uuid::text, ''), true)

-- The same before what is only read, which travels up to the next sync as a transaction of its own.
-- name: read_begin
select set_config('accord.alliance_id', coalesce($1::uuid::text, ''), true),
    set_config('transaction_read_only', 'on', true)

-- Locks the alliance's head and reads the clock under the lock.
-- name: head_lock
select sequence, encode(hash, 'hex') as hash, now_at
from journal_lock($1::uuid, $2::boolean)

-- name: journal_append
select sequence, encode(hash, 'hex') as hash
from journal_append($1::uuid, $2::text[], $3::bytea[], $4::text[])

-- What is appended after a mark can be taken back.
-- name: mark_set
savepoint mark

-- name: mark_return
rollback to savepoint mark

-- How far this service has followed the others.
-- name: cursor_list
select source, sequence
from journal_cursor
where alliance_id = $1::uuid

-- name: journal_follow
select journal_follow($1::uuid, $2::text, $3::bigint, $4::text)

-- The row is there from the moment the consumer counted its attempt, or is made now.
-- name: cursor_move
insert into journal_cursor (alliance_id, source, sequence, hash)
values ($1::uuid, $2::text, $3::bigint, decode($4::text, 'hex'))
on conflict (alliance_id, source) do update
set sequence = excluded.sequence, hash = excluded.hash, attempts = 0, stalled = null
where journal_cursor.sequence < excluded.sequence
returning sequence

-- Other services' journals ------------------------------------------------------------------------

-- How far every followed journal has been taken; `hash` is null before the first event.
-- name: cursor_states
-- `is_left` says that the last attempt was counted so long ago that whoever made it is gone ($2 ms).
select source, sequence, encode(hash, 'hex') as hash, attempts, stalled,
    attempted_at is null or attempted_at <= now() - $2::bigint * interval '1 millisecond' as is_left
from journal_cursor
where alliance_id = $1::uuid

-- Counts an attempt before it is made, so that what kills the process is noticed.
-- name: cursor_attempt
insert into journal_cursor (alliance_id, source, sequence, hash, attempts, attempted_at)
values ($1::uuid, $2::text, 0, decode($3::text, 'hex'), 1, now())
on conflict (alliance_id, source) do update
set attempts = journal_cursor.attempts + 1, attempted_at = now()

-- The attempt ended for a reason that says nothing about the event.
-- name: cursor_forgive
update journal_cursor
set attempts = greatest(attempts - 1, 0)
where alliance_id = $1::uuid and source = $2::text

-- name: cursor_stall
-- At the event that was judged ($5 is the one before it), unless another instance is past it.
insert into journal_cursor (alliance_id, source, sequence, hash, stalled)
values ($1::uuid, $2::text, 0, decode($3::text, 'hex'), $4::text)
on conflict (alliance_id, source) do update
set stalled = excluded.stalled
where journal_cursor.sequence = $5::bigint
returning sequence

-- name: cursor_resume
update journal_cursor
set stalled = null, attempts = 0
where alliance_id = $1::uuid and source = $2::text and stalled is not null
returning sequence

-- Which of these heads this service has not taken. The genesis stands in for a missing cursor.
-- name: cursor_behind
select h."allianceId" as alliance_id
from jsonb_to_recordset($3::jsonb) as h ("allianceId" uuid, sequence bigint, hash text)
left join journal_cursor as c on c.alliance_id = h."allianceId" and c.source = $2::text
where c.stalled is null
    and (c.sequence is distinct from h.sequence or encode(c.hash, 'hex') <> h.hash)

-- name: cursor_stalled
select count(*) as stalled, min(alliance_id::text || ': ' || stalled) as why
from journal_cursor
where source = $2::text and stalled is not null

-- Our journal, as others read it -------------------------------------------------------------------

-- The head, and the hash at one number to compare with ($2).
-- name: journal_at
select h.sequence, encode(h.hash, 'hex') as hash, encode(j.hash, 'hex') as hash_at
from journal_head as h
left join journal as j on j.alliance_id = h.alliance_id and j.sequence = $2::bigint
where h.alliance_id = $1::uuid

-- A page after $2: at most $3 bytes of bodies (but always one event) and $4 events. A restricted one
-- counts as $5 bytes: how large it is must not show in how long a page is (null = as large as it is).
-- name: journal_page
select p.sequence, p.class, encode(p.digest, 'hex') as digest, encode(p.hash, 'hex') as hash,
    encode(p.salt, 'hex') as salt, p.body
from (
    select j.sequence, j.class, j.digest, j.hash, b.salt, b.body,
        sum(case when j.class <> 'open' and $5::bigint is not null then $5::bigint
                else coalesce(octet_length(b.body), 0) end) over (order by j.sequence) as bytes
    from journal as j
    left join journal_body as b on b.alliance_id = j.alliance_id and b.sequence = j.sequence
    where j.alliance_id = $1::uuid and j.sequence > $2::bigint
    order by j.sequence
    limit $4::bigint
) as p
where p.bytes <= $3::bigint or p.sequence = $2::bigint + 1
order by p.sequence

-- Heads that have moved since $2 (null = all), after alliance $3.
-- name: journal_heads
select alliance_id, sequence, encode(hash, 'hex') as hash, recorded_at
from journal_head
where sequence > 0 and ($2::timestamptz is null or recorded_at >= $2::timestamptz)
    and ($3::uuid is null or alliance_id > $3::uuid)
order by alliance_id
limit $4::bigint

-- name: journal_body_get
select j.class, b.body
from journal as j
left join journal_body as b on b.alliance_id = j.alliance_id and b.sequence = j.sequence
where j.alliance_id = $1::uuid and j.sequence = $2::bigint

-- The newest events of each of these subjects (a JSON array), oldest first.
-- name: journal_of_subjects
select sequence, body
from jsonb_array_elements_text($2::jsonb) as s (subject)
cross join lateral (
    select b.sequence, b.body from journal_body as b
    where b.alliance_id = $1::uuid and b.subject = s.subject
    order by b.sequence desc
    limit $3::bigint
) as newest
order by sequence

-- Business tables that have nothing but this event to rest on.
-- name: journal_rests
select table_name
from fact_rests($2::text, $1::uuid, $3::bigint) as table_name
order by table_name

-- name: journal_erase
select journal_erase($1::uuid, $2::bigint)

-- Subjects that a decision holds --------------------------------------------------------------------

-- name: frozen_get
select decision_id, subject, effect, kind, rule, ask_id, version, nonce, digest, state, frozen_at
from frozen_subject
where alliance_id = $1::uuid and decision_id = $2::uuid

-- A decision that holds this subject (for effect $3; null = any), but for decision $4.
-- name: frozen_by
select decision_id, effect
from frozen_subject
where alliance_id = $1::uuid and subject = $2::text and state in ('asked', 'held')
    and ($3::text is null or effect = $3::text) and ($4::uuid is null or decision_id <> $4::uuid)
limit 1

-- What was described when it was frozen (the last time), as its event has it.
-- name: frozen_described
select body
from journal_body
where alliance_id = $1::uuid and subject = $2::text and type = $3::text
    and body::jsonb #>> '{data,frozenSubject,decisionId}' = $4::text
order by sequence desc
limit 1

-- What was frozen $2 milliseconds ago for a decision that we have not seen open; at most $3.
-- name: frozen_overdue
select decision_id, ask_id
from frozen_subject
where alliance_id = $1::uuid and state = 'asked'
    and frozen_at <= (select p.now_at - $2::bigint * interval '1 millisecond' from present as p)
order by frozen_at, decision_id
limit $3::bigint

-- name: alliances_known
select alliance_id
from journal_head
order by alliance_id

-- name: alliance_is_closed
select status = 'closed' as is_closed
from alliance
where alliance_id = $1::uuid

-- Who the caller is in the alliance -------------------------------------------------------------------

-- One row per appointment that has not ended (at least one row). $2 issuer, $3 subject, $4 the
-- token's organisation (null = none), $5 now (null = by the clock). `roster` is how far membership's
-- journal has been taken: until it moves, the roster is the same.
-- name: standing_get
select n.at as now_at, h.sequence, encode(h.hash, 'hex') as hash, c.sequence as roster,
    encode(c.hash, 'hex') as roster_hash, a.status as alliance_status,
    p.organisation, p.status as partner_status, p.role as partner_role, p.is_voting, p.is_founder,
    p.left_on,
    t.id as appointment_id, t.role as appointment_role, t.organisation as appointment_organisation,
    t.starts_at, t.ends_at,
    o.status as appointment_status, o.is_founder as appointment_is_founder,
    o.is_voting as appointment_is_voting
from (select coalesce($5::timestamptz, present.now_at) as at from present) as n
left join journal_head as h on h.alliance_id = $1::uuid
left join journal_cursor as c on c.alliance_id = $1::uuid and c.source = 'membership'
left join alliance as a on a.alliance_id = $1::uuid
left join appointment as t on t.alliance_id = $1::uuid and t.issuer = $2::text
    and t.subject = $3::text and (t.ends_at is null or t.ends_at > n.at)
left join partner as o on o.alliance_id = $1::uuid and o.organisation = t.organisation
left join partner as p on p.alliance_id = $1::uuid
    and p.organisation = coalesce($4::text, t.organisation)
order by t.id

-- Whether what is known of somebody's standing still holds. It comes first, and does what read_begin
-- does.
-- name: standing_at
select set_config('accord.alliance_id', $1::uuid::text, true),
    set_config('transaction_read_only', 'on', true), n.now_at, h.sequence, encode(h.hash, 'hex') as hash, c.sequence as roster,
    encode(c.hash, 'hex') as roster_hash
from present as n
left join journal_head as h on h.alliance_id = $1::uuid
left join journal_cursor as c on c.alliance_id = $1::uuid and c.source = 'membership'

-- The same for many callers at once: $2 [{"number", "issuer", "subject", "organisation"}], $3 now.
-- name: standing_list
select c.number, $3::timestamptz as now_at, h.sequence, null::bigint as roster,
    a.status as alliance_status,
    p.organisation, p.status as partner_status, p.role as partner_role, p.is_voting, p.is_founder,
    p.left_on,
    t.id as appointment_id, t.role as appointment_role, t.organisation as appointment_organisation,
    t.starts_at, t.ends_at,
    o.status as appointment_status, o.is_founder as appointment_is_founder,
    o.is_voting as appointment_is_voting
from jsonb_to_recordset($2::jsonb) as c (number integer, issuer text, subject text, organisation text)
left join journal_head as h on h.alliance_id = $1::uuid
left join alliance as a on a.alliance_id = $1::uuid
left join appointment as t on t.alliance_id = $1::uuid and t.issuer = c.issuer
    and t.subject = c.subject and (t.ends_at is null or t.ends_at > $3::timestamptz)
left join partner as o on o.alliance_id = $1::uuid and o.organisation = t.organisation
left join partner as p on p.alliance_id = $1::uuid
    and p.organisation = coalesce(c.organisation, t.organisation)
order by c.number, t.id

-- Answers that were given -------------------------------------------------------------------------------

-- Those of the keys that another transaction is working on, without waiting for it; takes the others.
-- name: key_try
select k.number
from jsonb_to_recordset($2::jsonb) as k (number integer, lock bigint)
where not pg_try_advisory_xact_lock(k.lock)

-- name: answer_get
select 0 as number, i.method, i.path, i.body_digest, i.status, i.location, i.version,
    i.content_type, i.answer
from idempotency as i
where i.alliance_id = $1::uuid and i.caller = $2::text and i.key = $3::text

-- $2 [{"number", "caller", "key"}]
-- name: answer_list
select c.number, i.method, i.path, i.body_digest, i.status, i.location, i.version, i.content_type,
    i.answer
from jsonb_to_recordset($2::jsonb) as c (number integer, caller text, key text)
join idempotency as i on i.alliance_id = $1::uuid and i.caller = c.caller and i.key = c.key

-- name: answer_add
insert into idempotency (alliance_id, caller, key, method, path, body_digest, status, location,
    version, content_type, answer, sequence, recorded_at)
select $1::uuid, r.caller, r.key, r.method, r.path, r."bodyDigest", r.status, r.location,
    r.version, r."contentType", r.answer, r.sequence, r."recordedAt"
from jsonb_to_recordset($2::jsonb) as r (caller text, key text, method text, path text,
    "bodyDigest" text, status integer, location text, version bigint, "contentType" text,
    answer text, sequence bigint, "recordedAt" timestamptz)

-- What may be forgotten: an answer stands for 24 hours. The moment is reckoned in a select of its own:
-- behind row-level security, only a plain comparison with a value searches the index.
-- name: answer_overdue
select 1 as is_overdue
from idempotency
where alliance_id = $1::uuid
    and recorded_at < (select p.now_at - interval '24 hours' from present as p)
order by recorded_at
limit 1

-- Some at a time ($2).
-- name: answer_purge
delete from idempotency
where alliance_id = $1::uuid and (caller, key) in (
    select i.caller, i.key from idempotency as i
    where i.alliance_id = $1::uuid
        and i.recorded_at < (select p.now_at - interval '24 hours' from present as p)
    order by i.recorded_at
    limit $2::bigint)
returning key

-- How far our journal and our cursors are; our own has no source.
-- name: position_list
select null::text as source, h.sequence from journal_head as h where h.alliance_id = $1::uuid
union all
select c.source, c.sequence from journal_cursor as c where c.alliance_id = $1::uuid

-- What Sqitch has deployed here of the house and of service $2 ------------------------------------

-- name: schema_is_there
select coalesce(has_table_privilege(to_regclass('sqitch.changes'), 'select'), false) as is_there

-- name: schema_changes
select project || ':' || change as change
from sqitch.changes
where project in ('accord', $2::text)
order by committed_at
