# What deploy/ says: steps as they happen, and one clear sentence when it can't go on.

say() { printf '%s\n' "$*"; }
step() { printf '  %-13s %s\n' "$1" "$2"; }
fail() {
    printf 'accord: %s\n' "$*" >&2
    exit 1
}

# Waits until a command succeeds: wait_until SECONDS COMMAND...
wait_until() {
    local deadline=$((SECONDS + $1))
    shift
    until "$@"; do
        ((SECONDS < deadline)) || return 1
        sleep 0.05
    done
}
