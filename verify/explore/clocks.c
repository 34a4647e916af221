/* SPDX-License-Identifier: Apache-2.0 */
/*
 * clocks.c - vector clocks and data races.
 *
 * For each 8 bytes that two lanes can see there is a cell. It stores each
 * lane's last read and last write: the bytes, the time by that lane's own
 * clock, and the place in the code. A lane's clock advances when the lane
 * releases. So an access of another lane is ordered before now if the running
 * lane's clock for that lane has reached the time of the access. Only one
 * access per lane and kind is kept: an older race may be missed, but no false
 * one is reported.
 *
 * Memory other than the heap, globals and stacks is ignored, and so are a
 * lane's accesses to its own stack.
 */
#include "verify/explore/clocks.h"
#include "verify/explore/heap.h"
#include "verify/explore/world.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum {
	MASK = 0xff, /* the accessed bytes, one bit for each of 8 */
	IS_ATOMIC = 0x100,
	OBJECT = 4, /* size of a spinlock, the smallest lock, in bytes */
	STACKS_BYTES = RM_EXPLORE_LANES * (RM_SIM_STACK_BYTES + 4096),
	KEPT_FIRST = 256,
	SYNCS_FIRST = 256,
};

#define NO_CELL UINT64_MAX

#define SPAN (RM_EXPLORE_HEAP_BYTES + STACKS_BYTES + RM_SIM_GLOBALS_BYTES)

struct last {
	uint32_t time; /* time on the lane's own clock; 0: never */
	uint32_t site; /* address in the program's code */
	uint16_t how;  /* MASK and IS_ATOMIC */
};

struct cell {
	uint32_t number; /* the run to which the cell belongs */
	uint32_t sync;   /* number of its first sync, from 1; 0: none */
	/* number of its first place under a memory model, from 1; 0: none
	   (memory.h) */
	uint32_t place;
	/* bits of the lanes that read and wrote it, and of those whose last such
	   access was plain; the items of other lanes are not set */
	uint8_t read, wrote, plain_read, plain_wrote;
	struct {
		struct last read, write;
	} lane[RM_EXPLORE_LANES];
};

/* An object by which lanes synchronise. It consists of some bytes of a cell; a
   cell may contain several objects. */
struct sync {
	struct rm_explore_clock clock;
	uint32_t next; /* the next one of this cell; 0: none */
	unsigned mask;
};

struct kept {
	uint64_t *at;
	uint64_t value;
};

static struct {
	struct rm_explore_clock lane[RM_EXPLORE_LANES];
	struct rm_explore_clock
	        /* clock to be acquired at the next acquire fence */
	        acquired[RM_EXPLORE_LANES];
	struct rm_explore_clock
	        /* clock at the last release fence */
	        released[RM_EXPLORE_LANES];
	struct sync *sync; /* items 1 .. syncs */
	uint32_t syncs, sync_room;
	struct cell *cell; /* SPAN / 8 items, paged in on first use */
	uintptr_t stacks, image;
	struct kept *kept;
	size_t kept_count, kept_room;
} clocks;

