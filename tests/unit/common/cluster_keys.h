/* A folder of keys as services have it: <service>.pem and cluster.jwks, made anew and removed. */
#ifndef ACCORD_TESTS_CLUSTER_KEYS_H
#define ACCORD_TESTS_CLUSTER_KEYS_H

#include <gnutls/x509.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/common/forge.h"

enum { CLUSTER_KEYS_MAX = 8 };

struct cluster_keys {
    char folder[64];
    struct forge_key keys[CLUSTER_KEYS_MAX];
    char kids[CLUSTER_KEYS_MAX][64];
    char names[CLUSTER_KEYS_MAX][64]; /* of the files */
    size_t count;
};

FORGE_UNUSED static void cluster_keys_make(struct cluster_keys *cluster)
{
    memset(cluster, 0, sizeof *cluster);
    snprintf(cluster->folder, sizeof cluster->folder, "/tmp/accord-keys-XXXXXX");
    assert(mkdtemp(cluster->folder) != NULL);
}

FORGE_UNUSED static void cluster_file(const struct cluster_keys *cluster, const char *name,
                                      mode_t mode, const char *text, size_t size)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", cluster->folder, name);
    FILE *file = fopen(path, "w");
    assert(file != NULL && fchmod(fileno(file), mode) == 0);
    assert(fwrite(text, 1, size, file) == size && fclose(file) == 0);
}

/* Writes a private key as PKCS#8. */
FORGE_UNUSED static void cluster_pem(const struct cluster_keys *cluster, const char *name,
                                     mode_t mode, const struct forge_key *key)
{
    gnutls_x509_privkey_t x509;
    char pem[4096];
    size_t size = sizeof pem;
    assert(gnutls_privkey_export_x509(key->private, &x509) == 0);
    assert(gnutls_x509_privkey_export_pkcs8(x509, GNUTLS_X509_FMT_PEM, NULL, GNUTLS_PKCS_PLAIN, pem,
                                            &size) == 0);
    gnutls_x509_privkey_deinit(x509);
    cluster_file(cluster, name, mode, pem, size);
}

/* A new key under this kid ("ledger-1"), kept as <service>.pem; publish afterwards. */
FORGE_UNUSED static const struct forge_key *cluster_key(struct cluster_keys *cluster,
                                                        const char *service, int number)
{
    assert(cluster->count < CLUSTER_KEYS_MAX);
    size_t i = cluster->count++;
    snprintf(cluster->kids[i], sizeof cluster->kids[i], "%s-%d", service, number);
    snprintf(cluster->names[i], sizeof cluster->names[i], "%s.pem", service);
    cluster->keys[i] = forge_key_new(cluster->kids[i], "P-256", 0);
    cluster_pem(cluster, cluster->names[i], 0600, &cluster->keys[i]);
    return &cluster->keys[i];
}

FORGE_UNUSED static void cluster_publish(const struct cluster_keys *cluster)
{
    json_auto_t *keys = json_array();
    for (size_t i = 0; i < cluster->count; i++)
        json_array_append_new(keys, forge_jwk(&cluster->keys[i]));
    json_auto_t *set = json_pack("{s:O}", "keys", keys);
    char_auto_t *text = json_dumps(set, 0);
    cluster_file(cluster, "cluster.jwks.new", 0644, text, strlen(text));
    char from[128], to[128];
    snprintf(from, sizeof from, "%s/cluster.jwks.new", cluster->folder);
    snprintf(to, sizeof to, "%s/cluster.jwks", cluster->folder);
    assert(rename(from, to) == 0);
}

FORGE_UNUSED static void cluster_keys_done(struct cluster_keys *cluster)
{
    char path[256];
    for (size_t i = 0; i < cluster->count; i++) {
        gnutls_privkey_deinit(cluster->keys[i].private);
        snprintf(path, sizeof path, "%s/%s", cluster->folder, cluster->names[i]);
        unlink(path);
    }
    snprintf(path, sizeof path, "%s/cluster.jwks", cluster->folder);
    unlink(path);
    rmdir(cluster->folder);
}

#endif
