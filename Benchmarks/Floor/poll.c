#define _GNU_SOURCE
#include "poll.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tls.h"

// What a poll has come to: NULL is that it goes on.
typedef const char *outcome;
static const char succeeded[] = "succeeded";

struct poll {
    int descriptor;
    size_t backend;
    uint64_t deadline;
    // In the order of the deadlines, which is that of their beginnings, as the timeout is the same for all.
    struct poll *previous, *next;
    // NULL in clear.
    SSL *session;
    // The exchange whose reply is awaited.
    const struct exchange *exchange;
    // What has been read of a reply beyond its last whole line.
    size_t length;
    char reply[2048];
};

struct tally tally;
static const struct options *options;
static int epoll = -1;
static struct poll *first, *last, *first_unused;

void open_polls(const struct options *given) {
    options = given;
    epoll = epoll_create1(EPOLL_CLOEXEC);
    if (epoll < 0) die("epoll_create1: %s; raise the limits of open files", strerror(errno));
    // For SSL_write.
    signal(SIGPIPE, SIG_IGN);
}

static struct sockaddr_in address_of(size_t backend) {
    return (struct sockaddr_in){
        .sin_family = AF_INET,
        .sin_port = htons(options->port),
        .sin_addr.s_addr = htonl(options->first + (uint32_t)backend),
    };
}

static void judge(size_t backend, outcome outcome) {
    tally.polls++;
    if (outcome == succeeded) return;
    // The first tells what is wrong; thousands would only cost.
    if (tally.failed++ > 0) return;
    struct sockaddr_in address = address_of(backend);
    char text[INET_ADDRSTRLEN];
    inet_ntop(AF_INET, &address.sin_addr, text, sizeof text);
    fprintf(stderr, "bench-floor: %s port %u: %s; further failures are only counted\n", text, options->port, outcome);
}

