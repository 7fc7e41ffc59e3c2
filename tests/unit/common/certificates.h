/* Makes authorities and the certificates that they sign, for the tests of TLS. */
#ifndef ACCORD_TESTS_CERTIFICATES_H
#define ACCORD_TESTS_CERTIFICATES_H

#include <assert.h>
#include <gnutls/x509.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>

#define CERTIFICATE_UNUSED __attribute__((unused))

enum { CERTIFICATE_PEM_SIZE = 16 * 1024, CERTIFICATE_HOUR_S = 3600 };

struct certificate {
    gnutls_x509_privkey_t key;
    gnutls_x509_crt_t crt;
};

/* For `name`, signed by `issuer` (NULL = by itself: an authority), good for two hours that end in
 * `ends_in_s` seconds. */
CERTIFICATE_UNUSED static struct certificate
certificate_new(const char *name, const struct certificate *issuer, time_t ends_in_s)
{
    struct certificate made;
    time_t ends = time(NULL) + ends_in_s;
    unsigned char serial = issuer == NULL ? 1 : 2;
    assert(gnutls_x509_privkey_init(&made.key) == 0);
    assert(gnutls_x509_privkey_generate(made.key, GNUTLS_PK_ECDSA,
                                        GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0) == 0);
    assert(gnutls_x509_crt_init(&made.crt) == 0);
    gnutls_x509_crt_set_version(made.crt, 3);
    gnutls_x509_crt_set_serial(made.crt, &serial, 1);
    gnutls_x509_crt_set_activation_time(made.crt, ends - 2 * CERTIFICATE_HOUR_S);
    gnutls_x509_crt_set_expiration_time(made.crt, ends);
    gnutls_x509_crt_set_key(made.crt, made.key);
    gnutls_x509_crt_set_dn_by_oid(made.crt, GNUTLS_OID_X520_COMMON_NAME, 0, name,
                                  (unsigned)strlen(name));
    gnutls_x509_crt_set_basic_constraints(made.crt, issuer == NULL, -1);
    if (issuer != NULL)
        gnutls_x509_crt_set_subject_alt_name(made.crt, GNUTLS_SAN_DNSNAME, name,
                                             (unsigned)strlen(name), GNUTLS_FSAN_SET);
    const struct certificate *by = issuer != NULL ? issuer : &made;
    assert(gnutls_x509_crt_sign2(made.crt, by->crt, by->key, GNUTLS_DIG_SHA256, 0) == 0);
    return made;
}

CERTIFICATE_UNUSED static void certificate_free(struct certificate *certificate)
{
    gnutls_x509_crt_deinit(certificate->crt);
    gnutls_x509_privkey_deinit(certificate->key);
}

/* As PEM; with its key behind it where that is asked for. */
CERTIFICATE_UNUSED static size_t certificate_pem(const struct certificate *certificate,
                                                 bool with_key, char ret_pem[CERTIFICATE_PEM_SIZE])
{
    size_t size = CERTIFICATE_PEM_SIZE, more;
    assert(gnutls_x509_crt_export(certificate->crt, GNUTLS_X509_FMT_PEM, ret_pem, &size) == 0);
    if (!with_key)
        return size;
    more = CERTIFICATE_PEM_SIZE - size;
    assert(gnutls_x509_privkey_export(certificate->key, GNUTLS_X509_FMT_PEM, ret_pem + size,
                                      &more) == 0);
    return size + more;
}

#endif
