# The database: a private PostgreSQL cluster with its own folder, socket, port and passwords, never the
# system's; or, with ACCORD_DATABASE, an existing one, which is only migrated and used.

database_is_private() { [[ -z $ACCORD_DATABASE ]]; }


# Its connection string is also put into other forms below, so that it has to be a plain one.
database_check() {
    local setting
    for setting in $ACCORD_DATABASE; do
        [[ $setting =~ ^[a-z_]+=[^\'\"\\\\]+$ && $setting != password=* && $setting != dbname=* ]] ||
            fail "ACCORD_DATABASE has '${setting%%=*}': it is made of name=value without quotes or spaces in a value," \
                "its password in a file (passfile=...), and no dbname"
    done
    [[ " $ACCORD_DATABASE " == *" user="* ]] || fail "ACCORD_DATABASE names no user"
}

database_exists() { [[ -f $DATABASE/PG_VERSION && -f $DATABASE/accord-made ]]; }

database_make() {
    if ! database_is_private; then
        database_check
        return 0
    fi
    if database_exists; then
        local found wanted
        read -r found <"$DATABASE/PG_VERSION" || true
        wanted=$("$POSTGRES_BIN/postgres" --version | sed -E 's/^[^0-9]*([0-9]+).*/\1/')
        [[ $found == "$wanted" ]] || fail "the database in $DATABASE was made by PostgreSQL $found, and PostgreSQL $wanted is what runs here:" \
            "carry it over with pg_upgrade, or remove the data with make clean-data"
        return 0
    fi
    step database "making a private PostgreSQL cluster"
    rm -rf "$DATABASE"
    local said
    if ! said=$(become "$POSTGRES_BIN/initdb" -D "$DATABASE" --username=postgres --auth-local=peer \
        --auth-host=scram-sha-256 --encoding=UTF8 --locale=C.UTF-8 --data-checksums 2>&1); then
        [[ $said != *"No space left"* ]] || fail "the disk of $ACCORD_DATA is full; make room or set ACCORD_DATA to a folder on another disk"
        fail "PostgreSQL could not make its cluster in $DATABASE: $(tail -n 1 <<<"$said")"
    fi
    : >"$DATABASE/accord-made"
}

# Superusers come by the socket and their system user only; services by password.
database_configure() {
    database_is_private || return 0
    mkdir -p "$SOCKETS"
    # It may lie in /tmp, where anybody could have made it before us.
    [[ -O $SOCKETS && ! -L $SOCKETS ]] || fail "the folder $SOCKETS for the database's socket belongs to somebody else; set ACCORD_DATA to a shorter path"
    chmod 700 "$SOCKETS"
    cat >"$DATABASE/postgresql.auto.conf" <<END
# Made by Accord at each start.
listen_addresses = '127.0.0.1'
port = $ACCORD_DATABASE_PORT
unix_socket_directories = '"${SOCKETS//\'/\'\'}"'
unix_socket_permissions = 0700
password_encryption = 'scram-sha-256'
max_connections = 200
shared_buffers = '128MB'
max_wal_size = '1GB'
wal_compression = on
fsync = on
full_page_writes = on
synchronous_commit = on
timezone = 'UTC'
log_timezone = 'UTC'
lc_messages = 'C'
log_min_messages = 'warning'
log_line_prefix = '%m [%p] %u '
logging_collector = off
cluster_name = 'accord'
jit = off
END
    cat >"$DATABASE/pg_hba.conf" <<END
local all postgres               peer map=operators
local all all                    scram-sha-256
host  all postgres 127.0.0.1/32  reject
host  all all      127.0.0.1/32  scram-sha-256
END
    printf 'operators %s postgres\n' root "$(id -un)" | sort -u >"$DATABASE/pg_ident.conf"
}

# One password per service, in the file that libpq reads.
passwords_make() {
    [[ -s $PASSWORDS ]] && return 0
    local service
    (
        umask 077
        for service in "${SERVICES[@]}"; do
            printf '*:*:accord:%s:%s\n' "$service" "$(openssl rand -hex 24)"
        done >"$PASSWORDS.new"
    )
    mv "$PASSWORDS.new" "$PASSWORDS"
}

database_start() {
    if database_is_private; then
        step database "starting"
        start_and_wait 60 postgres
    else
        step database "waiting for that of ACCORD_DATABASE"
        wait_until 60 database_answers ||
            fail "the database of ACCORD_DATABASE can't be used: $(database_psql postgres <<<'select 1' 2>&1 | tail -n 1)"
    fi
}

database_answers() { (database_psql "${1:-postgres}" <<<'select 1') >/dev/null 2>&1; }

# As the superuser, who comes to a private one by the socket.
database_psql() {
    "$POSTGRES_BIN/psql" -XqAt -v ON_ERROR_STOP=1 -d "$(operator_conninfo "${1:-accord}")"
}

operator_conninfo() {
    if database_is_private; then
        printf "host='%s' port=%s dbname=%s user=postgres" "$SOCKETS" "$ACCORD_DATABASE_PORT" "$1"
    else
        printf '%s dbname=%s' "$ACCORD_DATABASE" "$1"
    fi
}

# operator_environment: the same for programs that take no connection string, as NAME=VALUE lines.
operator_environment() {
    if database_is_private; then
        printf '%s\n' "PGHOST=$SOCKETS" "PGPORT=$ACCORD_DATABASE_PORT" PGUSER=postgres
    else
        { echo '[accord]' && printf '%s\n' $ACCORD_DATABASE; } >"$RUN/pg_service.conf"
        printf '%s\n' "PGSERVICEFILE=$RUN/pg_service.conf" PGSERVICE=accord
        sed -nE 's/^user=/PGUSER=/p' "$RUN/pg_service.conf"
    fi
}

# A service's own. In a connection string the last word counts.
conninfo() {
    local own
    own=$(printf "dbname=accord user=%s passfile='%s'" "$1" "$PASSWORDS")
    if database_is_private; then
        printf "host='%s' port=%s %s connect_timeout=2" "$SOCKETS" "$ACCORD_DATABASE_PORT" "$own"
    else
        printf '%s %s' "$ACCORD_DATABASE" "$own"
    fi
}
