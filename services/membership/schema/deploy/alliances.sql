-- Deploy membership:alliances
-- requires: tables

begin;

set local role membership_owner;
set local search_path = membership, accord, pg_catalog;

-- An alliance is listed to whom it is known: not to who applied and was not admitted, nor by an
-- appointment with an organisation for which the person's issuer may not speak (`p_vouched`; null = it
-- may for all). An auditor comes from outside: no issuer speaks for where it comes from.
create function alliances_of(p_organisation text, p_issuer text, p_subject text, p_vouched text[],
                             p_after uuid, p_limit bigint)
returns setof alliance
language sql volatile security definer set search_path = membership, accord, pg_temp
as $$
    select a.alliance_id, a.sequence, a.name, a.purpose, a.objectives, a.principles, a.starts_on,
           a.ends_on, a.status, a.founding_decision_id, a.created_at, a.version
    from alliance as a
    where (p_after is null or a.alliance_id > p_after)
      and a.alliance_id in (
          select p.alliance_id from partner as p
          where p.organisation = p_organisation and p.status <> 'lapsed'
          union all
          select o.alliance_id from appointment as o
          where o.issuer = p_issuer and o.subject = p_subject
            and (o.role = 'auditor'
                 or case when p_organisation is null
                         then p_vouched is null or o.organisation = any (p_vouched)
                         else o.organisation = p_organisation end)
            and o.starts_at <= accord.accord_now()
            and (o.ends_at is null or o.ends_at > accord.accord_now()))
    order by a.alliance_id
    limit p_limit
$$;
revoke all on function alliances_of(text, text, text, text[], uuid, bigint) from public;
grant execute on function alliances_of(text, text, text, text[], uuid, bigint) to membership;

commit;
