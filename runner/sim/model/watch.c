/* SPDX-License-Identifier: Apache-2.0 */
/*
 * watch.c - attributes events to program counters and memory lines.
 *
 * Recording is off by default. While it is on, every access takes the slow path
 * (rm_sim_limit()). This takes time on the host, but changes neither virtual
 * time nor other counts.
 */
#include "runner/sim/model/internal.h"

#include <errno.h>
#include <stdlib.h>

/* Rows of equal size, in order of insertion. A hash index with open addressing
   contains row numbers + 1. Initialise it to zero, then set row_bytes. */
struct table {
	size_t row_bytes, used;
	unsigned char *rows;
	uint64_t *keys;
	uint32_t *slots;
	size_t room; /* capacity in rows, a power of two; the index has 2 x room
	                slots */
};

/* Returns the slot of `key`, or the free slot for it. At most half of the slots
   are used, so the search ends. The multiplier is 2^64 / phi (Knuth, TAOCP vol.
   3, 6.4); it spreads equal steps of addresses and line numbers. */
static size_t slot_of(const struct table *table, uint64_t key)
{
	size_t mask = 2 * table->room - 1;
	size_t at = (size_t)((key * UINT64_C(0x9e3779b97f4a7c15)) >> 32);

	for (;; at++) {
		uint32_t row = table->slots[at & mask];

		if (row == 0 || table->keys[row - 1] == key)
			return at & mask;
	}
}

/* Doubles the table. Stores each moved array immediately, so that the table
   remains valid, with its old capacity, if another allocation fails. */
static bool grow(struct table *table)
{
	size_t room = table->room ? 2 * table->room : 64;
	unsigned char *rows = realloc(table->rows, room * table->row_bytes);
	uint64_t *keys;
	uint32_t *slots;

	if (rows)
		table->rows = rows;
	keys = realloc(table->keys, room * sizeof(*keys));
	if (keys)
		table->keys = keys;
	slots = calloc(2 * room, sizeof(*slots));
	if (!rows || !keys || !slots) {
		free(slots);
		return false;
	}
	free(table->slots);
	table->slots = slots;
	table->room = room;
	for (size_t i = 0; i < table->used; i++)
		slots[slot_of(table, keys[i])] = (uint32_t)i + 1;
	return true;
}

/* Returns the row of `key`, which is zeroed if it is new. NULL: out of memory.
   May move all rows. */
static void *table_row(struct table *table, uint64_t key)
{
	size_t slot;

	if (table->used == table->room && !grow(table))
		return NULL;
	slot = slot_of(table, key);
	if (table->slots[slot] == 0) {
		table->keys[table->used] = key;
		memset(table->rows + table->used * table->row_bytes, 0,
		        table->row_bytes);
		table->slots[slot] = (uint32_t)++table->used;
	}
	return table->rows +
	       (size_t)(table->slots[slot] - 1) * table->row_bytes;
}

static void table_clear(struct table *table)
{
	if (table->slots)
		memset(table->slots, 0, 2 * table->room * sizeof(uint32_t));
	table->used = 0;
}

static void table_free(struct table *table)
{
	free(table->rows);
	free(table->keys);
	free(table->slots);
}

struct rm_sim_watched {
	struct table sites, lines;
	bool incomplete;     /* true if a row could not be allocated */
	const void *site;    /* site of the current event */
	uint32_t **touched;  /* [core][line]: number of the last operation that
	                        used the line */
	uint32_t *operation; /* [core]: number of the current operation */
};

/* Returns the row of a site. If it cannot be allocated, sorted_copy() returns
   -ENOMEM later, since a list without its most important row would be
   misleading. */
static struct rm_sim_site *site_row(
        struct rm_sim_watched *watched, const void *site)
{
	struct rm_sim_site *row =
	        table_row(&watched->sites, (uint64_t)(uintptr_t)site);

	if (row)
		row->site = site;
	else
		watched->incomplete = true;
	return row;
}

static struct rm_sim_hot_line *line_row(struct rm_sim *sim, uint32_t line)
{
	struct rm_sim_hot_line *row = table_row(&sim->watched->lines, line);

	if (!row) {
		sim->watched->incomplete = true;
		return NULL;
	}
	row->line = line;
	row->region = sim->region_of[line];
	return row;
}

/* Adds a site to a line's row. Keeps only the first four sites; a line with
   more sites is used in many places. */
static void note_site(struct rm_sim_hot_line *row, const void *site)
{
	for (int i = 0; i < RM_SIM_LINE_SITES; i++) {
		if (row->site[i] && row->site[i] != site)
			continue;
		row->site[i] = site;
		row->site_events[i]++;
		return;
	}
}

void rm_sim_watch_event(struct rm_sim_core *core, enum rm_sim_count which,
        uint32_t line, uint64_t bytes, bool writes, const void *site)
{
	struct rm_sim_site *at = site_row(core->sim->watched, site);
	struct rm_sim_hot_line *row = line_row(core->sim, line);
	bool missed = which != RM_SIM_UPGRADES;
	bool untouched = which == RM_SIM_FALSE_MISSES;
	bool taken = untouched || which == RM_SIM_COHERENCE_MISSES;

	core->sim->watched->site = site;
	if (!at || !row)
		return;
	at->misses += missed;
	at->coherence_misses += taken;
	at->false_misses += untouched;
	at->upgrades += !missed;
	row->misses += missed;
	row->coherence_misses += taken;
	row->false_misses += untouched;
	rm_sim_bit_set(writes ? row->writers : row->readers, core->id, true);
	*(writes ? &row->written_bytes : &row->read_bytes) |= bytes;
	note_site(row, site);
}

