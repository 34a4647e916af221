/* SPDX-License-Identifier: Apache-2.0 */
/*
 * formats.c - detects the format of a text, reads it, and checks that its
 * operations are consistent.
 */
#include "runner/base/file.h"
#include "verify/history/import.h"
#include "verify/history/judging.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char *const names[RM_HISTORY_FORMATS] = { "detect", "jsonl",
	"jepsen", "porcupine", "etcd" };

enum rm_history_format rm_history_format_parse(const char *word)
{
	return (enum rm_history_format)rm_word_index(
	        names, RM_HISTORY_FORMATS, word);
}

/* Decides by the first bytes that are neither blank nor a comment. */
static enum rm_history_format detect(const char *text, size_t length)
{
	size_t at = 0;

	while (at < length && (strchr(" \t\r\n", text[at]) || text[at] == ';'))
		if (text[at] == ';')
			while (at < length && text[at] != '\n')
				at++;
		else
			at++;
	if (at == length)
		return RM_HISTORY_DETECT;
	if (text[at] == '{' && at + 1 < length &&
	        (text[at + 1] == '"' || text[at + 1] == '}'))
		return RM_HISTORY_JSONL;
	if (strchr("{[(#", text[at]))
		return RM_HISTORY_JEPSEN;
	return memmem(text, length, "jepsen.util - ", 14) ? RM_HISTORY_ETCD
	                                                  : RM_HISTORY_DETECT;
}

/* Checks that the operations are consistent; the error names the line. */
static int check_lines(const char *file, const struct rm_history *history,
        struct rm_error *error)
{
	struct rm_order order = { .history = NULL };
	struct rm_error what = { "" };
	int failed = rm_order_make(&order, history, &what);
	size_t line = order.bad == SIZE_MAX ? 1 : order.bad + 2;

	rm_order_clear(&order);
	if (failed != -EINVAL)
		return failed;
	return rm_error_set(
	        error, -EINVAL, "%.200s:%zu: %s", file, line, what.text);
}

int rm_history_read(const char *file, const char *text, size_t length,
        enum rm_history_format format, struct rm_history *history,
        struct rm_error *error)
{
	int failed;

	if (format == RM_HISTORY_DETECT)
		format = detect(text, length);
	switch (format) {
	case RM_HISTORY_JSONL:
		failed = rm_jsonl_read(file, text, length, history, error);
		break;
	case RM_HISTORY_JEPSEN:
	case RM_HISTORY_PORCUPINE:
		failed = rm_import_edn(file, text, length, history, error);
		break;
	case RM_HISTORY_ETCD:
		failed = rm_import_etcd(file, text, length, history, error);
		break;
	default:
		return rm_error_set(error, -EINVAL,
		        "%.200s:1: unknown format, expected JSON lines, "
		        "Jepsen EDN, or a log of Porcupine's tests",
		        file);
	}
	return failed ? failed : check_lines(file, history, error);
}

int rm_history_load(const char *file, enum rm_history_format format,
        struct rm_history *history, struct rm_error *error)
{
	bool standard = !strcmp(file, "-");
	const char *name = standard ? "standard input" : file;
	FILE *in = standard ? stdin : rm_file_open(file);
	char *text = NULL;
	size_t length = 0;
	int failed =
	        in ? rm_file_read(in, RM_INPUT_MAX, &text, &length) : -errno;

	if (failed)
		rm_error_set(error, failed, "%.200s: %s%s", name,
		        rm_file_reason(failed),
		        failed == -ENOENT ? ", expected a recorded history "
		                            "(docs/reference/history-format.md)"
		                          : "");
	else
		failed = rm_history_read(
		        name, text, length, format, history, error);
	if (failed == -ENOMEM)
		rm_error_set(error, failed, "%.200s: out of memory", name);
	if (in && !standard)
		fclose(in);
	free(text);
	return failed;
}
