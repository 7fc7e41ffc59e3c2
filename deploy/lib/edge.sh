# nginx, the edge: fills in deploy/nginx.conf.

edge_configure() {
    [[ $ACCORD_PARTS == all ]] || return 0
    local folder=$RUN/nginx text
    mkdir -p "$folder"
    edge_upstreams >"$folder/upstreams.conf"
    edge_problems >"$folder/problems.conf"
    text=$(<"$APP/deploy/nginx.conf")
    text=${text//@RUN@/$folder}
    text=${text//@PORT@/$ACCORD_PORT}
    text=${text//@FLOOD_RATE@/$ACCORD_FLOOD_RATE}
    printf '%s\n' "$text" >"$folder/nginx.conf"
}

# The services' addresses. nginx keeps idle connections for 2 s, less than a service keeps them
# (HTTP_TIMEOUT_S), so that it never sends into one that is just being closed.
edge_upstreams() {
    local number instance
    for ((number = 1; number <= ${#SERVICES[@]}; number++)); do
        echo "upstream ${SERVICES[number - 1]} {"
        for ((instance = 0; instance < ACCORD_INSTANCES; instance++)); do
            echo "    server 127.0.0.1:$(service_port http "$number" "$instance") max_fails=1 fail_timeout=1s;"
        done
        echo "    keepalive 64;"
        echo "    keepalive_timeout 2s;"
        echo "    keepalive_requests 100000;"
        echo "}"
    done
}

# nginx's own errors as problems, worded by common/problem.def. (On a time-out of the client, 408,
# nginx closes the connection without an answer.) Addresses, not named locations: nginx can't send a
# request to those whose own address it could not read.
edge_problems() {
    edge_problem 400 REQUEST_MALFORMED "The request is not acceptable HTTP."
    edge_problem 404 NOT_FOUND "There is nothing at this address."
    edge_problem 405 METHOD_NOT_ALLOWED "Accord does not know this method."
    edge_problem 413 BODY_TOO_LARGE "The body may have 1 MiB, an import 32 MiB."
    edge_problem 414 URI_TOO_LONG "The address may have 16 KiB."
    edge_problem 429 RATE_LIMITED "Too many requests or connections come from your address."
    edge_problem 494 HEADERS_TOO_LARGE "A header line may have 16 KiB, all of them 64 KiB."
    edge_problem 500 INTERNAL
    edge_problem 502 UPSTREAM
    edge_problem 503 UNAVAILABLE
    edge_problem 504 UPSTREAM_TIMEOUT
    echo "error_page 501 505 =400 /_problem/400;"
}

# edge_problem NGINX-STATUS CODE [DETAIL]
edge_problem() {
    local code=$2 detail=${3:+\"detail\":\"$3\",} status slug title
    read -r status slug title < <(
        sed -nE "s/^PROBLEM\($code, ([0-9]+), \"([a-z-]+)\", \"(.*)\"\)\$/\1 \2 \3/p" "$APP/common/problem.def")
    [[ -n $title ]] || fail "common/problem.def has no problem $code"
    cat <<END
error_page $1 =$status /_problem/$1;
location = /_problem/$1 {
    internal;
    default_type application/problem+json;
    add_header X-Request-ID \$problem_request_id always;
    add_header Strict-Transport-Security "max-age=31536000; includeSubDomains" always;
    add_header Referrer-Policy no-referrer always;
    add_header X-Content-Type-Options nosniff always;
    add_header Content-Security-Policy "default-src 'none'; frame-ancestors 'none'" always;
    add_header Cache-Control "private, no-cache" always;
    add_header Vary "Authorization, Accept" always;
END
    case $status in
    429 | 502 | 503 | 504) echo '    add_header Retry-After 1 always;' ;;
    esac
    cat <<END
    return $status '{"type":"/problems/$slug","title":"$title","status":$status,$detail"code":"$code","requestId":"\$problem_request_id"}';
}
END
}
