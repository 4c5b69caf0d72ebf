#ifndef PEERS_OUTPUT_H
#define PEERS_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>

// What one read gave rise to, so that it leaves in one write. There is one thread, and the output of a read leaves
// before the next read: one buffer serves all connections. It has room for the longest replies to as many commands as
// fit into the largest record of TLS, and pages of it take no memory until they are needed.
struct output {
    size_t length;
    bool overflowed;
    char bytes[2 * 1024 * 1024];
};

// In clear, as the conversations say it.
extern struct output replies;
// As it leaves when TLS is spoken.
extern struct output records;

void append(struct output *output, const void *bytes, size_t length);
void empty(struct output *output);

#define SAY(literal) append(&replies, literal, sizeof(literal) - 1)

#endif
