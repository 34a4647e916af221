/* SPDX-License-Identifier: Apache-2.0 */
/* test_epoch_race.c - threads that read, replace, park and leave
   concurrently. */
#include "runner/base/rng.h"
#include "tests/unit/support/epoch_arena.h"
#include "tests/unit/tap.h"

enum { THREADS = 4, ROUNDS = 30000 };

struct worker {
	pthread_t id;
	struct arena *arena;
	size_t slot;
	uint64_t met_dead;
};

static void one_round(
        struct worker *worker, struct epoch_record *record, uint64_t x)
{
	struct arena *arena = worker->arena;
	_Atomic(struct object *) *slot = &arena->slots[x % SLOTS];

	/* acquire: makes the object's content visible; pairs with the exchange
	   below */
	struct object *seen = atomic_load_explicit(slot, memory_order_acquire);

	if (x >> 60 == 0)
		sched_yield(); /* makes the reader slow */
	if (seen)
		worker->met_dead += seen->dead;
	if ((x >> 32 & 3) == 0 && arena->used < OBJECTS - THREADS) {
		/* acq_rel: publishes the new object, acquires the old one */
		struct object *old = atomic_exchange_explicit(
		        slot, object_new(arena), memory_order_acq_rel);

		if (old)
			epoch_retire(record, 1, old, 8);
		epoch_settle(record);
	}
}

static void *work(void *context)
{
	struct worker *worker = context;
	uint64_t rng = rm_seed(1, worker->slot);
	struct epoch_record *record = join(worker->arena, worker->slot);

	for (int i = 0; i < ROUNDS; i++) {
		uint64_t x = rm_next(&rng);

		one_round(worker, record, x);
		if ((x >> 40 & 63) == 0) {
			epoch_park(record);
			sched_yield();
			epoch_unpark(record);
		} else if ((x >> 40 & 63) == 1) {
			epoch_leave(record);
			record = join(worker->arena, worker->slot);
		} else if ((x >> 40 & 3) == 2) {
			epoch_quiesce(record);
		}
	}
	epoch_leave(record);
	return NULL;
}

static void no_reader_meets_a_dead_object(void)
{
	struct arena arena;
	struct worker workers[THREADS];
	uint64_t met_dead = 0, twice = 0;
	size_t live = 0;

	arena_open(&arena, THREADS, 1 << 10, false);
	for (size_t i = 0; i < THREADS; i++) {
		workers[i] = (struct worker){ .arena = &arena, .slot = i };
		pthread_create(&workers[i].id, NULL, work, &workers[i]);
	}
	for (size_t i = 0; i < THREADS; i++) {
		pthread_join(workers[i].id, NULL);
		met_dead += workers[i].met_dead;
	}
	for (size_t i = 0; i < SLOTS; i++)
		live += arena.slots[i] != NULL;
	for (size_t i = 0; i < arena.used; i++)
		twice += arena.objects[i].dead > 1;
	CHECK(arena.used > ROUNDS / 2, "the threads replaced many objects");
	CHECK(met_dead == 0, "no reader found a freed object");
	CHECK(twice == 0, "no object was freed twice");
	CHECK(arena.dead == arena.used - live,
	        "all objects except those in use are freed");
	CHECK(stat_of(&arena, "freed") == stat_of(&arena, "retired"),
	        "freed == retired, also in the statistics");
	arena_close(&arena);
}

int main(void)
{
	no_reader_meets_a_dead_object();
	return DONE();
}
