/* SPDX-License-Identifier: Apache-2.0 */
/* test_syncmap_hazard.c - tests sync.Map under hazard pointers: step by step,
   what a stopped reader retains; then with threads. */
#include "impls/support/hazard.h"

/* If set, this runs once after a reader has loaded a link and before the reader
   names the object (N1 of hazard.h), like another thread. */
static void (*before_naming)(void);

static inline void hazard_name_late(
        struct hazard_record *record, int slot, uintptr_t name)
{
	void (*meanwhile)(void) = before_naming;

	before_naming = NULL;
	if (meanwhile)
		meanwhile();
	hazard_name(record, slot, name);
}

/* The code of sync.Map, included below, names objects by this function. */
#define hazard_name         hazard_name_late
#define SYNCMAP_RECLAMATION "impls/syncmap/syncmap_hazard.h"
#include "tests/unit/map_model.h"
#include "tests/unit/map_race.h"
#include "tests/unit/syncmap/syncmap_bench.h"

extern const struct rm_impl rm_impl_syncmap_hp;

static uint64_t freed_by(void *thread)
{
	return rm_stat_read(&((struct hazard_record *)thread)->freed);
}

static size_t queue_length(struct bench *b)
{
	struct syncmap_hazard *queue = b->map->reclamation;
	size_t count = 0;

	for (struct syncmap_queued *g = queue->oldest; g; g = g->next)
		count++;
	return count;
}

/* Fills the queue of headers by a new key, a promotion, and a removed key that
   a rebuild expunges. */
static void fill_queue(struct bench *b, uint64_t rank)
{
	store(b, rank, rank);
	range(b);
	drop(b, rank);
}

static void boxes(void)
{
	struct bench b = bench_open(false), reader = b;
	struct syncmap_entry *entry;
	struct rm_value seen;
	uint64_t cell;
	bool right = true;

	fill(&b, 3);
	reader.thread = syncmap_join(b.map, 1);
	entry = entry_in(&reader, syncmap_read(reader.thread)->map, 1);
	cell = syncmap_load(reader.thread, entry);
	for (int i = 0; i < 10000; i++)
		store(&b, 1, 100);
	syncmap_cell_read(b.shape, cell, &seen);
	CHECK(seen.word[0] == 2, "a named box keeps its content");
	CHECK(freed_by(b.thread) + ((struct hazard_record *)b.thread)->count ==
	                        rm_stat_read(&((struct hazard_record *)b.thread)
	                                              ->retired) &&
	                freed_by(b.thread) > 9800,
	        "other boxes are freed");
	for (int i = 0; i < 100; i++)
		right &= load(&reader, 1) == 100;
	hazard_scan(b.thread);
	CHECK(right && ((struct hazard_record *)b.thread)->count == 0,
	        "the next lookup names the next box");
	syncmap_leave(reader.thread);
	bench_close(&b, "invariants hold, and all boxes are freed");
}

static void headers(bool str)
{
	struct bench b = bench_open(str), reader = b;
	struct syncmap_header *old;
	size_t left;

	fill(&b, 3);
	CHECK(queue_length(&b) == 0, "with one thread nothing has to wait");
	reader.thread = syncmap_join(b.map, 1);
	old = syncmap_read(reader.thread);
	for (uint64_t rank = 10; rank < 30; rank++)
		fill_queue(&b, rank);
	left = queue_length(&b);
	CHECK(left == 20, "a reader in an operation keeps all later headers");
	CHECK(entry_in(&reader, old->map, 2) && load(&reader, 2) == 3,
	        "the reader may still search the old map");
	fill_queue(&b, 30);
	CHECK(queue_length(&b) == 1,
	        "the reader's next operation releases these headers, and keeps "
	        "a newer one");
	old = syncmap_read(reader.thread);
	syncmap_pin(reader.thread);
	fill_queue(&b, 31);
	load(&reader, 2); /* makes the reader name a newer header */
	fill_queue(&b, 32);
	CHECK(hazard_current_name(reader.thread, SYNCMAP_NAME_HEADER) !=
	                        (uintptr_t)old &&
	                queue_length(&b) == 2 && entry_in(&reader, old->map, 2),
	        "a scan keeps its header while the called function uses the "
	        "map");
	syncmap_pin(reader.thread);
	syncmap_unpin(reader.thread);
	fill_queue(&b, 33);
	CHECK(queue_length(&b) == 3, "a nested scan releases nothing");
	syncmap_unpin(reader.thread);
	syncmap_quiesce(reader.thread);
	fill_queue(&b, 34);
	CHECK(queue_length(&b) == 0,
	        "the end of the scan releases all headers");
	load(&reader, 2);
	syncmap_clear(b.thread);
	CHECK(queue_length(&b) == 1, "memory dropped by Clear also waits");
	syncmap_leave(reader.thread);
	CHECK(queue_length(&b) == 0, "a leaving thread frees the dropped "
	                             "memory");
	bench_close(&b, "invariants hold, and all is freed");
}

static struct bench writer;

/* Replaces and frees the box that the reader has found but not named yet. */
static void replace_box(void)
{
	store(&writer, 1, 50);
	hazard_scan(writer.thread);
}

/* Replaces the header that the reader has found. */
static void replace_header(void)
{
	fill_queue(&writer, 40);
}

/* If there were no second load (N2), the reader would use the freed object. */
static void objects_freed_before_naming_are_not_read(void)
{
	writer = bench_open(false);
	struct bench reader = writer;
	struct syncmap_entry *entry;
	uint64_t cell, freed;
	struct syncmap_header *header;

	fill(&writer, 3);
	reader.thread = syncmap_join(writer.map, 1);
	entry = entry_in(&reader, syncmap_read(reader.thread)->map, 1);
	freed = freed_by(writer.thread);
	before_naming = replace_box;
	cell = syncmap_load(reader.thread, entry);
	CHECK(freed_by(writer.thread) > freed,
	        "a box may be freed before the reader names it");
	CHECK(cell == atomic_load(&entry->p) &&
	                hazard_current_name(reader.thread, SYNCMAP_NAME_BOX) ==
	                        cell,
	        "the reader loads again, and reads the box that it named");
	syncmap_quiesce(reader.thread);
	before_naming = replace_header;
	header = syncmap_read(reader.thread);
	CHECK(!before_naming && header == atomic_load(&writer.map->read),
	        "a reader loads a header again, too");
	syncmap_leave(reader.thread);
	bench_close(&writer, "invariants hold, and all is freed");
}

/* One thread adds keys. Another one looks keys up and promotes; it never
   writes. */
static void headers_replaced_by_readers_are_freed(void)
{
	struct bench b = bench_open(false), reader = b;

	reader.thread = syncmap_join(b.map, 1);
	for (uint64_t rank = 0; rank < 20; rank++) {
		store(&b, rank, rank + 1);
		while (header_of(&b)->amended)
			load(&reader, 1000);
		syncmap_quiesce(reader.thread);
		syncmap_quiesce(b.thread);
	}
	CHECK(queue_length(&b) == 1,
	        "the writer of a new key frees headers that readers replaced");
	syncmap_leave(reader.thread);
	bench_close(&b, "invariants hold, and all is freed");
}

int main(void)
{
	boxes();
	headers_replaced_by_readers_are_freed();
	objects_freed_before_naming_are_not_read();
	headers(false);
	headers(true);
	model_check(&rm_impl_syncmap_hp, 200000);
	race_check(&rm_impl_syncmap_hp, 30000, false);
	return DONE();
}
