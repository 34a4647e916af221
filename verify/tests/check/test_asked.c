/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_asked.c - what a check asks a map for: as many operations as it was
 * given, of no more threads than the map can stand, and nothing that the map
 * does not promise. By a map that writes down what it is asked.
 */
#include "tests/unit/tap.h"
#include "verify/tests/check/played_map.h"

enum { OPS = 6000, THREADS = 3, ALL_SLOTS = 7 };

static struct rm_error error;
static uint64_t seed = 77;

static int run_case(const char *check, const struct rm_impl *impl, uint64_t ops,
        unsigned threads)
{
	const struct rm_check_case c = { .impl = impl,
		.shape = RM_U64X24,
		.seed = seed,
		.ops = ops,
		.threads = threads };
	int code;

	error = (struct rm_error){ "" };
	code = rm_check_find(check)->run(&c, &error);
	if (code)
		printf("# %s: %s\n", check, error.text);
	return code;
}

/* A right map of these caps; true: it is not accused. */
static bool right(
        const char *check, unsigned caps, uint64_t ops, unsigned threads)
{
	const struct rm_impl impl = { .id = "played",
		.sync = "one lock",
		.shapes = RM_ALL_SHAPES,
		.caps = caps,
		.guarantees = "point-in-time",
		.progress = "blocking",
		.ops = &played_ops };

	play(none);
	return !run_case(check, &impl, ops, threads) &&
	       played.destroyed == played.created;
}

static void several_write(void)
{
	static const char *const checks[] = { "exchange", "upsert", "owner",
		"growth" };
	bool all = true;

	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++)
		all &= right(checks[i], 0, OPS, THREADS) &&
		       played.most_joined == THREADS &&
		       played.writers == ALL_SLOTS &&
		       played.readers == ALL_SLOTS && played.moves_beside;
	CHECK(all, "of a map without conditions all threads read, write, "
	           "insert and remove beside each other");
	CHECK(right("atomic", 0, OPS, THREADS) && played.writers == ALL_SLOTS,
	        "in conditional operations, too");
}

static void one_writes(void)
{
	static const char *const checks[] = { "exchange", "upsert", "owner" };
	bool one = true, all = true;

	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
		one &= right(checks[i], RM_CAP_SINGLE_WRITER, OPS, THREADS) &&
		       played.writers == 1 && played.moves_beside;
		all &= played.most_joined == THREADS &&
		       played.readers == ALL_SLOTS;
	}
	CHECK(one, "of a map with one writer the first thread writes alone");
	CHECK(all, "and all others read meanwhile");
	/* these may find nothing to read, and end before anything is written */
	CHECK(right("growth", RM_CAP_SINGLE_WRITER, OPS, THREADS) &&
	                played.most_joined == THREADS && played.writers == 1 &&
	                right("scan", RM_CAP_SINGLE_WRITER, OPS, THREADS) &&
	                played.most_joined == THREADS && played.writers <= 1,
	        "also where a map grows, and is scanned");
}

static void nobody_is_beside(void)
{
	static const char *const checks[] = { "exchange", "upsert", "owner",
		"growth", "scan" };
	bool alone = true;

	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++)
		alone &= right(checks[i], RM_CAP_UNSAFE, OPS, THREADS) &&
		         played.most_joined == 1 && played.calls[UPSERT];
	CHECK(alone, "a map that is not safe has one thread at a time");
	CHECK(right("readers", RM_CAP_UNSAFE, OPS, THREADS) &&
	                played.most_joined == THREADS &&
	                played.readers == ALL_SLOTS && !played.writers,
	        "unless nobody writes");
}

static void values_change_in_place(void)
{
	static const char *const checks[] = { "exchange", "upsert", "owner" };
	bool in_place = true;

	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++)
		in_place &=
		        right(checks[i], RM_CAP_UNSAFE_INSERT, OPS, THREADS) &&
		        played.most_joined == THREADS &&
		        played.writers == ALL_SLOTS && !played.moves_beside;
	CHECK(in_place, "a map that is not safe beside inserts has all threads "
	                "where keys stay");
	CHECK(right("growth", RM_CAP_UNSAFE_INSERT, OPS, THREADS) &&
	                played.most_joined == 1 &&
	                right("scan", RM_CAP_UNSAFE_INSERT, OPS, THREADS) &&
	                played.most_joined == 1 && played.calls[SCAN] == 0,
	        "and one at a time where they come and go");
}

static void turns_are_waited_for_parked(void)
{
	CHECK(right("park", 0, OPS, THREADS) && played.most_joined == THREADS &&
	                played.writers == ALL_SLOTS &&
	                played.parks == 3 * (3 + 1 + 2) &&
	                played.unparks == played.parks && !played.while_parked,
	        "each waits parked for the turn of each, and for all before "
	        "the first and after the last");
	/* ops of each turn, of which one of eight also removes; then keys that
	   are new: 3000 of each, or 100 where writes are slow */
	CHECK(played.calls[UPSERT] == 3 * (OPS / 3 + 1 + 3000) &&
	                played.calls[REMOVE] == 3 * (OPS / 3 / 8 + 1) &&
	                played.calls[LOOKUP] == 3 * 3 * 3000,
	        "and each then finds what all have written");
	CHECK(right("park", RM_CAP_SLOW_WRITES, OPS, THREADS) &&
	                played.calls[LOOKUP] == 3 * 3 * 100,
	        "which is less where writes are slow");
}

