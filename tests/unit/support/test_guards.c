/* SPDX-License-Identifier: Apache-2.0 */
/* test_guards.c - tests the locks around Go's map: the order in which waiting
   threads get the lock, and progress with many more threads than CPUs.
   test_lock_waits.c tests which threads exclude each other, with locks that
   report waits. */
#include "impls/support/ticket.h"
#include "runner/impl.h"
#include "runner/keys.h"
#include "tests/unit/tap.h"

#include <pthread.h>
#include <string.h>
#include <unistd.h>

/* ThreadSanitizer keeps a state for each pair of threads, so 300 threads take
   nine times as long as 100. */
#ifdef __SANITIZE_THREAD__
enum { MANY_THREADS = 100 };
#else
enum { MANY_THREADS = 300 };
#endif
enum { TURNS = 4, WAITERS = 6, WITHIN_S = 600 };

struct contender {
	const struct rm_map_ops *ops;
	void *map;
	size_t slot;
	pthread_mutex_t *gate; /* held until all threads have started */
	_Atomic bool done;
	pthread_t thread;
};

/* Returns a map with one entry, whose value is 1. `threads` threads may
   join. */
static void *map_of_one(const struct rm_map_ops *ops, size_t threads)
{
	struct rm_sizing sizing = { .keys = 8,
		.threads = threads,
		.presize = true,
		.shape = RM_U64X8 };
	struct rm_value value = { { 1 } };
	void *map = ops->create(&sizing);
	void *thread = ops->join(map, 0);

	rm_map_upsert(
	        ops, thread, RM_U64X8, (struct rm_key){ .word = 1 }, &value);
	ops->leave(thread);
	return map;
}

/* There are many more threads than CPUs, so that the holder of the lock is
   rarely running while others wait. With a lock that only spins this would not
   end. */
static void *contend(void *context)
{
	struct contender *contender = context;
	void *thread = contender->ops->join(contender->map, contender->slot);
	struct rm_key key = { .word = 2 + contender->slot };
	struct rm_value value = { { 0 } };

	pthread_mutex_lock(contender->gate);
	pthread_mutex_unlock(contender->gate);
	for (unsigned i = 0; i < TURNS; i++) {
		value.word[0] = i;
		rm_map_upsert(contender->ops, thread, RM_U64X8, key, &value);
		if (!contender->ops->lookup(thread, RM_U64X8, key, &value) ||
		        value.word[0] != i)
			return NULL;
	}
	contender->done = true;
	contender->ops->leave(thread);
	return NULL;
}

static void check_progress(const char *id)
{
	static struct contender contenders[MANY_THREADS];
	const struct rm_impl *impl = rm_impl_find(id);
	pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
	size_t done = 0, threads = 0;
	pthread_attr_t small;
	char fact[120];

	snprintf(fact, sizeof(fact), "%s: many threads on few CPUs finish", id);
	if (!impl) {
		SKIP(fact, "not in this build");
		return;
	}
	void *map = map_of_one(impl->ops, MANY_THREADS);

	pthread_mutex_lock(&gate);
	pthread_attr_init(&small);
	pthread_attr_setstacksize(&small, 256 << 10);
	for (; threads < MANY_THREADS; threads++) {
		struct contender *contender = &contenders[threads];

		*contender = (struct contender){ .ops = impl->ops,
			.map = map,
			.slot = threads,
			.gate = &gate };
		if (pthread_create(
		            &contender->thread, &small, contend, contender))
			break; /* a container may allow fewer threads */
	}
	pthread_mutex_unlock(&gate);
	for (size_t i = 0; i < threads; i++) {
		pthread_join(contenders[i].thread, NULL);
		done += contenders[i].done;
	}
	printf("# %zu threads\n", threads);
	CHECK(threads > 0 && done == threads, fact);
	pthread_attr_destroy(&small);
	impl->ops->destroy(map);
}

/* Each thread draws the next ticket while the lock is held. */
struct waiter {
	struct ticket_lock *lock;
	unsigned *order; /* plain, protected by the lock */
	unsigned got_in;
	pthread_t thread;
};

static void *wait_for_turn(void *context)
{
	struct waiter *waiter = context;

	ticket_lock(waiter->lock);
	waiter->got_in = ++*waiter->order;
	ticket_unlock(waiter->lock);
	return NULL;
}

static void tickets_are_served_in_order(uint32_t first)
{
	struct ticket_lock lock = { .next = first, .serving = first };
	struct waiter waiters[WAITERS];
	unsigned order = 0;
	bool right = true;

	ticket_lock(&lock);
	for (unsigned i = 0; i < WAITERS; i++) {
		waiters[i] = (struct waiter){ &lock, &order, 0, 0 };
		pthread_create(
		        &waiters[i].thread, NULL, wait_for_turn, &waiters[i]);
		while (lock.next != first + i + 2)
			sched_yield();
	}
	ticket_unlock(&lock);
	for (unsigned i = 0; i < WAITERS; i++) {
		pthread_join(waiters[i].thread, NULL);
		right &= waiters[i].got_in == i + 1;
	}
	CHECK(right, first ? "tickets are served in order even when their "
	                     "numbers wrap around"
	                   : "tickets are served in order");
	CHECK(lock.next == lock.serving, "the lock is free at the end");
}

int main(void)
{
	static const char *const map_ids[] = { "gomap_mutex",
		"gomap_pthread_mutex", "gomap_ticket", "gomap_ck_brlock",
		"gomap_ck_pflock", "shard_seg" };

	alarm(WITHIN_S); /* ends a test that hangs */
	tickets_are_served_in_order(0);
	tickets_are_served_in_order(UINT32_MAX - 2);
	for (size_t i = 0; i < sizeof(map_ids) / sizeof(*map_ids); i++)
		check_progress(map_ids[i]);
	return DONE();
}
