/* SPDX-License-Identifier: Apache-2.0 */
/* test_slab.c - allocator calls of a session: none with pooled slabs, several
   with a map of boxes; and the order in which a slot is published.
   It is linked with the stats objects. */
#define SESSION_STATE "impls/slab/session_slab.h"
#include "impls/slab/sessions.h"
#include "runner/driver.h"
#include "runner/trial/trial.h"
#include "tests/unit/tap.h"

#include <string.h>

extern const struct rm_impl rm_impl_slab, rm_impl_slab_boxed, rm_impl_syncmap;

enum { THREADS = 4, HELD = 8, SESSIONS = 5000, TOUCHES = 4 };

static const struct rm_map_ops inner = { SESSIONS_OPS };

static void take_allocations(
        void *context, const char *name, const char *unit, double value)
{
	(void)unit;
	if (!strcmp(name, "allocations"))
		*(double *)context = value;
}

/* Returns the allocator calls of the process so far, or a negative number if
   this build does not count them. */
static double allocations(void)
{
	double count = -1;

	rm_allocations_emit(take_allocations, &count);
	return count;
}

struct team {
	const struct rm_impl *impl;
	struct rm_shape shape;
	void *map;
	pthread_barrier_t barrier;
	_Atomic uint64_t wrong;
};

struct member {
	pthread_t id;
	struct team *team;
	unsigned slot;
};

static void put(struct member *member, void *thread, uint64_t rank, uint64_t n)
{
	const struct team *team = member->team;
	struct rm_key_bytes line;
	const struct rm_value value = rm_value_of(rank, member->slot, n);

	rm_map_upsert(team->impl->ops, thread, team->shape,
	        rm_key_of(team->shape, rank, &line), &value);
}

static void drop(struct member *member, void *thread, uint64_t rank)
{
	const struct team *team = member->team;
	struct rm_key_bytes line;

	if (!rm_map_remove(team->impl->ops, thread, team->shape,
	            rm_key_of(team->shape, rank, &line)))
		atomic_fetch_add(&member->team->wrong, 1);
}

static void lookup_value(struct member *member, void *thread, uint64_t rank)
{
	const struct team *team = member->team;
	struct rm_key_bytes line;
	struct rm_value value;

	if (!team->impl->ops->lookup(thread, team->shape,
	            rm_key_of(team->shape, rank, &line), &value) ||
	        rm_value_errors(team->shape, &value, rank))
		atomic_fetch_add(&member->team->wrong, 1);
}

/* Each thread opens its maximum number of sessions, then closes and opens
   many. */
static void *run_member(void *opaque)
{
	struct member *member = opaque;
	struct team *team = member->team;
	const uint64_t first = (uint64_t)member->slot << 20;
	void *thread = team->impl->ops->join(team->map, member->slot);

	for (uint64_t i = 0; i < HELD; i++)
		put(member, thread, first + i, 0);
	pthread_barrier_wait(&team->barrier); /* the pool is warm: all sessions
	                                         are open */
	pthread_barrier_wait(&team->barrier);
	for (uint64_t i = 0; i < SESSIONS; i++) {
		drop(member, thread, first + i);
		put(member, thread, first + i + HELD, 0);
		for (uint64_t n = 1; n <= TOUCHES; n++)
			lookup_value(member, thread, first + i + HELD);
		put(member, thread, first + i + HELD, 1);
		team->impl->ops->quiesce(thread);
	}
	pthread_barrier_wait(&team->barrier);
	pthread_barrier_wait(&team->barrier);
	team->impl->ops->leave(thread);
	return NULL;
}

/* Returns the allocator calls of a session that consists of an open, 4 lookups,
   a write and a close. */
