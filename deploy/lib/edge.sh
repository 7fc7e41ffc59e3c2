# nginx, the edge: fills in deploy/nginx.conf, for `make run` and for a production site alike. What
# differs is passed in; the rest is the same text.

# make run: loopback, without TLS, in the foreground.
edge_configure() {
    [[ $ACCORD_PARTS == all ]] || return 0
    local folder=$RUN/nginx
    mkdir -p "$folder"
    cat >"$folder/process.conf" <<END
daemon off;
pid "$folder/nginx.pid";
error_log stderr warn;
END
    printf 'listen 127.0.0.1:%s backlog=1024;\nserver_name _;\n' "$ACCORD_PORT" >"$folder/listen.conf"
    : >"$folder/strangers.conf"
    # 2,048 connections: a load generator has one address.
    edge_fill "$folder" "CONF=$folder" "STATE=$folder" SHUTDOWN=3s ACCESS_LOG=off \
        "FLOOD_RATE=$ACCORD_FLOOD_RATE" "TOKEN_RATE=$ACCORD_CLIENT_RATE" CONNECTIONS=2048
}

# edge_fill FOLDER WORD=VALUE...: what every edge has; the services' addresses are $CONFIG's.
edge_fill() {
    local folder=$1 text word
    shift
    edge_upstreams >"$folder/upstreams.conf"
    edge_problems >"$folder/problems.conf"
    text=$(<"$APP/deploy/nginx.conf")
    for word; do text=${text//"@${word%%=*}@"/"${word#*=}"}; done
    [[ ! $text =~ @[A-Z_]+@ ]] || fail "deploy/nginx.conf: nothing stands for ${BASH_REMATCH[0]}"
    printf '%s\n' "$text" >"$folder/nginx.conf"
}

# The services' addresses. nginx keeps idle connections for 2 s, less than a service keeps them
# (HTTP_TIMEOUT_S), so that it never sends into one that is just being closed.
edge_upstreams() {
    jq -r '.services | to_entries[] | "upstream \(.key) {",
        (.value.instances[] | "    server \(.http) max_fails=1 fail_timeout=1s;"),
        "    keepalive 64;", "    keepalive_timeout 2s;", "    keepalive_requests 100000;", "}"' "$CONFIG"
}

# nginx's own errors as problems, worded by common/problem.def. Addresses, not named locations: nginx
# can't send a request to those whose own address it could not read.
edge_problems() {
    edge_problem 400 REQUEST_MALFORMED "The request is not acceptable HTTP."
    edge_problem 404 NOT_FOUND "There is nothing at this address."
    edge_problem 405 METHOD_NOT_ALLOWED "Accord does not know this method."
    edge_problem 413 BODY_TOO_LARGE "The body may have 1 MiB, an import 32 MiB."
    edge_problem 414 URI_TOO_LONG "The address may have 16 KiB."
    edge_problem 429 RATE_LIMITED "Too many requests or connections come from your address, or with your token."
    edge_problem 463 PARAMETER_INVALID "The address has more than 100 parameters."
    edge_problem 494 HEADERS_TOO_LARGE "A header line may have 16 KiB, all of them 64 KiB."
    edge_problem 500 INTERNAL
    edge_problem 502 UPSTREAM
    edge_problem 503 UNAVAILABLE
    edge_problem 504 UPSTREAM_TIMEOUT
    # 497: plain HTTP where TLS is spoken.
    echo "error_page 497 501 505 =400 /_problem/400;"
}

# problem_read CODE: sets status, slug and title of it.
problem_read() {
    read -r status slug title < <(
        sed -nE "s/^PROBLEM\($1, ([0-9]+), \"([a-z-]+)\", \"(.*)\"\)\$/\1 \2 \3/p" "$APP/common/problem.def")
    [[ -n $title ]] || fail "common/problem.def has no problem $1"
}

# problem_body CODE [DETAIL]: after problem_read.
problem_body() {
    local detail=${2:+\"detail\":\"$2\",}
    printf '%s' "{\"type\":\"/problems/$slug\",\"title\":\"$title\",\"status\":$status,$detail\"code\":\"$1\",\"requestId\":\"\$problem_request_id\"}"
}

# What every answer of nginx itself says.
EDGE_HEADERS=(
    'X-Request-ID: $problem_request_id'
    'Strict-Transport-Security: max-age=31536000; includeSubDomains'
    'Referrer-Policy: no-referrer'
    'X-Content-Type-Options: nosniff'
    "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'"
    'Cache-Control: private, no-cache'
    'Vary: Authorization, Accept'
)

# edge_problem NGINX-STATUS CODE [DETAIL]
edge_problem() {
    local status slug title header
    problem_read "$2"
    cat <<END
error_page $1 =$status /_problem/$1;
location = /_problem/$1 {
    internal;
    default_type application/problem+json;
END
    for header in "${EDGE_HEADERS[@]}"; do printf '    add_header %s "%s" always;\n' "${header%%: *}" "${header#*: }"; done
    case $status in
    429 | 502 | 503 | 504) echo '    add_header Retry-After 1 always;' ;;
    esac
    printf "    return %s '%s';\n}\n" "$status" "$(problem_body "$2" "${3:-}")"
}

# What a client hears whose request does not arrive in time. By itself nginx closes the connection
# without a word: this takes the module of deploy/patience.
edge_patience() {
    local status slug title
    problem_read REQUEST_TIMEOUT
    printf 'patience_body 10s 64k;\npatience_answer "%s\\r\\n" '"'%s';\n" \
        "$(printf '%s\\r\\n' 'Content-Type: application/problem+json' "${EDGE_HEADERS[@]}" | sed 's/\\r\\n$//')" \
        "$(problem_body REQUEST_TIMEOUT "Headers have 10 s, a body 10 s and a second for each 64 KiB, without a gap of 10 s.")"
}
