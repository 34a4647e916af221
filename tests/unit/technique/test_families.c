/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_families.c - keys of three modules on one thread, in a store that
 * remembers each call: which keys there are, which map they are asked of, how
 * "cache:" turns over, and what counts as wrong.
 */
#include "tests/unit/support/counted_heap.h"
/* after it, so that it is counted */
#include "impls/gomap/gomap_ops.h"
enum { FAMILIES_MAPS = 3 };
#define FAMILIES_STORE "tests/unit/technique/played_store.h"
#include "impls/technique/families.h"
#include "tests/unit/tap.h"
#include "tests/unit/technique/subject_says.h"
#include "tests/unit/trial/played_clock.h"

enum { KEYS = 80, MISSES = 4, ALL = 3 * KEYS, THREADS = 4 };

static atomic_bool stop;

static void *subject(void)
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

/* How many of PREFIX`first` to PREFIX`end` - 1 the store has, with the
   value that belongs to the key: 3 * number + family, and above 40 bits what
   changes with each write. */
static uint64_t held(struct family_map *one, const char *prefix, uint64_t first,
        uint64_t end, unsigned family)
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
	struct families *families = subject();
	bool sized = true;

	CHECK(held(&families->maps[0], "auth:", 0, KEYS, 0) == KEYS &&
	                held(&families->maps[1], "metric:", 0, KEYS, 1) ==
	                        KEYS &&
	                held(&families->maps[2], "cache:", 0, KEYS, 2) == KEYS,
	        "keys are a prefix and a number, in the module's own map, "
	        "with a value that tells whose it is");
	CHECK(played.upserts == ALL && family_count(&families->maps[0]) == KEYS,
	        "and there are no others");
	CHECK(played.lookups == ALL && !played.lookups_before_last_upsert,
	        "all keys go in before each of them is looked up");
	for (unsigned i = 0; i < 3; i++)
		sized &= played.sizing[i].keys == KEYS &&
		         played.sizing[i].presize &&
		         played.sizing[i].seed == 5 + i &&
		         played.sizing[i].shape.str &&
		         played.sizing[i].shape.value_bytes == 8;
	CHECK(sized, "each map is sized for its keys, and has its own seed");
	CHECK(played.joined == 6 && played.left == 6 && played.slot == 0,
	        "who puts them in leaves again");
	CHECK(played_find(&families->maps[2], "cache:79")->value == 79 * 3 + 2,
	        "values of the fill are of no write");
	CHECK(families->thread[THREADS - 1].timed_ns == 0 &&
	                families->thread[THREADS - 1].inserts == 0,
	        "each thread has room, and counts from zero");
	families_ops.destroy(families);
	CHECK(played.destroyed == 3 && !heap_held, "each map is given back");
}

static void numbers_have_presets(void)
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
	        "unasked a module has 100,000 keys, one look-up in ten none");
	families_ops.destroy(families);
}

static void each_needs_memory(void)
{
	const struct rm_sizing sizing = { .threads = 2 };
	struct families *families;
	bool right = true;

	heap_is_full = true;
	CHECK(!families_ops.create(&sizing), "without memory there is none");
	heap_is_full = false;
	for (unsigned i = 1; i <= 3; i++) {
		static const uint64_t args[] = { KEYS, MISSES };
		const struct rm_sizing asked = { .threads = 2,
			.loop_args = args };

		memset(&played, 0, sizeof(played));
		played.create_fails = i;
		right &= !families_ops.create(&asked) && played.destroyed == 3;
		memset(&played, 0, sizeof(played));
		played.join_fails = i;
		right &= !families_ops.create(&asked) && played.destroyed == 3;
	}
	CHECK(right && !heap_held,
	        "nor where one map or one handle of a map is not made");
	families = subject();
	for (unsigned i = 1; i <= 3; i++) {
		played.joined = 0;
		played.join_fails = i;
		right &= !families_ops.join(families, 0);
	}
	CHECK(right, "who does not join all maps has not joined");
	families_ops.destroy(families);
}

static void threads_are_in_all_maps(void)
{
	struct families *families = subject();
	const unsigned left = played.left;
	void *thread = families_ops.join(families, 1);

	CHECK(thread == &families->thread[1] && played.slot == 1,
	        "a thread joins by its number");
	families_ops.park(thread);
	families_ops.unpark(thread);
	families_ops.quiesce(thread);
	families_ops.leave(thread);
	CHECK(played.parked == 3 && played.unparked == 3 &&
	                played.quiesced == 3 && played.left == left + 3,
	        "and is parked, called back, quiet and gone in each map");
	families_ops.destroy(families);
}

/* How often keys of a module were looked up in the loop, all of them
   together, and how many of them at all: after the fill each was once. */
static uint64_t asked(struct family_map *one, unsigned *keys)
{
	uint64_t times = 0;

	*keys = 0;
	for (size_t i = 0; i < one->count; i++) {
		times += one->entry[i].asked - 1;
		*keys += one->entry[i].asked > 1;
	}
	return times;
}

