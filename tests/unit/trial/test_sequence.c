/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Compares the operations of the measured loop and their keys, in order, with
 * tests/go/sequence.tsv. Programs in other languages are compared with the same
 * file (tests/report/test_go_maps.py): equal digests mean equal sequences.
 *
 * In cells with fresh writes, look-ups must draw keys that are present at that
 * time.
 *
 * test_sequence --print regenerates the file, except the lines of
 * test_placed_sequence: keys that differ in the middle or at the end.
 */
#include "impls/support/no_handle.h"
#include "runner/base/rng.h"
#include "runner/driver.h"
#include "runner/trial/internal.h"
#include "tests/unit/tap.h"

#include <stdlib.h>
#include <string.h>

#define FILE_OF_DIGESTS "tests/go/sequence.tsv"

#ifdef RM_PLACED
#define IS_PLACED true
#else
#define IS_PLACED false
#endif

enum { OPERATIONS = 1000000, SEED = 7 };

/* Digest of the calls of the map below by one thread. */
static uint64_t sum;
/* Number of look-ups of ranks that were removed or not inserted yet. */
static uint64_t outside;
static struct rm_team team;
/* Values of the cell; the maps here use one word. */
static size_t value_words;

static void fold(
        struct rm_shape shape, struct rm_key key, enum rm_operation operation)
{
	uint64_t word;

	if (!shape.str) {
		sum = rm_seed(sum ^ key.word, operation);
		return;
	}
	for (size_t at = 0; at < key.length; at += sizeof(word)) {
		memcpy(&word, key.bytes + at, sizeof(word));
		sum = rm_seed(sum ^ word, at ? UINT64_MAX : operation);
	}
}

/* Adds the words after the first, as programs with long values write them. */
static void fold_long(const struct rm_value *value)
{
	const uint64_t word = value->word[0], turned = word << 21 | word >> 43;

	for (size_t i = 1; i < value_words; i++)
		sum = rm_seed(sum ^ (i == 1 ? ~word : rm_value_word(turned, i)),
		        i - 1);
}

static void *create(const struct rm_sizing *sizing)
{
	(void)sizing;
	sum = outside = 0;
	return &sum;
}

/* The prefill is left out, since it is not part of the sequence. */
static int load(
        void *thread, struct rm_shape shape, const struct rm_source *source)
{
	(void)thread, (void)shape, (void)source;
	return 0;
}

static bool is_fresh(void)
{
	return team.request->cell.write_kind == RM_FRESH;
}

RM_HOT bool lookup(void *thread, struct rm_shape shape, struct rm_key key,
        struct rm_value *value)
{
	uint64_t rank = key.word; /* the low half of the key, see
	                             rm_scatter() */

	(void)thread;
	if (shape.str && !IS_PLACED)
		memcpy(&rank, key.bytes + 8, 8);
	*value = rm_value_of(rank, 0, 0);
	outside += is_fresh() &&
	           (uint32_t)rank - rm_fresh_oldest(&team.members[0].worker) >=
	                   team.resident;
	fold(shape, key, RM_LOOKUP);
	return true;
}

RM_HOT bool upsert(void *thread, struct rm_shape shape, struct rm_key key,
        const struct rm_value *value)
{
	(void)thread;
	fold(shape, key, RM_UPSERT);
	sum ^= value->word[0];
	fold_long(value);
	return true;
}

RM_HOT bool remove_key(void *thread, struct rm_shape shape, struct rm_key key)
{
	(void)thread;
	fold(shape, key, RM_REMOVE);
	return true;
}

static const struct rm_map_ops ops = {
	.create = create,
	.destroy = nothing,
	.join = map_itself,
	.leave = nothing,
	.lookup = lookup,
	.upsert = upsert,
	.remove = remove_key,
	.quiesce = nothing,
	.load = load,
};

RM_DRIVE(ops, u64x8, RM_U64X8)
RM_DRIVE(ops, str16x8, RM_STR16X8)

static const struct rm_impl folding = {
	.id = "folding",
	.shapes = 5,
	.caps = RM_CAP_NO_STATE,
	.ops = &ops,
	.drive = { drive_u64x8, NULL, drive_str16x8, NULL },
};

/* Reads the cell of a line. Returns false if the line is invalid. */
static bool read_line(const char *line, struct rm_cell *cell, uint64_t *digest)
{
	static const enum rm_workload_key words[] = { RM_KEY_SHAPE,
		RM_KEY_WRITE_KIND, RM_KEY_DIST, RM_KEY_KEY_DIFFERS };
	char text[4][32];
	unsigned long long keys, sum_of_file = 0;
	int read = sscanf(line, "%31s %31s %31s %lf %lf %llu %31s %llx",
	        text[0], text[1], text[2], &cell->miss_share,
	        &cell->write_share, &keys, text[3], &sum_of_file);

	for (int i = 0; i < 4 && read >= 7; i++)
		if (rm_factor_read(words[i], text[i], cell))
			return false;
	cell->keys = keys;
	*digest = sum_of_file;
	return read >= 7;
}

static uint64_t digest_of(const struct rm_cell *asked)
{
	struct rm_request request = { .seed = SEED,
		.counters = json_pack("{s:s}", "backend", "none"),
		.cell = *asked };
	struct rm_cell *cell = &request.cell;

	value_words = cell->shape.value_bytes / 8;
	cell->shape.value_bytes = 8;
	cell->threads = 1;
	strcpy(cell->memory, "first-touch");
	cell->settle = RM_SETTLE_NO;
	cell->window_ops = OPERATIONS;
	cell->deadline_ns = 60000000000;
	cell->measure = RM_MEASURE_THROUGHPUT;
	rm_team_run(&team, &request, &folding);
	rm_team_clear(&team);
	json_decref(request.counters);
	return sum;
}

/* Prints one line of the file with its digest, or compares the digest. */
static void one(const char *line, bool print)
{
	struct rm_cell cell = { 0 };
	uint64_t expected, now;
	char name[200];
	const char *end = strrchr(line, '\t');

	if (!read_line(line, &cell, &expected)) {
		CHECK(false, "a line of " FILE_OF_DIGESTS " is valid");
		return;
	}
	if ((cell.key_differs != RM_DIFFERS_FIRST) != IS_PLACED) {
		if (print)
			fputs(line, stdout);
		return;
	}
	now = digest_of(&cell);
	snprintf(name, sizeof(name), "%.*s", (int)(end - line), line);
	if (outside && !print)
		printf("# %llu look-ups outside\n",
		        (unsigned long long)outside);
	if (!print)
		CHECK(!outside, "look-ups draw keys that are present");
	if (print)
		printf("%s\t%016llx\n", name, (unsigned long long)now);
	else if (!CHECK(now == expected, name))
		printf("# %016llx\n", (unsigned long long)now);
}

int main(int argc, char **argv)
{
	bool print = argc > 1 && !strcmp(argv[1], "--print");
	FILE *file = fopen(FILE_OF_DIGESTS, "r");
	char line[256];

	if (!file)
		return 1;
	while (fgets(line, sizeof(line), file))
		if (line[0] != '#')
			one(line, print);
		else if (print)
			fputs(line, stdout);
	fclose(file);
	return print ? 0 : DONE();
}
