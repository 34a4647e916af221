/* SPDX-License-Identifier: Apache-2.0 */
/* test_families.c - tests keys of three modules on one thread, in a store that
   records each call: which keys exist, in which map they are, how the keys of
   "cache:" are replaced, and which answers are wrong. */
#include "tests/unit/support/counted_heap.h"
/* included after it, so that its allocations are counted */
#include "impls/gomap/gomap_ops.h"
enum { FAMILIES_MAPS = 3 };
#define FAMILIES_STORE "tests/unit/technique/played_store.h"
#include "impls/technique/families.h"
#include "tests/unit/tap.h"
#include "tests/unit/technique/subject_reports.h"
#include "tests/unit/trial/played_clock.h"

enum { KEYS = 80, MISSES = 4, ALL = 3 * KEYS, THREADS = 4 };

static atomic_bool stop;

static void *create_families(void)
{
	static const uint64_t args[] = { KEYS, MISSES };
	const struct rm_sizing sizing = {
		.threads = THREADS, .seed = 5, .loop_args = args
	};

	memset(&played, 0, sizeof(played));
	return families_ops.create(&sizing);
}

static struct rm_worker worker_of(
        void *families, uint32_t write_below, uint64_t iterations)
{
	return (struct rm_worker){ .thread = families_ops.join(families, 1),
		.slot = 1,
		.threads = 2,
		.stop = &stop,
		.rng = 11,
		.measured = true,
		.write_below = write_below,
		.iterations_limit = iterations };
}

/* Counts the keys from PREFIX`first` to PREFIX`end` - 1 that the store has with
   the right value. The low 40 bits of a value are 3 * number + family, and the
   higher bits change with each write. */
static uint64_t count_present(struct family_map *one, const char *prefix,
        uint64_t first, uint64_t end, unsigned family)
{
	uint64_t count = 0;

	for (uint64_t number = first; number < end; number++) {
		char text[32];
		const struct played_entry *entry;

		snprintf(text, sizeof(text), "%s%llu", prefix,
		        (unsigned long long)number);
		entry = played_find(one, text);
		count += entry && entry->there &&
		         (entry->value & (((uint64_t)1 << 40) - 1)) ==
		                 number * 3 + family;
	}
	return count;
}

static void each_module_has_its_map(void)
{
	struct families *families = create_families();
	bool sized = true;

	CHECK(count_present(&families->maps[0], "auth:", 0, KEYS, 0) == KEYS &&
	                count_present(&families->maps[1], "metric:", 0, KEYS,
	                        1) == KEYS &&
	                count_present(&families->maps[2], "cache:", 0, KEYS,
	                        2) == KEYS,
	        "keys are a prefix and a number, in the module's map, with a "
	        "value that identifies the key");
	CHECK(played.upserts == ALL && family_count(&families->maps[0]) == KEYS,
	        "the maps have no other keys");
	CHECK(played.lookups == ALL && !played.lookups_before_last_upsert,
	        "all keys are inserted before each is looked up");
	for (unsigned i = 0; i < 3; i++)
		sized &= played.sizing[i].keys == KEYS &&
		         played.sizing[i].presize &&
		         played.sizing[i].seed == 5 + i &&
		         played.sizing[i].shape.str &&
		         played.sizing[i].shape.value_bytes == 8;
	CHECK(sized, "each map is sized for its keys, and has its own seed");
	CHECK(played.joined == 6 && played.left == 6 && played.slot == 0,
	        "the fill joins and leaves each map");
	CHECK(played_find(&families->maps[2], "cache:79")->value == 79 * 3 + 2,
	        "values of the fill have write number 0");
	CHECK(families->thread[THREADS - 1].timed_ns == 0 &&
	                families->thread[THREADS - 1].inserts == 0,
	        "each thread's counts start at zero");
	families_ops.destroy(families);
	CHECK(played.destroyed == 3 && !heap_held, "each map is destroyed");
}

static void arguments_have_defaults(void)
{
	const struct rm_sizing sizing = { .threads = 2 };
	struct families *families;

	memset(&played, 0, sizeof(played));
	played.ignores = true;
	families = families_ops.create(&sizing);
	CHECK(families->keys == 100000 && played.upserts == 300000 &&
	                !strcmp(played.first, "auth:0") &&
	                !strcmp(played.last, "cache:99999") &&
	                families->miss_below == UINT32_MAX / 10,
	        "the default is 100,000 keys per module and one miss in ten "
	        "lookups");
	families_ops.destroy(families);
}

