/* SPDX-License-Identifier: Apache-2.0 */
/*
 * access.h - the fast path of a simulated core's access.
 *
 * Addresses are offsets into one simulated space (heap, stacks, globals), whose
 * layout the caller chooses. A line is offset / 64. This file handles hits of
 * the most recently used line of a set; access.c handles all other accesses.
 */
#ifndef RM_SIM_ACCESS_H
#define RM_SIM_ACCESS_H

#include "runner/sim/sim.h"

/*
 * A tag is a line number and, above it, two state bits. The space must end at
 * RM_SIM_SPACE_BYTES or earlier, since a line that overflowed its tag would
 * always miss and corrupt another set.
 */
#define RM_SIM_LINE_BITS 28
#define RM_SIM_LINE_MASK ((UINT32_C(1) << RM_SIM_LINE_BITS) - 1)
#define RM_SIM_EMPTY     RM_SIM_LINE_MASK /* not a valid line */
#define RM_SIM_OWNED     (UINT32_C(1) << RM_SIM_LINE_BITS) /* state E or M */
#define RM_SIM_DIRTY     (UINT32_C(2) << RM_SIM_LINE_BITS) /* M, with OWNED */
#define RM_SIM_MODIFIED  (RM_SIM_OWNED | RM_SIM_DIRTY)
#define RM_SIM_SPACE_BYTES \
	((uint64_t)RM_SIM_LINE_MASK * RM_SIM_LINE_BYTES) /* almost 16 GiB */
_Static_assert(RM_SIM_LINE_BITS + 2 <= 32, "a tag must hold line and state");

/* Counts of a core. Their names are in rm_sim_count_name. */
enum rm_sim_count {
	/* counts in the cache line of the host that each hit uses */
	RM_SIM_LOADS,   /* instrumented loads, including atomic ones */
	RM_SIM_STORES,  /* instrumented stores, including read-modify-writes */
	RM_SIM_ATOMICS, /* atomic accesses of every kind */
	RM_SIM_RMWS,    /* atomic read-modify-writes */
	/* the next most frequent counts, in the next cache line */
	RM_SIM_TURNS,            /* switches to this core */
	RM_SIM_LOAD_MISSES,      /* L1d misses of loads */
	RM_SIM_STORE_MISSES,     /* L1d misses of stores */
	RM_SIM_CAPACITY_MISSES,  /* line had been evicted */
	RM_SIM_COHERENCE_MISSES, /* another core's write had removed the line */
	RM_SIM_REPLACEMENTS,     /* lines evicted from L1d */
	RM_SIM_L2_MISSES,        /* lines that left the core (no L2: L1d) */
	RM_SIM_TRANSFERS_MODIFIED,  /* from a core that had modified the line */
	RM_SIM_INVALIDATIONS,       /* lines lost to another core's write */
	RM_SIM_FALSE_INVALIDATIONS, /* invalidations by a write of bytes that
	                               this core had not used */
	RM_SIM_TRUE_INVALIDATIONS,  /* invalidations by a write of bytes that
	                               this core had used */
	RM_SIM_UPGRADES,            /* shared lines that became writable */
	RM_SIM_TRANSFERS_CLEAN,     /* from a core with an unmodified line */
	RM_SIM_COLD_MISSES,         /* first use of a line by this core */
	RM_SIM_FALSE_MISSES, /* coherence misses on bytes that this core had not
	                        used */
	RM_SIM_LLC_MISSES,   /* lines from memory */
	RM_SIM_WRITEBACKS,   /* modified lines that left the core's caches */
	RM_SIM_WAIT_CYCLES,  /* cycles in which cores waited for a busy line */
	RM_SIM_FUTEX_WAITS,
	RM_SIM_FUTEX_WAKES,
	RM_SIM_OPERATION_LINES, /* see rm_sim_operation() */
	RM_SIM_COUNTS,
};

enum rm_sim_kind {
	RM_SIM_LOAD,
	RM_SIM_STORE,
	RM_SIM_ATOMIC_LOAD,
	RM_SIM_ATOMIC_STORE,
	RM_SIM_RMW, /* includes failed compare-and-swaps */
};

/* One line in a cache. */
struct rm_sim_slot {
	uint32_t tag;   /* RM_SIM_EMPTY: no line */
	uint32_t order; /* LRU: stamp of its last use; PLRU: its way */
	uint64_t used;  /* bytes that the core has used since then */
};

/*
 * A virtual core. Members are grouped by cache lines of the host: those for
 * slow accesses, those for hits, and other counts. Callers may read `id`,
 * `now`, `count` and `timed_out`, and change `now` with rm_sim_spend(). All
 * other members are private to the model.
 */
