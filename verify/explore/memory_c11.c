/* SPDX-License-Identifier: Apache-2.0 */
/*
 * memory_c11.c - C11's memory model with the corrections of C++20 (WG21 P0668):
 * a load may read any store to its address unless a rule excludes it.
 *
 * Each place keeps its last stores; the newest is in memory. Modification order
 * and the order of seq_cst operations are execution order, so a load never
 * reads a later store. A store is excluded if access B read or wrote a newer
 * store to the same address, and B
 *
 *   1. happens before the load (coherence), or
 *   2. is seq_cst, and so is the load, or
 *   3. is seq_cst and precedes a seq_cst fence that happens before the load, or
 *   4. happens before a seq_cst fence that precedes another one, which happens
 *      before the load, or precedes the load itself if that is seq_cst.
 *
 * The source is [atomics.order] 4 of C++20: B is coherence-ordered after the
 * load, so B must also be after it in the seq_cst order. Each store records
 * when each lane first read or wrote it, by that lane's own clock, so all rules
 * compare clocks. A store also passes a clock to acquiring loads. A
 * read-modify-write passes on the clock of the store that it read (a release
 * sequence, which any other store ends, even by the same thread: C++20).
 */
#include "verify/explore/memory.h"

#include <stdlib.h>

enum {
	STORES = 8, /* number of stores kept for each place */
	FENCES_FIRST = 64,
	HISTORIES_FIRST = 256,
	FENCE = 0, /* index in a clock: the last known seq_cst fence */
};

struct store {
	uint64_t value; /* unset in the newest store, which is in memory */
	const void *site;
	uint32_t lane;
	/* index of the first seq_cst access to it in the seq_cst order; 0:
	   none */
	uint32_t sequential;
	struct rm_explore_clock known; /* first access of each lane; 0: none */
	struct rm_explore_clock given;
};

struct history {
	uint32_t count; /* all stores; the last STORES are kept */
	struct store store[STORES];
};

struct fence {
	/* index of the fence in the seq_cst order */
	uint32_t sequential;
	/* clock of all work ordered before this fence or an earlier one */
	struct rm_explore_clock before;
};

static struct {
	struct history *history; /* indexed by place, from 1 */
	uint32_t room;
	struct fence *fence; /* `fences` items; the first two are dummies */
	uint32_t fences, fence_room;
	uint32_t sequential; /* number of seq_cst accesses and fences */
} c11;

static struct fence *add_fence(void)
{
	if (c11.fences == c11.fence_room) {
		c11.fence = rm_explore_realloc(
		        c11.fence, 2 * c11.fence_room * sizeof(*c11.fence));
		c11.fence_room *= 2;
	}
	c11.fence[c11.fences] = (struct fence){ .sequential = 0 };
	return &c11.fence[c11.fences++];
}

/* A lane's clock starts with FENCE at 0 or 1, which are both dummy fences. */
static bool begin(void)
{
	/* not add_fence(), which may abandon a lane: no lane runs yet */
	if (!c11.fence) {
		c11.fence = malloc(FENCES_FIRST * sizeof(*c11.fence));
		c11.fence_room = FENCES_FIRST;
	}
	if (!c11.fence)
		return false;
	c11.fences = c11.sequential = 0;
	add_fence();
	add_fence();
	return true;
}

/* A place starts with one store, which precedes all accesses to the place. */
static void made(uint32_t place)
{
	struct history *history;
	uint32_t room = c11.room ? c11.room : HISTORIES_FIRST;

	while (place >= room)
		room *= 2;
	if (room != c11.room) {
		c11.history = rm_explore_realloc(
		        c11.history, room * sizeof(*c11.history));
		c11.room = room;
	}
	history = &c11.history[place];
	history->count = 1;
	history->store[0] = (struct store){ .lane = 0 };
}

static struct store *store_back(struct history *history, uint32_t back)
{
	return &history->store[(history->count - 1 - back) % STORES];
}

static struct store *newest_of(struct history *history)
{
	return store_back(history, 0);
}

/* Records when the running lane first read or wrote the store. */
static void mark_known(struct store *store, int order)
{
	uint32_t *known = &store->known.at[rm_explore.running->id];

	if (!*known)
		*known = rm_explore_running_clock()->at[rm_explore.running->id];
	if (order == __ATOMIC_SEQ_CST && !store->sequential)
		store->sequential = ++c11.sequential;
}

/* The clock and the index in the seq_cst order that determine which stores a
   load with this order must not read. */
struct bound {
	struct rm_explore_clock known;
	uint32_t sequential;
};

static struct bound bound_of(int order)
{
	const struct rm_explore_clock *own = rm_explore_running_clock();
	const struct fence *fence = &c11.fence[own->at[FENCE]];
	struct bound bound = { *own, fence->sequential };

	rm_explore_clock_join(&bound.known, &fence->before);
	if (order == __ATOMIC_SEQ_CST) {
		rm_explore_clock_join(
		        &bound.known, &c11.fence[c11.fences - 1].before);
		bound.sequential = c11.sequential;
	}
	return bound;
}

