#include <string.h>

#include "conversations.h"
#include "output.h"

#define BEFORE_LOGIN "IMAP4rev1 SASL-IR LOGIN-REFERRALS ID ENABLE IDLE LITERAL+ AUTH=PLAIN"
// Those of Dovecot 2.3, so that the line has the length of its.
#define AFTER_LOGIN \
    "IMAP4rev1 SASL-IR LOGIN-REFERRALS ID ENABLE IDLE SORT SORT=DISPLAY THREAD=REFERENCES THREAD=REFS " \
    "THREAD=ORDEREDSUBJECT MULTIAPPEND URL-PARTIAL CATENATE UNSELECT CHILDREN NAMESPACE UIDPLUS " \
    "LIST-EXTENDED I18NLEVEL=1 CONDSTORE QRESYNC ESEARCH ESORT SEARCHRES WITHIN CONTEXT=SEARCH LIST-STATUS " \
    "BINARY MOVE SNIPPET=FUZZY PREVIEW=FUZZY PREVIEW STATUS=SIZE SAVEDATE LITERAL+ NOTIFY SPECIAL-USE"
#define IN_NO_TIME " (0.001 + 0.000 secs).\r\n"
#define EMPTY_MAILBOX \
    "* FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft)\r\n" \
    "* OK [PERMANENTFLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft \\*)] Flags permitted.\r\n* 0 EXISTS\r\n" \
    "* 0 RECENT\r\n* OK [UIDVALIDITY 1] UIDs valid\r\n* OK [UIDNEXT 1] Predicted next UID\r\n"

const char imap_greeting[] = "* OK [CAPABILITY " BEFORE_LOGIN "] Dovecot ready.\r\n";

struct reply {
    const char *verb, *untagged, *tagged;
};

// The frequent ones first. Any password is right, and AUTHENTICATE has to come with its initial response.
static const struct reply command_replies[] = {
    {"LOGIN", "", " OK [CAPABILITY " AFTER_LOGIN "] Logged in\r\n"},
    {"LIST", "* LIST (\\HasNoChildren) \"/\" INBOX\r\n", " OK List completed" IN_NO_TIME},
    {"LOGOUT", "* BYE Logging out\r\n", " OK Logout completed.\r\n"},
    {"ID", "* ID (\"name\" \"Dovecot\")\r\n", " OK ID completed" IN_NO_TIME},
    {"CAPABILITY", "* CAPABILITY " BEFORE_LOGIN "\r\n", " OK Capability completed" IN_NO_TIME},
    {"AUTHENTICATE", "", " OK [CAPABILITY " AFTER_LOGIN "] Logged in\r\n"},
    {"NOOP", "", " OK NOOP completed" IN_NO_TIME},
    {"SELECT", EMPTY_MAILBOX, " OK [READ-WRITE] Select completed" IN_NO_TIME},
    {"EXAMINE", EMPTY_MAILBOX, " OK [READ-ONLY] Examine completed" IN_NO_TIME},
    {"STATUS", "* STATUS INBOX (MESSAGES 0 RECENT 0 UIDNEXT 1 UIDVALIDITY 1 UNSEEN 0)\r\n",
     " OK Status completed" IN_NO_TIME},
    {"SEARCH", "* SEARCH\r\n", " OK Search completed" IN_NO_TIME},
};

static const struct reply *find_reply(struct text verb) {
    for (size_t i = 0; i < sizeof command_replies / sizeof *command_replies; i++) {
        if (is_word(verb, command_replies[i].verb)) return &command_replies[i];
    }
    return NULL;
}

void answer_imap(struct connection *connection, struct text line) {
    struct text tag = next_word(&line);
    struct text verb = next_word(&line);
    const struct reply *reply = find_reply(verb);
    if (reply) append(&replies, reply->untagged, strlen(reply->untagged));
    if (tag.length > 0) {
        append(&replies, tag.bytes, tag.length);
    } else {
        SAY("*");
    }
    if (reply) {
        append(&replies, reply->tagged, strlen(reply->tagged));
    } else {
        SAY(" BAD Error in IMAP command received by server.\r\n");
    }
    if (is_word(verb, "LOGOUT")) finish(connection);
}
