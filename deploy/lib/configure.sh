# The services' one configuration file, made at each start from the settings.

service_configuration() {
    local number=$1 service=$2 instance
    for ((instance = 0; instance < ACCORD_INSTANCES; instance++)); do
        jq -n --arg http "127.0.0.1:$(service_port http "$number" "$instance")" \
            --arg questions "tcp://127.0.0.1:$(service_port questions "$number" "$instance")" \
            --arg wake "tcp://127.0.0.1:$(service_port wake "$number" "$instance")" \
            '{http: $http, questions: $questions, wake: $wake}'
    done | jq -s --arg service "$service" --arg database "$(conninfo "$service")" \
        '{key: $service, value: {database: $database, instances: .}}'
}

services_configure() {
    local number=0 service
    for service in "${SERVICES[@]}"; do
        number=$((number + 1))
        service_configuration "$number" "$service"
    done | jq -s --arg baseUrl "$ACCORD_BASE_URL" --arg audience "$ACCORD_AUDIENCE" --arg keys "$KEYS" \
        --argjson rateLimit "$ACCORD_CLIENT_RATE" --arg issuers "$KEYS/issuers.json" \
        --arg operator "$(operator_conninfo accord)" \
        '{baseUrl: $baseUrl, audience: $audience, keys: $keys, issuers: $issuers, operator: $operator,
          rateLimit: $rateLimit, services: from_entries}' \
        >"$CONFIG.new"
    mv "$CONFIG.new" "$CONFIG"
}
