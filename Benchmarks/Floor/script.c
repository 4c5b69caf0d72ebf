#include "script.h"

#include <stddef.h>
#include <string.h>

static const struct exchange imap[] = {
    {NULL, "* OK", NULL},
    {"a LOGIN user password\r\n", "a OK", "* "},
    {"b LIST \"\" INBOX\r\nc LOGOUT\r\n", "b OK", "* "},
    {NULL, "c OK", "* "},
    {0},
};

static const struct exchange pop3[] = {
    {NULL, "+OK", NULL},
    {"USER user\r\n", "+OK", NULL},
    {"PASS password\r\n", "+OK", NULL},
    {"STAT\r\nQUIT\r\n", "+OK", NULL},
    {NULL, "+OK", NULL},
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
