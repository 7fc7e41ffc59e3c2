/* The journal's arithmetic, held by values that were reckoned elsewhere (Python's hashlib). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/chain.h"

static const char ALLIANCE[] = "018f0000-0000-7000-8000-00000000000a";

static const char *text_of(struct hash hash)
{
    static char text[2 * HASH_BYTES + 1];
    hash_format(&hash, text);
    return text;
}

static struct hash salt_of_ones(void)
{
    struct hash salt;
    memset(salt.bytes, 1, sizeof salt.bytes);
    return salt;
}

static void a_journal_begins_with_its_service_and_alliance(void **state)
{
    (void)state;
    assert_string_equal(text_of(chain_genesis("ledger", ALLIANCE)),
                        "c2fa6fd5a091d224f75f324163d20e413dc252b224d950b7575134fa17f681ca");
}

static void a_digest_covers_class_salt_and_text(void **state)
{
    (void)state;
    struct hash salt = salt_of_ones();
    assert_string_equal(text_of(chain_digest(false, &salt, "{}", 2)),
                        "1b4cd282d548e2fb988886a6c24e53788069b6116a59a0830b7c43e811645a76");
    assert_string_equal(text_of(chain_digest(true, &salt, "{}", 2)),
                        "9b6ac677864fbe847fa2abb7cd00b30d49a1d85d393cd283d27d5efda3a53c81");
}

static void a_hash_continues_the_chain(void **state)
{
    (void)state;
    struct hash salt = salt_of_ones(), genesis = chain_genesis("ledger", ALLIANCE);
    struct hash digest = chain_digest(false, &salt, "{}", 2);
    assert_string_equal(text_of(chain_hash(&genesis, 1, &digest)),
                        "d6748894b14680c54f786f15e4fb22a1a6ee78faa1b5c7de8268d3f439f9fed5");
    assert_string_equal(text_of(chain_hash(&genesis, 0x0102030405060708, &digest)),
                        "8fbbbf23d2708ce0b7483ee03d267496a1cc94793c76a552a97bf86cb2c9d826");
}

static void hashes_are_read_strictly(void **state)
{
    (void)state;
    struct hash hash, again;
    char text[2 * HASH_BYTES + 1];
    memset(text, 'a', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    assert_true(hash_parse(text, &hash));
    assert_true(hash_parse(text_of(hash), &again) && hash_is_equal(&hash, &again));
    static const char bad[] = {'A', 'g', ' ', '/', ':', '`', '\0'};
    for (size_t i = 0; i < sizeof bad; i++) {
        text[40] = bad[i];
        assert_false(hash_parse(text, &hash));
    }
    assert_false(hash_parse(NULL, &hash) || hash_parse("", &hash));
    char longer[2 * HASH_BYTES + 3];
    memset(longer, '0', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    assert_false(hash_parse(longer, &hash));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_journal_begins_with_its_service_and_alliance),
        cmocka_unit_test(a_digest_covers_class_salt_and_text),
        cmocka_unit_test(a_hash_continues_the_chain),
        cmocka_unit_test(hashes_are_read_strictly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
