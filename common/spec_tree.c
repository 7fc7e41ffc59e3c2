#include "common/spec_tree.h"

#include <string.h>

#include "common/memory.h"

/* --- filling -------------------------------------------------------------------------------------
 */

static const char *declared_name(const struct operation *operation, const char *text, size_t size)
{
    for (size_t i = 0; i < operation->parameter_count; i++) {
        const struct spec_parameter *parameter = &operation->parameters[i];
        if (parameter->is_in_path && strlen(parameter->name) == size &&
            memcmp(parameter->name, text, size) == 0)
            return parameter->name;
    }
    return NULL;
}

static bool read_segments(struct spec_tree_path *path, const struct operation *operation,
                          struct problem *err)
{
    size_t parameters = 0;
    for (const char *rest = path->text; *rest == '/';) {
        size_t size = strcspn(rest + 1, "/");
        if (size == 0 || path->count == SEGMENTS_MAX)
            return problem_set(err, PROBLEM_INTERNAL, "api-spec: %s: too long, or an empty segment",
                               path->text);
        struct spec_segment *segment = &path->segments[path->count++];
        *segment = (struct spec_segment){.text = rest + 1, .size = size};
        if (rest[1] == '{' && rest[size] == '}') {
            segment->is_parameter = true;
            segment->name = declared_name(operation, rest + 2, size - 2);
            if (!segment->name || ++parameters > PATH_PARAMETERS_MAX)
                return problem_set(err, PROBLEM_INTERNAL,
                                   "api-spec: %s: a path parameter is not declared", path->text);
        }
        rest += 1 + size;
    }
    return true;
}

bool spec_tree_add(struct spec *spec, const struct operation *operation, struct problem *err)
{
    struct spec_tree_path *path = NULL;
    for (size_t i = 0; i < spec->path_count; i++)
        if (strcmp(spec->paths[i].text, operation->path) == 0)
            path = &spec->paths[i];
    if (!path) {
        spec->paths = need(realloc(spec->paths, (spec->path_count + 1) * sizeof *spec->paths));
        path = &spec->paths[spec->path_count++];
        *path = (struct spec_tree_path){.text = operation->path};
        if (!read_segments(path, operation, err))
            return false;
    }
    path->operations[operation->method] = operation;
    return true;
}

/* --- a request's path
 * --------------------------------------------------------------------------------- */

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

/* One segment; a slash or a control character is none of ours, escaped or not. */
static bool segment_decode(const char *text, size_t size, char ret_segment[SEGMENT_SIZE])
{
    size_t length = 0;
    for (size_t i = 0; i < size; i++) {
        int c = (unsigned char)text[i];
        if (c == '%') {
            int high = i + 2 < size ? hex_value(text[i + 1]) : -1;
            int low = i + 2 < size ? hex_value(text[i + 2]) : -1;
            if (high < 0 || low < 0)
                return false;
            c = high * 16 + low;
            i += 2;
        }
        if (c <= ' ' || c == '/' || c == 0x7f || length == SEGMENT_SIZE - 1)
            return false;
        ret_segment[length++] = (char)c;
    }
    ret_segment[length] = '\0';
    /* json_stringn knows UTF-8, and refuses what is not */
    json_auto_t *utf8 = json_stringn(ret_segment, length);
    return length > 0 && utf8 != NULL;
}

bool spec_path_read(const char *target, size_t size, struct spec_path *ret_path)
{
    ret_path->count = 0;
    size_t i = 0;
    while (i < size) {
        if (target[i] != '/' || ret_path->count == SEGMENTS_MAX)
            return false;
        size_t start = ++i;
        while (i < size && target[i] != '/')
            i++;
        if (!segment_decode(target + start, i - start, ret_path->segments[ret_path->count]))
            return false;
        ret_path->count++;
    }
    return ret_path->count > 0;
}

/* --- finding
 * --------------------------------------------------------------------------------------------- */

static bool path_fits(const struct spec_tree_path *path, const struct spec_path *request)
{
    if (path->count != request->count)
        return false;
    for (size_t i = 0; i < path->count; i++) {
        const struct spec_segment *segment = &path->segments[i];
        if (!segment->is_parameter &&
            (strlen(request->segments[i]) != segment->size ||
             memcmp(request->segments[i], segment->text, segment->size) != 0))
            return false;
    }
    return true;
}

/* A word goes before a parameter, from the left. */
static bool path_is_closer(const struct spec_tree_path *path, const struct spec_tree_path *than)
{
    if (!than)
        return true;
    for (size_t i = 0; i < path->count; i++)
        if (path->segments[i].is_parameter != than->segments[i].is_parameter)
            return than->segments[i].is_parameter;
    return false;
}

static void take_values(const struct spec_tree_path *path, const struct spec_path *request,
                        struct spec_match *match)
{
    for (size_t i = 0; i < path->count; i++) {
        if (!path->segments[i].is_parameter)
            continue;
        match->names[match->value_count] = path->segments[i].name;
        match->values[match->value_count++] = request->segments[i];
    }
}

void spec_route(const struct spec *spec, enum method method, const struct spec_path *path,
                struct spec_match *ret_match)
{
    *ret_match = (struct spec_match){0};
    const struct spec_tree_path *found = NULL;
    for (size_t i = 0; i < spec->path_count; i++)
        if (path_fits(&spec->paths[i], path) && path_is_closer(&spec->paths[i], found))
            found = &spec->paths[i];
    if (!found)
        return;
    for (unsigned i = 0; i < METHOD_COUNT; i++)
        if (found->operations[i])
            ret_match->allow |= 1u << i;
    if (method != METHOD_COUNT)
        ret_match->operation = found->operations[method];
    take_values(found, path, ret_match);
}
