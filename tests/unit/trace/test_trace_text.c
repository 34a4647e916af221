/* SPDX-License-Identifier: Apache-2.0 */
/* test_trace_text.c - tests sets with a value (docs/reference/traces.md). */
#include "runner/trace/internal.h"
#include "tests/unit/tap.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static bool taken(const char *text, size_t size)
{
	struct rm_trace trace;
	struct rm_error error = { "" };
	int failed = rm_trace_parse("t", text, size, &trace, &error);

	if (failed && (failed != -EINVAL || !strstr(error.text, "t:")))
		printf("# %d %s\n", failed, error.text);
	rm_trace_clear(&trace);
	return !failed;
}

static bool line(const char *text)
{
	return taken(text, strlen(text));
}

static void sizes_are_two_numbers(void)
{
	CHECK(line("put 1 2 k vv\n") && line("put 1 0 k \n") &&
	                line("put 2 3 a  v\n\n\n"),
	        "key and value have these lengths, with blanks and newlines");
	CHECK(!line("put 1 x \n") && !line("put x 1 k v\n") &&
	                !line("put 1  k\n") && !line("put 1 -1 k \n"),
	        "a length that is not a number is rejected");
	CHECK(!line("put 1,2 k vv\n") && !line("put 1 2,k vv\n"),
	        "exactly one blank follows each length");
	CHECK(!line("put 0 1  v\n"), "a key has at least one byte");
	CHECK(!line("put 1 2 k v\n") && !line("put 1 1 k vv\n") &&
	                !line("put 2 1 k v\n"),
	        "too few and too many bytes are rejected");
	CHECK(!line("put 1") && !line("put 1 ") && !line("put 1 1") &&
	                !line("put 1 1 ") && !line("put 1 1 k") &&
	                !line("put 1 1 k ") && !line("put 1 1 k v"),
	        "a line cut at any place is rejected");
}

/* True if a `put` with a key and a value of these lengths is valid. */
static bool put(size_t key, size_t value)
{
	static char text[64 + RM_TRACE_KEY_MAX + RM_TRACE_VALUE_MAX + 3];
	int head = snprintf(text, 64, "put %zu %zu ", key, value);

	memset(text + head, 'x', key + 1 + value);
	text[(size_t)head + key] = ' ';
	text[(size_t)head + key + 1 + value] = '\n';
	return taken(text, (size_t)head + key + value + 2);
}

static void sizes_have_a_limit(void)
{
	CHECK(put(RM_TRACE_KEY_MAX, 1) && !put(RM_TRACE_KEY_MAX + 1, 1),
	        "a key has at most 1024 bytes");
	CHECK(put(1, RM_TRACE_VALUE_MAX) && !put(1, RM_TRACE_VALUE_MAX + 1),
	        "a value has at most 2^20 bytes");
}

/* True if the bytes are refused, or have the same operations. */
static bool is_harmless(
        const char *bytes, size_t size, const struct rm_trace *whole)
{
	struct rm_trace trace;
	struct rm_error error;
	bool same = rm_trace_parse("t", bytes, size, &trace, &error) ||
	            (trace.checksum == whole->checksum &&
	                    trace.present == whole->present);

	rm_trace_clear(&trace);
	return same;
}

/* True if the trace keeps its checksum when it is written, and if each changed
   bit and each truncation is detected or harmless. */
static bool stays(const char *text)
{
	struct rm_trace first, again;
	struct rm_error error = { "" };
	bool same = !rm_trace_parse("t", text, strlen(text), &first, &error);

	for (int binary = 0; binary < 2; binary++) {
		char *bytes = NULL;
		size_t size = 0;
		FILE *out = open_memstream(&bytes, &size);
		int failed =
		        !out || (binary ? rm_trace_write_binary(out, &first)
		                        : rm_trace_write_text(out, &first));

		failed |= out && fclose(out);
		same &= !failed &&
		        !rm_trace_parse("t", bytes, size, &again, &error) &&
		        again.checksum == first.checksum &&
		        again.present == first.present;
		for (size_t bit = 0; bit < 8 * size; bit++) {
			same &= is_harmless(bytes, bit / 8, &first);
			bytes[bit / 8] ^= (char)(1 << bit % 8);
			same &= is_harmless(bytes, size, &first);
			bytes[bit / 8] ^= (char)(1 << bit % 8);
		}
		if (!failed)
			rm_trace_clear(&again);
		free(bytes);
	}
	rm_trace_clear(&first);
	return same;
}

static void a_checksum_is_that_of_both_forms(void)
{
	CHECK(stays("has b\nhas a\nget a\nset c\ndel b\n"),
	        "a file that lists its initial keys keeps its checksum");
	CHECK(stays("get a\nset c\nput 1 2 d vv\ndel b\nset a\n"),
	        "a file without that list keeps its checksum, although it is "
	        "written with a list");
}

int main(void)
{
	sizes_are_two_numbers();
	sizes_have_a_limit();
	a_checksum_is_that_of_both_forms();
	return DONE();
}
