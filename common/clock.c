#include "common/clock.h"

enum { NS_PER_MS = 1000000, MS_PER_S = 1000 };

int64_t monotonic_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t monotonic_ms(void)
{
    return monotonic_us() / 1000;
}

struct timespec monotonic_after(int64_t ms)
{
    struct timespec then;
    clock_gettime(CLOCK_MONOTONIC, &then);
    then.tv_sec += ms / MS_PER_S;
    then.tv_nsec += ms % MS_PER_S * NS_PER_MS;
    if (then.tv_nsec >= MS_PER_S * NS_PER_MS) {
        then.tv_nsec -= MS_PER_S * NS_PER_MS;
        then.tv_sec++;
    }
    return then;
}
