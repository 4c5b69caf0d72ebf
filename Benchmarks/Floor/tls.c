#include "tls.h"

#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>

#include "options.h"

static SSL_CTX *context;
static const char *server_name;
// The last session of each backend.
static SSL_SESSION **sessions;

static int keep(SSL *session, SSL_SESSION *resumable) {
    size_t backend = (size_t)(uintptr_t)SSL_get_app_data(session);
    SSL_SESSION_free(sessions[backend]);
    sessions[backend] = resumable;
    return 1;
}

void open_tls(const char *ca, const char *name, bool resumes, size_t count) {
    server_name = name;
    context = SSL_CTX_new(TLS_client_method());
    if (!context) die("OpenSSL: no context; see whether memory is short");
    if (SSL_CTX_load_verify_locations(context, ca, NULL) != 1) {
        unsigned long error = ERR_get_error();
        const char *reason = ERR_SYSTEM_ERROR(error) ? strerror(ERR_GET_REASON(error)) : ERR_reason_error_string(error);
        die("--ca %s: %s; name a readable PEM file", ca, reason ? reason : "no reason given");
    }
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
    if (X509_VERIFY_PARAM_set1_host(SSL_CTX_get0_param(context), name, 0) != 1) {
        die("--name %s: give a host name", name);
    }
    SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION);
    // One system call for all records that have come, and none for their headers.
    SSL_CTX_set_read_ahead(context, 1);
    if (!resumes) return;
    sessions = calloc(count, sizeof *sessions);
    if (!sessions) die("no memory for the sessions of %zu backends: give a smaller --count", count);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(context, keep);
}

SSL *new_session(int descriptor, size_t backend) {
    SSL *session = SSL_new(context);
    if (!session || SSL_set_fd(session, descriptor) != 1 || SSL_set_tlsext_host_name(session, server_name) != 1) {
        SSL_free(session);
        return NULL;
    }
    SSL_set_app_data(session, (void *)(uintptr_t)backend);
    if (sessions && sessions[backend]) SSL_set_session(session, sessions[backend]);
    SSL_set_connect_state(session);
    return session;
}

void end_session(SSL *session, bool is_good) {
    // OpenSSL takes a session that was not shut down for a bad one. All is said: nobody would hear a close_notify.
    if (is_good) SSL_set_shutdown(session, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    SSL_free(session);
}
