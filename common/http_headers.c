#include "common/http_headers.h"

#include <ctype.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/ids.h"

const char *header_get(const struct http_headers *headers, const char *name)
{
    for (size_t i = 0; i < headers->count; i++)
        if (strcasecmp(headers->items[i].name, name) == 0)
            return headers->items[i].value;
    return NULL;
}

/* --- framing -----------------------------------------------------------------------------------
 */

/* Headers whose grammar has no comma: the library below joins repeated ones with one. */
static bool is_single(const char *name)
{
    static const char *const SINGLE[] = {
        "Authorization",   "Content-Length", "Content-Type",      "Host",
        "Idempotency-Key", "If-Match",       "If-None-Match",     "X-Request-ID",
        "Expect",          "traceparent",    "Transfer-Encoding", "X-HTTP-Method-Override"};
    for (size_t i = 0; i < ARRAY_LENGTH(SINGLE); i++)
        if (strcasecmp(SINGLE[i], name) == 0)
            return true;
    return false;
}

static bool value_is_clean(const char *value)
{
    for (const unsigned char *c = (const unsigned char *)value; *c; c++)
        if ((*c < ' ' && *c != '\t') || *c >= 0x7f)
            return false;
    return true;
}

/* Where a body ends is what everybody on the way must read alike. */
static bool framing_check(const struct http_headers *headers, struct problem *err)
{
    const char *length = header_get(headers, "Content-Length");
    const char *coding = header_get(headers, "Transfer-Encoding");
    int64_t bytes;
    if (length && coding)
        return problem_set(err, PROBLEM_REQUEST_MALFORMED,
                           "Content-Length and Transfer-Encoding exclude each other");
    if (coding && strcasecmp(coding, "chunked") != 0)
        return problem_set(err, PROBLEM_REQUEST_MALFORMED, "a Transfer-Encoding is chunked");
    return header_length(length, &bytes, err);
}

