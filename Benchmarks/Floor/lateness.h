#ifndef FLOOR_LATENESS_H
#define FLOOR_LATENESS_H

#include <stddef.h>
#include <stdint.h>

// How long after they were due the polls began.
void open_lateness(size_t most);
void note_lateness(uint64_t nanoseconds);

struct percentiles {
    uint32_t p50_us, p99_us, max_us;
};

struct percentiles lateness(void);

#endif
