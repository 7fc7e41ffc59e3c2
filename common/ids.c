#include "common/ids.h"

#include <string.h>

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool uuid_is_valid(const char *text)
{
    for (int i = 0; i < UUID_SIZE - 1; i++) {
        bool is_dash = i == 8 || i == 13 || i == 18 || i == 23;
        bool is_hex = is_digit(text[i]) || (text[i] >= 'a' && text[i] <= 'f');
        if (is_dash ? text[i] != '-' : !is_hex)
            return false;
    }
    return text[UUID_SIZE - 1] == '\0';
}

bool ods_is_valid(const char *text)
{
    size_t length = 0;
    for (; text[length] != '\0'; length++)
        if (length >= ODS_SIZE - 1 ||
            !(is_digit(text[length]) || (text[length] >= 'A' && text[length] <= 'Z')))
            return false;
    return length >= 3;
}

bool ref_is_valid(const char *text)
{
    size_t length = 0, segment = 0;
    for (; text[length] != '\0'; length++) {
        char c = text[length];
        if (length >= REF_SIZE - 1)
            return false;
        if (c == '/') {
            if (segment == 0)
                return false;
            segment = 0;
        } else if (is_digit(c) || is_letter(c) || strchr(":._-", c) != NULL) {
            segment++;
        } else {
            return false;
        }
    }
    return segment > 0;
}

const char *ref_service(const char *ref)
{
    static const char *const services[] = {"ledger", "reinvestment", "risk", "kpi"};
    size_t length = strcspn(ref, "/");
    for (size_t i = 0; i < sizeof services / sizeof services[0]; i++)
        if (strlen(services[i]) == length && strncmp(services[i], ref, length) == 0)
            return services[i];
    return "membership";
}

/* Weights 10 to 2 on the first nine digits, modulo 11 (NHS Data Dictionary, "NHS NUMBER"). */
static bool nhs_check_digit_fits(const char digits[10])
{
    int sum = 0;
    for (int i = 0; i < 9; i++)
        sum += (digits[i] - '0') * (10 - i);
    int check = (11 - sum % 11) % 11;
    return check != 10 && check == digits[9] - '0';
}

/* Length of the separator that people put between the groups: a space, also a non-breaking or thin
 * one, or a hyphen, also a typographic one. 0 = none. */
static size_t separator_length(const char *text)
{
    static const char *const separators[] = {" ",      "-",      "\u00a0", "\u2009", "\u202f",
                                             "\u2010", "\u2011", "\u2012", "\u2013", "\u2212"};
    for (size_t i = 0; i < sizeof separators / sizeof separators[0]; i++) {
        size_t length = strlen(separators[i]);
        if (strncmp(text, separators[i], length) == 0)
            return length;
    }
    return 0;
}

/* Reads ten digits, bare or 3-3-4, and says how long they are; 0 = they are not. */
static size_t read_ten_digits(const char *text, char ret_digits[10])
{
    size_t at = 0;
    bool is_grouped = false;
    for (int digit = 0; digit < 10; digit++) {
        if (digit == 3) {
            size_t length = separator_length(text + at);
            is_grouped = length > 0;
            at += length;
        } else if (digit == 6 && is_grouped) {
            size_t length = separator_length(text + at);
            if (length == 0)
                return 0;
            at += length;
        }
        if (!is_digit(text[at]))
            return 0;
        ret_digits[digit] = text[at++];
    }
    return at;
}

/* A token goes on over a letter or digit, and over a point, comma or hyphen between digits: those
 * are other numbers (amounts, telephone numbers), not ten digits of their own. */
static bool token_begins(const char *text, size_t at)
{
    if (at == 0)
        return true;
    char before = text[at - 1];
    if (is_digit(before) || is_letter(before) || before == '_')
        return false;
    return !(at >= 2 && strchr(".,-", before) != NULL && is_digit(text[at - 2]));
}

static bool token_ends(const char *text, size_t at)
{
    char after = text[at];
    if (is_digit(after) || is_letter(after) || after == '_')
        return false;
    return !(after != '\0' && strchr(".,-", after) != NULL && is_digit(text[at + 1]));
}

bool text_has_nhs_number(const char *text)
{
    for (size_t at = 0; text[at] != '\0'; at++) {
        char digits[10];
        if (!is_digit(text[at]) || !token_begins(text, at))
            continue;
        size_t length = read_ten_digits(text + at, digits);
        if (length > 0 && token_ends(text, at + length) && nhs_check_digit_fits(digits))
            return true;
    }
    return false;
}

bool text_check(const char *pointer, const char *text, struct problem *err)
{
    if (text == NULL || !text_has_nhs_number(text))
        return true;
    return problem_add(err, PROBLEM_PERSONAL_DATA, "nhs-number", pointer,
                       "the text seems to hold an NHS number");
}
