#include "common/version.h"

#ifndef ACCORD_VERSION
#define ACCORD_VERSION "unknown" /* for who reads the file without the Makefile */
#endif

const char accord_version[] = ACCORD_VERSION;
