#include "lateness.h"

#include <stdlib.h>

#include "options.h"

static uint32_t *microseconds;
static size_t count, limit;

void open_lateness(size_t most) {
    limit = most;
    microseconds = calloc(most, sizeof *microseconds);
    if (!microseconds) die("no memory for the lateness of %zu polls: give fewer --seconds", most);
}

void note_lateness(uint64_t nanoseconds) {
    uint64_t late = nanoseconds / 1000;
    if (count < limit) microseconds[count++] = late < UINT32_MAX ? (uint32_t)late : UINT32_MAX;
}

static int compare(const void *a, const void *b) {
    uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;
    return (left > right) - (left < right);
}

struct percentiles lateness(void) {
    if (count == 0) return (struct percentiles){0};
    qsort(microseconds, count, sizeof *microseconds, compare);
    return (struct percentiles){microseconds[count / 2], microseconds[count * 99 / 100], microseconds[count - 1]};
}
