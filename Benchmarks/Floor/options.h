#ifndef FLOOR_OPTIONS_H
#define FLOOR_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "script.h"

struct options {
    const struct exchange *script;
    uint16_t port;
    // In host order; the backends are the `count` addresses from there.
    uint32_t first;
    uint32_t count;
    uint32_t interval_ms, seconds, timeout_ms;
    bool is_encrypted, resumes;
    const char *ca, *name;
};

// Ends the program when they are not to be understood.
struct options read_options(int count, char *words[]);

// Tells on stderr what is wrong and ends the program.
_Noreturn void die(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