/* Calls of all operations that a check's own phase is made of, on one thread. */
static uint64_t asked(const char *check, unsigned caps)
{
	uint64_t sum = 0;

	if (!right(check, caps, OPS, 1))
		return 0;
	for (unsigned i = 0; i < LOAD; i++)
		sum += played.calls[i];
	return sum;
}

/* Four rounds, each of a quarter and one more. */
static void as_many_as_given(void)
{
	const uint64_t given = OPS + 4, few = 4 * ((OPS / 8 + 1) / 4 + 1);
	/* of each round: half of 24 keys put in, all looked up at the end */
	const uint64_t accounts = 4 * (12 + 24);
	uint64_t count = asked("exchange", 0);

	CHECK(count == given + accounts,
	        "exchange does the operations that it is given");
	CHECK(played.calls[LOOKUP] - 4 * 24 < given / 3 &&
	                played.calls[TAKE] > given / 10 &&
	                played.calls[EXCHANGE] > given / 2 &&
	                !played.calls[REMOVE] && played.calls[UPSERT] == 4 * 12,
	        "three of four write, through exchange and take");
	count = asked("upsert", 0);
	CHECK(count == given + accounts &&
	                played.calls[LOOKUP] - 4 * 24 < given / 3 &&
	                played.calls[REMOVE] > given / 10 &&
	                played.calls[UPSERT] > given / 2,
	        "upsert as many, through upsert and remove");
	CHECK(asked("exchange", RM_CAP_SLOW_WRITES) == few + accounts &&
	                asked("upsert", RM_CAP_SLOW_WRITES) == few + accounts,
	        "an eighth where writes are slow");
	count = asked("owner", 0);
	/* each write is read back; 32 keys are written before, read after */
	CHECK(count == given + 4 * 2 * 32 + played.calls[UPSERT] - 4 * 32 +
	                                played.calls[REMOVE] &&
	                played.calls[REMOVE] > given / 20,
	        "owner as many, and reads back what it writes");
	count = asked("readers", 0);
	CHECK(played.calls[UPSERT] == 1000 &&
	                played.calls[LOOKUP] == OPS / 4 + 1 &&
	                count == 1000 + OPS / 4 + 1,
	        "readers a quarter, of a thousand keys");
}

/* Of 512 keys in rounds that are as many operations together as a quarter of
   those that are given; and increments of four counters, as many again. */
static void conditions_are_asked_for(void)
{
	const uint64_t quarter = THREADS * (OPS / THREADS / 4 + 1);
	const uint64_t rounds = quarter / 512 + 1;

	CHECK(right("atomic", 0, OPS, THREADS) &&
	                played.calls[INSERT] == rounds * 512 * THREADS &&
	                played.calls[REMOVE] == 2 * rounds * 512,
	        "each key of a round is inserted by all threads, then removed");
	CHECK(played.calls[SWAP] == quarter &&
	                played.calls[UPDATE] ==
	                        rounds * 512 * THREADS + quarter,
	        "or updated by all; and counters are swapped and updated");
	CHECK(right("atomic", 0, 1000 * OPS, 1) &&
	                played.calls[INSERT] == 64 * 512,
	        "in 64 rounds at most");
}

/* Relaxed: a count, read when all threads have ended. */
static uint64_t told(void)
{
	return atomic_load_explicit(
	        &rm_witness()->operations, memory_order_relaxed);
}

static void operations_are_told(void)
{
	uint64_t before = told();

	/* those of an earlier check shall not be told again */
	CHECK(right("exchange", 0, OPS, 1) && told() - before == OPS + 4,
	        "operations of the threads of a check are told");
	before = told();
	CHECK(right("exchange", 0, OPS, 1) && told() - before == OPS + 4,
	        "each once");
	before = told();
	CHECK(right("readers", 0, OPS, THREADS) &&
	                told() - before == THREADS * (OPS / THREADS / 4 + 1),
	        "and of all threads");
}

/* The message is for a person who looks for the thread that did it. */
static void writers_are_listed(void)
{
	const struct rm_impl impl = { .id = "played",
		.shapes = RM_ALL_SHAPES,
		.guarantees = "none",
		.ops = &played_ops };
	char listed[100];

	play((struct lie){ UPSERT, SAYS_YES, -1, 0, 0, 0 });
	run_case("upsert", &impl, OPS, 1);
	/* but for that before the threads were there */
	snprintf(listed, sizeof(listed), "; thread 0: %d writes, %d removes",
	        (int)played.of_first[UPSERT] - 1, (int)played.of_first[REMOVE]);
	CHECK(strstr(error.text, "rank 0 ") && strstr(error.text, listed),
	        "what each thread wrote of a key that is wrong is listed");
}

