#include <inttypes.h>
#include <string.h>

#include "common/http_private.h"
#include "common/json.h"
#include "common/memory.h"

/* --- query
 * ---------------------------------------------------------------------------------------- */

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Decodes in place; false for a bad escape, a control character, or what is not UTF-8. */
static bool decode(char *text)
{
    char *out = text;
    for (const char *in = text; *in; in++) {
        int c = (unsigned char)*in;
        if (c == '%') {
            int high = hex_value(in[1]);
            int low = high < 0 ? -1 : hex_value(in[2]);
            if (low < 0)
                return false;
            c = high * 16 + low;
            in += 2;
        } else if (c == '+') {
            c = ' ';
        }
        if (c < ' ' || c == 0x7f)
            return false;
        *out++ = (char)c;
    }
    *out = '\0';
    json_auto_t *utf8 = json_string(text);
    return utf8 != NULL;
}

static const struct spec_parameter *declared(const struct operation *operation, const char *name)
{
    for (size_t i = 0; i < operation->parameter_count; i++)
        if (!operation->parameters[i].is_in_path &&
            strcmp(operation->parameters[i].name, name) == 0)
            return &operation->parameters[i];
    return NULL;
}

/* "?name", as faults point at a parameter. */
struct pointer {
    char text[80];
};
static struct pointer pointer_of(const char *name)
{
    struct pointer pointer;
    snprintf(pointer.text, sizeof pointer.text, "?%.70s", name);
    return pointer;
}

static bool check_text(const struct spec_parameter *parameter, const char *text,
                       struct problem *err)
{
    struct pointer pointer = pointer_of(parameter->name);
    json_auto_t *value =
        schema_read_text(parameter->schema, text, pointer.text, PROBLEM_PARAMETER_INVALID, err);
    return value &&
           schema_check(parameter->schema, value, pointer.text, PROBLEM_PARAMETER_INVALID, err);
}

static bool take_pair(struct request *request, char *name, struct problem *err)
{
    char *value = strchr(name, '=');
    if (value)
        *value++ = '\0';
    bool ok = decode(name) && (!value || decode(value));
    const struct spec_parameter *parameter = ok ? declared(request->operation, name) : NULL;
    if (!ok)
        return problem_add(err, PROBLEM_PARAMETER_INVALID, "encoding", "?",
                           "the query is not percent-encoded UTF-8");
    if (!parameter)
        return problem_add(err, PROBLEM_PARAMETER_INVALID, "unknown-parameter",
                           pointer_of(name).text, "there is no such parameter");
    if (request_query(request, name))
        return problem_add(err, PROBLEM_PARAMETER_INVALID, "repeated", pointer_of(name).text,
                           "the parameter stands twice");
    struct request_private *private = request->private;
    private->query[private->query_count++] =
        (struct query_parameter){parameter->name, value ? value : ""};
    return check_text(parameter, value ? value : "", err);
}

static bool fill_absent(struct request *request, struct problem *err)
{
    struct request_private *private = request->private;
    bool ok = true;
    for (size_t i = 0; i < request->operation->parameter_count; i++) {
        const struct spec_parameter *parameter = &request->operation->parameters[i];
        if (parameter->is_in_path || request_query(request, parameter->name))
            continue;
        if (parameter->default_text)
        private->query[private->query_count++] =
            (struct query_parameter){parameter->name, parameter->default_text};
        else if (parameter->is_required) ok =
            problem_add(err, PROBLEM_PARAMETER_INVALID, "required",
                        pointer_of(parameter->name).text, "this parameter is needed");
    }
    return ok;
}

static bool check_path(const struct request *request, struct problem *err)
{
    bool ok = true;
    for (size_t i = 0; i < request->operation->parameter_count; i++) {
        const struct spec_parameter *parameter = &request->operation->parameters[i];
        if (parameter->is_in_path)
            ok &= check_text(parameter, request_path(request, parameter->name), err);
    }
    return ok;
}

static bool parse_query(struct request *request, struct problem *err)
{
    struct request_private *private = request->private;
    const char *query = strchr(private->message->target, '?');
    bool ok = check_path(request, err);
    private->query_text = text_copy(query ? query + 1 : "");
    char *rest = private->query_text, *pair;
    while ((pair = strsep(&rest, "&")))
        if (*pair && !take_pair(request, pair, err))
            ok = false;
    return fill_absent(request, err) && ok;
}

/* --- headers
 * --------------------------------------------------------------------------------------- */

static const char *get(const struct request *request, const char *name)
{
    return header_get(&request->private->message->headers, name);
}

static bool parse_key(struct request *request, struct problem *err)
{
    const struct operation *operation = request->operation;
    struct request_private *private = request->private;
    const char *value = get(request, "Idempotency-Key");
    if (operation->needs_key && !value)
        return problem_set(err, PROBLEM_IDEMPOTENCY_KEY_MISSING, "an Idempotency-Key is needed");
    if (!operation->takes_key)
        return true;
    return header_idempotency_key(value, private->key, err);
}

