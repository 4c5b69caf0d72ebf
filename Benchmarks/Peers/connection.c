#define _GNU_SOURCE
#include "connection.h"

#include <errno.h>
#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "output.h"
#include "statistics.h"
#include "tls.h"

// Writability is asked for only when a socket had no room: asked for from the start, it would be one more event per
// connection.
static const uint32_t readable = EPOLLIN | EPOLLRDHUP | EPOLLET;

static struct connection *first_open, *first_unused;
static uint64_t open_count;

static struct connection *obtain(void) {
    struct connection *connection = first_unused;
    if (connection) {
        first_unused = connection->next;
    } else {
        connection = malloc(sizeof *connection);
    }
    // The line's bytes need no clearing.
    if (connection) memset(connection, 0, offsetof(struct connection, line));
    return connection;
}

static void link_to_open(struct connection *connection) {
    connection->next = first_open;
    if (first_open) first_open->previous = connection;
    first_open = connection;
    open_count++;
}

static void end(struct connection *connection) {
    if (is_counting_segments) count_segments(connection->watched.descriptor);
    close(connection->watched.descriptor);
    SSL_free(connection->session);
    free(connection->unsent);
    if (connection->previous) {
        connection->previous->next = connection->next;
    } else {
        first_open = connection->next;
    }
    if (connection->next) connection->next->previous = connection->previous;
    connection->next = first_unused;
    first_unused = connection;
    open_count--;
}

static bool keep_unsent(struct connection *connection, const char *bytes, size_t length) {
    connection->unsent = malloc(length);
    if (!connection->unsent) return false;
    memcpy(connection->unsent, bytes, length);
    connection->unsent_length = length;
    return watch_otherwise(&connection->watched, readable | EPOLLOUT);
}

// Whether the connection goes on.
static bool send_output(struct connection *connection, const struct output *output) {
    if (output->overflowed) return false;
    if (output->length == 0) return true;
    statistics.turns++;
    ssize_t sent = send(connection->watched.descriptor, output->bytes, output->length, MSG_NOSIGNAL);
    if (sent == (ssize_t)output->length) return true;
    if (sent < 0 && errno != EAGAIN) return false;
    size_t gone = sent < 0 ? 0 : (size_t)sent;
    return keep_unsent(connection, output->bytes + gone, output->length - gone);
}

static bool send_unsent(struct connection *connection) {
    if (connection->unsent_length == 0) return true;
    ssize_t sent = send(connection->watched.descriptor, connection->unsent, connection->unsent_length, MSG_NOSIGNAL);
    if (sent < 0) return errno == EAGAIN;
    connection->unsent_length -= (size_t)sent;
    if (connection->unsent_length > 0) {
        memmove(connection->unsent, connection->unsent + sent, connection->unsent_length);
        return true;
    }
    free(connection->unsent);
    connection->unsent = NULL;
    return !connection->is_ending && watch_otherwise(&connection->watched, readable);
}

static void take_line(struct connection *connection, const char *bytes, size_t length) {
    length--;
    if (length > 0 && bytes[length - 1] == '\r') length--;
    connection->service->answer(connection, (struct text){bytes, length});
}

// Lines may come several at once or in parts.
static void converse(struct connection *connection, const char *bytes, size_t length) {
    // What came in clear behind STARTTLS is not to be believed (RFC 3207, section 4.2).
    while (length > 0 && !connection->is_ending && !connection->is_starting_tls) {
        const char *newline = memchr(bytes, '\n', length);
        size_t taken = newline ? (size_t)(newline - bytes) + 1 : length;
        if (taken > sizeof connection->line - connection->line_length) {
            connection->is_ending = true;
        } else if (newline && connection->line_length == 0) {
            take_line(connection, bytes, taken);
        } else {
            memcpy(connection->line + connection->line_length, bytes, taken);
            connection->line_length += taken;
            if (newline) {
                take_line(connection, connection->line, connection->line_length);
                connection->line_length = 0;
            }
        }
        bytes += taken;
        length -= taken;
    }
}

static void greet(const struct connection *connection) {
    append(&replies, connection->service->greeting, strlen(connection->service->greeting));
}

// A session that only has to read on is all right; the reasons of another are of no interest, only in the way.
static bool awaits_more(const SSL *session, int result) {
    if (SSL_get_error(session, result) == SSL_ERROR_WANT_READ) return true;
    ERR_clear_error();
    return false;
}

// Whether the handshake goes well.
static bool shake_hands(struct connection *connection) {
    if (SSL_is_init_finished(connection->session)) return true;
    int result = SSL_do_handshake(connection->session);
    if (result <= 0) return awaits_more(connection->session, result);
    statistics.handshakes++;
    statistics.resumed += SSL_session_reused(connection->session) == 1;
    // Behind STARTTLS the client speaks first.
    if (connection->service->is_encrypted) greet(connection);
    return true;
}