/* remove() does not say which value went. */
static void without_take_nothing_goes(void)
{
	struct rm_map_ops ops = played_ops;
	const struct rm_impl impl = { .id = "played",
		.shapes = RM_ALL_SHAPES,
		.guarantees = "none",
		.ops = &ops };

	ops.take = NULL;
	play(none);
	CHECK(!run_case("exchange", &impl, OPS, 1) && !played.calls[REMOVE] &&
	                !played.calls[TAKE] && played.calls[EXCHANGE] > OPS / 2,
	        "a map without take is not asked to remove by exchange");
}

static bool made(size_t i, size_t keys, bool presize)
{
	const struct rm_sizing *sizing = played.sizings + i;

	return sizing->keys == keys && sizing->presize == presize &&
	       sizing->threads == THREADS && sizing->seed == seed &&
	       !rm_shape_index(RM_U64X8) &&
	       sizing->shape.value_bytes == RM_VALUE_LONG &&
	       sizing->retired_limit_bytes > 0 &&
	       sizing->retired_limit_bytes <= 1 << 20;
}

static void maps_are_made(void)
{
	static const size_t sizes[] = { 0, 1, 7, 8, 9, 13, 14, 64, 65, 104, 105,
		1000, 20000 };
	bool all = right("load", 0, OPS, THREADS) && played.created == 26;

	for (unsigned i = 0; i < 26; i++)
		all &= made(i, sizes[i / 2], i % 2);
	CHECK(all, "load is of each size, to grow and presized, and writers "
	           "have little that they may retire");
	CHECK(right("load", RM_CAP_SLOW_WRITES, OPS, THREADS) &&
	                played.created == 24 && made(23, 1000, true),
	        "but for the largest where writes are slow");
	CHECK(right("exchange", 0, OPS, THREADS) && played.created == 4 &&
	                made(0, 24, false) && made(1, 24, true) &&
	                made(2, 24, false) && made(3, 24, true),
	        "exchange has maps that grow and presized ones, by turns");
	CHECK(right("owner", 0, OPS, THREADS) && played.created == 4 &&
	                made(0, 32, false) && made(1, 32, true) &&
	                made(2, 32, false) && made(3, 32, true),
	        "owner, too");
	CHECK(right("readers", 0, OPS, THREADS) && made(0, 1000, true),
	        "readers has a map that is presized with every second seed");
	seed++;
	CHECK(right("readers", 0, OPS, THREADS) && made(0, 1000, false),
	        "and one that grew with the others");
	/* 250 and one each, or a window of 512 and one */
	CHECK(right("growth", 0, OPS, THREADS) && played.created == 4 &&
	                made(0, 3 * 251, false) && made(1, 3 * 513, false) &&
	                made(2, 3 * 251, true) && made(3, 3 * 513, true),
	        "growth is made for all that it inserts, or for its window");
	CHECK(right("growth", RM_CAP_SLOW_WRITES, 80 * OPS, THREADS) &&
	                made(0, 3 * 1000, false) &&
	                played.calls[UPSERT] == 4 * 3 * 1000,
	        "of no more than a thousand where writes are slow");
}

/* A late reader sees the newest value of a key, then the first that the key
   had: each of them is right, but not after the other. */
static void back_in_time(void)
{
	const struct rm_impl impl = { .id = "played",
		.shapes = RM_ALL_SHAPES,
		.caps = RM_CAP_SINGLE_WRITER,
		.guarantees = "none",
		.ops = &played_ops };

	play((struct lie){ LOOKUP, FIRST, 1, 2, 0, 0 });
	played.late_slot = 1;
	played.late_writes = OPS / 32;
	CHECK(run_case("owner", &impl, OPS, 2) == -1 &&
	                strstr(error.text, "thread 1: lookup of rank ") &&
	                strstr(error.text, " went back in time: value "),
	        "who reads an older value after a newer one is told");
	play((struct lie){ LOOKUP, SAYS_NO, 1, 2, 0, 0 });
	CHECK(run_case("owner", &impl, OPS, 2) == -1 &&
	                strstr(error.text, "thread 1: lookup missed rank "),
	        "and who misses a key that is only replaced");
	play((struct lie){ LOOKUP, OTHER, 1, 2, 0, 0 });
	CHECK(run_case("owner", &impl, OPS, 2) == -1 &&
	                strstr(error.text, " gave the value of rank "),
	        "and who reads another key's value");
}

/* A value has 20 bits for its number; owner has more of them. Of the four
   rounds two replace values with every second operation, 1.5 * 2^20 times. */
static void after_a_million_writes(void)
{
	const uint64_t ops = (uint64_t)3 << 22;

	CHECK(right("owner", 0, ops, 1) && played.calls[UPSERT] > 4ULL << 20,
	        "a right map is not accused after a million writes of one "
	        "thread");
}

int main(void)
{
	several_write();
	one_writes();
	nobody_is_beside();
	values_change_in_place();
	turns_are_waited_for_parked();
	as_many_as_given();
	conditions_are_asked_for();
	operations_are_told();
	writers_are_listed();
	without_take_nothing_goes();
	maps_are_made();
	back_in_time();
	after_a_million_writes();
	return DONE();
}
