/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_history_oracle.c - compares the checker with a search over every order
 * of small histories.
 * slow: over five seconds of CPU time; not part of `make check`.
 *
 * RM_ORACLE_HISTORIES and RM_ORACLE_SEED set the number of histories and the
 * seed.
 */
#include "tests/unit/tap.h"
#include "verify/history/judging.h"
#include "verify/tests/history/history_random.h"

struct tally {
	uint64_t count, possible, differ, undecided;
};

static uint64_t from_environment(const char *name, uint64_t preset)
{
	const char *text = getenv(name);

	return text ? strtoull(text, NULL, 10) : preset;
}

static void print(const struct rm_history *history)
{
	for (size_t i = 0; i < history->initial_count; i++)
		printf("# initial %llu = %llu\n",
		        (unsigned long long)history->initial[i].key,
		        (unsigned long long)history->initial[i].value);
	for (size_t i = 0; i < history->count; i++) {
		const struct rm_history_event *e = history->events + i;

		printf("# thread %u [%llu, %lld] %s key %llu value %llu "
		       "expected %llu: there %d result %llu unknown %u\n",
		        e->thread, (unsigned long long)e->invoked,
		        (long long)e->returned, rm_history_kind_name(e->kind),
		        (unsigned long long)e->key,
		        (unsigned long long)e->value,
		        (unsigned long long)e->expected, e->there,
		        (unsigned long long)e->result, e->unknown);
		for (size_t p = 0; p < e->pairs; p++)
			printf("#   %llu = %llu\n",
			        (unsigned long long)history
			                ->pairs[e->first_pair + p]
			                .key,
			        (unsigned long long)history
			                ->pairs[e->first_pair + p]
			                .value);
	}
}

static enum rm_history_verdict verdict_of(
        const struct rm_history *history, bool explain)
{
	struct rm_history_limits limits = RM_HISTORY_LIMITS;
	struct rm_history_judgement judgement = { .states = 0 };
	struct rm_error error = { "" };
	enum rm_history_verdict verdict;

	limits.skip_explanation = !explain;
	if (rm_history_judge(history, &limits, &judgement, &error)) {
		printf("# %s\n", error.text);
		return RM_HISTORY_UNDECIDED;
	}
	verdict = judgement.verdict;
	rm_history_judgement_clear(&judgement);
	return verdict;
}

static void compare(const struct rm_history *history, struct tally *tally)
{
	bool possible = has_order(history, model_at_start(history), 0);
	enum rm_history_verdict verdict = verdict_of(history, false);

	tally->count++;
	tally->possible += possible;
	tally->undecided += verdict == RM_HISTORY_UNDECIDED;
	if (verdict == (possible ? RM_HISTORY_LINEARIZABLE : RM_HISTORY_BROKEN))
		return;
	if (tally->differ++ < 3) {
		printf("# oracle: %s, checker: %s\n",
		        possible ? "possible" : "impossible",
		        rm_history_verdict_name(verdict));
		print(history);
	}
}

/* Point-in-time: lengths, scans and clears are like other operations. */
static void equals_every_order(const char *name, struct draw_params params,
        uint64_t histories, uint64_t seed)
{
	struct rm_history history = { .guarantee = RM_HISTORY_POINT_IN_TIME };
	struct tally tally = { 0 };
	uint64_t rng = rm_seed(seed, 0);
	char text[160];

	for (uint64_t i = 0; i < histories; i++) {
		params.threads = 1 + (unsigned)draw(&rng, 4);
		draw_history(&history, &rng, &params, (unsigned)(i % 3));
		compare(&history, &tally);
	}
	snprintf(text, sizeof(text),
	        "%s: %llu histories, %llu possible, %llu undecided, %llu "
	        "differ",
	        name, (unsigned long long)tally.count,
	        (unsigned long long)tally.possible,
	        (unsigned long long)tally.undecided,
	        (unsigned long long)tally.differ);
	CHECK(!tally.differ && !tally.undecided, text);
	CHECK(tally.possible > histories / 4 &&
	                tally.possible < histories - histories / 20,
	        "both verdicts occur among the histories");
	rm_history_clear(&history);
}

/* Quick proofs are never wrong, and detect most corrupted histories that have
 * few operations. */