// Whether the session goes on. What is said leaves in any case.
static bool answer_encrypted(struct connection *connection) {
    SSL *session = connection->session;
    bool goes_on = shake_hands(connection);
    while (goes_on && SSL_is_init_finished(session) && (incoming.length > 0 || SSL_pending(session) > 0)) {
        char text[2048];
        int length = SSL_read(session, text, sizeof text);
        if (length > 0) {
            converse(connection, text, (size_t)length);
        } else {
            goes_on = awaits_more(session, length);
        }
        if (connection->is_ending) break;
    }
    if (replies.length > 0 && SSL_write(session, replies.bytes, (int)replies.length) <= 0) goes_on = false;
    bool is_closed_by_peer = SSL_get_shutdown(session) & SSL_RECEIVED_SHUTDOWN;
    if (connection->is_ending || is_closed_by_peer) SSL_shutdown(session);
    // Of writing and shutting down after a failure.
    if (!goes_on) ERR_clear_error();
    return goes_on;
}

static bool start_tls(struct connection *connection) {
    connection->is_starting_tls = false;
    connection->line_length = 0;
    connection->session = new_session();
    return connection->session != NULL;
}

// Answers what was read; whether the connection goes on.
static bool answer(struct connection *connection, const char *bytes, size_t length) {
    empty(&replies);
    empty(&records);
    bool goes_on = true;
    if (connection->session) {
        incoming = (struct text){bytes, length};
        goes_on = answer_encrypted(connection);
    } else {
        converse(connection, bytes, length);
    }
    if (replies.overflowed || !send_output(connection, connection->session ? &records : &replies)) return false;
    if (connection->is_starting_tls && !start_tls(connection)) return false;
    return goes_on && !(connection->is_ending && connection->unsent_length == 0);
}

// Reads all there is, unless the other side does not take the answers; whether the connection goes on.
static bool receive(struct connection *connection, bool is_closed_by_peer) {
    static char received[2048];
    while (connection->unsent_length == 0) {
        ssize_t length = recv(connection->watched.descriptor, received, sizeof received, 0);
        if (length <= 0) return length < 0 && errno == EAGAIN;
        // What comes in is read even if it is ignored, as the end of a connection is behind it.
        if (!connection->is_silent && !answer(connection, received, (size_t)length)) return false;
        // A short read has emptied the socket, and what comes next is another event.
        if ((size_t)length < sizeof received && !is_closed_by_peer) break;
    }
    return true;
}

static void ready(struct watched *watched, uint32_t events) {
    struct connection *connection = (struct connection *)watched;
    bool goes_on = !(events & (EPOLLERR | EPOLLHUP));
    if (!goes_on || !send_unsent(connection) || !receive(connection, events & EPOLLRDHUP)) end(connection);
}

void begin(const struct service *service, int descriptor, uint32_t address, bool is_silent) {
    struct connection *connection = obtain();
    if (!connection) {
        close(descriptor);
        return;
    }
    connection->watched = (struct watched){descriptor, ready};
    connection->service = service;
    connection->address = address;
    connection->is_silent = is_silent;
    link_to_open(connection);
    bool goes_on = watch(&connection->watched, readable);
    if (goes_on && !is_silent && service->is_encrypted) {
        connection->session = new_session();
        goes_on = connection->session != NULL;
    } else if (goes_on && !is_silent) {
        empty(&replies);
        greet(connection);
        goes_on = send_output(connection, &replies);
    }
    if (!goes_on) end(connection);
}

static void silence(struct connection *connection) {
    connection->is_silent = true;
    connection->unsent_length = 0;
}

static void reset_on_close(int descriptor) {
    struct linger at_once = {.l_onoff = 1};
    setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

static void reset_connection(struct connection *connection) {
    reset_on_close(connection->watched.descriptor);
    end(connection);
}

static void with_each(struct addresses addresses, void (*action)(struct connection *connection)) {
    struct connection *next;
    for (struct connection *connection = first_open; connection; connection = next) {
        next = connection->next;
        if (contains(addresses, connection->address)) action(connection);
    }
}

void silence_connections(struct addresses addresses) { with_each(addresses, silence); }

void reset_connections(struct addresses addresses) { with_each(addresses, reset_connection); }

void reset(int descriptor) {
    reset_on_close(descriptor);
    close(descriptor);
}

uint64_t open_connections(void) { return open_count; }

void finish(struct connection *connection) {
    connection->is_ending = true;
    statistics.finished++;
}
