/* SPDX-License-Identifier: Apache-2.0 */
/* test_sessions_slab.c - sessions that each have a pooled slab. */
#define SESSION_STATE "impls/slab/session_slab.h"
#include "tests/unit/slab/sessions_facts.h"

static double stat_of(struct sessions *map, const char *name)
{
	struct wanted_stat wanted = { name, -1 };

	ops.stats(map, take_wanted, &wanted);
	return wanted.value;
}

/* A chunk has 32 sessions, which are reused. */
static void pool_is_reported(void)
{
	struct sessions *map = map_of(RM_U64X8, 64);
	const struct rm_value value = rm_value_of(1, 1, 1);

	CHECK(stat_of(map, "sessions") == 0 &&
	                stat_of(map, "pool_sessions") == 0,
	        "the pool is empty at the start");
	for (unsigned n = 0; n < 32; n++)
		rm_map_upsert(
		        &ops, map, RM_U64X8, some_key(RM_U64X8, n), &value);
	CHECK(stat_of(map, "sessions") == 32 &&
	                stat_of(map, "pool_sessions") == 32 &&
	                stat_of(map, "pool_bytes") ==
	                        sizeof(struct session_chunk),
	        "one chunk has 32 sessions");
	for (unsigned n = 0; n < 32; n++)
		rm_map_remove(&ops, map, RM_U64X8, some_key(RM_U64X8, n));
	for (unsigned n = 0; n < 32; n++)
		rm_map_upsert(
		        &ops, map, RM_U64X8, some_key(RM_U64X8, n), &value);
	CHECK(stat_of(map, "pool_sessions") == 32,
	        "closed sessions are reused");
	rm_map_upsert(&ops, map, RM_U64X8, some_key(RM_U64X8, 32), &value);
	CHECK(stat_of(map, "sessions") == 33 &&
	                stat_of(map, "pool_sessions") == 64 &&
	                stat_of(map, "pool_bytes") ==
	                        2 * sizeof(struct session_chunk),
	        "the 33rd session needs another chunk");
	ops.destroy(map);
}

static void full_slabs_stay_full(void)
{
	struct sessions *map = map_of(RM_U64X8, 64);
	const struct rm_key key = some_key(RM_U64X8, 1);
	const struct rm_value value = rm_value_of(1, 1, 1);
	struct session *session;

	rm_map_upsert(&ops, map, RM_U64X8, key, &value);
	session = *session_place(map, RM_U64X8, key).bucket;
	while (slab_claim(session) < SLAB_WORDS)
		;
	CHECK(session->used == SLAB_WORDS &&
	                slab_claim(session) == SLAB_WORDS &&
	                session->used == SLAB_WORDS,
	        "a claim on a full slab fails and leaves it unchanged");
	ops.destroy(map);
}

int main(void)
{
	full_slabs_stay_full();
	pool_is_reported();
	return sessions_facts();
}
