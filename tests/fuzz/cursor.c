/* A cursor as a client sends it: nobody makes one up, and those that we give lead back. The first
 * line is what it is bound to, the rest a cursor or a key. */
#include "tests/fuzz/fuzz.h"

#include "common/list.h"

static const unsigned char SECRET[CURSOR_SECRET_SIZE] = "thirty-two bytes that nobody has";

static void made_up_is_refused(const char *binding, const char *cursor)
{
    struct problem err = {0};
    char_auto_t *key = NULL;
    assert(!cursor_read(SECRET, binding, cursor, &key, &err));
    assert(err.code == PROBLEM_CURSOR_INVALID && key == NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct problem err = {0};
    char_auto_t *binding = fuzz_line(&data, &size);
    char_auto_t *text = fuzz_text(data, size);
    made_up_is_refused(binding, text);
    char_auto_t *cursor = cursor_make(SECRET, binding, text);
    if (cursor == NULL || text[0] == '\0') {
        assert(cursor != NULL || strlen(text) >= CURSOR_KEY_SIZE);
        return 0;
    }
    char_auto_t *key = NULL;
    assert(cursor_read(SECRET, binding, cursor, &key, &err));
    assert(strcmp(key, text) == 0);
    made_up_is_refused(binding[0] == '\0' ? "another list" : binding + 1, cursor);
    cursor[strlen(cursor) / 2] ^= 1;
    made_up_is_refused(binding, cursor);
    return 0;
}
