# Migrations by Sqitch: one project per schema, one registry, run only when plan and registry differ.

plan_changes() {
    local project=$1 name
    name=$(sed -n 's/^%project=//p' "$APP/$project/sqitch.plan")
    sed -nE "s/^([a-z][a-z0-9_-]*)( .*)?\$/$name:\1/p" "$APP/$project/sqitch.plan"
}

registry_changes() {
    database_psql <<'SQL'
select case when to_regclass('sqitch.changes') is null then ''
            else 'select project || '':'' || change from sqitch.changes order by committed_at, planned_at' end
\gexec
SQL
}

# Prints what is to do: current | behind; fails when the database knows more than this checkout.
migrations_compare() {
    local project plan registry unknown
    plan=$(for project in "${PROJECTS[@]}"; do plan_changes "$project"; done)
    registry=$(registry_changes) || fail "the database's list of migrations can't be read; what psql says stands above"
    unknown=$(grep -vxF -e "$plan" <<<"$registry" | grep . | head -n 1) || true
    [[ -z $unknown ]] || fail "the database in $ACCORD_DATA has the schema change $unknown, which this checkout does not know:" \
        "it was made by a newer Accord; use that one, or remove the data with make clean-data"
    if [[ $(sort <<<"$plan") == $(sort <<<"$registry") ]]; then echo current; else echo behind; fi
}

migrations_run() {
    local project said environment
    mapfile -t environment < <(operator_environment)
    for project in "${PROJECTS[@]}"; do
        if ! said=$(become env -C "$APP/$project" "${environment[@]}" \
            SQITCH_FULLNAME=Accord SQITCH_EMAIL=accord@localhost \
            sqitch deploy --verify --target db:pg:accord 2>&1); then
            printf '%s\n' "$said" >&2
            fail "the migration of $project failed; what Sqitch says stands above"
        fi
    done
}

migrate() {
    [[ -n $(database_psql postgres <<<"select 1 from pg_database where datname = 'accord'") ]] ||
        database_psql postgres <<<'create database accord'
    # Of several hosts, one that follows and does not have it yet keeps psql from asking the next.
    wait_until 60 database_answers accord || fail "the database accord does not answer"
    local state
    state=$(migrations_compare)
    if [[ $state == behind ]]; then
        step schema "migrating"
        migrations_run
    fi
    # The file is marked once the database has these passwords.
    if [[ $state == behind || ! -f $PASSWORDS.set ]]; then
        roles_grant
        : >"$PASSWORDS.set"
    fi
}

roles_grant() {
    local service password
    {
        while IFS=: read -r _ _ _ service password; do
            printf "alter role %s login password '%s';\n" "$service" "$password"
            printf 'grant usage on schema sqitch to %s; grant select on sqitch.changes to %s;\n' "$service" "$service"
        done <"$PASSWORDS"
        echo 'revoke all on schema public from public;'
        echo 'revoke all on database accord from public;'
        printf 'grant connect on database accord to %s;\n' "${SERVICES[@]}"
    } | database_psql
}

test_clock_allow() {
    [[ $ACCORD_TEST_CLOCK != yes ]] || database_psql <<<'update accord.clock set is_test = true where not is_test'
}