int rm_explore_clocks_open(struct rm_error *error)
{
	void *cell = mmap(NULL, SPAN / RM_EXPLORE_GRANULE * sizeof(struct cell),
	        PROT_READ | PROT_WRITE,
	        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	clocks.cell = cell;
	clocks.sync_room = SYNCS_FIRST;
	clocks.sync = malloc(clocks.sync_room * sizeof(*clocks.sync));
	clocks.kept_room = KEPT_FIRST;
	clocks.kept = malloc(clocks.kept_room * sizeof(*clocks.kept));
	clocks.stacks = RM_SIM_BASE + RM_SIM_STACKS_AT;
	rm_explore_clocks_choose(&clocks);
	if (cell == MAP_FAILED || !clocks.sync || !clocks.kept)
		return rm_error_set(error, -ENOMEM, "no memory for the clocks");
	return 0;
}

/* The first byte of the image: the address of any byte minus its offset. */
void rm_explore_clocks_choose(const void *address)
{
	clocks.image = (uintptr_t)address - rm_sim_space_image(address);
}

void rm_explore_clocks_reset(void)
{
	memset(clocks.lane, 0, sizeof(clocks.lane));
	memset(clocks.acquired, 0, sizeof(clocks.acquired));
	memset(clocks.released, 0, sizeof(clocks.released));
	clocks.lane[0].at[0] = 1;
	clocks.syncs = 0;
}

void rm_explore_clocks_fork(unsigned id)
{
	clocks.lane[id] = clocks.lane[0];
	clocks.lane[id].at[id] = 1;
}

/* Returns the number of the cell of a byte outside of the heap, or NO_CELL for
   untracked memory. */
static __attribute__((noinline)) uint64_t outer_cell(uintptr_t address)
{
	uint64_t offset = rm_sim_space_image((const void *)address);

	if (address - clocks.stacks < STACKS_BYTES)
		offset = address - clocks.stacks;
	else if (offset)
		offset += STACKS_BYTES;
	else
		return NO_CELL;
	return (RM_EXPLORE_HEAP_BYTES + offset) / RM_EXPLORE_GRANULE;
}

/* Returns the cell of a byte, which is reset once per schedule; NULL for
   untracked memory. */
static inline struct cell *cell_of(uintptr_t address)
{
	const uint64_t offset = address - rm_explore_heap;
	uint64_t i = offset / RM_EXPLORE_GRANULE;
	struct cell *cell;

	if (__builtin_expect(offset >= RM_EXPLORE_HEAP_BYTES, 0) &&
	        (i = outer_cell(address)) == NO_CELL)
		return NULL;
	cell = &clocks.cell[i];
	if (cell->number != rm_explore.number) {
		cell->number = rm_explore.number;
		cell->sync = cell->place = 0;
		cell->read = cell->wrote = 0;
		cell->plain_read = cell->plain_wrote = 0;
	}
	return cell;
}

void rm_explore_clock_join(
        struct rm_explore_clock *to, const struct rm_explore_clock *from)
{
	for (unsigned i = 0; i < RM_EXPLORE_LANES; i++)
		to->at[i] = from->at[i] > to->at[i] ? from->at[i] : to->at[i];
}

/* Mask of the bytes of an access that lie in its first cell. */
static unsigned mask_of(uintptr_t address, unsigned bytes)
{
	const unsigned at = address % RM_EXPLORE_GRANULE;

	return bytes < RM_EXPLORE_GRANULE ? ((1U << bytes) - 1) << at & MASK
	                                  : MASK << at & MASK;
}

static uint32_t add_sync(struct cell *cell, unsigned mask)
{
	if (++clocks.syncs == clocks.sync_room) {
		clocks.sync = rm_explore_realloc(clocks.sync,
		        2 * clocks.sync_room * sizeof(*clocks.sync));
		clocks.sync_room *= 2;
	}
	clocks.sync[clocks.syncs] =
	        (struct sync){ .next = cell->sync, .mask = mask };
	return cell->sync = clocks.syncs;
}

/* Returns the clock of the object with these bytes; creates it if it is
 * missing. */
static struct rm_explore_clock *sync_of(struct cell *cell, unsigned mask)
{
	uint32_t i = cell->sync;

	while (i && clocks.sync[i].mask != mask)
		i = clocks.sync[i].next;
	if (!i)
		i = add_sync(cell, mask); /* creating it may move the array */
	return &clocks.sync[i].clock;
}

/* Like sync_of(), for a store, which replaces all objects that it covers. */
static struct rm_explore_clock *sync_anew(struct cell *cell, unsigned mask)
{
	for (uint32_t i = cell->sync; i; i = clocks.sync[i].next)
		if (!(clocks.sync[i].mask & ~mask))
			clocks.sync[i].clock =
			        (struct rm_explore_clock){ { 0 } };
	return sync_of(cell, mask);
}

bool rm_explore_acquires(int order)
{
	return order == __ATOMIC_ACQUIRE || order == __ATOMIC_CONSUME ||
	       order == __ATOMIC_ACQ_REL || order == __ATOMIC_SEQ_CST;
}

static bool releases(int order)
{
	return order == __ATOMIC_RELEASE || order == __ATOMIC_ACQ_REL ||
	       order == __ATOMIC_SEQ_CST;
}

void rm_explore_merge_clock(const struct rm_explore_clock *given, int order)
{
	unsigned self = rm_explore.running->id;

	rm_explore_clock_join(rm_explore_acquires(order)
	                              ? &clocks.lane[self]
	                              : &clocks.acquired[self],
	        given);
}

static void merge_syncs(const struct cell *cell, unsigned mask, int order)
{
	for (uint32_t i = cell->sync; i; i = clocks.sync[i].next)
		if (clocks.sync[i].mask & mask)
			rm_explore_merge_clock(&clocks.sync[i].clock, order);
}

struct rm_explore_clock *rm_explore_running_clock(void)
{
	return &clocks.lane[rm_explore.running->id];
}

uint32_t rm_explore_now(void)
{
	return rm_explore_running_clock()->at[rm_explore.running->id];
}

bool rm_explore_happened_before(unsigned lane, uint32_t time)
{
	return rm_explore_running_clock()->at[lane] >= time;
}

struct rm_explore_clock rm_explore_release_clock(int order)
{
	unsigned self = rm_explore.running->id;
	struct rm_explore_clock given =
	        releases(order) ? clocks.lane[self] : clocks.released[self];

	clocks.lane[self].at[self] += releases(order);
	return given;
}

void rm_explore_set_clock(
        uintptr_t address, unsigned bytes, const struct rm_explore_clock *given)
{
	struct cell *cell = cell_of(address);

	if (cell)
		*sync_anew(cell, mask_of(address, bytes)) = *given;
}

uint32_t *rm_explore_places_at(uintptr_t address)
{
	struct cell *cell = address - clocks.stacks < STACKS_BYTES
	                            ? NULL
	                            : cell_of(address);

	return cell ? &cell->place : NULL;
}

void rm_explore_loaded(uintptr_t address, unsigned bytes, int order)
{
	struct cell *cell = rm_explore.alone ? NULL : cell_of(address);

	if (cell)
		merge_syncs(cell, mask_of(address, bytes), order);
}

/* A store ends the old release sequence and heads a new one. */
void rm_explore_stored(uintptr_t address, unsigned bytes, int order)
{
	unsigned self = rm_explore.running->id;
	struct cell *cell = rm_explore.alone ? NULL : cell_of(address);

	if (!cell)
		return;
	*sync_anew(cell, mask_of(address, bytes)) =
	        releases(order) ? clocks.lane[self] : clocks.released[self];
	clocks.lane[self].at[self] += releases(order);
}

/* A read-modify-write continues the release sequence that it found. */
void rm_explore_changed(uintptr_t address, unsigned bytes, int order)
{
	unsigned self = rm_explore.running->id;
	struct cell *cell = rm_explore.alone ? NULL : cell_of(address);

	if (!cell)
		return;
	merge_syncs(cell, mask_of(address, bytes), order);
	rm_explore_clock_join(sync_of(cell, mask_of(address, bytes)),
	        releases(order) ? &clocks.lane[self] : &clocks.released[self]);
	clocks.lane[self].at[self] += releases(order);
}

void rm_explore_fenced(int order)
{
	unsigned self = rm_explore.running->id;

	if (rm_explore.alone)
		return;
	if (rm_explore_acquires(order))
		rm_explore_clock_join(
		        &clocks.lane[self], &clocks.acquired[self]);
	if (releases(order)) {
		clocks.released[self] = clocks.lane[self];
		clocks.lane[self].at[self]++;
	}
}

void rm_explore_release(const void *object)
{
	rm_explore_changed((uintptr_t)object, OBJECT, __ATOMIC_RELEASE);
}

void rm_explore_acquire(const void *object)
{
	rm_explore_loaded((uintptr_t)object, OBJECT, __ATOMIC_ACQUIRE);
}

/* The message avoids terms of memory models, since most of its readers are not
   experts. */
static _Noreturn void race(unsigned other, const struct last *last,
        bool other_writes, bool write, bool atomic, const void *site)
{
	rm_explore_stop(RM_EXPLORE_RACE, site,
	        (const void *)(clocks.image + last->site),
	        "%s %s %s what %s %s %s, and nothing orders the two",
	        rm_explore_lane_name(rm_explore.running->id),
	        write ? "writes" : "reads",
	        atomic ? "(atomically)" : "(plainly)",
	        rm_explore_lane_name(other), other_writes ? "wrote" : "read",
	        last->how & IS_ATOMIC ? "(atomically)" : "(plainly)");
}

/* True if an access of another lane conflicts and is not ordered before now. */
static bool races(const struct last *last, uint32_t known, unsigned how)
{
	return last->time > known && last->how & how & MASK &&
	       !(last->how & how & IS_ATOMIC);
}

/* Reports a race with the last accesses of these lanes, as bits. */
static void check_races(const struct cell *cell, unsigned wrote, unsigned read,
        unsigned how, bool write, const void *site)
{
	const struct rm_explore_clock *clock = rm_explore_running_clock();

	for (unsigned bits = wrote | read; bits; bits &= bits - 1) {
		const unsigned i = (unsigned)__builtin_ctz(bits);

		if (wrote & 1U << i &&
		        races(&cell->lane[i].write, clock->at[i], how))
			race(i, &cell->lane[i].write, true, write,
			        how & IS_ATOMIC, site);
		if (read & 1U << i &&
		        races(&cell->lane[i].read, clock->at[i], how))
			race(i, &cell->lane[i].read, false, write,
			        how & IS_ATOMIC, site);
	}
}

/* Two atomic accesses never race. */
static inline void cell_accessed(
        struct cell *cell, unsigned how, bool write, const void *site)
{
	const unsigned self = rm_explore.running->id, bit = 1U << self;
	const bool atomic = how & IS_ATOMIC;
	const uint32_t now = clocks.lane[self].at[self];
	const unsigned wrote = atomic ? cell->plain_wrote : cell->wrote;
	const unsigned read = !write   ? 0
	                      : atomic ? cell->plain_read
	                               : cell->read;
	uint8_t *all = write ? &cell->wrote : &cell->read;
	uint8_t *plain = write ? &cell->plain_wrote : &cell->plain_read;
	struct last *own =
	        write ? &cell->lane[self].write : &cell->lane[self].read;

	/* If the lane has released no clock since its last such access, any
	   access of another lane in between would already have been reported as
	   a race with that one. */
	if ((!(*all & bit) || own->time != now || own->how != how) &&
	        (wrote | read) & ~bit)
		check_races(cell, wrote & ~bit, read & ~bit, how, write, site);
	*own = (struct last){ now, (uint32_t)((uintptr_t)site - clocks.image),
		(uint16_t)how };
	*all |= (uint8_t)bit;
	*plain = (uint8_t)(atomic ? *plain & ~bit : *plain | bit);
}

/* The other lane's access is not ordered before the free. */
static _Noreturn void freed_early(
        unsigned other, const struct last *last, bool writes, const void *site)
{
	rm_explore_stop(RM_EXPLORE_FREED, site,
	        (const void *)(clocks.image + last->site),
	        "%s frees what %s %s %s, and nothing orders the two",
	        rm_explore_lane_name(rm_explore.running->id),
	        rm_explore_lane_name(other), writes ? "wrote" : "read",
	        last->how & IS_ATOMIC ? "(atomically)" : "(plainly)");
}

/* A cell that was not accessed in this schedule still has the number of an
 * older one. */
void rm_explore_clocks_freed(uintptr_t address, size_t bytes, const void *site)
{
	const unsigned self = rm_explore.running->id;
	const struct rm_explore_clock *clock = &clocks.lane[self];
	const struct cell *cell =
	        &clocks.cell[(address - rm_explore_heap) / RM_EXPLORE_GRANULE];
	const struct cell *end =
	        cell + (bytes + RM_EXPLORE_GRANULE - 1) / RM_EXPLORE_GRANULE;

	for (; cell < end && !rm_explore.alone; cell++) {
		unsigned bits = (cell->wrote | cell->read) & ~(1U << self);

		if (cell->number != rm_explore.number)
			continue;
		for (; bits; bits &= bits - 1) {
			const unsigned i = (unsigned)__builtin_ctz(bits);

			if (cell->wrote & 1U << i &&
			        races(&cell->lane[i].write, clock->at[i], MASK))
				freed_early(
				        i, &cell->lane[i].write, true, site);
			if (cell->read & 1U << i &&
			        races(&cell->lane[i].read, clock->at[i], MASK))
				freed_early(
				        i, &cell->lane[i].read, false, site);
		}
	}
}

void rm_explore_clocks_filled(uintptr_t address, size_t bytes, const void *site)
{
	const unsigned self = rm_explore.running->id;
	struct last filled = { clocks.lane[self].at[self],
		(uint32_t)((uintptr_t)site - clocks.image), MASK };
	struct cell *cell;

	for (size_t i = 0; i < bytes && !rm_explore.alone;
	        i += RM_EXPLORE_GRANULE) {
		if (bytes - i < RM_EXPLORE_GRANULE)
			filled.how = (uint16_t)mask_of(
			        address + i, (unsigned)(bytes - i));
		cell = cell_of(address + i);
		cell->lane[self].write = filled;
		cell->wrote |= (uint8_t)(1U << self);
		cell->plain_wrote |= (uint8_t)(1U << self);
	}
}

/* Records a word if the scheduler needs it. Accesses to a lane's own stack are
   not steps, so another lane's access to that stack cannot be judged. */
static void keep_word(uintptr_t address, bool write)
{
	struct rm_explore_stretch *stretch = &rm_explore.stretch;

	if (address - clocks.stacks < STACKS_BYTES)
		stretch->hidden = true;
	for (unsigned i = 0; i < stretch->words; i++)
		if (stretch->word[i] == address / RM_EXPLORE_GRANULE) {
			stretch->writes |= write;
			return;
		}
	if (stretch->words == RM_EXPLORE_WORDS_MOST) {
		stretch->opaque = true;
		return;
	}
	stretch->writes |= write;
	stretch->word[stretch->words++] = address / RM_EXPLORE_GRANULE;
}

static void access_part(uintptr_t address, unsigned bytes, bool write,
        bool atomic, const void *site)
{
	struct cell *cell = cell_of(address);

	if (rm_explore.stretch.kept)
		keep_word(address, write);
	if (cell)
		cell_accessed(cell,
		        mask_of(address, bytes) | (atomic ? IS_ATOMIC : 0),
		        write, site);
}

void rm_explore_accessed(uintptr_t address, unsigned bytes, bool write,
        bool atomic, const void *site)
{
	const unsigned first =
	        RM_EXPLORE_GRANULE - address % RM_EXPLORE_GRANULE;

	access_part(address, bytes, write, atomic, site);
	for (unsigned at = first; at < bytes; at += RM_EXPLORE_GRANULE)
		access_part(address + at, bytes - at, write, atomic, site);
}

void rm_explore_clocks_keep(const void *address, size_t bytes)
{
	uintptr_t at = (uintptr_t)address & ~(uintptr_t)7;

	if (!rm_sim_space_image(address) &&
	        at - rm_explore_heap >= rm_explore_kept_bytes)
		return;
	for (; at < (uintptr_t)address + bytes; at += 8) {
		if (clocks.kept_count == clocks.kept_room) {
			clocks.kept = rm_explore_realloc(clocks.kept,
			        2 * clocks.kept_room * sizeof(*clocks.kept));
			clocks.kept_room *= 2;
		}
		clocks.kept[clocks.kept_count++] =
		        (struct kept){ (uint64_t *)at, *(uint64_t *)at };
	}
}

void rm_explore_clocks_visit(void (*visit)(uint64_t word))
{
	for (size_t i = 0; i < clocks.kept_count; i++)
		visit(*clocks.kept[i].at);
}

/* Restores in reverse order, so that a word that was saved twice gets its
 * oldest value. */
void rm_explore_clocks_undo(void)
{
	while (clocks.kept_count) {
		const struct kept *kept = &clocks.kept[--clocks.kept_count];

		*kept->at = kept->value;
	}
}
