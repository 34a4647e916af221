/* SPDX-License-Identifier: Apache-2.0 */
/* test_sim_watch_rows.c - tests the rows of watched sites and lines: which row
   gets an event, the order of the lists, and the behaviour if memory runs out.
   The tests call the recording functions directly. */
#include "runner/sim/model/internal.h"
#include "tests/unit/sim/sim_fixture.h"

/* Index of the allocation that fails (-1: none), and the number of live
   allocations. */
static long fails_at = -1, held;

static bool fails(void)
{
	return fails_at >= 0 && fails_at-- == 0;
}

static void *kept(void *memory)
{
	held += memory != NULL;
	return memory;
}

static void *moved(void *memory, size_t bytes)
{
	void *larger = fails() ? NULL : realloc(memory, bytes);

	held += larger && !memory;
	return larger;
}

static void let_go(void *memory)
{
	held -= memory != NULL;
	free(memory);
}

#define malloc(bytes)          (fails() ? NULL : kept(malloc(bytes)))
#define calloc(count, bytes)   (fails() ? NULL : kept(calloc(count, bytes)))
#define realloc(memory, bytes) moved(memory, bytes)
#define free(memory)           let_go(memory)
#define rm_sim_sparse(bytes)   (fails() ? NULL : kept(rm_sim_sparse(bytes)))
#define munmap(memory, bytes)  (held--, munmap(memory, bytes))
#include "runner/sim/model/watch.c"
#undef rm_sim_sparse
#undef munmap

#include "tests/unit/tap.h"

enum { CORES = 70, MANY = 1000, FIRST_ROOM = 64 };

static const char places[MANY]; /* addresses used as sites */

static struct rm_sim *make(void)
{
	struct rm_sim_mach mach = sim_mach(
	        "512 2-way lru", "2Ki 4-way lru victim", "4Ki 4-way lru fill");
	struct rm_sim *sim = sim_make(&mach, CORES, 1 << 17);

	rm_sim_region(sim, "hot", 640, 640);
	return sim;
}

static struct rm_sim *watched(void)
{
	struct rm_sim *sim = make();

	if (rm_sim_watch(sim, true))
		exit(1);
	return sim;
}

static void event(struct rm_sim *sim, unsigned core, enum rm_sim_count which,
        uint32_t line, int place)
{
	rm_sim_watch_event(
	        rm_sim_core(sim, core), which, line, 1, false, &places[place]);
}

static bool site_is(const struct rm_sim_site *site, int place, uint64_t misses,
        uint64_t coherence, uint64_t untouched, uint64_t upgrades)
{
	return site->site == &places[place] && site->misses == misses &&
	       site->coherence_misses == coherence &&
	       site->false_misses == untouched && site->upgrades == upgrades;
}

static void kinds(void)
{
	struct rm_sim *sim = watched();
	struct rm_sim_site *site;
	struct rm_sim_hot_line *line;

	event(sim, 0, RM_SIM_CAPACITY_MISSES, 3, 1);
	event(sim, 0, RM_SIM_COLD_MISSES, 3, 1);
	event(sim, 0, RM_SIM_COHERENCE_MISSES, 3, 1);
	event(sim, 0, RM_SIM_FALSE_MISSES, 3, 1);
	event(sim, 0, RM_SIM_UPGRADES, 3, 1);
	event(sim, 0, RM_SIM_UPGRADES, 3, 2);
	event(sim, 0, RM_SIM_FALSE_MISSES, 3, 2);
	CHECK(rm_sim_sites(sim, &site) == 2 &&
	                site_is(&site[0], 1, 4, 2, 1, 1) &&
	                site_is(&site[1], 2, 1, 1, 1, 1),
	        "a false miss is also a coherence miss, but an upgrade is not "
	        "a miss");
	CHECK(rm_sim_hot_lines(sim, &line) == 1 && line->line == 3 &&
	                line->misses == 5 && line->coherence_misses == 3 &&
	                line->false_misses == 2,
	        "the misses of a line count in the same way");
	free(site);
	free(line);
	rm_sim_destroy(sim);
}

static void losses(void)
{
	struct rm_sim *sim = watched();
	struct rm_sim_site *site;
	struct rm_sim_hot_line *line;

	event(sim, 0, RM_SIM_UPGRADES, 3, 1);
	rm_sim_watch_loss(rm_sim_core(sim, 1), 3, true);
	rm_sim_watch_loss(rm_sim_core(sim, 2), 3, false);
	event(sim, 0, RM_SIM_COLD_MISSES, 4, 2);
	rm_sim_watch_loss(rm_sim_core(sim, 1), 4, false);
	rm_sim_sites(sim, &site);
	CHECK(site[0].site == &places[2] && site[0].invalidations == 1 &&
	                site[1].site == &places[1] &&
	                site[1].invalidations == 2,
	        "lost lines are attributed to the site of the write");
	rm_sim_hot_lines(sim, &line);
	CHECK(line[0].line == 3 && line[0].invalidations == 2 &&
	                line[0].false_invalidations == 1 && line[1].line == 4 &&
	                line[1].invalidations == 1 &&
	                !line[1].false_invalidations,
	        "lost lines are attributed to the line, false ones separately");
	free(site);
	free(line);
	rm_sim_destroy(sim);
}

