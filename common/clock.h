/* The monotonic clock, for time-outs and durations only: what time it is in an alliance,
 * accord_now() says. Any thread. */
#ifndef ACCORD_COMMON_CLOCK_H
#define ACCORD_COMMON_CLOCK_H

#include <stdint.h>
#include <time.h>

int64_t monotonic_us(void);
int64_t monotonic_ms(void);
/* So long from now, for pthread_cond_timedwait() on a condition that goes by this clock. */
struct timespec monotonic_after(int64_t ms);

#endif
