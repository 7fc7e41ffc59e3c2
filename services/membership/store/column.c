#include "services/membership/store/column.h"

#include <string.h>

#include "common/json.h"

bool column_json(const struct db_rows *rows, int row, const char *column, json_t **ret_value,
                 struct problem *err)
{
    const char *text = row_text(rows, row, column);
    if (text == NULL) {
        *ret_value = NULL;
        return true;
    }
    if (!json_parse(text, strlen(text), ret_value, err))
        return problem_set(err, PROBLEM_INTERNAL, "column %s does not hold our JSON", column);
    return true;
}
