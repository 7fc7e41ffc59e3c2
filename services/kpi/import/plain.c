#include "common/instant.h"
#include "services/kpi/import/format.h"

static const char *const PROPORTION[] = {"organisation", "month", "numerator", "denominator", NULL};
static const char *const VALUE[] = {"organisation", "month", "value", NULL};

static bool plain_header(struct import_reader *reader)
{
    return import_header_is(reader, PROPORTION) || import_header_is(reader, VALUE);
}

static bool plain_read(struct import_reader *reader, struct import_row *row)
{
    import_organisation(reader, row, "organisation", reader->fields[0]);
    if (!month_parse(reader->fields[1], &row->month))
        import_cell_fault(reader, "month", "not-a-month", reader->fields[1],
                          "a month like 2026-27-M03");
    if (reader->column_count == 4) {
        row->figures.numerator = import_count(reader, "numerator", reader->fields[2], false);
        row->figures.denominator = import_count(reader, "denominator", reader->fields[3], false);
    } else {
        row->figures.value = import_count(reader, "value", reader->fields[2], true);
    }
    return true;
}

const struct import_format IMPORT_PLAIN = {
    "plain", "organisation,month,numerator,denominator or organisation,month,value", plain_header,
    plain_read};
