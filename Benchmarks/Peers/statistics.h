#ifndef PEERS_STATISTICS_H
#define PEERS_STATISTICS_H

#include <stdbool.h>
#include <stdint.h>

// Of the time since the last reset.
struct statistics {
    // Connections, conversations that reached LOGOUT or QUIT, TLS handshakes, and how many resumed a session.
    uint64_t accepted, finished, handshakes, resumed;
    // How many times something was said: a greeting, or the answer to what came at once.
    uint64_t turns;
    // Payload bytes, segments, and segments with payload, of the connections closed while counting.
    uint64_t bytes_in, bytes_out, segments_in, segments_out, data_in, data_out;
};

extern struct statistics statistics;

// Off at first, as it costs a system call per connection.
extern bool is_counting_segments;

// Adds what TCP_INFO tells of a connection just before close(2). What leaves or comes only after that is not in it.
// Where the peers close, after LOGOUT and QUIT, that is their FIN and the client's, the acknowledgements of both, and
// mostly that of the last reply: two segments out and three in at the most, and no payload. A client that closes as
// soon as it has its reply, or TLS's close_notify, may be faster than close(2): its FIN is then in it, as a segment
// and, as TCP has it, as a byte.
void count_segments(int descriptor);

#endif
