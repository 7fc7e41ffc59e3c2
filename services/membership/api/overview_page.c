#include "services/membership/api/overview_page.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/json.h"

/* A wide table scrolls by itself; a figure stays on one line, its sign with it. On paper it is all
 * on one page, as far as there is room. */
static const char STYLE[] =
    ":root{color-scheme:light dark;--line:#8886}"
    "body{font:1rem/1.5 system-ui,sans-serif;max-width:60rem;margin:0 auto;padding:1rem}"
    "h1{margin-bottom:0}h2{margin:2rem 0 .5rem}"
    ".wide{overflow-x:auto;margin-bottom:1.5rem}"
    "table{border-collapse:collapse;width:100%}caption{text-align:left;padding:.25rem 0}"
    "th,td{text-align:left;padding:.35rem .75rem;border-bottom:1px solid var(--line)}"
    "th:first-child{padding-left:0}th:last-child,td:last-child{padding-right:0}"
    "th[scope=row]{min-width:8rem}"
    ".n{text-align:right;font-variant-numeric:tabular-nums}"
    ".n,time,td:last-child{white-space:nowrap}"
    ".missing{border-left:.3rem solid #b35900;padding:.5rem 1rem}"
    "@page{size:A4;margin:11mm}"
    "@media print{:root{color-scheme:light}"
    "body{max-width:none;padding:0;font-size:8.5pt;line-height:1.25}"
    "h1{font-size:13pt;margin:0}h2{font-size:10pt;margin:5pt 0 0}p{margin:1pt 0}"
    ".wide{overflow:visible;margin-bottom:3pt}th,td{padding:1pt 5pt}caption{padding:1pt 0}"
    "h2,caption{break-after:avoid}tr{break-inside:avoid}}";

/* --- text and figures --- */

static void text_put(FILE *out, const char *text)
{
    for (const char *c = text == NULL ? "" : text; *c != '\0'; c++)
        switch (*c) {
        case '&':
            fputs("&amp;", out);
            break;
        case '<':
            fputs("&lt;", out);
            break;
        case '>':
            fputs("&gt;", out);
            break;
        case '"':
            fputs("&quot;", out);
            break;
        default:
            fputc(*c, out);
        }
}

/* 12345678 pence as "£123,456.78". */
static void pence_put(FILE *out, int64_t pence)
{
    char digits[32], grouped[48] = "";
    const uint64_t size = pence < 0 ? -(uint64_t)pence : (uint64_t)pence;
    const int length = snprintf(digits, sizeof digits, "%" PRIu64, size / 100);
    int used = 0;
    for (int i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0)
            grouped[used++] = ',';
        grouped[used++] = digits[i];
    }
    fprintf(out, "%s£%.*s.%02" PRIu64, pence < 0 ? "−" : "", used, grouped, size % 100);
}

/* "2026-05-12T09:30:00.000Z" as "2026-05-12 09:30 UTC". */
static void instant_put(FILE *out, const char *instant)
{
    if (instant != NULL && strlen(instant) >= 16)
        fprintf(out, "<time datetime=\"%s\">%.10s %.5s UTC</time>", instant, instant, instant + 11);
}

/* "2026-27-M10" as "January 2027". */
static void month_put(FILE *out, const char *month)
{
    static const char *const NAMES[] = {"April",    "May",       "June",     "July",
                                        "August",   "September", "October",  "November",
                                        "December", "January",   "February", "March"};
    int year, number;
    if (month == NULL || sscanf(month, "%4d-%*2d-M%2d", &year, &number) != 2 || number < 1 ||
        number > (int)ARRAY_LENGTH(NAMES))
        return;
    if (number > 9)
        year++;
    fprintf(out, "<time datetime=\"%d-%02d\">%s %d</time>", year, (number + 2) % 12 + 1,
            NAMES[number - 1], year);
}

/* A code that says little by itself. */
static const char *code_said(const char *code)
{
    static const struct {
        const char *code, *said;
    } CODES[] = {{"outside-limits", "Outside the limits"},
                 {"run", "Run on one side of the mean"},
                 {"trend", "Rising or falling all along"},
                 {"two-of-three", "Two of three near a limit"}};
    for (size_t i = 0; i < ARRAY_LENGTH(CODES); i++)
        if (strcmp(code, CODES[i].code) == 0)
            return CODES[i].said;
    return code;
}

