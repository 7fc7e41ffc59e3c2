# Every setting of deploy/ with its default. A setting is an environment variable, so that a second
# cluster (a test's) can stand beside the first.

SERVICES=(membership ledger reinvestment risk kpi)
PROJECTS=(common/schema services/{membership,ledger,reinvestment,risk,kpi}/schema)
POSTGRES_BIN=/usr/lib/postgresql/15/bin

# The names that pass from `make run` to what runs as another user in a clean environment.
SETTINGS=(
    ACCORD_CHECKOUT        # the folder of the sources, for messages
    ACCORD_DATA            # everything that is kept or runs
    ACCORD_PORT            # the one origin
    ACCORD_DATABASE        # an existing PostgreSQL, as libpq's connection string of a superuser; else one is made
    ACCORD_DATABASE_PORT
    ACCORD_SERVICE_PORTS   # +1.. HTTP, +101.. questions, +201.. wake-ups; +10 for each further instance
    ACCORD_INSTANCES       # processes per service
    ACCORD_BASE_URL
    ACCORD_AUDIENCE        # `aud` of the tokens that are for us
    ACCORD_ISSUER          # the development issuer
    ACCORD_FLOOD_RATE      # requests a second and address, above which nginx answers 429
    ACCORD_CLIENT_RATE     # requests a second that one client may make
    ACCORD_PARTS           # all, or database: PostgreSQL with migrations, keys and configuration only
    ACCORD_EXAMPLE         # yes: play the example once
    ACCORD_TEST_CLOCK      # yes: mark the cluster as a test, whose clock may be moved
    ACCORD_UNDER_MAKE      # yes: make is the parent, and when it goes, so do we
    ACCORD_SETTLED         # a file that appears when everything is ready
)

settings_default() {
    : "${ACCORD_PORT:=8080}" "${ACCORD_DATABASE_PORT:=7432}" "${ACCORD_SERVICE_PORTS:=7100}"
    : "${ACCORD_INSTANCES:=1}" "${ACCORD_BASE_URL:=http://127.0.0.1:$ACCORD_PORT}"
    : "${ACCORD_AUDIENCE:=https://accord.example}" "${ACCORD_ISSUER:=https://issuer.accord.example}"
    : "${ACCORD_FLOOD_RATE:=20000}" "${ACCORD_CLIENT_RATE:=1000}" "${ACCORD_PARTS:=all}" "${ACCORD_EXAMPLE:=yes}"
    : "${ACCORD_DATABASE:=}" "${ACCORD_TEST_CLOCK:=no}" "${ACCORD_UNDER_MAKE:=no}" "${ACCORD_SETTLED:=}"
    local name value
    for name in ACCORD_PORT ACCORD_DATABASE_PORT ACCORD_SERVICE_PORTS ACCORD_INSTANCES ACCORD_FLOOD_RATE ACCORD_CLIENT_RATE; do
        value=${!name}
        [[ $value =~ ^[1-9][0-9]{0,4}$ ]] || fail "$name is '$value', which is no number that can be used"
    done
}

# Root keeps its data where the service user can reach it; anybody else below the checkout.
data_folder_default() {
    local checkout=$1 digest
    if ((EUID == 0)); then
        digest=$(printf '%s' "$checkout" | sha256sum)
        printf '/var/lib/accord/%s\n' "${digest:0:8}"
    else
        printf '%s/.data\n' "$checkout"
    fi
}

# Where things are below the data folder.
folders_name() {
    APP=$ACCORD_DATA/app
    DATABASE=$ACCORD_DATA/database
    KEYS=$ACCORD_DATA/keys
    LOGS=$ACCORD_DATA/log
    RUN=$ACCORD_DATA/run
    CONFIG=$ACCORD_DATA/config.json
    PASSWORDS=$KEYS/passwords
    # A Unix socket's path has at most 107 bytes.
    SOCKETS=$RUN
    if ((${#SOCKETS} > 80)); then
        local digest
        digest=$(printf '%s' "$ACCORD_DATA" | sha256sum)
        SOCKETS=/tmp/accord-${digest:0:16}
    fi
}

# service_port http|questions|wake SERVICE-NUMBER(1..) INSTANCE(0..)
service_port() {
    local base=$ACCORD_SERVICE_PORTS
    case $1 in
    questions) base=$((base + 100)) ;;
    wake) base=$((base + 200)) ;;
    esac
    printf '%s\n' $((base + $2 + 10 * $3))
}
