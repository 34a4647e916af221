/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_syncmap_safe.c - a fault while a key is hashed: the lookup returns
 * "absent", the lock is free, the map still works.
 * linked with the stats objects
 */
#include "runner/map.h"

struct fault_barrier;

/* Makes the hash fault on request, but only within a barrier. */
static bool fault_condition(struct rm_shape shape, struct rm_key key,
        struct fault_barrier *barrier);
#define FAULT_CONDITION fault_condition

#include "impls/syncmap/syncmap_safe.h"
#include "runner/driver.h"
#include "tests/unit/tap.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { THREADS = 4, RANKS = 64, STEPS = 20000 };

/* Number of hashes until the fault, or 0 for no fault. */
static _Thread_local unsigned countdown;
/* The map whose lock a faulting thread may hold, and how often it did. */
static struct safe_map *watched;
static _Atomic unsigned faults_under_lock;
/* The barrier for a real fault of this thread. */
static _Thread_local struct fault_barrier *real_barrier;

static bool fault_condition(
        struct rm_shape shape, struct rm_key key, struct fault_barrier *barrier)
{
	if (!barrier)
		return fault_in_key(shape, key);
	real_barrier = barrier;
	if (!countdown || --countdown)
		return fault_in_key(shape, key);
	if (watched &&
	        atomic_load(&watched->inner->lock.holder) == pthread_self())
		atomic_fetch_add(&faults_under_lock, 1);
	return true;
}

static const struct rm_map_ops ops = { SYNCMAP_SAFE_OPS };

static struct safe_map *begin(struct rm_shape shape, unsigned threads)
{
	const struct rm_sizing sizing = {
		.keys = RANKS, .threads = threads, .shape = shape, .seed = 5
	};
	struct safe_map *map = ops.create(&sizing);

	watched = map;
	atomic_store(&faults_under_lock, 0);
	return map;
}

static bool put(void *thread, struct rm_shape shape, uint64_t rank)
{
	struct rm_key_bytes line;
	const struct rm_value value = rm_value_of(rank, 1, 1);

	return rm_map_upsert(
	        &ops, thread, shape, rm_key_of(shape, rank, &line), &value);
}

static bool has_key(void *thread, struct rm_shape shape, uint64_t rank)
{
	struct rm_key_bytes line;
	struct rm_value value;

	return ops.lookup(
	               thread, shape, rm_key_of(shape, rank, &line), &value) &&
	       !rm_value_errors(shape, &value, rank);
}

/* True if the lock is free, that is, can be taken at once. */
static bool lock_is_free(struct safe_map *map)
{
	if (pthread_mutex_trylock(&map->inner->lock.mutex))
		return false;
	pthread_mutex_unlock(&map->inner->lock.mutex);
	return true;
}

static void end(struct safe_map *map, void *thread, const char *name)
{
	char why[200] = "";

	if (!CHECK(ops.check(map, why, sizeof(why)), name))
		printf("# %s\n", why);
	ops.leave(thread);
	ops.destroy(map);
}

static void key_without_a_hash(void)
{
	const struct rm_key nowhere = { .bytes = NULL, .length = 5 };
	const struct rm_key empty = { .bytes = NULL, .length = 0 };
	const struct rm_value value = { { 1, 2, 3 } };
	struct rm_value got = { { 7, 7, 7 } };
	struct safe_map *map = begin(RM_STR16X24, 1);
	void *thread = ops.join(map, 0);

	put(thread, RM_STR16X24, 1);
	has_key(thread, RM_STR16X24, 1); /* a miss promotes */
	CHECK(!ops.lookup(thread, RM_STR16X24, nowhere, &got),
	        "a key that cannot be hashed is absent");
	CHECK(got.word[0] == 7, "the lookup of such a key stores no value");
	CHECK(map->faults == 1, "the fault is counted");
	CHECK(!rm_map_upsert(&ops, thread, RM_STR16X24, empty, &value) &&
	                ops.lookup(thread, RM_STR16X24, empty, &got),
	        "the empty string is a normal key");
	CHECK(map->faults == 1, "the empty string causes no fault");
	CHECK(has_key(thread, RM_STR16X24, 1) && !put(thread, RM_STR16X24, 2),
	        "the map still works");
	end(map, thread, "the map's invariants hold");
}

/* Makes every hash of a lookup fault once, even those under the lock. */
static void every_hash(struct rm_shape shape, const char *name)
{
	struct safe_map *map = begin(shape, 2);
	void *thread = ops.join(map, 0), *other = ops.join(map, 1);
	bool absent = true, is_free = true, usable = true;

	/* if the read map is empty and there is a dirty map, keys are hashed
	   under the lock */
	put(thread, shape, 1);
	for (unsigned nth = 1; nth <= 4; nth++)
		for (uint64_t rank = 2; rank < RANKS && is_free; rank++) {
			const uint64_t before = map->faults;
			bool found;

			put(thread, shape, rank);
			countdown = nth;
			found = has_key(thread, shape, rank);
			absent &= map->faults == before || !found;
			countdown = 0;
			is_free &= lock_is_free(map);
			usable &= is_free && put(other, shape, rank) &&
			          has_key(thread, shape, rank);
			if (is_free && rank % 8 == 0)
				ops.clear(thread);
		}
	CHECK(absent, "a lookup that faults returns absent");
	CHECK(is_free, "a lookup that faults never leaves the lock held");
	CHECK(usable, "another thread writes, this one reads");
	CHECK(map->faults >= RANKS - 2, "there were faults");
	CHECK(faults_under_lock && faults_under_lock == map->faults_locked,
	        "some faults were under the lock");
	ops.leave(other);
	end(map, thread, name);
}

