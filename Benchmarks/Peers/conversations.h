#ifndef PEERS_CONVERSATIONS_H
#define PEERS_CONVERSATIONS_H

#include "connection.h"

extern const char imap_greeting[], pop3_greeting[], lmtp_greeting[];

// Each answers a line, without its end, by adding to `replies`.
void answer_imap(struct connection *connection, struct text line);
void answer_pop3(struct connection *connection, struct text line);
void answer_lmtp(struct connection *connection, struct text line);

#endif
