/* The five services' own specs, read as they are at their start. */
#ifndef ACCORD_TESTS_FUZZ_SPECS_H
#define ACCORD_TESTS_FUZZ_SPECS_H

#define SERVICE_SPEC MEMBERSHIP_SPEC
#define SERVICE_SCHEMA_CHANGES MEMBERSHIP_CHANGES
#include "services/membership/embedded.h"
#undef SERVICE_SPEC
#undef SERVICE_SCHEMA_CHANGES
#define SERVICE_SPEC LEDGER_SPEC
#define SERVICE_SCHEMA_CHANGES LEDGER_CHANGES
#include "services/ledger/embedded.h"
#undef SERVICE_SPEC
#undef SERVICE_SCHEMA_CHANGES
#define SERVICE_SPEC REINVESTMENT_SPEC
#define SERVICE_SCHEMA_CHANGES REINVESTMENT_CHANGES
#include "services/reinvestment/embedded.h"
#undef SERVICE_SPEC
#undef SERVICE_SCHEMA_CHANGES
#define SERVICE_SPEC RISK_SPEC
#define SERVICE_SCHEMA_CHANGES RISK_CHANGES
#include "services/risk/embedded.h"
#undef SERVICE_SPEC
#undef SERVICE_SCHEMA_CHANGES
#define SERVICE_SPEC KPI_SPEC
#define SERVICE_SCHEMA_CHANGES KPI_CHANGES
#include "services/kpi/embedded.h"
#undef SERVICE_SPEC
#undef SERVICE_SCHEMA_CHANGES

enum { SPECS = 5 };

static struct spec *specs[SPECS];

/* Once; the specs stay until the process ends. */
static void specs_read(void)
{
    static const char *const TEXTS[SPECS] = {MEMBERSHIP_SPEC, LEDGER_SPEC, REINVESTMENT_SPEC,
                                             RISK_SPEC, KPI_SPEC};
    struct problem err = {0};
    for (size_t i = 0; specs[SPECS - 1] == NULL && i < SPECS; i++)
        assert(spec_new(TEXTS[i], &specs[i], &err));
}

#endif
