/* SPDX-License-Identifier: Apache-2.0 */
/* test_explore_conflicts.c - compares the table of conflicts (conflicts.h) with an array
   that is searched linearly. */
#include "tests/unit/support/counted_heap.h"
/* included after it, so that its allocations are counted */
#include "verify/explore/conflicts.c"

#include "runner/base/rng.h"
#include "tests/unit/tap.h"

enum { LANES = RM_EXPLORE_CONFLICT_LANES, MANY = 2000, STEPS = 20000 };

static const int8_t all_of_them[LANES] = { -1, -1, -1, -1 };

static struct rm_explore_stretch access_of(uintptr_t word, bool writes)
{
	return (struct rm_explore_stretch){
		.writes = writes, .words = 1, .word = { word }
	};
}

/* True if an access of word 8 conflicts with one of lane 1 in operation 3. */
static bool meets_after(bool wrote, bool writes)
{
	struct rm_explore_conflicts conflicts = { 0 };
	const struct rm_explore_stretch done = access_of(8, wrote),
	                                next = access_of(8, writes);
	bool meets;

	rm_explore_record_conflicts(&conflicts, &done, 1, 3);
	meets = rm_explore_may_conflict(
	        &conflicts, &next, 1U << 1, all_of_them);
	rm_explore_conflicts_clear(&conflicts);
	return meets;
}

static void one_of_them_writes(void)
{
	CHECK(!meets_after(false, false), "two reads do not conflict");
	CHECK(meets_after(true, false) && meets_after(false, true) &&
	                meets_after(true, true),
	        "two accesses conflict if at least one is a write");
}

static void of_lanes_and_operations(void)
{
	struct rm_explore_conflicts conflicts = { 0 };
	const struct rm_explore_stretch done = access_of(8, true),
	                                other = access_of(9, true);
	int8_t from_here[LANES] = { 0, 3, 0, 0 };

	rm_explore_record_conflicts(&conflicts, &done, 1, 3);
	CHECK(rm_explore_may_conflict(&conflicts, &done, 1U << 1, from_here),
	        "an operation that is still to come may conflict");
	from_here[1] = 4;
	CHECK(!rm_explore_may_conflict(&conflicts, &done, 1U << 1, from_here),
	        "an operation that has ended does not conflict");
	from_here[1] = -1;
	CHECK(rm_explore_may_conflict(&conflicts, &done, 1U << 1, from_here),
	        "a lane at its beginning may conflict");
	CHECK(!rm_explore_may_conflict(&conflicts, &done,
	              1U << 0 | 1U << 2 | 1U << 3, all_of_them),
	        "lanes that never accessed the word do not conflict");
	CHECK(rm_explore_may_conflict(&conflicts, &done,
	              1U << 0 | 1U << 1 | 1U << 3, all_of_them),
	        "an access conflicts if one of several lanes accessed the "
	        "word");
	CHECK(!rm_explore_may_conflict(
	              &conflicts, &other, 1U << 1, all_of_them),
	        "accesses of different words do not conflict");
	rm_explore_record_conflicts(&conflicts, &other, 3, -1);
	from_here[3] = 31;
	CHECK(rm_explore_may_conflict(&conflicts, &other, 1U << 3, from_here),
	        "an access outside of operations may occur again at any time");
	rm_explore_conflicts_clear(&conflicts);
}

/* True if the access adds a new conflict. */
static bool is_news(struct rm_explore_conflicts *conflicts, uintptr_t word,
        bool writes, unsigned lane, int operation)
{
	const struct rm_explore_stretch done = access_of(word, writes);
	bool news;

	conflicts->has_new = false;
	rm_explore_record_conflicts(conflicts, &done, lane, operation);
	news = conflicts->has_new;
	return news;
}

static void news_come_once(void)
{
	struct rm_explore_conflicts conflicts = { 0 };

	CHECK(!is_news(&conflicts, 8, true, 0, 0),
	        "a first access is not a new conflict");
	CHECK(!is_news(&conflicts, 8, false, 0, 1),
	        "two accesses of one lane are not a new conflict");
	CHECK(is_news(&conflicts, 8, false, 1, 0),
	        "a read of a word that another lane writes is a new conflict");
	CHECK(!is_news(&conflicts, 8, false, 1, 0),
	        "the same conflict is new only once");
	CHECK(is_news(&conflicts, 8, false, 1, 1),
	        "a conflict in another operation is new");
	CHECK(is_news(&conflicts, 8, true, 1, 1),
	        "a conflict by a write instead of a read is new");
	CHECK(!is_news(&conflicts, 16, false, 0, 0) &&
	                !is_news(&conflicts, 16, false, 1, 0) &&
	                is_news(&conflicts, 16, true, 2, 0),
	        "a write to a word that other lanes read is a new conflict");
	CHECK(is_news(&conflicts, 16, true, LANES - 1, 0),
	        "conflicts of the last lane are new");
	CHECK(!is_news(&conflicts, 24, false, 2, -1) &&
	                !is_news(&conflicts, 24, false, 2, 5),
	        "an access outside of operations counts for all operations");
	conflicts.has_new = true;
	rm_explore_record_conflicts(
	        &conflicts, &(struct rm_explore_stretch){ .words = 0 }, 0, 0);
	CHECK(conflicts.has_new,
	        "conflicts count as new until the mark is reset");
	rm_explore_conflicts_clear(&conflicts);
}

