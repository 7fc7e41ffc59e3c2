# s6 supervises PostgreSQL, nginx and the services: a folder each below run/services, started in
# order, restarted when they die, ready when they say so.

SCAN=$RUN/services

# service_folder NAME SECONDS-TO-STOP SIGNAL-TO-STOP <run script
service_folder() {
    local folder=$SCAN/$1
    mkdir -p "$folder/log" "$folder/data" "$LOGS/$1"
    {
        printf '#!/bin/bash\nexec 2>&1\n'
        printf '. %q\n. %q\n' "$APP/deploy/lib/say.sh" "$APP/deploy/lib/processes.sh"
        cat
    } >"$folder/run"
    # Logs turn over: 10 files of 1 MB each.
    printf '#!/bin/bash\nexec s6-log -b n10 s1000000 %q\n' "$LOGS/$1" >"$folder/log/run"
    printf '3\n' >"$folder/notification-fd"
    printf '%s\n' "$(($2 * 1000))" >"$folder/timeout-kill"
    printf '%s\n' "$3" >"$folder/down-signal"
    : >"$folder/down"
    chmod 755 "$folder/run" "$folder/log/run"
}

# Gives up on a program that died 20 times within a minute (PostgreSQL never: a full disk may be
# emptied). Services wait for the database instead of dying of it.
give_up_after_20() {
    printf '#!/bin/bash\nexec s6-permafailon 60 20 1-255,SIGABRT,SIGSEGV,SIGBUS true\n' >"$SCAN/$1/finish"
    chmod 755 "$SCAN/$1/finish"
}

# A program dies with its supervisor (pdeathsig), and whatever still does not is ended before
# the next one starts.
postgres_folder() {
    service_folder postgres 4 SIGINT <<END
processes_end $(printf %q "$DATABASE")
exec s6-notifyoncheck -d -n 0 -w 50 setpriv --pdeathsig INT $POSTGRES_BIN/postgres -D $(printf %q "$DATABASE")
END
    printf '#!/bin/bash\nexec %s -q -h %q -p %s\n' "$POSTGRES_BIN/pg_isready" "$SOCKETS" "$ACCORD_DATABASE_PORT" \
        >"$SCAN/postgres/data/check"
    chmod 755 "$SCAN/postgres/data/check"
}

# Ends what an earlier process of this folder left, apart from this script itself.
ALONE='processes_below "$PWD" | while read -r pid program; do
    case $program in nginx | accord-*) kill -KILL "$pid" ;; esac
done'

nginx_folder() {
    mkdir -p "$RUN/nginx"
    service_folder nginx 3 SIGQUIT <<END
$ALONE
exec s6-notifyoncheck -d -n 0 -w 50 setpriv --pdeathsig TERM /usr/sbin/nginx -e stderr -p $(printf %q "$RUN/nginx") -c $(printf %q "$RUN/nginx/nginx.conf")
END
    printf '#!/bin/bash\nexec 2>/dev/null\n: </dev/tcp/127.0.0.1/%s\n' "$ACCORD_PORT" >"$SCAN/nginx/data/check"
    chmod 755 "$SCAN/nginx/data/check"
    give_up_after_20 nginx
}

# accord_folder SERVICE INSTANCE(0..)
accord_folder() {
    local name
    name=$(instance_name "$1" "$2")
    service_folder "$name" 8 SIGTERM <<END
$ALONE
$(! database_is_private || printf 's6-svwait -U %q' "$SCAN/postgres")
exec setpriv --pdeathsig TERM $(printf %q "$APP/bin/accord-$1") --config $(printf %q "$CONFIG") --instance $2 --ready-fd 3
END
    give_up_after_20 "$name"
}

instance_name() { if (($2 == 0)); then echo "$1"; else echo "$1-$(($2 + 1))"; fi; }

# Every process but PostgreSQL, by its folder's name.
front_names() {
    local service instance
    echo nginx
    for service in "${SERVICES[@]}"; do
        for ((instance = 0; instance < ACCORD_INSTANCES; instance++)); do instance_name "$service" "$instance"; done
    done
}

folders_make() {
    local service instance
    rm -rf "$SCAN"
    mkdir -p "$SCAN" "$LOGS"
    ! database_is_private || postgres_folder
    [[ $ACCORD_PARTS == all ]] || return 0
    nginx_folder
    for service in "${SERVICES[@]}"; do
        for ((instance = 0; instance < ACCORD_INSTANCES; instance++)); do accord_folder "$service" "$instance"; done
    done
}

supervised() {
    local name
    for name; do s6-svok "$SCAN/$name" || return 1; done
}

supervisor_start() {
    folders_make
    # Its own session: a terminal's Ctrl-C is ours to act on, in order. The lock stays with us.
    setpriv --pdeathsig TERM setsid s6-svscan "$SCAN" >>"$LOGS/supervisor" 2>&1 </dev/null 9>&- &
    SUPERVISOR=$!
    local names=()
    [[ $ACCORD_PARTS != all ]] || mapfile -t names < <(front_names)
    ! database_is_private || names+=(postgres)
    wait_until 10 supervised "${names[@]}" || fail "the supervisor did not start; see $LOGS/supervisor"
}

# start_and_wait SECONDS NAME...: up, and ready as each says itself.
start_and_wait() {
    local seconds=$1 name
    shift
    for name; do
        rm -f "$SCAN/$name/down"
        s6-svc -u "$SCAN/$name"
    done
    if (become s6-svwait -U -t $((seconds * 1000)) "${@/#/$SCAN/}" 2>/dev/null); then return 0; fi
    for name; do
        [[ $(s6-svstat -o ready "$SCAN/$name") == true ]] ||
            fail "$name did not become ready; its log $LOGS/$name/current ends with: $(tail -n 1 "$LOGS/$name/current" 2>/dev/null)"
    done
}

# stop_and_wait SECONDS NAME...
stop_and_wait() {
    local seconds=$1 name
    shift
    for name; do s6-svc -d "$SCAN/$name" 2>/dev/null; done
    s6-svwait -D -t $((seconds * 1000)) "${@/#/$SCAN/}" 2>/dev/null
}

# Everything, in order, within 10 s; whatever does not stop is ended.
supervisor_stop() {
    [[ -n ${SUPERVISOR:-} ]] || return 0
    local names
    mapfile -t names < <(front_names)
    [[ $ACCORD_PARTS != all ]] || stop_and_wait 4 "${names[@]}" || true
    ! database_is_private || stop_and_wait 3 postgres || true
    s6-svscanctl -t "$SCAN" 2>/dev/null || true
    wait_until 1 supervisor_is_gone || true
    none_below "$ACCORD_DATA" || processes_end "$ACCORD_DATA" || true
    SUPERVISOR=
}

supervisor_is_gone() { ! kill -0 "$SUPERVISOR" 2>/dev/null; }
