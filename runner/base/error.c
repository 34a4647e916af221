/* SPDX-License-Identifier: Apache-2.0 */
#include "runner/base/error.h"

#include <stdarg.h>
#include <stdio.h>

void rm_text_sanitize(char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			*text = '?';
}

int rm_error_set(struct rm_error *error, int code, const char *format, ...)
{
	if (error && !error->text[0]) {
		va_list list;

		va_start(list, format);
		vsnprintf(error->text, sizeof(error->text), format, list);
		va_end(list);
		rm_text_sanitize(error->text);
	}
	return code;
}
