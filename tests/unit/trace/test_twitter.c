/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_twitter.c - tests the import of Twitter's cache traces, line by line,
 * with expiries in between (docs/reference/traces.md).
 */
#include "runner/trace/internal.h"
#include "tests/unit/tap.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct rm_trace_import_stats stats;
static struct rm_error error;

/* Returns the text of the trace, which the caller frees, or NULL if it was
   rejected and the trace is empty. */
static char *imported(const char *lines)
{
	struct rm_trace trace = { .count = 1 };
	char *text = NULL;
	size_t size = 0;
	FILE *out;
	int failed;

	error.text[0] = '\0';
	failed = rm_trace_parse_twitter(
	        "x.csv", lines, strlen(lines), &trace, &stats, &error);
	if (!failed) {
		out = open_memstream(&text, &size);
		if (!out || rm_trace_write_text(out, &trace) || fclose(out))
			abort();
		/* removes the checksum */
		memmove(text, strchr(text, '\n') + 1,
		        strlen(strchr(text, '\n')));
	}
	rm_trace_clear(&trace);
	return text;
}

static bool becomes(const char *lines, const char *expected)
{
	char *text = imported(lines);
	bool same = text && !strcmp(text, expected);

	if (!same)
		printf("# %s\n", text ? text : error.text);
	free(text);
	return same;
}

static void operations_are_what_the_key_lets_them_be(void)
{
	CHECK(becomes("0,a,1,2,1,get,0\n0,b,1,3,1,gets,0\n"
	              "0,c,1,2,1,set,0\n0,d,1,1,1,add,0\n0,f,1,1,1,delete,0\n",
	              "has a\nhas b\nhas f\n"
	              "get a\nget b\nput 1 2 c vv\nput 1 1 d v\ndel f\nend "
	              "5\n"),
	        "a new key counts as present before, except for set and add");
	CHECK(stats.lines == 5 && stats.conditional == 0 &&
	                stats.expired == 0 && stats.renamed == 0,
	        "every operation had its effect");
	CHECK(becomes("0,a,1,1,1,set,0\n0,a,1,1,1,add,0\n0,a,1,2,1,cas,0\n"
	              "0,a,1,3,1,append,0\n0,a,1,4,1,prepend,0\n"
	              "0,a,1,5,1,incr,0\n0,a,1,6,1,decr,0\n",
	              "put 1 1 a v\nget a\nput 1 2 a vv\nput 1 3 a vvv\n"
	              "put 1 4 a vvvv\nput 1 5 a vvvvv\nput 1 6 a vvvvvv\n"
	              "end 7\n"),
	        "with a present key only add becomes a get");
	CHECK(stats.conditional == 1, "such an add is counted as conditional");
	CHECK(becomes("0,a,1,1,1,delete,0\n0,a,1,1,1,replace,0\n"
	              "0,a,1,1,1,cas,0\n0,a,1,1,1,append,0\n"
	              "0,a,1,1,1,prepend,0\n0,a,1,1,1,incr,0\n"
	              "0,a,1,1,1,decr,0\n0,a,1,1,1,add,0\n",
	              "has a\ndel a\nget a\nget a\nget a\nget a\nget a\nget a\n"
	              "put 1 1 a v\nend 8\n"),
	        "with an absent key all writes but set and add become gets");
	CHECK(stats.conditional == 6, "these gets are counted as conditional");
}

/* Tests that a key that was not seen before was present when the trace was
   recorded. */
static void what_changes_a_value_finds_one(void)
{
	static const char *const words[] = { "replace", "cas", "append",
		"prepend", "incr", "decr" };
	bool all = true;

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		char line[32], *text;

		snprintf(line, sizeof(line), "0,k,1,1,1,%s,0\n", words[i]);
		text = imported(line);
		all &= text && strstr(text, "put 1 1 k v\nend 1\n") &&
		       !stats.conditional;
		free(text);
	}
	CHECK(all, "changes of a value assume that a new key was present");
}

