/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_explore_play.c - tests the history by which a schedule is judged:
 * initial values, results of operations, and unknown results if the map is
 * inexact.
 *
 * plain: it switches stacks or reserves addresses that AddressSanitizer uses.
 */
#include "verify/explore/play.c"

#include "runner/sim/guest/guest.h"
#include "tests/unit/tap.h"

static struct rm_history_event event[] = {
	{ .kind = RM_HISTORY_LOOKUP, .thread = 1, .invoked = 1, .returned = 2 },
	{ .kind = RM_HISTORY_UPSERT, .thread = 2, .invoked = 3, .returned = 4 },
	{ .kind = RM_HISTORY_REMOVE, .thread = 1, .invoked = 5, .returned = 6 },
	{ .kind = RM_HISTORY_SCAN,
	        .thread = 3,
	        .invoked = 7,
	        .returned = 8,
	        .first_pair = 2,
	        .pairs = 1 },
};

enum { EVENTS = sizeof(event) / sizeof(*event) };

static void take(unsigned caps, struct rm_history *history)
{
	static struct rm_impl impl = { .id = "map", .guarantees = "none" };
	static struct rm_explore_program program = { .impl = &impl, .keys = 3 };
	static struct rm_history_pair pairs[3];

	impl.caps = caps;
	play.program = &program;
	play.event = event;
	play.events = EVENTS;
	play.first[0] = 55;
	play.first[1] = 77;
	play.first[2] = 0;
	play.present = 3;
	play.first[3] = 99; /* not a key of this program */
	play.pair = pairs;
	play.pair[2] = (struct rm_history_pair){ 1, 77 };
	CHECK(!take_history(history), "a history is recorded");
}

static void known(void)
{
	struct rm_history history = { .count = 0 };
	bool all = true, but_lookup = true;

	take(0, &history);
	CHECK(history.count == EVENTS && history.initial_count == 2 &&
	                history.initial[0].key == 0 &&
	                history.initial[0].value == 55 &&
	                history.initial[1].key == 1 &&
	                history.initial[1].value == 77,
	        "the history has all operations and the initial values");
	CHECK(history.pair_count == 1 && history.pairs[0].key == 1 &&
	                history.pairs[0].value == 77 &&
	                !strcmp(history.map, "map") &&
	                !strcmp(history.stamps, "sequence"),
	        "the history has pairs of scans, the map's name and the kind "
	        "of stamps");
	for (size_t i = 0; i < history.count; i++)
		all &= !history.events[i].unknown;
	CHECK(all, "results of a map are known");
	take(RM_CAP_INEXACT_RETURNS, &history);
	for (size_t i = 0; i < history.count; i++)
		but_lookup &= history.events[i].unknown ==
		              (history.events[i].kind == RM_HISTORY_LOOKUP
		                              ? 0
		                              : RM_HISTORY_UNKNOWN_THERE);
	CHECK(history.count == EVENTS && but_lookup,
	        "if the map is inexact, only results of lookups are known");
	rm_history_clear(&history);
}

/* A program with the maximum number of repeats and keys. */
static void scans(void)
{
	static struct rm_explore_program program = { .threads = 2,
		.ops = { 1, 3 },
		.op = { { { RM_HISTORY_UPSERT, 0, 500 } },
		        { { RM_HISTORY_SCAN, 0, 300 },
		                { RM_HISTORY_SCAN, 0, 0 },
		                { RM_HISTORY_SCAN, 0, 100 } } } };

	play.pair = NULL;
	make_room_of_pairs(&program);
	CHECK(play.lane_pairs >= 401 * (size_t)RM_EXPLORE_KEYS_MAX,
	        "a repeated scan has space for its entries");
	CHECK(play.pair && play.pair_room >= RM_EXPLORE_LANES * play.lane_pairs,
	        "every lane has space for the entries of a repeated scan");
	program.ops[1] = 0;
	make_room_of_pairs(&program);
	CHECK(play.lane_pairs == PAIRS,
	        "programs without a repeated scan need no more space");
	free(play.pair);
}

static void *needs_too_much(const struct rm_sizing *sizing)
{
	(void)sizing;
	return rm_explore_realloc(NULL, SIZE_MAX / 2);
}

