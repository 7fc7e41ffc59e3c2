#include "common/seen.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "common/limits.h"
#include "common/memory.h"

/* The text of a UUID without its end of text; all zeros = a free place. */
enum { ID_BYTES = UUID_SIZE - 1, PLACES_FIRST = 256 };

struct generation {
    char (*places)[ID_BYTES]; /* open addressing, half of them taken at most */
    size_t place_count, count;
};

struct seen {
    int64_t keep_s, began_s; /* of the newer generation */
    size_t max;
    struct generation newer, older;
    pthread_mutex_t mutex;
};

static struct generation generation_new(size_t place_count)
{
    return (struct generation){.places = need(calloc(place_count, ID_BYTES)),
                               .place_count = place_count};
}

struct seen *seen_new(int64_t keep_s, size_t max)
{
    struct seen *seen = need(calloc(1, sizeof *seen));
    seen->keep_s = keep_s;
    seen->max = max;
    seen->newer = generation_new(PLACES_FIRST);
    seen->older = generation_new(PLACES_FIRST);
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
static char *place_find(const struct generation *generation, const char *uuid)
{
    size_t place = id_hash(uuid) % generation->place_count;
    while (generation->places[place][0] != '\0' &&
           memcmp(generation->places[place], uuid, ID_BYTES) != 0)
        place = (place + 1) % generation->place_count;
    return generation->places[place];
}

/* As large as what it holds: all that might ever have to be remembered would be megabytes. */
static void generation_grow(struct generation *generation)
{
    struct generation larger = generation_new(2 * generation->place_count);
    for (size_t i = 0; i < generation->place_count; i++)
        if (generation->places[i][0] != '\0')
            memcpy(place_find(&larger, generation->places[i]), generation->places[i], ID_BYTES);
    larger.count = generation->count;
    free(generation->places);
    *generation = larger;
}

static void generation_add(struct generation *generation, const char *uuid)
{
    if (2 * (generation->count + 1) > generation->place_count)
        generation_grow(generation);
    memcpy(place_find(generation, uuid), uuid, ID_BYTES);
    generation->count++;
}

static void generation_turn(struct seen *seen, int64_t now_s)
{
    free(seen->older.places);
    seen->older = seen->newer;
    seen->newer = generation_new(PLACES_FIRST);
    seen->began_s = now_s;
}

enum seen_outcome seen_take(struct seen *seen, const char *uuid, int64_t now_s)
{
    enum seen_outcome outcome = SEEN_AGAIN;
    pthread_mutex_lock(&seen->mutex);
    if (now_s - seen->began_s >= seen->keep_s)
        generation_turn(seen, now_s);
    if (*place_find(&seen->newer, uuid) == '\0' && *place_find(&seen->older, uuid) == '\0') {
        outcome = seen->newer.count < seen->max ? SEEN_FIRST : SEEN_FULL;
        if (outcome == SEEN_FIRST)
            generation_add(&seen->newer, uuid);
    }
    pthread_mutex_unlock(&seen->mutex);
    return outcome;
}