static void quick_proofs_are_right(uint64_t histories, uint64_t seed)
{
	struct draw_params params = { SMALL_EVENTS, 4, 1, false, false, false };
	struct rm_history history = { .guarantee = RM_HISTORY_NONE };
	struct rm_problem problem = { .count = 0 };
	uint64_t rng = rm_seed(seed, 0), wrong = 0, proved = 0, all = 0;

	for (uint64_t i = 0; i < histories; i++) {
		struct rm_order order = { .history = NULL };
		bool impossible = false;

		params.gaps = i % 2;
		params.repeats = i % 5 == 0;
		draw_history(&history, &rng, &params, 1 + i % 2);
		rm_order_make(&order, &history, NULL);
		rm_order_split(&order, SIZE_MAX);
		if (!order.key_count ||
		        rm_order_key_problem(&order, 0, &problem) ||
		        rm_prove_impossible(&problem, &impossible))
			wrong++;
		impossible |= rm_prove_unwritten(&problem);
		bool possible =
		        has_order(&history, model_at_start(&history), 0);

		all += !possible;
		proved += impossible;
		wrong += impossible && possible;
		rm_order_clear(&order);
	}
	printf("# quick proofs for %llu of %llu impossible ones\n",
	        (unsigned long long)proved, (unsigned long long)all);
	CHECK(!wrong, "a quick proof is never wrong");
	CHECK(proved * 2 > all, "most small corruptions have a quick proof");
	rm_problem_clear(&problem);
	rm_history_clear(&history);
}

static void begin_like(const struct rm_history *history, struct rm_history *to)
{
	rm_history_reset(to);
	for (size_t i = 0; i < history->initial_count; i++)
		rm_history_add_initial(
		        to, history->initial[i].key, history->initial[i].value);
}

/* Replaces every scan by one lookup per key, as once-if-present defines it. */
static void expand_scans(
        const struct rm_history *history, struct rm_history *expanded)
{
	uint32_t thread = 100;

	begin_like(history, expanded);
	for (size_t i = 0; i < history->count; i++) {
		const struct rm_history_event *scan = history->events + i;
		struct rm_history_event event = *scan;

		if (scan->kind != RM_HISTORY_SCAN) {
			rm_history_add(expanded, &event, NULL);
			continue;
		}
		for (uint64_t k = 0; k < MODEL_KEYS; k++) {
			const struct rm_history_pair *pair =
			        history->pairs + scan->first_pair;

			event.kind = RM_HISTORY_LOOKUP;
			event.thread = thread++;
			event.key = k;
			event.there = false;
			for (size_t p = 0; p < scan->pairs; p++)
				if (pair[p].key == k) {
					event.there = true;
					event.result = pair[p].value;
				}
			rm_history_add(expanded, &event, NULL);
		}
	}
}

/* True if a thread has another operation at exactly a stamp of its scan.
   Separate lookups would not preserve this order. */
static bool touches(const struct rm_history *history, size_t scan)
{
	const struct rm_history_event *s = history->events + scan;

	for (size_t i = 0; i < history->count; i++) {
		const struct rm_history_event *e = history->events + i;

		if (i != scan && e->thread == s->thread &&
		        (e->returned == s->invoked ||
		                e->invoked == s->returned))
			return true;
	}
	return false;
}

/* Lengths and clears are excluded, because they need not fit into an order. */
static void weak_scans_equal_lookups(uint64_t histories, uint64_t seed)
{
	struct draw_params params = { 6, 3, MODEL_KEYS, true, false, false };
	struct rm_history history = { .guarantee = RM_HISTORY_ONCE_IF_PRESENT };
	struct rm_history expanded = { .guarantee = RM_HISTORY_NONE };
	uint64_t rng = rm_seed(seed, 0), wrong = 0, count = 0, possible = 0;

	while (count < histories) {
		bool fits = true, scans = false;

		draw_history(&history, &rng, &params, (unsigned)draw(&rng, 3));
		for (size_t i = 0; i < history.count; i++) {
			uint8_t kind = history.events[i].kind;

			fits &= kind != RM_HISTORY_LENGTH &&
			        kind != RM_HISTORY_CLEAR;
			scans |= kind == RM_HISTORY_SCAN;
			fits &= kind != RM_HISTORY_SCAN ||
			        !touches(&history, i);
		}
		if (!fits || !scans)
			continue;
		expand_scans(&history, &expanded);
		bool right = has_order(&expanded, model_at_start(&expanded), 0);

		wrong += verdict_of(&history, false) !=
		         (right ? RM_HISTORY_LINEARIZABLE : RM_HISTORY_BROKEN);
		possible += right;
		count++;
	}
	CHECK(!wrong && possible > count / 4 && possible < count,
	        "a once-if-present scan equals a lookup of each key");
	rm_history_clear(&history);
	rm_history_clear(&expanded);
}

