#define _GNU_SOURCE
#include "listeners.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "conversations.h"
#include "record.h"
#include "statistics.h"

struct service services[] = {
    {.name = "imap", .greeting = imap_greeting, .answer = answer_imap},
    {.name = "imaps", .is_encrypted = true, .greeting = imap_greeting, .answer = answer_imap},
    {.name = "pop3", .greeting = pop3_greeting, .answer = answer_pop3},
    {.name = "pop3s", .is_encrypted = true, .greeting = pop3_greeting, .answer = answer_pop3},
    {.name = "lmtp", .greeting = lmtp_greeting, .answer = answer_lmtp},
    {.name = "lmtps", .is_encrypted = true, .greeting = lmtp_greeting, .answer = answer_lmtp},
};
const size_t service_count = sizeof services / sizeof *services;

// Whether connections wait that could not be accepted.
static bool is_short_of_something;

static void take_in(const struct service *service, int descriptor) {
    struct sockaddr_in local = {0};
    socklen_t length = sizeof local;
    getsockname(descriptor, (struct sockaddr *)&local, &length);
    uint32_t address = ntohl(local.sin_addr.s_addr);
    statistics.accepted++;
    if (is_recording) record_accept(address, service->port);
    enum state state = state_of(address);
    if (state == CRASHED) {
        reset(descriptor);
    } else {
        begin(service, descriptor, address, state == SILENT);
    }
}

static void accept_all(struct watched *watched, uint32_t events) {
    (void)events;
    for (;;) {
        int descriptor = accept4(watched->descriptor, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (descriptor >= 0) {
            take_in((struct service *)watched, descriptor);
        } else if (errno != EINTR && errno != ECONNABORTED) {
            if (errno != EAGAIN) is_short_of_something = true;
            return;
        }
    }
}

void accept_again(void) {
    if (!is_short_of_something) return;
    is_short_of_something = false;
    for (size_t i = 0; i < service_count; i++) {
        if (services[i].is_wanted) accept_all(&services[i].watched, EPOLLIN);
    }
}

static void open_listener(struct service *service) {
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int yes = 1;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(service->port)};
    socklen_t length = sizeof address;
    // The accepted connections inherit TCP_NODELAY.
    if (listener < 0 || setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) != 0 ||
        setsockopt(listener, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes) != 0 ||
        bind(listener, (struct sockaddr *)&address, length) != 0 || listen(listener, 65535) != 0 ||
        getsockname(listener, (struct sockaddr *)&address, &length) != 0) {
        die("--%s %u: %s; choose a free port, or 0", service->name, service->port, strerror(errno));
    }
    service->port = ntohs(address.sin_port);
    service->watched = (struct watched){listener, accept_all};
    // Edge-triggered, as connections that cannot be accepted must not keep the loop busy.
    if (!watch(&service->watched, EPOLLIN | EPOLLET)) die("--%s: epoll_ctl: %s", service->name, strerror(errno));
}

void open_listeners(void) {
    for (size_t i = 0; i < service_count; i++) {
        if (services[i].is_wanted) open_listener(&services[i]);
    }
}
