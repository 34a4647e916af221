/* SPDX-License-Identifier: Apache-2.0 */
/* mistake.h - "file:line: what, and what was expected". Inside runner/history
   only. */
#ifndef RM_HISTORY_MISTAKE_H
#define RM_HISTORY_MISTAKE_H

#include "runner/base/error.h"

#include <stdarg.h>
#include <stddef.h>

/* Sets the error, in one line whatever of the input it quotes. Returns
   -EINVAL. */
int rm_mistake(struct rm_error *error, const char *file, size_t line,
        const char *format, va_list list) __attribute__((format(printf, 4, 0)));

#endif /* RM_HISTORY_MISTAKE_H */
