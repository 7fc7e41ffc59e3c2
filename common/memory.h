/* Memory that small things need: when there is none, the process ends, because nothing could be
 * answered without it either. What a client can make large is limited and refused before. */
#ifndef ACCORD_COMMON_MEMORY_H
#define ACCORD_COMMON_MEMORY_H

#include <stdlib.h>
#include <string.h>

static inline void *need(void *memory)
{
    if (!memory)
        abort();
    return memory;
}

static inline char *text_copy(const char *text)
{
    return need(strdup(text));
}

#endif
