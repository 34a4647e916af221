/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_slab.c - what a session takes of the allocator: nothing with pooled
 * slabs, several objects with a map of boxes; and in which order a slot is
 * published. linked with the stats objects
 */
#define SESSION_STATE "impls/slab/session_slab.h"
#include "impls/slab/sessions.h"
#include "runner/driver.h"
#include "runner/trial/trial.h"
#include "tests/unit/tap.h"

#include <string.h>

extern const struct rm_impl rm_impl_slab, rm_impl_slab_boxed, rm_impl_syncmap;

enum { THREADS = 4, HELD = 8, SESSIONS = 5000, TOUCHES = 4 };

static const struct rm_map_ops inner = { SESSIONS_OPS };

static void pick(
        void *context, const char *name, const char *unit, double value)
{
	(void)unit;
	if (!strcmp(name, "allocations"))
		*(double *)context = value;
}

/* Calls so far, of the process; negative: not counted in this build. */
static double allocations(void)
{
	double count = -1;

	rm_allocations_emit(pick, &count);
	return count;
}

struct crew {
	const struct rm_impl *impl;
	struct rm_shape shape;
	void *map;
	pthread_barrier_t barrier;
	_Atomic uint64_t wrong;
};

struct hand {
	pthread_t id;
	struct crew *crew;
	unsigned slot;
};

static void put(struct hand *hand, void *thread, uint64_t rank, uint64_t n)
{
	const struct crew *crew = hand->crew;
	struct rm_key_bytes line;
	const struct rm_value value = rm_value_of(rank, hand->slot, n);

	crew->impl->ops->upsert(thread, crew->shape,
	        rm_key_of(crew->shape, rank, &line), &value);
}

static void drop(struct hand *hand, void *thread, uint64_t rank)
{
	const struct crew *crew = hand->crew;
	struct rm_key_bytes line;

	if (!crew->impl->ops->remove(
	            thread, crew->shape, rm_key_of(crew->shape, rank, &line)))
		atomic_fetch_add(&hand->crew->wrong, 1);
}

static void look(struct hand *hand, void *thread, uint64_t rank)
{
	const struct crew *crew = hand->crew;
	struct rm_key_bytes line;
	struct rm_value value;

	if (!crew->impl->ops->lookup(thread, crew->shape,
	            rm_key_of(crew->shape, rank, &line), &value) ||
	        rm_value_wrong(crew->shape, &value, rank))
		atomic_fetch_add(&hand->crew->wrong, 1);
}

/* Everybody holds as many sessions as ever at once, then many come and go. */
static void *work(void *opaque)
{
	struct hand *hand = opaque;
	struct crew *crew = hand->crew;
	const uint64_t first = (uint64_t)hand->slot << 20;
	void *thread = crew->impl->ops->join(crew->map, hand->slot);

	for (uint64_t i = 0; i < HELD; i++)
		put(hand, thread, first + i, 0);
	pthread_barrier_wait(&crew->barrier); /* warm: all are open */
	pthread_barrier_wait(&crew->barrier);
	for (uint64_t i = 0; i < SESSIONS; i++) {
		drop(hand, thread, first + i);
		put(hand, thread, first + i + HELD, 0);
		for (uint64_t n = 1; n <= TOUCHES; n++)
			look(hand, thread, first + i + HELD);
		put(hand, thread, first + i + HELD, 1);
		crew->impl->ops->quiesce(thread);
	}
	pthread_barrier_wait(&crew->barrier);
	pthread_barrier_wait(&crew->barrier);
	crew->impl->ops->leave(thread);
	return NULL;
}

/* Allocator calls per session: open, 4 lookups, 1 write, close. */
static double per_session(const struct rm_impl *impl, struct rm_shape shape)
{
	const struct rm_sizing sizing = { .keys = (HELD + 1) * THREADS,
		.threads = THREADS,
		.shape = shape,
		.seed = 3 };
	struct crew crew = {
		.impl = impl, .shape = shape, .map = impl->ops->create(&sizing)
	};
	struct hand hands[THREADS];
	double before, after;

	pthread_barrier_init(&crew.barrier, NULL, THREADS + 1);
	for (unsigned i = 0; i < THREADS; i++) {
		hands[i] = (struct hand){ .crew = &crew, .slot = i };
		if (pthread_create(&hands[i].id, NULL, work, hands + i))
			abort();
	}
	pthread_barrier_wait(&crew.barrier);
	before = allocations();
	pthread_barrier_wait(&crew.barrier);
	pthread_barrier_wait(&crew.barrier);
	after = allocations();
	pthread_barrier_wait(&crew.barrier);
	for (unsigned i = 0; i < THREADS; i++)
		pthread_join(hands[i].id, NULL);
	pthread_barrier_destroy(&crew.barrier);
	if (atomic_load(&crew.wrong))
		CHECK(false, "every session is found, with its value");
	impl->ops->destroy(crew.map);
	after -= before;
	printf("# %s, %s: %.3f allocator calls per session\n", impl->id,
	        shape.str ? "str16" : "u64", after / (SESSIONS * THREADS));
	return after / (SESSIONS * THREADS);
}

