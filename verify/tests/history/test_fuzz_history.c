/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_fuzz_history.c - fuzzes the readers of histories.
 * slow: seconds of CPU time; not part of `make check`.
 *
 * fuzzes: verify/history/jsonl_read.c verify/history/edn.c
 * fuzzes: verify/history/import.c verify/history/import_names.c
 * fuzzes: verify/history/formats.c but rm_history_format_parse, read_all: of
 *   an option, and errors of the system
 * fuzzes: verify/history/event_words.c
 *
 * Sound means: an error is one line with file and line number. A history that
 * is accepted can be written, read and written again to the same text, and
 * judged.
 */
#include "tests/unit/fuzz.h"
#include "verify/history/internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char *const words[] = { "{\"format\":\"readmostly-history\","
	                             "\"version\":1,\"guarantee\":\"none\"}\n",
	"{\"thread\":0,\"op\":\"lookup\",\"key\":1,\"invoked\":1,\"returned\":"
	"2,\"there\":false}\n",
	"\"point-in-time\"", "\"scan\"", "\"pairs\":", "[[1,2]]", "[]", "{}",
	"null", "true", "-1", "18446744073709551615",
	"\"18446744073709551616\"", "9223372036854775808", "1e3", "\"\\u0000\"",
	"\xff", "\n", ",", ":", "[", "]", "{", "}", "(", "#{", "#_", "#x ",
	"\"", "\\", ";", "{:type :invoke, :f :read, :value nil, :process 0}\n",
	"{:type :ok, :f :read, :value 1, :process 0}\n", ":invoke", ":ok",
	":fail", ":info", ":cas", ":append", "[1 2]", "[\"k\" [1 2]]", "nil",
	":key \"a\"", ":process 1", "-7", "99999999999999999999N",
	"INFO  jepsen.util - 0\t:invoke\t:read\tnil\n",
	"INFO  jepsen.util - 0\t:ok\t:read\t3\n", "jepsen.util - ", "\t",
	NULL };

#define HISTORIES "tests/fixtures/histories/"
static const char *const files[] = { HISTORIES "good.jsonl",
	HISTORIES "stale.jsonl", HISTORIES "torn_scan.jsonl",
	HISTORIES "two_at_once.jsonl", HISTORIES "register_good.edn",
	HISTORIES "keys_bad.edn", HISTORIES "kv_good.txt",
	HISTORIES "kv_bad.txt", HISTORIES "etcd_good.log",
	HISTORIES "etcd_bad.log", NULL };

/* The history as JSON lines; NULL: writing failed. */
static char *written(const struct rm_history *history, size_t *length)
{
	char *text = NULL;
	FILE *out = open_memstream(&text, length);
	int failed = rm_history_write(out, history);

	fclose(out);
	if (!failed)
		return text;
	free(text);
	return NULL;
}

static bool reads_back(const struct rm_history *history, char *why)
{
	struct rm_history copy = { .seed = 0 };
	struct rm_error error = { "" };
	size_t length = 0, copy_length = 0;
	char *text = written(history, &length), *second = NULL;
	bool same = text && !rm_history_read("again", text, length,
	                            RM_HISTORY_JSONL, &copy, &error);

	if (same)
		second = written(&copy, &copy_length);
	same = second && length == copy_length && !memcmp(text, second, length);
	if (!same)
		snprintf(why, FUZZ_WHY, "differs when read back: %s",
		        error.text);
	free(text);
	free(second);
	rm_history_clear(&copy);
	return same;
}

/* Judging must end, and a broken history must be printable. */
static bool judges(const struct rm_history *history)
{
	struct rm_history_limits limits = { 2000, 1 << 20, false };
	struct rm_history_judgement judgement = { .states = 0 };
	char *text = NULL;
	size_t length = 0;
	FILE *out = open_memstream(&text, &length);
	bool fine = !rm_history_judge(history, &limits, &judgement, NULL);

	if (fine && judgement.verdict == RM_HISTORY_BROKEN)
		fine = !rm_history_explain(out, &judgement) &&
		       judgement.smallest.count > 0;
	fclose(out);
	free(text);
	rm_history_judgement_clear(&judgement);
	return fine;
}

static enum fuzz_verdict judge(
        struct fuzz_input *input, const char *text, size_t length, char *why)
{
	struct rm_history history = { .seed = 0 };
	struct rm_error error = { "" };
	enum rm_history_format format = RM_HISTORY_DETECT;
	enum fuzz_verdict verdict = FUZZ_REFUSED;

	if (fuzz_below(input, 4) == 0)
		format = (enum rm_history_format)fuzz_below(
		        input, RM_HISTORY_FORMATS);
	bool load = fuzz_below(input, 16) == 0;
	const char *file = load ? fuzz_file("fuzz", text, length) : "fuzz";
	int failed = load ? rm_history_load(file, format, &history, &error)
	                  : rm_history_read("fuzz", text, length, format,
	                            &history, &error);
	char place[300];

	snprintf(place, sizeof(place), "%s:", file);
	snprintf(why, FUZZ_WHY, "%s", error.text);
	if (failed && (failed != -EINVAL || !fuzz_names_line(why, place)))
		verdict = FUZZ_UNSOUND;
	else if (!failed)
		verdict =
		        !why[0] && reads_back(&history, why) && judges(&history)
		                ? FUZZ_TAKEN
		                : FUZZ_UNSOUND;
	rm_history_clear(&history);
	return verdict;
}

int main(void)
{
	static const struct fuzz_parser parser = { .name = "history",
		.words = words,
		.files = files,
		.judge = judge };

	fuzz_check(&parser, 100000);
	return DONE();
}
