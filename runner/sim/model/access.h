/* SPDX-License-Identifier: Apache-2.0 */
/*
 * access.h - one access of a simulated core: the part that must be fast.
 *
 * Addresses are offsets into one simulated space (arena, globals and the rest,
 * laid out by the caller); a line is offset / 64. A hit of the most recently
 * used line of its set is decided here, all else in access.c.
 */
#ifndef RM_SIM_ACCESS_H
#define RM_SIM_ACCESS_H

#include "runner/sim/sim.h"

/*
 * A tag is a line number with two bits of its state above. Whoever lays out
 * the space asserts that its end is at most RM_SIM_SPACE_BYTES: a line that
 * overflowed its tag would always miss and spoil another set.
 */
#define RM_SIM_LINE_BITS 28
#define RM_SIM_LINE_MASK ((UINT32_C(1) << RM_SIM_LINE_BITS) - 1)
#define RM_SIM_EMPTY     RM_SIM_LINE_MASK /* the one line that cannot be */
#define RM_SIM_OWNED     (UINT32_C(1) << RM_SIM_LINE_BITS) /* E or M */
#define RM_SIM_DIRTY     (UINT32_C(2) << RM_SIM_LINE_BITS) /* M, with OWNED */
#define RM_SIM_MODIFIED  (RM_SIM_OWNED | RM_SIM_DIRTY)
#define RM_SIM_SPACE_BYTES \
	((uint64_t)RM_SIM_LINE_MASK * RM_SIM_LINE_BYTES) /* just below 16 GiB */
_Static_assert(RM_SIM_LINE_BITS + 2 <= 32, "a tag holds line and state");

/* What is counted, per core. Names: rm_sim_count_name. */
enum rm_sim_count {
	/* in the line of the host that a hit needs */
	RM_SIM_LOADS,   /* instrumented loads, atomic ones included */
	RM_SIM_STORES,  /* the same; a read-modify-write is one */
	RM_SIM_ATOMICS, /* atomic accesses of every kind */
	RM_SIM_RMWS,    /* atomic read-modify-writes */
	/* in the next one: counted most after those */
	RM_SIM_TURNS,       /* times this core was switched to */
	RM_SIM_LOAD_MISSES, /* L1d misses of loads ... */
	RM_SIM_STORE_MISSES, /* ... and of stores; both = cold, capacity, coherence */
	RM_SIM_CAPACITY_MISSES,     /* replaced here: capacity or conflict */
	RM_SIM_COHERENCE_MISSES,    /* another core's write took it away */
	RM_SIM_REPLACEMENTS,        /* lines put out of L1d for another one */
	RM_SIM_L2_MISSES,           /* left the core; all, without an L2 */
	RM_SIM_TRANSFERS_MODIFIED,  /* line came from a core that wrote it */
	RM_SIM_INVALIDATIONS,       /* lines lost to another core's write ... */
	RM_SIM_FALSE_INVALIDATIONS, /* ... of bytes this core did not use */
	RM_SIM_TRUE_INVALIDATIONS,  /* ... of bytes it did use */
	RM_SIM_UPGRADES,            /* shared line held, made writable */
	RM_SIM_TRANSFERS_CLEAN,     /* from a core that had it unwritten */
	RM_SIM_COLD_MISSES,         /* this core never had the line */
	RM_SIM_FALSE_MISSES, /* coherence misses for bytes not used here */
	RM_SIM_LLC_MISSES,   /* came from memory */
	RM_SIM_WRITEBACKS,   /* modified lines that left the core's caches */
	RM_SIM_WAIT_CYCLES,  /* waited for a busy line */
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
	RM_SIM_RMW, /* also a compare-and-swap that fails */
};

/* One line in a cache. */
struct rm_sim_slot {
	uint32_t tag;   /* RM_SIM_EMPTY: none */
	uint32_t order; /* LRU: when it came to the front; PLRU: its way */
	uint64_t used;  /* bytes this core touched since the line came to it */
};

/*
 * A virtual core, by lines of the host: what a slow access needs, what a hit
 * needs, what else is counted. Callers read `id`, `now`, `count` and
 * `timed_out`, and add to `now` by rm_sim_spend(); the rest belongs to the
 * model.
 */
struct rm_sim_core {
	struct rm_sim *sim;
	uint32_t *rest;    /* the other ways, see l1d.c */
	uint64_t due;      /* deadline, also while lines are watched */
	uint32_t *trees;   /* PLRU: one per set of L1d */
	uint32_t *l2;      /* sets, see l2.c */
	uint64_t *l2_used; /* their used bytes */
	uint32_t tick;     /* stamps for `order` */
	uint32_t rmw_cycles;
	uint8_t id;
	uint8_t state;  /* enum rm_sim_state */
	bool rmw_loads; /* a read-modify-write is a load, too */
	uint8_t after;  /* core that most likely runs next: may be fetched */
	bool timed_out; /* the last rm_sim_wait() ended by its time */

	_Alignas(64) uint64_t now; /* virtual clock, cycles */
	uint64_t soft;     /* past it a plain hit lets another core go first */
	uint64_t deadline; /* past it an event (miss, upgrade, atomic) does */
	uint32_t set_mask;
	uint32_t hit_cycles;
	uint64_t count[RM_SIM_COUNTS];

	/* most recently used line of each set of L1d */
	_Alignas(64) struct rm_sim_slot front[];
};

static inline bool rm_sim_writes(enum rm_sim_kind kind)
{
	return kind == RM_SIM_STORE || kind == RM_SIM_ATOMIC_STORE ||
	       kind == RM_SIM_RMW;
}

/* Bits of the `size` bytes at `offset`: 1 .. 64, all in one line. */
static inline uint64_t rm_sim_bytes(uint64_t offset, unsigned size)
{
	return (~UINT64_C(0) >> (64 - size)) << (offset % RM_SIM_LINE_BYTES);
}

/* Lets virtual time pass on `core` (the running one). */
static inline void rm_sim_spend(struct rm_sim_core *core, uint64_t cycles)
{
	core->now += cycles;
}

/*
 * The quick part of rm_sim_access(): true where the access is a hit at the
 * front of its set, made in time; it is done then. False: nothing happened.
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
 * Any access; also one that rm_sim_hit() did not make. `kind` need not be a
 * constant. `site` is the program counter that is charged, where sites are
 * counted.
 *
 * True: done, the program's own access comes next, at once. False: nothing
 * happened yet and another core is earlier: switch to rm_sim_turn(), and when
 * this core runs again, call again with the same arguments.
 */
bool rm_sim_access_slow(struct rm_sim_core *core, uint32_t line, uint64_t bytes,
        enum rm_sim_kind kind, const void *site);

/*
 * One access to `bytes` of `line` by the running core; call it just before the
 * program does the access. `kind` is a constant. Answers as
 * rm_sim_access_slow().
 */
__attribute__((always_inline)) static inline bool rm_sim_access(
        struct rm_sim_core *core, uint32_t line, uint64_t bytes,
        enum rm_sim_kind kind, const void *site)
{
	return rm_sim_hit(core, line, bytes, kind) ||
	       rm_sim_access_slow(core, line, bytes, kind, site);
}

#endif /* RM_SIM_ACCESS_H */
