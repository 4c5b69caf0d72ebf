#ifndef FLOOR_TLS_H
#define FLOOR_TLS_H

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Prepares for TLS 1.3 with servers whose certificate is of `name` and from `ca`. With `resumes`, the sessions of each
// of the `count` backends are kept for its next poll.
void open_tls(const char *ca, const char *name, bool resumes, size_t count);

// A client's session over the socket to a backend, resuming the backend's last one where there is one; NULL when there
// is no memory.
SSL *new_session(int descriptor, size_t backend);

// `is_good` tells whether the session may be resumed.
void end_session(SSL *session, bool is_good);

#endif
