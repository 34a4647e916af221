/* SPDX-License-Identifier: Apache-2.0 */
/*
 * counters.c - implements runner/counters/counters.h with the back end sim.
 *
 * The model provides the counts. The quality of each value is "simulated", and
 * "cpu" is the word "simulated" with the machine's name. Requests for other
 * back ends are rejected.
 */
#include "runner/counters/counters.h"
#include "runner/sim/guest/space.h"
#include "runner/sim/model/mach.h"
#include "runner/sim/program/internal.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Counts of a core at the start of its window, and within it. */
struct window {
	uint64_t before[RM_SIM_COUNTS], count[RM_SIM_COUNTS];
};

struct rm_counters {
	unsigned threads;
	struct window *window;    /* one per core */
	json_t *events, *regions; /* made at the end of the window */
	json_t *lines, *sites;    /* at the window's end; NULL: not watched */
	long watch;               /* length of each list; 0: do not watch */
	uint64_t foreign;
	char hash[20];
};

int rm_counters_open(const json_t *request, unsigned threads,
        const unsigned *cpus, struct rm_counters **session,
        struct rm_error *error)
{
	const char *backend =
	        json_string_value(json_object_get(request, "backend"));

	(void)cpus;
	*session = NULL;
	/* "none" means that the host's counters are unused; the model always
	   counts */
	if (!backend || (strcmp(backend, "sim") && strcmp(backend, "none")))
		return rm_error_set(error, -ENOTSUP,
		        "counters: the simulated machine has the back end sim, "
		        "not %s",
		        backend ? backend : "an unnamed one");
	*session = calloc(1, sizeof(**session));
	if (*session)
		(*session)->window = calloc(threads, sizeof(struct window));
	if (!*session || !(*session)->window) {
		free(*session);
		*session = NULL;
		return rm_error_set(error, -ENOMEM, "out of memory");
	}
	(*session)->threads = threads;
	(*session)->watch =
	        (long)json_integer_value(json_object_get(request, "watch"));
	return 0;
}

/* Does nothing, since cores always count. */
int rm_counters_attach(struct rm_counters *session, unsigned slot)
{
	(void)session;
	(void)slot;
	return 0;
}

/* Clears counts, but not caches. Runs on the main thread, while all cores wait
   at the barrier. */
int rm_counters_start(struct rm_counters *session)
{
	if (session->watch && rm_sim_watch(rm_sim_world_model(), true))
		return -ENOMEM;
	rm_sim_counts_reset(rm_sim_world_model());
	rm_sim_world->foreign = 0;
	return 0;
}

static json_t *event_json(const struct rm_counters *session, const char *metric,
        unsigned first, unsigned last)
{
	unsigned threads = session->threads;
	struct rm_reading *readings = calloc(threads, sizeof(*readings));
	struct rm_event_name name = { metric, metric, "model" };
	json_t *event;

	if (!readings)
		return NULL;
	for (unsigned i = 0; i < threads; i++) {
		readings[i].quality = RM_QUALITY_SIMULATED;
		for (unsigned n = first; n <= last; n++)
			readings[i].value +=
			        (double)session->window[i].count[n];
	}
	event = rm_reading_event(&name, readings, threads, false);
	free(readings);
	return event;
}

/* Returns the name of region `n`. Region 0 is unnamed memory, which the model
   calls "other". In a trial, only the map's heap is unnamed. */
static const char *name_of(const struct rm_sim *sim, unsigned n)
{
	return n ? rm_sim_region_at(sim, n)->name : RM_SIM_UNNAMED;
}

static json_t *regions_json(void)
{
	json_t *regions = json_array();
	const struct rm_sim_region *region;

	for (unsigned n = 0;
	        (region = rm_sim_region_at(rm_sim_world_model(), n)); n++)
		json_array_append_new(regions,
		        json_pack("{s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I}",
		                "name", name_of(rm_sim_world_model(), n),
		                "bytes", (json_int_t)region->bytes, "misses",
		                (json_int_t)region->misses, "coherence_misses",
		                (json_int_t)region->coherence_misses,
		                "false_misses",
		                (json_int_t)region->false_misses,
		                "invalidations",
		                (json_int_t)region->invalidations,
		                "false_invalidations",
		                (json_int_t)region->false_invalidations,
		                "upgrades", (json_int_t)region->upgrades));
	return regions;
}