// As dovemon and HAProxy do: all is said, so that an orderly end would only cost both sides.
static void reset_on_close(int descriptor) {
    struct linger at_once = {.l_onoff = 1};
    setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

static void end_poll(struct poll *poll, outcome outcome) {
    judge(poll->backend, outcome);
    if (outcome == succeeded) reset_on_close(poll->descriptor);
    close(poll->descriptor);
    if (poll->session) end_session(poll->session, outcome == succeeded);
    *(poll->previous ? &poll->previous->next : &first) = poll->next;
    *(poll->next ? &poll->next->previous : &last) = poll->previous;
    poll->next = first_unused;
    first_unused = poll;
}

static const char closed[] = "closed before its last reply";

// Commands are short and the socket empty: that one does not fit at once is a failure.
static outcome say(struct poll *poll, const char *command) {
    size_t length = strlen(command);
    bool is_said = poll->session ? SSL_write(poll->session, command, (int)length) == (int)length
                                 : send(poll->descriptor, command, length, MSG_NOSIGNAL) == (ssize_t)length;
    return is_said ? NULL : "cannot be written to";
}

static bool begins_with(const char *line, size_t length, const char *prefix) {
    size_t prefix_length = strlen(prefix);
    return length >= prefix_length && memcmp(line, prefix, prefix_length) == 0;
}

static outcome take_line(struct poll *poll, const char *line, size_t length) {
    const struct exchange *exchange = poll->exchange;
    if (begins_with(line, length, exchange->expected)) {
        poll->exchange = ++exchange;
        if (!exchange->expected) return succeeded;
        return exchange->command ? say(poll, exchange->command) : NULL;
    }
    bool is_preceding = exchange->preceding && begins_with(line, length, exchange->preceding);
    return is_preceding ? NULL : "refused, or not understood";
}

static outcome take_lines(struct poll *poll) {
    const char *line = poll->reply, *newline;
    while ((newline = memchr(line, '\n', poll->length))) {
        size_t length = (size_t)(newline + 1 - line);
        outcome outcome = take_line(poll, line, length);
        if (outcome) return outcome;
        line += length;
        poll->length -= length;
    }
    memmove(poll->reply, line, poll->length);
    return poll->length < sizeof poll->reply ? NULL : "a line is too long";
}

static outcome read_in_clear(struct poll *poll, bool is_closed_by_peer) {
    for (;;) {
        ssize_t length = recv(poll->descriptor, poll->reply + poll->length, sizeof poll->reply - poll->length, 0);
        if (length == 0) return closed;
        if (length < 0) return errno == EAGAIN ? NULL : "reset";
        poll->length += (size_t)length;
        bool is_all = poll->length < sizeof poll->reply;
        outcome outcome = take_lines(poll);
        if (outcome) return outcome;
        // A short read has emptied the socket: another would only tell what is known.
        if (is_all) return is_closed_by_peer ? closed : NULL;
    }
}

static outcome outcome_of_tls(struct poll *poll, int result) {
    int error = SSL_get_error(poll->session, result);
    if (error == SSL_ERROR_WANT_READ) return NULL;
    const char *reason = ERR_reason_error_string(ERR_get_error());
    ERR_clear_error();
    if (error == SSL_ERROR_ZERO_RETURN) return closed;
    return reason ? reason : "ended the TLS session";
}

static outcome read_encrypted(struct poll *poll, bool is_closed_by_peer) {
    SSL *session = poll->session;
    if (!SSL_is_init_finished(session)) {
        int result = SSL_do_handshake(session);
        if (result <= 0) return outcome_of_tls(poll, result);
        tally.resumed += SSL_session_reused(session) == 1;
        if (!SSL_has_pending(session)) return NULL;
    }
    do {
        int length = SSL_read(session, poll->reply + poll->length, (int)(sizeof poll->reply - poll->length));
        if (length <= 0) return outcome_of_tls(poll, length);
        poll->length += (size_t)length;
        outcome outcome = take_lines(poll);
        if (outcome) return outcome;
        // OpenSSL has taken all there was from the socket, unless it was more than 16 KiB, which replies are not.
    } while (SSL_has_pending(session));
    return is_closed_by_peer ? closed : NULL;
}

static void see_to(struct poll *poll, uint32_t events) {
    bool is_closed_by_peer = events & EPOLLRDHUP;
    outcome outcome;
    // The last reply and the end may come at once: the reply counts.
    if (events & (EPOLLERR | EPOLLHUP) && !(events & EPOLLIN)) {
        outcome = "refused or reset";
    } else if (poll->session) {
        outcome = read_encrypted(poll, is_closed_by_peer);
    } else {
        outcome = read_in_clear(poll, is_closed_by_peer);
    }
    if (outcome) end_poll(poll, outcome);
}

static struct poll *obtain(void) {
    struct poll *poll = first_unused;
    if (poll) {
        first_unused = poll->next;
        return poll;
    }
    poll = malloc(sizeof *poll);
    if (!poll) die("no memory for another poll: poll fewer backends, or give a shorter --timeout-ms");
    return poll;
}

static bool connect_to(struct poll *poll) {
    int yes = 1;
    setsockopt(poll->descriptor, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    struct sockaddr_in address = address_of(poll->backend);
    int result = connect(poll->descriptor, (struct sockaddr *)&address, sizeof address);
    if (result != 0 && errno != EINPROGRESS) return false;
    if (options->is_encrypted) {
        poll->session = new_session(poll->descriptor, poll->backend);
        if (!poll->session) return false;
    }
    // With TLS the client speaks first, and so has to know when it is connected.
    uint32_t events = EPOLLIN | EPOLLRDHUP | EPOLLET | (options->is_encrypted ? EPOLLOUT : 0);
    struct epoll_event event = {.events = events, .data.ptr = poll};
    return epoll_ctl(epoll, EPOLL_CTL_ADD, poll->descriptor, &event) == 0;
}

void begin_poll(size_t backend, uint64_t deadline) {
    int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (descriptor < 0) {
        judge(backend, "no socket left: raise the limit of open files");
        return;
    }
    struct poll *poll = obtain();
    poll->descriptor = descriptor;
    poll->backend = backend;
    poll->deadline = deadline;
    poll->session = NULL;
    poll->exchange = options->script;
    poll->length = 0;
    poll->next = NULL;
    poll->previous = last;
    *(last ? &last->next : &first) = poll;
    last = poll;
    if (!connect_to(poll)) end_poll(poll, "cannot be connected to");
}

void fail_late_polls(uint64_t time) {
    while (first && first->deadline <= time) end_poll(first, "timed out");
}

uint64_t next_deadline(void) { return first ? first->deadline : UINT64_MAX; }

void wait_for_replies(int milliseconds) {
    static struct epoll_event events[512];
    sigset_t none;
    sigemptyset(&none);
    int count = epoll_pwait(epoll, events, sizeof events / sizeof *events, milliseconds, &none);
    for (int i = 0; i < count; i++) see_to(events[i].data.ptr, events[i].events);
}
