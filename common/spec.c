#include "common/spec.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/http.h"
#include "common/memory.h"
#include "common/spec_tree.h"

static const char *const METHOD_NAMES[] = {"GET", "PUT", "POST", "PATCH", "DELETE"};

const char *method_name(enum method method)
{
    return METHOD_NAMES[method];
}

enum method method_of(const char *name)
{
    if (strcmp(name, "HEAD") == 0)
        return METHOD_GET;
    for (size_t i = 0; i < METHOD_COUNT; i++)
        if (strcmp(METHOD_NAMES[i], name) == 0)
            return (enum method)i;
    return METHOD_COUNT;
}

/* Follows one `$ref: #/components/<kind>/<name>`. */
static const json_t *resolve(const struct spec *spec, const json_t *node)
{
    const char *ref = json_string_value(json_object_get(node, "$ref"));
    if (!ref)
        return node;
    char kind[32], name[512];
    if (sscanf(ref, "#/components/%31[^/]/%511[^/]", kind, name) != 2)
        return NULL;
    return json_object_get(json_object_get(json_object_get(spec->document, "components"), kind),
                           name);
}

static bool bad(const struct operation *operation, const char *what, struct problem *err)
{
    return problem_set(err, PROBLEM_INTERNAL, "api-spec: %s: %s", operation->id, what);
}

/* --- parameters ---------------------------------------------------------------------------------
 */

static char *default_text(const struct schema *schema)
{
    const json_t *value = schema_default(schema);
    if (!value)
        return NULL;
    if (json_is_string(value))
        return need(strdup(json_string_value(value)));
    return need(json_dumps(value, JSON_ENCODE_ANY));
}

static void read_header(struct operation *operation, const char *name, bool is_required)
{
    if (strcasecmp(name, "Idempotency-Key") == 0) {
        operation->takes_key = true;
        operation->needs_key = is_required;
    } else if (strcasecmp(name, "If-Match") == 0) {
        operation->takes_match = true;
        operation->needs_match = is_required;
    }
}

static bool read_parameter(struct spec *spec, struct operation *operation, const json_t *node,
                           struct problem *err)
{
    node = resolve(spec, node);
    const char *name = json_string_value(json_object_get(node, "name"));
    const char *in = json_string_value(json_object_get(node, "in"));
    bool is_required = json_is_true(json_object_get(node, "required"));
    if (!name || !in)
        return bad(operation, "a parameter without name or place", err);
    if (strcmp(in, "header") == 0) {
        read_header(operation, name, is_required);
        return true;
    }
    if (operation->parameter_count == OPERATION_PARAMETERS_MAX)
        return bad(operation, "too many parameters", err);
    struct spec_parameter *parameter = &operation->parameters[operation->parameter_count++];
    parameter->name = name;
    parameter->is_in_path = strcmp(in, "path") == 0;
    parameter->is_required = is_required;
    if (!schema_compile(spec->schemas, json_object_get(node, "schema"), name, &parameter->schema,
                        err))
        return false;
    parameter->default_text = default_text(parameter->schema);
    return true;
}

static bool read_parameters(struct spec *spec, struct operation *operation, const json_t *node,
                            struct problem *err)
{
    const json_t *parameters = json_object_get(node, "parameters");
    for (size_t i = 0; i < json_array_size(parameters); i++)
        if (!read_parameter(spec, operation, json_array_get(parameters, i), err))
            return false;
    return true;
}

/* --- bodies and answers
 * ----------------------------------------------------------------------------- */

static bool read_media(struct spec *spec, const struct operation *operation, const json_t *content,
                       bool with_schema, struct spec_media ret_media[MEDIA_MAX], size_t *ret_count,
                       struct problem *err)
{
    const char *type;
    json_t *node;
    json_object_foreach((json_t *)content, type, node)
    {
        if (*ret_count == MEDIA_MAX)
            return bad(operation, "too many media types", err);
        struct spec_media *media = &ret_media[(*ret_count)++];
        media->type = type;
        if (with_schema && !schema_compile(spec->schemas, json_object_get(node, "schema"),
                                           operation->id, &media->schema, err))
            return false;
    }
    return true;
}