static void lookups_are_of_all_keys(void)
{
	enum { TURNS = 19200 };
	struct families *families = subject();
	struct rm_worker worker = worker_of(families, 0, TURNS);
	unsigned keys[3];
	uint64_t times[3], absent;

	families_loops[0].run(&worker);
	for (unsigned i = 0; i < 3; i++)
		times[i] = asked(&families->maps[i], &keys[i]);
	absent = worker.counts.misses_absent;
	CHECK(worker.counts.iterations == TURNS && worker.counts.writes == 0 &&
	                played.lookups == ALL + TURNS,
	        "each turn is a look-up where none writes");
	/* binomial: 4800 of 19200, of which six deviations are 360 */
	CHECK(absent > 4440 && absent < 5160 &&
	                times[0] + times[1] + times[2] + absent == TURNS,
	        "one in MISSES is of a key that no module has");
	/* a third of 14400; six deviations are 340 */
	CHECK(times[0] > 4460 && times[0] < 5140 && times[1] > 4460 &&
	                times[1] < 5140 && times[2] > 4460 && times[2] < 5140,
	        "modules are drawn evenly");
	CHECK(keys[0] == KEYS && keys[1] == KEYS,
	        "and of those that stay all keys");
	CHECK(keys[2] == KEYS - 20 &&
	                played_find(&families->maps[2], "cache:9")->asked ==
	                        1 &&
	                played_find(&families->maps[2], "cache:10")->asked >
	                        1 &&
	                played_find(&families->maps[2], "cache:69")->asked >
	                        1 &&
	                played_find(&families->maps[2], "cache:70")->asked == 1,
	        "of \"cache:\" not the eighth that goes nor the one that came");
	CHECK(!worker.counts.wrong && !worker.counts.misses_resident &&
	                !worker.counts.pairs,
	        "all are found, and none that is absent");
	CHECK(worker.rng != 11, "the next phase draws others");
	CHECK(stat_of(&families_ops, families, "lookups_timed") == TURNS / 64 &&
	                stat_of(&families_ops, families, "lookup_mean_ns") ==
	                        PLAYED_READING_NS,
	        "one in 64 is timed");
	CHECK(played.quiesced == 3 * TURNS / RM_BATCH,
	        "each batch ends with a quiet moment in all maps");
	families_ops.destroy(families);
}

static void warm_up_is_not_timed(void)
{
	struct families *families = subject();
	struct rm_worker worker = worker_of(families, 0, RM_BATCH - 1);

	worker.measured = false;
	families_loops[0].run(&worker);
	CHECK(played.quiesced == 0, "no batch, no quiet moment");
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
	        "what the first thread times is told, too");
	families_ops.destroy(families);
}

/* All turns but one of 2^32 write. */
static void cache_turns_over(void)
{
	enum { TURNS = 450 };
	struct families *families = subject();
	struct rm_worker worker = worker_of(families, UINT32_MAX, TURNS);
	uint64_t came, head, sequence = 0;

	families_loops[0].run(&worker);
	head = families->head;
	came = head - KEYS;
	CHECK(worker.counts.pairs == came && came > 90 && came < 210 &&
	                worker.counts.writes == TURNS + came,
	        "a write of \"cache:\" is two, and one of the others is one");
	CHECK(family_count(&families->maps[2]) == KEYS &&
	                held(&families->maps[2], "cache:", came, head, 2) ==
	                        KEYS,
	        "for each new key the oldest goes");
	CHECK(family_count(&families->maps[0]) == KEYS &&
	                held(&families->maps[0], "auth:", 0, KEYS, 0) == KEYS &&
	                held(&families->maps[1], "metric:", 0, KEYS, 1) == KEYS,
	        "the other modules keep their keys, whose values they are");
	for (unsigned i = 0; i < 3; i++) {
		const struct played_entry *last =
		        played_find(&families->maps[i], played.last);

		sequence += last ? last->value >> 40 : 0;
	}
	CHECK(worker.sequence == TURNS && sequence == TURNS,
	        "each value has the number of its write above that");
	CHECK(families->thread[1].inserts == came &&
	                families->thread[1].removes == came &&
	                !families->thread[0].inserts,
	        "who inserts and removes counts it");
	worker.write_below = 0;
	worker.iterations_limit += 1000;
	families_loops[0].run(&worker);
	CHECK(!worker.counts.wrong && !worker.counts.misses_resident,
	        "and what is looked up then is there");
	families_ops.destroy(families);
}

/* 63 turns, of which none is timed. */
static bool wrong_after(struct families *families, uint64_t *resident)
{
	struct rm_worker worker = worker_of(families, 0, FAMILIES_TIMED - 1);

	families_loops[0].run(&worker);
	*resident = worker.counts.misses_resident;
	return worker.counts.wrong != 0;
}

