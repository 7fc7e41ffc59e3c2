/* UTF-8 as JSON takes it: no overlong form, no surrogate, nothing beyond U+10FFFF. Pure. */
#ifndef ACCORD_COMMON_UTF8_H
#define ACCORD_COMMON_UTF8_H

#include <stddef.h>

/* How many of the `left` bytes are the character that `text` begins with; 0 = they begin with none.
 */
size_t utf8_length(const char *text, size_t left);

/* Turns every byte that belongs to no character into '?'. What was cut to a number of bytes may end
 * within a character, and JSON can't be made of that. */
void utf8_mend(char *text);

#endif
