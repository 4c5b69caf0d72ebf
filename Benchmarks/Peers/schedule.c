#include "schedule.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "connection.h"
#include "loop.h"

struct changes {
    struct change *items;
    size_t count, capacity;
};

// The latest first, as the next is taken off the end.
static struct changes due;
static struct changes carried_out;

static void insert(struct changes *changes, size_t index, struct change change) {
    if (changes->count == changes->capacity) {
        changes->capacity = changes->capacity * 2 + 16;
        changes->items = realloc(changes->items, changes->capacity * sizeof *changes->items);
        if (!changes->items) die("no memory for %zu changes: schedule fewer at once", changes->capacity);
    }
    struct change *place = changes->items + index;
    memmove(place + 1, place, (changes->count - index) * sizeof *place);
    *place = change;
    changes->count++;
}

void carry_out(struct change change) {
    set_state(change.addresses, change.state);
    if (change.state == SILENT) silence_connections(change.addresses);
    if (change.state == CRASHED) reset_connections(change.addresses);
}

void schedule(struct change change) {
    size_t low = 0, high = due.count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        // Of those at one moment the first told is the first carried out.
        if (due.items[middle].time > change.time) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    insert(&due, low, change);
}

int milliseconds_until_due(void) {
    if (due.count == 0) return -1;
    uint64_t time = now(), next = due.items[due.count - 1].time;
    // Rounded up, or the loop would spin through the last millisecond.
    uint64_t milliseconds = next > time ? (next - time + 999999) / 1000000 : 0;
    return milliseconds < INT_MAX ? (int)milliseconds : INT_MAX;
}

void carry_out_due(void) {
    while (due.count > 0 && due.items[due.count - 1].time <= now()) {
        struct change change = due.items[--due.count];
        // Before it shows, so that nothing measured from there looks faster than it is.
        change.time = now();
        carry_out(change);
        insert(&carried_out, carried_out.count, change);
    }
}

void print_carried_out(void) {
    fputs("carried", stdout);
    for (size_t i = 0; i < carried_out.count; i++) {
        struct change change = carried_out.items[i];
        struct in_addr address = {htonl(change.addresses.first)};
        char text[INET_ADDRSTRLEN];
        inet_ntop(AF_INET, &address, text, sizeof text);
        printf(" %s:%s:%" PRIu64, text, state_names[change.state], change.time);
    }
    putchar('\n');
    carried_out.count = 0;
}
