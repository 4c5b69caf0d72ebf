#ifndef PEERS_STATES_H
#define PEERS_STATES_H

#include <stdbool.h>
#include <stdint.h>

enum state { HEALTHY, SILENT, CRASHED };

extern const char *const state_names[3];

// Successive addresses, in host order.
struct addresses {
    uint32_t first, count;
};

bool contains(struct addresses addresses, uint32_t address);

// Whether they all are in 127.0.0.0/8: only those have states, all others are healthy for ever.
bool have_states(struct addresses addresses);

enum state state_of(uint32_t address);
void set_state(struct addresses addresses, enum state state);

#endif