/* "ring-fence:cost-risk" as "Ring-fence: cost risk". */
static void words_put(FILE *out, const char *code)
{
    static const char KEPT[] = "ring-fence";
    const char *said = code == NULL ? "" : code_said(code);
    char words[128];
    size_t used = 0, kept = 0; /* what is left of a word that keeps its hyphen */
    for (const char *c = said; *c != '\0' && used + 2 < sizeof(words); c++) {
        if (kept > 0)
            kept--;
        else if (strncmp(c, KEPT, sizeof(KEPT) - 1) == 0)
            kept = sizeof(KEPT) - 2;
        words[used++] = *c == '-' && kept == 0 ? ' ' : *c;
        if (*c == ':')
            words[used++] = ' ';
    }
    words[used] = '\0';
    words[0] = (char)toupper((unsigned char)words[0]);
    text_put(out, words);
}

/* A figure of an indicator, in its unit. */
static void figure_put(FILE *out, const char *figure, const char *unit)
{
    if (figure == NULL || unit == NULL || strcmp(figure, "*") == 0) {
        text_put(out, figure);
    } else if (strcmp(unit, "money") == 0) {
        pence_put(out, strtoll(figure, NULL, 10));
    } else if (strcmp(unit, "percentage") == 0) {
        text_put(out, figure);
        fputc('%', out);
    } else {
        const size_t whole = strcspn(figure, ".");
        const bool is_whole = strspn(figure + whole, ".0") == strlen(figure + whole);
        fprintf(out, "%.*s%s", is_whole ? (int)whole : (int)strlen(figure), figure,
                strcmp(unit, "days") == 0 ? " days" : "");
    }
}

/* --- tables: a column says where its figure stands and how it is shown --- */

enum look {
    LOOK_TEXT,
    LOOK_WORDS,
    LOOK_INSTANT,
    LOOK_MONTH,
    LOOK_SOURCE, /* whose figure it is: an organisation's, or of how many of them */
    LOOK_COUNT,  /* this and the next ones stand on the right */
    LOOK_MONEY,
    LOOK_DEBT, /* a debt is below zero */
    LOOK_FIGURE
};
struct column {
    const char *title;
    const char *member;
    enum look look;
};

static const char *column_class(const struct column *column)
{
    return column->look >= LOOK_COUNT ? " class=\"n\"" : "";
}

static void source_put(FILE *out, const json_t *item)
{
    if (json_object_get(item, "expected") == NULL || json_text(item, "organisation") != NULL)
        text_put(out, json_text(item, "organisation"));
    else
        fprintf(out, "%" PRId64 " of %" PRId64, json_integer_or(item, "received", 0),
                json_integer_or(item, "expected", 0));
}

