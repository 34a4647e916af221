/* SPDX-License-Identifier: Apache-2.0 */
/* watch.c - where the events come from: program counters, lines of memory. */
#include "runner/sim/parts.h"
#include "runner/sim/table.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

struct rm_sim_watched {
	struct rm_sim_table sites, lines;
	bool incomplete;     /* a row was lost for want of memory */
	const void *site;    /* of the event under way */
	uint32_t **touched;  /* [core][line]: operation that touched it last */
	uint32_t *operation; /* [core] */
};

static struct rm_sim_site *site_row(
        struct rm_sim_watched *watched, const void *site)
{
	struct rm_sim_site *row =
	        rm_sim_table_row(&watched->sites, (uint64_t)(uintptr_t)site);

	if (row)
		row->site = site;
	else
		watched->incomplete = true;
	return row;
}

static struct rm_sim_hot_line *line_row(struct rm_sim *sim, uint32_t line)
{
	struct rm_sim_hot_line *row =
	        rm_sim_table_row(&sim->watched->lines, line);

	if (!row) {
		sim->watched->incomplete = true;
		return NULL;
	}
	row->line = line;
	row->region = sim->region_of[line];
	return row;
}

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
	rm_sim_table_clear(&sim->watched->sites);
	rm_sim_table_clear(&sim->watched->lines);
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
	rm_sim_table_free(&watched->sites);
	rm_sim_table_free(&watched->lines);
	free(watched->touched);
	free(watched->operation);
	free(watched);
	sim->watched = NULL;
}

static int start(struct rm_sim *sim)
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
		failed = start(sim);
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

/* A sorted copy of the rows. */
static long copy_of(const struct rm_sim *sim, const struct rm_sim_table *table,
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
	long count = sim->watched ? copy_of(sim, &sim->watched->sites,
	                                    by_misses, &copy)
	                          : 0;

	*list = copy;
	return count;
}

long rm_sim_hot_lines(const struct rm_sim *sim, struct rm_sim_hot_line **list)
{
	void *copy = NULL;
	long count = sim->watched ? copy_of(sim, &sim->watched->lines,
	                                    by_invalidations, &copy)
	                          : 0;

	*list = copy;
	return count;
}
