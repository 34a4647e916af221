/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_guards.c - the locks around Go's map: in which order who waits gets in,
 * and that a crowd on few CPUs comes to an end. Who gets in beside whom is the
 * matter of test_lock_waits.c, whose locks tell when somebody waits.
 */
#include "impls/support/ticket.h"
#include "runner/impl.h"
#include "runner/keys.h"
#include "tests/unit/tap.h"

#include <pthread.h>
#include <string.h>
#include <unistd.h>

/* ThreadSanitizer keeps what each thread knows of each other one: 1000 take it
   a hundred times as long as 100. */
#ifdef __SANITIZE_THREAD__
enum { CROWD = 100 };
#else
enum { CROWD = 1000 };
#endif
enum { CROWD_TURNS = 4, WAITERS = 6, WITHIN_S = 600 };

struct guest {
	const struct rm_map_ops *ops;
	void *map;
	size_t slot;
	pthread_mutex_t *gate; /* held until all of a crowd have come */
	_Atomic bool done;
	pthread_t thread;
};

/* One entry, value 1; `threads` may join. */
static void *map_of_one(const struct rm_map_ops *ops, size_t threads)
{
	struct rm_sizing sizing = { .keys = 8,
		.threads = threads,
		.presize = true,
		.shape = RM_U64X8 };
	struct rm_value value = { { 1 } };
	void *map = ops->create(&sizing);
	void *thread = ops->join(map, 0);

	ops->upsert(thread, RM_U64X8, (struct rm_key){ .word = 1 }, &value);
	ops->leave(thread);
	return map;
}

/* More threads than CPUs, by far: who holds the lock is hardly ever running
   when it is waited for. A lock that only spins does not come to an end. */
static void *crowded(void *context)
{
	struct guest *guest = context;
	void *thread = guest->ops->join(guest->map, guest->slot);
	struct rm_key key = { .word = 2 + guest->slot };
	struct rm_value value = { { 0 } };

	pthread_mutex_lock(guest->gate);
	pthread_mutex_unlock(guest->gate);
	for (unsigned i = 0; i < CROWD_TURNS; i++) {
		value.word[0] = i;
		guest->ops->upsert(thread, RM_U64X8, key, &value);
		if (!guest->ops->lookup(thread, RM_U64X8, key, &value) ||
		        value.word[0] != i)
			return NULL;
	}
	guest->done = true;
	guest->ops->leave(thread);
	return NULL;
}

static void crowd_ends(const char *id)
{
	static struct guest guests[CROWD];
	const struct rm_impl *impl = rm_impl_find(id);
	pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
	size_t done = 0, threads = 0;
	pthread_attr_t small;
	char fact[120];

	snprintf(fact, sizeof(fact), "%s: a crowd comes to an end", id);
	if (!impl) {
		SKIP(fact, "not in this build");
		return;
	}
	void *map = map_of_one(impl->ops, CROWD);

	pthread_mutex_lock(&gate);
	pthread_attr_init(&small);
	pthread_attr_setstacksize(&small, 256 << 10);
	for (; threads < CROWD; threads++) {
		struct guest *guest = &guests[threads];

		*guest = (struct guest){ .ops = impl->ops,
			.map = map,
			.slot = threads,
			.gate = &gate };
		if (pthread_create(&guest->thread, &small, crowded, guest))
			break; /* a container may allow fewer */
	}
	pthread_mutex_unlock(&gate);
	for (size_t i = 0; i < threads; i++) {
		pthread_join(guests[i].thread, NULL);
		done += guests[i].done;
	}
	printf("# %zu threads\n", threads);
	CHECK(threads > 0 && done == threads, fact);
	pthread_attr_destroy(&small);
	impl->ops->destroy(map);
}

/* Each draws the next ticket while the lock is held. */
struct waiter {
	struct ticket_lock *lock;
	unsigned *order; /* under the lock: plain */
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
	CHECK(right, first ? "also where tickets wrap around"
	                   : "tickets are served in order");
	CHECK(lock.next == lock.serving, "and the lock is free");
}

int main(void)
{
	static const char *const crowds[] = { "gomap_mutex",
		"gomap_pthread_mutex", "gomap_ticket", "gomap_ck_brlock",
		"gomap_ck_pflock", "shard_seg" };

	alarm(WITHIN_S); /* a test that hangs has failed */
	tickets_are_served_in_order(0);
	tickets_are_served_in_order(UINT32_MAX - 2);
	for (size_t i = 0; i < sizeof(crowds) / sizeof(*crowds); i++)
		crowd_ends(crowds[i]);
	return DONE();
}