static void a_line_has_its_users(void)
{
	struct rm_sim *sim = watched();
	struct rm_sim_hot_line *line;
	bool first_four = true;

	rm_sim_watch_event(rm_sim_core(sim, 65), RM_SIM_COLD_MISSES, 19, 0x0f,
	        false, &places[7]);
	rm_sim_watch_event(rm_sim_core(sim, 2), RM_SIM_COLD_MISSES, 19, 0xf000,
	        true, &places[6]);
	rm_sim_watch_event(rm_sim_core(sim, 3), RM_SIM_COLD_MISSES, 19, 0x30,
	        false, &places[7]);
	for (int place = 5; place > 0; place--)
		event(sim, 3, RM_SIM_COLD_MISSES, 19, place);
	event(sim, 3, RM_SIM_COLD_MISSES, 20, 1);
	rm_sim_hot_lines(sim, &line);
	CHECK(line[0].readers[0] == 1 << 3 && line[0].readers[1] == 1 << 1 &&
	                line[0].writers[0] == 1 << 2 && !line[0].writers[1],
	        "a line has its readers and writers");
	CHECK(line[0].read_bytes == 0x3f && line[0].written_bytes == 0xf000,
	        "a line has the bytes that its readers and writers used");
	for (int i = 0; i < RM_SIM_LINE_SITES; i++)
		first_four &= line[0].site[i] == &places[7 - i] &&
		              line[0].site_events[i] == 1 + (i == 0);
	CHECK(first_four, "a line has its first four sites with their events");
	CHECK(line[0].line == 19 && line[0].region == 1 && line[1].line == 20 &&
	                line[1].region == 0,
	        "a line has its region");
	free(line);
	rm_sim_destroy(sim);
}

/* The misses and losses are in the order in which they arrive. The expected
   order of rows was derived by hand. */
static void order(void)
{
	static const struct {
		uint32_t line;
		unsigned misses, losses;
	} arrivals[] = { { 9, 1, 0 }, { 5, 1, 0 }, { 8, 2, 0 }, { 7, 1, 3 },
		{ 4, 2, 0 }, { 6, 1, 4 } };
	static const uint32_t lines[] = { 6, 7, 4, 8, 5, 9 };
	static const int sites[] = { 4, 8, 5, 6, 7, 9 };
	struct rm_sim *sim = watched();
	struct rm_sim_hot_line *line;
	struct rm_sim_site *site;
	bool same = true;

	for (int i = 0; i < 6; i++) {
		for (unsigned n = 0; n < arrivals[i].misses; n++)
			event(sim, 0, RM_SIM_COLD_MISSES, arrivals[i].line,
			        (int)arrivals[i].line);
		for (unsigned n = 0; n < arrivals[i].losses; n++)
			rm_sim_watch_loss(
			        rm_sim_core(sim, 1), arrivals[i].line, false);
	}
	CHECK(rm_sim_hot_lines(sim, &line) == 6, "each line is listed once");
	CHECK(rm_sim_sites(sim, &site) == 6, "each site is listed once");
	for (int i = 0; i < 6; i++)
		same &= line[i].line == lines[i];
	CHECK(same, "lines are sorted by most invalidations, then most misses, "
	            "then "
	            "the lower line");
	for (int i = 0; i < 6; i++)
		same &= site[i].site == &places[sites[i]];
	CHECK(same, "sites are sorted by most misses, then by lower address");
	free(line);
	free(site);
	rm_sim_destroy(sim);
}

static void many_rows(void)
{
	struct rm_sim *sim = watched();
	struct rm_sim_hot_line *line;
	struct rm_sim_site *site;
	bool each = true;

	for (int round = 0; round < 2; round++)
		for (int i = 0; i < MANY; i++)
			event(sim, 0, RM_SIM_COLD_MISSES, (uint32_t)i,
			        MANY - 1 - i);
	CHECK(rm_sim_sites(sim, &site) == MANY &&
	                rm_sim_hot_lines(sim, &line) == MANY,
	        "a thousand sites and lines have a row each");
	for (int i = 0; i < MANY; i++)
		each &= site_is(&site[i], i, 2, 0, 0, 0) &&
		        line[i].line == (uint32_t)i && line[i].misses == 2;
	CHECK(each, "each row has only its own events");
	free(site);
	free(line);
	rm_sim_watch_reset(sim);
	event(sim, 0, RM_SIM_UPGRADES, 7, 7);
	CHECK(rm_sim_sites(sim, &site) == 1 && site_is(site, 7, 0, 0, 0, 1),
	        "after a reset rows start at 0");
	free(site);
	rm_sim_destroy(sim);
}

