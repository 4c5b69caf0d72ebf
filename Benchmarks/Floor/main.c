#define _GNU_SOURCE
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "lateness.h"
#include "options.h"
#include "poll.h"
#include "tls.h"

static volatile sig_atomic_t is_terminated;

static void terminate(int signal) {
    (void)signal;
    is_terminated = 1;
}

// Held back except while waiting, so that it cannot come between the look at the flag and the wait.
static void take_sigterm(void) {
    struct sigaction action = {.sa_handler = terminate};
    sigaction(SIGTERM, &action, NULL);
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigprocmask(SIG_BLOCK, &set, NULL);
}

static void raise_descriptor_limit(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

static uint64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

// Rounded up, as epoll_wait knows milliseconds only: polls begin up to one later than they are due.
static int milliseconds_until(uint64_t moment, uint64_t time) {
    if (moment <= time) return 0;
    uint64_t milliseconds = (moment - time + 999999) / 1000000;
    return milliseconds < INT_MAX ? (int)milliseconds : INT_MAX;
}

static uint64_t total(const struct options *options) {
    uint64_t total = (uint64_t)options->seconds * 1000 * options->count / options->interval_ms;
    const uint64_t most = 1000000000;
    if (total > most) die("%" PRIu64 " polls are too many: give fewer --seconds or a longer --interval-ms", total);
    return total;
}

// Polls begin in hundredths of a second, as dovemon's do: who wakes for one of many begins all of them.
static const uint64_t grain_us = 10000;

// Polls the backends in turn, evenly spread over each interval, and waits for the last of them.
static void poll_all(const struct options *options, uint64_t total) {
    uint64_t start = now(), begun = 0, interval_us = (uint64_t)options->interval_ms * 1000;
    while (!is_terminated) {
        uint64_t time = now(), due = UINT64_MAX;
        while (begun < total) {
            uint64_t round = begun / options->count, backend = begun % options->count;
            uint64_t place_us = backend * interval_us / options->count;
            due = start + (round * interval_us + place_us - place_us % grain_us) * 1000;
            if (due > time) break;
            begin_poll(backend, time + (uint64_t)options->timeout_ms * 1000000u);
            note_lateness(time - due);
            begun++;
            time = now();
        }
        fail_late_polls(time);
        uint64_t deadline = next_deadline();
        if (begun == total && deadline == UINT64_MAX) return;
        uint64_t next = begun < total && due < deadline ? due : deadline;
        wait_for_replies(milliseconds_until(next, time));
    }
}

static double seconds(struct timeval from, struct timeval to) {
    return (double)(to.tv_sec - from.tv_sec) + (double)(to.tv_usec - from.tv_usec) / 1e6;
}

static void report(const struct rusage *before, const struct rusage *after) {
    double user = seconds(before->ru_utime, after->ru_utime), system = seconds(before->ru_stime, after->ru_stime);
    struct percentiles late = lateness();
    printf("polls=%" PRIu64 " failed=%" PRIu64 " resumed=%" PRIu64, tally.polls, tally.failed, tally.resumed);
    printf(" cpu_user=%.6f cpu_system=%.6f", user, system);
    printf(" cpu_per_poll_us=%.2f", tally.polls > 0 ? (user + system) * 1e6 / (double)tally.polls : 0);
    printf(" lateness_p50_us=%u lateness_p99_us=%u lateness_max_us=%u\n", late.p50_us, late.p99_us, late.max_us);
}

int main(int count, char *words[]) {
    struct options options = read_options(count, words);
    take_sigterm();
    raise_descriptor_limit();
    uint64_t polls = total(&options);
    open_lateness(polls);
    open_polls(&options);
    if (options.is_encrypted) open_tls(options.ca, options.name, options.resumes, options.count);
    struct rusage before, after;
    getrusage(RUSAGE_SELF, &before);
    poll_all(&options, polls);
    getrusage(RUSAGE_SELF, &after);
    report(&before, &after);
}
