/* SPDX-License-Identifier: Apache-2.0 */
/* test_explore_meet.c - whose accesses meet, held against a table of all words
   that is looked through from end to end. */
#include "tests/unit/support/counted_heap.h"
/* after it, so that it is counted */
#include "verify/explore/meet.c"

#include "runner/base/rng.h"
#include "tests/unit/tap.h"

enum { LANES = RM_EXPLORE_MEET_LANES, MANY = 2000, STEPS = 20000 };

static const int8_t all_of_them[LANES] = { -1, -1, -1, -1 };

static struct rm_explore_stretch access_of(uintptr_t word, bool writes)
{
	return (struct rm_explore_stretch){
		.writes = writes, .words = 1, .word = { word }
	};
}

/* What lane 1 did in operation 3 to word 8: does lane 2's access meet it? */
static bool meets_after(bool wrote, bool writes)
{
	struct rm_explore_meetings meetings = { 0 };
	const struct rm_explore_stretch done = access_of(8, wrote),
	                                next = access_of(8, writes);
	bool meets;

	rm_explore_meet(&meetings, &done, 1, 3);
	meets = rm_explore_meets(&meetings, &next, 1U << 1, all_of_them);
	rm_explore_meetings_clear(&meetings);
	return meets;
}

static void one_of_them_writes(void)
{
	CHECK(!meets_after(false, false), "two that read do not meet");
	CHECK(meets_after(true, false) && meets_after(false, true) &&
	                meets_after(true, true),
	        "they do where one of them writes, whichever it is");
}

static void of_lanes_and_operations(void)
{
	struct rm_explore_meetings meetings = { 0 };
	const struct rm_explore_stretch done = access_of(8, true),
	                                other = access_of(9, true);
	int8_t from_here[LANES] = { 0, 3, 0, 0 };

	rm_explore_meet(&meetings, &done, 1, 3);
	CHECK(rm_explore_meets(&meetings, &done, 1U << 1, from_here),
	        "a lane that still has that operation may meet it");
	from_here[1] = 4;
	CHECK(!rm_explore_meets(&meetings, &done, 1U << 1, from_here),
	        "one that is past it may not");
	from_here[1] = -1;
	CHECK(rm_explore_meets(&meetings, &done, 1U << 1, from_here),
	        "one that has all before it may");
	CHECK(!rm_explore_meets(&meetings, &done, 1U << 0 | 1U << 2 | 1U << 3,
	              all_of_them),
	        "others that never were at the word do not");
	CHECK(rm_explore_meets(&meetings, &done, 1U << 0 | 1U << 1 | 1U << 3,
	              all_of_them),
	        "one lane of several is enough");
	CHECK(!rm_explore_meets(&meetings, &other, 1U << 1, all_of_them),
	        "nor does another word");
	rm_explore_meet(&meetings, &other, 3, -1);
	from_here[3] = 31;
	CHECK(rm_explore_meets(&meetings, &other, 1U << 3, from_here),
	        "what belongs to no operation may come again at any time");
	rm_explore_meetings_clear(&meetings);
}

/* Whether this is news, and then no more. */
static bool is_news(struct rm_explore_meetings *meetings, uintptr_t word,
        bool writes, unsigned lane, int operation)
{
	const struct rm_explore_stretch done = access_of(word, writes);
	bool news;

	meetings->news = false;
	rm_explore_meet(meetings, &done, lane, operation);
	news = meetings->news;
	return news;
}

static void news_come_once(void)
{
	struct rm_explore_meetings meetings = { 0 };

	CHECK(!is_news(&meetings, 8, true, 0, 0), "alone nobody meets");
	CHECK(!is_news(&meetings, 8, false, 0, 1), "nor does who meets itself");
	CHECK(is_news(&meetings, 8, false, 1, 0),
	        "who reads what another writes is news");
	CHECK(!is_news(&meetings, 8, false, 1, 0), "the same is none again");
	CHECK(is_news(&meetings, 8, false, 1, 1), "in another operation it is");
	CHECK(is_news(&meetings, 8, true, 1, 1), "as a write, too");
	CHECK(!is_news(&meetings, 16, false, 0, 0) &&
	                !is_news(&meetings, 16, false, 1, 0) &&
	                is_news(&meetings, 16, true, 2, 0),
	        "who writes what others read is news");
	CHECK(is_news(&meetings, 16, true, LANES - 1, 0),
	        "of the last lane, too");
	CHECK(!is_news(&meetings, 24, false, 2, -1) &&
	                !is_news(&meetings, 24, false, 2, 5),
	        "what was in no operation was in all");
	meetings.news = true;
	rm_explore_meet(
	        &meetings, &(struct rm_explore_stretch){ .words = 0 }, 0, 0);
	CHECK(meetings.news, "news stay until somebody takes note");
	rm_explore_meetings_clear(&meetings);
}

static void what_no_word_shows(void)
{
	struct rm_explore_meetings meetings = { 0 };
	struct rm_explore_stretch stretch = access_of(8, false);

	CHECK(rm_explore_meets(&meetings,
	              &(struct rm_explore_stretch){ .words = 0 }, 0,
	              all_of_them),
	        "what accessed no word may meet anything");
	rm_explore_meet(&meetings, &stretch, 0, 0);
	CHECK(!rm_explore_meets(&meetings, &stretch, 0xe, all_of_them),
	        "a word that others do not know meets nothing");
	stretch.opaque = true;
	CHECK(rm_explore_meets(&meetings, &stretch, 0xe, all_of_them),
	        "but beside a lock it may");
	stretch.opaque = false;
	stretch.hidden = true;
	rm_explore_meet(&meetings, &stretch, 0, 0);
	CHECK(meetings.news && meetings.hidden, "what is hidden is news");
	stretch.hidden = false;
	CHECK(rm_explore_meets(&meetings, &stretch, 0xe, all_of_them),
	        "and then nothing is known of any word");
	stretch.hidden = true;
	meetings.news = false;
	rm_explore_meet(&meetings, &stretch, 0, 0);
	CHECK(!meetings.news && meetings.hidden, "it is news once");
	rm_explore_meetings_reset(&meetings);
	stretch.hidden = false;
	CHECK(!meetings.news && !meetings.hidden && !meetings.count,
	        "of another program nothing is known");
	rm_explore_meet(&meetings, &stretch, 0, 0);
	CHECK(!rm_explore_meets(&meetings, &stretch, 0xe, all_of_them),
	        "and it is known again from there on");
	rm_explore_meetings_clear(&meetings);
	CHECK(!meetings.met && !meetings.room && !meetings.count &&
	                !meetings.news,
	        "what is cleared is as at the start");
}

