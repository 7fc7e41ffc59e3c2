#include "common/pattern.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdalign.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    STEPS_MAX = 100000,    /* of a pattern over one text */
    DESK_BYTES = 24 * 1024 /* libpcre2 begins with 20 KiB for where it might go back to */
};

struct pattern *pattern_new(const char *text)
{
    int code;
    PCRE2_SIZE offset;
    char_auto_t *limited = NULL;
    if (asprintf(&limited, "(*LIMIT_MATCH=%d)%s", STEPS_MAX, text) < 0)
        abort();
    return (struct pattern *)pcre2_compile((PCRE2_SPTR)limited, PCRE2_ZERO_TERMINATED,
                                           PCRE2_UTF | PCRE2_ALT_BSUX | PCRE2_DOLLAR_ENDONLY, &code,
                                           &offset, NULL);
}

void pattern_free(struct pattern *pattern)
{
    pcre2_code_free((pcre2_code *)pattern);
}

/* What a match works on lies on the stack: from the heap its many KiB, taken and given back for
 * each text, would cost more than the match. Only a text that needs more goes there. */
struct desk {
    alignas(max_align_t) unsigned char bytes[DESK_BYTES];
    size_t used;
};

static void *desk_take(PCRE2_SIZE size, void *data)
{
    struct desk *desk = data;
    size_t needed = (size + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
    if (needed < size || needed > DESK_BYTES - desk->used)
        return malloc(size);
    desk->used += needed;
    return desk->bytes + desk->used - needed;
}

static void desk_give_back(void *memory, void *data)
{
    struct desk *desk = data;
    uintptr_t at = (uintptr_t)memory, desk_at = (uintptr_t)desk->bytes;
    if (at < desk_at || at >= desk_at + DESK_BYTES)
        free(memory);
}

bool pattern_matches(const struct pattern *pattern, const char *text, size_t size)
{
    struct desk desk;
    desk.used = 0;
    pcre2_general_context *memory = pcre2_general_context_create(desk_take, desk_give_back, &desk);
    pcre2_match_data *data = pcre2_match_data_create(1, memory);
    if (!data)
        abort();
    int found = pcre2_match((const pcre2_code *)pattern, (PCRE2_SPTR)text, size, 0,
                            PCRE2_NO_UTF_CHECK, data, NULL);
    pcre2_match_data_free(data);
    pcre2_general_context_free(memory);
    return found >= 0;
}
