/* Who may vouch for whom: the issuers file. Each identity provider is bound to the audience, the
 * algorithms and the organisations (ODS codes) that it may speak for, so that no partner's
 * provider can speak for another. Read once at start; immutable afterwards.
 *
 *   [{"issuer": "https://login.zz1.example", "jwks": "https://login.zz1.example/keys",
 *     "audience": "https://accord.example", "legacy": false, "algorithms": ["ES256"],
 *     "organisationClaim": "organisation", "organisations": ["ZZ1"],
 *     "clients": {"zz1-system": "ZZ1"}, "caFile": "zz1-ca.pem",
 *     "refreshSeconds": 600, "outageSeconds": 86400}]
 *
 * issuer, jwks, algorithms and organisations are required; file names are relative to the issuers
 * file; `["*"]` lets a development issuer speak for everyone; `legacy` accepts `typ: JWT` from
 * providers that know no at+jwt (Keycloak, Entra, libjwt); `clients` gives the organisation of
 * clients whose tokens carry no claim. `refreshSeconds` (5 to 3600): how long keys from an address
 * are believed unasked, and thus a withdrawn one at most; `outageSeconds` (up to a week): how long
 * the last keys are believed while their source fails. */
#ifndef ACCORD_COMMON_ISSUER_H
#define ACCORD_COMMON_ISSUER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/problem.h"

enum { ISSUERS_MAX = 64, ISSUER_ALGORITHMS_MAX = 7, CLAIM_NAME_SIZE = 64, SOURCE_SIZE = 1024 };
enum { REFRESH_MIN_S = 5, REFRESH_MAX_S = 3600, OUTAGE_MAX_S = 7 * 86400 };

struct issuer_client {
    char client[IDENTITY_SIZE];
    char organisation[ODS_SIZE];
};

struct issuer {
    char name[IDENTITY_SIZE]; /* `iss`, compared exactly */
    char audience[IDENTITY_SIZE];
    char jwks[SOURCE_SIZE];    /* a file, or an https address */
    char ca_file[SOURCE_SIZE]; /* "" = the system's */
    int64_t refresh_s, outage_s;
    bool is_legacy;
    const struct jws_algorithm *algorithms[ISSUER_ALGORITHMS_MAX];
    size_t algorithm_count;
    char organisation_claim[CLAIM_NAME_SIZE]; /* "" = none */
    bool is_any_organisation;
    char (*organisations)[ODS_SIZE];
    size_t organisation_count;
    struct issuer_client *clients;
    size_t client_count;
};

struct issuers {
    struct issuer *items;
    size_t count;
};
void issuers_done(struct issuers *issuers);

/* PROBLEM_INTERNAL with the file, the issuer and the member that is wrong. */
bool issuers_read(const char *file, const char *audience, struct issuers *ret_issuers,
                  struct problem *err) MUST_CHECK;
/* NULL when there is none of that name. */
const struct issuer *issuers_find(const struct issuers *issuers, const char *name);

bool issuer_may_assert(const struct issuer *issuer, const char *organisation);
bool issuer_accepts(const struct issuer *issuer, const struct jws_algorithm *algorithm);
/* The organisation that the client registry gives; NULL = none. */
const char *issuer_client_organisation(const struct issuer *issuer, const char *client);

#endif
