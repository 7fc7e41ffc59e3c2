/* What the targets share: one LLVMFuzzerTestOneInput each, which asserts what must hold of any
 * bytes. See README.md. */
#ifndef ACCORD_TESTS_FUZZ_H
#define ACCORD_TESTS_FUZZ_H

#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "common/http_private.h"
#include "common/json.h"

#define FUZZ_UNUSED __attribute__((unused))

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A copy that ends with a NUL and not a byte later, so that ASan sees who reads on. */
FUZZ_UNUSED static char *fuzz_text(const void *bytes, size_t size)
{
    char *text = malloc(size + 1);
    assert(text != NULL);
    if (size > 0)
        memcpy(text, bytes, size);
    text[size] = '\0';
    return text;
}

/* Cuts the first line off the input; without a line feed all of it. The caller frees it. */
FUZZ_UNUSED static char *fuzz_line(const uint8_t **data, size_t *size)
{
    const uint8_t *end = *size == 0 ? NULL : memchr(*data, '\n', *size);
    size_t length = end == NULL ? *size : (size_t)(end - *data);
    char *line = fuzz_text(*data, length);
    size_t taken = length + (end != NULL);
    *data += taken;
    *size -= taken;
    return line;
}

/* One of `count`, the same for the same text. */
FUZZ_UNUSED static size_t fuzz_pick(const char *text, size_t count)
{
    size_t sum = 0;
    for (; *text != '\0'; text++)
        sum = sum * 31 + (unsigned char)*text;
    return sum % count;
}

/* A refusal says why, and becomes an answer that is JSON, with nothing lost on the way. */
FUZZ_UNUSED static void fuzz_refused(const struct problem *err)
{
    struct reply reply = {.status = 0};
    struct problem fault = {0};
    json_auto_t *document = NULL;
    assert(problem_is_set(err));
    reply_problem(&reply, err, "/v1/alliances", "00000000-0000-7000-8000-000000000000");
    assert(json_parse(reply.text, reply.text_size, &document, &fault));
    if (problem_status(err->code) < 500 && err->detail[0] != '\0')
        assert(strcmp(json_text(document, "detail"), err->detail) == 0);
    for (size_t i = 0; i < json_array_size(json_object_get(document, "errors")); i++) {
        const json_t *said = json_array_get(json_object_get(document, "errors"), i);
        const char *pointer = json_string_value(json_object_get(said, "pointer"));
        assert(strcmp(pointer, err->faults[i].pointer) == 0);
        assert(strcmp(json_string_value(json_object_get(said, "detail")), err->faults[i].detail) ==
               0);
    }
    reply_clear(&reply);
}

#endif
