/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_fuzz_trace.c - the readers of traces with mutated and random input.
 * slow: seconds of CPU time; not part of `make check`.
 * fuzzes: runner/trace/text.c runner/trace/binary.c
 * fuzzes: runner/trace/building.c runner/trace/dictionary.c
 *
 * A result is sound if a rejection is one line with the number of the wrong
 * line or byte. An accepted trace is the same after writing and reading it, its
 * shares have each operation once, and its results can be computed.
 */
#include "runner/trace/internal.h"
#include "tests/unit/fuzz.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

static const char *const words[] = { "get ", "set ", "del ", "has ", "end ",
	"end 3\n", "end 0\n", "# x\n", "\n", "\r\n", " ", "get 1\n", "set 1\n",
	"del 2\n", "has 1\n", "has 2\n", "sot 1\n", "get\n", "GET 1\n", "1",
	"18446744073709551615", "18446744073709551616", "\xff", "\x89rmtrace",
	"\x01", "\x02", "\x03", "\x07", "put ", "put 1 1 1 v\n",
	"put 3 5 a b c\nd e\n", "put 2 0 ab \n", "put 1 1048576 ",
	"\xff\xff\xff\xff", NULL };

#define TRACES "tests/fixtures/traces/"
static const char *const files[] = { TRACES "good.trace", TRACES "has.trace",
	TRACES "bad_word.trace", TRACES "cut.trace", TRACES "lost_line.trace",
	TRACES "late_has.trace", TRACES "twice.trace", TRACES "long_key.trace",
	TRACES "small.bin", TRACES "version1.bin", TRACES "own.trace", NULL };

static char *written(const struct rm_trace *trace, bool binary, size_t *length)
{
	char *text = NULL;
	FILE *out = open_memstream(&text, length);
	int failed = binary ? rm_trace_write_binary(out, trace)
	                    : rm_trace_write_text(out, trace);

	fclose(out);
	if (!failed)
		return text;
	free(text);
	return NULL;
}

/* True if each set has the same value. */
static bool same_values(const struct rm_trace *a, const struct rm_trace *b)
{
	uint64_t in_a = 0, in_b = 0;

	for (uint64_t i = 0; i < a->count; i++) {
		struct rm_trace_line x =
		        rm_trace_line_of(a, a->entries[i], &in_a);
		struct rm_trace_line y =
		        rm_trace_line_of(b, b->entries[i], &in_b);

		if (!x.value != !y.value || x.value_length != y.value_length ||
		        (x.value && memcmp(x.value, y.value, x.value_length)))
			return false;
	}
	return in_a == a->sets;
}

static bool same(const struct rm_trace *a, const struct rm_trace *b)
{
	struct rm_trace_expected x = { 0 }, y = { 0 };

	return !rm_trace_compute_expected(a, 2, &x) &&
	       !rm_trace_compute_expected(b, 2, &y) && a->count == b->count &&
	       a->keys == b->keys && a->present == b->present &&
	       x.digest == y.digest && x.hits == y.hits &&
	       !memcmp(a->entries, b->entries, a->count * sizeof(uint32_t)) &&
	       same_values(a, b);
}

static bool reads_back(const struct rm_trace *trace, bool binary, char *why)
{
	struct rm_trace again = { 0 };
	struct rm_error error = { "" };
	size_t length = 0;
	char *text = written(trace, binary, &length);
	bool ok = text &&
	          !rm_trace_parse("again", text, length, &again, &error) &&
	          same(trace, &again);

	if (!ok)
		snprintf(why, FUZZ_WHY, "not the same after writing: %s",
		        error.text);
	rm_trace_clear(&again);
	free(text);
	return ok;
}

/* True if the shares of all threads have as many operations as the trace. */
static bool shares(const struct rm_trace *trace, unsigned threads)
{
	uint64_t all = 0, operations;

	for (unsigned slot = 0; slot < threads; slot++) {
		uint32_t *share =
		        rm_trace_copy_share(trace, slot, threads, &operations);

		free(share);
		all += operations;
	}
	return all == trace->count;
}

/* Gives half of the binary inputs a valid checksum, to reach more code. */
static void repair(struct fuzz_input *input)
{
	unsigned char *bytes = (unsigned char *)input->text;
	uint64_t records = 0;
	uint32_t sum;
	size_t at = 32;

	if (input->length < 40 || bytes[0] != 0x89 || fuzz_below(input, 2))
		return;
	memcpy(bytes, "\x89rmtrace\x02\0\0\0\x07\0\0\0", 16);
	while (input->length - at > 7) {
		size_t left = input->length - at - 7;
		size_t key = 1 + bytes[at + 1] % (left < 20 ? left : 20);
		bool none = bytes[at] != 1 || bytes[at + 3] == 0xff;
		size_t value = none ? 0 : bytes[at + 3] % (left - key + 1);

		memcpy(bytes + at + 1, &(uint16_t){ (uint16_t)key }, 2);
		memcpy(bytes + at + 3,
		        &(uint32_t){ none ? UINT32_MAX : (uint32_t)value }, 4);
		at += 7 + key + value;
		records++;
	}
	input->length = at;
	memcpy(bytes + 16, &records, 8);
	sum = (uint32_t)crc32(0, bytes, 24);
	sum = (uint32_t)crc32(sum, bytes + 32, (uInt)(input->length - 32));
	memcpy(bytes + 24, &sum, 4);
	memset(bytes + 28, 0, 4);
}

static bool names_a_place(const char *text)
{
	return !strchr(text, '\n') &&
	       ((!strncmp(text, "fuzz:", 5) && text[5] >= '1' &&
	                text[5] <= '9') ||
	               (!strncmp(text, "fuzz: byte ", 11) && text[11] >= '0' &&
	                       text[11] <= '9'));
}

static enum fuzz_verdict judge(
        struct fuzz_input *input, const char *text, size_t length, char *why)
{
	struct rm_trace trace = { 0 };
	struct rm_error error = { "" };
	enum fuzz_verdict verdict = FUZZ_REFUSED;
	int failed = rm_trace_parse("fuzz", text, length, &trace, &error);

	snprintf(why, FUZZ_WHY, "%s", error.text);
	if (failed && (failed != -EINVAL || !names_a_place(why)))
		verdict = FUZZ_UNSOUND;
	else if (!failed)
		verdict =
		        !why[0] && reads_back(&trace, false, why) &&
		                        reads_back(&trace, true, why) &&
		                        shares(&trace, 1 + (unsigned)fuzz_below(
		                                                   input, 5))
		                ? FUZZ_TAKEN
		                : FUZZ_UNSOUND;
	rm_trace_clear(&trace);
	return verdict;
}

int main(void)
{
	static const struct fuzz_parser parser = { .name = "trace",
		.words = words,
		.files = files,
		.prepare = repair,
		.judge = judge };

	fuzz_check(&parser, 100000);
	return DONE();
}