void rm_sim_watch_loss(struct rm_sim_core *core, uint32_t line, bool untouched)
{
	struct rm_sim_watched *watched = core->sim->watched;
	/* the event belongs to the writer's program counter */
	struct rm_sim_site *at = site_row(watched, watched->site);
	struct rm_sim_hot_line *row = line_row(core->sim, line);

	if (!at || !row)
		return;
	at->invalidations++;
	row->invalidations++;
	row->false_invalidations += untouched;
}

void rm_sim_watch_access(struct rm_sim_core *core, uint32_t line)
{
	struct rm_sim_watched *watched = core->sim->watched;
	uint32_t *last = &watched->touched[core->id][line];

	if (*last == watched->operation[core->id])
		return;
	*last = watched->operation[core->id];
	core->count[RM_SIM_OPERATION_LINES]++;
}

void rm_sim_operation(struct rm_sim_core *core)
{
	if (core->sim->watched)
		core->sim->watched->operation[core->id]++;
}

void rm_sim_watch_reset(struct rm_sim *sim)
{
	if (!sim->watched)
		return;
	table_clear(&sim->watched->sites);
	table_clear(&sim->watched->lines);
	sim->watched->incomplete = false;
}

void rm_sim_watch_free(struct rm_sim *sim)
{
	struct rm_sim_watched *watched = sim->watched;

	if (!watched)
		return;
	for (unsigned id = 0; watched->touched && id < sim->cores; id++)
		if (watched->touched[id])
			munmap(watched->touched[id],
			        sim->lines * sizeof(uint32_t));
	table_free(&watched->sites);
	table_free(&watched->lines);
	free(watched->touched);
	free(watched->operation);
	free(watched);
	sim->watched = NULL;
}

/* Starts recording. After an error, rm_sim_watch_free() frees the incomplete
   object. Operations count from 1, since 0 in zeroed memory means "never
   used". */
static int start_watch(struct rm_sim *sim)
{
	struct rm_sim_watched *watched = calloc(1, sizeof(*watched));

	if (!watched)
		return -ENOMEM;
	sim->watched = watched;
	watched->sites.row_bytes = sizeof(struct rm_sim_site);
	watched->lines.row_bytes = sizeof(struct rm_sim_hot_line);
	watched->touched = calloc(sim->cores, sizeof(*watched->touched));
	watched->operation = calloc(sim->cores, sizeof(uint32_t));
	if (!watched->touched || !watched->operation)
		return -ENOMEM;
	for (unsigned id = 0; id < sim->cores; id++) {
		watched->operation[id] = 1;
		watched->touched[id] =
		        rm_sim_sparse(sim->lines * sizeof(uint32_t));
		if (!watched->touched[id])
			return -ENOMEM;
	}
	return 0;
}

int rm_sim_watch(struct rm_sim *sim, bool on)
{
	int failed = 0;

	if (on == (sim->watched != NULL))
		return 0;
	if (on)
		failed = start_watch(sim);
	if (failed || !on)
		rm_sim_watch_free(sim);
	if (sim->running)
		rm_sim_limit(sim->running, sim->running->due);
	return failed;
}

static int by_misses(const void *left, const void *right)
{
	const struct rm_sim_site *a = left, *b = right;

	if (a->misses != b->misses)
		return a->misses < b->misses ? 1 : -1;
	return (a->site > b->site) - (a->site < b->site);
}

static int by_invalidations(const void *left, const void *right)
{
	const struct rm_sim_hot_line *a = left, *b = right;

	if (a->invalidations != b->invalidations)
		return a->invalidations < b->invalidations ? 1 : -1;
	if (a->misses != b->misses)
		return a->misses < b->misses ? 1 : -1;
	return (a->line > b->line) - (a->line < b->line);
}

static long sorted_copy(const struct rm_sim *sim, const struct table *table,
        int (*order)(const void *, const void *), void **list)
{
	*list = NULL;
	if (table->used == 0)
		return sim->watched->incomplete ? -ENOMEM : 0;
	*list = malloc(table->used * table->row_bytes);
	if (!*list || sim->watched->incomplete) {
		free(*list);
		*list = NULL;
		return -ENOMEM;
	}
	memcpy(*list, table->rows, table->used * table->row_bytes);
	qsort(*list, table->used, table->row_bytes, order);
	return (long)table->used;
}

long rm_sim_sites(const struct rm_sim *sim, struct rm_sim_site **list)
{
	void *copy = NULL;
	long count = sim->watched ? sorted_copy(sim, &sim->watched->sites,
	                                    by_misses, &copy)
	                          : 0;

	*list = copy;
	return count;
}

long rm_sim_hot_lines(const struct rm_sim *sim, struct rm_sim_hot_line **list)
{
	void *copy = NULL;
	long count = sim->watched ? sorted_copy(sim, &sim->watched->lines,
	                                    by_invalidations, &copy)
	                          : 0;

	*list = copy;
	return count;
}
