/* What went wrong, as a value: one code of problem.def, a sentence, and up to 16 faults with their
 * JSON Pointers. Pure, allocates nothing, so that reporting out-of-memory can't fail. A 5xx detail
 * is for the log only, unless it was published. Every fallible function takes `struct problem *err`
 * last and fails in one line: `return problem_set(err, PROBLEM_NOT_FOUND, "there is no risk %s",
 * id);`. */
#ifndef ACCORD_COMMON_PROBLEM_H
#define ACCORD_COMMON_PROBLEM_H

#include <stdbool.h>
#include <stddef.h>

#include "common/cleanup.h"
#include "common/limits.h"

enum problem_code {
#define PROBLEM(code, status, slug, title) PROBLEM_##code,
#include "common/problem.def"
#undef PROBLEM
    PROBLEM_COUNT
};

enum {
    PROBLEM_DETAIL_SIZE = 512,
    FAULT_POINTER_SIZE = 160,
    FAULT_DETAIL_SIZE = 200,
    FAULT_CODE_SIZE = 32
};

struct problem_fault {
    char pointer[FAULT_POINTER_SIZE]; /* JSON Pointer into the body, or "?name" for a parameter */
    char detail[FAULT_DETAIL_SIZE];
    char code[FAULT_CODE_SIZE]; /* "required", "pattern", "unknown-account" ... */
};

struct problem {
    enum problem_code code;
    char detail[PROBLEM_DETAIL_SIZE];
    bool is_public;     /* the detail may be told although it is a 5xx */
    size_t fault_count; /* all that were found; the first 16 are kept */
    struct problem_fault faults[FAULTS_LISTED_MAX];
    int retry_after_s; /* for 429 and 503; 0 = the default of 1 */
};

/* Sets code and detail (replacing both, keeping the faults). Always returns false. */
bool problem_set(struct problem *err, enum problem_code code, const char *format, ...)
    PRINTF_LIKE(3, 4);

/* The caller may read the detail of this 5xx: it says nothing but which service to wait for. Lasts
 * until the next problem_set(). */
void problem_publish(struct problem *err);

/* Adds a fault; the first also sets code and a general detail. Always returns false, so that a
 * check may collect: `ok = problem_add(...)`, and go on to find the others. */
bool problem_add(struct problem *err, enum problem_code code, const char *fault_code,
                 const char *pointer, const char *format, ...) PRINTF_LIKE(5, 6);

/* The compiler is to know that both always return false: what a failed function leaves unset is
 * then seen not to be used. */
#define problem_set(...)                                                                           \
    __extension__({                                                                                \
        (void)problem_set(__VA_ARGS__);                                                            \
        false;                                                                                     \
    })
#define problem_add(...)                                                                           \
    __extension__({                                                                                \
        (void)problem_add(__VA_ARGS__);                                                            \
        false;                                                                                     \
    })

/* Forgets everything. */
void problem_clear(struct problem *err);

bool problem_is_set(const struct problem *err);
int problem_status(enum problem_code code);       /* HTTP status */
const char *problem_slug(enum problem_code code); /* "not-found" */
const char *problem_title(enum problem_code code);
/* The code whose slug this is, or PROBLEM_NONE. */
enum problem_code problem_by_slug(const char *slug);

#endif
