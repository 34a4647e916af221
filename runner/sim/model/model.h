/* SPDX-License-Identifier: Apache-2.0 */
/*
 * model.h - simulates a multicore machine: caches, coherence, virtual time.
 *
 * The model runs no code. Its user switches contexts, and calls rm_sim_access()
 * for the running core. If that returns false, or if the core waits or ends,
 * the user switches to the core returned by rm_sim_turn(), rm_sim_wait() or
 * rm_sim_finish(). The model uses one OS thread and has no global state. Counts
 * depend only on the calls, not on host addresses or host time.
 */
#ifndef RM_SIM_MODEL_H
#define RM_SIM_MODEL_H

#include "runner/sim/model/access.h"

struct rm_sim;

#define RM_SIM_FOREVER UINT64_MAX

enum rm_sim_state {
	RM_SIM_IDLE, /* not started, or has ended */
	RM_SIM_READY,
	RM_SIM_WAITING,
};

/*
 * Creates a machine of `cores` (1 .. RM_SIM_CORES_MAX) cores with empty caches
 * over a space of `bytes` (1 .. RM_SIM_SPACE_BYTES). It uses memory of the host
 * for the caches, and one byte for each byte of touched lines. Copies `mach`.
 * Returns 0, or -EINVAL or -ENOMEM with `error`. Release with rm_sim_destroy().
 */
int rm_sim_create(const struct rm_sim_mach *mach, unsigned cores,
        uint64_t bytes, struct rm_sim **sim, struct rm_error *error);
void rm_sim_destroy(struct rm_sim *sim);

const struct rm_sim_mach *rm_sim_machine(const struct rm_sim *sim);
struct rm_sim_core *rm_sim_core(struct rm_sim *sim, unsigned id);

/* --- schedule: cores run in the order of virtual time, then of numbers --- */

/*
 * Makes an idle core ready at time `at`, or at its own clock if that is later.
 * The running core continues until its next event.
 */
void rm_sim_spawn(struct rm_sim *sim, unsigned id, uint64_t at);

/*
 * Selects the core that runs next: the earliest ready core. The running core,
 * if any, remains ready. The first call starts the machine. Returns NULL if no
 * core is ready, because all have finished or the remaining ones are
 * deadlocked.
 */
struct rm_sim_core *rm_sim_turn(struct rm_sim *sim);

/* Like rm_sim_turn(), but the running core ends. It may be spawned again. */
struct rm_sim_core *rm_sim_finish(struct rm_sim *sim);

/*
 * Like rm_sim_turn(), but the running core waits for `futex` (an offset) until
 * a wake or the virtual time `until` (RM_SIM_FOREVER: no timeout). Afterwards,
 * the core's `timed_out` is set. Before the call, the caller compares the word
 * and spends RM_SIM_COST_FUTEX.
 */
struct rm_sim_core *rm_sim_wait(
        struct rm_sim *sim, uint64_t futex, uint64_t until);

/*
 * Wakes up to `most` waiters of `futex`, in the order in which they began to
 * wait. Each becomes ready at the running core's time + RM_SIM_COST_WAKE.
 * Returns their number.
 */
unsigned rm_sim_wake(struct rm_sim *sim, uint64_t futex, unsigned most);

/*
 * Sets a time limit (initially RM_SIM_FOREVER). A core beyond this time is past
 * its deadline, even if no other core is ready. The caller can then check the
 * time.
 */
void rm_sim_set_bound(struct rm_sim *sim, uint64_t bound);

/*
 * True if the running core is past its deadline. Call it before an effect that
 * is not an access, such as comparing a futex or waking. If it returns true,
 * call rm_sim_turn() first.
 */
static inline bool rm_sim_is_late(const struct rm_sim_core *core)
{
	return core->now > core->due;
}

/* --- counts --- */

extern const char *const rm_sim_count_name[RM_SIM_COUNTS];

/* Clears all counts (cores, regions, sites, lines), but not caches and
   clocks. */
void rm_sim_counts_reset(struct rm_sim *sim);

/* Returns the sum of one count over all cores. core->count[which] is the count
   of a single core. */
uint64_t rm_sim_count(const struct rm_sim *sim, enum rm_sim_count which);

/* Returns the latest clock of all cores, minus the latest clock at the last
   reset. */
uint64_t rm_sim_cycles(const struct rm_sim *sim);

/* Returns a hash of all counts and clocks of all cores, in order. */
uint64_t rm_sim_hash(const struct rm_sim *sim);

/* --- named regions of memory: region 0 is "other"; later regions override
   earlier ones --- */

enum { RM_SIM_REGIONS_MAX = 256 };

struct rm_sim_region {
	char name[RM_SIM_NAME_BYTES];
	uint64_t bytes; /* size as registered, including overridden parts */
	uint64_t misses, coherence_misses, false_misses;
	uint64_t invalidations, false_invalidations, upgrades;
};

/*
 * Adds the lines of [offset, offset + bytes) to the region `name`, which may be
 * new. Returns the region's number; -ENOSPC; -EINVAL if the range is not in the
 * space.
 */
int rm_sim_region(
        struct rm_sim *sim, const char *name, uint64_t offset, uint64_t bytes);

/* Returns region `n`, or NULL after the last one. */
const struct rm_sim_region *rm_sim_region_at(
        const struct rm_sim *sim, unsigned n);

/* --- optional: events by program counter and by line, for sim-top --- */

struct rm_sim_site {
	const void *site; /* argument of rm_sim_access() */
	uint64_t misses, coherence_misses, false_misses, upgrades;
	uint64_t invalidations; /* caused by its writes */
};

enum { RM_SIM_LINE_SITES = 4 };

/* A cache line on which events were counted. */
struct rm_sim_hot_line {
	uint32_t line;
	unsigned region;
	uint64_t misses, coherence_misses, false_misses;
	uint64_t invalidations, false_invalidations;
	uint64_t readers[2], writers[2];     /* one bit per core */
	uint64_t read_bytes, written_bytes;  /* one bit per byte */
	const void *site[RM_SIM_LINE_SITES]; /* first sites; NULL: fewer */
	uint64_t site_events[RM_SIM_LINE_SITES];
};

/* Switches the recording of sites and lines on or off. Recording takes time on
   the host, but changes no other count. Returns 0 or -ENOMEM. */
int rm_sim_watch(struct rm_sim *sim, bool on);

/*
 * Starts an operation of the running core. While watched, the number of
 * distinct lines between two calls is added to RM_SIM_OPERATION_LINES.
 */
void rm_sim_operation(struct rm_sim_core *core);

/*
 * Lists sites by descending misses, or lines by descending invalidations, then
 * misses. Equal entries are ordered by site or line. The caller frees `*list`.
 * Returns the number of entries, or -ENOMEM.
 */
long rm_sim_sites(const struct rm_sim *sim, struct rm_sim_site **list);
long rm_sim_hot_lines(const struct rm_sim *sim, struct rm_sim_hot_line **list);

#endif /* RM_SIM_MODEL_H */