static void what_expires_is_removed_in_time(void)
{
	CHECK(becomes("0,a,1,1,1,set,5\n4,a,1,1,1,get,0\n5,a,1,1,1,get,0\n",
	              "put 1 1 a v\nget a\ndel a\nget a\nend 4\n") &&
	                stats.expired == 1,
	        "a value expires before the first line at its time");
	CHECK(becomes("0,d,1,1,1,set,9\n0,e,1,1,1,set,9\n0,a,1,1,1,set,5\n"
	              "0,b,1,1,1,add,2\n0,c,1,1,1,set,5\n0,d,1,1,1,cas,4\n"
	              "0,e,1,1,1,replace,3\n9,f,1,1,1,get,0\n",
	              "has f\nput 1 1 d v\nput 1 1 e v\nput 1 1 a v\n"
	              "put 1 1 b v\nput 1 1 c v\nput 1 1 d v\nput 1 1 e v\n"
	              "del b\ndel e\ndel d\ndel a\ndel c\nget f\nend 13\n") &&
	                stats.expired == 5,
	        "the earliest expires first; equal times in order of writing");
	CHECK(becomes("0,a,1,1,1,set,5\n1,a,1,1,1,set,9\n2,b,1,1,1,set,1\n"
	              "2,b,1,1,1,set,0\n6,c,1,1,1,get,0\n10,c,1,1,1,get,0\n",
	              "has c\nput 1 1 a v\nput 1 1 a v\nput 1 1 b v\n"
	              "put 1 1 b v\nget c\ndel a\nget c\nend 7\n") &&
	                stats.expired == 1,
	        "a rewritten value has its new expiry, or none");
	CHECK(becomes("0,a,1,1,1,set,2\n1,a,1,1,1,delete,0\n2,b,1,1,1,get,0\n",
	              "has b\nput 1 1 a v\ndel a\nget b\nend 3\n") &&
	                stats.expired == 0,
	        "a deleted value does not expire");
	CHECK(becomes("0,a,1,1,1,set,9\n1,a,1,1,1,add,1\n5,b,1,1,1,get,0\n",
	              "has b\nput 1 1 a v\nget a\nget b\nend 3\n"),
	        "an add that stored nothing changes no expiry, and an expiry "
	        "after the last line is dropped");
}

/* As in a cache, a change of a value does not extend its lifetime. */
static void what_changes_a_value_leaves_its_time(void)
{
	CHECK(becomes("0,a,1,1,1,set,0\n1,a,1,2,1,append,1\n"
	              "1,a,1,2,1,prepend,1\n1,a,1,2,1,incr,1\n"
	              "1,a,1,2,1,decr,1\n9,b,1,1,1,get,0\n",
	              "has b\nput 1 1 a v\nput 1 2 a vv\nput 1 2 a vv\n"
	              "put 1 2 a vv\nput 1 2 a vv\nget b\nend 6\n"),
	        "a change of a value sets no expiry");
	CHECK(becomes("0,a,1,1,1,set,5\n1,a,1,2,1,append,0\n"
	              "9,b,1,1,1,get,0\n",
	              "has b\nput 1 1 a v\nput 1 2 a vv\ndel a\nget b\n"
	              "end 4\n"),
	        "a change of a value keeps an existing expiry");
}

/* Writes 200 keys with mixed expiries; 83 and 200 are coprime. */
static void many_expire_in_order(void)
{
	struct rm_trace trace = { .count = 0 };
	char *lines = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&lines, &size);
	bool ordered = true;

	for (unsigned i = 0; i < 200; i++)
		fprintf(out, "0,%03u,3,1,1,set,%u\n", i, 1 + i * 83 % 200);
	fprintf(out, "1000,%03u,3,1,1,get,0\n", 0);
	fclose(out);
	CHECK(!rm_trace_parse_twitter(
	              "x.csv", lines, size, &trace, &stats, &error) &&
	                stats.expired == 200 && trace.count == 401,
	        "all 200 values expire");
	rm_trace_clear(&trace);
	char *text = imported(lines), *at = strstr(text, "del ");

	for (unsigned n = 0; n < 200; n++, at += strlen("del 000\n")) {
		unsigned key = (unsigned)strtoul(at + 4, NULL, 10);

		ordered &= !strncmp(at, "del ", 4) && key * 83 % 200 == n;
	}
	CHECK(ordered, "they expire in order of their times");
	free(text);
	free(lines);
}

