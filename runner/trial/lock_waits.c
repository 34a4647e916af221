/* SPDX-License-Identifier: Apache-2.0 */
/* lock_waits.c - counts lock acquisitions and times waits for locks. */
#include "runner/trial/internal.h"

#include "runner/base/clock.h"

#include <errno.h>
#include <stdlib.h>

enum { STRIPES = 64, BINS = 6 };

/* Counters. They are global, since locks are global. Threads share the
   stripes. */
static struct stripe {
	_Alignas(RM_CACHE_LINE) _Atomic uint64_t taken[RM_LOCK_SIDES];
	_Atomic uint64_t contended[RM_LOCK_SIDES];
	_Atomic uint64_t timed, wait_ns, bins[BINS];
} stripes[STRIPES];
static _Atomic uint64_t longest_ns, sample = 1;
static _Atomic unsigned threads;

static _Thread_local struct {
	struct stripe *stripe;
	uint64_t waits;    /* number of contended acquisitions so far; selects
	                      those that are timed */
	uint64_t start_ns; /* start of the current wait; 0: not timed */
	unsigned depth;    /* number of nested acquisitions */
	enum rm_lock_side side;
	bool waited;
} waiter;

static const char *const bin_names[BINS] = { "lock_waits_below_1us",
	"lock_waits_below_10us", "lock_waits_below_100us",
	"lock_waits_below_1ms", "lock_waits_below_10ms", "lock_waits_longer" };

int rm_lock_waits_configure(struct rm_error *error)
{
	const char *text = getenv("RM_LOCK_SAMPLE");
	char *end;
	unsigned long n;

	if (!text)
		return 0;
	errno = 0;
	n = strtoul(text, &end, 10);
	if (errno || end == text || *end || *text == '-' ||
	        n > RM_LOCK_SAMPLE_MAX)
		return rm_error_set(error, -EINVAL,
		        "RM_LOCK_SAMPLE=%.20s: expected a number from 0 to %d",
		        text, RM_LOCK_SAMPLE_MAX);
	/* relaxed: other threads start later */
	atomic_store_explicit(&sample, n, memory_order_relaxed);
	return 0;
}

void rm_lock_waits_begin_window(void)
{
	/* relaxed: a statistic; the other threads are waiting */
	atomic_store_explicit(&longest_ns, 0, memory_order_relaxed);
}

void rm_lock_begin(enum rm_lock_side side)
{
	if (waiter.depth++ || !rm_stat_read(&sample))
		return;
	if (!waiter.stripe)
		/* relaxed: the number only selects a stripe */
		waiter.stripe = &stripes[atomic_fetch_add_explicit(&threads, 1,
		                                 memory_order_relaxed) %
		                         STRIPES];
	waiter.side = side;
	rm_stat_add(&waiter.stripe->taken[side], 1);
}

void rm_lock_wait_begin(void)
{
	uint64_t every = rm_stat_read(&sample);

	if (!waiter.depth || waiter.waited || !every)
		return;
	waiter.waited = true;
	rm_stat_add(&waiter.stripe->contended[waiter.side], 1);
	waiter.start_ns = waiter.waits++ % every ? 0 : rm_now_ns();
}

static void record_wait(uint64_t ns)
{
	uint64_t limit = 1000;
	int bin = 0;

	for (; bin < BINS - 1 && ns >= limit; bin++)
		limit *= 10;
	rm_stat_add(&waiter.stripe->bins[bin], 1);
	rm_stat_add(&waiter.stripe->timed, 1);
	rm_stat_add(&waiter.stripe->wait_ns, ns);
	/* both relaxed: a statistic orders nothing */
	uint64_t longest =
	        atomic_load_explicit(&longest_ns, memory_order_relaxed);

	while (longest < ns &&
	        !atomic_compare_exchange_weak_explicit(&longest_ns, &longest,
	                ns, memory_order_relaxed, memory_order_relaxed))
		;
}

void rm_lock_end(void)
{
	if (--waiter.depth || !waiter.waited)
		return;
	waiter.waited = false;
	if (!waiter.start_ns)
		return;
	const uint64_t ns = rm_now_ns() - waiter.start_ns;

	record_wait(ns);
	if (ns >= RM_LOCK_EVENT_NS)
		rm_event_span(RM_EVENT_LOCK_WAIT, waiter.start_ns,
		        waiter.side == RM_LOCK_WRITE);
}

static uint64_t sum_of(size_t member)
{
	uint64_t sum = 0;

	for (int i = 0; i < STRIPES; i++)
		sum += rm_stat_read(
		        (_Atomic uint64_t *)((char *)&stripes[i] + member));
	return sum;
}

void rm_lock_waits_emit(rm_stat_fn *emit, void *context)
{
	static const struct {
		const char *name, *unit;
		size_t member;
	} sums[] = {
		{ "lock_reads", "1",
		        offsetof(struct stripe, taken[RM_LOCK_READ]) },
		{ "lock_writes", "1",
		        offsetof(struct stripe, taken[RM_LOCK_WRITE]) },
		{ "lock_read_contended", "1",
		        offsetof(struct stripe, contended[RM_LOCK_READ]) },
		{ "lock_write_contended", "1",
		        offsetof(struct stripe, contended[RM_LOCK_WRITE]) },
		{ "lock_waits_timed", "1", offsetof(struct stripe, timed) },
		{ "lock_wait_ns", "ns", offsetof(struct stripe, wait_ns) },
	};

	if (!RM_STATS_BUILT)
		return;
	emit(context, "lock_sample", "1", (double)rm_stat_read(&sample));
	for (size_t i = 0; i < sizeof(sums) / sizeof(sums[0]); i++)
		emit(context, sums[i].name, sums[i].unit,
		        (double)sum_of(sums[i].member));
	emit(context, "lock_wait_max_ns", "ns",
	        (double)rm_stat_read(&longest_ns));
	for (size_t i = 0; i < BINS; i++)
		emit(context, bin_names[i], "1",
		        (double)sum_of(offsetof(struct stripe, bins) +
		                       i * sizeof(uint64_t)));
}