static double per_session(const struct rm_impl *impl, struct rm_shape shape)
{
	const struct rm_sizing sizing = { .keys = (HELD + 1) * THREADS,
		.threads = THREADS,
		.shape = shape,
		.seed = 3 };
	struct team team = {
		.impl = impl, .shape = shape, .map = impl->ops->create(&sizing)
	};
	struct member hands[THREADS];
	double before, after;

	pthread_barrier_init(&team.barrier, NULL, THREADS + 1);
	for (unsigned i = 0; i < THREADS; i++) {
		hands[i] = (struct member){ .team = &team, .slot = i };
		if (pthread_create(&hands[i].id, NULL, run_member, hands + i))
			abort();
	}
	pthread_barrier_wait(&team.barrier);
	before = allocations();
	pthread_barrier_wait(&team.barrier);
	pthread_barrier_wait(&team.barrier);
	after = allocations();
	pthread_barrier_wait(&team.barrier);
	for (unsigned i = 0; i < THREADS; i++)
		pthread_join(hands[i].id, NULL);
	pthread_barrier_destroy(&team.barrier);
	if (atomic_load(&team.wrong))
		CHECK(false, "every session is found with its value");
	impl->ops->destroy(team.map);
	after -= before;
	printf("# %s, %s: %.3f allocator calls per session\n", impl->id,
	        shape.str ? "str16" : "u64", after / (SESSIONS * THREADS));
	return after / (SESSIONS * THREADS);
}

static void check_allocator_calls(void)
{
	if (allocations() < 0) {
		SKIP("a session with a warm slab makes no allocator call",
		        "a sanitizer has its own malloc");
		return;
	}
	CHECK(per_session(&rm_impl_slab, RM_U64X24) == 0 &&
	                per_session(&rm_impl_slab, RM_STR16X8) == 0,
	        "a session with a warm slab makes no allocator call");
	CHECK(per_session(&rm_impl_slab_boxed, RM_U64X8) >= 4,
	        "a session with a map of boxes makes at least four");
	CHECK(per_session(&rm_impl_syncmap, RM_U64X8) >= 2,
	        "a session with a sync.Map as directory makes at least two");
}

static struct session *open_one(struct sessions *map, uint64_t rank)
{
	struct rm_key_bytes line;
	const struct rm_key key = rm_key_of(RM_U64X8, rank, &line);
	const struct rm_value value = rm_value_of(rank, 0, 0);
	const struct session_place place = session_place(map, RM_U64X8, key);

	rm_map_upsert(&inner, map, RM_U64X8, key, &value);
	return *session_find(place.bucket, RM_U64X8, key);
}

static void close_one(struct sessions *map, uint64_t rank)
{
	struct rm_key_bytes line;

	rm_map_remove(&inner, map, RM_U64X8, rm_key_of(RM_U64X8, rank, &line));
}

/* The article increments the length before it writes the slot. */
static void order_of_publication(void)
{
	const struct rm_sizing sizing = {
		.keys = 10, .threads = 1, .shape = RM_U64X8
	};
	struct sessions *map = inner.create(&sizing);
	struct session *session = open_one(map, 1);
	uint64_t word = 0;
	unsigned slot;

	session_write(session, 1, 4711); /* a value that only session 1 may
	                                    see */
	CHECK(session_read(session, 1, &word) && word == 4711,
	        "a written slot is read");
	close_one(map, 1);
	CHECK(open_one(map, 2) == session, "the pool reuses the slab");
	CHECK(!session_read(session, 1, &word),
	        "no slot of the previous session is ready");
	slot = slab_claim(session);
	CHECK(slot == 1 && atomic_load(&session->used) == 2 &&
	                atomic_load(&session->words[1]) == 4711,
	        "between claim and write, the length covers the previous "
	        "session's word");
	CHECK(!session_read(session, slot, &word),
	        "a claimed slot is not ready");
	slab_fill(session, slot, 1);
	CHECK(session_read(session, slot, &word) && word == 1,
	        "a written slot is ready");
	for (unsigned i = 2; i < SLAB_WORDS; i++)
		session_write(session, i, i);
	CHECK(slab_claim(session) == SLAB_WORDS &&
	                session_read(session, SLAB_WORDS - 1, &word) &&
	                word == SLAB_WORDS - 1,
	        "a slab has 256 slots");
	close_one(map, 2);
	CHECK(open_one(map, 3) == session, "a full slab is reused");
	slot = 1; /* slot 0 has the value */
	while (slot < SLAB_WORDS && !session_read(session, slot, &word))
		slot++;
	CHECK(slot == SLAB_WORDS, "no slot of a reused slab stays ready");
	inner.destroy(map);
}