/* The host runs out of memory while the map runs. */
static void starves(void)
{
	static const struct rm_map_ops ops = { .create = needs_too_much };
	static const struct rm_impl impl = {
		.id = "map", .ops = &ops, .guarantees = "none"
	};
	static const struct rm_explore_program program = {
		.impl = &impl, .threads = 1, .keys = 1
	};
	const struct rm_explore_turns none = { NULL, 0, 0 };
	struct rm_explore_schedule schedule = { .scheduler = &rm_explore_listed,
		.list = &none };
	struct rm_explore_played played = { .fault = RM_EXPLORE_NOTHING };
	struct rm_error error = { "" };

	memset(&play, 0, sizeof(play));
	CHECK(!rm_explore_open(&error), "a world is opened");
	CHECK(rm_explore_play(&program, &schedule, 1000, &played, &error) ==
	                        -ENOMEM &&
	                !strcmp(error.text, "out of memory") && !played.fault,
	        "a host without memory is an error, not a fault of the map");
	rm_explore_played_clear(&played);
	free(play.pair);
	free(play.event);
	free(play.begun);
}

/* A map of fixed keys, whose memory doubles. It loses key `loses` when it
 * grows. */
static struct {
	uint32_t rank[64], count, loses;
	struct rm_value value[64];
	char *memory;
	unsigned joins;
} small;

static void *create_small(const struct rm_sizing *sizing)
{
	(void)sizing;
	small.count = 0;
	small.memory = rm_sim_malloc(8);
	return &small;
}

static void *join_small(void *map, size_t slot)
{
	small.joins++;
	(void)slot;
	return map;
}

static void destroy_small(void *map)
{
	(void)map;
	rm_sim_free(small.memory);
}

static void leave_small(void *thread)
{
	(void)thread;
}

static bool upsert_small(void *thread, struct rm_shape shape, struct rm_key key,
        const struct rm_value *value)
{
	(void)thread;
	(void)shape;
	small.rank[small.count] = (uint32_t)key.word;
	small.value[small.count++].word[0] = value->word[0];
	if (small.count >= 8 && !(small.count & (small.count - 1))) {
		rm_sim_free(small.memory);
		small.memory = rm_sim_malloc((size_t)2 * small.count);
		small.rank[small.loses] = UINT32_MAX;
	}
	return false;
}

static bool look_up_small(void *thread, struct rm_shape shape,
        struct rm_key key, struct rm_value *value)
{
	(void)thread;
	(void)shape;
	for (uint32_t i = 0; i < small.count; i++)
		if (small.rank[i] == (uint32_t)key.word) {
			*value = small.value[i];
			return true;
		}
	return false;
}

/* Fillers make the map grow, and the history has one that the map loses. */
static void fills(void)
{
	static const struct rm_map_ops ops = { .create = create_small,
		.destroy = destroy_small,
		.join = join_small,
		.leave = leave_small,
		.quiesce = leave_small,
		.lookup = look_up_small,
		.upsert = upsert_small };
	static const struct rm_impl impl = {
		.id = "map", .ops = &ops, .guarantees = "none"
	};
	struct rm_explore_growth growth = { 0 };
	struct rm_explore_program program = { .impl = &impl,
		.shape = { .value_bytes = 8 },
		.threads = 1,
		.keys = 1,
		.fillers = 40,
		.growth = &growth };
	const struct rm_explore_turns none = { NULL, 0, 0 };
	struct rm_explore_schedule schedule = { .scheduler = &rm_explore_listed,
		.list = &none };
	struct rm_explore_played played = { .fault = RM_EXPLORE_NOTHING };
	struct rm_error error = { "" };

	memset(&play, 0, sizeof(play));
	small.loses = 63;
	rm_explore_play(&program, &schedule, 1000, &played, &error);
	CHECK(!played.fault && !played.grew && growth.count == 3 &&
	                growth.keys[0] == 8 && growth.keys[2] == 32,
	        "the map's growth is found");
	program.growth = NULL;
	program.fillers = 31;
	program.ops[0] = 1;
	program.op[0][0].kind = RM_HISTORY_UPSERT;
	rm_explore_play(&program, &schedule, 1000, &played, &error);
	CHECK(!played.fault && played.grew,
	        "with as many fillers, a thread makes the map grow");
	small.loses = 20;
	rm_explore_play(&program, &schedule, 1000, &played, &error);
	CHECK(played.fault == RM_EXPLORE_HISTORY,
	        "a filler that the map loses is a finding");
	small.loses = 63;
	small.joins = 0;
	program.rejoins = true;
	program.ops[0] = 3;
	rm_explore_play(&program, &schedule, 1000, &played, &error);
	CHECK(!played.fault && small.joins == 5,
	        "the thread joins before each operation, and the main thread "
	        "twice");
	rm_explore_played_clear(&played);
}

int main(void)
{
	known();
	scans();
	starves();
	fills();
	return DONE();
}
