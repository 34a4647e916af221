/* SPDX-License-Identifier: Apache-2.0 */
/*
 * memory_c11.c - C11's memory, as C++20 has put it right (WG21 P0668): a load
 * may read any store to its address that nothing excludes.
 *
 * Each place keeps its last stores, the newest of which is in memory. Order of
 * modification is order of execution, and so is the order of what is seq_cst:
 * a load never reads what is yet to come. A store is excluded where a newer
 * one to the same address was read or written, in an access B,
 *
 *   1. that happens before the load (coherence), or
 *   2. that is seq_cst, as the load is, or
 *   3. that is seq_cst and was before a seq_cst fence that happens before the
 *      load, or
 *   4. that happens before a seq_cst fence that was before one which happens
 *      before the load, or before the load itself where that is seq_cst:
 *
 * [atomics.order] 4 of C++20: there B is coherence-ordered behind the load, and
 * must be behind it in the order of what is seq_cst, too. When each lane read
 * or wrote a store first is kept by the lane's own clock, so that all of it is
 * a comparison of clocks. What a store gives to who acquires it is a clock,
 * too; a read-modify-write hands on that of the store which it read (a release
 * sequence, which another store ends, even one of the same thread: C++20).
 */
#include "verify/explore/memory.h"

#include <stdlib.h>

enum {
	STORES = 8, /* that a place keeps */
	FENCES_FIRST = 64,
	HISTORIES_FIRST = 256,
	FENCE = 0, /* of a clock: the last seq_cst fence that is known */
};

struct store {
	uint64_t value; /* of the newest: not set, it is in memory */
	const void *site;
	uint32_t lane;
	/* when something seq_cst wrote or read it first, by their order; 0:
	   nothing did */
	uint32_t sequential;
	struct rm_explore_clock known; /* first, by each lane; 0: not */
	struct rm_explore_clock given;
};

struct history {
	uint32_t count; /* of all stores; the last STORES are there */
	struct store store[STORES];
};

struct fence {
	uint32_t sequential;            /* its place in the order */
	struct rm_explore_clock before; /* it, and the fences before it */
};

static struct {
	struct history *history; /* by place, from 1 */
	uint32_t room;
	struct fence *fence; /* [0 .. fences - 1]; the first ones are none */
	uint32_t fences, fence_room;
	uint32_t sequential; /* how many accesses and fences were seq_cst */
} c11;

static struct fence *add_fence(void)
{
	if (c11.fences == c11.fence_room) {
		c11.fence = rm_explore_larger(
		        c11.fence, 2 * c11.fence_room * sizeof(*c11.fence));
		c11.fence_room *= 2;
	}
	c11.fence[c11.fences] = (struct fence){ .sequential = 0 };
	return &c11.fence[c11.fences++];
}

/* Lanes begin with 1 in the place of FENCE, or with 0: no fence is there. */
static bool begin(void)
{
	if (!c11.fence) { /* no lane runs yet, which could be left */
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

/* What is there when a place begins is known to all who may see it. */
static void made(uint32_t place)
{
	struct history *history;
	uint32_t room = c11.room ? c11.room : HISTORIES_FIRST;

	while (place >= room)
		room *= 2;
	if (room != c11.room) {
		c11.history = rm_explore_larger(
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

/* Whoever reads or writes a store knows it from now on. */
static void meet(struct store *store, int order)
{
	uint32_t *known = &store->known.at[rm_explore.running->id];

	if (!*known)
		*known = rm_explore_own_clock()->at[rm_explore.running->id];
	if (order == __ATOMIC_SEQ_CST && !store->sequential)
		store->sequential = ++c11.sequential;
}

/* What a load of this order must not read over. */
struct bound {
	struct rm_explore_clock known;
	uint32_t sequential;
};

static struct bound bound_of(int order)
{
	const struct rm_explore_clock *own = rm_explore_own_clock();
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

/* How many stores behind the newest one the load may read at most. */
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

/* How many stores back an access looks: as the scheduler likes. */
static uint32_t choose(
        const struct rm_explore_atomic *access, struct history *history)
{
	uint32_t most;

	newest_of(history)->value =
	        (uint64_t)rm_explore_peek(access->at, access->bytes);
	most = oldest_back(history, access->order);
	return most ? rm_explore_look_back(most) : 0;
}

static rm_explore_value read_store(const struct rm_explore_atomic *access,
        struct history *history, uint32_t back)
{
	struct store *store = store_back(history, back);

	if (back)
		rm_explore_note_older(store->lane, store->site);
	rm_explore_take_in(&store->given, access->order);
	meet(store, access->order);
	return store->value;
}

static rm_explore_value load(
        const struct rm_explore_atomic *access, uint32_t place)
{
	struct history *history = &c11.history[place];

	return read_store(access, history, choose(access, history));
}

/* A new store, that nobody knows; the one before keeps its value. */
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
	meet(store, access->order);
	return store;
}

static void store(const struct rm_explore_atomic *access, uint32_t place,
        rm_explore_value value)
{
	struct store *added = append(access, place);

	added->given = rm_explore_give(access->order);
	rm_explore_poke(access->at, access->bytes, value);
}

/* Reads the newest, and so goes on with its release sequence. */
static void change(const struct rm_explore_atomic *access, uint32_t place)
{
	const struct rm_explore_clock before =
	        newest_of(&c11.history[place])->given;
	struct store *added;

	rm_explore_take_in(&before, access->order);
	added = append(access, place);
	added->given = rm_explore_give(access->order);
	rm_explore_clock_join(&added->given, &before);
}

/* A comparison that fails is a load, and may fail by an older store. One that
   finds what it expects in an older store cannot succeed there. */
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

/* The running lane stands in the order of what is seq_cst, behind all others
   that stood there. */
static void take_place(void)
{
	struct rm_explore_clock *own = rm_explore_own_clock();
	struct fence *fence = add_fence();

	fence->sequential = ++c11.sequential;
	fence->before = fence[-1].before;
	rm_explore_clock_join(&fence->before, own);
	own->at[FENCE] = c11.fences - 1;
}

/* Acquire, take the place, release: what is released says that this fence has
   been passed. */
static void pass_fence(int order)
{
	if (order != __ATOMIC_SEQ_CST) {
		rm_explore_fenced(order);
		return;
	}
	rm_explore_fenced(__ATOMIC_ACQUIRE);
	take_place();
	rm_explore_fenced(__ATOMIC_RELEASE);
}

/* The history says that an operation began after another had ended: who says so
   has a clock that all share, and its stamps are as good as seq_cst fences. But
   they order nothing that could race: that is the map's own work. The clock
   ticks, so that what the operation does from now on is not what it had done. */
static void boundary(void)
{
	take_place();
	rm_explore_own_clock()->at[rm_explore.running->id]++;
}

/* It is ordered behind all that was stored, or races: reads what is in memory,
   which is the newest. */
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
