#ifndef PEERS_TLS_H
#define PEERS_TLS_H

#include <openssl/ssl.h>
#include <stdbool.h>

#include "text.h"

// What was read from a socket and TLS has yet to take.
extern struct text incoming;

// Prepares for sessions, each handing out `tickets` tickets (0: none can be resumed).
void open_tls(const char *certificate, const char *key, int tickets);

// Whether that was done.
bool offers_tls(void);

// A server's session that reads from `incoming` and writes to `records`; NULL when there is no memory.
SSL *new_session(void);

#endif
