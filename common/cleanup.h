/* Ownership made visible: a variable of a `*_auto_t` type (or marked `cleanup`) owns what it points
 * to and gives it up at the end of its scope; a plain pointer borrows. STEAL() hands over. */
#ifndef ACCORD_COMMON_CLEANUP_H
#define ACCORD_COMMON_CLEANUP_H

#include <stdlib.h>

/* Runs `function(&variable)` when the variable leaves its scope. `unused`: clang would ask for more
 * use than being held until then. */
#define CLEANUP(function) __attribute__((cleanup(function), unused))

/* Hands the value of an owning variable over and leaves it empty. */
#define STEAL(variable)                                                                            \
    __extension__({                                                                                \
        __typeof__(variable) stolen_ = (variable);                                                 \
        (variable) = NULL;                                                                         \
        stolen_;                                                                                   \
    })

/* Every fallible function returns bool, and nobody may overlook it. */
#define MUST_CHECK __attribute__((warn_unused_result))
#define PRINTF_LIKE(format_index, first_index)                                                     \
    __attribute__((format(printf, format_index, first_index)))
#define ARRAY_LENGTH(array) (sizeof(array) / sizeof((array)[0]))

static inline void cleanup_char(char **text)
{
    free(*text);
}
#define char_auto_t CLEANUP(cleanup_char) char

#endif
