/* Which build this is: the Makefile's VERSION. */
#ifndef ACCORD_COMMON_VERSION_H
#define ACCORD_COMMON_VERSION_H

extern const char accord_version[];

#endif
