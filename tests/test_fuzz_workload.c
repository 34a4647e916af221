/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_fuzz_workload.c - the workload parser on mutated and random input.
 * side by side: computes, measures no time.
 *
 * Sound means: a refusal has one line that names the input, an acceptance
 * writes itself as a text that reads back to the same text. The sanitizers of
 * the Makefile's rule see the rest. FUZZ_INPUTS and FUZZ_SEED of the
 * environment change the number of inputs and where they begin.
 */
#include "runner/base/rng.h"
#include "runner/plan/lines.h"
#include "runner/plan/workload.h"
#include "tests/tap.h"

#include <stdlib.h>
#include <string.h>

enum { INPUT_BYTES = 2048, SEEDS = 6, WORDS = 56 };

struct fuzz {
	uint64_t rng;
	char *seeds[SEEDS];
	size_t seed_bytes[SEEDS];
	char input[INPUT_BYTES];
	size_t length;
	size_t accepted, refused;
};

static const char *const words[WORDS] = { "writes", "write-kind", "misses",
	"keys", "shape", "dist", "loop", "rate", "arrivals", "threads",
	"placement", "memory", "presize", "warm-up", "window", "deadline",
	"blocks", "verify", "maps", "base", "measure", "include", " = ", "=",
	"\n", "\r\n", " # ", "#", ";", "[", "]", ":", "3%", "0%", "100%", "1Ki",
	"2Gi", "0", "4294967296", "1e9", "-1", "0x10", "nan",
	"99999999999999999999999", "cores/2", "cpus", "zipf:0.99", "hot:1%:90%",
	"80/s", "500kops", "1ns", "~*", "all", "latency", "paced", "fresh" };

static uint64_t below(struct fuzz *fuzz, uint64_t n)
{
	return rm_below(rm_next(&fuzz->rng), n);
}

static void insert(struct fuzz *fuzz, const char *bytes, size_t length)
{
	size_t at = (size_t)below(fuzz, fuzz->length + 1);

	if (fuzz->length + length > INPUT_BYTES)
		return;
	memmove(fuzz->input + at + length, fuzz->input + at, fuzz->length - at);
	memcpy(fuzz->input + at, bytes, length);
	fuzz->length += length;
}

static void cut(struct fuzz *fuzz)
{
	size_t at = (size_t)below(fuzz, fuzz->length + 1);
	size_t length = (size_t)below(fuzz, fuzz->length - at + 1);

	if (below(fuzz, 2) && length > 8)
		length = 8;
	memmove(fuzz->input + at, fuzz->input + at + length,
	        fuzz->length - at - length);
	fuzz->length -= length;
}

/* Swaps two whole lines in effect: copies one to another place. */
static void copy_line(struct fuzz *fuzz)
{
	char line[INPUT_BYTES];
	size_t at, end;

	if (fuzz->length == 0)
		return;
	at = (size_t)below(fuzz, fuzz->length);
	while (at > 0 && fuzz->input[at - 1] != '\n')
		at--;
	for (end = at; end < fuzz->length && fuzz->input[end] != '\n'; end++)
		;
	memcpy(line, fuzz->input + at, end - at);
	insert(fuzz, line, end - at);
}

static void mutate(struct fuzz *fuzz)
{
	const char *word = words[below(fuzz, WORDS)];
	char byte = (char)below(fuzz, 256);

	switch (below(fuzz, 6)) {
	case 0:
		if (fuzz->length)
			fuzz->input[below(fuzz, fuzz->length)] = byte;
		return;
	case 1:
		insert(fuzz, &byte, 1);
		return;
	case 2:
	case 3:
		insert(fuzz, word, strlen(word));
		return;
	case 4:
		cut(fuzz);
		return;
	default:
		copy_line(fuzz);
	}
}