static void freeing_writes(void)
{
	struct rm_explore_meetings meetings = { 0 };
	struct rm_explore_stretch stretch = access_of(8, false);
	bool all = true;

	stretch.freed = 100;
	stretch.freed_words = 5;
	rm_explore_meet(&meetings, &stretch, 1, 0);
	for (uintptr_t word = 99; word <= 105; word++) {
		const struct rm_explore_stretch read = access_of(word, false);

		all &= rm_explore_meets(&meetings, &read, 1U << 1,
		               all_of_them) == (word >= 100 && word < 105);
	}
	CHECK(all, "each word of a block that is freed is written, no other");
	stretch = access_of(8, false);
	CHECK(!rm_explore_meets(&meetings, &stretch, 1U << 1, all_of_them),
	        "the word that was read beside it is not");
	rm_explore_meetings_clear(&meetings);
}

static void each_word_of_a_stretch_counts(void)
{
	struct rm_explore_meetings meetings = { 0 };
	struct rm_explore_stretch stretch = { .writes = true,
		.words = RM_EXPLORE_WORDS_MOST,
		.word = { 8, 9, 10, 11 } };
	bool all = true;

	rm_explore_meet(&meetings, &stretch, 1, 0);
	for (unsigned i = 0; i < RM_EXPLORE_WORDS_MOST; i++) {
		struct rm_explore_stretch read = { .words = 2,
			.word = { 50, 8 + i } };

		all &= rm_explore_meets(&meetings, &read, 1U << 1, all_of_them);
		read.word[1] = 8 + RM_EXPLORE_WORDS_MOST + i;
		all &= !rm_explore_meets(
		        &meetings, &read, 1U << 1, all_of_them);
	}
	CHECK(all, "each word of a stretch meets, the last one, too");
	CHECK(!rm_explore_meets(&meetings,
	              &(struct rm_explore_stretch){
	                      .words = 1, .word = { 50, 8 } },
	              1U << 1, all_of_them),
	        "what stands behind its last one does not");
	rm_explore_meetings_clear(&meetings);
}

/* How many of a thousand words, `step` apart, have a place of their own. */
static size_t apart(uintptr_t step)
{
	struct rm_explore_met *met = calloc(4096, sizeof(*met));
	const struct rm_explore_meetings empty = { .met = met, .room = 4096 };
	static bool taken[4096];
	size_t own = 0;

	memset(taken, 0, sizeof(taken));
	for (uintptr_t i = 0; i < 1000; i++) {
		size_t at =
		        (size_t)(place_of(&empty, 0x20000000000 + i * step) -
		                 met);

		own += !taken[at];
		taken[at] = true;
	}
	free(met);
	return own;
}

static void neighbours_lie_apart(void)
{
	bool right = true;

	for (uintptr_t step = 1; step <= 512; step *= 2)
		right &= apart(step) > 600;
	CHECK(right, "words of a block, or of many, have places of their own");
}

/* What there is to know, without a hash table: operations as bits. */
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
	struct rm_explore_meetings meetings = { 0 };
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
		right &= !meetings.room ||
		         rm_explore_meets(
		                 &meetings, &stretch, others, operation) ==
		                 should_meet(word, writes, others, operation);
		rm_explore_meet(&meetings, &stretch, lane, op);
		known[writes][lane][word] |= UINT32_C(1) << op;
	}
	words = words_known();
	CHECK(right, "20,000 accesses to 2,000 words meet as they should");
	CHECK(meetings.count == words && meetings.room == 4096,
	        "each word has one place of a table that is half full at most");
	rm_explore_meetings_reset(&meetings);
	CHECK(meetings.room == 4096 && heap_held == 1,
	        "another program has the same one");
	for (uintptr_t word = 1; word < MANY; word++) {
		const struct rm_explore_stretch read =
		        access_of(word * 512, true);

		right &= !rm_explore_meets(&meetings, &read, 0xf, all_of_them);
	}
	CHECK(right, "which is empty");
	rm_explore_meetings_clear(&meetings);
}

static void no_memory(void)
{
	struct rm_explore_meetings meetings = { 0 };
	const struct rm_explore_stretch stretch = access_of(8, false);

	heap_is_full = true;
	rm_explore_meet(&meetings, &stretch, 0, 0);
	heap_is_full = false;
	CHECK(meetings.starved &&
	                rm_explore_meets(&meetings, &stretch, 0xe, all_of_them),
	        "where there was no memory that is said, and nothing is known");
	rm_explore_meetings_reset(&meetings);
	rm_explore_meet(&meetings, &stretch, 0, 0);
	CHECK(!meetings.starved && !rm_explore_meets(&meetings, &stretch, 0xe,
	                                   all_of_them),
	        "and of another program all is");
	rm_explore_meetings_clear(&meetings);
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
	CHECK(heap_held == 0, "every table is given back");
	return DONE();
}
