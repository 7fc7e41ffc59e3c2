# Says which port is taken, before anything starts.

ports_list() {
    ! database_is_private || printf '%s ACCORD_DATABASE_PORT PostgreSQL\n' "$ACCORD_DATABASE_PORT"
    [[ $ACCORD_PARTS == all ]] || return 0
    printf '%s ACCORD_PORT nginx\n' "$ACCORD_PORT"
    local number instance kind
    for ((number = 1; number <= ${#SERVICES[@]}; number++)); do
        for ((instance = 0; instance < ACCORD_INSTANCES; instance++)); do
            for kind in http questions wake; do
                printf '%s ACCORD_SERVICE_PORTS %s\n' "$(service_port $kind $number $instance)" "${SERVICES[number - 1]}"
            done
        done
    done
}

ports_check() {
    local taken
    taken=$(ports_list | python3 -c '
import socket, sys
used = {}
for line in sys.stdin.readlines():
    port, setting, program = line.split()
    if port in used:
        print(f"port {port} is meant for {used[port]} and for {program}; set {setting} to another number")
        break
    used[port] = program
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", int(port)))
        except (OSError, OverflowError):
            print(f"port {port} of 127.0.0.1, which {program} needs, is taken or not allowed; "
                  f"stop what uses it, or set {setting} to another number")
            break
')
    [[ -z $taken ]] || fail "$taken"
}