static bool read_body(struct spec *spec, struct operation *operation, const json_t *node,
                      struct problem *err)
{
    const json_t *body = resolve(spec, json_object_get(node, "requestBody"));
    operation->is_body_required = json_is_true(json_object_get(body, "required"));
    return read_media(spec, operation, json_object_get(body, "content"), true, operation->bodies,
                      &operation->body_count, err);
}

static bool read_answers(struct spec *spec, struct operation *operation, const json_t *node,
                         struct problem *err)
{
    const char *status;
    json_t *response;
    json_object_foreach(json_object_get(node, "responses"), status, response)
    {
        if (status[0] != '2')
            continue;
        const json_t *content = json_object_get(resolve(spec, response), "content");
        if (!read_media(spec, operation, content, false, operation->answers,
                        &operation->answer_count, err))
            return false;
    }
    return true;
}

/* --- rights
 * -------------------------------------------------------------------------------------------- */

static bool read_security(struct operation *operation, const json_t *node, struct problem *err)
{
    const json_t *security = json_object_get(node, "security");
    if (!json_is_array(security) || json_array_size(security) > ARRAY_LENGTH(operation->rights))
        return bad(operation, "security is missing or too long", err);
    operation->is_public = json_array_size(security) == 0;
    for (size_t i = 0; i < json_array_size(security); i++) {
        const json_t *scopes = json_object_get(json_array_get(security, i), "accessToken");
        struct spec_rights *rights = &operation->rights[operation->rights_count++];
        if (json_array_size(scopes) == 0 || json_array_size(scopes) > ARRAY_LENGTH(rights->scopes))
            return bad(operation, "security names no scope, or too many", err);
        for (size_t j = 0; j < json_array_size(scopes); j++) {
            const char *scope = json_string_value(json_array_get(scopes, j));
            if (!scope)
                return bad(operation, "a scope is text", err);
            rights->scopes[rights->count++] = scope;
        }
    }
    return true;
}

static bool read_roles(struct operation *operation, const json_t *node, struct problem *err)
{
    const json_t *roles = json_object_get(node, "x-roles");
    operation->has_alliance = strstr(operation->path, "{allianceId}") != NULL;
    for (size_t i = 0; i < json_array_size(roles); i++) {
        const char *role = json_string_value(json_array_get(roles, i));
        if (!role || !role_set_add(&operation->roles, role))
            return bad(operation, "x-roles names a role that there is not", err);
    }
    if (operation->has_alliance && !operation->roles)
        return bad(operation, "x-roles is missing", err);
    return true;
}

/* Whatever changes something says in which states of the alliance it may; the bundler has filled in
 * the default. */
static bool read_states(struct operation *operation, const json_t *node, struct problem *err)
{
    const json_t *states = json_object_get(node, "x-alliance");
    const bool is_write = operation->method != METHOD_GET && operation->has_alliance;
    for (size_t i = 0; i < json_array_size(states); i++) {
        const char *name = json_string_value(json_array_get(states, i));
        if (!name || !alliance_set_add(&operation->states, name))
            return bad(operation, "x-alliance names a state that there is not", err);
    }
    if (is_write != (operation->states != 0))
        return bad(
            operation,
            is_write ? "x-alliance is missing" : "x-alliance is for what changes an alliance", err);
    return true;
}

static bool read_extensions(struct operation *operation, const json_t *node, struct problem *err)
{
    const json_t *csv = json_object_get(node, "x-csv");
    operation->is_list = json_object_get(node, "x-list") != NULL;
    operation->is_import = json_is_true(json_object_get(node, "x-import"));
    operation->has_prepare = json_is_true(json_object_get(node, "x-prepare"));
    operation->is_without_database = json_is_true(json_object_get(node, "x-without-database"));
    operation->csv_rows = json_string_value(json_object_get(csv, "rows"));
    operation->csv_columns = json_object_get(csv, "columns");
    operation->deprecated_at = json_string_value(json_object_get(node, "x-deprecated-at"));
    operation->sunset_at = json_string_value(json_object_get(node, "x-sunset-at"));
    if (csv && (!operation->csv_rows || json_array_size(operation->csv_columns) == 0))
        return bad(operation, "x-csv needs rows and columns", err);
    if (operation->is_without_database &&
        (operation->has_alliance || operation->method != METHOD_GET))
        return bad(operation, "x-without-database is for a GET outside of alliances", err);
    return true;
}

