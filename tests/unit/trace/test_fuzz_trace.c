/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_fuzz_trace.c - the readers of traces on mutated and random input.
 * side by side: computes, measures no time.
 * slow: over five seconds of CPU time; not part of `make check`.
 *
 * Sound means: a refusal is one line that names the line or the byte, and
 * what is accepted is the same trace after writing it and reading it back,
 * its shares hold each operation once, and its outcome can be computed.
 * Always built with the address and undefined sanitizers (tests/replay.mk).
 */
#include "runner/trace/internal.h"
#include "tests/unit/fuzz.h"
#include "tests/unit/tap.h"

#include <errno.h>
#include <zlib.h>

static const char *const words[] = { "get ", "set ", "del ", "has ", "end ",
	"end 3\n", "end 0\n", "# x\n", "\n", "\r\n", " ", "get 1\n", "set 1\n",
	"del 2\n", "has 1\n", "has 2\n", "sot 1\n", "get\n", "GET 1\n", "1",
	"18446744073709551615", "18446744073709551616", "\xff", "\x89rmtrace",
	"\x01", "\x03", "\x09" };

static const char *const files[] = { "good.trace", "has.trace",
	"bad_word.trace", "cut.trace", "lost_line.trace", "late_has.trace",
	"twice.trace", "long_key.trace", "small.bin" };

enum {
	WORDS = sizeof(words) / sizeof(words[0]),
	FILES = sizeof(files) / sizeof(files[0])
};

static char *written(const struct rm_trace *trace, bool binary, size_t *length)
{
	struct rm_error error = { "" };
	char *text = NULL;
	FILE *out = open_memstream(&text, length);
	int failed = binary ? rm_trace_write_binary(out, trace, &error)
	                    : rm_trace_write_text(out, trace);

	fclose(out);
	if (!failed)
		return text;
	free(text);
	return NULL;
}

static bool same(const struct rm_trace *a, const struct rm_trace *b)
{
	struct rm_trace_expected x = { 0 }, y = { 0 };

	return !rm_trace_expect(a, 2, &x) && !rm_trace_expect(b, 2, &y) &&
	       a->count == b->count && a->keys == b->keys &&
	       a->present == b->present && x.digest == y.digest &&
	       x.hits == y.hits &&
	       !memcmp(a->entries, b->entries, a->count * sizeof(uint32_t));
}

static bool reads_back(const struct rm_trace *trace, bool binary)
{
	struct rm_trace again = { 0 };
	struct rm_error error = { "" };
	size_t length = 0;
	char *text = written(trace, binary, &length);
	/* text keys cannot be binary; that is no fault */
	bool ok = binary && !text;

	if (text)
		ok = !rm_trace_parse("again", text, length, &again, &error) &&
		     same(trace, &again);
	if (!ok)
		printf("# %s\n", error.text);
	rm_trace_clear(&again);
	free(text);
	return ok;
}

/* The shares of all threads together are the trace. */
static bool shares(const struct rm_trace *trace, unsigned threads)
{
	uint64_t all = 0, operations;

	for (unsigned slot = 0; slot < threads; slot++) {
		uint32_t *share =
		        rm_trace_share(trace, slot, threads, &operations);

		free(share);
		all += operations;
	}
	return all == trace->count;
}

/* Half of the binary inputs get a right checksum, so that more is read. */
static void repair(struct fuzz *fuzz)
{
	unsigned char *bytes = (unsigned char *)fuzz->input;
	uint64_t records;
	uint32_t sum;

	if (fuzz->length < 41 || bytes[0] != 0x89 || fuzz_below(fuzz, 2))
		return;
	memcpy(bytes, "\x89rmtrace\x01\0\0\0\x09\0\0\0", 16);
	records = (fuzz->length - 32) / 9;
	fuzz->length = 32 + 9 * records;
	memcpy(bytes + 16, &records, 8);
	sum = (uint32_t)crc32(0, bytes, 24);
	sum = (uint32_t)crc32(sum, bytes + 32, (uInt)(fuzz->length - 32));
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

static bool sound(struct fuzz *fuzz)
{
	/* a block of its own size, so that a byte too far is seen */
	char *exact = malloc(fuzz->length + !fuzz->length);
	struct rm_trace trace = { 0 };
	struct rm_error error = { "" };
	bool ok;

	memcpy(exact, fuzz->input, fuzz->length);
	int failed =
	        rm_trace_parse("fuzz", exact, fuzz->length, &trace, &error);

	if (failed)
		ok = failed == -EINVAL && names_a_place(error.text);
	else
		ok = !error.text[0] && reads_back(&trace, false) &&
		     reads_back(&trace, true) &&
		     shares(&trace, 1 + (unsigned)fuzz_below(fuzz, 5));
	fuzz_judged(fuzz, failed, error.text, ok);
	rm_trace_clear(&trace);
	free(exact);
	return ok;
}

int main(void)
{
	static struct fuzz fuzz;
	uint64_t inputs = fuzz_environment("FUZZ_INPUTS", 200000);
	uint64_t unsound = 0;
	char file[64];

	fuzz.rng = rm_seed(fuzz_environment("FUZZ_SEED", 1), 0);
	fuzz.words = words;
	fuzz.word_count = WORDS;
	for (size_t i = 0; i < FILES; i++) {
		snprintf(file, sizeof(file), "tests/fixtures/traces/%s",
		        files[i]);
		fuzz_load(&fuzz, file);
	}
	for (uint64_t i = 0; i < inputs && unsound < 5; i++) {
		fuzz_make_input(&fuzz);
		repair(&fuzz);
		unsound += !sound(&fuzz);
	}
	printf("# %zu accepted, %zu refused\n", fuzz.accepted, fuzz.refused);
	CHECK(unsound == 0, "every input is refused in one line or reads back");
	CHECK(fuzz.accepted * 100 > inputs && fuzz.refused * 10 > inputs,
	        "inputs reach both ends of the readers");
	fuzz_free(&fuzz);
	return DONE();
}