static void create_fails_without_memory(void)
{
	const struct rm_sizing sizing = { .threads = 2 };
	struct families *families;
	bool right = true;

	heap_is_full = true;
	CHECK(!families_ops.create(&sizing),
	        "if memory runs out, create returns NULL");
	heap_is_full = false;
	for (unsigned i = 1; i <= 3; i++) {
		static const uint64_t args[] = { KEYS, MISSES };
		const struct rm_sizing count_lookups = { .threads = 2,
			.loop_args = args };

		memset(&played, 0, sizeof(played));
		played.create_fails = i;
		right &= !families_ops.create(&count_lookups) &&
		         played.destroyed == 3;
		memset(&played, 0, sizeof(played));
		played.join_fails = i;
		right &= !families_ops.create(&count_lookups) &&
		         played.destroyed == 3;
	}
	CHECK(right && !heap_held,
	        "create returns NULL if a map or a handle cannot be created");
	families = create_families();
	for (unsigned i = 1; i <= 3; i++) {
		played.joined = 0;
		played.join_fails = i;
		right &= !families_ops.join(families, 0);
	}
	CHECK(right, "join fails if one map cannot be joined");
	families_ops.destroy(families);
}

static void threads_are_in_all_maps(void)
{
	struct families *families = create_families();
	const unsigned left = played.left;
	void *thread = families_ops.join(families, 1);

	CHECK(thread == &families->thread[1] && played.slot == 1,
	        "a thread joins each map with its slot");
	families_ops.park(thread);
	families_ops.unpark(thread);
	families_ops.quiesce(thread);
	families_ops.leave(thread);
	CHECK(played.parked == 3 && played.unparked == 3 &&
	                played.quiesced == 3 && played.left == left + 3,
	        "park, unpark, quiesce and leave reach each map");
	families_ops.destroy(families);
}

/* Returns the number of lookups of a module's keys in the loop. Sets `*keys` to
   the number of keys that were looked up. The fill looked each key up once. */
static uint64_t count_lookups(struct family_map *one, unsigned *keys)
{
	uint64_t times = 0;

	*keys = 0;
	for (size_t i = 0; i < one->count; i++) {
		times += one->entry[i].lookups - 1;
		*keys += one->entry[i].lookups > 1;
	}
	return times;
}

static void lookups_use_all_keys(void)
{
	enum { TURNS = 19200 };
	struct families *families = create_families();
	struct rm_worker worker = worker_of(families, 0, TURNS);
	unsigned keys[3];
	uint64_t times[3], absent;

	families_loops[0].run(&worker);
	for (unsigned i = 0; i < 3; i++)
		times[i] = count_lookups(&families->maps[i], &keys[i]);
	absent = worker.counts.misses_absent;
	CHECK(worker.counts.iterations == TURNS && worker.counts.writes == 0 &&
	                played.lookups == ALL + TURNS,
	        "without writes each iteration is a lookup");
	/* binomial: 4800 of 19200 are expected; six standard deviations are
	   360 */
	CHECK(absent > 4440 && absent < 5160 &&
	                times[0] + times[1] + times[2] + absent == TURNS,
	        "one lookup in MISSES uses an absent key");
	/* a third of 14400 is expected; six standard deviations are 340 */
	CHECK(times[0] > 4460 && times[0] < 5140 && times[1] > 4460 &&
	                times[1] < 5140 && times[2] > 4460 && times[2] < 5140,
	        "modules are drawn evenly");
	CHECK(keys[0] == KEYS && keys[1] == KEYS,
	        "all keys of the constant modules are drawn");
	CHECK(keys[2] == KEYS - 20 &&
	                played_find(&families->maps[2], "cache:9")->lookups ==
	                        1 &&
	                played_find(&families->maps[2], "cache:10")->lookups >
	                        1 &&
	                played_find(&families->maps[2], "cache:69")->lookups >
	                        1 &&
	                played_find(&families->maps[2], "cache:70")->lookups ==
	                        1,
	        "the oldest and newest eighths of \"cache:\" are not drawn");
	CHECK(!worker.counts.wrong && !worker.counts.misses_resident &&
	                !worker.counts.pairs,
	        "all present keys are found, and no absent one");
	CHECK(worker.rng != 11, "the next phase continues the random sequence");
	CHECK(stat_of(&families_ops, families, "lookups_timed") == TURNS / 64 &&
	                stat_of(&families_ops, families, "lookup_mean_ns") ==
	                        PLAYED_READING_NS,
	        "one lookup in 64 is timed");
	CHECK(played.quiesced == 3 * TURNS / RM_BATCH,
	        "each batch ends with a quiesce of all maps");
	families_ops.destroy(families);
}