static void wrong_answers_are_seen(void)
{
	struct families *families = subject();
	uint64_t resident;

	played.other_value = (uint64_t)1 << 40;
	CHECK(!wrong_after(families, &resident) && resident == 0,
	        "a value that was written later is right");
	played.other_value = 1;
	CHECK(wrong_after(families, &resident), "one of another key is not");
	struct rm_worker worker = worker_of(families, 0, FAMILIES_TIMED);

	worker.counts.iterations = FAMILIES_TIMED - 1;
	families_loops[0].run(&worker);
	CHECK(worker.counts.iterations == FAMILIES_TIMED && worker.counts.wrong,
	        "nor is it where the look-up is timed");
	played.other_value = (uint64_t)1 << 39;
	CHECK(wrong_after(families, &resident),
	        "whichever of its bits tells that");
	played.other_value = 0;
	played.forgets_keys = true;
	CHECK(wrong_after(families, &resident) && resident > 30,
	        "keys that stay and are not found are wrong, and counted");
	families->miss_below = UINT32_MAX; /* all but one of 2^32 */
	CHECK(!wrong_after(families, &resident) && resident == 0,
	        "those that are absent are not");
	played.has_all = true;
	CHECK(wrong_after(families, &resident),
	        "but to find one that is absent is");
	CHECK(strlen(strchr(played.asked, ':')) == 12 &&
	                strtoull(strchr(played.asked, ':') + 1, NULL, 10) >=
	                        (uint64_t)1 << 36,
	        "their numbers begin where no key's do");
	families_ops.destroy(families);
}

/* Of "cache:" a key may just have gone: to miss it is no fault. */
static void cache_may_miss(void)
{
	struct families *families = subject();
	struct rm_worker worker = worker_of(families, 0, 1);
	struct family_turn turn = {
		.map = &families->maps[2], .family = 2, .number = 0
	};

	played.forgets_keys = true;
	CHECK(!family_read(&worker, &turn, false) &&
	                worker.counts.misses_resident == 1,
	        "a key of \"cache:\" that has gone is a miss");
	turn.family = 1;
	CHECK(family_read(&worker, &turn, false) &&
	                worker.counts.misses_resident == 2,
	        "one of another module that has is wrong");
	families_ops.destroy(families);
}

static bool adds_up(struct families *families, const char *wanted)
{
	char why[200] = "";
	const bool right = families_ops.check(families, why, sizeof(why));

	if (strcmp(why, wanted) != 0)
		printf("# said: %s\n", why);
	return right && !strcmp(why, wanted);
}

static void keys_add_up(void)
{
	struct families *families = subject();
	char why[200];

	CHECK(adds_up(families, "240 keys, expected 240"),
	        "as many keys are there as went in");
	rm_stat_own(&families->thread[0].inserts, 3);
	rm_stat_own(&families->thread[1].removes, 1);
	CHECK(!families_ops.check(families, why, sizeof(why)) &&
	                !strcmp(why, "240 keys, expected 242"),
	        "or those inserted more, those removed less");
	rm_stat_own(&families->thread[1].removes, 2);
	CHECK(adds_up(families, "240 keys, expected 240"),
	        "which all threads counted");
	played_find(&families->maps[1], "metric:7")->there = false;
	CHECK(!families_ops.check(families, why, sizeof(why)) &&
	                !strcmp(why, "239 keys, expected 240"),
	        "one that is lost is found");
	CHECK(stat_of(&families_ops, families, "entries") == 239 &&
	                stat_of(&families_ops, families, "chains") == 24 &&
	                stat_of(&families_ops, families,
	                        "chains_with_three_or_more") == 6,
	        "chains and entries of all maps are told together");
	CHECK(stat_of(&families_ops, families, "thrice") == 239 &&
	                stat_of(&families_ops, families, "lines") == 192,
	        "and the maps' own statistics are summed by name");
	families_ops.destroy(families);
}

static void many_statistics(void)
{
	struct families_sum sum = { .count = 0 };
	static char names[40][8];

	for (int i = 0; i < 40; i++) {
		snprintf(names[i], sizeof(names[i]), "s%d", i);
		families_add(&sum, names[i], "ns", i);
	}
	families_add(&sum, "s31", "ns", 5);
	CHECK(sum.count == 32 && sum.stats[31].value == 36 &&
	                !strcmp(sum.stats[31].unit, "ns"),
	        "of more statistics than there is room for the first stay");
}

int main(void)
{
	each_module_has_its_map();
	numbers_have_presets();
	each_needs_memory();
	threads_are_in_all_maps();
	lookups_are_of_all_keys();
	warm_up_is_not_timed();
	cache_turns_over();
	wrong_answers_are_seen();
	cache_may_miss();
	keys_add_up();
	many_statistics();
	CHECK(heap_held == 0, "every block is given back");
	return DONE();
}