static void value_put(FILE *out, const json_t *item, const struct column *column)
{
    const json_t *value = json_object_get(item, column->member);
    const char *text = json_string_value(value);
    switch (column->look) {
    case LOOK_TEXT:
        text_put(out, text);
        break;
    case LOOK_WORDS:
        words_put(out, text);
        break;
    case LOOK_INSTANT:
        instant_put(out, text);
        break;
    case LOOK_MONTH:
        month_put(out, text);
        break;
    case LOOK_SOURCE:
        source_put(out, item);
        break;
    case LOOK_COUNT:
        fprintf(out, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
        break;
    case LOOK_MONEY:
        pence_put(out, json_integer_or(value, "amount", 0));
        break;
    case LOOK_DEBT:
        pence_put(out, -json_integer_or(value, "amount", 0));
        break;
    case LOOK_FIGURE:
        figure_put(out, text, json_text(item, "unit"));
        break;
    }
}

static void row_put(FILE *out, const json_t *item, const struct column columns[], size_t count)
{
    fputs("<tr>", out);
    for (size_t i = 0; i < count; i++) {
        fprintf(out, "<%s%s>", i == 0 ? "th scope=\"row\"" : "td", column_class(&columns[i]));
        value_put(out, item, &columns[i]);
        fputs(i == 0 ? "</th>" : "</td>", out);
    }
    fputs("</tr>\n", out);
}

/* What is wider than the page scrolls, by keyboard too. */
static void table_put(FILE *out, const char *caption, const json_t *items,
                      const struct column columns[], size_t count)
{
    size_t index;
    const json_t *item;
    if (json_array_size(items) == 0) {
        fprintf(out, "<p>%s: none.</p>\n", caption);
        return;
    }
    fprintf(out,
            "<div class=\"wide\" role=\"region\" aria-label=\"%s\" tabindex=\"0\">"
            "<table><caption>%s</caption><thead><tr>",
            caption, caption);
    for (size_t i = 0; i < count; i++)
        fprintf(out, "<th scope=\"col\"%s>%s</th>", column_class(&columns[i]), columns[i].title);
    fputs("</tr></thead><tbody>\n", out);
    json_array_foreach(items, index, item)
    {
        row_put(out, item, columns, count);
    }
    fputs("</tbody></table></div>\n", out);
}

/* A list {"total", "items"} says what it leaves out. */
static void list_put(FILE *out, const char *caption, const json_t *list,
                     const struct column columns[], size_t count)
{
    const json_t *items = json_object_get(list, "items");
    const int64_t total = json_integer_or(list, "total", 0);
    if (list == NULL)
        return;
    table_put(out, caption, items, columns, count);
    if (total > (int64_t)json_array_size(items))
        fprintf(out, "<p>Shown are %zu of %" PRId64 ".</p>\n", json_array_size(items), total);
}

/* --- the sections --- */

static void heading_put(FILE *out, const json_t *overview)
{
    const json_t *alliance = json_object_get(overview, "alliance");
    fputs("<h1>", out);
    text_put(out, json_text(alliance, "name"));
    fputs("</h1>\n<p>", out);
    text_put(out, json_text(alliance, "purpose"));
    fprintf(out, "</p>\n<p>The alliance is %s, from %s to before %s", json_text(alliance, "status"),
            json_text(alliance, "startsOn"), json_text(alliance, "endsOn"));
    const int64_t version = json_integer_or(alliance, "agreementVersion", 0);
    if (version > 0)
        fprintf(out, "; version %" PRId64 " of the agreement is in force", version);
    fputs(". As at ", out);
    instant_put(out, json_text(overview, "shownAt"));
    fputs(".</p>\n", out);
}

/* What can't be had is said where it is missed: at the top. */
static void incomplete_put(FILE *out, const json_t *overview)
{
    size_t index;
    const json_t *service, *incomplete = json_object_get(overview, "incomplete");
    if (incomplete == NULL)
        return;
    fputs("<p class=\"missing\" role=\"note\"><strong>Incomplete.</strong> No answer in time from ",
          out);
    json_array_foreach(incomplete, index, service)
    {
        fprintf(out, "%s%s", index == 0 ? "" : ", ", json_string_value(service));
    }
    fputs("; what they know is not on this page.</p>\n", out);
}

static void decisions_put(FILE *out, const json_t *decisions)
{
    static const struct column COLUMNS[] = {{"Decision", "title", LOOK_TEXT},
                                            {"Kind", "kind", LOOK_WORDS},
                                            {"Due", "deadlineAt", LOOK_INSTANT},
                                            {"Voted", "voted", LOOK_COUNT},
                                            {"Of", "eligible", LOOK_COUNT}};
    fprintf(out, "<h2>Decisions due</h2>\n<p>Open: %" PRId64 ".</p>\n",
            json_integer_or(decisions, "open", 0));
    table_put(out, "The nearest deadlines", json_object_get(decisions, "items"), COLUMNS,
              ARRAY_LENGTH(COLUMNS));
}

static void money_put(FILE *out, const json_t *money)
{
    static const struct column PARTNERS[] = {{"Partner", "name", LOOK_TEXT},
                                             {"Code", "organisation", LOOK_TEXT},
                                             {"Position", "position", LOOK_MONEY},
                                             {"Owes", "owed", LOOK_DEBT}};
    static const struct column FUNDS[] = {{"Account", "code", LOOK_WORDS},
                                          {"Balance", "balance", LOOK_MONEY},
                                          {"Held", "held", LOOK_MONEY},
                                          {"Available", "available", LOOK_MONEY}};
    if (money == NULL)
        return;
    fputs("<h2>Money</h2>\n", out);
    table_put(out, "Positions", json_object_get(money, "partners"), PARTNERS,
              ARRAY_LENGTH(PARTNERS));
    table_put(out, "Ring-fences, reserves and pools", json_object_get(money, "funds"), FUNDS,
              ARRAY_LENGTH(FUNDS));
}

static void cases_put(FILE *out, const json_t *cases)
{
    static const struct column COLUMNS[] = {{"State", "state", LOOK_WORDS},
                                            {"Cases", "count", LOOK_COUNT},
                                            {"Award", "award", LOOK_MONEY},
                                            {"Drawn", "drawn", LOOK_MONEY}};
    if (cases == NULL)
        return;
    fputs("<h2>Reinvestment</h2>\n", out);
    table_put(out, "Business cases by state", cases, COLUMNS, ARRAY_LENGTH(COLUMNS));
}

static void risks_put(FILE *out, const json_t *risks)
{
    static const struct column BANDS[] = {{"Band", "band", LOOK_WORDS},
                                          {"Risks", "count", LOOK_COUNT}};
    static const struct column TOP[] = {{"Risk", "title", LOOK_TEXT},
                                        {"Owner", "owner", LOOK_TEXT},
                                        {"Score", "score", LOOK_COUNT},
                                        {"Band", "band", LOOK_WORDS}};
    if (risks == NULL)
        return;
    fputs("<h2>Risks</h2>\n", out);
    table_put(out, "Open risks by band", json_object_get(risks, "bands"), BANDS,
              ARRAY_LENGTH(BANDS));
    table_put(out, "Highest scores", json_object_get(risks, "highest"), TOP, ARRAY_LENGTH(TOP));
}

static void indicators_put(FILE *out, const json_t *overview)
{
    static const struct column LATEST[] = {
        {"Indicator", "name", LOOK_TEXT},           {"Month", "latestMonth", LOOK_MONTH},
        {"Received from", "received", LOOK_SOURCE}, {"Value", "value", LOOK_FIGURE},
        {"Target", "target", LOOK_FIGURE},          {"Variation", "variation", LOOK_WORDS},
        {"Assurance", "assurance", LOOK_WORDS}};
    static const struct column SIGNALS[] = {{"Indicator", "name", LOOK_TEXT},
                                            {"Organisation", "organisation", LOOK_TEXT},
                                            {"Month", "month", LOOK_MONTH},
                                            {"Value", "value", LOOK_FIGURE},
                                            {"Signal", "kind", LOOK_WORDS}};
    const json_t *indicators = json_object_get(overview, "indicators");
    if (indicators == NULL)
        return;
    fputs("<h2>Indicators</h2>\n", out);
    list_put(out, "The latest month of each", indicators, LATEST, ARRAY_LENGTH(LATEST));
    list_put(out, "Signals of single organisations", json_object_get(overview, "signals"), SIGNALS,
             ARRAY_LENGTH(SIGNALS));
}

char *overview_page(const json_t *overview)
{
    char *page = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&page, &size);
    if (out == NULL)
        abort();
    fputs("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
          "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"><title>",
          out);
    text_put(out, json_text(json_object_get(overview, "alliance"), "name"));
    fprintf(out, ": overview</title><style>%s</style></head>\n<body><main>\n", STYLE);
    heading_put(out, overview);
    incomplete_put(out, overview);
    decisions_put(out, json_object_get(overview, "decisions"));
    money_put(out, json_object_get(overview, "money"));
    cases_put(out, json_object_get(overview, "cases"));
    risks_put(out, json_object_get(overview, "risks"));
    indicators_put(out, overview);
    fputs("</main></body></html>\n", out);
    if (fclose(out) != 0 || page == NULL)
        abort();
    return page;
}
