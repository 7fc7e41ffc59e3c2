# Prepares a data folder: made, locked, and filled with a copy of everything that runs, because the
# checkout may lie where the service user can't read.

# The user that everything runs as: the caller, or `accord` when the caller is root.
user_choose() {
    if ((EUID != 0)); then
        RUN_AS=()
        OWNER=$(id -un)
        return 0
    fi
    OWNER=accord
    id accord >/dev/null 2>&1 ||
        useradd --system --user-group --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin accord
    RUN_AS=(setpriv --reuid accord --regid accord --clear-groups --no-new-privs)
}

data_folder_make() {
    [[ $ACCORD_DATA == /* ]] || ACCORD_DATA=$PWD/$ACCORD_DATA
    mkdir -p "$ACCORD_DATA" 2>/dev/null || fail "the data folder $ACCORD_DATA can't be made"
    [[ -O $ACCORD_DATA || $EUID == 0 ]] || fail "the data folder $ACCORD_DATA belongs to $(stat -c %U "$ACCORD_DATA"); set ACCORD_DATA to another"
    if [[ ! -e $ACCORD_DATA/lock && -n $(ls -A "$ACCORD_DATA") ]]; then
        fail "the folder $ACCORD_DATA is not empty and not Accord's; set ACCORD_DATA to another"
    fi
    if ((EUID == 0)) && [[ $(stat -c %U "$ACCORD_DATA") != "$OWNER" ]]; then
        [[ $(stat -c %u "$ACCORD_DATA") == 0 ]] || fail "the data folder $ACCORD_DATA belongs to $(stat -c %U "$ACCORD_DATA"); set ACCORD_DATA to another"
        chown "$OWNER:" "$ACCORD_DATA"
    fi
    chmod 700 "$ACCORD_DATA"
    "${RUN_AS[@]}" test -w "$ACCORD_DATA" ||
        fail "the data folder $ACCORD_DATA can't be reached by the user $OWNER, who runs Accord; set ACCORD_DATA to a folder that can"
}

# The lock lives as long as this process and the one it becomes.
data_folder_lock() {
    as_owner 'touch lock'
    exec 9<"$ACCORD_DATA/lock"
    flock -n 9 || fail "Accord is already running from $ACCORD_DATA (process $(cat "$ACCORD_DATA/run/pid" 2>/dev/null || echo unknown)); stop that one first"
}

# disk_check FOLDER MEGABYTES
disk_check() {
    local free
    free=$(($(stat -f -c '%a * %S' "$1") / 1048576))
    ((free >= $2)) || fail "the disk of $1 is full: $free MB are free and $2 MB are needed; make room" \
        "or set ACCORD_DATA to a folder on another disk"
}

# What runs, copied by the user who runs it: root only reads, because it must not write where
# somebody else may have put a link.
app_copy() {
    local files=(common/problem.def deploy/{lib,serve,jwks.py,example,nginx.conf,sample} "${PROJECTS[@]}") program
    for program in "$BUILT"/accord-*; do
        [[ ! -f $program || ! -x $program ]] || files+=("$program")
    done
    tar --create --owner=0 --group=0 --mode=u+rwX,go-w --transform "s,^$BUILT/,bin/," "${files[@]}" |
        as_owner 'rm -rf app app.new && mkdir app.new && tar --extract --no-same-owner -C app.new && mv app.new app' ||
        fail "what runs could not be copied to $ACCORD_DATA/app"
}

# Runs shell commands as the user who runs Accord, in the data folder.
as_owner() (
    cd /
    exec "${RUN_AS[@]}" env -C "$ACCORD_DATA" bash -c "$1"
)

# Becomes deploy/serve of the data folder: as its owner, without new privileges, in a clean environment.
serve_become() {
    local name pass=() watch=()
    [[ $ACCORD_UNDER_MAKE != yes ]] || watch=(setpriv --pdeathsig TERM)
    for name in "${SETTINGS[@]}"; do pass+=("$name=${!name:-}"); done
    cd /
    exec "${RUN_AS[@]}" "${watch[@]}" env -i --default-signal=INT,TERM,HUP \
        PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 HOME="$ACCORD_DATA" \
        "${pass[@]}" "$ACCORD_DATA/app/deploy/serve"
}
