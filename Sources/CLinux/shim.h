#include <malloc.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>

// Variadic functions and macros, which Swift cannot import, each as a function of what is needed of it behind `shim_`.

static inline int shim_prctl_set_dumpable(int dumpable) {
    return prctl(PR_SET_DUMPABLE, (unsigned long)dumpable, 0ul, 0ul, 0ul);
}

static inline int shim_prctl_set_name(const char *name) { return prctl(PR_SET_NAME, name, 0ul, 0ul, 0ul); }

// Tells of what comes and goes once each, and never again until something changes.
static inline int shim_epoll_add(int epoll, int descriptor, uint64_t token) {
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data.u64 = token};
    return epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, &event);
}

static inline uint64_t shim_epoll_token(const struct epoll_event *event) { return event->data.u64; }
static inline int shim_epoll_is_readable(const struct epoll_event *event) { return (event->events & EPOLLIN) != 0; }
static inline int shim_epoll_is_writable(const struct epoll_event *event) { return (event->events & EPOLLOUT) != 0; }
static inline int shim_epoll_is_ended(const struct epoll_event *event) {
    return (event->events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;
}
static inline int shim_epoll_is_failed(const struct epoll_event *event) {
    return (event->events & (EPOLLHUP | EPOLLERR)) != 0;
}
