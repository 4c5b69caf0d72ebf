#ifndef PEERS_SCHEDULE_H
#define PEERS_SCHEDULE_H

#include <stdint.h>

#include "states.h"

struct change {
    struct addresses addresses;
    enum state state;
    // When it is due, and once it has been carried out, when that was.
    uint64_t time;
};

void carry_out(struct change change);

void schedule(struct change change);
// -1 when nothing is scheduled.
int milliseconds_until_due(void);
void carry_out_due(void);

// Prints the scheduled changes that have been carried out, and forgets them.
void print_carried_out(void);

#endif