/* --- the document
 * ---------------------------------------------------------------------------------------- */

static bool read_operation(struct spec *spec, const char *path, enum method method,
                           const json_t *node, struct problem *err)
{
    spec->operations =
        need(realloc(spec->operations, (spec->operation_count + 1) * sizeof *spec->operations));
    struct operation *operation = need(calloc(1, sizeof *operation));
    operation->index = spec->operation_count;
    spec->operations[spec->operation_count++] = operation;
    operation->id = json_string_value(json_object_get(node, "operationId"));
    operation->method = method;
    operation->path = path;
    if (!operation->id)
        return problem_set(err, PROBLEM_INTERNAL, "api-spec: %s: no operationId", path);
    return read_security(operation, node, err) && read_roles(operation, node, err) &&
           read_states(operation, node, err) && read_parameters(spec, operation, node, err) &&
           read_body(spec, operation, node, err) && read_answers(spec, operation, node, err) &&
           read_extensions(operation, node, err) && spec_tree_add(spec, operation, err);
}

static bool read_paths(struct spec *spec, struct problem *err)
{
    const char *path, *key;
    json_t *item, *node;
    json_object_foreach(json_object_get(spec->document, "paths"), path, item)
    {
        json_object_foreach(item, key, node)
        {
            enum method method = METHOD_COUNT;
            for (size_t i = 0; i < METHOD_COUNT; i++)
                if (strcasecmp(METHOD_NAMES[i], key) == 0)
                    method = (enum method)i;
            if (method != METHOD_COUNT && !read_operation(spec, path, method, node, err))
                return false;
        }
    }
    return true;
}

bool spec_new(const char *text, struct spec **ret_spec, struct problem *err)
{
    json_error_t error;
    spec_auto_t *spec = need(calloc(1, sizeof *spec));
    spec->document = json_loads(text, JSON_REJECT_DUPLICATES, &error);
    if (!spec->document)
        return problem_set(err, PROBLEM_INTERNAL, "api-spec: %s", error.text);
    spec->schemas = schema_set_new(spec->document);
    if (!read_paths(spec, err))
        return false;
    *ret_spec = STEAL(spec);
    return true;
}

void spec_free(struct spec *spec)
{
    if (!spec)
        return;
    for (size_t i = 0; i < spec->operation_count; i++) {
        for (size_t j = 0; j < spec->operations[i]->parameter_count; j++)
            free(spec->operations[i]->parameters[j].default_text);
        free(spec->operations[i]);
    }
    free(spec->operations);
    free(spec->paths);
    schema_set_free(spec->schemas);
    json_decref(spec->document);
    free(spec);
}

size_t spec_operation_count(const struct spec *spec)
{
    return spec->operation_count;
}

const struct operation *spec_operation(const struct spec *spec, size_t index)
{
    return spec->operations[index];
}

const struct operation *spec_find(const struct spec *spec, const char *operation_id)
{
    for (size_t i = 0; i < spec->operation_count; i++)
        if (strcmp(spec->operations[i]->id, operation_id) == 0)
            return spec->operations[i];
    return NULL;
}

bool spec_bind(struct spec *spec, const struct route *routes, size_t count, struct problem *err)
{
    for (size_t i = 0; i < count; i++) {
        const struct operation *found = spec_find(spec, routes[i].operation_id);
        if (!found)
            return problem_set(err, PROBLEM_INTERNAL,
                               "handler %s: the api-spec has no such operation",
                               routes[i].operation_id);
        struct operation *operation = spec->operations[found->index];
        if (operation->route)
            return bad(operation, "it has two handlers", err);
        if (!routes[i].handle || operation->has_prepare != (routes[i].prepare != NULL))
            return bad(operation, "x-prepare and its handler do not agree", err);
        operation->route = &routes[i];
    }
    for (size_t i = 0; i < spec->operation_count; i++)
        if (!spec->operations[i]->route)
            return bad(spec->operations[i], "it has no handler", err);
    return true;
}
