#ifndef FLOOR_POLL_H
#define FLOOR_POLL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "options.h"

struct tally {
    uint64_t polls, failed, resumed;
};

extern struct tally tally;

struct poll;

void open_polls(const struct options *options);

// Begins a poll of the backend with this number, which fails unless it is through by `deadline`.
void begin_poll(size_t backend, uint64_t deadline);

// Fails the polls whose deadline has passed.
void fail_late_polls(uint64_t time);

// UINT64_MAX when no poll is under way.
uint64_t next_deadline(void);

// Sees to what has come, for as long as the milliseconds (-1: for ever) or until a signal.
void wait_for_replies(int milliseconds);

#endif
