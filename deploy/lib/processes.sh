# Which processes belong to a data folder, read from /proc (a pid file may lie), and ending them.
# Ours work in a folder below it and run one of our programs; an operator's shell that merely stands
# there is left alone.

# Becomes a program that ends with deploy/serve and does not hold its lock: within ( ) or $( ), for
# all that takes longer than a moment, so that a killed run hinders the next one by nothing.
become() { exec 9>&- setpriv --pdeathsig KILL "$@"; }

# processes_below FOLDER: "pid program" of ours that work in FOLDER or below.
processes_below() {
    local folder=$1 proc cwd program pid
    find /proc -mindepth 2 -maxdepth 2 -name cwd -printf '%h %l\n' 2>/dev/null |
        while read -r proc cwd; do
            cwd=${cwd% (deleted)}
            [[ $cwd == "$folder" || $cwd == "$folder"/* ]] || continue
            pid=${proc#/proc/}
            program=$(readlink "$proc/exe" 2>/dev/null) || continue
            program=${program% (deleted)}
            case ${program##*/} in
            postgres | nginx | accord-* | s6-*) ;;
            bash | dash | python3*) # only a run script or the example
                tr '\0' ' ' <"$proc/cmdline" 2>/dev/null | grep -qE '(^| )\./run( |$)|/deploy/example( |$)' || continue
                ;;
            *) continue ;;
            esac
            [[ $pid == $$ || $pid == "$BASHPID" ]] || printf '%s %s\n' "$pid" "${program##*/}"
        done
}

# Ends another deploy/serve of this very folder: one whose folder, and lock, was removed under it.
serves_end() {
    local mine theirs proc
    mapfile -d '' -t mine </proc/$$/cmdline
    for proc in /proc/[0-9]*; do
        { mapfile -d '' -t theirs <"$proc/cmdline"; } 2>/dev/null || continue
        [[ $proc == "/proc/$$" || ${theirs[*]} != "${mine[*]}" ]] || kill -KILL "${proc#/proc/}" 2>/dev/null || true
    done
}

none_below() { [[ -z $(processes_below "$1") ]]; }

# processes_end FOLDER: first who would start something again, then the rest, politely for 5 s.
processes_end() {
    local folder=$1 pid program
    while read -r pid program; do
        case $program in s6-svscan | s6-supervise) kill -KILL "$pid" 2>/dev/null ;; esac
    done < <(processes_below "$folder")
    while read -r pid program; do
        case $program in
        postgres) kill -INT "$pid" 2>/dev/null ;;
        *) kill -TERM "$pid" 2>/dev/null ;;
        esac
    done < <(processes_below "$folder")
    wait_until 5 none_below "$folder" && return 0
    while read -r pid program; do
        kill -KILL "$pid" 2>/dev/null
    done < <(processes_below "$folder")
    wait_until 3 none_below "$folder"
}
