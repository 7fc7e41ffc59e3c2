/* The one-page summary as a page for people: one self-contained HTML document without scripts, in
 * headings and tables that a screen reader can follow. Knows the Overview schema, nothing else. */
#ifndef ACCORD_SERVICES_MEMBERSHIP_API_OVERVIEW_PAGE_H
#define ACCORD_SERVICES_MEMBERSHIP_API_OVERVIEW_PAGE_H

#include <jansson.h>

/* The caller frees the text. */
char *overview_page(const json_t *overview);

#endif
