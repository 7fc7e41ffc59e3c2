#include "common/seen.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "common/limits.h"

/* The text of a UUID without its end of text; all zeros = a free place. */
enum { ID_BYTES = UUID_SIZE - 1 };

struct generation {
    char (*places)[ID_BYTES]; /* open addressing, twice as many as may be taken */
    size_t count;
};

struct seen {
    int64_t keep_s, began_s; /* of the newer generation */
    size_t max, place_count;
    struct generation newer, older;
    pthread_mutex_t mutex;
};

static struct generation generation_new(size_t place_count)
{
    struct generation generation = {.places = calloc(place_count, ID_BYTES)};
    if (generation.places == NULL)
        abort();
    return generation;
}

struct seen *seen_new(int64_t keep_s, size_t max)
{
    struct seen *seen = calloc(1, sizeof *seen);
    if (seen == NULL)
        abort();
    seen->keep_s = keep_s;
    seen->max = max;
    seen->place_count = 2 * max;
    seen->newer = generation_new(seen->place_count);
    seen->older = generation_new(seen->place_count);
    pthread_mutex_init(&seen->mutex, NULL);
    return seen;
}

void seen_free(struct seen *seen)
{
    if (seen == NULL)
        return;
    free(seen->newer.places);
    free(seen->older.places);
    pthread_mutex_destroy(&seen->mutex);
    free(seen);
}

/* FNV-1a; who may put identifiers here has proven who they are. */
static size_t id_hash(const char *uuid)
{
    uint64_t hash = 14695981039346656037U;
    for (size_t i = 0; i < ID_BYTES; i++)
        hash = (hash ^ (unsigned char)uuid[i]) * 1099511628211U;
    return (size_t)(hash ^ hash >> 32);
}

/* Where it stands, or the free place where it would. */
static char *place_find(const struct seen *seen, const struct generation *generation,
                        const char *uuid)
{
    size_t place = id_hash(uuid) % seen->place_count;
    while (generation->places[place][0] != '\0' &&
           memcmp(generation->places[place], uuid, ID_BYTES) != 0)
        place = (place + 1) % seen->place_count;
    return generation->places[place];
}

static void generation_turn(struct seen *seen, int64_t now_s)
{
    struct generation oldest = seen->older;
    memset(oldest.places, 0, seen->place_count * ID_BYTES);
    oldest.count = 0;
    seen->older = seen->newer;
    seen->newer = oldest;
    seen->began_s = now_s;
}

enum seen_outcome seen_take(struct seen *seen, const char *uuid, int64_t now_s)
{
    enum seen_outcome outcome = SEEN_AGAIN;
    pthread_mutex_lock(&seen->mutex);
    if (now_s - seen->began_s >= seen->keep_s)
        generation_turn(seen, now_s);
    char *place = place_find(seen, &seen->newer, uuid);
    if (*place == '\0' && *place_find(seen, &seen->older, uuid) == '\0') {
        outcome = seen->newer.count < seen->max ? SEEN_FIRST : SEEN_FULL;
        if (outcome == SEEN_FIRST) {
            memcpy(place, uuid, ID_BYTES);
            seen->newer.count++;
        }
    }
    pthread_mutex_unlock(&seen->mutex);
    return outcome;
}
