/* SPDX-License-Identifier: Apache-2.0 */
#include "runner/history/mistake.h"

#include <errno.h>
#include <stdio.h>

int rm_mistake(struct rm_error *error, const char *file, size_t line,
        const char *format, va_list list)
{
	char what[256];

	vsnprintf(what, sizeof(what), format, list);
	for (char *c = what; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			*c = '?';
	return rm_error_set(error, -EINVAL, "%.200s:%zu: %s", file, line, what);
}
