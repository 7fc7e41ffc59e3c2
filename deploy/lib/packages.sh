# Installs what is missing of deploy/packages.txt, starting no daemon and opening no port.

# packages_missing SET...: the packages of these sets that are not installed (or provided).
packages_missing() {
    local sets=" $* " installed set package rest
    installed=" $(dpkg-query -W -f '${db:Status-Status} ${Package} ${Provides}\n' |
        sed -n 's/^installed //p' | tr -s ', \n' ' ' | sed 's/([^)]*)//g') "
    while read -r set package rest; do
        [[ $sets == *" $set "* && $installed != *" $package "* ]] && printf '%s\n' "$package"
    done <"$ACCORD_CHECKOUT/deploy/packages.txt"
    return 0
}

# packages_need SET...
packages_need() {
    local missing
    mapfile -t missing < <(packages_missing "$@")
    ((${#missing[@]})) || return 0
    if ((EUID != 0)); then
        fail "${#missing[@]} Debian packages are missing, which only root can install; as root run:" \
            "make -C $(printf '%q' "$ACCORD_CHECKOUT") deps   (${missing[*]})"
    fi
    step packages "installing ${missing[*]}"
    packages_install "${missing[@]}"
}

POLICY=/usr/sbin/policy-rc.d
POLICY_SAVED=/usr/sbin/policy-rc.d.before-accord
CREATECLUSTER=/etc/postgresql-common/createcluster.d/accord.conf

# Forbids maintainer scripts to start daemons, and PostgreSQL's to make a cluster; undone by
# daemons_allow, also after a run that was killed in between.
daemons_forbid() {
    daemons_allow
    [[ ! -e $POLICY ]] || mv "$POLICY" "$POLICY_SAVED"
    printf '#!/bin/sh\n# Made by Accord while it installs packages; removed afterwards.\nexit 101\n' >"$POLICY"
    chmod 755 "$POLICY"
    mkdir -p "${CREATECLUSTER%/*}"
    printf 'create_main_cluster = false\n' >"$CREATECLUSTER"
}

daemons_allow() {
    if grep -qs 'Made by Accord' "$POLICY"; then rm -f "$POLICY"; fi
    [[ ! -e $POLICY_SAVED ]] || mv "$POLICY_SAVED" "$POLICY"
    rm -f "$CREATECLUSTER"
    rmdir --ignore-fail-on-non-empty "${CREATECLUSTER%/*}" 2>/dev/null || true
}

UNITS=/etc/systemd/system/multi-user.target.wants
units_enabled() {
    local unit
    for unit in nginx.service postgresql.service glewlwyd.service etcd.service patroni.service prometheus.service; do
        [[ ! -L $UNITS/$unit ]] || printf '%s ' "$unit"
    done
}

# Glewlwyd's package would set up a daemon and a database; it is asked for neither.
packages_preseed() {
    [[ " $* " != *" glewlwyd "* ]] ||
        debconf-set-selections <<<'glewlwyd glewlwyd/config_type select No configuration'
}

packages_install() (
    log=$(mktemp)
    trap 'daemons_allow; rm -f "$log"' EXIT
    trap 'exit 130' INT TERM
    enabled_before=$(units_enabled)
    daemons_forbid
    export DEBIAN_FRONTEND=noninteractive
    packages_preseed "$@"
    install=(apt-get install -y -q --no-install-recommends "$@")
    if ! "${install[@]}" >"$log" 2>&1; then
        # Perhaps only the list of packages is old, or was never fetched.
        { apt-get update -q && "${install[@]}"; } >"$log" 2>&1 || {
            tail -n 15 "$log" >&2
            fail "apt-get could not install the packages above; its last lines say why"
        }
    fi
    # Their packages would start nginx, PostgreSQL and others at the next boot: nobody asked for that.
    for unit in $(units_enabled); do
        [[ " $enabled_before " == *" $unit "* ]] || rm -f "$UNITS/$unit"
    done
)
