/* A body against an operation's own schema. The first line names the operation (or picks one of
 * all), the rest is the body. What passes has one canonical form; what does not is answered. */
#include "tests/fuzz/fuzz.h"

#include "common/terms.h"
#include "services/kpi/import.h"
#include "tests/fuzz/specs.h"

static const struct schema *schema_of(const struct operation *operation)
{
    for (size_t i = 0; i < operation->body_count; i++)
        if (strncmp(operation->bodies[i].type, "application/", 12) == 0)
            return operation->bodies[i].schema;
    return NULL;
}

static const struct operation *operation_of(const char *line)
{
    size_t total = 0;
    for (size_t i = 0; i < SPECS; i++) {
        const struct operation *named = spec_find(specs[i], line);
        if (named != NULL)
            return named;
        total += spec_operation_count(specs[i]);
    }
    size_t index = fuzz_pick(line, total);
    for (size_t i = 0; i < SPECS; i++) {
        size_t count = spec_operation_count(specs[i]);
        if (index < count)
            return spec_operation(specs[i], index);
        index -= count;
    }
    return NULL;
}

static void canonical_holds(const json_t *value)
{
    struct problem err = {0};
    char_auto_t *first = NULL, *second = NULL;
    size_t first_size = 0, second_size = 0;
    json_auto_t *again = NULL;
    assert(json_canonical(value, &first, &first_size, &err));
    assert(json_parse(first, first_size, &again, &err));
    assert(json_equal(value, again));
    assert(json_canonical(again, &second, &second_size, &err));
    assert(first_size == second_size && memcmp(first, second, first_size) == 0);
}

/* What reads a body relies on its schema: an agreement's terms, a figure's rows. */
static void readers_run(const struct operation *operation, const json_t *body)
{
    static struct terms terms;
    struct problem err = {0};
    const json_t *parameters = json_member(body, "parameters");
    if (parameters != NULL && strcmp(operation->id, "draftAgreementVersion") == 0) {
        terms_of_json(parameters, &terms);
        if (!terms_check(&terms, "/parameters", &err))
            fuzz_refused(&err);
    }
    struct problem fault = {0};
    import_rows_auto_t *rows = NULL;
    if (operation->is_import && !import_read_json(body, &rows, &fault))
        fuzz_refused(&fault);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    specs_read();
    char_auto_t *line = fuzz_line(&data, &size);
    const struct operation *operation = operation_of(line);
    const struct schema *schema = schema_of(operation);
    struct problem err = {0};
    json_auto_t *body = NULL;
    char_auto_t *text = fuzz_text(data, size);
    if (!json_parse(text, size, &body, &err)) {
        fuzz_refused(&err);
        return 0;
    }
    canonical_holds(body);
    if (schema == NULL)
        return 0;
    if (schema_check(schema, body, "", PROBLEM_BODY_INVALID, &err))
        readers_run(operation, body);
    else
        fuzz_refused(&err);
    return 0;
}