/* Returns an offset in the program's file, for addr2line, since the load
   address varies. 0: outside of the program. */
static json_int_t image(const void *site)
{
	return (json_int_t)rm_sim_space_image(site);
}

static int cores(const uint64_t bits[2])
{
	return __builtin_popcountll(bits[0]) + __builtin_popcountll(bits[1]);
}

/* Returns the position of a new site with `events` in `sites`, which are in
   descending order of events. */
static size_t insert_position(const json_t *sites, uint64_t events)
{
	size_t at = json_array_size(sites);

	while (at && (uint64_t)json_integer_value(json_object_get(
	                     json_array_get(sites, at - 1), "events")) < events)
		at--;
	return at;
}

/* Returns a line's sites in descending order of events. */
static json_t *sites_of(const struct rm_sim_hot_line *line)
{
	json_t *sites = json_array();

	for (unsigned i = 0; i < RM_SIM_LINE_SITES && line->site[i]; i++)
		json_array_insert_new(sites,
		        insert_position(sites, line->site_events[i]),
		        json_pack("{s:I, s:I}", "site", image(line->site[i]),
		                "events", (json_int_t)line->site_events[i]));
	return sites;
}

static json_t *line_json(
        const struct rm_sim *sim, const struct rm_sim_hot_line *line)
{
	return json_pack("{s:I, s:s, s:I, s:I, s:I, s:I, s:I, s:i, s:i, s:o}",
	        "line", (json_int_t)line->line, "region",
	        name_of(sim, line->region), "misses", (json_int_t)line->misses,
	        "coherence_misses", (json_int_t)line->coherence_misses,
	        "false_misses", (json_int_t)line->false_misses, "invalidations",
	        (json_int_t)line->invalidations, "false_invalidations",
	        (json_int_t)line->false_invalidations, "readers",
	        cores(line->readers), "writers", cores(line->writers), "sites",
	        sites_of(line));
}

/* Returns the `most` lines with the most invalidations: "line" (offset / 64),
   "region", counts, numbers of "readers" and "writers", and up to four sites
   (docs/reference/trial-protocol.md). New reference; NULL if entries were lost
   because memory ran out. */
static json_t *watched_lines(long most)
{
	const struct rm_sim *sim = rm_sim_world_model();
	struct rm_sim_hot_line *list = NULL;
	long count = rm_sim_hot_lines(sim, &list);
	json_t *lines = count < 0 ? NULL : json_array();

	for (long i = 0; i < count && i < most; i++)
		json_array_append_new(lines, line_json(sim, &list[i]));
	free(list);
	return lines;
}

/* Returns at most `most` program counters with the most misses, as offsets in
   this program's file. New reference; NULL if entries were lost because memory
   ran out. */
static json_t *watched_sites(long most)
{
	struct rm_sim_site *list = NULL;
	long count = rm_sim_sites(rm_sim_world_model(), &list);
	json_t *sites = count < 0 ? NULL : json_array();

	for (long i = 0; i < count && i < most; i++)
		json_array_append_new(sites,
		        json_pack("{s:I, s:I, s:I, s:I, s:I, s:I}", "site",
		                image(list[i].site), "misses",
		                (json_int_t)list[i].misses, "coherence_misses",
		                (json_int_t)list[i].coherence_misses,
		                "false_misses",
		                (json_int_t)list[i].false_misses, "upgrades",
		                (json_int_t)list[i].upgrades, "invalidations",
		                (json_int_t)list[i].invalidations));
	free(list);
	return sites;
}

int rm_counters_stop(struct rm_counters *session)
{
	session->events = json_array();
	json_array_append_new(session->events,
	        event_json(session, "l1d_misses", RM_SIM_LOAD_MISSES,
	                RM_SIM_STORE_MISSES));
	/* lines per operation are only counted while watched, and 0 would be
	   wrong */
	for (unsigned i = 0; i < RM_SIM_COUNTS; i++)
		if (i != RM_SIM_OPERATION_LINES || session->watch)
			json_array_append_new(session->events,
			        event_json(
			                session, rm_sim_count_name[i], i, i));
	session->regions = regions_json();
	if (session->watch) {
		session->lines = watched_lines(session->watch);
		session->sites = watched_sites(session->watch);
	}
	/* read at the end of the window, since later accesses do not belong to
	   it */
	session->foreign = rm_sim_world->foreign;
	snprintf(session->hash, sizeof(session->hash), "%016" PRIx64,
	        rm_sim_hash(rm_sim_world_model()));
	/* a list without its most important row would be misleading
	   (watch.c) */
	return session->watch && !(session->lines && session->sites) ? -ENOMEM
	                                                             : 0;
}

