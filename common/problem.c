#include "common/problem.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/utf8.h"

static const struct {
    int status;
    const char *slug;
    const char *title;
} problems[PROBLEM_COUNT] = {
#define PROBLEM(code, status, slug, title) [PROBLEM_##code] = {status, slug, title},
#include "common/problem.def"
#undef PROBLEM
};

/* A text that was cut must not end within a character: it becomes JSON later. */
static void trim_cut_character(char *text, size_t length)
{
    size_t start = length;
    assert(length > 3);
    while (length - start < 3 && ((unsigned char)text[start - 1] & 0xC0) == 0x80)
        start--;
    unsigned char lead = (unsigned char)text[start - 1];
    size_t wanted = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 1;
    if (wanted > 1 && length - start + 1 < wanted)
        text[start - 1] = '\0';
}

/* What quotes somebody's words must not bring control characters into answers and logs. */
static void replace_controls(char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < 0x20 || *text == 0x7f)
            *text = '?';
}

static void PRINTF_LIKE(3, 0)
    text_format(char *ret_text, size_t size, const char *format, va_list arguments)
{
    int length = vsnprintf(ret_text, size, format, arguments);
    if (length < 0)
        ret_text[0] = '\0';
    else if ((size_t)length >= size)
        trim_cut_character(ret_text, size - 1);
    replace_controls(ret_text);
    utf8_mend(ret_text); /* the words may have been cut before they were quoted */
}

static void PRINTF_LIKE(3, 4) text_set(char *ret_text, size_t size, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    text_format(ret_text, size, format, arguments);
    va_end(arguments);
}

bool(problem_set)(struct problem *err, enum problem_code code, const char *format, ...)
{
    assert(code > PROBLEM_NONE && code < PROBLEM_COUNT);
    /* The new detail may quote the old one. */
    char detail[PROBLEM_DETAIL_SIZE];
    va_list arguments;
    va_start(arguments, format);
    text_format(detail, sizeof detail, format, arguments);
    va_end(arguments);
    err->code = code;
    err->is_public = false;
    memcpy(err->detail, detail, sizeof detail);
    return false;
}

void problem_publish(struct problem *err)
{
    err->is_public = true;
}

bool(problem_add)(struct problem *err, enum problem_code code, const char *fault_code,
                  const char *pointer, const char *format, ...)
{
    if (err->fault_count == 0)
        problem_set(err, code, "%s; see errors", problem_title(code));
    if (err->fault_count < FAULTS_LISTED_MAX) {
        struct problem_fault *fault = &err->faults[err->fault_count];
        text_set(fault->pointer, sizeof fault->pointer, "%s", pointer);
        text_set(fault->code, sizeof fault->code, "%s", fault_code);
        va_list arguments;
        va_start(arguments, format);
        text_format(fault->detail, sizeof fault->detail, format, arguments);
        va_end(arguments);
    }
    err->fault_count++;
    return false;
}

void problem_clear(struct problem *err)
{
    err->code = PROBLEM_NONE;
    err->detail[0] = '\0';
    err->is_public = false;
    err->fault_count = 0;
    err->retry_after_s = 0;
}

bool problem_is_set(const struct problem *err)
{
    return err->code != PROBLEM_NONE;
}

int problem_status(enum problem_code code)
{
    assert(code >= 0 && code < PROBLEM_COUNT);
    return problems[code].status;
}

const char *problem_slug(enum problem_code code)
{
    assert(code >= 0 && code < PROBLEM_COUNT);
    return problems[code].slug;
}

const char *problem_title(enum problem_code code)
{
    assert(code >= 0 && code < PROBLEM_COUNT);
    return problems[code].title;
}

enum problem_code problem_by_slug(const char *slug)
{
    for (int code = PROBLEM_NONE + 1; code < PROBLEM_COUNT; code++)
        if (strcmp(problems[code].slug, slug) == 0)
            return (enum problem_code)code;
    return PROBLEM_NONE;
}
