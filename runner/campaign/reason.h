/* SPDX-License-Identifier: Apache-2.0 */
/* reason.h - the words of a failure. */
#ifndef RM_REASON_H
#define RM_REASON_H

#include <stddef.h>

/*
 * "why: last words" ("last words" where why is ""): one line of valid UTF-8, whatever bytes a trial wrote to
 * its standard error. The last `keep` of `size` bytes are used; line ends
 * become "; ", other control characters a blank, invalid bytes '?'.
 * Returns a string to free(), NULL: no memory.
 */
char *rm_reason_text(
        const char *why, const char *errors, size_t size, size_t keep);

/* The constant "ok", "void" or "failed" equal to `status`. */
const char *rm_status_constant(const char *status);

#endif /* RM_REASON_H */
