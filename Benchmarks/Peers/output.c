#include "output.h"

#include <string.h>

struct output replies, records;

void append(struct output *output, const void *bytes, size_t length) {
    if (length > sizeof output->bytes - output->length) {
        output->overflowed = true;
        return;
    }
    memcpy(output->bytes + output->length, bytes, length);
    output->length += length;
}

void empty(struct output *output) {
    output->length = 0;
    output->overflowed = false;
}
