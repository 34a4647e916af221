/* SPDX-License-Identifier: Apache-2.0 */
/* test_parts.c - tests parts of techniques on one thread: loop conditions,
   memory, and templates with right and wrong choices. */
#include "tests/unit/support/counted_heap.h"
/* included after counted_heap.h, so that its allocations are counted */
#include "impls/technique/technique.h"
#include "tests/unit/tap.h"
#include "tests/unit/technique/subject_reports.h"

static unsigned unexpected_stores; /* number of stores over an unexpected old
                                      value */
static inline void barrier_write(
        _Atomic uint64_t *word, uint64_t was, uint64_t now)
{
	unexpected_stores += *word != was;
	*word = now;
}
#include "impls/technique/barrier.h"

enum { AUDIT_AUDITS, SEEN, AUDIT_COUNTS };
static const char *const audit_names[AUDIT_COUNTS][2] = {
	[AUDIT_AUDITS] = { "audits", "1" }, [SEEN] = { "seen", "bytes" }
};
#include "impls/technique/audit.h"

static unsigned structures, wrong_structure;
static uint64_t last_seed;

static bool audit_once(struct audit *audit, uint64_t seed)
{
	audit_add(audit, SEEN, audit->keys);
	last_seed = seed;
	return ++structures != wrong_structure;
}

static uint64_t wrong_hash;
static bool too_far;
static uint64_t test_index(uint64_t hash, uint64_t segments)
{
	if (too_far)
		return segments;
	return (hash & (segments - 1)) ^ (hash == wrong_hash && wrong_hash);
}
#define INDEX_OF(hash, segments) test_index(hash, segments)
#define INDEX_NAME               "the test's choice"
#include "impls/technique/index.h"

enum { SENT_CHUNKS = 9 };
struct sent_record {
	uint64_t next, wrong, instead;
};
static size_t sent_record_bytes(uint64_t chunks)
{
	return sizeof(struct sent_record) + chunks;
}
static uint64_t sent_next(struct sent_record *record, uint64_t chunks,
        uint64_t request, uint64_t *looked_at)
{
	const uint64_t number = record->next++;

	*looked_at = chunks + request;
	return record->wrong && number == record->wrong ? record->instead
	                                                : number;
}
#include "impls/technique/sent.h"

static struct rm_sizing sizing_of(const uint64_t *args)
{
	return (struct rm_sizing){
		.threads = 3, .seed = 5, .presize = true, .loop_args = args
	};
}

static void loops_end(void)
{
	atomic_bool stop = false;
	struct rm_worker worker = { .stop = &stop, .iterations_limit = 3 };
	unsigned turns = 0;

	while (turns < 10 && technique_turn(&worker))
		turns++;
	CHECK(turns == 3 && worker.counts.iterations == 3,
	        "a loop ends at its limit");
	worker.iterations_limit = 10;
	stop = true;
	CHECK(!technique_turn(&worker) && worker.counts.iterations == 3,
	        "a loop ends when it is stopped");
	CHECK(technique_begin(&worker) == 0,
	        "by default no operation is timed");
	worker.timed = true;
	CHECK(technique_begin(&worker) > 0, "operations are timed on request");
}

static void arguments_have_defaults(void)
{
	const uint64_t args[] = { 7, 8 };
	const struct rm_sizing requested = sizing_of(args),
	                       defaults = sizing_of(NULL);

	CHECK(technique_arg(&requested, 0, 3) == 7 &&
	                technique_arg(&requested, 1, 3) == 8 &&
	                technique_arg(&defaults, 1, 3) == 3,
	        "a loop's argument is the requested one, or its default");
}

static void memory_is_in_pairs_of_lines(void)
{
	static const size_t bytes[] = { 1, 127, 128, 129, 1000 };
	bool right = true;

	for (size_t i = 0; i < 5; i++) {
		const size_t room = (bytes[i] + 127) / 128 * 128;
		char *memory = technique_new(bytes[i]);
		uint64_t behind = 1;

		right &= (uintptr_t)memory % 128 == 0;
		for (size_t at = 0; at < room; at++)
			right &= memory[at] == 0;
		if (HEAP_BEHIND)
			memcpy(&behind, memory + room, sizeof(behind));
		right &= behind == 1;
		free(memory);
	}
	CHECK(right, "memory is zeroed, in whole pairs of lines");
	heap_is_full = true;
	CHECK(!technique_new(1),
	        "if memory runs out, technique_new returns NULL");
	heap_is_full = false;
}