struct peer {
	pthread_t id;
	struct safe_map *map;
	unsigned slot;
	uint64_t faults, wrong;
};

/* Writes ranks of its own. Looks up one of them, sometimes with a fault. */
static void *work(void *opaque)
{
	struct peer *peer = opaque;
	void *thread = ops.join(peer->map, peer->slot);
	uint64_t rng = rm_seed(1, peer->slot);

	for (unsigned i = 0; i < STEPS; i++) {
		const uint64_t x = rm_next(&rng);
		const uint64_t own =
		        x % (RANKS / THREADS) * THREADS + peer->slot;
		struct rm_key_bytes line;
		struct rm_key key = rm_key_of(RM_U64X8, own, &line);

		if (x >> 60 < 4)
			rm_map_remove(&ops, thread, RM_U64X8, key);
		put(thread, RM_U64X8, own);
		countdown = x >> 56 & 3;
		const bool found = has_key(thread, RM_U64X8, own);

		/* with 1 the first hash faults; there may be no second one */
		if ((x >> 56 & 3) == 1)
			peer->faults += !found, peer->wrong += found;
		else if (!countdown && x >> 56 & 3)
			peer->faults += !found, peer->wrong += found;
		else
			peer->wrong += !found;
		countdown = 0;
		if (i % RM_BATCH == 0)
			ops.quiesce(thread);
	}
	ops.leave(thread);
	return NULL;
}

static void together(void)
{
	struct safe_map *map = begin(RM_U64X8, THREADS);
	struct peer peers[THREADS];
	uint64_t faults = 0, wrong = 0;

	for (unsigned i = 0; i < THREADS; i++) {
		peers[i] = (struct peer){ .map = map, .slot = i };
		if (pthread_create(&peers[i].id, NULL, work, peers + i))
			abort();
	}
	for (unsigned i = 0; i < THREADS; i++) {
		pthread_join(peers[i].id, NULL);
		faults += peers[i].faults;
		wrong += peers[i].wrong;
	}
	CHECK(wrong == 0, "four threads: only lookups that faulted missed");
	CHECK(faults == map->faults && faults > 1000, "each fault is counted");
	CHECK(lock_is_free(map), "the lock is free at the end");
	end(map, ops.join(map, 0), "the invariants hold at the end");
}

#ifdef __SANITIZE_THREAD__
enum { TSAN = 1 };
#else
enum { TSAN = 0 };
#endif

static void on_segv(int number)
{
	(void)number;
	fault_raise(real_barrier);
}

/* The signal handler of a program may raise a fault for memory that cannot be
   read. */
static void real_fault(void)
{
	const struct sigaction action = { .sa_handler = on_segv,
		.sa_flags = SA_NODEFER };
	struct sigaction before;
	struct safe_map *map = begin(RM_STR16X8, 1);
	void *thread = ops.join(map, 0);
	char *bytes =
	        mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	const struct rm_key key = { .bytes = bytes, .length = 16 };
	struct rm_value value;
	bool absent = true;

	put(thread, RM_STR16X8, 1);
	sigaction(SIGSEGV, &action, &before);
	for (int i = 0; i < 3; i++)
		absent &= !ops.lookup(thread, RM_STR16X8, key, &value);
	sigaction(SIGSEGV, &before, NULL);
	CHECK(absent && map->faults == 3, "a SIGSEGV whose handler raises a "
	                                  "fault is survived, repeatedly");
	CHECK(lock_is_free(map) && has_key(thread, RM_STR16X8, 1),
	        "after a SIGSEGV the lock is free and the map works");
	munmap(bytes, 4096);
	end(map, thread, "after a SIGSEGV the invariants hold");
}

/* As in the article, writes have no barrier. */
static void write_dies(void)
{
	const struct rm_key nowhere = { .bytes = NULL, .length = 5 };
	const struct rm_value value = { { 0 } };
	int status = 0;
	pid_t child = fork();

	if (!child) {
		struct safe_map *map = begin(RM_STR16X8, 1);
		void *thread = ops.join(map, 0);

		fclose(stderr);
		signal(SIGABRT, SIG_DFL);
		put(thread, RM_STR16X8, 1);
		rm_map_upsert(&ops, thread, RM_STR16X8, nowhere, &value);
		_exit(0);
	}
	CHECK(child > 0 && waitpid(child, &status, 0) == child &&
	                WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT,
	        "a write of a key without a hash ends the process");
}

int main(void)
{
	key_without_a_hash();
	every_hash(RM_U64X8, "u64x8: the invariants hold");
	every_hash(RM_STR16X24, "str16x24: the invariants hold");
	if (tap_failed) /* otherwise threads might wait for a lock forever */
		return DONE();
	together();
	if (TSAN)
		SKIP("a SIGSEGV whose handler raises is survived",
		        "ThreadSanitizer does not follow a jump out of it");
	else
		real_fault();
	write_dies();
	return DONE();
}
