/* SPDX-License-Identifier: Apache-2.0 */
/*
 * internal.h - private header, shared by the model's files. Users include
 * model.h.
 *
 * The tags of the cores and the directory both store which cores hold a line.
 * The test of coherence checks that they agree.
 *
 * Files call each other in one direction: access.c calls coherence.c, both call
 * l1d.c, l2.c and watch.c, and watch.c calls sched.c. model.c and counts.c may
 * call all other files.
 */
#ifndef RM_SIM_INTERNAL_H
#define RM_SIM_INTERNAL_H

#include "runner/sim/model/model.h"

#include <string.h>
#include <sys/mman.h>

enum { RM_SIM_WORDS = RM_SIM_CORES_MAX / 64 };

/*
 * Directory entry of a memory line. It takes one cache line of the host, and
 * has three bits per core. If `holds` is set, the core's L1d or L2 has the
 * line. If not, `lost` and `mark` mean:
 *   00 it never had the line    01 it evicted the line
 *   10 lost to a write of used bytes    11 lost to a write of unused bytes
 */
struct rm_sim_entry {
	_Alignas(64) uint64_t holds[RM_SIM_WORDS];
	uint64_t lost[RM_SIM_WORDS];
	uint64_t mark[RM_SIM_WORDS];
	uint64_t busy;  /* the line is in transit until this time */
	uint16_t owner; /* core + 1 of the only holder (E or M), or 0 */
};
_Static_assert(sizeof(struct rm_sim_entry) == 64, "one line of the host");

/* Node of a tournament tree: the two earliest cores below it. */
struct rm_sim_node {
	uint64_t first, second; /* time << 7 | core */
};
_Static_assert(RM_SIM_CORES_MAX <= 1 << 7, "a key must hold the core");

struct rm_sim_watched;

struct rm_sim {
	struct rm_sim_mach mach;
	uint32_t cost[RM_SIM_COSTS]; /* copied from mach, to be adjacent */
	unsigned cores;
	uint32_t lines;
	uint32_t l1d_mask, l1d_ways;
	uint32_t l2_mask, l2_stride; /* l2_stride: in words */
	uint32_t llc_mask, llc_stride;
	uint32_t *llc;                  /* NULL: no LLC */
	struct rm_sim_entry *dir;       /* one entry per line */
	uint8_t *region_of;             /* one number per line */
	struct rm_sim_watched *watched; /* NULL: recording is off */
	char *core_bytes;
	size_t core_stride;
	uint64_t soft;               /* valid while cores are watched, too */
	uint64_t bound;              /* see rm_sim_set_bound() */
	struct rm_sim_core *running; /* NULL before the first turn */
	struct rm_sim_node *node;    /* 2 x cores nodes; node[1] is the root */
	unsigned waiting;            /* cores, with and without a timeout */
	uint64_t ticket;
	uint64_t futex[RM_SIM_CORES_MAX], until[RM_SIM_CORES_MAX];
	uint64_t queued[RM_SIM_CORES_MAX]; /* number of each waiting core */
	uint64_t started;                  /* latest clock at the last reset */
	unsigned regions;
	struct rm_sim_region region[RM_SIM_REGIONS_MAX];
};

static inline struct rm_sim_core *rm_sim_core_at(
        const struct rm_sim *sim, unsigned id)
{
	return (struct rm_sim_core *)(sim->core_bytes + sim->core_stride * id);
}

static inline bool rm_sim_bit(const uint64_t *words, unsigned id)
{
	return words[id / 64] >> (id % 64) & 1;
}

static inline void rm_sim_bit_set(uint64_t *words, unsigned id, bool value)
{
	uint64_t bit = UINT64_C(1) << (id % 64);

	words[id / 64] = value ? words[id / 64] | bit : words[id / 64] & ~bit;
}

/* Returns zeroed memory, or NULL. The host allocates it at first use. */
static inline void *rm_sim_sparse(size_t bytes)
{
	void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
	        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return memory == MAP_FAILED ? NULL : memory;
}

/*
 * Tags of a set, which are compared without branches. The sets of L2 and LLC
 * are ordered by last use. The last entry is the least recently used, so no
 * stamps are stored and no victim is searched.
 */
typedef uint32_t rm_sim_tags __attribute__((vector_size(16), may_alias));

/* Returns the number of words for the tags of `ways` ways, including the
   padding with empty tags. */
static inline unsigned rm_sim_padded(unsigned ways)
{
	return (ways + 3) & ~3U;
}

/*
 * Returns the position of the line + 1, or 0. `tags` has `padded` words and is
 * aligned to 16 bytes. All tags are compared, with vector instructions, since a
 * branch on the position would be mispredicted.
 */
