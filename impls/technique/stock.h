/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stock.h - sells from stock: one item is in a locked Go map, and many callers
 * take one unit each (the loop `stock`).
 *
 * This is a template. The includer selects a guard (guard_*.h) and defines
 *
 *	STOCK_CHECKS_UNLOCKED  1: checks under the read lock, and refuses there
 *	STOCK_CHECKS_LOCKED  1: checks under the write lock before it takes
 *
 * If the measure is latency, each sale and each refusal is timed, from the
 * caller's request to its answer. A caller makes its next request at once, so
 * these are service times of a closed loop.
 *
 * Invariant: sold = initial - remaining, and never above initial. Without a
 * check under the write lock it can break: two callers see the last unit, and
 * both take it. To make callers overlap in every run, a caller that checks only
 * once and sees fewer units than callers waits before it takes one, until more
 * callers have checked than there are units, but at most for 20 ms.
 */
#ifndef RM_TECHNIQUE_STOCK_H
#define RM_TECHNIQUE_STOCK_H

#include "impls/gomap/gomap_ops.h"
#include "impls/technique/technique.h"
#include "runner/base/clock.h"

#include <inttypes.h>
#include <math.h>
#include <time.h>

enum { STOCK_DEFAULT = 10000, STOCK_WAITS = 100, STOCK_WAIT_NS = 200000 };

struct stock;

/* The state of one caller, which alone writes its counts. */
struct stock_thread {
	_Alignas(2 * RM_CACHE_LINE) struct stock *stock;
	_Atomic uint64_t sold, refused;
	struct rm_histogram *sales, *refusals; /* durations; NULL if there are
	                                          none yet */
};

struct stock {
	_Alignas(2 * RM_CACHE_LINE) struct guard guard;
	struct gomap *shelf; /* protected by guard */
	_Alignas(2 * RM_CACHE_LINE) _Atomic uint64_t hesitating;
	_Atomic uint64_t opened_ns, sold_out_ns; /* 0 if this has not happened
	                                            yet */
	uint64_t initial;
	size_t threads;
	struct stock_thread *thread;
};

#define STOCK_ITEM ((struct rm_key){ .word = 1 })

/* Returns the number of units left, which is below 0 if oversold. The caller
   holds the guard. */
RM_HOT int64_t stock_left(const struct stock *stock)
{
	struct rm_value value = { { 0 } };

	gomap_lookup(stock->shelf, RM_U64X8, STOCK_ITEM, &value);
	return (int64_t)value.word[0];
}

RM_HOT void stock_put(struct stock *stock, int64_t units)
{
	const struct rm_value value = { { (uint64_t)units } };

	gomap_exchange(stock->shelf, RM_U64X8, STOCK_ITEM, &value, NULL);
}

/* Lengthens the time between check and take for the last units, if the
   technique is a misuse. */
static inline void stock_hesitate(struct stock *stock, int64_t left)
{
	const struct timespec moment = { .tv_nsec = STOCK_WAIT_NS };

	if (left >= (int64_t)stock->threads)
		return;
	/* all relaxed: a hint; the guard orders the stock */
	atomic_fetch_add_explicit(&stock->hesitating, 1, memory_order_relaxed);
	for (unsigned i = 0; i < STOCK_WAITS &&
	                     (int64_t)atomic_load_explicit(&stock->hesitating,
	                             memory_order_relaxed) <= left;
	        i++)
		nanosleep(&moment, NULL);
	atomic_fetch_sub_explicit(&stock->hesitating, 1, memory_order_relaxed);
}

/* Returns the number of units left, read under the read lock. */
RM_HOT int64_t stock_read_left(struct stock_thread *self)
{
	struct stock *stock = self->stock;

	guard_read(&stock->guard, stock);
	int64_t left = stock_left(stock);
	guard_read_end(&stock->guard, stock);
	return left;
}

/* Takes a unit under the write lock. If the technique checks there, it takes
   none if none is left. */
RM_HOT bool stock_take(struct stock_thread *self)
{
	struct stock *stock = self->stock;

	guard_write(&stock->guard);
	int64_t left = stock_left(stock);
	const bool sells = !STOCK_CHECKS_LOCKED || left >= 1;

	if (sells)
		stock_put(stock, left - 1);
	guard_write_end(&stock->guard);
	return sells;
}

/* Handles one request. Returns true if a unit was sold. */
RM_HOT bool stock_sell(struct stock_thread *self)
{
	if (STOCK_CHECKS_UNLOCKED) {
		int64_t left = stock_read_left(self);

		if (left < 1)
			return false;
		if (!STOCK_CHECKS_LOCKED)
			stock_hesitate(self->stock, left);
	}
	return stock_take(self);
}

