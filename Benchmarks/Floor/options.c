#define _GNU_SOURCE
#include "options.h"

#include <arpa/inet.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static const char usage[] =
    "bench-floor --protocol imap|pop3|lmtp --port PORT --first ADDRESS --count N --interval-ms MS --seconds S\n"
    "            [--tls --ca FILE --name HOST [--resume]] [--timeout-ms 3000]";

enum { PROTOCOL = 1, PORT, FIRST, COUNT, INTERVAL, SECONDS, TIMEOUT, TLS, CA, NAME, RESUME };

static const struct option known[] = {
    {"protocol", required_argument, NULL, PROTOCOL},
    {"port", required_argument, NULL, PORT},
    {"first", required_argument, NULL, FIRST},
    {"count", required_argument, NULL, COUNT},
    {"interval-ms", required_argument, NULL, INTERVAL},
    {"seconds", required_argument, NULL, SECONDS},
    {"timeout-ms", required_argument, NULL, TIMEOUT},
    {"tls", no_argument, NULL, TLS},
    {"ca", required_argument, NULL, CA},
    {"name", required_argument, NULL, NAME},
    {"resume", no_argument, NULL, RESUME},
    {0},
};

void die(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    fputs("bench-floor: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    exit(1);
}

static uint32_t number(const char *option, uint32_t most) {
    char *end;
    long value = strtol(optarg, &end, 10);
    if (end == optarg || *end != '\0' || value < 1 || value > (long)most) {
        die("--%s %s: give a number from 1 to %u", option, optarg, most);
    }
    return (uint32_t)value;
}

static uint32_t address(void) {
    struct in_addr address;
    if (inet_pton(AF_INET, optarg, &address) != 1) die("--first %s: give an address such as 127.1.0.1", optarg);
    return ntohl(address.s_addr);
}

static const struct exchange *script(void) {
    const struct exchange *script = find_script(optarg);
    if (!script) die("--protocol %s: give imap, pop3 or lmtp", optarg);
    return script;
}

struct options read_options(int count, char *words[]) {
    const uint32_t day_ms = 24 * 60 * 60 * 1000;
    struct options options = {.timeout_ms = 3000};
    int index, option;
    while ((option = getopt_long(count, words, "", known, &index)) != -1) {
        switch (option) {
        case PROTOCOL: options.script = script(); break;
        case PORT: options.port = (uint16_t)number(known[index].name, 65535); break;
        case FIRST: options.first = address(); break;
        case COUNT: options.count = number(known[index].name, 1 << 24); break;
        case INTERVAL: options.interval_ms = number(known[index].name, day_ms); break;
        case SECONDS: options.seconds = number(known[index].name, day_ms / 1000); break;
        case TIMEOUT: options.timeout_ms = number(known[index].name, day_ms); break;
        case TLS: options.is_encrypted = true; break;
        case CA: options.ca = optarg; break;
        case NAME: options.name = optarg; break;
        case RESUME: options.resumes = true; break;
        default: die("it is used so:\n%s", usage);
        }
    }
    bool has_backends = options.script && options.port && options.first && options.count;
    if (optind < count || !has_backends || !options.interval_ms || !options.seconds) {
        die("it is used so, all but what is in brackets being needed:\n%s", usage);
    }
    bool is_verifiable = options.ca && options.name;
    if (options.is_encrypted != is_verifiable) die("--tls, --ca and --name go together: give all or none of them");
    if (options.resumes && !options.is_encrypted) die("--resume is of TLS: give --tls, --ca and --name too");
    return options;
}
