/* SPDX-License-Identifier: Apache-2.0 */
/*
 * model.h - the simulated multicore: caches, coherence, virtual time.
 *
 * The model runs no code. Its user switches contexts: it calls rm_sim_access()
 * for the running core, and where that answers false, or the core waits or
 * ends, it switches to the core that rm_sim_turn(), rm_sim_wait() or
 * rm_sim_finish() returns. One OS thread; no global state; nothing depends on
 * host addresses or host time: same calls, same counts.
 */
#ifndef RM_SIM_MODEL_H
#define RM_SIM_MODEL_H

#include "runner/sim/model/access.h"

struct rm_sim;

#define RM_SIM_FOREVER UINT64_MAX

enum rm_sim_state {
	RM_SIM_IDLE, /* never started, or finished */
	RM_SIM_READY,
	RM_SIM_WAITING,
};

/*
 * A machine of `cores` (1 .. RM_SIM_CORES_MAX) cold cores over a space of
 * `bytes` (1 .. RM_SIM_SPACE_BYTES); host memory is taken as lines are
 * touched: one byte in each byte of lines touched, and the caches. `mach` is
 * copied. 0; -EINVAL or -ENOMEM with `error`. Free with rm_sim_destroy().
 */
int rm_sim_create(const struct rm_sim_mach *mach, unsigned cores,
        uint64_t bytes, struct rm_sim **sim, struct rm_error *error);
void rm_sim_destroy(struct rm_sim *sim);

const struct rm_sim_mach *rm_sim_machine(const struct rm_sim *sim);
struct rm_sim_core *rm_sim_core(struct rm_sim *sim, unsigned id);

/* --- who runs: virtual-time order, ties by id --- */

/*
 * Makes an idle core ready at time `at` (or its own clock, if that is later).
 * It does not run yet; a running core goes on until its next event.
 */
void rm_sim_spawn(struct rm_sim *sim, unsigned id, uint64_t at);

/*
 * The core that runs next: the earliest ready one; the running core, if any,
 * stays ready. First call: starts. NULL: no core is ready; then either all
 * have finished, or some wait and that is a deadlock.
 */
struct rm_sim_core *rm_sim_turn(struct rm_sim *sim);

/* The same, and the running core has finished: it may be spawned again. */
struct rm_sim_core *rm_sim_finish(struct rm_sim *sim);

/*
 * The same, and the running core waits for `futex` (any number: an offset)
 * until a wake, or until the virtual time `until` (RM_SIM_FOREVER: only a
 * wake); afterwards its `timed_out` says which. The caller compared the word
 * and spent RM_SIM_COST_FUTEX before.
 */
struct rm_sim_core *rm_sim_wait(
        struct rm_sim *sim, uint64_t futex, uint64_t until);

/*
 * Wakes up to `most` of those that wait for `futex`, longest wait first; each
 * is ready at the running core's time + RM_SIM_COST_WAKE. Returns how many.
 */
unsigned rm_sim_wake(struct rm_sim *sim, uint64_t futex, unsigned most);

/*
 * Beyond this time (RM_SIM_FOREVER at first) a core is past its deadline even
 * where no other one is ready: whoever gives it turns sees that time is up.
 */
void rm_sim_bound(struct rm_sim *sim, uint64_t bound);

/*
 * Whether the running core is past its deadline: ask before an effect that is
 * no access (a futex's compare or wake), and take a turn first if so.
 */
static inline bool rm_sim_late(const struct rm_sim_core *core)
{
	return core->now > core->due;
}

/* --- counts --- */

extern const char *const rm_sim_count_name[RM_SIM_COUNTS];

/* Zeroes all counts (cores, regions, sites, lines); caches and clocks stay. */
void rm_sim_counts_reset(struct rm_sim *sim);

/* Adds up one count over all cores; one core's is core->count[which]. */
uint64_t rm_sim_count(const struct rm_sim *sim, enum rm_sim_count which);

/* Latest clock of all cores, since the reset at the latest clock then. */
uint64_t rm_sim_cycles(const struct rm_sim *sim);

/* 64 bits over all counts and clocks of all cores, in order. */
uint64_t rm_sim_hash(const struct rm_sim *sim);

/* --- named regions of memory: 0 is "other", later ones overlay --- */

enum { RM_SIM_REGIONS_MAX = 256 };

struct rm_sim_region {
	char name[RM_SIM_NAME_BYTES];
	uint64_t bytes; /* as registered, overlays not subtracted */
	uint64_t misses, coherence_misses, false_misses;
	uint64_t invalidations, false_invalidations, upgrades;
};

/*
 * Names the lines of [offset, offset + bytes); the same name again adds to
 * that region. Returns its number, or -ENOSPC, or -EINVAL beyond the space.
 */
int rm_sim_region(
        struct rm_sim *sim, const char *name, uint64_t offset, uint64_t bytes);

/* Region `n`, or NULL: there are no more. */
const struct rm_sim_region *rm_sim_region_at(
        const struct rm_sim *sim, unsigned n);

/* --- optional: program counters and lines, for sim-top --- */

struct rm_sim_site {
	const void *site; /* as given to rm_sim_access() */
	uint64_t misses, coherence_misses, false_misses, upgrades;
	uint64_t invalidations; /* that its writes caused */
};

enum { RM_SIM_LINE_SITES = 4 };

/* One line of memory that cores took from each other. */
struct rm_sim_hot_line {
	uint32_t line;
	unsigned region;
	uint64_t misses, coherence_misses, false_misses;
	uint64_t invalidations, false_invalidations;
	uint64_t readers[2], writers[2];     /* bit per core, of events only */
	uint64_t read_bytes, written_bytes;  /* the same, bit per byte */
	const void *site[RM_SIM_LINE_SITES]; /* first ones seen, or NULL */
	uint64_t site_events[RM_SIM_LINE_SITES];
};

/* Turns both on (they cost time, and change no other count) or off. 0 or
   -ENOMEM. */
int rm_sim_watch(struct rm_sim *sim, bool on);

/*
 * The running core begins another operation. While watched, the distinct lines
 * it touches between two such calls are added to RM_SIM_OPERATION_LINES.
 */
void rm_sim_operation(struct rm_sim_core *core);

/*
 * The sites by misses, the lines by invalidations and then by misses, most
 * first, ties by site or line. `*list` is the caller's: free() it. Returns the
 * number, or -ENOMEM.
 */
long rm_sim_sites(const struct rm_sim *sim, struct rm_sim_site **list);
long rm_sim_hot_lines(const struct rm_sim *sim, struct rm_sim_hot_line **list);

#endif /* RM_SIM_MODEL_H */