static void times_are_reported(void)
{
	struct rm_histogram *times = NULL;
	struct wanted_stat p50 = { "wait_p50", -1 }, p99 = { "wait_p99", -1 },
	                   most = { "wait_max", -1 };

	technique_emit_times("wait", NULL, take_wanted, &most);
	for (unsigned i = 0; i < 90; i++)
		technique_record(&times, 100);
	for (unsigned i = 0; i < 10; i++)
		technique_record(&times, 1000000);
	technique_emit_times("wait", times, take_wanted, &p50);
	technique_emit_times("wait", times, take_wanted, &p99);
	CHECK(most.value == -1, "without a duration no statistic is reported");
	technique_emit_times("wait", times, take_wanted, &most);
	CHECK(p50.value > 80 && p50.value < 120 && p99.value > 900000 &&
	                p99.value < 1100000 && most.value == 1000000,
	        "P50, P99 and maximum of the durations are reported");
	(free)(times); /* not counted, because it was allocated elsewhere */
}

static struct rm_worker barrier_worker(
        struct barrier *barrier, unsigned slot, atomic_bool *stop)
{
	return (struct rm_worker){ .thread = barrier_ops.join(barrier, slot),
		.slot = slot,
		.threads = 3,
		.stop = stop,
		.iterations_limit = 2 };
}

/* The other thread is ahead. The test sets its words and results. */
static void barriers_count(void)
{
	const uint64_t args[] = { 10 };
	const struct rm_sizing sizing = sizing_of(args);
	struct barrier *barrier = barrier_ops.create(&sizing);
	struct barrier_thread *other = &barrier->thread[1];
	atomic_bool stop = false;
	struct rm_worker first = barrier_worker(barrier, 0, &stop),
	                 second = barrier_worker(barrier, 1, &stop),
	                 odd = barrier_worker(barrier, 2, &stop);

	for (uint64_t i = 0; i < 10; i++)
		other->word[i * BARRIER_STRIDE] = i < 6 ? 0 : 1;
	memset(other->saw_old[0], 1, 4); /* 0 .. 3 in the first round */
	memset(other->saw_old[1] + 7, 1, 3);
	other->round = 2;
	barrier_loops[0].run(&first);
	/* in round 0, this thread sees old words 0 .. 5 and the other one 0 ..
	   3; in round 1, this one sees all words old (none is above 1) and the
	   other one 7 .. 9 */
	CHECK(stat_of(&barrier_ops, barrier, "words_met") == 20 &&
	                stat_of(&barrier_ops, barrier, "both_saw_old") == 4 + 3,
	        "a word counts if both threads saw the old value");
	CHECK(barrier->thread[0].round == 2 &&
	                barrier->thread[0].word[9 * BARRIER_STRIDE] == 2 &&
	                !unexpected_stores,
	        "each round writes each word");
	other->round = 0;
	for (uint64_t i = 0; i < 10; i++)
		other->word[i * BARRIER_STRIDE] = 0;
	barrier_loops[0].run(&second);
	CHECK(stat_of(&barrier_ops, barrier, "words_met") == 20,
	        "one thread of a pair counts, not both");
	barrier_loops[0].run(&odd);
	CHECK(odd.counts.iterations == 0, "an odd thread idles");
	CHECK(check_reports(&barrier_ops, barrier, ""),
	        "the check passes if no write is lost");
	other->word[9 * BARRIER_STRIDE] = 1;
	CHECK(check_reports(&barrier_ops, barrier, "a write is lost"),
	        "the check detects a lost write");
	stop = true;
	CHECK(!barrier_wait(&first, other, 9) && barrier_wait(&first, other, 0),
	        "a stopped thread does not wait");
	barrier_ops.destroy(barrier);
}

static void barriers_need_memory(void)
{
	const struct rm_sizing sizing = sizing_of(NULL);

	heap_is_full = true;
	CHECK(!barrier_ops.create(&sizing),
	        "if memory runs out, create returns NULL");
	heap_is_full = false;
}

static void audits_are_counted(void)
{
	const uint64_t args[] = { 20 };
	const struct rm_sizing sizing = sizing_of(args),
	                       usual = sizing_of(NULL);
	struct audit *audit = audit_ops.create(&sizing), *plain;
	atomic_bool stop = false;
	struct rm_worker worker = {
		.thread = audit, .stop = &stop, .iterations_limit = 5, .rng = 3
	};
	uint64_t first_seed;

	CHECK(audit->keys == 20 && audit->seed == 5 && audit->presize,
	        "an audit has the requested arguments");
	structures = wrong_structure = 0;
	audit_loops[0].run(&worker);
	first_seed = last_seed;
	CHECK(structures == 5 && stat_of(&audit_ops, audit, "audits") == 5 &&
	                stat_of(&audit_ops, audit, "seen") == 100 &&
	                check_reports(&audit_ops, audit, ""),
	        "audits and their counts are added up");
	wrong_structure = 7;
	worker.counts.iterations = 0;
	audit_loops[0].run(&worker);
	CHECK(check_reports(&audit_ops, audit,
	              "1 audits found a structure with missing or wrong "
	              "entries") &&
	                last_seed != first_seed,
	        "one wrong structure fails the check");
	audit_ops.destroy(audit);
	heap_held--; /* freed by the real free(), to which destroy points */
	plain = audit_ops.create(&usual);
	CHECK(plain->keys == 100, "the default is 100 keys");
	audit_ops.destroy(plain);
	heap_held--;
}

