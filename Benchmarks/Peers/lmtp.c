#include "conversations.h"
#include "output.h"
#include "tls.h"

const char lmtp_greeting[] = "220 bench-peers Dovecot ready.\r\n";

static const uint16_t most_recipients = 100;

static void forget_transaction(struct connection *connection) {
    connection->has_sender = false;
    connection->recipients = 0;
}

static void answer_recipient(struct connection *connection) {
    if (!connection->has_sender) {
        SAY("503 5.5.1 MAIL needed first\r\n");
    } else if (connection->recipients == most_recipients) {
        SAY("452 4.5.3 Too many recipients\r\n");
    } else {
        connection->recipients++;
        SAY("250 2.1.5 OK\r\n");
    }
}

static void answer_data(struct connection *connection) {
    connection->is_in_data = connection->recipients > 0;
    if (connection->is_in_data) {
        SAY("354 OK\r\n");
    } else {
        SAY("554 5.5.1 No valid recipients\r\n");
    }
}

static void take_message_line(struct connection *connection, struct text line) {
    if (!is_word(line, ".")) return;
    for (uint16_t i = 0; i < connection->recipients; i++) SAY("250 2.0.0 Saved\r\n");
    connection->is_in_data = false;
    forget_transaction(connection);
}

static bool is_tls_to_be_had(const struct connection *connection) { return offers_tls() && !connection->session; }

void answer_lmtp(struct connection *connection, struct text line) {
    if (connection->is_in_data) {
        take_message_line(connection, line);
        return;
    }
    struct text verb = next_word(&line);
    if (is_word(verb, "LHLO")) {
        forget_transaction(connection);
        SAY("250-bench-peers\r\n");
        if (is_tls_to_be_had(connection)) SAY("250-STARTTLS\r\n");
        SAY("250-8BITMIME\r\n250-ENHANCEDSTATUSCODES\r\n250 PIPELINING\r\n");
    } else if (is_word(verb, "STARTTLS") && is_tls_to_be_had(connection)) {
        forget_transaction(connection);
        connection->is_starting_tls = true;
        SAY("220 2.0.0 Begin TLS negotiation now.\r\n");
    } else if (is_word(verb, "MAIL")) {
        forget_transaction(connection);
        connection->has_sender = true;
        SAY("250 2.1.0 OK\r\n");
    } else if (is_word(verb, "RCPT")) {
        answer_recipient(connection);
    } else if (is_word(verb, "DATA")) {
        answer_data(connection);
    } else if (is_word(verb, "RSET")) {
        forget_transaction(connection);
        SAY("250 2.0.0 OK\r\n");
    } else if (is_word(verb, "NOOP")) {
        SAY("250 2.0.0 OK\r\n");
    } else if (is_word(verb, "QUIT")) {
        SAY("221 2.0.0 OK\r\n");
        finish(connection);
    } else {
        SAY("500 5.5.2 Unknown command\r\n");
    }
}
