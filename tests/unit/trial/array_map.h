/* SPDX-License-Identifier: Apache-2.0 */
/*
 * array_map.h - the map of the trial tests, and functions that run a trial of
 * it. The map is an array and is correct unless `fault` is set.
 */
#ifndef RM_TEST_ARRAY_MAP_H
#define RM_TEST_ARRAY_MAP_H

#include "impls/support/no_handle.h"
#include "runner/base/clock.h"
#include "runner/driver.h"
#include "tests/unit/trial/run_trial.h"

enum { MOST_KEYS = 1 << 16 };

/* Faults of the map. */
static struct fault {
	uint64_t lose_insert, lose_update; /* every n-th operation of the kind;
	                                      0 for none */
	bool hide_lost;          /* a lost insert reports the key as present */
	uint64_t lose_lookup;    /* only the n-th look-up */
	_Atomic bool take_other; /* one removal removes a different key */
	bool lose_value;    /* take() succeeds without a value; remove() removes
	                    nothing, so that take() finds the key */
	bool neighbour;     /* every 1000th look-up returns another key's
	                       value */
	uint64_t stall_ns;  /* duration of a pause, once in the window */
	uint64_t take_ns;   /* duration of each removal */
	bool waits_for_all; /* destroy() waits, as if for a grace period */
	bool no_room;       /* no thread can join */
} fault;

static _Atomic uint64_t slots[MOST_KEYS]; /* 0 if the key is absent, otherwise
                                             value + 1 */
static _Atomic uint64_t turns, inserts, updates, lookups, online;
static _Atomic uint64_t last_taken; /* word of the last removed key */

static void *create(const struct rm_sizing *sizing)
{
	(void)sizing;
	for (size_t i = 0; i < MOST_KEYS; i++)
		atomic_store(&slots[i], 0);
	atomic_store(&turns, 0);
	atomic_store(&inserts, 0);
	atomic_store(&updates, 0);
	atomic_store(&lookups, 0);
	atomic_store(&last_taken, 0);
	atomic_store(&online, 0);
	return slots;
}

static void *join(void *map, size_t slot)
{
	(void)slot;
	if (fault.no_room)
		return NULL;
	atomic_fetch_add(&online, 1);
	return map;
}

static void leave(void *thread)
{
	(void)thread;
	atomic_fetch_sub(&online, 1);
}

static void unpark(void *thread)
{
	(void)thread;
	atomic_fetch_add(&online, 1);
}

/* Waits until no thread is online; deadlocks unless waiting threads park. */
static void destroy(void *map)
{
	(void)map;
	while (fault.waits_for_all && atomic_load(&online))
		rm_cpu_relax();
}

static _Atomic uint64_t *slot_of(struct rm_key key)
{
	return &slots[(uint32_t)key.word % MOST_KEYS];
}

RM_HOT bool lookup(void *thread, struct rm_shape shape, struct rm_key key,
        struct rm_value *value)
{
	uint64_t turn = atomic_fetch_add(&turns, 1);

	(void)thread, (void)shape;
	if (fault.neighbour && turn % 1000 == 999)
		key.word++;
	if (fault.stall_ns && turn >= 2500) { /* once, in the window */
		rm_sleep_until(rm_now_ns() + fault.stall_ns);
		fault.stall_ns = 0;
	}
	if (atomic_fetch_add(&lookups, 1) + 1 == fault.lose_lookup)
		return false;
	value->word[0] = atomic_load(slot_of(key)) - 1;
	return value->word[0] != UINT64_MAX;
}

/* Each kind of operation has its own count. With a common count, the
   interleaving of threads would decide whether the n-th operation is of that
   kind. */
static bool is_nth(_Atomic uint64_t *count, uint64_t n)
{
	return n && (atomic_fetch_add(count, 1) + 1) % n == 0;
}

RM_HOT bool exchange(void *thread, struct rm_shape shape, struct rm_key key,
        const struct rm_value *value, struct rm_value *old)
{
	bool was_there = atomic_load(slot_of(key)) != 0;

	(void)thread, (void)shape;
	atomic_fetch_add(&turns, 1);
	if (!was_there && is_nth(&inserts, fault.lose_insert))
		return fault.hide_lost;
	if (was_there && is_nth(&updates, fault.lose_update))
		old->word[0] = atomic_load(slot_of(key)) - 1;
	else
		old->word[0] =
		        atomic_exchange(slot_of(key), value->word[0] + 1) - 1;
	return old->word[0] != UINT64_MAX;
}

RM_HOT bool upsert(void *thread, struct rm_shape shape, struct rm_key key,
        const struct rm_value *value)
{
	struct rm_value old;

	return exchange(thread, shape, key, value, &old);
}

RM_HOT bool take(void *thread, struct rm_shape shape, struct rm_key key,
        struct rm_value *old)
{
	struct rm_key other = { .word = atomic_exchange(
		                        &last_taken, key.word) };

	(void)thread, (void)shape;
	if (fault.take_ns)
		rm_sleep_until(rm_now_ns() + fault.take_ns);
	/* Both keys are present, so the number of remaining keys is correct. */
	if (fault.take_other && slot_of(other) != slot_of(key) &&
	        atomic_load(slot_of(key)) &&
	        atomic_exchange(slot_of(other), 0)) {
		fault.take_other = false;
		old->word[0] = atomic_load(slot_of(key)) - 1;
		return true;
	}
	old->word[0] = atomic_exchange(slot_of(key), 0) - 1;
	if (fault.lose_value && old->word[0] != UINT64_MAX)
		old->word[0] = UINT32_MAX;
	return old->word[0] != UINT64_MAX;
}

RM_HOT bool remove_key(void *thread, struct rm_shape shape, struct rm_key key)
{
	struct rm_value old;

	return !fault.lose_value && take(thread, shape, key, &old);
}

static const struct rm_map_ops ops = {
	.create = create,
	.destroy = destroy,
	.join = join,
	.leave = leave,
	.park = leave,
	.unpark = unpark,
	.lookup = lookup,
	.upsert = upsert,
	.remove = remove_key,
	.exchange = exchange,
	.take = take,
	.quiesce = nothing,
};

RM_DRIVE(ops, u64x8, RM_U64X8)

static const struct rm_impl impl = {
	.id = "array", .shapes = 1, .ops = &ops, .drive = { drive_u64x8 }
};

static inline struct rm_request request_of(enum rm_write_kind kind)
{
	struct rm_request request = small_request("array");

	request.cell.write_kind = kind;
	request.cell.window_ops = 64000;
	return request;
}

/* Runs a trial of this file's map and returns the result. */
static inline json_t *run(struct rm_request *request)
{
	return trial_of(request, &impl);
}

#endif /* RM_TEST_ARRAY_MAP_H */
