#define _GNU_SOURCE
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "control.h"
#include "listeners.h"
#include "loop.h"
#include "schedule.h"
#include "tls.h"

static const char usage[] =
    "bench-peers [--imap PORT] [--imaps PORT] [--pop3 PORT] [--pop3s PORT] [--lmtp PORT] [--lmtps PORT]\n"
    "            [--certificate FILE --key FILE] [--tickets N]";

enum { CERTIFICATE = 'c', KEY = 'k', TICKETS = 't', SERVICE = 256 };

static int number(const char *option, const char *text, long most) {
    char *end;
    long value = strtol(text, &end, 10);
    if (end == text || *end != '\0' || value < 0 || value > most) {
        die("--%s %s: give a number from 0 to %ld", option, text, most);
    }
    return (int)value;
}

static void read_options(int count, char *words[]) {
    const struct option options[] = {
        {"imap", required_argument, NULL, SERVICE},
        {"imaps", required_argument, NULL, SERVICE + 1},
        {"pop3", required_argument, NULL, SERVICE + 2},
        {"pop3s", required_argument, NULL, SERVICE + 3},
        {"lmtp", required_argument, NULL, SERVICE + 4},
        {"lmtps", required_argument, NULL, SERVICE + 5},
        {"certificate", required_argument, NULL, CERTIFICATE},
        {"key", required_argument, NULL, KEY},
        {"tickets", required_argument, NULL, TICKETS},
        {0},
    };
    const char *certificate = NULL, *key = NULL;
    int tickets = 0, option;
    bool is_any_wanted = false, is_any_encrypted = false;
    while ((option = getopt_long(count, words, "", options, NULL)) != -1) {
        if (option == CERTIFICATE) {
            certificate = optarg;
        } else if (option == KEY) {
            key = optarg;
        } else if (option == TICKETS) {
            tickets = number("tickets", optarg, 16);
        } else if (option >= SERVICE) {
            struct service *service = &services[option - SERVICE];
            service->port = (uint16_t)number(service->name, optarg, 65535);
            service->is_wanted = is_any_wanted = true;
            is_any_encrypted |= service->is_encrypted;
        } else {
            die("it is used so:\n%s", usage);
        }
    }
    if (optind < count || !is_any_wanted) die("it is used so, with one port at least:\n%s", usage);
    if (is_any_encrypted) open_tls(certificate, key, tickets);
}

static void raise_descriptor_limit(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

static void tell_ready(void) {
    fputs("ready", stdout);
    for (size_t i = 0; i < service_count; i++) {
        if (services[i].is_wanted) printf(" %s=%u", services[i].name, services[i].port);
    }
    putchar('\n');
    if (fflush(stdout) != 0) die("stdout: %s; keep it open to read the answers", strerror(errno));
}

int main(int count, char *words[]) {
    signal(SIGPIPE, SIG_IGN);
    raise_descriptor_limit();
    read_options(count, words);
    open_loop();
    open_control();
    open_listeners();
    tell_ready();
    for (;;) {
        run_once(milliseconds_until_due());
        obey();
        carry_out_due();
        accept_again();
    }
}
