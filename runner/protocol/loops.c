/* SPDX-License-Identifier: Apache-2.0 */
/* loops.c - the table of loops, with one row for each. */
#include "runner/protocol/protocol.h"

#include "runner/base/number.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* Kinds of arguments of a loop. NUMBER may be 0, but COUNT may not. Older cells
   lack SLOTS, EBB and FORM, so a loop's text omits their defaults. A slab has
   256 words, of which the value takes up to three. */
enum argument_kind { NOTHING, COUNT, NUMBER, TIME, WORD, SLOTS, EBB, FORM };

enum { SLOTS_MAX = 253 };

struct argument {
	enum argument_kind kind;
	uint64_t preset;
	const char *words; /* valid words, with a space after each */
};

/* Returns the share of writes of a loop that ignores the key `writes`. A churn
   or fresh write is two operations, and each of them is a write. */
typedef double share_fn(const struct rm_cell *cell);

/* For techniques without keys, whose operations are not writes. */
static double no_writes(const struct rm_cell *cell)
{
	(void)cell;
	return 0;
}

static double only_writes(const struct rm_cell *cell)
{
	(void)cell;
	return 1;
}

static double alternate_share(const struct rm_cell *cell)
{
	return cell->write_kind == RM_UPDATE ? 1.0 / 2 : 2.0 / 3;
}

static double grow_share(const struct rm_cell *cell)
{
	const double lookups = (double)cell->loop.args[0];
	const double updates = (double)cell->loop.args[1];

	return (1 + updates) / (1 + lookups + updates);
}

/* A turn of store-buffering stores a value and loads the other thread's key.
   take-twice only inserts and removes. */
static double litmus_share(const struct rm_cell *cell)
{
	const uint64_t store_buffering = 0; /* index of the first word */

	return cell->loop.args[0] == store_buffering ? 1.0 / 2 : 1;
}

static const struct kind {
	const char *name;
	bool own, once;
	share_fn *share; /* NULL: `writes` determines the share */
	struct argument args[RM_LOOP_ARGS];
} kinds[RM_LOOP_KINDS] = {
	[RM_LOOP_MIX] = { .name = "mix" },
	[RM_LOOP_PACED] = { .name = "paced" },
	[RM_LOOP_SCAN] = { "scan", false, false, NULL, { { COUNT, 1, NULL } } },
	[RM_LOOP_FILL] = { "fill", false, true, only_writes,
	        { { FORM, 0, "binary decimal " } } },
	[RM_LOOP_RANDOM_FILL] = { "random-fill", false, true, only_writes,
	        { { NOTHING, 0, NULL } } },
	[RM_LOOP_ALTERNATE] = { .name = "alternate", .share = alternate_share },
	[RM_LOOP_LIFECYCLE] = { "lifecycle", false, false, NULL,
	        { { COUNT, 10, NULL }, { SLOTS, RM_SLOTS_PRESET, NULL },
	                { EBB, 1, NULL } } },
	[RM_LOOP_STOCK] = { "stock", true, true, no_writes,
	        { { COUNT, 10000, NULL } } },
	[RM_LOOP_PAIR] = { "pair", true, false, no_writes,
	        { { WORD, 2, "rr rw ww " } } },
	[RM_LOOP_HASH] = { "hash", true, false, no_writes,
	        { { COUNT, 1024, NULL }, { COUNT, 1000, NULL } } },
	[RM_LOOP_HOLD] = { "hold", true, false, no_writes,
	        { { TIME, 1000000, NULL }, { TIME, 100000, NULL },
	                { COUNT, 1, NULL } } },
	[RM_LOOP_RANGE_LIST] = { "range-list", true, false, no_writes,
	        { { COUNT, 100, NULL } } },
	[RM_LOOP_LITMUS] = { "litmus", false, false, litmus_share,
	        { { WORD, 0, "store-buffering take-twice " } } },
	[RM_LOOP_FAMILIES] = { "families", true, false, NULL,
	        { { COUNT, 100000, NULL }, { COUNT, 10, NULL } } },
	[RM_LOOP_INCREMENT] = { "increment", true, false, no_writes,
	        { { COUNT, 10, NULL } } },
	[RM_LOOP_HANDLE] = { "handle", true, false, no_writes,
	        { { COUNT, 100, NULL } } },
	[RM_LOOP_CLEANUP] = { "cleanup", true, false, no_writes,
	        { { COUNT, 1000, NULL } } },
	[RM_LOOP_GROW] = { "grow", false, true, grow_share,
	        { { NUMBER, 1, NULL }, { NUMBER, 0, NULL } } },
	[RM_LOOP_LAZY] = { .name = "lazy" },
	[RM_LOOP_ROUTE] = { "route", true, false, no_writes,
	        { { COUNT, 1000, NULL } } },
	[RM_LOOP_STALL] = { "stall", false, false, NULL,
	        { { TIME, 10000000, NULL } } },
	/* Audit and tally are separate kinds, because the check of loops
	   (verify/check/loops.c) runs only 20 audits, which take a millisecond
	   or more, but as many turns of a tally as operations of a map.
	   Recorded cells contain both. */
	[RM_LOOP_AUDIT] = { "audit", true, false, no_writes,
	        { { COUNT, 100, NULL } } },
	[RM_LOOP_TALLY] = { "tally", true, false, no_writes,
	        { { COUNT, 1000, NULL }, { COUNT, 1, NULL } } },
};

