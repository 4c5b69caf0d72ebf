#include <string.h>

#include "conversations.h"
#include "output.h"

const char pop3_greeting[] = "+OK Dovecot ready.\r\n";

struct reply {
    const char *verb, *text;
};

// Any password is right, and the mailbox is empty.
static const struct reply command_replies[] = {
    {"USER", "+OK\r\n"},
    {"PASS", "+OK Logged in.\r\n"},
    {"STAT", "+OK 0 0\r\n"},
    {"QUIT", "+OK Logging out.\r\n"},
    {"CAPA", "+OK\r\nCAPA\r\nUIDL\r\nRESP-CODES\r\nPIPELINING\r\nAUTH-RESP-CODE\r\nUSER\r\n.\r\n"},
    {"LIST", "+OK 0 messages:\r\n.\r\n"},
    {"UIDL", "+OK\r\n.\r\n"},
    {"NOOP", "+OK\r\n"},
};

void answer_pop3(struct connection *connection, struct text line) {
    struct text verb = next_word(&line);
    const char *reply = "-ERR Unknown command.\r\n";
    for (size_t i = 0; i < sizeof command_replies / sizeof *command_replies; i++) {
        if (is_word(verb, command_replies[i].verb)) reply = command_replies[i].text;
    }
    append(&replies, reply, strlen(reply));
    if (is_word(verb, "QUIT")) finish(connection);
}
