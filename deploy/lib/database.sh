# The private PostgreSQL cluster: its own folder, socket, port and passwords; never the system's.

database_exists() { [[ -f $DATABASE/PG_VERSION && -f $DATABASE/accord-made ]]; }

database_make() {
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

# As the superuser, who comes by the socket.
database_psql() {
    PGHOST=$SOCKETS PGPORT=$ACCORD_DATABASE_PORT PGUSER=postgres PGDATABASE=${1:-accord} \
        "$POSTGRES_BIN/psql" -XqAt -v ON_ERROR_STOP=1
}

conninfo() {
    printf "host='%s' port=%s dbname=accord user=%s passfile='%s' connect_timeout=2" \
        "$SOCKETS" "$ACCORD_DATABASE_PORT" "$1" "$PASSWORDS"
}