/* "Content-Length " is not Content-Length, and has bred requests within requests. */
static bool name_is_token(const char *name)
{
    static const char TOKEN[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "!#$%&'*+-.^_`|~";
    return *name && name[strspn(name, TOKEN)] == '\0';
}

bool headers_check(const struct http_headers *headers, struct problem *err)
{
    for (size_t i = 0; i < headers->count; i++) {
        const struct http_header *header = &headers->items[i];
        if (!name_is_token(header->name))
            return problem_set(err, PROBLEM_REQUEST_MALFORMED, "a header's name is none");
        if (!value_is_clean(header->value))
            return problem_set(err, PROBLEM_REQUEST_MALFORMED,
                               "a header holds a character that is not printable ASCII");
        if (is_single(header->name) && strchr(header->value, ','))
            return problem_set(err, PROBLEM_REQUEST_MALFORMED,
                               "the header %.60s may stand once, without a comma", header->name);
        for (size_t j = 0; j < i; j++)
            if (strcasecmp(headers->items[j].name, header->name) == 0)
                return problem_set(err, PROBLEM_REQUEST_MALFORMED, "the header %.60s stands twice",
                                   header->name);
    }
    return framing_check(headers, err);
}

bool header_length(const char *value, int64_t *ret_length, struct problem *err)
{
    *ret_length = -1;
    if (!value)
        return true;
    size_t digits = strspn(value, "0123456789");
    if (digits == 0 || digits > 15 || value[digits])
        return problem_set(err, PROBLEM_REQUEST_MALFORMED, "Content-Length is not a number");
    *ret_length = strtoll(value, NULL, 10);
    return true;
}

/* --- ids
 * ------------------------------------------------------------------------------------------- */

bool header_request_id(const char *value, char ret_id[REQUEST_ID_SIZE], struct problem *err)
{
    ret_id[0] = '\0';
    if (!value)
        return true;
    char id[REQUEST_ID_SIZE];
    size_t length = strlen(value);
    for (size_t i = 0; i <= length && length < sizeof id; i++)
        id[i] = (char)tolower((unsigned char)value[i]);
    if (length != sizeof id - 1 || !uuid_is_valid(id))
        return problem_set(err, PROBLEM_REQUEST_MALFORMED, "X-Request-ID is not a UUID");
    memcpy(ret_id, id, sizeof id);
    return true;
}

static bool is_hex(const char *text, size_t size)
{
    return strspn(text, "0123456789abcdef") >= size;
}

static bool is_zero(const char *text, size_t size)
{
    return strspn(text, "0") >= size;
}

/* Version 00: 00-<32 hex>-<16 hex>-<2 hex>, neither id all zero; a later version may go on. */
static bool traceparent_is_valid(const char *value)
{
    size_t length = strlen(value);
    if (length < 55 || !is_hex(value, 2) || strncmp(value, "ff", 2) == 0)
        return false;
    if (length > 55 && (strncmp(value, "00", 2) == 0 || value[55] != '-'))
        return false;
    return value[2] == '-' && value[35] == '-' && value[52] == '-' && is_hex(value + 3, 32) &&
           is_hex(value + 36, 16) && is_hex(value + 53, 2) && !is_zero(value + 3, 32) &&
           !is_zero(value + 36, 16);
}

void header_traceparent(const char *value, char ret_traceparent[TRACEPARENT_SIZE])
{
    unsigned char random[24];
    do
        random_bytes(random, sizeof random);
    while (random[0] == 0 || random[16] == 0);
    memcpy(ret_traceparent, "00-", 3);
    hex_put(ret_traceparent + 3, random, 16);
    ret_traceparent[35] = '-';
    hex_put(ret_traceparent + 36, random + 16, 8);
    memcpy(ret_traceparent + 52, "-01", 4);
    if (!value || !traceparent_is_valid(value))
        return;
    memcpy(ret_traceparent + 3, value + 3, 32);
    memcpy(ret_traceparent + 53, value + 53, 2);
}

bool header_idempotency_key(const char *value, char ret_key[IDEMPOTENCY_KEY_SIZE],
                            struct problem *err)
{
    ret_key[0] = '\0';
    if (!value)
        return true;
    size_t length = strlen(value);
    bool is_quoted = length >= 2 && value[0] == '"' && value[length - 1] == '"';
    const char *start = value + is_quoted;
    length -= is_quoted ? 2 : 0;
    bool ok = length >= 1 && length < IDEMPOTENCY_KEY_SIZE;
    for (size_t i = 0; ok && i < length; i++)
        ok = start[i] > ' ' && start[i] < 0x7f && !strchr(",\"\\", start[i]);
    if (!ok)
        return problem_set(err, PROBLEM_IDEMPOTENCY_KEY_MISSING,
                           "an Idempotency-Key has 1 to 255 printable characters, without space, "
                           "comma, quote or backslash");
    memcpy(ret_key, start, length);
    ret_key[length] = '\0';
    return true;
}

bool header_version(const char *name, const char *value, int64_t *ret_version, struct problem *err)
{
    *ret_version = VERSION_ABSENT;
    if (!value)
        return true;
    if (strcmp(value, "*") == 0) {
        *ret_version = VERSION_ANY;
        return true;
    }
    const char *tag = strncmp(value, "W/", 2) == 0 ? value + 2 : value;
    size_t length = strlen(tag);
    if (length < 2 || tag[0] != '"' || strchr(tag + 1, '"') != tag + length - 1)
        return problem_set(err, PROBLEM_REQUEST_MALFORMED, "%s is not an entity tag", name);
    size_t digits = strspn(tag + 1, "0123456789");
    bool is_ours = digits == length - 2 && digits >= 1 && digits <= 16 && tag[1] != '0';
    *ret_version = is_ours ? strtoll(tag + 1, NULL, 10) : VERSION_OTHER;
    return true;
}

/* --- media types
 * ------------------------------------------------------------------------------------- */

static size_t token_length(const char *text)
{
    return strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$&^_.+-*");
}

static const char *skip_space(const char *text)
{
    return text + strspn(text, " \t");
}

bool header_media_type(const char *value, char ret_type[CODE_SIZE], struct problem *err)
{
    size_t type = value ? token_length(value) : 0;
    size_t subtype = type && value[type] == '/' ? token_length(value + type + 1) : 0;
    size_t length = type + 1 + subtype;
    if (!subtype || length >= CODE_SIZE)
        return problem_set(err, PROBLEM_MEDIA_TYPE_UNSUPPORTED, "a body needs its Content-Type");
    for (size_t i = 0; i < length; i++)
        ret_type[i] = (char)tolower((unsigned char)value[i]);
    ret_type[length] = '\0';
    const char *rest = skip_space(value + length);
    if (!*rest)
        return true;
    rest = *rest == ';' ? skip_space(rest + 1) : "?";
    bool is_utf8 =
        strcasecmp(rest, "charset=utf-8") == 0 || strcasecmp(rest, "charset=\"utf-8\"") == 0;
    return is_utf8 || problem_set(err, PROBLEM_MEDIA_TYPE_UNSUPPORTED,
                                  "a Content-Type has no parameters here; everything is UTF-8");
}

bool header_is_identity(const char *value)
{
    return !value || !*value || strcasecmp(value, "identity") == 0;
}

/* One range of an Accept header. */
struct range {
    const char *type;
    size_t size;
    int quality; /* thousandths */
};

static int read_quality(const char *text)
{
    int quality = 0, scale = 1000;
    if ((text[0] != '0' && text[0] != '1') || (text[1] != '.' && text[1] != '\0'))
        return text[0] == '0' ? 0 : 1000;
    quality = (text[0] - '0') * 1000;
    for (const char *c = text + (text[1] == '.' ? 2 : 1); *c >= '0' && *c <= '9' && scale > 1;
         c++) {
        scale /= 10;
        quality += (*c - '0') * scale;
    }
    return quality > 1000 ? 1000 : quality;
}

/* Reads a range and goes behind its comma. */
static const char *next_range(const char *text, struct range *ret_range)
{
    text = skip_space(text);
    *ret_range = (struct range){text, strcspn(text, ",; \t"), 1000};
    size_t length = strcspn(text, ",");
    char parameters[128];
    snprintf(parameters, sizeof parameters, "%.*s", (int)(length < 127 ? length : 127), text);
    for (char *part = strchr(parameters, ';'); part; part = strchr(part, ';')) {
        part = (char *)skip_space(part + 1);
        if (strncasecmp(part, "q=", 2) == 0)
            ret_range->quality = read_quality(part + 2);
    }
    return text[length] ? text + length + 1 : text + length;
}

/* 3 the type itself, 2 its family, 1 anything, 0 not at all. */
static int range_specificity(const struct range *range, const char *type)
{
    if (range->size == strlen(type) && strncasecmp(range->type, type, range->size) == 0)
        return 3;
    if (range->size == 3 && strncmp(range->type, "*/*", 3) == 0)
        return 1;
    size_t family = strcspn(type, "/") + 1;
    return range->size == family + 1 && range->type[family] == '*' &&
                   strncasecmp(range->type, type, family) == 0
               ? 2
               : 0;
}

static int quality_of(const char *accept, const char *type)
{
    int quality = 0, specificity = 0;
    while (*accept) {
        struct range range;
        accept = next_range(accept, &range);
        int found = range_specificity(&range, type);
        if (found > specificity) {
            specificity = found;
            quality = range.quality;
        }
    }
    return quality;
}

int header_accept(const char *value, const char *const types[], size_t count)
{
    if (!value || !*skip_space(value))
        return count ? 0 : -1;
    int best = -1, best_quality = 0;
    for (size_t i = 0; i < count; i++) {
        int quality = quality_of(value, types[i]);
        if (quality > best_quality) {
            best = (int)i;
            best_quality = quality;
        }
    }
    return best;
}

/* --- positions
 * --------------------------------------------------------------------------------------------- */

bool header_positions(const char *value, struct positions *ret_positions, struct problem *err)
{
    *ret_positions = (struct positions){0};
    if (!value)
        return true;
    while (*value) {
        value = skip_space(value);
        size_t name = strspn(value, "abcdefghijklmnopqrstuvwxyz");
        size_t digits = value[name] == '=' ? strspn(value + name + 1, "0123456789") : 0;
        size_t i = ret_positions->count;
        if (name == 0 || name >= sizeof ret_positions->items[i].service || digits == 0 ||
            digits > 16 || i == ARRAY_LENGTH(ret_positions->items))
            return problem_set(err, PROBLEM_REQUEST_MALFORMED,
                               "Accord-After is not a list of <service>=<number>");
        memcpy(ret_positions->items[i].service, value, name);
        ret_positions->items[i].sequence = strtoll(value + name + 1, NULL, 10);
        ret_positions->count++;
        value = skip_space(value + name + 1 + digits);
        if (*value && *value++ != ',')
            return problem_set(err, PROBLEM_REQUEST_MALFORMED,
                               "Accord-After is not a list of <service>=<number>");
    }
    return true;
}
