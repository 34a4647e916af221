/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_fuzz_workload.c - the workload parser on mutated and random input.
 * side by side: computes, measures no time.
 * slow: over five seconds of CPU time; not part of `make check`.
 *
 * Sound means: a refusal has one line that names the input, an acceptance
 * writes itself as a text that reads back to the same text. The sanitizers of
 * the Makefile's rule see the rest. FUZZ_INPUTS and FUZZ_SEED of the
 * environment change the number of inputs and where they begin.
 */
#include "runner/plan/internal.h"
#include "tests/unit/fuzz.h"
#include "tests/unit/tap.h"

#include <stdlib.h>
#include <string.h>

enum { SEEDS = 6, WORDS = 57 };

static const char *const words[WORDS] = { "writes", "write-kind", "misses",
	"keys", "shape", "dist", "loop", "rate", "arrivals", "threads",
	"placement", "memory", "presize", "warm-up", "window", "deadline",
	"blocks", "verify", "maps", "base", "measure", "include", " = ", "=",
	"\n", "\r\n", " # ", "#", ";", "[", "]", ":", "3%", "0%", "100%", "1Ki",
	"2Gi", "0", "4294967296", "1e9", "-1", "0x10", "nan",
	"99999999999999999999999", "cores/2", "cpus", "zipf:0.99", "hot:1%:90%",
	"80/s", "500kops", "1ns", "~*", "all", "latency", "paced", "fresh",
	"settle" };

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
	fuzz_judged(fuzz, failed, error.text, ok);
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

	fuzz->words = words;
	fuzz->word_count = WORDS;
	for (int i = 0; i < SEEDS; i++)
		fuzz_load(fuzz, files[i]);
}

int main(void)
{
	static struct fuzz fuzz;
	uint64_t inputs = fuzz_environment("FUZZ_INPUTS", 1000000);
	uint64_t unsound = 0;

	fuzz.rng = rm_seed(fuzz_environment("FUZZ_SEED", 1), 0);
	load_seeds(&fuzz);
	for (uint64_t i = 0; i < inputs && unsound < 5; i++) {
		fuzz_make_input(&fuzz);
		unsound += !sound(&fuzz);
	}
	printf("# %zu accepted, %zu refused\n", fuzz.accepted, fuzz.refused);
	CHECK(unsound == 0, "every input is refused in one line or reads back");
	CHECK(fuzz.accepted * 100 > inputs && fuzz.refused * 10 > inputs,
	        "inputs reach both ends of the parser");
	fuzz_free(&fuzz);
	return DONE();
}