static void keys_have_the_length_of_their_size(void)
{
	struct rm_trace trace = { .count = 0 };
	static const char lines[] = "0,ab,4,1,1,set,0\n0,abcdef,4,1,1,set,0\n"
	                            "0,a,b,3,1,1,set,0\n0,ab,2,1,1,get,0\n"
	                            "0,abcdeg,4,1,1,get,0\n";
	const struct rm_dictionary *names = &trace.dictionary;
	bool sized, padded = false, comma = false;

	if (rm_trace_parse_twitter(
	            "x.csv", lines, strlen(lines), &trace, &stats, &error))
		printf("# %s\n", error.text);
	sized = names->count == 4;
	for (size_t i = 0; i < names->count; i++) {
		const char *name = names->bytes + names->keys[i].at;
		size_t length = names->keys[i].length;

		padded |= length == 4 && !memcmp(name, "ab\0", 4);
		comma |= length == 3 && !memcmp(name, "a,b", 3);
		sized &= length == 3 || length == 4;
	}
	CHECK(sized && comma,
	        "a key has the length of its line and may contain commas");
	CHECK(padded, "a shorter text is padded with NUL bytes");
	CHECK(trace.gets == 2 && stats.renamed == 2,
	        "a longer text gets a generated name, and its first line "
	        "determines the size");
	rm_trace_clear(&trace);
}

static bool refused(const char *lines, const char *why)
{
	char *text = imported(lines);
	bool right = !text && strstr(error.text, why);

	if (!right)
		printf("# \"%s\"\n", error.text);
	free(text);
	return right;
}

static void what_is_no_trace_is_refused(void)
{
	CHECK(refused("", "x.csv:1: file \"\", expected at least one line"),
	        "an empty file is rejected");
	CHECK(refused("0,a,1,1,1,get,0\n0,a,1,1,1,get,0", "x.csv:2: last line"),
	        "a truncated line is rejected");
	CHECK(refused("5,a,1,1,1,get,0\n4,a,1,1,1,get,0\n",
	              "x.csv:2: timestamp"),
	        "a time that runs backwards is rejected");
	CHECK(refused("0,a,1,1,1,touch,0\n", "x.csv:1: ") &&
	                refused("0,a,1,1,1,ge,0\n", "x.csv:1: "),
	        "an unknown operation is rejected");
	CHECK(refused("0,a,1025,1,1,get,0\n", "x.csv:1: ") &&
	                refused("0,a,0,1,1,get,0\n", "x.csv:1: ") &&
	                refused("0,a,1,1048577,1,get,0\n", "x.csv:1: "),
	        "oversized keys and values, and an empty key, are rejected");
}

/* Opens a file by name. */
static void files_are_opened(void)
{
	char name[] = "/tmp/test_twitter.XXXXXX";
	struct rm_trace trace = { .count = 1 };
	static const char line[] = "0,a,1,1,1,get,0\n";
	int fd = mkstemp(name);

	if (fd < 0 || write(fd, line, strlen(line)) < 0 || close(fd))
		abort();
	CHECK(!rm_trace_import_twitter(name, &trace, &stats, &error) &&
	                trace.count == 1 && trace.present == 1,
	        "a file is read");
	rm_trace_clear(&trace);
	unlink(name);
	/* the memory that the caller supplies must not be taken for a trace */
	memset(&trace, 0xff, sizeof(trace));
	error.text[0] = '\0';
	CHECK(rm_trace_import_twitter(name, &trace, &stats, &error) ==
	                        -ENOENT &&
	                strstr(error.text, name),
	        "an error for a missing file names the file");
	CHECK(!trace.entries && !trace.count && !trace.keys &&
	                !trace.dictionary.keys,
	        "the trace of a missing file is empty and can be cleared");
	rm_trace_clear(&trace);
}

int main(void)
{
	operations_are_what_the_key_lets_them_be();
	what_changes_a_value_finds_one();
	what_expires_is_removed_in_time();
	what_changes_a_value_leaves_its_time();
	many_expire_in_order();
	keys_have_the_length_of_their_size();
	what_is_no_trace_is_refused();
	files_are_opened();
	return DONE();
}
