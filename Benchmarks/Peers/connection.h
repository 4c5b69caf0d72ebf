#ifndef PEERS_CONNECTION_H
#define PEERS_CONNECTION_H

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "loop.h"
#include "states.h"
#include "text.h"

struct connection;

// One of the six kinds of listeners.
struct service {
    struct watched watched;
    const char *name;
    bool is_encrypted;
    // Whether it was asked for; with port 0 any port will do, and `port` is the one it became.
    bool is_wanted;
    uint16_t port;
    const char *greeting;
    void (*answer)(struct connection *connection, struct text line);
};

struct connection {
    struct watched watched;
    struct connection *previous, *next;
    const struct service *service;
    // NULL when it is in clear, and when it is silent.
    SSL *session;
    // Whether TLS begins once what has been said has left.
    bool is_starting_tls;
    // The local address, which is the backend's, in host order.
    uint32_t address;
    // Whether it was there while its backend was silent. It stays so, even if the backend recovers.
    bool is_silent;
    // Whether it is to be closed once what has been said has left.
    bool is_ending;
    // Of LMTP.
    bool has_sender, is_in_data;
    uint16_t recipients;
    // What the socket had no room for. Until it has left nothing is read.
    char *unsent;
    size_t unsent_length;
    // A line whose end is still to come.
    size_t line_length;
    char line[1024];
};

// Begins the conversation of an accepted connection.
void begin(const struct service *service, int descriptor, uint32_t address, bool is_silent);

// Lets the open connections of the addresses hang for ever, or resets them. Not for use while events are seen to.
void silence_connections(struct addresses addresses);
void reset_connections(struct addresses addresses);

// Closes in such a way that the other side sees a reset.
void reset(int descriptor);

uint64_t open_connections(void);

// LOGOUT or QUIT was said.
void finish(struct connection *connection);

#endif
