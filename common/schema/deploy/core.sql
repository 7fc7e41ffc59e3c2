-- Deploy accord:core
-- What all five services share: the clock, fact tables (the journal's replay), the journal itself.
-- Runs as a role that may create roles; everything belongs to NOLOGIN roles afterwards.

begin;

do $$
begin
    if not exists (select from pg_roles where rolname = 'accord_owner') then
        create role accord_owner nologin;
    end if;
end $$;

create schema accord authorization accord_owner;
grant usage on schema accord to public;
set local role accord_owner;
set local search_path = accord, pg_catalog;

-- The one clock. Only a cluster that is marked as a test can be moved.
create table clock (
    only_row boolean primary key default true check (only_row),
    is_test boolean not null default false,
    offset_ms bigint not null default 0,
    constraint clock_moves_in_tests_only check (is_test or offset_ms = 0)
);
insert into clock default values;
grant select on clock to public;

-- As a row, for queries that need nothing else of it ...
create view present as
select date_trunc('milliseconds', clock_timestamp()) + c.offset_ms * interval '1 millisecond' as now_at
from clock as c;
grant select on present to public;

-- ... and as a value. In PL/pgSQL, which plans its query once a session.
create function accord_now() returns timestamptz
language plpgsql volatile parallel safe
as $$ begin return (select p.now_at from accord.present as p); end $$;

-- The alliance that this transaction is about; null shows nothing.
create function current_alliance() returns uuid
language sql stable parallel safe
as $$ select nullif(current_setting('accord.alliance_id', true), '')::uuid $$;

create function camel_case(p_name text) returns text
language sql immutable strict parallel safe
as $$
    select lower(left(p, 1)) || substr(p, 2)
    from (select replace(initcap(replace(p_name, '_', ' ')), ' ', '') as p) as words
$$;

-- A fact table is the replay of a journal: nobody writes it but journal_project(). `source` is the
-- service whose journal it replays; a history table is only ever added to. `statement` derives its
-- rows; %1$I in it is the schema that they go to.
create table fact (
    schema_name name not null,
    table_name name not null,
    member text not null,
    source text not null,
    is_history boolean not null,
    position integer generated always as identity,
    statement text not null,
    primary key (schema_name, table_name)
);
grant select on fact to public;

create function refuse_change() returns trigger
language plpgsql
as $$
begin
    raise exception '%.% is never changed: % refused', tg_table_schema, tg_table_name, tg_op
        using errcode = 'restrict_violation';
end $$;

-- A current row is replaced by a later event only.
create function refuse_older() returns trigger
language plpgsql
as $$
begin
    if new.sequence <= old.sequence then
        raise exception '%.% is replaced by a later event only', tg_table_schema, tg_table_name
            using errcode = 'restrict_violation';
    end if;
    return new;
end $$;

-- The insert that derives one table's rows from a run of events: `$1` alliance, `$2` number of the
-- first event, `$3` bodies. Members are the columns in camelCase.
create function fact_statement(p_schema name, p_table name, p_member text, p_is_history boolean)
returns text
language sql stable
as $$
    with col as (
        select a.attname as name, a.attnum,
               format_type(a.atttypid, a.atttypmod) as type,
               coalesce(a.attnum = any (k.conkey), false) as is_key
        from pg_attribute as a
        left join pg_constraint as k on k.conrelid = a.attrelid and k.contype = 'p'
        where a.attrelid = format('%I.%I', p_schema, p_table)::regclass
          and a.attnum > 0 and not a.attisdropped
          and a.attgenerated = ''
          and a.attname not in ('alliance_id', 'sequence')
    )
    select format(
        $f$insert into %%1$I.%1$I (alliance_id, sequence, %2$s)
           select %9$s $1, $2 + e.position - 1, %3$s
           from unnest($3) with ordinality as e (body, position),
                jsonb_to_recordset(case jsonb_typeof(e.body -> 'data' -> %4$L)
                                   when 'array' then e.body -> 'data' -> %4$L
                                   when 'object' then jsonb_build_array(e.body -> 'data' -> %4$L)
                                   else '[]'::jsonb end) as r (%5$s)
           %6$s %7$s %8$s$f$,
        p_table,
        string_agg(quote_ident(name), ', ' order by attnum),
        string_agg(format('r.%I', camel_case(name)), ', ' order by attnum),
        p_member,
        string_agg(format('%I %s', camel_case(name), type), ', ' order by attnum),
        case when p_is_history then 'order by e.position'
             else 'order by ' || coalesce(string_agg(format('r.%I, ', camel_case(name)), '' order by attnum)
                                          filter (where is_key), '$1, ') || 'e.position desc' end,
        case when p_is_history then ''
             else 'on conflict (alliance_id' ||
                  coalesce(string_agg(', ' || quote_ident(name), '' order by attnum) filter (where is_key), '')
                  || ') do update set sequence = excluded.sequence' end,
        case when p_is_history then ''
             else coalesce(string_agg(format(', %1$I = excluded.%1$I', name), '' order by attnum)
                           filter (where not is_key), '') end,
        case when p_is_history then ''
             else 'distinct on (' ||
                  coalesce(string_agg(format('r.%I', camel_case(name)), ', ' order by attnum)
                           filter (where is_key), '$1') || ')' end)
    from col
$$;

-- Makes a fact table of a table: call it in the migration that creates the table, with the owner
-- as current role. The table has alliance_id and sequence, and its key starts with alliance_id.
create procedure fact_table(p_schema name, p_table name, p_source text default null,
                            p_is_history boolean default false)
language plpgsql
as $$
begin
    execute format('alter table %I.%I enable row level security', p_schema, p_table);
    execute format('alter table %I.%I force row level security', p_schema, p_table);
    execute format('create policy alliance on %I.%I using (alliance_id = accord.current_alliance())',
                   p_schema, p_table);
    if p_is_history then
        execute format('create trigger refuse_change before update or delete on %I.%I
                        for each row execute function accord.refuse_change()', p_schema, p_table);
    else
        execute format('create trigger refuse_delete before delete on %I.%I
                        for each row execute function accord.refuse_change()', p_schema, p_table);
        execute format('create trigger refuse_older before update on %I.%I
                        for each row execute function accord.refuse_older()', p_schema, p_table);
    end if;
    execute format('create trigger refuse_truncate before truncate on %I.%I
                    for each statement execute function accord.refuse_change()', p_schema, p_table);
    execute format('grant select on %I.%I to %I', p_schema, p_table, p_schema);
    perform accord.fact_register(p_schema, p_table, coalesce(p_source, p_schema), p_is_history,
        accord.fact_statement(p_schema, p_table, accord.camel_case(p_table), p_is_history));
    execute format($f$
        create or replace function %I.journal_project(p_source text, p_alliance uuid, p_first bigint,
                                                      p_bodies jsonb[])
        returns void
        language plpgsql set plan_cache_mode = force_generic_plan
        as %L
    $f$, p_schema, accord.projection(p_schema));
    execute format('revoke all on function %I.journal_project(text, uuid, bigint, jsonb[]) from public',
                   p_schema);
end $$;

-- Only the services' owning roles may call it: what stands here is executed with their rights.
create function fact_register(p_schema name, p_table name, p_source text, p_is_history boolean,
                              p_statement text)
returns void
language sql security definer set search_path = accord, pg_catalog
as $$
    insert into fact (schema_name, table_name, member, source, is_history, statement)
    values (p_schema, p_table, camel_case(p_table), p_source, p_is_history, p_statement)
    on conflict (schema_name, table_name) do update
    set member = excluded.member, source = excluded.source,
        is_history = excluded.is_history, statement = excluded.statement
$$;
revoke all on function fact_register(name, name, text, boolean, text) from public;

-- The body of p_schema's journal_project(): its facts' statements written out, so that a session plans
-- each of them once.
create function projection(p_schema name) returns text
language sql stable
as $$
    select format($f$
declare
    v_members text[] := array(select jsonb_object_keys(b -> 'data') from unnest(p_bodies) as b);
begin
%s
end$f$, string_agg(format($f$
    if p_source = %L and %L = any (v_members) then
        %s;
    end if;
$f$, f.source, f.member,
        replace(replace(replace(format(f.statement, p_schema), '$1', 'p_alliance'),
                        '$2', 'p_first'), '$3', 'p_bodies')), '' order by f.position))
    from accord.fact as f
    where f.schema_name = p_schema
$$;

-- The same into p_into, another schema with the same tables, when a journal is replayed beside them.
create function project(p_schema name, p_into name, p_source text, p_alliance uuid,
                        p_first bigint, p_bodies jsonb[])
returns void
language plpgsql
as $$
declare
    v_statement text;
begin
    for v_statement in
        select f.statement from accord.fact as f
        where f.schema_name = p_schema and f.source = p_source
          and exists (select from unnest(p_bodies) as b where b -> 'data' ? f.member)
        order by f.position
    loop
        execute format(v_statement, p_into) using p_alliance, p_first, p_bodies;
    end loop;
end $$;

-- Which of a schema's fact tables have a row whose last (or only) writer is this event of its own
-- journal: what would be lost with the event's body.
create function fact_rests(p_schema name, p_alliance uuid, p_sequence bigint)
returns setof text
language plpgsql stable
as $$
declare
    v_table name;
    v_found boolean;
begin
    for v_table in
        select f.table_name from accord.fact as f
        where f.schema_name = p_schema and f.source = p_schema
        order by f.position
    loop
        execute format('select exists (select from %I.%I where alliance_id = $1 and sequence = $2)',
                       p_schema, v_table)
            into v_found using p_alliance, p_sequence;
        if v_found then
            return next v_table;
        end if;
    end loop;
end $$;

create function journal_genesis(p_service text, p_alliance uuid) returns bytea
language sql immutable strict parallel safe
as $$ select sha256(convert_to('accord/1' || p_service || p_alliance::text, 'UTF8')) $$;

-- In PL/pgSQL, which keeps its plan: an SQL function that is not inlined plans once a statement.
create function journal_digest(p_class text, p_salt bytea, p_body text) returns bytea
language plpgsql immutable strict parallel safe
as $$
begin
    return sha256(case p_class when 'open' then '\x6f'::bytea else '\x72'::bytea end
                  || p_salt || convert_to(p_body, 'UTF8'));
end $$;

create function journal_hash(p_previous bytea, p_sequence bigint, p_digest bytea) returns bytea
language sql immutable strict parallel safe
as $$ select sha256(p_previous || int8send(p_sequence) || p_digest) $$;

-- A body leaves only after an event said so.
create function refuse_silent_erasure() returns trigger
language plpgsql
as $$
declare
    v_said boolean;
begin
    execute format('select exists (select from %I.journal_body
                    where alliance_id = $1 and type = %L
                      and (body::jsonb #>> ''{data,erased,sequence}'')::bigint = $2)',
                   tg_table_schema, tg_table_schema || '.journal.erased.v1')
        into v_said using old.alliance_id, old.sequence;
    if not v_said then
        raise exception 'a body is erased only after journal.erased.v1 names it'
            using errcode = 'restrict_violation';
    end if;
    return old;
end $$;

-- Head and cursor only move on.
create function refuse_backwards() returns trigger
language plpgsql
as $$
begin
    if tg_op = 'DELETE' or new.sequence < old.sequence
       or (new.sequence = old.sequence and new.hash <> old.hash) then
        raise exception '%.% only moves on', tg_table_schema, tg_table_name
            using errcode = 'restrict_violation';
    end if;
    return new;
end $$;

-- An answer stands for 24 hours.
create function refuse_early_purge() returns trigger
language plpgsql
as $$
begin
    if old.recorded_at >= accord.accord_now() - interval '24 hours' then
        raise exception '%.% keeps an answer for 24 hours', tg_table_schema, tg_table_name
            using errcode = 'restrict_violation';
    end if;
    return old;
end $$;

-- The tables and functions that every service has. Call it with the service's owner as current role,
-- in the service's first migration, after the schema and its roles were made.
create procedure service_tables(p_service name)
language plpgsql
as $body$
begin
    perform set_config('search_path', format('%I, accord, pg_catalog', p_service), true);

    -- the journal -------------------------------------------------------------------------------
    create table journal_head (
        alliance_id uuid primary key,
        sequence bigint not null check (sequence >= 0),
        hash bytea not null check (length(hash) = 32),
        recorded_at timestamptz not null
    );
    create table journal (
        alliance_id uuid not null,
        sequence bigint not null check (sequence > 0),
        class text not null check (class in ('open', 'restricted')),
        digest bytea not null check (length(digest) = 32),
        hash bytea not null check (length(hash) = 32),
        primary key (alliance_id, sequence)
    );
    create table journal_body (
        alliance_id uuid not null,
        sequence bigint not null,
        salt bytea not null check (length(salt) = 32),
        body text not null check (octet_length(body) <= 65536),
        type text not null generated always as ((body::json) ->> 'type') stored,
        subject text not null generated always as ((body::json) ->> 'subject') stored,
        primary key (alliance_id, sequence)
    );
    create index journal_body_subject on journal_body (alliance_id, subject, sequence);
    create index journal_body_type on journal_body (alliance_id, type, sequence);

    -- how far this service has followed the others ---------------------------------------------
    create table journal_cursor (
        alliance_id uuid not null,
        source text not null,
        sequence bigint not null check (sequence >= 0),
        hash bytea not null check (length(hash) = 32),
        attempts integer not null default 0,
        attempted_at timestamptz, -- when the last attempt was counted
        stalled text, -- why, until an operator resumes
        primary key (alliance_id, source)
    );

    -- answers that were given, by caller and key ------------------------------------------------
    create table idempotency (
        alliance_id uuid not null,
        caller text not null,
        key text not null,
        method text not null,
        path text not null,
        body_digest text not null,
        status integer not null,
        location text,
        version bigint,
        content_type text not null,
        answer text not null,
        sequence bigint not null,
        recorded_at timestamptz not null,
        primary key (alliance_id, caller, key)
    );

    -- the roster: membership's own tables there, their replay everywhere else ----------------------
    create table alliance (
        alliance_id uuid primary key,
        sequence bigint not null,
        name text not null check (length(name) between 1 and 200),
        purpose text not null,
        objectives jsonb not null,
        principles jsonb not null,
        starts_on date not null,
        ends_on date not null,
        status text not null check (status in ('forming', 'active', 'closing', 'closed')),
        founding_decision_id uuid not null,
        created_at timestamptz not null,
        version bigint not null,
        check (starts_on < ends_on)
    );
    create table partner (
        alliance_id uuid not null,
        organisation text not null check (organisation ~ '^[A-Z0-9]{3,10}$'),
        sequence bigint not null,
        name text not null check (length(name) between 1 and 200),
        role text not null check (role in ('commissioner', 'provider')),
        is_voting boolean not null,
        is_founder boolean not null,
        status text not null
            check (status in ('proposed', 'active', 'suspended', 'left', 'excluded', 'lapsed')),
        joined_on date,
        left_on date,
        version bigint not null,
        primary key (alliance_id, organisation)
    );
    create table appointment (
        alliance_id uuid not null,
        id uuid not null,
        sequence bigint not null,
        issuer text not null,
        subject text not null,
        role text not null,
        organisation text not null,
        group_code text, -- of a group member
        starts_at timestamptz not null,
        ends_at timestamptz,
        version bigint not null,
        primary key (alliance_id, id),
        constraint appointment_of_a_group check ((role = 'group-member') = (group_code is not null))
    );
    create index appointment_person on appointment (alliance_id, issuer, subject);
    call accord.fact_table(p_service, 'alliance', 'membership');
    call accord.fact_table(p_service, 'partner', 'membership');
    call accord.fact_table(p_service, 'appointment', 'membership');

    -- subjects that a decision holds ---------------------------------------------------------------
    create table frozen_subject (
        alliance_id uuid not null,
        decision_id uuid not null,
        sequence bigint not null,
        subject text not null,
        effect text not null,
        kind text not null,
        rule text,   -- that may carry it, as membership named it; null = our own decision
        ask_id uuid, -- of the question that it was frozen for; null = our own decision
        version bigint not null,
        nonce text not null,
        digest text not null,
        state text not null check (state in ('asked', 'held', 'done', 'refused', 'thawed')),
        frozen_at timestamptz not null,
        primary key (alliance_id, decision_id)
    );
    create unique index frozen_subject_one on frozen_subject (alliance_id, subject, effect)
        where state in ('asked', 'held');
    call accord.fact_table(p_service, 'frozen_subject');

    -- rules of the journal -------------------------------------------------------------------------
    alter table journal enable row level security;
    alter table journal force row level security;
    create policy alliance on journal using (alliance_id = accord.current_alliance());
    alter table journal_body enable row level security;
    alter table journal_body force row level security;
    create policy alliance on journal_body using (alliance_id = accord.current_alliance());
    alter table idempotency enable row level security;
    alter table idempotency force row level security;
    create policy alliance on idempotency using (alliance_id = accord.current_alliance());

    create trigger refuse_change before update or delete on journal
        for each row execute function accord.refuse_change();
    create trigger refuse_truncate before truncate on journal
        for each statement execute function accord.refuse_change();
    create trigger refuse_change before update on journal_body
        for each row execute function accord.refuse_change();
    create trigger refuse_silent_erasure before delete on journal_body
        for each row execute function accord.refuse_silent_erasure();
    create trigger refuse_truncate before truncate on journal_body
        for each statement execute function accord.refuse_change();
    create trigger refuse_backwards before update or delete on journal_head
        for each row execute function accord.refuse_backwards();
    create trigger refuse_truncate before truncate on journal_head
        for each statement execute function accord.refuse_change();
    create trigger refuse_backwards before update or delete on journal_cursor
        for each row execute function accord.refuse_backwards();
    create trigger refuse_truncate before truncate on journal_cursor
        for each statement execute function accord.refuse_change();
    create trigger refuse_change before update on idempotency
        for each row execute function accord.refuse_change();
    create trigger refuse_truncate before truncate on idempotency
        for each statement execute function accord.refuse_change();
    -- The ledger's answers stay for ever: money is never asked to move twice.
    if p_service = 'ledger' then
        create trigger refuse_delete before delete on idempotency
            for each row execute function accord.refuse_change();
    else
        create trigger refuse_early_purge before delete on idempotency
            for each row execute function accord.refuse_early_purge();
        create index idempotency_age on idempotency (alliance_id, recorded_at);
        execute format('grant delete on idempotency to %I', p_service);
    end if;

    execute format('grant select on journal_head, journal, journal_body to %I', p_service);
    execute format('grant select, insert, update on journal_cursor to %I', p_service);
    execute format('grant select, insert on idempotency to %I', p_service);

    -- the only ways in -------------------------------------------------------------------------------
    -- Locks the alliance's head and reads the clock under the lock. No row: no such alliance here.
    execute format($f$
        create function journal_lock(p_alliance uuid, p_create boolean)
        returns table (sequence bigint, hash bytea, now_at timestamptz)
        language plpgsql security definer set search_path = %1$I, accord, pg_temp
        as $$
        #variable_conflict use_column
        begin
            if p_create and not exists (select from journal_head as h where h.alliance_id = p_alliance) then
                insert into journal_head as h (alliance_id, sequence, hash, recorded_at)
                values (p_alliance, 0, accord.journal_genesis(%1$L, p_alliance), '-infinity')
                on conflict (alliance_id) do nothing;
            end if;
            return query
                with head as materialized (
                    select h.sequence, h.hash, h.recorded_at from journal_head as h
                    where h.alliance_id = p_alliance for update)
                select head.sequence, head.hash, greatest(accord.accord_now(), head.recorded_at)
                from head;
        end $$
    $f$, p_service);

    -- Appends events and derives the business rows from them.
    execute format($f$
        create function journal_append(p_alliance uuid, p_class text[], p_salt bytea[], p_body text[])
        returns table (sequence bigint, hash bytea)
        language plpgsql security definer set search_path = %1$I, accord, pg_temp
        as $$
        #variable_conflict use_column
        declare
            v_head journal_head;
            v_first bigint;
            v_digest bytea[] := '{}';
            v_hash bytea[] := '{}';
            v_bodies jsonb[] := p_body::jsonb[];
        begin
            select h.* into strict v_head from journal_head as h
            where h.alliance_id = p_alliance for update;
            v_first := v_head.sequence + 1;
            for i in 1 .. cardinality(p_body) loop
                v_digest[i] := accord.journal_digest(p_class[i], p_salt[i], p_body[i]);
                v_head.hash := accord.journal_hash(v_head.hash, v_head.sequence + 1, v_digest[i]);
                v_head.sequence := v_head.sequence + 1;
                v_hash[i] := v_head.hash;
            end loop;
            insert into journal (alliance_id, sequence, class, digest, hash)
            select p_alliance, v_first + n - 1, c, d, h
            from unnest(p_class, v_digest, v_hash) with ordinality as u (c, d, h, n);
            insert into journal_body (alliance_id, sequence, salt, body)
            select p_alliance, v_first + n - 1, s, b
            from unnest(p_salt, p_body) with ordinality as u (s, b, n);
            update journal_head as h
            set sequence = v_head.sequence, hash = v_head.hash,
                recorded_at = greatest(h.recorded_at,
                    (v_bodies[cardinality(v_bodies)] ->> 'recordedAt')::timestamptz)
            where h.alliance_id = p_alliance;
            perform journal_project(%1$L, p_alliance, v_first, v_bodies);
            return query select v_head.sequence, v_head.hash;
        end $$
    $f$, p_service);

    -- Derives this service's copies from another's event. The caller has proven the chain and moves
    -- its cursor in the same transaction.
    execute format($f$
        create function journal_follow(p_alliance uuid, p_source text, p_sequence bigint, p_body text)
        returns void
        language plpgsql security definer set search_path = %1$I, accord, pg_temp
        as $$
        begin
            if p_source = %1$L then
                raise exception 'a service does not follow itself' using errcode = 'restrict_violation';
            end if;
            perform journal_project(p_source, p_alliance, p_sequence, array[p_body::jsonb]);
        end $$
    $f$, p_service);

    -- Removes the body that the last event named (journal.erased.v1); its digest stays.
    execute format($f$
        create function journal_erase(p_alliance uuid, p_sequence bigint)
        returns void
        language plpgsql security definer set search_path = %1$I, accord, pg_temp
        as $$
        begin
            delete from journal_body as b where b.alliance_id = p_alliance and b.sequence = p_sequence;
        end $$
    $f$, p_service);

    execute format('revoke all on function journal_lock(uuid, boolean) from public');
    execute format('revoke all on function journal_append(uuid, text[], bytea[], text[]) from public');
    execute format('revoke all on function journal_follow(uuid, text, bigint, text) from public');
    execute format('revoke all on function journal_erase(uuid, bigint) from public');
    execute format('grant execute on function journal_lock(uuid, boolean),
                    journal_append(uuid, text[], bytea[], text[]),
                    journal_follow(uuid, text, bigint, text),
                    journal_erase(uuid, bigint) to %I', p_service);
end $body$;

-- Makes a service's schema and roles: `<service>_owner` (NOLOGIN, owns it all) and `<service>` (what
-- the service logs in as: owns nothing, may create nothing). Needs CREATEROLE.
reset role;
create procedure accord.service_schema(p_service name)
language plpgsql
as $$
begin
    if not exists (select from pg_roles where rolname = p_service || '_owner') then
        execute format('create role %I nologin', p_service || '_owner');
    end if;
    if not exists (select from pg_roles where rolname = p_service) then
        execute format('create role %I login', p_service);
    end if;
    execute format('create schema %I authorization %I', p_service, p_service || '_owner');
    execute format('grant usage on schema %I to %I', p_service, p_service);
    execute format('grant execute on function accord.fact_register(name, name, text, boolean, text)
                    to %I', p_service || '_owner');
    execute format('grant %I to current_user', p_service || '_owner');
end $$;
revoke all on procedure accord.service_schema(name) from public;

commit;
