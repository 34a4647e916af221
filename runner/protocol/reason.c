/* SPDX-License-Identifier: Apache-2.0 */
/* reason.c - converts the last output of a failed program to one clean line. */
#include "runner/protocol/protocol.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/* Copies a text and replaces line ends and control characters. Returns the
   end. */
static char *copy_clean(char *to, const char *from, size_t size)
{
	char *start = to;

	for (size_t i = 0; i < size; i++) {
		unsigned char c = (unsigned char)from[i];

		if (c == '\n' && to != start && to[-1] != ' ')
			to = (char *)memcpy(to, "; ", 2) + 2;
		else if (c < ' ' || c == 127)
			*to++ = ' ';
		else
			*to++ = (char)c;
	}
	while (to != start && (to[-1] == ' ' || to[-1] == ';'))
		to--;
	*to = 0;
	return to;
}

/* True if jansson accepts the text as UTF-8. */
static int is_utf8(const char *text)
{
	json_t *string = json_string(text);

	json_decref(string);
	return string != NULL;
}

char *rm_reason_text(
        const char *why, const char *errors, size_t size, size_t keep)
{
	size_t skip = size > keep ? size - keep : 0;
	size_t why_bytes = strlen(why), start = why_bytes;
	/* Each byte may become two. The other 3 bytes are ": " and a NUL. */
	char *text = malloc(why_bytes + 2 * (size - skip) + 3);

	if (!text)
		return NULL;
	memcpy(text, why, why_bytes);
	if (why_bytes) {
		memcpy(text + why_bytes, ": ", 2);
		start += 2;
	}
	if (copy_clean(text + start, errors + skip, size - skip) ==
	        text + start)
		text[why_bytes] = 0; /* the program printed nothing */
	if (is_utf8(text))
		return text;
	for (char *c = text; *c; c++)
		if ((unsigned char)*c >= 128)
			*c = '?';
	return text;
}

const char *rm_status_constant(const char *status)
{
	if (!strcmp(status, "ok"))
		return "ok";
	return strcmp(status, "void") ? "failed" : "void";
}
