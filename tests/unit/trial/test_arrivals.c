/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Compares the intended starts of the open loop, and the buckets of latencies,
 * with tests/go/arrivals.tsv. Programs in other languages are compared with the
 * same file (tests/report/test_go_open_loop.py).
 *
 * test_arrivals --print regenerates the file.
 */
#include "runner/base/rng.h"
#include "runner/operations.h"
#include "runner/trial/internal.h"
#include "tests/unit/tap.h"
#include "tests/unit/trial/played_clock.h"

#include <string.h>

#define FILE_OF_DIGESTS "tests/go/arrivals.tsv"

enum {
	SEED = 7,
	ARRIVALS = 200000 /* number of the random stream, as in phases.c */
};

/* One line of the file: parameters and results. */
struct line {
	char kind[16];
	double rate_per_s;
	unsigned threads, slot;
	unsigned long long length, count, digest;
};

/* Runs two windows, as if after a warm-up. Their times count from
   `start_ns`. */
static void arrive(struct line *line, uint64_t start_ns)
{
	struct rm_pace pace = { .poisson = !strcmp(line->kind, "poisson"),
		.rng = rm_seed(SEED, ARRIVALS + line->slot) };
	struct rm_worker worker = { .pace = &pace };
	bool sleeping;

	for (int window = 0; window < 2; window++) {
		rm_pace_begin(&pace, start_ns, line->length, line->rate_per_s,
		        line->slot, line->threads);
		pace.give_up_ns = UINT64_MAX;
		for (; rm_pace_next(&worker, &sleeping); line->count++)
			line->digest = rm_seed(
			        line->digest ^ (pace.intended_ns - start_ns),
			        0);
	}
}

/* There are three arrivals in 10 ns, at a time so late that a double cannot
   represent fractions. */
static void long_after_the_boot(void)
{
	struct line early = { "constant", 3e8, 1, 0, 1000000, 0, 0 };
	struct line late = early;

	arrive(&early, 0);
	arrive(&late, UINT64_C(100) * 86400 * 1000000000);
	CHECK(early.count == late.count && early.digest == late.digest,
	        "100 days after boot, fractions of a ns count as at boot");
}

/* Returns a digest of the buckets of values of all lengths. */
static void fill_buckets(struct line *line)
{
	uint64_t rng = SEED;

	for (; line->count < line->length; line->count++) {
		uint64_t value = rm_next(&rng);

		value >>= rm_next(&rng) & 63;
		line->digest =
		        rm_seed(line->digest ^ rm_histogram_index(value), 0);
	}
}

static void check_line(const char *text, bool print)
{
	struct line now, expected;
	char name[128];

	if (sscanf(text, "%15s %lf %u %u %llu %llu %llx", expected.kind,
	            &expected.rate_per_s, &expected.threads, &expected.slot,
	            &expected.length, &expected.count, &expected.digest) < 5) {
		CHECK(false, "a line of " FILE_OF_DIGESTS " is valid");
		return;
	}
	now = expected;
	now.count = now.digest = 0;
	if (!strcmp(now.kind, "buckets"))
		fill_buckets(&now);
	else
		arrive(&now, 0);
	snprintf(name, sizeof(name), "%s\t%g\t%u\t%u\t%llu", now.kind,
	        now.rate_per_s, now.threads, now.slot, now.length);
	if (print)
		printf("%s\t%llu\t%016llx\n", name, now.count, now.digest);
	else if (!CHECK(now.count == expected.count &&
	                         now.digest == expected.digest,
	                 name))
		printf("# %llu %016llx\n", now.count, now.digest);
}

int main(int argc, char **argv)
{
	bool print = argc > 1 && !strcmp(argv[1], "--print");
	FILE *file = fopen(FILE_OF_DIGESTS, "r");
	char text[256];

	if (!file)
		return 1;
	while (fgets(text, sizeof(text), file))
		if (text[0] != '#')
			check_line(text, print);
		else if (print)
			fputs(text, stdout);
	fclose(file);
	if (!print)
		long_after_the_boot();
	return print ? 0 : DONE();
}
