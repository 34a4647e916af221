/* SPDX-License-Identifier: Apache-2.0 */
/* test_hazard.c - tests hazard pointers: named objects are kept, all others are
   freed, and lists stay bounded. It is linked with the stats objects. */
#include "impls/support/hazard.h"
#include "tests/unit/tap.h"

#include <string.h>

enum { OBJECTS = 5000, THREADS = 3 };

static char objects[OBJECTS][16]; /* addresses that look like those of a heap */
static bool is_freed[OBJECTS];
static size_t freed_twice, freed_count;

static void hazard_free(void *owner, void *pointer)
{
	size_t i = (size_t)((char(*)[16])pointer - objects);

	(void)owner;
	freed_twice += is_freed[i];
	is_freed[i] = true;
	freed_count++;
}

static uintptr_t name_of(size_t i)
{
	return (uintptr_t)objects[i];
}

static void begin(struct hazard **hazard, struct hazard_record *records[])
{
	memset(is_freed, 0, sizeof(is_freed));
	freed_twice = freed_count = 0;
	*hazard = hazard_create(THREADS);
	for (size_t i = 0; i < THREADS; i++)
		records[i] = hazard_join(*hazard, i, NULL);
}

static void the_list_is_bounded(void)
{
	struct hazard_record *r[THREADS];
	struct hazard *hazard;
	size_t most = 0, bound;

	begin(&hazard, r);
	bound = hazard->threshold;
	CHECK(bound == 2 * THREADS * HAZARD_SLOTS + HAZARD_SLACK,
	        "a list holds twice the number of slots, plus the slack");
	for (size_t i = 0; i < bound - 1; i++)
		hazard_retire(r[0], objects[i], 16);
	CHECK(freed_count == 0 && rm_stat_read(&r[0]->scans) == 0,
	        "no scan before the list is full");
	hazard_retire(r[0], objects[bound - 1], 16);
	CHECK(freed_count == bound && r[0]->count == 0,
	        "a full list frees all unnamed objects");
	/* simulates a stopped reader that uses all its slots */
	hazard_name(r[1], 0, name_of(1000));
	hazard_name(r[1], 1, name_of(1001));
	hazard_name(r[1], 2, name_of(4000));
	for (size_t i = 1000; i < OBJECTS; i++) {
		hazard_retire(r[0], objects[i], 16);
		if (r[0]->count > most)
			most = r[0]->count;
	}
	CHECK(most < bound && !is_freed[1000] && !is_freed[1001] &&
	                !is_freed[4000] && is_freed[1002],
	        "a stopped reader retains only named objects");
	hazard_quiesce(r[1], HAZARD_SLOTS);
	hazard_scan(r[0]);
	CHECK(is_freed[1000] && is_freed[4000] && r[0]->count == 0,
	        "the named objects are freed once the reader continues");
	CHECK(freed_twice == 0, "no object is freed twice");
	for (size_t i = 0; i < THREADS; i++)
		hazard_leave(r[i]);
	hazard_destroy(hazard, NULL);
}

static void leaving_threads_hand_over(void)
{
	struct hazard_record *r[THREADS];
	struct hazard *hazard;

	begin(&hazard, r);
	hazard_name(r[1], 0, name_of(7));
	hazard_name(r[2], 2, name_of(8));
	for (size_t i = 0; i < 10; i++)
		hazard_retire(r[0], objects[i], 16);
	hazard_leave(r[0]);
	CHECK(freed_count == 8 && hazard->orphan_count == 2,
	        "a leaving thread frees unnamed objects and hands over the "
	        "rest");
	hazard_name(r[1], 0, name_of(20));
	hazard_scan(r[2]);
	CHECK(is_freed[7] && !is_freed[8] && hazard->orphan_count == 1,
	        "another thread's scan frees a handed-over object once no slot "
	        "names it");
	hazard_leave(r[2]);
	hazard_leave(r[1]);
	CHECK(freed_count == 10 && hazard->orphan_count == 0,
	        "the last thread to leave frees everything");
	r[0] = hazard_join(hazard, 0, NULL);
	hazard_retire(r[0], objects[50], 16);
	hazard_name(r[0], 0, name_of(50));
	hazard_leave(r[0]);
	CHECK(is_freed[50] && freed_twice == 0,
	        "a thread may join again, and leave while it names an object");
	CHECK(rm_stat_read(&r[0]->retired) == 11 &&
	                rm_stat_read(&r[0]->freed) +
	                                rm_stat_read(&r[1]->freed) +
	                                rm_stat_read(&r[2]->freed) ==
	                        11,
	        "retired == freed");
	hazard_destroy(hazard, NULL);
}

static void names_are_found(void)
{
	struct hazard_record *r[THREADS];
	struct hazard_names names;
	struct hazard *hazard;
	bool right = true;

	begin(&hazard, r);
	for (int i = 0; i < THREADS * HAZARD_SLOTS; i++)
		hazard_name(r[i / HAZARD_SLOTS], i % HAZARD_SLOTS,
		        name_of((size_t)i * 500));
	names = hazard_snapshot(hazard);
	for (size_t i = 0; i < OBJECTS; i++)
		right &= hazard_is_named(&names, objects[i]) ==
		         (i % 500 == 0 &&
		                 i < (size_t)THREADS * HAZARD_SLOTS * 500);
	CHECK(right, "a snapshot has every name and no others");
	CHECK(!hazard_is_named(&names, NULL), "an empty slot names nothing");
	free(names.table);
	for (size_t i = 0; i < THREADS; i++)
		hazard_leave(r[i]);
	hazard_destroy(hazard, NULL);
}

int main(void)
{
	the_list_is_bounded();
	leaving_threads_hand_over();
	names_are_found();
	return DONE();
}
