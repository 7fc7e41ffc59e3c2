/* Time as values: instants are milliseconds since 1970 UTC, days are days since 1970-01-01 in
 * Europe/London, months are financial months (1 April = M01). Pure; never reads a clock. Intervals
 * are [from, to). Source: RFC 3339; domain.md, conventions. */
#ifndef ACCORD_COMMON_INSTANT_H
#define ACCORD_COMMON_INSTANT_H

#include <stdbool.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "common/limits.h"

/* No instant, no day: an open end. */
#define INSTANT_NONE INT64_MIN
#define DAY_NONE INT32_MIN

/* RFC 3339 with `Z`, optional fraction of 1-9 digits (cut to milliseconds). */
bool instant_parse(const char *text, int64_t *ret_ms) MUST_CHECK;
/* "2026-04-01T00:00:00.000Z" */
void instant_format(int64_t ms, char ret_text[INSTANT_SIZE]);
/* The day it is in London at that instant (British Summer Time since 1996: last Sunday of March
 * 01:00 UTC to last Sunday of October 01:00 UTC). */
int32_t instant_day(int64_t ms);

/* "2026-04-01", real calendar days of years 1900-2199 only. */
bool day_parse(const char *text, int32_t *ret_day) MUST_CHECK;
void day_format(int32_t day, char ret_text[DATE_SIZE]);

/* A financial month as a number that counts on: start year * 12 + M - 1. */
bool month_parse(const char *text, int32_t *ret_month) MUST_CHECK; /* "2026-27-M03" */
void month_format(int32_t month, char ret_text[MONTH_SIZE]);
int32_t month_of_day(int32_t day);
int32_t month_first_day(int32_t month);

#endif