/* Half are a real file with few mutations, the rest words or bytes. */
static void make_input(struct fuzz *fuzz)
{
	size_t seed = (size_t)below(fuzz, SEEDS);
	uint64_t kind = below(fuzz, 8), count = 1 + below(fuzz, 6);

	fuzz->length = 0;
	if (kind < 5) {
		fuzz->length = fuzz->seed_bytes[seed];
		memcpy(fuzz->input, fuzz->seeds[seed], fuzz->length);
	} else if (kind == 5) {
		count = below(fuzz, 200);
	} else {
		for (count = below(fuzz, 40); count; count--) {
			const char *word = words[below(fuzz, WORDS)];

			insert(fuzz, word, strlen(word));
		}
	}
	while (count--)
		mutate(fuzz);
}

static int parse(const char *text, size_t length, struct rm_workload *workload,
        struct rm_error *error)
{
	/* no include of such a file exists */
	return rm_workload_parse("/nonexistent/fuzz.conf", text, length, NULL,
	        0, workload, error);
}

/* What was accepted reads back from its own text. */
static bool reads_back(const struct rm_workload *workload)
{
	struct rm_workload back = { .file = NULL };
	struct rm_error error = { "" };
	char *text = rm_workload_text(workload), *again = NULL;
	bool ok = text && !parse(text, strlen(text), &back, &error);

	if (ok)
		again = rm_workload_text(&back);
	ok = again && !strcmp(text, again);
	/* the long form of a full line may not fit a line */
	ok |= strstr(error.text, "without the comment") != NULL;
	if (!ok)
		printf("# %s\n", error.text);
	free(text);
	free(again);
	rm_workload_clear(&back);
	return ok;
}

static bool sound(struct fuzz *fuzz)
{
	/* a block of its own size, so that a byte too far is seen */
	char *exact = malloc(fuzz->length + !fuzz->length);
	struct rm_workload workload = { .file = NULL };
	struct rm_error error = { "" };
	int failed;
	bool ok;

	memcpy(exact, fuzz->input, fuzz->length);
	failed = parse(exact, fuzz->length, &workload, &error);
	if (failed)
		ok = !strncmp(error.text, "/nonexistent/fuzz.conf:", 23) &&
		     !strchr(error.text, '\n');
	else
		ok = !error.text[0] && reads_back(&workload);
	fuzz->refused += failed != 0;
	fuzz->accepted += failed == 0;
	if (!ok)
		printf("# %d, \"%s\" for:\n# %.*s\n", failed, error.text,
		        (int)fuzz->length, fuzz->input);
	rm_workload_clear(&workload);
	free(exact);
	return ok;
}

static void load_seeds(struct fuzz *fuzz)
{
	static const char *const files[SEEDS] = { "workloads/smoke.conf",
		"workloads/uniform-97-3.conf", "workloads/session-cache.conf",
		"workloads/order-service.conf", "workloads/crossover.conf",
		"workloads/hot-reads.conf" };

	for (int i = 0; i < SEEDS; i++) {
		struct rm_error error = { "" };

		if (rm_lines_load(files[i], &fuzz->seeds[i],
		            &fuzz->seed_bytes[i], &error)) {
			printf("Bail out! %s\n", error.text);
			exit(1);
		}
		if (fuzz->seed_bytes[i] > INPUT_BYTES)
			fuzz->seed_bytes[i] = INPUT_BYTES;
	}
}

static uint64_t from_environment(const char *name, uint64_t preset)
{
	const char *text = getenv(name);

	return text ? strtoull(text, NULL, 10) : preset;
}

int main(void)
{
	static struct fuzz fuzz;
	uint64_t inputs = from_environment("FUZZ_INPUTS", 1000000);
	uint64_t unsound = 0;

	fuzz.rng = rm_seed(from_environment("FUZZ_SEED", 1), 0);
	load_seeds(&fuzz);
	for (uint64_t i = 0; i < inputs && unsound < 5; i++) {
		make_input(&fuzz);
		unsound += !sound(&fuzz);
	}
	printf("# %zu accepted, %zu refused\n", fuzz.accepted, fuzz.refused);
	CHECK(unsound == 0, "every input is refused in one line or reads back");
	CHECK(fuzz.accepted * 100 > inputs && fuzz.refused * 10 > inputs,
	        "inputs reach both ends of the parser");
	for (int i = 0; i < SEEDS; i++)
		free(fuzz.seeds[i]);
	return DONE();
}
