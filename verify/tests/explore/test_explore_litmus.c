/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_explore_litmus.c - checks the memory models with the litmus tests of
 * tests/fixtures/litmus.tsv. No run may have an outcome that the model forbids.
 * Each allowed outcome must occur, unless the table marks it as not produced.
 *
 *     test_explore_litmus                20,000 runs per test and model
 *     test_explore_litmus only NAME      only the test of this name
 *     test_explore_litmus table RUNS     a row for each test
 *
 * plain: it switches stacks or reserves addresses that AddressSanitizer uses.
 */
#include "tests/unit/tap.h"
#include "verify/explore/heap.h"
#include "verify/explore/memory.h"
#include "verify/tests/explore/explore_litmus.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { RUNS = 20000, SEED = 1 };

/* The result of one row under a model. */
struct seen {
	uint64_t forbidden;
	unsigned missing, unseen, surprising; /* outcomes */
};

static struct seen look_at(
        const struct litmus_allowed *allowed, const struct litmus_outcomes *had)
{
	struct seen seen = { 0 };

	for (size_t i = 0; i < had->count; i++)
		if (!litmus_allows(allowed, had->text[i])) {
			seen.forbidden += had->times[i];
			printf("# %s is forbidden, but occurred %" PRIu64
			       " times\n",
			        had->text[i], had->times[i]);
		}
	for (size_t i = 0; i < allowed->count; i++) {
		bool came = litmus_times(had, allowed->text[i]);

		seen.unseen += allowed->unseen[i];
		seen.surprising += allowed->unseen[i] && came;
		if (!allowed->unseen[i] && !came) {
			seen.missing++;
			printf("# %s is allowed, but did not occur\n",
			        allowed->text[i]);
		}
	}
	if (had->stopped)
		printf("# %s\n", had->stopped);
	return seen;
}

static void holds(const struct litmus *row, enum rm_explore_memory memory)
{
	struct litmus_outcomes had;
	struct seen seen;
	char name[160];

	litmus_run(row, memory, SEED, RUNS, &had);
	seen = look_at(&row->allowed[memory], &had);
	snprintf(name, sizeof(name),
	        "%.60s under %s: all allowed outcomes, and no others",
	        row->name, rm_explore_memory_name[memory]);
	CHECK(!had.stopped && !seen.forbidden && !seen.missing &&
	                !seen.surprising,
	        name);
}

/* Outcomes that sequential consistency forbids, with the number of runs. */
static void print_beyond(const struct litmus *row,
        enum rm_explore_memory memory, const struct litmus_outcomes *had)
{
	const struct litmus_allowed *allowed = &row->allowed[memory];
	size_t from = row->allowed[RM_EXPLORE_SC].count;

	if (from == allowed->count)
		printf(" none |");
	for (size_t i = from; i < allowed->count; i++)
		printf(" %s: %" PRIu64 "%s%s", allowed->text[i],
		        litmus_times(had, allowed->text[i]),
		        allowed->unseen[i] ? " (allowed, not produced)" : "",
		        i + 1 < allowed->count ? "," : " |");
}

static int print_table(const struct litmus *rows, size_t count, uint64_t runs)
{
	uint64_t forbidden = 0;
	unsigned missing = 0, unseen = 0;

	printf("| test | program | beyond sc, under tso | under c11 | source "
	       "|\n|---|---|---|---|---|\n");
	for (size_t i = 0; i < count; i++) {
		printf("| %s | `", rows[i].name);
		for (const char *c = rows[i].program; *c; c++)
			printf(*c == '|' ? "\\|" : "%c", *c);
		printf("` |");
		for (int memory = 0; memory < RM_EXPLORE_MEMORIES; memory++) {
			enum rm_explore_memory model =
			        (enum rm_explore_memory)memory;
			struct litmus_outcomes had;
			struct seen seen;

			litmus_run(&rows[i], model, SEED, runs, &had);
			seen = look_at(&rows[i].allowed[model], &had);
			forbidden += seen.forbidden;
			missing += seen.missing + (had.stopped != NULL);
			unseen += seen.unseen;
			if (model != RM_EXPLORE_SC)
				print_beyond(&rows[i], model, &had);
		}
		printf(" %s |\n", rows[i].source);
		fflush(stdout);
	}
	printf("\n%zu tests, %" PRIu64
	       " runs of each under each model: forbidden outcomes %" PRIu64
	       ", allowed ones that did not occur %u, marked as not produced "
	       "%u.\n",
	        count, runs, forbidden, missing, unseen);
	return forbidden || missing;
}

int main(int argc, char **argv)
{
	static struct litmus rows[LITMUS_ROWS];
	struct rm_error error = { "" };
	size_t count = litmus_read("tests/fixtures/litmus.tsv", rows);
	const char *only = NULL;
	unsigned unseen = 0;

	if (!count || rm_explore_open(&error)) {
		CHECK(false, error.text[0] ? error.text : "the table is read");
		return DONE();
	}
	if (argc == 3 && !strcmp(argv[1], "only"))
		only = argv[2];
	if (argc == 3 && !strcmp(argv[1], "table"))
		return print_table(rows, count, strtoull(argv[2], NULL, 10));
	for (size_t i = 0; i < count; i++)
		for (int memory = 0; (!only || !strcmp(only, rows[i].name)) &&
		                     memory < RM_EXPLORE_MEMORIES;
		        memory++)
			holds(&rows[i], (enum rm_explore_memory)memory);
	for (size_t i = 0; i < count; i++) {
		const struct litmus_allowed *c11 =
		        &rows[i].allowed[RM_EXPLORE_C11];

		for (size_t j = 0; j < c11->count; j++)
			unseen += c11->unseen[j];
	}
	CHECK(unseen <= 4, "at most four allowed outcomes are not produced");
	return DONE();
}