static void warm_up_is_not_timed(void)
{
	struct families *families = create_families();
	struct rm_worker worker = worker_of(families, 0, RM_BATCH - 1);

	worker.measured = false;
	families_loops[0].run(&worker);
	CHECK(played.quiesced == 0, "an incomplete batch does not quiesce");
	worker.iterations_limit = 640;
	families_loops[0].run(&worker);
	CHECK(stat_of(&families_ops, families, "lookups_timed") == 0 &&
	                isnan(stat_of(
	                        &families_ops, families, "lookup_mean_ns")),
	        "a warm-up is not timed");
	worker.thread = families_ops.join(families, 0);
	worker.measured = true;
	worker.iterations_limit = 1280;
	families_loops[0].run(&worker);
	CHECK(stat_of(&families_ops, families, "lookups_timed") == 10,
	        "times of the first thread are reported, too");
	families_ops.destroy(families);
}

/* All except one of 2^32 iterations write. */
static void cache_turns_over(void)
{
	enum { TURNS = 450 };
	struct families *families = create_families();
	struct rm_worker worker = worker_of(families, UINT32_MAX, TURNS);
	uint64_t came, head, sequence = 0;

	families_loops[0].run(&worker);
	head = families->head;
	came = head - KEYS;
	CHECK(worker.counts.pairs == came && came > 90 && came < 210 &&
	                worker.counts.writes == TURNS + came,
	        "a write to \"cache:\" counts as two, any other write as one");
	CHECK(family_count(&families->maps[2]) == KEYS &&
	                count_present(&families->maps[2], "cache:", came, head,
	                        2) == KEYS,
	        "each new key of \"cache:\" removes the oldest");
	CHECK(family_count(&families->maps[0]) == KEYS &&
	                count_present(&families->maps[0], "auth:", 0, KEYS,
	                        0) == KEYS &&
	                count_present(&families->maps[1], "metric:", 0, KEYS,
	                        1) == KEYS,
	        "the other modules keep their keys and values");
	for (unsigned i = 0; i < 3; i++) {
		const struct played_entry *last =
		        played_find(&families->maps[i], played.last);

		sequence += last ? last->value >> 40 : 0;
	}
	CHECK(worker.sequence == TURNS && sequence == TURNS,
	        "each value has its write number in the high bits");
	CHECK(families->thread[1].inserts == came &&
	                families->thread[1].removes == came &&
	                !families->thread[0].inserts,
	        "each thread counts its inserts and removes");
	worker.write_below = 0;
	worker.iterations_limit += 1000;
	families_loops[0].run(&worker);
	CHECK(!worker.counts.wrong && !worker.counts.misses_resident,
	        "lookups after that find their keys");
	families_ops.destroy(families);
}

/* Runs 63 iterations, none of which is timed. */
static bool wrong_after(struct families *families, uint64_t *resident)
{
	struct rm_worker worker = worker_of(families, 0, FAMILIES_TIMED - 1);

	families_loops[0].run(&worker);
	*resident = worker.counts.misses_resident;
	return worker.counts.wrong != 0;
}