static void allocator(void)
{
	if (allocations() < 0) {
		SKIP("a session of a warm slab takes no allocator call",
		        "a sanitizer has its own malloc");
		return;
	}
	CHECK(per_session(&rm_impl_slab, RM_U64X24) == 0 &&
	                per_session(&rm_impl_slab, RM_STR16X8) == 0,
	        "a session of a warm slab takes no allocator call");
	CHECK(per_session(&rm_impl_slab_boxed, RM_U64X8) >= 4,
	        "one of a map of boxes takes four or more");
	CHECK(per_session(&rm_impl_syncmap, RM_U64X8) >= 2,
	        "a sync.Map as directory would take two or more of its own");
}

static struct session *open_one(struct sessions *map, uint64_t rank)
{
	struct rm_key_bytes line;
	const struct rm_key key = rm_key_of(RM_U64X8, rank, &line);
	const struct rm_value value = rm_value_of(rank, 0, 0);
	const struct session_place place = session_place(map, RM_U64X8, key);

	inner.upsert(map, RM_U64X8, key, &value);
	return *session_find(place.bucket, RM_U64X8, key);
}

static void close_one(struct sessions *map, uint64_t rank)
{
	struct rm_key_bytes line;

	inner.remove(map, RM_U64X8, rm_key_of(RM_U64X8, rank, &line));
}

/* The article counts the length up before it writes the slot. */
static void order_of_publication(void)
{
	const struct rm_sizing sizing = {
		.keys = 10, .threads = 1, .shape = RM_U64X8
	};
	struct sessions *map = inner.create(&sizing);
	struct session *session = open_one(map, 1);
	uint64_t word = 0;
	unsigned slot;

	session_write(session, 1, 4711); /* a secret of session 1 */
	CHECK(session_read(session, 1, &word) && word == 4711,
	        "a slot that was written is read");
	close_one(map, 1);
	CHECK(open_one(map, 2) == session, "the pool gives the slab again");
	CHECK(!session_read(session, 1, &word),
	        "nothing of the last session is ready");
	slot = slab_claim(session);
	CHECK(slot == 1 && atomic_load(&session->used) == 2 &&
	                atomic_load(&session->words[1]) == 4711,
	        "who trusts the length between claim and write reads the "
	        "last session's word");
	CHECK(!session_read(session, slot, &word),
	        "who asks whether the slot is ready does not");
	slab_fill(session, slot, 1);
	CHECK(session_read(session, slot, &word) && word == 1,
	        "once written it is ready");
	for (unsigned i = 2; i < SLAB_WORDS; i++)
		session_write(session, i, i);
	CHECK(slab_claim(session) == SLAB_WORDS &&
	                session_read(session, SLAB_WORDS - 1, &word) &&
	                word == SLAB_WORDS - 1,
	        "256 slots, and no more");
	close_one(map, 2);
	CHECK(open_one(map, 3) == session, "a full slab goes back, too");
	slot = 1; /* the value is in slot 0 */
	while (slot < SLAB_WORDS && !session_read(session, slot, &word))
		slot++;
	CHECK(slot == SLAB_WORDS, "and none of its slots stays ready");
	inner.destroy(map);
}

static void unsound(void)
{
	const struct rm_sizing sizing = {
		.keys = 10, .threads = 1, .shape = RM_U64X8
	};
	struct sessions *map = inner.create(&sizing);
	struct session *session = open_one(map, 1);
	char why[100] = "";

	CHECK(inner.check(map, why, sizeof(why)), "the map is sound");
	slab_claim(session);
	CHECK(!inner.check(map, why, sizeof(why)) &&
	                !strcmp(why, "a slot is claimed and not ready"),
	        "a slot that stays claimed is found by the map's own check");
	inner.destroy(map);
}

/* lifecycle:4:SLOTS: so many words of each session's slab are written. */
static void slots_of_a_session(uint64_t slots)
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
	const struct life *life = worker.held;

	for (uint64_t i = 0; i < 16; i++) {
		struct session *session = life->sessions[i];

		written &=
		        session_read(session, 3 + (unsigned)slots - 1, &word);
		written &= slots == 253 ||
		           !session_read(session, 3 + (unsigned)slots, &word);
	}
	CHECK(written, "each has its value and as many slots as asked");
	life_close_all(&worker);
	CHECK(inner.length(map) == 0, "and all are closed");
	inner.destroy(map);
}

/* A thread that closes a session which another took out says that its answers
   are wrong; one whose sessions are all there does not. */
static void a_lost_session_is_judged(uint64_t lost)
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
		inner.remove(map, RM_U64X24, rm_key_of(RM_U64X24, lost, &line));
	life_close_all(&worker);
	CHECK((worker.counts.wrong != 0) == (lost < 16),
	        "a session is missed where it was lost, and only there");
	inner.destroy(map);
}

/* What is made for all of its keys without being asked to says so, or it would
   be in cells that are about growth. */
static void a_table_for_all_keys_is_told(void)
{
	const struct rm_sizing sizing = {
		.keys = 1 << 16, .threads = 1, .shape = RM_U64X8
	};
	struct sessions *map = inner.create(&sizing);

	CHECK(map->mask + 1 < sizing.keys ||
	                (rm_impl_slab.caps & rm_impl_slab_boxed.caps &
	                        RM_CAP_FIXED_SIZE),
	        "the directory is made for its keys, and both maps say so");
	inner.destroy(map);
}

int main(void)
{
	a_table_for_all_keys_is_told();
	a_lost_session_is_judged(0);
	a_lost_session_is_judged(15);
	a_lost_session_is_judged(16); /* none */
	slots_of_a_session(4);
	slots_of_a_session(253);
	order_of_publication();
	unsound();
	allocator();
	return DONE();
}
