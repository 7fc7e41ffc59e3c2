# Keys: one per service for what it signs, one for the development issuer; the public ones as JWKS.

key_make() {
    [[ -e $1 ]] && return 0
    (umask 077 && openssl genpkey -quiet -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1.new") &&
        mv "$1.new" "$1"
}

keys_make() {
    local name
    mkdir -p "$KEYS"
    chmod 700 "$KEYS"
    for name in "${SERVICES[@]}" issuer; do
        key_make "$KEYS/$name.pem" || fail "the key $KEYS/$name.pem could not be made"
    done
    python3 "$APP/deploy/jwks.py" "$KEYS/cluster.jwks" "${SERVICES[@]/#/$KEYS/}" || exit 1
    python3 "$APP/deploy/jwks.py" "$KEYS/issuer.jwks" "$KEYS/issuer" || exit 1
    issuers_make
}

# The file of issuers is the operator's once it exists.
issuers_make() {
    [[ -e $KEYS/issuers.json ]] && return 0
    jq -n --arg issuer "$ACCORD_ISSUER" --arg jwks "$KEYS/issuer.jwks" --arg audience "$ACCORD_AUDIENCE" \
        '[{issuer: $issuer, jwks: $jwks, audience: $audience, legacy: true, algorithms: ["ES256"],
           organisationClaim: "organisation", organisations: ["*"]}]' >"$KEYS/issuers.json.new"
    mv "$KEYS/issuers.json.new" "$KEYS/issuers.json"
}
