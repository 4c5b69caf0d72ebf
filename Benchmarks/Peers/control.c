#define _GNU_SOURCE
#include "control.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "connection.h"
#include "loop.h"
#include "record.h"
#include "schedule.h"
#include "statistics.h"

static bool has_come;

static void note(struct watched *watched, uint32_t events) {
    (void)watched, (void)events;
    has_come = true;
}

static struct watched standard_input = {STDIN_FILENO, note};

void open_control(void) {
    if (!watch(&standard_input, EPOLLIN)) {
        die("stdin: %s; give it a pipe that stays open: it carries the commands", strerror(errno));
    }
}

static void answer_result(const char *error) {
    if (error) {
        printf("error %s\n", error);
    } else {
        puts("ok");
    }
}

static void print_statistics(void) {
    struct statistics s = statistics;
    printf("stats accepted=%" PRIu64 " finished=%" PRIu64, s.accepted, s.finished);
    printf(" bytes_in=%" PRIu64 " bytes_out=%" PRIu64, s.bytes_in, s.bytes_out);
    printf(" segments_in=%" PRIu64 " segments_out=%" PRIu64, s.segments_in, s.segments_out);
    printf(" data_in=%" PRIu64 " data_out=%" PRIu64, s.data_in, s.data_out);
    printf(" handshakes=%" PRIu64 " resumed=%" PRIu64 " turns=%" PRIu64, s.handshakes, s.resumed, s.turns);
    printf(" open=%" PRIu64 "\n", open_connections());
}

static const char *count(const char *word) {
    if (strcmp(word, "on") != 0 && strcmp(word, "off") != 0) return "say `count on` or `count off`";
    is_counting_segments = strcmp(word, "on") == 0;
    return NULL;
}

static void stop_recording(void) {
    size_t count;
    const char *error = end_record(&count);
    if (error) {
        answer_result(error);
    } else {
        printf("ok %zu\n", count);
    }
}

static bool read_number(const char *text, uint32_t *number) {
    char *end;
    errno = 0;
    unsigned long value = strtoul(text, &end, 10);
    *number = (uint32_t)value;
    return *text >= '0' && *text <= '9' && *end == '\0' && errno == 0 && value <= UINT32_MAX;
}

static bool read_state(const char *text, enum state *state) {
    for (size_t i = 0; i < sizeof state_names / sizeof *state_names; i++) {
        if (strcmp(text, state_names[i]) != 0) continue;
        *state = (enum state)i;
        return true;
    }
    return false;
}

// STATE ADDRESS [COUNT]
static const char *read_change(char *words[], int word_count, struct change *change) {
    if (word_count != 2 && word_count != 3) return "say `state STATE ADDRESS [COUNT]`";
    if (!read_state(words[0], &change->state)) return "unknown state: say healthy, silent or crashed";
    struct in_addr address;
    if (inet_pton(AF_INET, words[1], &address) != 1) return "no address: say one such as 127.1.0.1";
    change->addresses = (struct addresses){ntohl(address.s_addr), 1};
    if (word_count == 3 && !read_number(words[2], &change->addresses.count)) {
        return "no count: say a number of addresses";
    }
    return have_states(change->addresses) ? NULL : "only addresses in 127.0.0.0/8 have states";
}

static const char *change_now(char *words[], int word_count) {
    struct change change;
    const char *error = read_change(words, word_count, &change);
    if (!error) carry_out(change);
    return error;
}

// MILLISECONDS state STATE ADDRESS [COUNT]
static const char *change_later(char *words[], int word_count) {
    uint32_t milliseconds;
    if (word_count < 2 || !read_number(words[0], &milliseconds) || strcmp(words[1], "state") != 0) {
        return "say `after MILLISECONDS state STATE ADDRESS [COUNT]`";
    }
    struct change change;
    const char *error = read_change(words + 2, word_count - 2, &change);
    if (error) return error;
    change.time = now() + (uint64_t)milliseconds * 1000000u;
    schedule(change);
    return NULL;
}

static void obey_command(char *line) {
    enum { most_words = 6 };
    char *words[most_words + 1] = {0}, *rest = line;
    int word_count = 0;
    char *word;
    while (word_count <= most_words && (word = strtok_r(rest, " \r", &rest))) words[word_count++] = word;
    const char *verb = word_count > 0 ? words[0] : "";

    if (strcmp(verb, "stats") == 0 && word_count == 1) {
        print_statistics();
    } else if (strcmp(verb, "reset") == 0 && word_count == 1) {
        statistics = (struct statistics){0};
        answer_result(NULL);
    } else if (strcmp(verb, "count") == 0 && word_count == 2) {
        answer_result(count(words[1]));
    } else if (strcmp(verb, "record") == 0 && word_count == 2) {
        if (strcmp(words[1], "off") == 0) {
            stop_recording();
        } else {
            answer_result(begin_record(words[1]));
        }
    } else if (strcmp(verb, "state") == 0) {
        answer_result(change_now(words + 1, word_count - 1));
    } else if (strcmp(verb, "after") == 0) {
        answer_result(change_later(words + 1, word_count - 1));
    } else if (strcmp(verb, "carried") == 0 && word_count == 1) {
        print_carried_out();
    } else {
        printf("error unknown command %s: say stats, reset, count, record, state, after or carried\n", verb);
    }
}

void obey(void) {
    static char bytes[8192];
    static size_t length;
    if (!has_come) return;
    has_come = false;
    ssize_t more = read(STDIN_FILENO, bytes + length, sizeof bytes - length);
    if (more < 0 && errno == EINTR) return;
    if (more <= 0) exit(0);
    length += (size_t)more;
    char *line = bytes, *newline;
    while ((newline = memchr(line, '\n', length))) {
        *newline = '\0';
        obey_command(line);
        length -= (size_t)(newline + 1 - line);
        line = newline + 1;
    }
    memmove(bytes, line, length);
    if (length == sizeof bytes) die("a command of more than %zu bytes came from stdin: say shorter ones", sizeof bytes);
    if (fflush(stdout) != 0) die("stdout: %s; keep it open to read the answers", strerror(errno));
}
