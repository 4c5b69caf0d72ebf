#include "tls.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <string.h>

#include "loop.h"
#include "output.h"

struct text incoming;

static SSL_CTX *context;
static BIO_METHOD *method;

static int read_incoming(BIO *bio, char *bytes, int length) {
    BIO_clear_retry_flags(bio);
    if (incoming.length == 0 || length <= 0) {
        BIO_set_retry_read(bio);
        return -1;
    }
    size_t taken = incoming.length < (size_t)length ? incoming.length : (size_t)length;
    memcpy(bytes, incoming.bytes, taken);
    incoming.bytes += taken;
    incoming.length -= taken;
    return (int)taken;
}

static int write_records(BIO *bio, const char *bytes, int length) {
    BIO_clear_retry_flags(bio);
    append(&records, bytes, (size_t)length);
    return length;
}

static long control(BIO *bio, int command, long number, void *pointer) {
    (void)bio, (void)number, (void)pointer;
    return command == BIO_CTRL_FLUSH;
}

static _Noreturn void die_of_tls(const char *what, const char *remedy) {
    unsigned long error = ERR_get_error();
    const char *reason = ERR_SYSTEM_ERROR(error) ? strerror(ERR_GET_REASON(error)) : ERR_reason_error_string(error);
    die("%s: %s; %s", what, reason ? reason : "no reason given", remedy);
}

void open_tls(const char *certificate, const char *key, int tickets) {
    if (!certificate || !key) die("--imaps, --pop3s and --lmtps need a certificate: give --certificate and --key");
    context = SSL_CTX_new(TLS_server_method());
    method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "buffers");
    if (!context || !method) die_of_tls("OpenSSL", "see whether memory is short");
    BIO_meth_set_read(method, read_incoming);
    BIO_meth_set_write(method, write_records);
    BIO_meth_set_ctrl(method, control);

    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | (tickets == 0 ? SSL_OP_NO_TICKET : 0));
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_num_tickets(context, (size_t)tickets);
    if (SSL_CTX_use_certificate_chain_file(context, certificate) != 1) {
        die_of_tls(certificate, "name a readable PEM file of the certificate and its chain");
    }
    if (SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) != 1) {
        die_of_tls(key, "name a readable PEM file of the certificate's private key");
    }
}

bool offers_tls(void) { return context != NULL; }

SSL *new_session(void) {
    SSL *session = SSL_new(context);
    BIO *bio = session ? BIO_new(method) : NULL;
    if (!bio) {
        SSL_free(session);
        return NULL;
    }
    BIO_set_init(bio, 1);
    SSL_set_bio(session, bio, bio);
    SSL_set_accept_state(session);
    return session;
}