/* If rm_sim_operation() was not called, the first operation starts when
   watching starts. */
static void lines_touched(void)
{
	struct rm_sim *sim = watched();
	struct rm_sim_core *core = rm_sim_core(sim, 69);

	rm_sim_watch_access(core, 0);
	rm_sim_watch_access(core, 1);
	rm_sim_watch_access(core, 0);
	CHECK(core->count[RM_SIM_OPERATION_LINES] == 2,
	        "a line is counted once per operation");
	rm_sim_operation(core);
	rm_sim_watch_access(core, 1);
	CHECK(core->count[RM_SIM_OPERATION_LINES] == 3,
	        "a line is counted again in the next operation");
	rm_sim_operation(rm_sim_core(sim, 0));
	rm_sim_watch_access(core, 1);
	CHECK(core->count[RM_SIM_OPERATION_LINES] == 3,
	        "other cores' operations do not matter");
	rm_sim_destroy(sim);
}

static void no_memory_to_begin(void)
{
	struct rm_sim *sim = make();
	struct rm_sim_site *site;
	struct rm_sim_hot_line *line;
	long before = held, tries = 0;
	bool refused = true;

	while (fails_at = tries, rm_sim_watch(sim, true)) {
		refused &= !sim->watched && held == before &&
		           rm_sim_sites(sim, &site) == 0 && !site &&
		           rm_sim_hot_lines(sim, &line) == 0 && !line;
		tries++;
	}
	fails_at = -1;
	CHECK(tries == 3 + CORES && refused,
	        "if any allocation fails, nothing is watched or leaked");
	fails_at = 1 << 20;
	CHECK(!rm_sim_watch(sim, true) && fails_at == 1 << 20,
	        "a second start has no effect");
	fails_at = -1;
	rm_sim_watch(sim, false);
	CHECK(held == before && !sim->watched,
	        "after watching ended, no memory is held");
	rm_sim_destroy(sim);
}

/* Both the table of sites and that of lines grow at the 65th row. */
static void no_memory_for_rows(void)
{
	struct rm_sim_site *site;
	struct rm_sim_hot_line *line;

	for (long at = 0; at < 6; at++) {
		struct rm_sim *sim = watched();
		bool refused;

		for (int i = 0; i < FIRST_ROOM; i++)
			event(sim, 0, RM_SIM_COLD_MISSES, (uint32_t)i, i);
		fails_at = at;
		event(sim, 0, RM_SIM_COLD_MISSES, FIRST_ROOM, FIRST_ROOM);
		fails_at = 0; /* needed for the table that could not grow */
		rm_sim_watch_loss(rm_sim_core(sim, 1), FIRST_ROOM, false);
		fails_at = -1;
		refused = rm_sim_sites(sim, &site) == -ENOMEM && !site &&
		          rm_sim_hot_lines(sim, &line) == -ENOMEM && !line;
		CHECK(refused, "an incomplete list is not returned");
		rm_sim_watch_reset(sim);
		event(sim, 0, RM_SIM_COLD_MISSES, 5, 5);
		CHECK(rm_sim_sites(sim, &site) == 1 &&
		                site_is(site, 5, 1, 0, 0, 0) &&
		                rm_sim_hot_lines(sim, &line) == 1,
		        "after a reset lists are complete again");
		free(site);
		free(line);
		rm_sim_destroy(sim);
	}
}

static void no_memory_for_lists(void)
{
	struct rm_sim *sim = watched();
	struct rm_sim_site *site;
	struct rm_sim_hot_line *line;

	CHECK(rm_sim_sites(sim, &site) == 0 && !site,
	        "without events the list is empty");
	event(sim, 0, RM_SIM_COLD_MISSES, 5, 5);
	fails_at = 0;
	CHECK(rm_sim_sites(sim, &site) == -ENOMEM && !site,
	        "an allocation failure for a list of sites is reported");
	fails_at = 0;
	CHECK(rm_sim_hot_lines(sim, &line) == -ENOMEM && !line,
	        "an allocation failure for a list of lines is reported");
	CHECK(rm_sim_hot_lines(sim, &line) == 1, "no row is lost after an "
	                                         "allocation failure");
	free(line);
	rm_sim_destroy(sim);
	CHECK(!held, "a destroyed machine holds no memory");
}

int main(void)
{
	kinds();
	losses();
	a_line_has_its_users();
	order();
	many_rows();
	lines_touched();
	no_memory_to_begin();
	no_memory_for_rows();
	no_memory_for_lists();
	return DONE();
}
