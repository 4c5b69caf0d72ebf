#define _GNU_SOURCE
#include "loop.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>

static int epoll = -1;

void open_loop(void) {
    epoll = epoll_create1(EPOLL_CLOEXEC);
    if (epoll < 0) die("epoll_create1: %s; raise the limits of open files", strerror(errno));
}

static bool control(int operation, struct watched *watched, uint32_t events) {
    struct epoll_event event = {.events = events, .data.ptr = watched};
    return epoll_ctl(epoll, operation, watched->descriptor, &event) == 0;
}

bool watch(struct watched *watched, uint32_t events) { return control(EPOLL_CTL_ADD, watched, events); }

bool watch_otherwise(struct watched *watched, uint32_t events) { return control(EPOLL_CTL_MOD, watched, events); }

void run_once(int milliseconds) {
    static struct epoll_event events[512];
    int count = epoll_wait(epoll, events, sizeof events / sizeof *events, milliseconds);
    if (count < 0 && errno != EINTR) die("epoll_wait: %s; this is a bug of bench-peers", strerror(errno));
    for (int i = 0; i < count; i++) {
        struct watched *watched = events[i].data.ptr;
        watched->ready(watched, events[i].events);
    }
}

uint64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

void die(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    fputs("bench-peers: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    exit(1);
}