static void what_no_word_shows(void)
{
	struct rm_explore_conflicts conflicts = { 0 };
	struct rm_explore_stretch stretch = access_of(8, false);

	CHECK(rm_explore_may_conflict(&conflicts,
	              &(struct rm_explore_stretch){ .words = 0 }, 0,
	              all_of_them),
	        "a stretch without words may conflict with anything");
	rm_explore_record_conflicts(&conflicts, &stretch, 0, 0);
	CHECK(!rm_explore_may_conflict(&conflicts, &stretch, 0xe, all_of_them),
	        "a word that no other lane accessed does not conflict");
	stretch.opaque = true;
	CHECK(rm_explore_may_conflict(&conflicts, &stretch, 0xe, all_of_them),
	        "an opaque stretch may conflict");
	stretch.opaque = false;
	stretch.hidden = true;
	rm_explore_record_conflicts(&conflicts, &stretch, 0, 0);
	CHECK(conflicts.has_new && conflicts.hidden,
	        "a stretch that could not be recorded counts as a new "
	        "conflict");
	stretch.hidden = false;
	CHECK(rm_explore_may_conflict(&conflicts, &stretch, 0xe, all_of_them),
	        "after a stretch that could not be recorded any word may "
	        "conflict");
	stretch.hidden = true;
	conflicts.has_new = false;
	rm_explore_record_conflicts(&conflicts, &stretch, 0, 0);
	CHECK(!conflicts.has_new && conflicts.hidden,
	        "a second stretch that could not be recorded is not a new "
	        "conflict");
	rm_explore_conflicts_reset(&conflicts);
	stretch.hidden = false;
	CHECK(!conflicts.has_new && !conflicts.hidden && !conflicts.count,
	        "a reset forgets everything");
	rm_explore_record_conflicts(&conflicts, &stretch, 0, 0);
	CHECK(!rm_explore_may_conflict(&conflicts, &stretch, 0xe, all_of_them),
	        "conflicts are recorded after a reset");
	rm_explore_conflicts_clear(&conflicts);
	CHECK(!conflicts.entry && !conflicts.room && !conflicts.count &&
	                !conflicts.has_new,
	        "clearing restores the initial state");
}

static void freeing_writes(void)
{
	struct rm_explore_conflicts conflicts = { 0 };
	struct rm_explore_stretch stretch = access_of(8, false);
	bool all = true;

	stretch.freed = 100;
	stretch.freed_words = 5;
	rm_explore_record_conflicts(&conflicts, &stretch, 1, 0);
	for (uintptr_t word = 99; word <= 105; word++) {
		const struct rm_explore_stretch read = access_of(word, false);

		all &= rm_explore_may_conflict(&conflicts, &read, 1U << 1,
		               all_of_them) == (word >= 100 && word < 105);
	}
	CHECK(all, "a free writes each word of its block and no other");
	stretch = access_of(8, false);
	CHECK(!rm_explore_may_conflict(
	              &conflicts, &stretch, 1U << 1, all_of_them),
	        "a free does not write the word that was read");
	rm_explore_conflicts_clear(&conflicts);
}

static void each_word_of_a_stretch_counts(void)
{
	struct rm_explore_conflicts conflicts = { 0 };
	struct rm_explore_stretch stretch = { .writes = true,
		.words = RM_EXPLORE_WORDS_MOST,
		.word = { 8, 9, 10, 11 } };
	bool all = true;

	rm_explore_record_conflicts(&conflicts, &stretch, 1, 0);
	for (unsigned i = 0; i < RM_EXPLORE_WORDS_MOST; i++) {
		struct rm_explore_stretch read = { .words = 2,
			.word = { 50, 8 + i } };

		all &= rm_explore_may_conflict(
		        &conflicts, &read, 1U << 1, all_of_them);
		read.word[1] = 8 + RM_EXPLORE_WORDS_MOST + i;
		all &= !rm_explore_may_conflict(
		        &conflicts, &read, 1U << 1, all_of_them);
	}
	CHECK(all, "each word of a stretch conflicts, including the last one");
	CHECK(!rm_explore_may_conflict(&conflicts,
	              &(struct rm_explore_stretch){
	                      .words = 1, .word = { 50, 8 } },
	              1U << 1, all_of_them),
	        "words after the last one of a stretch do not conflict");
	rm_explore_conflicts_clear(&conflicts);
}

