#ifndef PEERS_LOOP_H
#define PEERS_LOOP_H

#include <stdbool.h>
#include <stdint.h>

// The first member of whatever has a descriptor of its own in the epoll set.
struct watched {
    int descriptor;
    void (*ready)(struct watched *watched, uint32_t events);
};

void open_loop(void);
bool watch(struct watched *watched, uint32_t events);
bool watch_otherwise(struct watched *watched, uint32_t events);

// Waits until something is ready or the milliseconds have passed (-1: for ever), and sees to it.
void run_once(int milliseconds);

// CLOCK_MONOTONIC in nanoseconds.
uint64_t now(void);

// Tells on stderr what is wrong and ends the program.
_Noreturn void die(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