static bool is_write(const struct rm_history_event *event)
{
	return event->kind != RM_HISTORY_LOOKUP &&
	       event->kind != RM_HISTORY_SCAN &&
	       event->kind != RM_HISTORY_LENGTH;
}

/* True if a weak length may be any number: a write overlaps it, and it is
   at most the number of entries ever inserted. */
static bool is_excused(const struct rm_history *history, size_t i)
{
	const struct rm_history_event *e = history->events + i;
	uint64_t most = history->initial_count;
	bool overlaps = false;

	for (size_t j = 0; j < history->count; j++) {
		const struct rm_history_event *other = history->events + j;

		most += is_write(other);
		overlaps |= is_write(other) && other->invoked <= e->returned &&
		            e->invoked <= other->returned;
	}
	return overlaps && e->result <= most;
}

/* Removes the lengths that may have any value, and returns their number; -1 for
   a history with scans. */
static int leave_quiet(
        const struct rm_history *history, struct rm_history *quiet)
{
	int excused = 0;

	begin_like(history, quiet);
	for (size_t i = 0; i < history->count; i++) {
		uint8_t kind = history->events[i].kind;

		if (kind == RM_HISTORY_SCAN)
			return -1;
		if (kind == RM_HISTORY_LENGTH && is_excused(history, i))
			excused++;
		else
			rm_history_add(quiet, history->events + i, NULL);
	}
	return excused;
}

/* Under the two weaker guarantees, a length that a write overlaps is ignored. */
static void weak_lengths_are_the_quiet_ones(uint64_t histories, uint64_t seed)
{
	struct draw_params params = { 16, 4, MODEL_KEYS, true, false, true };
	struct rm_history history = { .guarantee = RM_HISTORY_NONE };
	struct rm_history quiet = { .guarantee = RM_HISTORY_ONCE_IF_PRESENT };
	uint64_t rng = rm_seed(seed, 0), wrong = 0, broken = 0, excused = 0;

	for (uint64_t i = 0; i < histories; i++) {
		draw_history(&history, &rng, &params, (unsigned)draw(&rng, 3));
		if (leave_quiet(&history, &quiet) < 0)
			continue;
		enum rm_history_verdict verdict = verdict_of(&history, false);

		wrong += verdict != verdict_of(&quiet, false);
		broken += verdict == RM_HISTORY_BROKEN;
		history.guarantee = RM_HISTORY_ONCE_IF_PRESENT;
		wrong += verdict != verdict_of(&history, false);
		history.guarantee = RM_HISTORY_POINT_IN_TIME;
		excused += verdict == RM_HISTORY_LINEARIZABLE &&
		           verdict_of(&history, false) == RM_HISTORY_BROKEN;
		history.guarantee = RM_HISTORY_NONE;
	}
	printf("# %llu broken, %llu excused\n", (unsigned long long)broken,
	        (unsigned long long)excused);
	CHECK(!wrong && broken > histories / 20 && excused > histories / 1000,
	        "a weak length has bounds if no write overlaps it");
	rm_history_clear(&history);
	rm_history_clear(&quiet);
}

/* True if the smallest part of a failing history fails on its own, and has a
   reason. */