/* Called at the start of a core's window. Waits at the barriers, which a map
   may record, are outside of the window. */
void rm_counters_enable(struct rm_counters *session, unsigned slot)
{
	memcpy(session->window[slot].before,
	        rm_sim_core(rm_sim_world_model(), slot)->count,
	        sizeof(session->window[slot].before));
}

void rm_counters_disable(struct rm_counters *session, unsigned slot)
{
	const uint64_t *now = rm_sim_core(rm_sim_world_model(), slot)->count;
	struct window *window = &session->window[slot];

	for (unsigned i = 0; i < RM_SIM_COUNTS; i++)
		window->count[i] = now[i] - window->before[i];
}

json_t *rm_counters_result(const struct rm_counters *session)
{
	const struct rm_sim_mach *mach = rm_sim_machine(rm_sim_world_model());
	char *text = rm_sim_mach_text(mach);
	char cpu[RM_SIM_NAME_BYTES + 16];
	json_t *result;

	snprintf(cpu, sizeof(cpu), "simulated %s", mach->name);
	result = json_pack("{s:s, s:n, s:s, s:s, s:s, s:s?, s:O, s:[], s:O, "
	                   "s:s, s:I}",
	        "backend", "sim", "reason", "cpu", cpu, "scope",
	        "simulated thread", "machine", mach->name, "description", text,
	        "events", session->events, "empty", "regions", session->regions,
	        "hash", session->hash, "unsimulated_accesses",
	        (json_int_t)session->foreign);
	free(text);
	if (session->lines && session->sites) {
		json_object_set(result, "lines", session->lines);
		json_object_set(result, "sites", session->sites);
	}
	return result;
}

void rm_counters_close(struct rm_counters *session)
{
	if (!session)
		return;
	json_decref(session->events);
	json_decref(session->regions);
	json_decref(session->lines);
	json_decref(session->sites);
	free(session->window);
	free(session);
}

/* Replaces costs of the description by costs of the request. Replaced costs
   count as known, not as guesses. Each cost must be valid in a description. */
static int set_costs(
        json_t *costs, struct rm_sim_mach *mach, struct rm_error *error)
{
	const char *name;
	json_t *value;

	json_object_foreach (costs, name, value) {
		uint32_t cycles = (uint32_t)json_integer_value(value);
		unsigned n = 0;

		while (n < RM_SIM_COSTS && strcmp(rm_sim_cost_name[n], name))
			n++;
		if (n == RM_SIM_COSTS || !json_is_integer(value) ||
		        json_integer_value(value) < (n == RM_SIM_COST_L1D) ||
		        json_integer_value(value) > 1000000)
			return rm_error_set(error, -EINVAL,
			        "counters.costs.%.32s: expected a cost of a "
			        "machine description with 0 to 1000000 cycles, "
			        "an integer (l1d-hit: 1 or more)",
			        name);
		mach->cost[n] = (struct rm_sim_cycles){
			.value = cycles, .low = cycles, .high = cycles
		};
	}
	return 0;
}

int rm_sim_counters_machine(const struct rm_request *request,
        struct rm_sim_mach *mach, uint64_t *limit_ns, struct rm_error *error)
{
	const json_t *counters = request->counters;
	const char *name =
	        json_string_value(json_object_get(counters, "machine"));
	const json_t *limit = json_object_get(counters, "limit_ns");

	if (limit && (!json_is_integer(limit) || json_integer_value(limit) < 0))
		return rm_error_set(error, -EINVAL,
		        "counters.limit_ns: expected nanoseconds of virtual "
		        "time, an integer, or 0 for no limit");
	if (request->cell.measure == RM_MEASURE_SIMULATED)
		name = request->cell.model;
	*limit_ns = (uint64_t)json_integer_value(limit);
	int failed =
	        rm_sim_mach_find(name ? name : RM_SIM_DEFAULT, mach, error);

	return failed ? failed
	              : set_costs(json_object_get(counters, "costs"), mach,
	                        error);
}
