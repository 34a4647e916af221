/* SPDX-License-Identifier: Apache-2.0 */
/* test_check_calls.c - tests the calls that a check makes: the requested number
 * of operations, from at most as many threads as the map permits, and only
 * operations that the map offers. The mock map records the calls. */
#include "tests/unit/tap.h"
#include "verify/tests/check/mock_map.h"

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

/* Returns true if a correct map with these caps passes. */
static bool passes(
        const char *check, unsigned caps, uint64_t ops, unsigned threads)
{
	const struct rm_impl impl = { .id = "mock",
		.sync = "one lock",
		.shapes = RM_ALL_SHAPES,
		.caps = caps,
		.guarantees = "point-in-time",
		.progress = "blocking",
		.ops = &mock_ops };

	reset_mock(none);
	return !run_case(check, &impl, ops, threads) &&
	       mock.destroyed == mock.created;
}

static void several_write(void)
{
	static const char *const checks[] = { "exchange", "upsert", "owner",
		"growth" };
	bool all = true;

	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++)
		all &= passes(checks[i], 0, OPS, THREADS) &&
		       mock.joined_max == THREADS &&
		       mock.writers == ALL_SLOTS && mock.readers == ALL_SLOTS &&
		       mock.shared_moves;
	CHECK(all, "if the map has no restrictions, all threads read, write, "
	           "insert and remove at the same time");
	CHECK(passes("atomic", 0, OPS, THREADS) && mock.writers == ALL_SLOTS,
	        "all threads run conditional operations at the same time");
}

static void one_writes(void)
{
	static const char *const checks[] = { "exchange", "upsert", "owner" };
	bool one = true, all = true;

	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
		one &= passes(checks[i], RM_CAP_SINGLE_WRITER, OPS, THREADS) &&
		       mock.writers == 1 && mock.shared_moves;
		all &= mock.joined_max == THREADS && mock.readers == ALL_SLOTS;
	}
	CHECK(one,
	        "if the map allows one writer, only the first thread writes");
	CHECK(all, "with one writer, all other threads read at the same time");
	/* other threads may end before the first write, without a key to
	 * read */
	CHECK(passes("growth", RM_CAP_SINGLE_WRITER, OPS, THREADS) &&
	                mock.joined_max == THREADS && mock.writers == 1 &&
	                passes("scan", RM_CAP_SINGLE_WRITER, OPS, THREADS) &&
	                mock.joined_max == THREADS && mock.writers <= 1,
	        "with one writer, only the first thread writes in growth and "
	        "scan");
}

static void nobody_is_beside(void)
{
	static const char *const checks[] = { "exchange", "upsert", "owner",
		"growth", "scan" };
	bool alone = true;

	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++)
		alone &= passes(checks[i], RM_CAP_UNSAFE, OPS, THREADS) &&
		         mock.joined_max == 1 && mock.calls[UPSERT];
	CHECK(alone, "an unsafe map has one thread at a time");
	CHECK(passes("readers", RM_CAP_UNSAFE, OPS, THREADS) &&
	                mock.joined_max == THREADS &&
	                mock.readers == ALL_SLOTS && !mock.writers,
	        "an unsafe map has several threads if all of them only read");
}

static void values_change_in_place(void)
{
	static const char *const checks[] = { "exchange", "upsert", "owner" };
	bool in_place = true;

	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++)
		in_place &=
		        passes(checks[i], RM_CAP_UNSAFE_INSERT, OPS, THREADS) &&
		        mock.joined_max == THREADS &&
		        mock.writers == ALL_SLOTS && !mock.shared_moves;
	CHECK(in_place, "a map whose inserts are unsafe has all threads "
	                "while keys stay");
	CHECK(passes("growth", RM_CAP_UNSAFE_INSERT, OPS, THREADS) &&
	                mock.joined_max == 1 &&
	                passes("scan", RM_CAP_UNSAFE_INSERT, OPS, THREADS) &&
	                mock.joined_max == 1 && mock.calls[SCAN] == 0,
	        "a map whose inserts are unsafe has one thread at a time while "
	        "keys come and go");
}

static void turns_are_waited_for_parked(void)
{
	CHECK(passes("park", 0, OPS, THREADS) && mock.joined_max == THREADS &&
	                mock.writers == ALL_SLOTS &&
	                mock.parks == 3 * (3 + 1 + 2) &&
	                mock.unparks == mock.parks && !mock.parked_calls,
	        "each thread is parked while it waits for a turn, and before "
	        "the first and after the last one");
	/* Number of operations in each turn, one of eight of which also
	 * removes. Then the number of new keys: 3000 per thread, or 100 if
	 * writes are slow. */
	CHECK(mock.calls[UPSERT] == 3 * (OPS / 3 + 1 + 3000) &&
	                mock.calls[REMOVE] == 3 * (OPS / 3 / 8 + 1) &&
	                mock.calls[LOOKUP] == 3 * 3 * 3000,
	        "each thread then finds the keys of all");
	CHECK(passes("park", RM_CAP_SLOW_WRITES, OPS, THREADS) &&
	                mock.calls[LOOKUP] == 3 * 3 * 100,
	        "`growth` inserts fewer keys if writes are slow");
}