static void segments_are_powers_of_two(void)
{
	static const uint64_t wanted[] = { 1, 2, 3, 4, 64, 65 },
	                      segments[] = { 1, 2, 4, 4, 64, 128 };
	struct index_subject *subject;
	bool right = true;

	for (size_t i = 0; i < 6; i++) {
		const struct rm_sizing requested = sizing_of(&wanted[i]);

		subject = index_ops.create(&requested);
		right &= stat_of(&index_ops, subject, "segments") ==
		         (double)segments[i];
		right &= segments[i] > 2 ||
		         stat_of(&index_ops, subject,
		                 "absolute_values_out_of_range") == 0;
		index_ops.destroy(subject);
	}
	CHECK(right, "segments are the next power of two");
}

static void choices_are_checked(void)
{
	const uint64_t args[] = { 64 };
	const struct rm_sizing sizing = sizing_of(args);
	struct index_subject *subject;
	atomic_bool stop = false;
	struct rm_worker worker = {
		.stop = &stop, .iterations_limit = 640, .rng = 3
	};

	subject = index_ops.create(&sizing);
	worker.thread = subject;
	index_loops[0].run(&worker);
	CHECK(worker.counts.iterations == 640 && !worker.counts.wrong &&
	                subject->sum < 64,
	        "each choice counts as an iteration");
	too_far = true;
	worker.iterations_limit = 704;
	index_loops[0].run(&worker);
	CHECK(worker.counts.wrong, "an index out of range is wrong");
	too_far = false;
	CHECK(check_reports(&index_ops, subject, "") &&
	                stat_of(&index_ops, subject,
	                        "absolute_values_out_of_range") == 1,
	        "one hash has no absolute value");
	wrong_hash = UINT64_MAX;
	CHECK(check_reports(&index_ops, subject,
	              "the test's choice of ffffffffffffffff is 62 of 64"),
	        "the check detects a wrong index of the last hash");
	wrong_hash = (uint64_t)INT64_MAX + 1;
	CHECK(check_reports(&index_ops, subject,
	              "the test's choice of 8000000000000000 is 1 of 64"),
	        "the check finds a wrong index of the hash without absolute "
	        "value");
	wrong_hash = 0;
	index_ops.destroy(subject);
}

/* Makes 20 requests. Number `wrong` is handed out as `instead`. */
static void numbers_are_handed_out_once(
        uint64_t wrong, uint64_t instead, const char *why, const char *fact)
{
	const uint64_t args[] = { 7 };
	const struct rm_sizing sizing = sizing_of(args);
	struct sent *sent = sent_ops.create(&sizing);
	atomic_bool stop = false;

	sent->record->wrong = wrong;
	sent->record->instead = instead;
	for (unsigned slot = 0; slot < 2; slot++) {
		struct rm_worker worker = { .thread = sent_ops.join(sent, slot),
			.stop = &stop,
			.iterations_limit = 10 };

		sent_loops[0].run(&worker);
	}
	CHECK(check_reports(&sent_ops, sent, why), fact);
	if (!wrong)
		CHECK(stat_of(&sent_ops, sent, "requests") == 20 &&
		                stat_of(&sent_ops, sent, "ranges_looked_at") ==
		                        2 * (10 * 7 + 55) &&
		                stat_of(&sent_ops, sent, "record") ==
		                        sizeof(struct sent_record) + 7,
		        "requests and inspected ranges of all threads are "
		        "added up");
	sent_ops.destroy(sent);
}

#define UNSENT                                               \
	"20 requests did not get the numbers 0 to 19: some " \
	"were skipped, some given twice"

static void numbers_are_counted(void)
{
	const struct rm_sizing sizing = sizing_of(NULL);
	struct sent *sent = sent_ops.create(&sizing);

	CHECK(sent->chunks == 9, "the number of chunks has a default");
	sent_ops.destroy(sent);
	numbers_are_handed_out_once(
	        0, 0, "", "the check passes if each number is handed out once");
	numbers_are_handed_out_once(5, 6, UNSENT,
	        "the check detects a number that is handed out twice");
	numbers_are_handed_out_once(19, 20, UNSENT,
	        "the check detects that the last number is skipped");
	numbers_are_handed_out_once(1, 0, UNSENT,
	        "the check detects that the first number is skipped");
	heap_is_full = true;
	CHECK(!sent_ops.create(&sizing),
	        "if memory runs out, create returns NULL");
	heap_is_full = false;
}

int main(void)
{
	loops_end();
	arguments_have_defaults();
	memory_is_in_pairs_of_lines();
	times_are_reported();
	barriers_count();
	barriers_need_memory();
	audits_are_counted();
	segments_are_powers_of_two();
	choices_are_checked();
	numbers_are_counted();
	CHECK(heap_held == 0, "all memory is freed");
	return DONE();
}
