/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_guards.c - the locks around Go's map: who gets in beside whom, in which
 * order, and that a crowd on few CPUs comes to an end. It is
 * linked with the stats objects: their locks tell when somebody waits.
 */
#include "impls/support/ticket.h"
#include "runner/impl_table.h"
#include "runner/keys.h"
#include "runner/trial/internal.h"
#include "tests/unit/tap.h"

#include <pthread.h>
#include <string.h>
#include <unistd.h>

enum { CROWD = 1000, CROWD_TURNS = 4, WAITERS = 6, WITHIN_S = 600 };

struct guest {
	const struct rm_map_ops *ops;
	void *map;
	size_t slot;
	_Atomic unsigned *inside;
	_Atomic bool *may_leave;
	pthread_mutex_t *gate; /* held until all of a crowd have come */
	_Atomic bool done;
	pthread_t thread;
};

static bool stay(void *context, struct rm_key key, const struct rm_value *value)
{
	struct guest *guest = context;

	(void)key, (void)value;
	++*guest->inside;
	while (!*guest->may_leave)
		sched_yield();
	return false;
}

/* A scan holds the lock for reading until it is told to leave. */
static void *read_long(void *context)
{
	struct guest *guest = context;
	void *thread = guest->ops->join(guest->map, guest->slot);

	guest->ops->scan(thread, RM_U64X8, stay, guest);
	guest->ops->leave(thread);
	return NULL;
}

static void *write_once(void *context)
{
	struct guest *guest = context;
	void *thread = guest->ops->join(guest->map, guest->slot);
	struct rm_value value = { { 2 } };

	guest->ops->upsert(
	        thread, RM_U64X8, (struct rm_key){ .word = 1 }, &value);
	guest->done = true;
	guest->ops->leave(thread);
	return NULL;
}

static void invite(struct guest *guest, void *(*act)(void *))
{
	pthread_create(&guest->thread, NULL, act, guest);
}

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

static void pick_contended(
        void *context, const char *name, const char *unit, double value)
{
	(void)unit;
	if (!strcmp(name, "lock_write_contended"))
		*(double *)context = value;
}

/* Writers that have found a lock taken, so far. */
static double writers_that_wait(void)
{
	double waiting = -1;

	rm_lock_waits_emit(pick_contended, &waiting);
	return waiting;
}

/* Two readers meet inside; a writer gets in when both have left. */
static void readers_together(const char *id)
{
	const struct rm_impl *impl = rm_impl_find(id);
	_Atomic unsigned inside = 0;
	_Atomic bool may_leave = false;
	struct guest guests[3];
	char fact[120];
	double waiting;
	bool alone;

	snprintf(fact, sizeof(fact), "%s: readers share, writers do not", id);
	if (!impl) {
		SKIP(fact, "not in this build");
		return;
	}
	void *map = map_of_one(impl->ops, 3);

	for (size_t i = 0; i < 3; i++)
		guests[i] = (struct guest){ .ops = impl->ops,
			.map = map,
			.slot = i,
			.inside = &inside,
			.may_leave = &may_leave };
	invite(&guests[0], read_long);
	invite(&guests[1], read_long);
	while (inside != 2)
		sched_yield();
	waiting = writers_that_wait();
	invite(&guests[2], write_once);
	while (writers_that_wait() == waiting && !guests[2].done)
		sched_yield();
	/* It stands at the lock. One that let it pass would do so in these
	   turns. */
	for (unsigned i = 0; i < 200; i++)
		sched_yield();
	alone = !guests[2].done;
	may_leave = true;
	for (size_t i = 0; i < 3; i++)
		pthread_join(guests[i].thread, NULL);
	CHECK(alone && guests[2].done, fact);
	impl->ops->destroy(map);
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
	static const char *const shared[] = { "gomap_rw",
		"gomap_pthread_rw_reader", "gomap_pthread_rw_writer",
		"gomap_ck_brlock", "gomap_ck_pflock" };
	static const char *const crowds[] = { "gomap_mutex",
		"gomap_pthread_mutex", "gomap_ticket", "gomap_ck_brlock",
		"gomap_ck_pflock", "shard_seg" };

	alarm(WITHIN_S); /* a test that hangs has failed */
	tickets_are_served_in_order(0);
	tickets_are_served_in_order(UINT32_MAX - 2);
	for (size_t i = 0; i < sizeof(shared) / sizeof(*shared); i++)
		readers_together(shared[i]);
	for (size_t i = 0; i < sizeof(crowds) / sizeof(*crowds); i++)
		crowd_ends(crowds[i]);
	return DONE();
}
