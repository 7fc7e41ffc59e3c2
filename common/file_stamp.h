/* What tells one version of a file from the next: keys, certificates and passwords are replaced
 * while we run. Any thread. */
#ifndef ACCORD_COMMON_FILE_STAMP_H
#define ACCORD_COMMON_FILE_STAMP_H

#include <stdbool.h>
#include <stdint.h>

#include "common/cleanup.h"

/* Compared by memcmp(). */
struct file_stamp {
    int64_t modified_s, modified_ns, changed_s, changed_ns;
    uint64_t inode, size;
};

/* `ret_is_settled` is false while the file is so young that a change within the clock's grain would
 * not show. False when there is no such file. */
bool file_stamp_read(const char *path, struct file_stamp *ret_stamp,
                     bool *ret_is_settled) MUST_CHECK;

#endif
