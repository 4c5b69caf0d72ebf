#include "script.h"

#include <stddef.h>
#include <string.h>

// What dovemon says with `poll_imap_list: yes`, byte by byte.
static const struct exchange imap[] = {
    {NULL, "* OK", NULL},
    {"d1 ID (\"name\" \"dovemon\" \"version\" \"0.1.0\")\r\nd2 LOGIN \"probe\" \"secret\"\r\n", "d1 OK", "* "},
    {NULL, "d2 OK", "* "},
    {"d3 LIST \"\" \"%\"\r\nd4 LOGOUT\r\n", "d3 OK", "* "},
    {NULL, "d4 OK", "* "},
    {0},
};

static const struct exchange pop3[] = {
    {NULL, "+OK", NULL},
    {"USER probe\r\n", "+OK", NULL},
    {"PASS secret\r\n", "+OK", NULL},
    {"QUIT\r\n", "+OK", NULL},
    {0},
};

static const struct exchange lmtp[] = {
    {NULL, "220 ", "220-"},
    {"LHLO bench-floor\r\n", "250 ", "250-"},
    {"QUIT\r\n", "221 ", "221-"},
    {0},
};

const struct exchange *find_script(const char *protocol) {
    if (strcmp(protocol, "imap") == 0) return imap;
    if (strcmp(protocol, "pop3") == 0) return pop3;
    if (strcmp(protocol, "lmtp") == 0) return lmtp;
    return NULL;
}
