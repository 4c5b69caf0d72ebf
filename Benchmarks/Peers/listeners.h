#ifndef PEERS_LISTENERS_H
#define PEERS_LISTENERS_H

#include <stddef.h>

#include "connection.h"

extern struct service services[];
extern const size_t service_count;

// Opens those that are wanted.
void open_listeners(void);

// Accepts what could not be accepted for want of descriptors or memory, now that some may have become free.
void accept_again(void);

#endif