static bool hides_older(const struct store *store, const struct bound *bound)
{
	if (store->sequential && store->sequential <= bound->sequential)
		return true;
	for (unsigned i = 1; i < rm_explore.lanes; i++)
		if (store->known.at[i] &&
		        store->known.at[i] <= bound->known.at[i])
			return true;
	return false;
}

/* Returns the number of older stores that the load may read. */
static uint32_t oldest_back(struct history *history, int order)
{
	const struct bound bound = bound_of(order);
	const uint32_t kept = history->count < STORES ? history->count : STORES;
	uint32_t back = 0;

	while (back + 1 < kept &&
	        !hides_older(store_back(history, back), &bound))
		back++;
	return back;
}

/* Lets the scheduler choose the age of the store that an access reads: 0 is the
 * newest. */
static uint32_t choose(
        const struct rm_explore_atomic *access, struct history *history)
{
	uint32_t most;

	newest_of(history)->value =
	        (uint64_t)rm_explore_peek(access->at, access->bytes);
	most = oldest_back(history, access->order);
	return most ? rm_explore_choose_store(most) : 0;
}

static rm_explore_value read_store(const struct rm_explore_atomic *access,
        struct history *history, uint32_t back)
{
	struct store *store = store_back(history, back);

	if (back)
		rm_explore_note_older(store->lane, store->site);
	rm_explore_merge_clock(&store->given, access->order);
	mark_known(store, access->order);
	return store->value;
}

static rm_explore_value load(
        const struct rm_explore_atomic *access, uint32_t place)
{
	struct history *history = &c11.history[place];

	return read_store(access, history, choose(access, history));
}

/* Adds a store that no other lane has read yet, and saves the previous
   value. */
static struct store *append(
        const struct rm_explore_atomic *access, uint32_t place)
{
	struct history *history = &c11.history[place];
	struct store *store;

	newest_of(history)->value =
	        (uint64_t)rm_explore_peek(access->at, access->bytes);
	history->count++;
	store = newest_of(history);
	*store = (struct store){ .site = access->site,
		.lane = rm_explore.running->id };
	mark_known(store, access->order);
	return store;
}

static void store(const struct rm_explore_atomic *access, uint32_t place,
        rm_explore_value value)
{
	struct store *added = append(access, place);

	added->given = rm_explore_release_clock(access->order);
	rm_explore_poke(access->at, access->bytes, value);
}

/* Reads the newest store, and so continues its release sequence. */
static void change(const struct rm_explore_atomic *access, uint32_t place)
{
	const struct rm_explore_clock before =
	        newest_of(&c11.history[place])->given;
	struct store *added;

	rm_explore_merge_clock(&before, access->order);
	added = append(access, place);
	added->given = rm_explore_release_clock(access->order);
	rm_explore_clock_join(&added->given, &before);
}

/* A compare-exchange that fails is a load, and may fail on an older store. It
   cannot succeed with an older store, so older stores with the expected value
   are skipped. */
static bool fails(const struct rm_explore_atomic *access, uint32_t place,
        rm_explore_value expected, rm_explore_value *seen)
{
	struct history *history = &c11.history[place];
	uint32_t back = choose(access, history);

	if (store_back(history, back)->value == expected)
		back = 0;
	if (store_back(history, back)->value == expected)
		return false;
	*seen = read_store(access, history, back);
	return true;
}

/* Appends the running lane to the seq_cst order. */
static void append_to_order(void)
{
	struct rm_explore_clock *own = rm_explore_running_clock();
	struct fence *fence = add_fence();

	fence->sequential = ++c11.sequential;
	fence->before = fence[-1].before;
	rm_explore_clock_join(&fence->before, own);
	own->at[FENCE] = c11.fences - 1;
}

/* Acquire, append, release: lanes that acquire the release also know that this
   fence was passed. */
static void pass_fence(int order)
{
	if (order != __ATOMIC_SEQ_CST) {
		rm_explore_fenced(order);
		return;
	}
	rm_explore_fenced(__ATOMIC_ACQUIRE);
	append_to_order();
	rm_explore_fenced(__ATOMIC_RELEASE);
}

/* A history records that one operation began after another had ended. This
   requires a shared clock, whose stamps act like seq_cst fences. They do not
   create happens-before, so that races remain visible: a map must order its
   accesses itself. The lane's clock advances to separate this operation from
   earlier work. */
static void boundary(void)
{
	append_to_order();
	rm_explore_running_clock()->at[rm_explore.running->id]++;
}

/* A plain access is either ordered after all stores or a race. So it reads
   memory, which contains the newest store. */
static void plain(uintptr_t address, unsigned bytes, bool write)
{
	(void)address, (void)bytes, (void)write;
}

const struct rm_explore_model rm_explore_c11 = { .begin = begin,
	.made = made,
	.load = load,
	.store = store,
	.change = change,
	.fails = fails,
	.fence = pass_fence,
	.boundary = boundary,
	.plain = plain };