const char *rm_loop_name(enum rm_loop_kind kind)
{
	return kinds[kind].name;
}

/* Sets *word to word number `at` of a list. Returns its length, or 0 if the
   list is shorter. */
static size_t find_word(const char **word, uint64_t at)
{
	while (at-- && **word)
		*word += strcspn(*word, " ") + 1;
	return strcspn(*word, " ");
}

static int read_word(const char *text, const char *words, uint64_t *value)
{
	for (uint64_t i = 0;; i++) {
		const char *word = words;
		size_t length = find_word(&word, i);

		if (!length)
			return -EINVAL;
		if (strlen(text) == length && !strncmp(text, word, length)) {
			*value = i;
			return 0;
		}
	}
}

static int read_argument(
        const char *text, const struct argument *argument, uint64_t *value)
{
	switch (argument->kind) {
	case COUNT:
	case EBB:
		return rm_number_count(text, value) || !*value ? -EINVAL : 0;
	case SLOTS:
		return rm_number_count(text, value) || !*value ||
		                       *value > SLOTS_MAX
		               ? -EINVAL
		               : 0;
	case NUMBER:
		return rm_number_integer(text, value);
	case TIME:
		return rm_number_time(text, value);
	case WORD:
	case FORM:
		return read_word(text, argument->words, value);
	case NOTHING:
		break;
	}
	return -EINVAL;
}

/* Parses the arguments after the loop's name. Modifies `rest`. */
static int read_arguments(char *rest, struct rm_loop *loop)
{
	const struct kind *kind = &kinds[loop->kind];

	for (unsigned i = 0; i < RM_LOOP_ARGS; i++)
		loop->args[i] = kind->args[i].preset;
	for (unsigned i = 0; rest; i++) {
		const char *text = strsep(&rest, ":");

		if (i == RM_LOOP_ARGS ||
		        read_argument(text, &kind->args[i], &loop->args[i]))
			return -EINVAL;
	}
	return 0;
}

int rm_loop_parse(const char *text, struct rm_loop *loop)
{
	struct rm_loop read = { RM_LOOP_MIX, { 0 } };
	char copy[RM_LOOP_BYTES], *rest = copy;
	const char *name;
	int kind = 0;

	if (strlen(text) >= sizeof(copy))
		return -EINVAL;
	strcpy(copy, text);
	name = strsep(&rest, ":");
	while (kind < RM_LOOP_KINDS && strcmp(kinds[kind].name, name))
		kind++;
	if (kind == RM_LOOP_KINDS)
		return -EINVAL;
	read.kind = (enum rm_loop_kind)kind;
	if (read_arguments(rest, &read))
		return -EINVAL;
	*loop = read;
	return 0;
}

static void append_time(char *text, uint64_t ns)
{
	static const struct {
		const char *name;
		uint64_t ns;
	} units[] = { { "s", 1000000000 }, { "ms", 1000000 }, { "us", 1000 },
		{ "ns", 1 } };
	unsigned i = 0;

	while (ns % units[i].ns)
		i++;
	sprintf(text + strlen(text), "%" PRIu64 "%s", ns / units[i].ns,
	        units[i].name);
}

static bool is_printed(const struct argument *argument, uint64_t value)
{
	switch (argument->kind) {
	case NOTHING:
		return false;
	case SLOTS:
	case EBB:
	case FORM:
		return value != argument->preset;
	default:
		return true;
	}
}

