/* SPDX-License-Identifier: Apache-2.0 */
/*
 * quarantine.h - use after free shows without another build: a library that is
 * loaded before the C library's malloc poisons what is freed and keeps it back
 * for a while (quarantine/library.c).
 */
#ifndef RM_CHECK_QUARANTINE_H
#define RM_CHECK_QUARANTINE_H

#include "runner/map.h"

#include <stdbool.h>
#include <stdint.h>

/* What freed memory is filled with: no address on any CPU that has 48 or 57
   bits of them, and no value that a check writes. */
#define RM_POISON_BYTE 0xf5U
#define RM_POISON_WORD 0xf5f5f5f5f5f5f5f5U

/* Was this process started with the library? */
bool rm_quarantine_offered(void);

/*
 * From now on what is freed is kept back, or no more: then all that was kept is
 * given back. `damaged` (NULL: nobody) is called with a message, on the thread
 * that gives such a block back, where it was written after it was freed; it does
 * not return. Nothing where it is not offered.
 */
void rm_quarantine(bool on, void (*damaged)(const char *what));

/* Whether any word of a value that a map gave is poison: it may have been freed
   while it was copied. */
bool rm_quarantine_freed(struct rm_shape shape, const struct rm_value *value);

#endif /* RM_CHECK_QUARANTINE_H */
