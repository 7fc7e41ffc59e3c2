#include "common/file_stamp.h"

#include <sys/stat.h>
#include <time.h>

/* Coarser than any file system's and kernel's grain. */
enum { SETTLES_S = 2 };

bool file_stamp_read(const char *path, struct file_stamp *ret_stamp, bool *ret_is_settled)
{
    struct stat state;
    struct timespec now;
    if (stat(path, &state) != 0)
        return false;
    *ret_stamp = (struct file_stamp){
        .modified_s = state.st_mtim.tv_sec,
        .modified_ns = state.st_mtim.tv_nsec,
        .changed_s = state.st_ctim.tv_sec,
        .changed_ns = state.st_ctim.tv_nsec,
        .inode = state.st_ino,
        .size = (uint64_t)state.st_size,
    };
    clock_gettime(CLOCK_REALTIME, &now);
    *ret_is_settled = state.st_mtim.tv_sec + SETTLES_S < now.tv_sec &&
                      state.st_ctim.tv_sec + SETTLES_S < now.tv_sec;
    return true;
}
