#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "common/utf8.h"

static const struct {
    const char *text;
    size_t length;
} CASES[] = {
    {"", 0},
    {"a", 1},
    {"\x7f", 1},
    {"\x80", 0},     /* goes on without a beginning */
    {"\xc1\xbf", 0}, /* overlong */
    {"\xc2\x80", 2},
    {"\xc3", 0}, /* cut */
    {"\xc3z", 0},
    {"\xdf\xbf", 2},
    {"\xe0\x9f\xbf", 0},
    {"\xe0\xa0\x80", 3},
    {"\xe2\x82", 0},
    {"\xe2\x82z", 0},
    {"\xed\x9f\xbf", 3},
    {"\xed\xa0\x80", 0}, /* a surrogate */
    {"\xef\xbf\xbf", 3},
    {"\xf0\x8f\xbf\xbf", 0},
    {"\xf0\x90\x80\x80", 4},
    {"\xf0\x9f\x98", 0},
    {"\xf1\x80\x80\x80", 4},
    {"\xf4\x8f\xbf\xbf", 4},
    {"\xf4\x90\x80\x80", 0}, /* beyond U+10FFFF */
    {"\xf5\x80\x80\x80", 0},
    {"\xff", 0},
};

static void a_character_is_as_long_as_unicode_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++)
        assert_int_equal(utf8_length(CASES[i].text, strlen(CASES[i].text)), CASES[i].length);
}

static void mended(const char *text, const char *wanted)
{
    char room[64];
    strcpy(room, text);
    utf8_mend(room);
    assert_string_equal(room, wanted);
}

static void only_what_is_no_character_is_replaced(void **state)
{
    (void)state;
    mended("", "");
    mended("caf\u00e9 \u20ac \U0001F600", "caf\u00e9 \u20ac \U0001F600");
    mended("caf\xc3", "caf?");
    mended("\xe2\x82", "??");
    mended("\xe2\x82 \u00e9", "?? \u00e9");
    mended("\xed\xa0\x80z", "???z");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_character_is_as_long_as_unicode_says),
        cmocka_unit_test(only_what_is_no_character_is_replaced),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