static inline unsigned rm_sim_find(
        const uint32_t *tags, unsigned padded, uint32_t line)
{
	const rm_sim_tags *four = (const rm_sim_tags *)tags;
	rm_sim_tags wanted = { line, line, line, line };
	rm_sim_tags number = { 1, 2, 3, 4 }, found = { 0, 0, 0, 0 };

	for (unsigned i = 0; i < padded / 4; i++, number += 4)
		found |= (rm_sim_tags)(((four[i] ^ wanted) &
		                               RM_SIM_LINE_MASK) == 0) &
		         number;
	return found[0] | found[1] | found[2] | found[3];
}

/* Moves `tag` to the front; overwrites the entry at position `at`. */
static inline void rm_sim_set_first(uint32_t *tags, unsigned at, uint32_t tag)
{
	memmove(tags + 1, tags, at * sizeof(*tags));
	tags[0] = tag;
}

/* Removes the entry at position `at`; the last position becomes empty. */
static inline void rm_sim_set_take(uint32_t *tags, unsigned ways, unsigned at)
{
	memmove(tags + at, tags + at + 1, (ways - at - 1) * sizeof(*tags));
	tags[ways - 1] = RM_SIM_EMPTY;
}

/* l1d.c */

/* Empties all ways. */
void rm_sim_l1d_empty(struct rm_sim_core *core);

/* Returns the line's tag, or NULL. */
uint32_t *rm_sim_l1d_peek(struct rm_sim_core *core, uint32_t line);

/* Moves the line with tag `at` to the front and returns the front. */
struct rm_sim_slot *rm_sim_l1d_touch(
        struct rm_sim_core *core, uint32_t line, const uint32_t *at);

/* Makes an empty slot at the front of the set of `line`. `*out` receives the
   evicted slot (tag RM_SIM_EMPTY: none). */
struct rm_sim_slot *rm_sim_l1d_make_room(
        struct rm_sim_core *core, uint32_t line, struct rm_sim_slot *out);

/* Removes the line with tag `at`, and adds its used bytes to `*used`. */
void rm_sim_l1d_drop(
        struct rm_sim_core *core, uint32_t line, uint32_t *at, uint64_t *used);

/* l2.c: only used if the machine has an L2 */

/* Returns the line's tag, or NULL. */
uint32_t *rm_sim_l2_peek(struct rm_sim_core *core, uint32_t line);

/* Moves the line's tag to the front and returns it, or NULL. */
uint32_t *rm_sim_l2_touch(struct rm_sim_core *core, uint32_t line);

/* Removes the line, and adds its used bytes to `*used`. Returns its tag, or
   RM_SIM_EMPTY. */
uint32_t rm_sim_l2_take(
        struct rm_sim_core *core, uint32_t line, uint64_t *used);

/* Adds a line that is not present. Returns the evicted tag, or RM_SIM_EMPTY. */
uint32_t rm_sim_l2_put(struct rm_sim_core *core, uint32_t tag, uint64_t used);

/* Adds state and used bytes to a line that is present. */
void rm_sim_l2_merge(struct rm_sim_core *core, uint32_t tag, uint64_t used);

/* coherence.c */

/* Makes a line exclusive that `core` holds as shared. Advances virtual time. */
void rm_sim_upgrade(struct rm_sim_core *core, uint32_t line, uint64_t bytes,
        const void *site);

/* Copies a missing line to `core`, and advances virtual time. Returns the state
   bits of its tag. */
uint32_t rm_sim_fetch(struct rm_sim_core *core, uint32_t line, uint64_t bytes,
        bool writes, const void *site);

/* Records that the line has been evicted from all caches of `core`. */
void rm_sim_note_eviction(struct rm_sim_core *core, uint32_t tag);

/* watch.c */

/* Records event `which` of `core` for a line and a site. */
void rm_sim_watch_event(struct rm_sim_core *core, enum rm_sim_count which,
        uint32_t line, uint64_t bytes, bool writes, const void *site);

/* Records that `core` lost a line to the write of the previous event. */
void rm_sim_watch_loss(struct rm_sim_core *core, uint32_t line, bool untouched);

/* Records an access of a watched core, before the access happens. */
void rm_sim_watch_access(struct rm_sim_core *core, uint32_t line);

/* Clear or free the records. */
void rm_sim_watch_reset(struct rm_sim *sim);
void rm_sim_watch_free(struct rm_sim *sim);

/* sched.c: sets the limits of `core`. It runs until `due`, when another core is
   earlier, or until the bound. */
void rm_sim_limit(struct rm_sim_core *core, uint64_t due);

#endif /* RM_SIM_INTERNAL_H */
