#ifndef PEERS_TEXT_H
#define PEERS_TEXT_H

#include <stdbool.h>
#include <stddef.h>

// Bytes from a socket: they may hold anything, NUL too.
struct text {
    const char *bytes;
    size_t length;
};

// Takes the first word off `rest`; empty when there is none.
struct text next_word(struct text *rest);

// Whether it is `expected` in whatever case.
bool is_word(struct text word, const char *expected);

#endif
