/* A&E attendances, four-hour breaches and admissions: in long form, and as NHS England publishes
 * them month by month. A proportion seen within four hours: numerator = attendances - breaches. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/instant.h"
#include "services/kpi/import/format.h"
#include "services/kpi/rules.h"

static void proportion_take(struct import_reader *reader, struct import_row *row,
                            int64_t attendances, int64_t breaches, const char *column)
{
    if (breaches > attendances)
        import_fault_add(reader->rows, reader->line, column, "maximum",
                         "%lld breaches of %lld attendances", (long long)breaches,
                         (long long)attendances);
    row->figures.numerator = attendances - breaches;
    row->figures.denominator = attendances;
}

/* --- the long form: a line for each organisation, month and department type ----------------------
 */

static const char *const LONG[] = {"period",   "org_code",   "type", "attendances",
                                   "breaches", "admissions", NULL};

static bool long_header(struct import_reader *reader)
{
    return import_header_is(reader, LONG);
}

static bool long_read(struct import_reader *reader, struct import_row *row)
{
    char(*fields)[IMPORT_FIELD_SIZE] = reader->fields;
    int32_t day = 0;
    if (!day_parse(fields[0], &day) || strcmp(fields[0] + 8, "01") != 0)
        import_cell_fault(reader, "period", "not-a-month", fields[0], "the first day of a month");
    else
        row->month = month_of_day(day);
    import_organisation(reader, row, "org_code", fields[1]);
    if (strcmp(fields[2], "1") != 0 && strcmp(fields[2], "2") != 0 &&
        strcmp(fields[2], "other") != 0)
        import_cell_fault(reader, "type", "unknown-type", fields[2], "1, 2 or other");
    else
        snprintf(row->part, sizeof(row->part), "%s", fields[2]);
    int64_t attendances = import_count(reader, "attendances", fields[3], false);
    int64_t breaches = import_count(reader, "breaches", fields[4], false);
    (void)import_count(reader, "admissions", fields[5], false);
    proportion_take(reader, row, attendances, breaches, "breaches");
    return true;
}

const struct import_format IMPORT_AE_LONG = {
    "ae-long", "period,org_code,type,attendances,breaches,admissions", long_header, long_read};

/* --- the published monthly file: a line for each organisation
 * -------------------------------------
 */

enum monthly_kind {
    MONTHLY_TEXT,
    MONTHLY_PERIOD,
    MONTHLY_ORGANISATION,
    MONTHLY_ATTENDANCES,
    MONTHLY_BREACHES,
    MONTHLY_OTHER
};

static const struct {
    const char *name;
    enum monthly_kind kind;
} MONTHLY[] = {
    {"Period", MONTHLY_PERIOD},
    {"Org Code", MONTHLY_ORGANISATION},
    {"Parent Org", MONTHLY_TEXT},
    {"Org name", MONTHLY_TEXT},
    {"A&E attendances Type 1", MONTHLY_ATTENDANCES},
    {"A&E attendances Type 2", MONTHLY_ATTENDANCES},
    {"A&E attendances Other A&E Department", MONTHLY_ATTENDANCES},
    {"A&E attendances Booked Appointments Type 1", MONTHLY_ATTENDANCES},
    {"A&E attendances Booked Appointments Type 2", MONTHLY_ATTENDANCES},
    {"A&E attendances Booked Appointments Other Department", MONTHLY_ATTENDANCES},
    {"Attendances over 4hrs Type 1", MONTHLY_BREACHES},
    {"Attendances over 4hrs Type 2", MONTHLY_BREACHES},
    {"Attendances over 4hrs Other Department", MONTHLY_BREACHES},
    {"Attendances over 4hrs Booked Appointments Type 1", MONTHLY_BREACHES},
    {"Attendances over 4hrs Booked Appointments Type 2", MONTHLY_BREACHES},
    {"Attendances over 4hrs Booked Appointments Other Department", MONTHLY_BREACHES},
    {"Patients who have waited 4-12 hs from DTA to admission", MONTHLY_OTHER},
    {"Patients who have waited 12+ hrs from DTA to admission", MONTHLY_OTHER},
    {"Emergency admissions via A&E - Type 1", MONTHLY_OTHER},
    {"Emergency admissions via A&E - Type 2", MONTHLY_OTHER},
    {"Emergency admissions via A&E - Other A&E department", MONTHLY_OTHER},
    {"Other emergency admissions", MONTHLY_OTHER},
};

static bool monthly_header(struct import_reader *reader)
{
    bool fits = reader->column_count == ARRAY_LENGTH(MONTHLY);
    for (size_t i = 0; fits && i < ARRAY_LENGTH(MONTHLY); i++) {
        fits = strcmp(reader->names[i], MONTHLY[i].name) == 0;
        reader->kinds[i] = (unsigned char)MONTHLY[i].kind;
    }
    return fits;
}

/* England's own line. It says TOTAL in one or the other of the first four columns. */
static bool is_total(const struct import_reader *reader)
{
    for (size_t i = 0; i < 4; i++)
        if (strcasecmp(reader->fields[i], "TOTAL") == 0)
            return true;
    return false;
}

static bool monthly_read(struct import_reader *reader, struct import_row *row)
{
    int64_t attendances = 0, breaches = 0;
    if (is_total(reader))
        return false;
    for (size_t i = 0; i < reader->column_count; i++) {
        const char *text = reader->fields[i], *name = reader->names[i];
        switch ((enum monthly_kind)reader->kinds[i]) {
        case MONTHLY_TEXT:
            import_cell_check(reader, name, text);
            break;
        case MONTHLY_PERIOD:
            import_period(reader, row, name, text, "MSitAE-");
            break;
        case MONTHLY_ORGANISATION:
            import_organisation(reader, row, name, text);
            break;
        case MONTHLY_ATTENDANCES:
            attendances += import_count(reader, name, text, false);
            break;
        case MONTHLY_BREACHES:
            breaches += import_count(reader, name, text, false);
            break;
        case MONTHLY_OTHER:
            (void)import_count(reader, name, text, false);
            break;
        }
    }
    proportion_take(reader, row, attendances, breaches, "Attendances over 4hrs");
    return true;
}

const struct import_format IMPORT_AE_MONTHLY = {
    "ae-monthly",
    "that of NHS England's monthly A&E file, from Period to Other emergency admissions",
    monthly_header, monthly_read};