/* Number of operations that a check runs on one thread. */
static uint64_t count_calls(const char *check, unsigned caps)
{
	uint64_t sum = 0;

	if (!passes(check, caps, OPS, 1))
		return 0;
	for (unsigned i = 0; i < LOAD; i++)
		sum += mock.calls[i];
	return sum;
}

/* Four rounds; each has a quarter of the operations plus one. */
static void as_many_as_given(void)
{
	const uint64_t given = OPS + 4, few = 4 * ((OPS / 8 + 1) / 4 + 1);
	/* each round inserts half of 24 keys first, and looks up all at the
	 * end */
	const uint64_t accounts = 4 * (12 + 24);
	uint64_t count = count_calls("exchange", 0);

	CHECK(count == given + accounts,
	        "`exchange` runs the given number of operations");
	CHECK(mock.calls[LOOKUP] - 4 * 24 < given / 3 &&
	                mock.calls[TAKE] > given / 10 &&
	                mock.calls[EXCHANGE] > given / 2 &&
	                !mock.calls[REMOVE] && mock.calls[UPSERT] == 4 * 12,
	        "three of four operations are exchange or take");
	count = count_calls("upsert", 0);
	CHECK(count == given + accounts &&
	                mock.calls[LOOKUP] - 4 * 24 < given / 3 &&
	                mock.calls[REMOVE] > given / 10 &&
	                mock.calls[UPSERT] > given / 2,
	        "`upsert` runs the given number of upserts and removes");
	CHECK(count_calls("exchange", RM_CAP_SLOW_WRITES) == few + accounts &&
	                count_calls("upsert", RM_CAP_SLOW_WRITES) ==
	                        few + accounts,
	        "`upsert` runs an eighth of the upserts if writes are slow");
	count = count_calls("owner", 0);
	/* each write is read back; 32 keys are written first and read at the
	 * end */
	CHECK(count == given + 4 * 2 * 32 + mock.calls[UPSERT] - 4 * 32 +
	                                mock.calls[REMOVE] &&
	                mock.calls[REMOVE] > given / 20,
	        "`owner` runs the given number of operations, and reads its "
	        "writes back");
	count = count_calls("readers", 0);
	CHECK(mock.calls[UPSERT] == 1000 && mock.calls[LOOKUP] == OPS / 4 + 1 &&
	                count == 1000 + OPS / 4 + 1,
	        "`readers` runs a quarter of the given operations, on a "
	        "thousand "
	        "keys");
}

/* Rounds have 512 keys each, in total a quarter of the given number of
 * operations. Another quarter of the operations increment counters. */
static void conditions_are_asked_for(void)
{
	const uint64_t quarter = THREADS * (OPS / THREADS / 4 + 1);
	const uint64_t rounds = quarter / 512 + 1;

	CHECK(passes("atomic", 0, OPS, THREADS) &&
	                mock.calls[INSERT] == rounds * 512 * THREADS &&
	                mock.calls[REMOVE] == 2 * rounds * 512,
	        "all threads try to insert each key of a round, then it is "
	        "removed");
	CHECK(mock.calls[SWAP] == quarter &&
	                mock.calls[UPDATE] == rounds * 512 * THREADS + quarter,
	        "all threads update each key of a round, and swap and update "
	        "counters");
	CHECK(passes("atomic", 0, 1000 * OPS, 1) &&
	                mock.calls[INSERT] == 64 * 512,
	        "at most 64 rounds run");
}

/* Relaxed: a count, read when all threads have ended. */
static uint64_t count_operations(void)
{
	return atomic_load_explicit(
	        &rm_witness()->operations, memory_order_relaxed);
}

static void operations_are_told(void)
{
	uint64_t before = count_operations();

	/* operations of an earlier check must not be included */
	CHECK(passes("exchange", 0, OPS, 1) &&
	                count_operations() - before == OPS + 4,
	        "operations of the threads of a check are counted");
	before = count_operations();
	CHECK(passes("exchange", 0, OPS, 1) &&
	                count_operations() - before == OPS + 4,
	        "each operation is counted once");
	before = count_operations();
	CHECK(passes("readers", 0, OPS, THREADS) &&
	                count_operations() - before ==
	                        THREADS * (OPS / THREADS / 4 + 1),
	        "operations of all threads are counted");
}

/* The message helps a developer to find the thread that made the error. */
static void writers_are_listed(void)
{
	const struct rm_impl impl = { .id = "mock",
		.shapes = RM_ALL_SHAPES,
		.guarantees = "none",
		.ops = &mock_ops };
	char listed[100];

	reset_mock((struct fault){ UPSERT, PRESENT, -1, 0, 0, 0 });
	run_case("upsert", &impl, OPS, 1);
	/* the prefill is left out */
	snprintf(listed, sizeof(listed), "; thread 0: %d writes, %d removes",
	        (int)mock.first_rank_calls[UPSERT] - 1,
	        (int)mock.first_rank_calls[REMOVE]);
	CHECK(strstr(error.text, "rank 0 ") && strstr(error.text, listed),
	        "the message lists the writes per thread of a wrong key");
}

