/* SPDX-License-Identifier: Apache-2.0 */
/* quarantine.h - finds use after free without a sanitizer build: a preloaded
 * library, whose malloc precedes the C library's, poisons freed blocks and
 * delays their reuse (quarantine/library.c). */
#ifndef RM_CHECK_QUARANTINE_H
#define RM_CHECK_QUARANTINE_H

#include "runner/map.h"

#include <stdbool.h>
#include <stdint.h>

/* Content of freed memory. It is not a valid address on CPUs with 48 or 57
 * address bits, and no check writes this value. */
#define RM_POISON_BYTE 0xf5U
#define RM_POISON_WORD 0xf5f5f5f5f5f5f5f5U

/* Returns true if this process was started with the library. */
bool rm_quarantine_is_loaded(void);

/* Switches the quarantine on, or off, which releases all blocks. If a block was
 * written after it was freed, `damaged` (may be NULL) is called with a message,
 * on the thread that releases the block; it must not return. Does nothing if
 * the library is not loaded. */
void rm_quarantine_set(bool on, void (*damaged)(const char *what));

/* Returns true if a word of a value that a map returned is poison: it may have
 * been freed while it was copied. */
bool rm_value_is_poison(struct rm_shape shape, const struct rm_value *value);

#endif /* RM_CHECK_QUARANTINE_H */
