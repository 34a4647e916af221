/* SPDX-License-Identifier: Apache-2.0 */
/* Tests a varying number of sessions, lifecycle:TOUCHES:SLOTS:EBB. */
#include "runner/driver.h"
#include "runner/impl.h"
#include "runner/operations.h"
#include "tests/unit/trial/loop_text.h"
#include "tests/unit/trial/run_trial.h"

static void texts(void)
{
	struct rm_loop loop;

	CHECK(reads_as("lifecycle:4:4:20", "lifecycle:4:4:20") &&
	                reads_as("lifecycle:4:64:1", "lifecycle:4:64"),
	        "the text ends with EBB, if it is given, after SLOTS");
	CHECK(rm_loop_parse("lifecycle:4:4:0", &loop) &&
	                rm_loop_parse("lifecycle:4:4:20:1", &loop),
	        "an EBB of 0 is rejected, and so are additional numbers");
}

/* Returns the number of a thread's sessions after `steps` renewals, or -1 if it
   was out of bounds at some time. */
static int64_t tide_after(
        struct rm_session_wave *tide, uint64_t *open, unsigned steps)
{
	static uint64_t rng = 3;
	bool within = true;

	for (unsigned i = 0; i < steps; i++) {
		*open += (uint64_t)rm_session_wave_step(
		        tide, rm_next(&rng), *open);
		within &= *open >= tide->least && *open <= tide->most;
	}
	return within ? (int64_t)*open : -1;
}

static void a_tide_turns_for_all_at_once(void)
{
	const uint64_t args[] = { 10, 4, 20 }, none[] = { 10, 4, 1 };
	_Atomic uint64_t turns = 0;
	struct rm_worker worker = {
		.threads = 2, .loop_args = args, .turns = &turns
	};
	struct rm_session_wave one = rm_session_wave_start(&worker, 200, 0);
	struct rm_session_wave other = rm_session_wave_start(&worker, 200, 0);
	uint64_t open = 200, others = 200;

	CHECK(one.least == 10 && tide_after(&one, &open, 100) < 160,
	        "while the number falls, more sessions are closed than opened");
	CHECK(tide_after(&one, &open, 1000) < 12 && turns == 1,
	        "the number falls to a twentieth, where the thread waits for "
	        "the other");
	CHECK(tide_after(&other, &others, 1000) > 100 && turns == 2 + 1,
	        "the other thread arrives there and turns at once, without "
	        "waiting");
	CHECK(tide_after(&one, &open, 200) > 100, "then the numbers of both "
	                                          "threads rise");
	worker.loop_args = none;
	one = rm_session_wave_start(&worker, 200, 0);
	open = 200;
	CHECK(tide_after(&one, &open, 100) == 200,
	        "without EBB the number stays constant");
	worker.loop_args = args;
	one = rm_session_wave_start(&worker, 2, 0);
	open = 2;
	CHECK(tide_after(&one, &open, 100) == 2,
	        "with too few sessions for EBB the number stays constant");
}

/* One in 3 of 6400 steps renews. About 5700 steps take one thread from 1000
   sessions to 50 and back. The last of several threads may rise alone. */
static void sessions_ebb_and_flow(void)
{
	static const char *const maps[] = { "gomap_rw", "syncmap", "shard_life",
		"slab", "slab_syncmap", "null_map" };

	for (size_t i = 0; i < sizeof(maps) / sizeof(*maps); i++) {
		struct rm_request request =
		        loop_request(maps[i], "lifecycle:2:4:20");
		const unsigned threads = i % 2 ? 3 : 1;
		json_t *result;

		request.cell.threads = threads;
		result = run_on(&request, rm_impl_find(maps[i]));
		CHECK(is(result, "ok", ""), "with EBB the counts add up");
		CHECK(!strcmp(maps[i], "null_map") ||
		                number_of(result, "inserts") +
		                                number_of(result, "removes") ==
		                        2 * (number_of(result, "ops") -
		                                    6400 * threads),
		        "each renewal closes or opens, two sessions in total");
		CHECK(strcmp(maps[i], "gomap_rw") ||
		                number_of(result, "keys_after") ==
		                        1000 + number_of(result, "inserts") -
		                                number_of(result, "removes"),
		        "the number of sessions follows from closes and opens");
		CHECK(strcmp(maps[i], "shard_life") ||
		                (stat_of(result, "shards_shrunk") > 0 &&
		                        stat_of(result, "shards_grown") > 1),
		        "the number of shards of connections falls and rises "
		        "again");
		json_decref(result);
	}
}

int main(void)
{
	texts();
	a_tide_turns_for_all_at_once();
	sessions_ebb_and_flow();
	return DONE();
}
