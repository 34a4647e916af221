/* SPDX-License-Identifier: Apache-2.0 */
/* test_sessions_boxed.c - sessions that each have a map of boxes. */
#define SESSION_STATE "impls/slab/session_boxed.h"
#include "tests/unit/slab/sessions_facts.h"

/* Returns the number of heap blocks of a session with this many fields. */
static long blocks_of(unsigned fields)
{
	struct sessions *map = map_of(RM_U64X8, 64);
	const struct rm_key key = some_key(RM_U64X8, 1);
	const struct rm_value value = rm_value_of(1, 1, 1);
	const long before = heap_held;
	long blocks;
	struct session *session;
	uint64_t word = 0;

	rm_map_upsert(&ops, map, RM_U64X8, key, &value);
	session = *session_place(map, RM_U64X8, key).bucket;
	for (unsigned i = 1; i < fields; i++)
		session_write(session, i, i);
	for (unsigned i = 1; i < fields; i++)
		session_write(session, i, i + 1);
	blocks = heap_held - before;
	for (unsigned i = 1; i < fields; i++)
		if (!session_read(session, i, &word) || word != i + 1)
			blocks = -1;
	if (session_read(session, fields, &word))
		blocks = -1;
	rm_map_remove(&ops, map, RM_U64X8, key);
	if (heap_held != before)
		blocks = -1;
	ops.destroy(map);
	return blocks;
}

static void fields_allocate_boxes(void)
{
	CHECK(blocks_of(1) >= 4,
	        "a session has its record, its own map and a box");
	CHECK(blocks_of(5) == blocks_of(1) + 4,
	        "each further field adds one box, however often it is written");
}

static void lost_value_is_detected(void)
{
	struct sessions *map = map_of(RM_U64X8, 64);
	const struct rm_key key = some_key(RM_U64X8, 1);
	const struct rm_value value = rm_value_of(1, 1, 1);
	struct session *session;
	struct gomap *fields;

	rm_map_upsert(&ops, map, RM_U64X8, key, &value);
	session = *session_place(map, RM_U64X8, key).bucket;
	fields = session->fields;
	session->fields = gomap_create(0, RM_U64X8, 1);
	CHECK(check_reports(map, "a session has no value"),
	        "the check detects a session without its value");
	gomap_destroy(session->fields);
	session->fields = fields;
	ops.destroy(map);
}

int main(void)
{
	fields_allocate_boxes();
	lost_value_is_detected();
	return sessions_facts();
}
