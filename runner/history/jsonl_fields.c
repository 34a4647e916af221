/* SPDX-License-Identifier: Apache-2.0 */
#include "runner/history/jsonl_fields.h"
#include "runner/history/mistake.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

int rm_jsonl_mistake(const struct rm_jsonl_line *line, const char *format, ...)
{
	va_list list;

	va_start(list, format);
	rm_mistake(line->error, line->file, line->number, format, list);
	va_end(list);
	return -EINVAL;
}

/* "18446744073709551615": digits only, no zero in front. */
static bool read_digits(const char *text, uint64_t *value)
{
	char *end;

	if (!*text || strspn(text, "0123456789") != strlen(text) ||
	        (text[0] == '0' && text[1]))
		return false;
	errno = 0;
	*value = strtoull(text, &end, 10);
	return errno == 0;
}

int rm_jsonl_number(const struct rm_jsonl_line *line, const json_t *json,
        const char *what, uint64_t *value)
{
	if (json_is_integer(json) && json_integer_value(json) >= 0) {
		*value = (uint64_t)json_integer_value(json);
		return 0;
	}
	if (json_is_string(json) && read_digits(json_string_value(json), value))
		return 0;
	return rm_jsonl_mistake(line,
	        "%s: expected a whole number of 0 to 2^64 - 1 (from 2^63 on in "
	        "quotes)",
	        what);
}

int rm_jsonl_member(const struct rm_jsonl_line *line, const char *name,
        bool needed, uint64_t *value, bool *known)
{
	const json_t *json = json_object_get(line->object, name);

	if (known)
		*known = json && !json_is_null(json);
	if (!json)
		return needed ? rm_jsonl_mistake(line,
		                        "no \"%s\", expected a number", name)
		              : 0;
	if (known && !*known)
		return 0;
	return rm_jsonl_number(line, json, name, value);
}

int rm_jsonl_text(const struct rm_jsonl_line *line, const char *name,
        char *text, size_t size)
{
	const json_t *json = json_object_get(line->object, name);
	const char *from = json_string_value(json);

	if (!json)
		return 0;
	if (!from || strlen(from) >= size)
		return rm_jsonl_mistake(line,
		        "%s: expected a text of less than %zu bytes", name,
		        size);
	for (const char *c = from; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			return rm_jsonl_mistake(line,
			        "%s: control character 0x%02x, expected plain "
			        "text",
			        name, (unsigned char)*c);
	memcpy(text, from, strlen(from) + 1);
	return 0;
}

int rm_jsonl_only(const struct rm_jsonl_line *line, const char *const *names)
{
	const char *member;
	json_t *value;

	json_object_foreach (line->object, member, value) {
		size_t i = 0;

		while (names[i] && strcmp(names[i], member))
			i++;
		if (!names[i])
			return rm_jsonl_mistake(line,
			        "unknown member \"%.40s\", expected one of "
			        "docs/history-format.md",
			        member);
	}
	return 0;
}
