/* SPDX-License-Identifier: Apache-2.0 */
/* import_etcd.c - lines `INFO  jepsen.util - 3 :ok :read 4` of one register;
   lines of others are skipped. */
#include "runner/history/import.h"

#include <errno.h>
#include <string.h>

static const char mark[] = "jepsen.util - ";

/* Reads one line; 0 also where it is of somebody else. */
static int take_line(struct rm_import *import, const char *text,
        const char *end, unsigned number)
{
	const char *from =
	        memmem(text, (size_t)(end - text), mark, sizeof(mark) - 1);
	struct rm_edn part[4] = { { .line = 0 }, { .line = 0 }, { .line = 0 },
		{ .line = 0 } };
	struct rm_edn_reader reader = { import->file,
		from ? from + sizeof(mark) - 1 : end, end, number,
		import->error };
	int got = 1;
	size_t count = 0;

	while (count < 4 && got == 1) {
		got = rm_edn_read(&reader, part + count);
		count += got == 1;
	}
	if (got == 0 && count > 0)
		got = rm_import_mistake(import, number,
		        "expected process, type, function and value");
	if (got == 1) {
		struct rm_import_line line = { number, part, part + 1, part + 2,
			NULL, part + 3 };

		got = rm_import_take(import, &line);
	}
	for (size_t i = 0; i < count; i++)
		rm_edn_clear(part + i);
	return got;
}

int rm_import_etcd(const char *file, const char *text, size_t length,
        struct rm_history *history, struct rm_error *error)
{
	struct rm_import import = { .file = file,
		.error = error,
		.history = history,
		.fail_answers = true };
	const char *end = text + length;
	unsigned number = 1;
	int failed = 0;

	strcpy(history->stamps, "index");
	for (const char *line = text; line < end && !failed; number++) {
		const char *next = memchr(line, '\n', (size_t)(end - line));

		next = next ? next : end;
		failed = take_line(&import, line, next, number);
		line = next + 1;
	}
	return rm_import_end(&import, failed);
}