static inline void stock_record_time(_Atomic uint64_t *moment_ns)
{
	uint64_t none = 0;

	/* both relaxed: a statistic orders nothing */
	if (!atomic_load_explicit(moment_ns, memory_order_relaxed))
		atomic_compare_exchange_strong_explicit(moment_ns, &none,
		        rm_now_ns(), memory_order_relaxed,
		        memory_order_relaxed);
}

/* Sells until the window ends. After the last unit, counts refusals. */
static void stock_loop(struct rm_worker *worker)
{
	struct stock_thread *self = worker->thread;

	stock_record_time(&self->stock->opened_ns);
	while (technique_turn(worker)) {
		const uint64_t start_ns = technique_begin(worker);
		const bool sold = stock_sell(self);

		if (worker->timed)
			technique_record(sold ? &self->sales : &self->refusals,
			        rm_now_ns() - start_ns);
		if (sold) {
			rm_stat_own(&self->sold, 1);
		} else {
			stock_record_time(&self->stock->sold_out_ns);
			rm_stat_own(&self->refused, 1);
		}
	}
}

static void stock_destroy(void *opaque)
{
	struct stock *stock = opaque;

	for (size_t i = 0; stock->thread && i < stock->threads; i++) {
		free(stock->thread[i].sales);
		free(stock->thread[i].refusals);
	}
	gomap_destroy(stock->shelf);
	guard_destroy(&stock->guard);
	free(stock->thread);
	free(stock);
}

static void *stock_create(const struct rm_sizing *sizing)
{
	struct stock *stock = technique_new(sizeof(*stock));

	if (!stock)
		return NULL;
	stock->initial = technique_arg(sizing, 0, STOCK_DEFAULT);
	stock->threads = sizing->threads;
	stock->thread = technique_new(sizing->threads * sizeof(*stock->thread));
	stock->shelf = gomap_create(1, RM_U64X8, sizing->seed);
	if (guard_create(&stock->guard, sizing->threads) && stock->thread &&
	        stock->shelf) {
		stock_put(stock, (int64_t)stock->initial);
		return stock;
	}
	stock_destroy(stock);
	return NULL;
}

static void *stock_join(void *opaque, size_t slot)
{
	struct stock *stock = opaque;

	stock->thread[slot].stock = stock;
	return &stock->thread[slot];
}

static uint64_t stock_sold(struct stock *stock)
{
	uint64_t sold = 0;

	for (size_t i = 0; i < stock->threads; i++)
		sold += rm_stat_read(&stock->thread[i].sold);
	return sold;
}

/* Reports the times of sales or of refusals, merged over all threads. */
static void stock_emit_times(
        const struct stock *stock, bool sales, rm_stat_fn *emit, void *context)
{
	struct rm_histogram *sum = rm_histogram_create();

	for (size_t i = 0; sum && i < stock->threads; i++) {
		const struct rm_histogram *own =
		        sales ? stock->thread[i].sales
		              : stock->thread[i].refusals;

		if (own)
			rm_histogram_merge(sum, own);
	}
	technique_emit_times(sales ? "sale" : "refusal", sum, emit, context);
	free(sum);
}

static void stock_stats(void *opaque, rm_stat_fn *emit, void *context)
{
	struct stock *stock = opaque;
	const uint64_t opened_ns = rm_stat_read(&stock->opened_ns);
	const uint64_t sold_out_ns = rm_stat_read(&stock->sold_out_ns);
	uint64_t refused = 0;

	for (size_t i = 0; i < stock->threads; i++)
		refused += rm_stat_read(&stock->thread[i].refused);
	guard_write(&stock->guard);
	const int64_t left = stock_left(stock);

	guard_write_end(&stock->guard);
	emit(context, "initial", "1", (double)stock->initial);
	emit(context, "remaining", "1", (double)left);
	emit(context, "sold", "1", (double)stock_sold(stock));
	emit(context, "refused", "1", (double)refused);
	emit(context, "sold_out_after", "ns",
	        sold_out_ns ? (double)(sold_out_ns - opened_ns) : (double)NAN);
	stock_emit_times(stock, true, emit, context);
	stock_emit_times(stock, false, emit, context);
}

static bool stock_check(void *opaque, char *why, size_t size)
{
	struct stock *stock = opaque;
	const uint64_t sold = stock_sold(stock);
	const int64_t left = stock_left(stock);

	if (sold > stock->initial || left < 0)
		snprintf(why, size,
		        "oversold: %" PRIu64 " of %" PRIu64 ", %" PRId64
		        " remain",
		        sold, stock->initial, left);
	else if (sold != stock->initial - (uint64_t)left)
		snprintf(why, size,
		        "a deduction was lost: sold %" PRIu64 ", but %" PRId64
		        " of %" PRIu64 " remain",
		        sold, left, stock->initial);
	else
		return true;
	return false;
}

TECHNIQUE_TABLES(stock, stock_destroy, stock_join, "stock", stock_loop)

#endif /* RM_TECHNIQUE_STOCK_H */