static bool is_explained(
        const struct rm_history *history, uint64_t *left, uint64_t *whole)
{
	struct rm_history_limits limits = RM_HISTORY_LIMITS;
	struct rm_history_judgement judgement = { .states = 0 };
	struct rm_history *smallest = &judgement.smallest;
	bool fine;

	if (rm_history_judge(history, &limits, &judgement, NULL))
		return false;
	*left += smallest->count;
	*whole += history->count;
	fine = judgement.verdict == RM_HISTORY_BROKEN && judgement.why[0] &&
	       smallest->count > 0 && smallest->count <= history->count &&
	       (judgement.offending < smallest->count ||
	               judgement.offending == SIZE_MAX) &&
	       verdict_of(smallest, false) == RM_HISTORY_BROKEN;
	if (fine && smallest->count <= SMALL_EVENTS &&
	        history->guarantee == RM_HISTORY_POINT_IN_TIME)
		fine = !has_order(smallest, model_at_start(smallest), 0);
	if (!fine) {
		printf("# %s\n", judgement.why);
		print(history);
		printf("# smallest:\n");
		print(smallest);
	}
	rm_history_judgement_clear(&judgement);
	return fine;
}

static void what_fails_is_cut_down(uint64_t histories, uint64_t seed)
{
	static const enum rm_history_guarantee guarantees[] = { RM_HISTORY_NONE,
		RM_HISTORY_ONCE_IF_PRESENT, RM_HISTORY_POINT_IN_TIME };
	struct draw_params params = { 40, 4, MODEL_KEYS, true, false, true };
	struct rm_history history = { .seed = 1 };
	uint64_t rng = rm_seed(seed, 0), count = 0, wrong = 0, left = 0;
	uint64_t whole = 0;

	for (uint64_t i = 0; i < histories && wrong < 3; i++) {
		params.events = i % 4 ? 12 : 40;
		params.wholes = i % 2;
		params.repeats = i % 7 == 0;
		history.guarantee = guarantees[i % 3];
		draw_history(&history, &rng, &params, 1);
		if (verdict_of(&history, false) != RM_HISTORY_BROKEN)
			continue;
		count++;
		wrong += !is_explained(&history, &left, &whole);
	}
	printf("# %llu failing histories, %.1f events each, %.1f left\n",
	        (unsigned long long)count, (double)whole / (double)count,
	        (double)left / (double)count);
	CHECK(!wrong && count > histories / 8,
	        "the remaining part of a failing history fails, too");
	CHECK(left * 2 < whole, "most of a failing history is removed");
	rm_history_clear(&history);
}

static void right_histories_are_not_accused(uint64_t histories, uint64_t seed)
{
	struct draw_params params = { LARGE_EVENTS, 6, MODEL_KEYS, true, false,
		true };
	struct rm_history history = { .seed = 1 };
	uint64_t rng = rm_seed(seed, 0), accused = 0;

	for (uint64_t i = 0; i < histories; i++) {
		params.threads = 2 + (unsigned)(i % 6);
		params.repeats = i % 3 == 0;
		history.guarantee = (enum rm_history_guarantee)(i % 3);
		draw_history(&history, &rng, &params, 0);
		if (verdict_of(&history, false) != RM_HISTORY_LINEARIZABLE &&
		        accused++ < 2)
			print(&history);
	}
	CHECK(!accused, "no correct history of 64 operations fails");
	rm_history_clear(&history);
}

int main(void)
{
	uint64_t n = from_environment("RM_ORACLE_HISTORIES", 600000) / 5;
	uint64_t seed = from_environment("RM_ORACLE_SEED", 1);

	equals_every_order("one key",
	        (struct draw_params){ SMALL_EVENTS, 4, 1, false, false, false },
	        n, seed);
	equals_every_order("one key, with repeated values",
	        (struct draw_params){ SMALL_EVENTS, 4, 1, false, true, true },
	        n, seed + 1);
	equals_every_order("gaps",
	        (struct draw_params){ SMALL_EVENTS, 4, 1, false, false, true },
	        n, seed + 2);
	equals_every_order("whole map",
	        (struct draw_params){
	                SMALL_EVENTS, 4, MODEL_KEYS, true, false, false },
	        n, seed + 3);
	equals_every_order(
	        "the whole map, with unknown results and repeated values",
	        (struct draw_params){ SMALL_EVENTS, 4, 2, true, true, true }, n,
	        seed + 4);
	quick_proofs_are_right(n, seed + 5);
	weak_lengths_are_the_quiet_ones(n, seed + 9);
	weak_scans_equal_lookups(n / 4, seed + 6);
	what_fails_is_cut_down(n / 10, seed + 7);
	right_histories_are_not_accused(n / 3, seed + 8);
	return DONE();
}