static void wrong_answers_are_detected(void)
{
	struct families *families = create_families();
	uint64_t resident;

	played.other_value = (uint64_t)1 << 40;
	CHECK(!wrong_after(families, &resident) && resident == 0,
	        "a later value of the same key is right");
	played.other_value = 1;
	CHECK(wrong_after(families, &resident),
	        "a value of another key is wrong");
	struct rm_worker worker = worker_of(families, 0, FAMILIES_TIMED);

	worker.counts.iterations = FAMILIES_TIMED - 1;
	families_loops[0].run(&worker);
	CHECK(worker.counts.iterations == FAMILIES_TIMED && worker.counts.wrong,
	        "a wrong value is also detected in a timed lookup");
	played.other_value = (uint64_t)1 << 39;
	CHECK(wrong_after(families, &resident),
	        "a difference in any identifying bit is wrong");
	played.other_value = 0;
	played.forgets_keys = true;
	CHECK(wrong_after(families, &resident) && resident > 30,
	        "misses of constant keys are wrong and counted");
	families->miss_below = UINT32_MAX; /* all except one of 2^32 */
	CHECK(!wrong_after(families, &resident) && resident == 0,
	        "misses of absent keys are right");
	played.has_all = true;
	CHECK(wrong_after(families, &resident),
	        "finding an absent key is wrong");
	CHECK(strlen(strchr(played.last_lookup, ':')) == 12 &&
	                strtoull(strchr(played.last_lookup, ':') + 1, NULL,
	                        10) >= (uint64_t)1 << 36,
	        "numbers of absent keys are above those of all keys");
	families_ops.destroy(families);
}

/* A key of "cache:" may just have been removed, so a miss is not wrong. */
static void cache_may_miss(void)
{
	struct families *families = create_families();
	struct rm_worker worker = worker_of(families, 0, 1);
	struct family_turn turn = {
		.map = &families->maps[2], .family = 2, .number = 0
	};

	played.forgets_keys = true;
	CHECK(!family_read(&worker, &turn, false) &&
	                worker.counts.misses_resident == 1,
	        "a removed key of \"cache:\" is a miss");
	turn.family = 1;
	CHECK(family_read(&worker, &turn, false) &&
	                worker.counts.misses_resident == 2,
	        "a missing key of another module is wrong");
	families_ops.destroy(families);
}

static bool check_passes_with(struct families *families, const char *wanted)
{
	char why[200] = "";
	const bool right = families_ops.check(families, why, sizeof(why));

	if (strcmp(why, wanted) != 0)
		printf("# check: %s\n", why);
	return right && !strcmp(why, wanted);
}

static void keys_add_up(void)
{
	struct families *families = create_families();
	char why[200];

	CHECK(check_passes_with(families, "240 keys, expected 240"),
	        "the number of keys is the initial one");
	rm_stat_own(&families->thread[0].inserts, 3);
	rm_stat_own(&families->thread[1].removes, 1);
	CHECK(!families_ops.check(families, why, sizeof(why)) &&
	                !strcmp(why, "240 keys, expected 242"),
	        "the expected number counts inserts and removes");
	rm_stat_own(&families->thread[1].removes, 2);
	CHECK(check_passes_with(families, "240 keys, expected 240"),
	        "the counts of all threads are added up");
	played_find(&families->maps[1], "metric:7")->there = false;
	CHECK(!families_ops.check(families, why, sizeof(why)) &&
	                !strcmp(why, "239 keys, expected 240"),
	        "the check detects a lost key");
	CHECK(stat_of(&families_ops, families, "entries") == 239 &&
	                stat_of(&families_ops, families, "chains") == 24 &&
	                stat_of(&families_ops, families,
	                        "chains_with_three_or_more") == 6,
	        "chains and entries of all maps are added up");
	CHECK(stat_of(&families_ops, families, "thrice") == 239 &&
	                stat_of(&families_ops, families, "lines") == 192,
	        "the maps' own statistics are added up by name");
	families_ops.destroy(families);
}

static void many_statistics(void)
{
	struct families_sum sum = { .count = 0 };
	static char names[40][8];

	for (int i = 0; i < 40; i++) {
		snprintf(names[i], sizeof(names[i]), "s%d", i);
		families_add_stat(&sum, names[i], "ns", i);
	}
	families_add_stat(&sum, "s31", "ns", 5);
	CHECK(sum.count == 32 && sum.stats[31].value == 36 &&
	                !strcmp(sum.stats[31].unit, "ns"),
	        "only the first 32 statistics are kept");
}

int main(void)
{
	each_module_has_its_map();
	arguments_have_defaults();
	create_fails_without_memory();
	threads_are_in_all_maps();
	lookups_use_all_keys();
	warm_up_is_not_timed();
	cache_turns_over();
	wrong_answers_are_detected();
	cache_may_miss();
	keys_add_up();
	many_statistics();
	CHECK(heap_held == 0, "all memory is freed");
	return DONE();
}