/* Returns the number of printed arguments in a loop's text. */
static unsigned count_printed(const struct rm_loop *loop)
{
	unsigned count = 0;

	for (unsigned i = 0; i < RM_LOOP_ARGS; i++)
		if (is_printed(&kinds[loop->kind].args[i], loop->args[i]))
			count = i + 1;
	return count;
}

const char *rm_loop_text(const struct rm_loop *loop, char *text)
{
	const struct kind *kind = &kinds[loop->kind];

	strcpy(text, kind->name);
	for (unsigned i = 0; i < count_printed(loop); i++) {
		const char *word = kind->args[i].words;

		strcat(text, ":");
		if (kind->args[i].kind == TIME)
			append_time(text, loop->args[i]);
		else if (!word)
			sprintf(text + strlen(text), "%" PRIu64, loop->args[i]);
		else {
			size_t length = find_word(&word, loop->args[i]);

			strncat(text, word, length);
		}
	}
	return text;
}

bool rm_loop_is_technique(enum rm_loop_kind kind)
{
	return kinds[kind].own;
}

bool rm_loop_scans(enum rm_loop_kind kind)
{
	return kind == RM_LOOP_SCAN || kind == RM_LOOP_STALL;
}

bool rm_loop_only_scans(const struct rm_loop *loop, unsigned threads)
{
	uint64_t scanners = loop->kind == RM_LOOP_STALL ? 1 : loop->args[0];

	return rm_loop_scans(loop->kind) && scanners >= threads;
}

bool rm_loop_runs_once(enum rm_loop_kind kind)
{
	return kinds[kind].once;
}

bool rm_loop_is_timed(enum rm_loop_kind kind)
{
	return kind == RM_LOOP_STOCK || kind == RM_LOOP_HOLD;
}

bool rm_loop_fills(enum rm_loop_kind kind)
{
	return kind == RM_LOOP_FILL || kind == RM_LOOP_RANDOM_FILL ||
	       kind == RM_LOOP_GROW;
}

bool rm_loop_is_decimal(const struct rm_loop *loop)
{
	return loop->kind == RM_LOOP_FILL && loop->args[0];
}

bool rm_cell_lacks_decimal_keys(const struct rm_cell *cell)
{
	return rm_loop_is_decimal(&cell->loop) &&
	       (!cell->shape.str || cell->str_bytes);
}

bool rm_loop_starts_empty(enum rm_loop_kind kind)
{
	return rm_loop_fills(kind) || kind == RM_LOOP_LAZY;
}

bool rm_loop_always_writes(enum rm_loop_kind kind)
{
	return rm_loop_starts_empty(kind) || kind == RM_LOOP_LIFECYCLE ||
	       kind == RM_LOOP_LITMUS || kind == RM_LOOP_ALTERNATE;
}

bool rm_loop_draws_writes(enum rm_loop_kind kind)
{
	return !kinds[kind].share;
}

double rm_cell_fixed_write_share(const struct rm_cell *cell)
{
	share_fn *share = kinds[cell->loop.kind].share;

	/* rounded as in ids and workload files, e.g. 66.67 % */
	return share ? round(1e4 * share(cell)) / 1e4 : cell->write_share;
}

bool rm_loop_moves_keys(const struct rm_loop *loop)
{
	const uint64_t store_buffering = 0; /* index of the first word */

	return rm_loop_starts_empty(loop->kind) ||
	       loop->kind == RM_LOOP_LIFECYCLE ||
	       (loop->kind == RM_LOOP_LITMUS &&
	               loop->args[0] != store_buffering);
}

bool rm_loop_draws_absent(enum rm_loop_kind kind)
{
	return kind == RM_LOOP_MIX || kind == RM_LOOP_PACED ||
	       kind == RM_LOOP_ALTERNATE || rm_loop_scans(kind);
}

bool rm_loop_draws_by_dist(enum rm_loop_kind kind)
{
	return rm_loop_draws_absent(kind) || kind == RM_LOOP_LAZY ||
	       kind == RM_LOOP_LIFECYCLE;
}

bool rm_loop_needs_key_per_thread(enum rm_loop_kind kind)
{
	return kind == RM_LOOP_LIFECYCLE || kind == RM_LOOP_LITMUS;
}