/* remove() does not return the removed value. */
static void without_take_nothing_goes(void)
{
	struct rm_map_ops ops = mock_ops;
	const struct rm_impl impl = { .id = "mock",
		.shapes = RM_ALL_SHAPES,
		.guarantees = "none",
		.ops = &ops };

	ops.take = NULL;
	reset_mock(none);
	CHECK(!run_case("exchange", &impl, OPS, 1) && !mock.calls[REMOVE] &&
	                !mock.calls[TAKE] && mock.calls[EXCHANGE] > OPS / 2,
	        "`exchange` does not remove if the map has no take");
}

static bool was_created(size_t i, size_t keys, bool presize)
{
	const struct rm_sizing *sizing = mock.sizings + i;

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
	bool all = passes("load", 0, OPS, THREADS) && mock.created == 26;

	for (unsigned i = 0; i < 26; i++)
		all &= was_created(i, sizes[i / 2], i % 2);
	CHECK(all, "`load` uses each size, growing and presized, and limits "
	           "retired memory");
	CHECK(passes("load", RM_CAP_SLOW_WRITES, OPS, THREADS) &&
	                mock.created == 24 && was_created(23, 1000, true),
	        "`load` omits the largest size if writes are slow");
	CHECK(passes("exchange", 0, OPS, THREADS) && mock.created == 4 &&
	                was_created(0, 24, false) && was_created(1, 24, true) &&
	                was_created(2, 24, false) && was_created(3, 24, true),
	        "`exchange` alternates between growing and presized maps");
	CHECK(passes("owner", 0, OPS, THREADS) && mock.created == 4 &&
	                was_created(0, 32, false) && was_created(1, 32, true) &&
	                was_created(2, 32, false) && was_created(3, 32, true),
	        "`owner` alternates between growing and presized maps");
	CHECK(passes("readers", 0, OPS, THREADS) && was_created(0, 1000, true),
	        "`readers` presizes its map for every second seed");
	seed++;
	CHECK(passes("readers", 0, OPS, THREADS) && was_created(0, 1000, false),
	        "`readers` does not presize its map for other seeds");
	/* 250 keys plus one per thread, or a window of 512 keys plus one */
	CHECK(passes("growth", 0, OPS, THREADS) && mock.created == 4 &&
	                was_created(0, 3 * 251, false) &&
	                was_created(1, 3 * 513, false) &&
	                was_created(2, 3 * 251, true) &&
	                was_created(3, 3 * 513, true),
	        "`growth` sizes the map for all inserts, or for its window");
	CHECK(passes("growth", RM_CAP_SLOW_WRITES, 80 * OPS, THREADS) &&
	                was_created(0, 3 * 1000, false) &&
	                mock.calls[UPSERT] == 4 * 3 * 1000,
	        "`growth` inserts at most a thousand keys if writes are slow");
}

/* A delayed reader sees the newest value of a key, then its first one. Each
 * value is valid, but their order is not. */
static void back_in_time(void)
{
	const struct rm_impl impl = { .id = "mock",
		.shapes = RM_ALL_SHAPES,
		.caps = RM_CAP_SINGLE_WRITER,
		.guarantees = "none",
		.ops = &mock_ops };

	reset_mock((struct fault){ LOOKUP, OLD_VALUE, 1, 2, 0, 0 });
	mock.late_slot = 1;
	mock.late_writes = OPS / 32;
	CHECK(run_case("owner", &impl, OPS, 2) == -1 &&
	                strstr(error.text, "thread 1: lookup of rank ") &&
	                strstr(error.text, " went back: value "),
	        "reading an older value after a newer one is reported");
	reset_mock((struct fault){ LOOKUP, ABSENT, 1, 2, 0, 0 });
	CHECK(run_case("owner", &impl, OPS, 2) == -1 &&
	                strstr(error.text, "thread 1: lookup missed rank "),
	        "a lookup that misses a key during its replacement is a fault");
	reset_mock((struct fault){ LOOKUP, OTHER_KEY, 1, 2, 0, 0 });
	CHECK(run_case("owner", &impl, OPS, 2) == -1 &&
	                strstr(error.text, " returned the value of rank "),
	        "reading the value of another key is a fault");
}

/* A value has 20 bits for its number, but the check `owner` writes more values
 * than that. In two of the four rounds every second operation replaces a value,
 * so 1.5 * 2^20 values are written. */
static void after_a_million_writes(void)
{
	const uint64_t ops = (uint64_t)3 << 22;

	CHECK(passes("owner", 0, ops, 1) && mock.calls[UPSERT] > 4ULL << 20,
	        "a correct map passes after a million writes by one "
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
