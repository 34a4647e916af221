/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_fuzz_twitter.c - the importer of Twitter's cache traces with mutated and
 * random input.
 * slow: seconds of CPU time; not part of `make check`.
 * fuzzes: runner/trace/twitter.c but rm_trace_import_twitter: it opens the
 *   file
 *
 * A result is sound if a rejection is one line with the number of a line. An
 * accepted file yields an operation for each line and each expiry, and its
 * trace is the same after writing and reading it.
 */
#include "runner/trace/internal.h"
#include "tests/unit/fuzz.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char *const words[] = { ",", ",,", "\n", "0", "1", "get", "gets",
	"set", "add", "replace", "cas", "append", "prepend", "delete", "incr",
	"decr", "1024", "1025", "1048576", "1048577", "4294967295",
	"4294967296", "18446744073709551616", "-1", "a,b", "\x01", "\r\n",
	"\xff", "0,a,1,1,1,get,0\n", "5,a,1,9,1,set,2\n", "9,b,2,9,1,set,1\n",
	"9,a,1,9,1,delete,0\n", "\x28\xb5\x2f\xfd", NULL };

static const char *const files[] = { "tests/fixtures/traces/twitter.csv",
	NULL };

static const char *const texts[] = { "0,a,1,1,1,get,0\n",
	"0,k,1,3,1,set,1\n0,k,1,3,1,set,2\n1,k,1,3,1,get,0\n"
	"2,k,1,3,1,get,0\n3,l,1,3,1,set,1\n9,k,1,1,1,add,1\n",
	"1,long:text:of:a:key,8,3,1,set,1\n2,long:text:of:another,9,3,1,add,1\n"
	"3,short,12,0,1,get,0\n",
	NULL };

static bool reads_back(const struct rm_trace *trace, char *why)
{
	struct rm_trace again = { 0 };
	struct rm_trace_expected x = { 0 }, y = { 0 };
	struct rm_error error = { "" };
	char *text = NULL;
	size_t length = 0;
	FILE *out = open_memstream(&text, &length);
	bool ok = !rm_trace_write_text(out, trace);

	fclose(out);
	ok = ok && !rm_trace_parse("again", text, length, &again, &error) &&
	     !rm_trace_compute_expected(trace, 2, &x) &&
	     !rm_trace_compute_expected(&again, 2, &y) &&
	     trace->count == again.count && trace->present == again.present &&
	     trace->keys == again.keys && x.hits == y.hits &&
	     x.digest == y.digest;
	if (!ok)
		snprintf(why, FUZZ_WHY, "not the same after writing: %s",
		        error.text);
	rm_trace_clear(&again);
	free(text);
	return ok;
}

/* True if each key has a valid length. */
static bool keeps_sizes(const struct rm_trace *trace)
{
	for (uint64_t i = 0; i < trace->keys; i++)
		if (!trace->dictionary.keys[i].length ||
		        trace->dictionary.keys[i].length > RM_TRACE_KEY_MAX)
			return false;
	return true;
}

static enum fuzz_verdict judge(
        struct fuzz_input *input, const char *text, size_t length, char *why)
{
	struct rm_trace trace = { 0 };
	struct rm_trace_import_stats stats;
	struct rm_error error = { "" };
	enum fuzz_verdict verdict = FUZZ_REFUSED;
	int failed = rm_trace_parse_twitter(
	        "fuzz", text, length, &trace, &stats, &error);

	(void)input;
	snprintf(why, FUZZ_WHY, "%s", error.text);
	if (failed && (failed != -EINVAL || !fuzz_names_line(why, "fuzz:")))
		verdict = FUZZ_UNSOUND;
	else if (!failed)
		verdict =
		        !why[0] && trace.count == stats.lines + stats.expired &&
		                        keeps_sizes(&trace) &&
		                        reads_back(&trace, why)
		                ? FUZZ_TAKEN
		                : FUZZ_UNSOUND;
	rm_trace_clear(&trace);
	return verdict;
}

int main(void)
{
	static const struct fuzz_parser parser = { .name = "twitter",
		.words = words,
		.files = files,
		.texts = texts,
		.judge = judge };

	fuzz_check(&parser, 2000);
	return DONE();
}
