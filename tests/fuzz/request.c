/* A request's head and body, up to where its handler would be called: address, query, headers.
 *   GET /v1/alliances?limit=3
 *   Accept: text/csv
 *   (an empty line, then the body) */
#include "tests/fuzz/fuzz.h"

#include "tests/fuzz/specs.h"

enum { LINES_MAX = 32 };

/* The caller frees the names; each value stands behind its name. */
static size_t headers_read(const uint8_t **data, size_t *size, struct http_header *ret_headers)
{
    size_t count = 0;
    while (*size > 0 && count < LINES_MAX) {
        char *line = fuzz_line(data, size);
        char *value = strstr(line, ": ");
        if (value == NULL) {
            free(line);
            break;
        }
        *value = '\0';
        ret_headers[count++] = (struct http_header){line, value + 2};
    }
    return count;
}

/* Every parameter of the operation is there or absent, and only what it declares. */
static void request_holds(const struct request *request)
{
    const struct operation *operation = request->operation;
    for (size_t i = 0; i < operation->parameter_count; i++) {
        const struct spec_parameter *parameter = &operation->parameters[i];
        if (parameter->is_in_path)
            assert(request_path(request, parameter->name)[0] != '\0');
        else
            assert(!parameter->is_required || request_query(request, parameter->name) != NULL);
    }
    assert(request->private->query_count <= OPERATION_PARAMETERS_MAX);
    assert(operation->answer_count == 0 || request->private->accept >= 0);
}

static void operation_take(const struct http_message *message, const struct spec_path *path,
                           const struct spec_match *match)
{
    struct problem err = {0};
    struct request_private private = {.message = message, .path = *path, .match = *match};
    struct request request = {.operation = match->operation, .private = &private};
    for (size_t i = 0; i < match->value_count; i++) /* into our own copy of the path */
    private.match.values[i] = (const char *)&private.path + (match->values[i] - (const char *)path);
    if (http_parse(&request, &err))
        request_holds(&request);
    else
        fuzz_refused(&err);
    free(private.query_text);
    json_decref(private.body);
}

static void address_take(const struct http_message *message)
{
    struct spec_path path;
    struct spec_match match;
    enum method method = method_of(message->method);
    if (!spec_path_read(message->target, strcspn(message->target, "?"), &path))
        return;
    for (size_t i = 0; i < SPECS; i++) {
        spec_route(specs[i], method, &path, &match);
        if (match.operation != NULL)
            operation_take(message, &path, &match);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct http_header headers[LINES_MAX];
    struct http_message message = {.method = "GET", .headers = {.items = headers}};
    struct problem err = {0};
    char traceparent[TRACEPARENT_SIZE], id[REQUEST_ID_SIZE];
    specs_read();
    char_auto_t *line = fuzz_line(&data, &size);
    char *target = strchr(line, ' ');
    message.target = target == NULL ? line : target + 1;
    if (target != NULL) {
        *target = '\0';
        message.method = line;
    }
    message.headers.count = headers_read(&data, &size, headers);
    char_auto_t *body = fuzz_text(data, size);
    message.body = body;
    message.body_size = size;
    header_traceparent(header_get(&message.headers, "traceparent"), traceparent);
    assert(strlen(traceparent) == TRACEPARENT_SIZE - 1);
    if (headers_check(&message.headers, &err) &&
        header_request_id(header_get(&message.headers, "X-Request-ID"), id, &err))
        address_take(&message);
    else
        fuzz_refused(&err);
    for (size_t i = 0; i < message.headers.count; i++)
        free((char *)headers[i].name);
    return 0;
}