static void check_finds_claimed_slot(void)
{
	const struct rm_sizing sizing = {
		.keys = 10, .threads = 1, .shape = RM_U64X8
	};
	struct sessions *map = inner.create(&sizing);
	struct session *session = open_one(map, 1);
	char why[100] = "";

	CHECK(inner.check(map, why, sizeof(why)), "the map's check passes");
	slab_claim(session);
	CHECK(!inner.check(map, why, sizeof(why)) &&
	                !strcmp(why, "a slot is claimed and not ready"),
	        "the check detects a slot that stays claimed");
	inner.destroy(map);
}

/* Tests lifecycle:4:SLOTS, which writes SLOTS words of each session's slab. */
static void loop_writes_slots(uint64_t slots)
{
	const struct rm_sizing sizing = {
		.keys = 16, .threads = 1, .shape = RM_U64X24
	};
	const uint64_t args[] = { 4, slots, 1 };
	struct sessions *map = inner.create(&sizing);
	struct rm_worker worker = {
		.thread = map, .resident = 16, .threads = 1, .loop_args = args
	};
	bool written = true;
	uint64_t word;

	CHECK(life_open_all(&worker), "sessions are opened");
	const struct ring *ring = worker.held;

	for (uint64_t i = 0; i < 16; i++) {
		struct session *session = ring->sessions[i];

		written &=
		        session_read(session, 3 + (unsigned)slots - 1, &word);
		written &= slots == 253 ||
		           !session_read(session, 3 + (unsigned)slots, &word);
	}
	CHECK(written, "each session has its value and SLOTS words");
	life_close_all(&worker);
	CHECK(inner.length(map) == 0, "all sessions are closed");
	inner.destroy(map);
}

/* Tests that a thread counts a wrong answer if and only if it closes a session
   that another thread has removed. */
static void lost_session_is_counted(uint64_t lost)
{
	const struct rm_sizing sizing = {
		.keys = 16, .threads = 1, .shape = RM_U64X24
	};
	const uint64_t args[] = { 4, 4, 1 };
	struct sessions *map = inner.create(&sizing);
	struct rm_worker worker = {
		.thread = map, .resident = 16, .threads = 1, .loop_args = args
	};
	struct rm_key_bytes line;

	life_open_all(&worker);
	if (lost < 16)
		rm_map_remove(&inner, map, RM_U64X24,
		        rm_key_of(RM_U64X24, lost, &line));
	life_close_all(&worker);
	CHECK((worker.counts.wrong != 0) == (lost < 16),
	        "a wrong answer is counted if and only if a session was lost");
	inner.destroy(map);
}

/* A map that always sizes its table for all keys must have RM_CAP_FIXED_SIZE.
   Otherwise it would be in cells about growth. */
static void full_size_table_is_declared(void)
{
	const struct rm_sizing sizing = {
		.keys = 1 << 16, .threads = 1, .shape = RM_U64X8
	};
	struct sessions *map = inner.create(&sizing);

	CHECK(map->mask + 1 < sizing.keys ||
	                (rm_impl_slab.caps & rm_impl_slab_boxed.caps &
	                        RM_CAP_FIXED_SIZE),
	        "the directory is sized for its keys, and both maps have "
	        "RM_CAP_FIXED_SIZE");
	inner.destroy(map);
}

int main(void)
{
	full_size_table_is_declared();
	lost_session_is_counted(0);
	lost_session_is_counted(15);
	lost_session_is_counted(16); /* no session is lost */
	loop_writes_slots(4);
	loop_writes_slots(253);
	order_of_publication();
	check_finds_claimed_slot();
	check_allocator_calls();
	return DONE();
}