static bool parse_versions(struct request *request, struct problem *err)
{
    const struct operation *operation = request->operation;
    struct request_private *private = request->private;
    const char *match = get(request, "If-Match"), *none = get(request, "If-None-Match");
    if (operation->needs_match && !match)
        return problem_set(err, PROBLEM_PRECONDITION_MISSING,
                           "If-Match with the ETag of what you read is needed");
    return header_version("If-Match", operation->takes_match ? match : NULL, &request->if_match,
                          err) &&
           header_version("If-None-Match", operation->method == METHOD_GET ? none : NULL,
                          &private->if_none_match, err);
}

static bool parse_accept(struct request *request, struct problem *err)
{
    const struct operation *operation = request->operation;
    const char *types[MEDIA_MAX];
    for (size_t i = 0; i < operation->answer_count; i++)
        types[i] = operation->answers[i].type;
    request->private->accept =
        header_accept(get(request, "Accept"), types, operation->answer_count);
    if (operation->answer_count && request->private->accept < 0)
        return problem_set(err, PROBLEM_NOT_ACCEPTABLE, "this resource is shown as %s%s%s",
                           types[0], operation->answer_count > 1 ? " or " : "",
                           operation->answer_count > 1 ? types[1] : "");
    return true;
}

/* --- body
 * -------------------------------------------------------------------------------------------- */

static const struct spec_media *find_media(const struct operation *operation, const char *type)
{
    for (size_t i = 0; i < operation->body_count; i++)
        if (strcmp(operation->bodies[i].type, type) == 0)
            return &operation->bodies[i];
    return NULL;
}

static bool parse_media(const struct request *request, const struct spec_media **ret_media,
                        struct problem *err)
{
    char type[CODE_SIZE];
    if (!header_is_identity(get(request, "Content-Encoding")))
        return problem_set(err, PROBLEM_MEDIA_TYPE_UNSUPPORTED,
                           "a body is sent as it is, without a Content-Encoding");
    if (!header_media_type(get(request, "Content-Type"), type, err))
        return false;
    *ret_media = find_media(request->operation, type);
    return *ret_media || problem_set(err, PROBLEM_MEDIA_TYPE_UNSUPPORTED, "this operation takes %s",
                                     request->operation->bodies[0].type);
}

static bool check_size(const struct request *request, struct problem *err)
{
    const struct http_message *message = request->private->message;
    int64_t limit = request->operation->is_import ? IMPORT_BYTES_MAX : BODY_BYTES_MAX, length;
    if (!header_length(get(request, "Content-Length"), &length, err))
        return false;
    if ((int64_t)message->body_size > limit || length > limit)
        return problem_set(err, PROBLEM_BODY_TOO_LARGE,
                           "the body may have at most %" PRId64 " bytes", limit);
    return true;
}

static bool read_text_body(struct request *request, const struct http_message *message,
                           struct problem *err)
{
    json_auto_t *utf8 = json_stringn(message->body, message->body_size);
    if (!utf8 || memchr(message->body, 0, message->body_size))
        return problem_set(err, PROBLEM_BODY_MALFORMED, "the body is not UTF-8 text");
    request->text_body = message->body;
    request->text_body_size = message->body_size;
    return true;
}

static bool read_body(struct request *request, const struct spec_media *media, struct problem *err)
{
    struct request_private *private = request->private;
    const struct http_message *message = private->message;
    if (strncmp(media->type, "application/", 12) != 0)
        return read_text_body(request, message, err);
    if (!json_parse(message->body, message->body_size, &private->body, err))
        return false;
    request->body = private->body;
    return schema_check(media->schema, private->body, "", PROBLEM_BODY_INVALID, err);
}

/* The faults of parameters and body are told together. */
static bool parse_content(struct request *request, struct problem *err)
{
    const struct operation *operation = request->operation;
    const struct http_message *message = request->private->message;
    const struct spec_media *media = NULL;
    bool has_body = message->body_size > 0;
    if (has_body && operation->body_count == 0)
        return problem_set(err, PROBLEM_REQUEST_MALFORMED, "this operation takes no body");
    if (has_body && (!check_size(request, err) || !parse_media(request, &media, err)))
        return false;
    bool ok = parse_query(request, err);
    if (has_body)
        return read_body(request, media, err) && ok;
    if (operation->is_body_required)
        return problem_set(err, PROBLEM_BODY_MALFORMED, "this operation needs a body");
    return ok;
}

bool http_parse(struct request *request, struct problem *err)
{
    return parse_accept(request, err) && parse_key(request, err) && parse_versions(request, err) &&
           header_positions(get(request, "Accord-After"), &request->private->after, err) &&
           parse_content(request, err);
}