/* Returns how many of 1000 words, at distance `step`, have a slot of their
 * own. */
static size_t apart(uintptr_t step)
{
	struct rm_explore_word_accesses *entry = calloc(4096, sizeof(*entry));
	const struct rm_explore_conflicts empty = { .entry = entry,
		.room = 4096 };
	static bool taken[4096];
	size_t own = 0;

	memset(taken, 0, sizeof(taken));
	for (uintptr_t i = 0; i < 1000; i++) {
		size_t at =
		        (size_t)(place_of(&empty, 0x20000000000 + i * step) -
		                 entry);

		own += !taken[at];
		taken[at] = true;
	}
	free(entry);
	return own;
}

static void neighbours_lie_apart(void)
{
	bool right = true;

	for (uintptr_t step = 1; step <= 512; step *= 2)
		right &= apart(step) > 600;
	CHECK(right, "words at any distance are spread over the table");
}

/* The expected contents, without a hash table: operations as bits. */
static uint32_t known[2][LANES][MANY];

static bool should_meet(uintptr_t word, bool writes, uint32_t others,
        const int8_t operation[LANES])
{
	for (unsigned lane = 0; lane < LANES; lane++)
		for (int op = 0; op < 32; op++) {
			const uint32_t bit = UINT32_C(1) << op;

			if (!(others >> lane & 1) || op < operation[lane])
				continue;
			if (known[1][lane][word] & bit ||
			        (writes && known[0][lane][word] & bit))
				return true;
		}
	return false;
}

static size_t words_known(void)
{
	size_t words = 0;

	for (uintptr_t word = 0; word < MANY; word++) {
		uint32_t all = 0;

		for (unsigned lane = 0; lane < LANES; lane++)
			all |= known[0][lane][word] | known[1][lane][word];
		words += all != 0;
	}
	return words;
}

static void the_table_is_right(void)
{
	struct rm_explore_conflicts conflicts = { 0 };
	uint64_t rng = rm_seed(5, 0);
	bool right = true;
	size_t words;

	for (int i = 0; i < STEPS; i++) {
		uint64_t random = rm_next(&rng);
		uintptr_t word = 1 + random % (MANY - 1);
		unsigned lane = random >> 20 & 3;
		int op = (int)(random >> 24 & 31);
		bool writes = random >> 32 & 1;
		const uint32_t others = random >> 36 & 15 & ~(1U << lane);
		const struct rm_explore_stretch stretch =
		        access_of(word * 512, writes);
		int8_t operation[LANES];

		for (unsigned l = 0; l < LANES; l++)
			operation[l] = (int8_t)(random >> (40 + 5 * l) & 31);
		right &= !conflicts.room ||
		         rm_explore_may_conflict(
		                 &conflicts, &stretch, others, operation) ==
		                 should_meet(word, writes, others, operation);
		rm_explore_record_conflicts(&conflicts, &stretch, lane, op);
		known[writes][lane][word] |= UINT32_C(1) << op;
	}
	words = words_known();
	CHECK(right, "20,000 accesses to 2,000 words conflict as expected");
	CHECK(conflicts.count == words && conflicts.room == 4096,
	        "each word has one slot, and the table is at most half full");
	rm_explore_conflicts_reset(&conflicts);
	CHECK(conflicts.room == 4096 && heap_held == 1,
	        "a reset keeps the table");
	for (uintptr_t word = 1; word < MANY; word++) {
		const struct rm_explore_stretch read =
		        access_of(word * 512, true);

		right &= !rm_explore_may_conflict(
		        &conflicts, &read, 0xf, all_of_them);
	}
	CHECK(right, "a reset empties the table");
	rm_explore_conflicts_clear(&conflicts);
}

static void no_memory(void)
{
	struct rm_explore_conflicts conflicts = { 0 };
	const struct rm_explore_stretch stretch = access_of(8, false);

	heap_is_full = true;
	rm_explore_record_conflicts(&conflicts, &stretch, 0, 0);
	heap_is_full = false;
	CHECK(conflicts.starved && rm_explore_may_conflict(&conflicts, &stretch,
	                                   0xe, all_of_them),
	        "out of memory is reported, and then any word may conflict");
	rm_explore_conflicts_reset(&conflicts);
	rm_explore_record_conflicts(&conflicts, &stretch, 0, 0);
	CHECK(!conflicts.starved && !rm_explore_may_conflict(&conflicts,
	                                    &stretch, 0xe, all_of_them),
	        "a reset clears the error");
	rm_explore_conflicts_clear(&conflicts);
}

int main(void)
{
	one_of_them_writes();
	of_lanes_and_operations();
	news_come_once();
	what_no_word_shows();
	freeing_writes();
	each_word_of_a_stretch_counts();
	neighbours_lie_apart();
	the_table_is_right();
	no_memory();
	CHECK(heap_held == 0, "all tables are freed");
	return DONE();
}
