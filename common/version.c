#include "common/version.h"

const char accord_version[] = ACCORD_VERSION;
