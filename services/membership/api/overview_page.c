#include "services/membership/api/overview_page.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/json.h"

static const char STYLE[] =
    ":root{color-scheme:light dark;--line:#8886}"
    "body{font:1rem/1.5 system-ui,sans-serif;max-width:60rem;margin:0 auto;padding:1rem}"
    "h1{margin-bottom:0}h2{margin:2rem 0 .5rem}"
    "table{border-collapse:collapse;width:100%;margin-bottom:1.5rem}caption{text-align:left;"
    "padding:.25rem 0}"
    "th,td{text-align:left;padding:.35rem .75rem .35rem 0;border-bottom:1px solid var(--line)}"
    ".n{text-align:right;font-variant-numeric:tabular-nums}"
    ".missing{border-left:.3rem solid #b35900;padding:.5rem 1rem}"
    "@media print{body{max-width:none;font-size:.8rem}}";

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

/* --- tables: a column says where its figure stands and how it is shown --- */

enum look { LOOK_TEXT, LOOK_COUNT, LOOK_MONEY, LOOK_INSTANT };
struct column {
    const char *title;
    const char *member;
    enum look look;
};

static void cell_put(FILE *out, const json_t *item, const struct column *column, bool is_head)
{
    const json_t *value = json_object_get(item, column->member);
    const char *tag = is_head ? "th scope=\"row\"" : "td";
    const bool is_number = column->look == LOOK_COUNT || column->look == LOOK_MONEY;
    fprintf(out, "<%s%s>", tag, is_number ? " class=\"n\"" : "");
    if (column->look == LOOK_MONEY && value != NULL)
        pence_put(out, json_integer_or(value, "amount", 0));
    else if (column->look == LOOK_COUNT && value != NULL)
        fprintf(out, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    else if (column->look == LOOK_INSTANT)
        instant_put(out, json_string_value(value));
    else
        text_put(out, json_string_value(value));
    fprintf(out, "</%.2s>", tag);
}

static void table_put(FILE *out, const char *caption, const json_t *items,
                      const struct column columns[], size_t count)
{
    size_t index;
    const json_t *item;
    if (json_array_size(items) == 0) {
        fprintf(out, "<p>%s: none.</p>\n", caption);
        return;
    }
    fprintf(out, "<table><caption>%s</caption><thead><tr>", caption);
    for (size_t i = 0; i < count; i++)
        fprintf(out, "<th scope=\"col\"%s>%s</th>",
                columns[i].look == LOOK_COUNT || columns[i].look == LOOK_MONEY ? " class=\"n\""
                                                                               : "",
                columns[i].title);
    fputs("</tr></thead><tbody>\n", out);
    json_array_foreach(items, index, item)
    {
        fputs("<tr>", out);
        for (size_t i = 0; i < count; i++)
            cell_put(out, item, &columns[i], i == 0);
        fputs("</tr>\n", out);
    }
    fputs("</tbody></table>\n", out);
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
                                            {"Kind", "kind", LOOK_TEXT},
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
                                             {"Position", "position", LOOK_MONEY},
                                             {"Owed", "owed", LOOK_MONEY}};
    static const struct column FUNDS[] = {{"Account", "code", LOOK_TEXT},
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
    static const struct column COLUMNS[] = {{"State", "state", LOOK_TEXT},
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
    static const struct column BANDS[] = {{"Band", "band", LOOK_TEXT},
                                          {"Risks", "count", LOOK_COUNT}};
    static const struct column TOP[] = {{"Risk", "title", LOOK_TEXT},
                                        {"Owner", "owner", LOOK_TEXT},
                                        {"Score", "score", LOOK_COUNT},
                                        {"Band", "band", LOOK_TEXT}};
    if (risks == NULL)
        return;
    fputs("<h2>Risks</h2>\n", out);
    table_put(out, "Open risks by band", json_object_get(risks, "bands"), BANDS,
              ARRAY_LENGTH(BANDS));
    table_put(out, "Highest scores", json_object_get(risks, "highest"), TOP, ARRAY_LENGTH(TOP));
}

static void indicators_put(FILE *out, const json_t *indicators)
{
    static const struct column COLUMNS[] = {
        {"Indicator", "name", LOOK_TEXT},      {"Month", "latestMonth", LOOK_TEXT},
        {"Value", "value", LOOK_TEXT},         {"Unit", "unit", LOOK_TEXT},
        {"Variation", "variation", LOOK_TEXT}, {"Target", "target", LOOK_TEXT},
        {"Assurance", "assurance", LOOK_TEXT}};
    if (indicators == NULL)
        return;
    fputs("<h2>Indicators</h2>\n", out);
    table_put(out, "Latest values of the whole system", indicators, COLUMNS, ARRAY_LENGTH(COLUMNS));
}

char *overview_page(const json_t *overview)
{
    char *page = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&page, &size);
    if (out == NULL)
        abort();
    fputs("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
          "<meta name=\"viewport\" content=\"width=device-width\"><title>",
          out);
    text_put(out, json_text(json_object_get(overview, "alliance"), "name"));
    fprintf(out, ": overview</title><style>%s</style></head>\n<body><main>\n", STYLE);
    heading_put(out, overview);
    incomplete_put(out, overview);
    decisions_put(out, json_object_get(overview, "decisions"));
    money_put(out, json_object_get(overview, "money"));
    cases_put(out, json_object_get(overview, "cases"));
    risks_put(out, json_object_get(overview, "risks"));
    indicators_put(out, json_object_get(overview, "indicators"));
    fputs("</main></body></html>\n", out);
    if (fclose(out) != 0 || page == NULL)
        abort();
    return page;
}
