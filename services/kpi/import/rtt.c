/* The RTT full extract as NHS England publishes it: a line for each provider, commissioner, part
 * and treatment function, with a column for each week of waiting. Incomplete pathways (Part_2, of
 * which Part_2A is a part) of all functions (C_999) become figures: within 18 weeks over all.
 * `Total` is blank on incomplete pathways; `Total All` counts. Every other line must be in order.
 */
#include <stdio.h>
#include <string.h>

#include "services/kpi/import/format.h"
#include "services/kpi/rules.h"

enum { WEEKS_WITHIN = 18, WEEKS_MAX = 520 };

enum rtt_kind {
    RTT_TEXT,
    RTT_PERIOD,
    RTT_PROVIDER,
    RTT_COMMISSIONER,
    RTT_PART,
    RTT_FUNCTION,
    RTT_WITHIN, /* weeks 0-1 to 17-18 */
    RTT_LATER,
    RTT_UNKNOWN_START,
    RTT_TOTAL,
    RTT_TOTAL_ALL,
    RTT_KINDS
};

static const struct {
    const char *name;
    enum rtt_kind kind;
} NAMED[] = {
    {"Period", RTT_PERIOD},
    {"Provider Org Code", RTT_PROVIDER},
    {"Commissioner Org Code", RTT_COMMISSIONER},
    {"RTT Part Type", RTT_PART},
    {"Treatment Function Code", RTT_FUNCTION},
    {"Patients with unknown clock start date", RTT_UNKNOWN_START},
    {"Total", RTT_TOTAL},
    {"Total All", RTT_TOTAL_ALL},
};

/* "Gt 17 To 18 Weeks SUM 1", "Gt 104 Weeks SUM 1" */
static enum rtt_kind kind_of_column(const char *name)
{
    unsigned from = 0, to = 0;
    int end = -1;
    for (size_t i = 0; i < ARRAY_LENGTH(NAMED); i++)
        if (strcmp(NAMED[i].name, name) == 0)
            return NAMED[i].kind;
    if (sscanf(name, "Gt %3u To %3u Weeks SUM 1%n", &from, &to, &end) == 2 && end > 0 &&
        name[end] == '\0' && to == from + 1)
        return to <= WEEKS_WITHIN ? RTT_WITHIN : RTT_LATER;
    end = -1;
    if (sscanf(name, "Gt %3u Weeks SUM 1%n", &from, &end) == 1 && end > 0 && name[end] == '\0' &&
        from >= WEEKS_WITHIN && from <= WEEKS_MAX)
        return RTT_LATER;
    return RTT_TEXT;
}

static bool rtt_header(struct import_reader *reader)
{
    size_t found[RTT_KINDS] = {0};
    for (size_t i = 0; i < reader->column_count; i++) {
        enum rtt_kind kind = kind_of_column(reader->names[i]);
        reader->kinds[i] = (unsigned char)kind;
        found[kind]++;
        for (size_t j = 0; j < i; j++)
            if (strcmp(reader->names[i], reader->names[j]) == 0)
                return false; /* twice: which one counts? */
    }
    return found[RTT_PERIOD] == 1 && found[RTT_PROVIDER] == 1 && found[RTT_COMMISSIONER] == 1 &&
           found[RTT_PART] == 1 && found[RTT_FUNCTION] == 1 && found[RTT_TOTAL_ALL] == 1 &&
           found[RTT_WITHIN] == WEEKS_WITHIN && found[RTT_LATER] > 0;
}

struct rtt_record {
    bool is_incomplete, is_all_functions, has_total;
    int64_t within, waiting, total_all;
};

static void part_take(struct import_reader *reader, struct rtt_record *record, const char *text)
{
    static const char *const PARTS[] = {"Part_1A", "Part_1B", "Part_2", "Part_2A", "Part_3"};
    for (size_t i = 0; i < ARRAY_LENGTH(PARTS); i++)
        if (strcmp(PARTS[i], text) == 0) {
            record->is_incomplete = strcmp(text, "Part_2") == 0;
            return;
        }
    import_cell_fault(reader, "RTT Part Type", "unknown-part", text, "a part of the return");
}

/* A blank is no number: nobody is counted there. */
static int64_t people(struct import_reader *reader, const char *name, const char *text)
{
    return text[0] == '\0' ? 0 : import_count(reader, name, text, false);
}

static void cell_take(struct import_reader *reader, size_t at, struct import_row *row,
                      struct rtt_record *record)
{
    const char *text = reader->fields[at], *name = reader->names[at];
    switch ((enum rtt_kind)reader->kinds[at]) {
    case RTT_PERIOD:
        import_period(reader, row, name, text, "RTT-");
        break;
    case RTT_PROVIDER:
        import_organisation(reader, row, name, text);
        break;
    case RTT_COMMISSIONER:
        import_cell_check(reader, name, text);
        snprintf(row->part, sizeof(row->part), "%.10s", text);
        break;
    case RTT_PART:
        part_take(reader, record, text);
        break;
    case RTT_FUNCTION:
        import_cell_check(reader, name, text);
        record->is_all_functions = strcmp(text, "C_999") == 0;
        break;
    case RTT_WITHIN:
        record->within += people(reader, name, text);
        break;
    case RTT_LATER:
    case RTT_UNKNOWN_START:
        record->waiting += people(reader, name, text);
        break;
    case RTT_TOTAL_ALL:
        record->has_total = text[0] != '\0';
        record->total_all = people(reader, name, text);
        break;
    case RTT_TOTAL:
        (void)people(reader, name, text);
        break;
    case RTT_TEXT:
    case RTT_KINDS:
        import_cell_check(reader, name, text);
        break;
    }
}

static bool rtt_read(struct import_reader *reader, struct import_row *row)
{
    struct rtt_record record = {0};
    size_t faults = reader->rows->fault_count;
    for (size_t i = 0; i < reader->column_count; i++)
        cell_take(reader, i, row, &record);
    if (!record.is_incomplete || !record.is_all_functions)
        return false;
    record.waiting += record.within;
    if (reader->rows->fault_count == faults &&
        (!record.has_total || record.waiting != record.total_all))
        import_fault_add(reader->rows, reader->line, "Total All", "total",
                         "the weeks add up to %lld, not to %lld", (long long)record.waiting,
                         (long long)record.total_all);
    row->figures.numerator = record.within;
    row->figures.denominator = record.total_all;
    return true;
}

const struct import_format IMPORT_RTT = {
    "rtt-full-extract", "that of NHS England's RTT full extract, from Period to Total All",
    rtt_header, rtt_read};