struct rm_sim_core {
	struct rm_sim *sim;
	uint32_t *rest;    /* the other ways of L1d, see l1d.c */
	uint64_t due;      /* `deadline`, but valid while watched, too */
	uint32_t *trees;   /* PLRU: one tree per set of L1d */
	uint32_t *l2;      /* sets of L2, see l2.c */
	uint64_t *l2_used; /* used bytes of the lines in L2 */
	uint32_t tick;     /* last stamp given to `order` */
	uint32_t rmw_cycles;
	uint8_t id;
	uint8_t state;  /* enum rm_sim_state */
	bool rmw_loads; /* true: a read-modify-write also counts as a load */
	uint8_t after;  /* core that will probably run next, for prefetching */
	bool timed_out; /* the last rm_sim_wait() timed out */

	_Alignas(64) uint64_t now; /* virtual clock, in cycles */
	uint64_t soft;     /* a plain hit at a later time must let another core
	                      run first */
	uint64_t deadline; /* a miss, upgrade or atomic access at a later time
	                    * must let another core run first */
	uint32_t set_mask;
	uint32_t hit_cycles;
	uint64_t count[RM_SIM_COUNTS];

	/* the front (most recently used line) of each L1d set */
	_Alignas(64) struct rm_sim_slot front[];
};

static inline bool rm_sim_writes(enum rm_sim_kind kind)
{
	return kind == RM_SIM_STORE || kind == RM_SIM_ATOMIC_STORE ||
	       kind == RM_SIM_RMW;
}

/* Returns the mask of `size` bytes (1 .. 64) at `offset`. All of them are in
   one line. */
static inline uint64_t rm_sim_bytes(uint64_t offset, unsigned size)
{
	return (~UINT64_C(0) >> (64 - size)) << (offset % RM_SIM_LINE_BYTES);
}

/* Advances the running core's virtual time. */
static inline void rm_sim_spend(struct rm_sim_core *core, uint64_t cycles)
{
	core->now += cycles;
}

/*
 * The fast path of rm_sim_access(). Returns true if the access hit the front of
 * its set before the deadline; the access is then complete. Returns false if
 * nothing was changed.
 */
__attribute__((always_inline)) static inline bool rm_sim_hit(
        struct rm_sim_core *core, uint32_t line, uint64_t bytes,
        enum rm_sim_kind kind)
{
	struct rm_sim_slot *slot = &core->front[line & core->set_mask];
	bool writes = rm_sim_writes(kind);
	bool atomic = kind >= RM_SIM_ATOMIC_LOAD;
	bool hit = writes ? slot->tag == (line | RM_SIM_MODIFIED)
	                  : ((slot->tag ^ line) & RM_SIM_LINE_MASK) == 0;

	if (__builtin_expect(
	            !hit || core->now > (atomic ? core->deadline : core->soft),
	            0))
		return false;
	slot->used |= bytes;
	core->now += core->hit_cycles;
	core->count[writes ? RM_SIM_STORES : RM_SIM_LOADS]++;
	if (atomic)
		core->count[RM_SIM_ATOMICS]++;
	if (kind == RM_SIM_RMW) {
		core->count[RM_SIM_RMWS]++;
		core->count[RM_SIM_LOADS] += core->rmw_loads;
		core->now += core->rmw_cycles;
	}
	return true;
}

/*
 * Simulates any access that rm_sim_hit() did not complete. `kind` need not be a
 * constant. `site` is the program counter to which events are attributed.
 *
 * Returns true if the access is complete; the program must then execute it
 * immediately. Returns false if nothing has changed because another core is
 * earlier. The caller must then switch to the core of rm_sim_turn(), and repeat
 * the call when this core runs again.
 */
bool rm_sim_access_slow(struct rm_sim_core *core, uint32_t line, uint64_t bytes,
        enum rm_sim_kind kind, const void *site);

/*
 * Simulates one access by the running core to `bytes` of `line`. Call it
 * directly before the program executes the access. `kind` must be a constant.
 * Returns the same as rm_sim_access_slow().
 */
__attribute__((always_inline)) static inline bool rm_sim_access(
        struct rm_sim_core *core, uint32_t line, uint64_t bytes,
        enum rm_sim_kind kind, const void *site)
{
	return rm_sim_hit(core, line, bytes, kind) ||
	       rm_sim_access_slow(core, line, bytes, kind, site);
}

#endif /* RM_SIM_ACCESS_H */
