#include "common/instant.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

enum { DAY_MS = 24 * 60 * 60 * 1000, HOUR_MS = 60 * 60 * 1000 };
enum { YEAR_MIN = 1900, YEAR_MAX = 2199 };

struct civil {
    int32_t year, month, day;
};

/* Days since 1970-01-01 of a proleptic Gregorian date, counting years from 1 March so that the leap
 * day comes last (Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms"). */
static int32_t day_of_civil(struct civil date)
{
    int32_t year = date.month <= 2 ? date.year - 1 : date.year;
    int32_t era = (year >= 0 ? year : year - 399) / 400;
    int32_t year_of_era = year - era * 400;
    int32_t day_of_year = (153 * ((date.month + 9) % 12) + 2) / 5 + date.day - 1;
    int32_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

static struct civil civil_of_day(int32_t day)
{
    int32_t shifted = day + 719468;
    int32_t era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
    int32_t day_of_era = shifted - era * 146097;
    int32_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int32_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int32_t shifted_month = (5 * day_of_year + 2) / 153;
    struct civil date = {
        .year = year_of_era + era * 400,
        .month = shifted_month < 10 ? shifted_month + 3 : shifted_month - 9,
        .day = day_of_year - (153 * shifted_month + 2) / 5 + 1,
    };
    if (date.month <= 2)
        date.year++;
    return date;
}

/* Reads exactly `count` digits and moves on. */
static bool take_digits(const char **text, int count, int32_t *ret_number)
{
    int32_t number = 0;
    for (int i = 0; i < count; i++) {
        char digit = (*text)[i];
        if (digit < '0' || digit > '9')
            return false;
        number = number * 10 + (digit - '0');
    }
    *text += count;
    *ret_number = number;
    return true;
}

static bool take_character(const char **text, char wanted)
{
    if (**text != wanted)
        return false;
    (*text)++;
    return true;
}

static int32_t days_in_month(int32_t year, int32_t month)
{
    static const int32_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return month == 2 && is_leap ? 29 : days[month - 1];
}

static bool take_day(const char **text, int32_t *ret_day)
{
    struct civil date;
    if (!take_digits(text, 4, &date.year) || !take_character(text, '-') ||
        !take_digits(text, 2, &date.month) || !take_character(text, '-') ||
        !take_digits(text, 2, &date.day))
        return false;
    if (date.year < YEAR_MIN || date.year > YEAR_MAX || date.month < 1 || date.month > 12 ||
        date.day < 1 || date.day > days_in_month(date.year, date.month))
        return false;
    *ret_day = day_of_civil(date);
    return true;
}

/* ".123456789" -> 123; no fraction is 0. */
static bool take_milliseconds(const char **text, int32_t *ret_ms)
{
    int32_t ms = 0, place = 100;
    if (take_character(text, '.')) {
        int digits = 0;
        for (; **text >= '0' && **text <= '9'; (*text)++, digits++) {
            ms += (**text - '0') * place;
            place /= 10;
        }
        if (digits < 1 || digits > 9)
            return false;
    }
    *ret_ms = ms;
    return true;
}

bool instant_parse(const char *text, int64_t *ret_ms)
{
    int32_t day, hour, minute, second, ms;
    if (!take_day(&text, &day) || !take_character(&text, 'T') || !take_digits(&text, 2, &hour) ||
        !take_character(&text, ':') || !take_digits(&text, 2, &minute) ||
        !take_character(&text, ':') || !take_digits(&text, 2, &second) ||
        !take_milliseconds(&text, &ms) || strcmp(text, "Z") != 0)
        return false;
    if (hour > 23 || minute > 59 || second > 59)
        return false;
    *ret_ms = (int64_t)day * DAY_MS + (int64_t)hour * HOUR_MS + minute * 60000 + second * 1000 + ms;
    return true;
}

/* The whole days before an instant, also before 1970. */
static int32_t utc_day(int64_t ms)
{
    int64_t day = ms / DAY_MS - (ms % DAY_MS < 0 ? 1 : 0);
    assert(day > INT32_MIN / 2 && day < INT32_MAX / 2);
    return (int32_t)day;
}

/* Writes a number of fixed width. snprintf() would need room for what can't happen. */
static char *put_digits(char *out, int32_t number, int width)
{
    for (int i = width - 1; i >= 0; i--, number /= 10)
        out[i] = (char)('0' + number % 10);
    return out + width;
}

static char *put_day(char *out, int32_t day)
{
    struct civil date = civil_of_day(day);
    assert(date.year >= 0 && date.year <= 9999);
    out = put_digits(out, date.year, 4);
    *out++ = '-';
    out = put_digits(out, date.month, 2);
    *out++ = '-';
    return put_digits(out, date.day, 2);
}

void instant_format(int64_t ms, char ret_text[INSTANT_SIZE])
{
    int32_t day = utc_day(ms);
    int32_t rest = (int32_t)(ms - (int64_t)day * DAY_MS);
    char *out = put_day(ret_text, day);
    *out++ = 'T';
    out = put_digits(out, rest / HOUR_MS, 2);
    *out++ = ':';
    out = put_digits(out, rest / 60000 % 60, 2);
    *out++ = ':';
    out = put_digits(out, rest / 1000 % 60, 2);
    *out++ = '.';
    out = put_digits(out, rest % 1000, 3);
    *out++ = 'Z';
    *out = '\0';
}

/* 01:00 UTC of the last Sunday of a month with 31 days. */
static int64_t last_sunday_ms(int32_t year, int32_t month)
{
    int32_t last = day_of_civil((struct civil){year, month, 31});
    int32_t weekday = ((last + 4) % 7 + 7) % 7; /* 1970-01-01 was a Thursday; Sunday is 0 */
    return (int64_t)(last - weekday) * DAY_MS + HOUR_MS;
}

int32_t instant_day(int64_t ms)
{
    int32_t year = civil_of_day(utc_day(ms)).year;
    bool is_summer = ms >= last_sunday_ms(year, 3) && ms < last_sunday_ms(year, 10);
    return utc_day(is_summer ? ms + HOUR_MS : ms);
}

bool day_parse(const char *text, int32_t *ret_day)
{
    int32_t day;
    if (!take_day(&text, &day) || *text != '\0')
        return false;
    *ret_day = day;
    return true;
}

void day_format(int32_t day, char ret_text[DATE_SIZE])
{
    *put_day(ret_text, day) = '\0';
}

bool month_parse(const char *text, int32_t *ret_month)
{
    int32_t year, next, month;
    if (!take_digits(&text, 4, &year) || !take_character(&text, '-') ||
        !take_digits(&text, 2, &next) || !take_character(&text, '-') ||
        !take_character(&text, 'M') || !take_digits(&text, 2, &month) || *text != '\0')
        return false;
    if (year < YEAR_MIN || year >= YEAR_MAX || next != (year + 1) % 100 || month < 1 || month > 12)
        return false;
    *ret_month = year * 12 + month - 1;
    return true;
}

void month_format(int32_t month, char ret_text[MONTH_SIZE])
{
    assert(month >= 0 && month < 9999 * 12);
    char *out = put_digits(ret_text, month / 12, 4);
    *out++ = '-';
    out = put_digits(out, (month / 12 + 1) % 100, 2);
    *out++ = '-';
    *out++ = 'M';
    out = put_digits(out, month % 12 + 1, 2);
    *out = '\0';
}

/* April is the first month, so a financial month is the calendar month three months before. */
int32_t month_of_day(int32_t day)
{
    struct civil date = civil_of_day(day);
    return date.year * 12 + date.month - 1 - 3;
}

int32_t month_first_day(int32_t month)
{
    int32_t calendar = month + 3;
    return day_of_civil((struct civil){calendar / 12, calendar % 12 + 1, 1});
}
