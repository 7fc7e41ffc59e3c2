/* The small grammars: instants, days, months, ids, references, digests, base64url, money. What is
 * read is written as it was. */
#include "tests/fuzz/fuzz.h"

#include "common/base64url.h"
#include "common/chain.h"
#include "common/ids.h"
#include "common/instant.h"
#include "common/kinds.h"
#include "common/money.h"
#include "common/utf8.h"

static void times_hold(const char *text)
{
    int64_t ms, ms_again;
    int32_t day, month;
    char written[INSTANT_SIZE], date[DATE_SIZE], name[MONTH_SIZE];
    if (instant_parse(text, &ms)) {
        instant_format(ms, written);
        assert(instant_parse(written, &ms_again) && ms == ms_again);
        assert(strncmp(written, text, 19) == 0);
        day = instant_day(ms);
        assert(month_first_day(month_of_day(day)) <= day);
    }
    if (day_parse(text, &day)) {
        day_format(day, date);
        assert(strcmp(date, text) == 0);
    }
    if (month_parse(text, &month)) {
        month_format(month, name);
        assert(strcmp(name, text) == 0);
        assert(month_of_day(month_first_day(month)) == month);
    }
}

static void ids_hold(const char *text)
{
    struct hash hash;
    char hex[2 * HASH_BYTES + 1];
    enum decision_kind kind;
    struct problem err = {0};
    if (hash_parse(text, &hash)) {
        hash_format(&hash, hex);
        assert(strcmp(hex, text) == 0);
    }
    if (kind_of_name(text, &kind))
        assert(strcmp(kind_name(kind), text) == 0);
    if (ref_is_valid(text))
        assert(strlen(text) < REF_SIZE && ref_service(text) != NULL);
    assert(!uuid_is_valid(text) || strlen(text) == UUID_SIZE - 1);
    assert(!ods_is_valid(text) || strlen(text) < ODS_SIZE);
    assert(text_check("/text", text, &err) == !text_has_nhs_number(text));
}

static void bytes_hold(const char *text, size_t size)
{
    unsigned char *plain = malloc(BASE64URL_DECODED_MAX(size) + 1);
    size_t plain_size = 0;
    if (base64url_decode(text, size, plain, &plain_size)) {
        char_auto_t *again = malloc(BASE64URL_TEXT_MAX(plain_size));
        base64url_encode(plain, plain_size, again);
        assert(strlen(again) == size && memcmp(again, text, size) == 0);
    }
    free(plain);
    char_auto_t *mended = fuzz_text(text, strlen(text));
    utf8_mend(mended);
    json_auto_t *value = json_string(mended);
    json_auto_t *as_it_was = json_string(text);
    assert(value != NULL && (as_it_was == NULL || strcmp(mended, text) == 0));
}

static void money_holds(const uint8_t *data, size_t size)
{
    int64_t whole, sum, parts[8];
    int32_t shares[8], total = 0;
    char text[MONEY_TEXT_SIZE];
    if (size < sizeof whole + sizeof shares)
        return;
    memcpy(&whole, data, sizeof whole);
    memcpy(shares, data + sizeof whole, sizeof shares);
    for (size_t i = 0; i < 7; i++) {
        shares[i] = (shares[i] & INT32_MAX) % (SHARE_BP_WHOLE - total + 1);
        total += shares[i];
    }
    shares[7] = SHARE_BP_WHOLE - total;
    money_format(whole, text);
    assert(money_add(whole, 0, &sum) == (whole <= MONEY_PENCE_MAX && whole >= -MONEY_PENCE_MAX));
    if (!share_split(whole, shares, 8, parts))
        return;
    sum = 0;
    for (size_t i = 0; i < 8; i++)
        sum += parts[i];
    assert(sum == whole);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char_auto_t *text = fuzz_text(data, size);
    times_hold(text);
    ids_hold(text);
    bytes_hold(text, size);
    money_holds(data, size);
    return 0;
}
