/* SPDX-License-Identifier: Apache-2.0 */
/*
 * judge.c - checks the results of a trial's operations. Rules that need only
 * the result and its cell are in runner/protocol/judge.c.
 *
 * In a linearizable map, key k is present prefill(k) + inserts(k) - removes(k)
 * times, whatever the interleaving. So the expected number of keys, and the
 * expected sum of rm_rank_mix() over all keys, must equal those of the map.
 */

#include "runner/trial/internal.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct totals {
	struct rm_counts all;     /* warm-up and window */
	struct rm_counts window;  /* window */
	struct rm_counts renewed; /* before the warm-up */
	struct rm_account account;
	uint64_t key_sum;
};

static void add_up(const struct rm_team *team, struct totals *totals)
{
	*totals = (struct totals){ .key_sum = 0 };
	for (unsigned i = 0; i < team->request->cell.threads; i++) {
		const struct rm_member *member = &team->members[i];

		if (team->renewals)
			rm_counts_add(
			        &totals->renewed, &team->renewals[i].counts);
		rm_counts_add(&totals->all, &member->warm_up);
		rm_counts_add(&totals->all, &member->worker.counts);
		rm_counts_add(&totals->window, &member->worker.counts);
		totals->key_sum += member->worker.key_sum;
		totals->account.written += member->account.written;
		totals->account.returned += member->account.returned;
		totals->account.held += member->account.held;
		totals->account.puts += member->account.puts;
	}
}

/* True if every thread completed all phases; otherwise sets the reason. A
   thread that failed in setup (no CPU, no memory) has not used the map, so the
   trial is void, not failed. */
static bool judge_threads(
        const struct rm_team *team, struct rm_judgement *judgement)
{
	if (team->error.text[0])
		rm_error_set(
		        &judgement->mismatch, -EIO, "%s", team->error.text);
	for (unsigned i = 0; i < team->request->cell.threads; i++) {
		const struct rm_member *member = &team->members[i];

		if (member->error.text[0])
			rm_error_set(member->phase == RM_PHASE_SETUP
			                     ? &judgement->reason
			                     : &judgement->mismatch,
			        -EIO, "thread %u: %s", i, member->error.text);
	}
	return !judgement->reason.text[0] && !judgement->mismatch.text[0];
}

static void judge_values(const struct rm_team *team,
        const struct totals *totals, struct rm_judgement *judgement)
{
	uint64_t prefill = 0;

	for (uint64_t rank = 0; rank < team->prefilled; rank++)
		prefill += rm_value_of(rank, 0, 0).word[0];
	if (prefill + totals->account.written - totals->account.returned !=
	        totals->account.held)
		rm_error_set(&judgement->mismatch, -EIO,
		        "lost update: prefill + written - returned differs "
		        "from what the map holds (sums %016" PRIx64
		        " and %016" PRIx64 ")",
		        prefill + totals->account.written -
		                totals->account.returned,
		        totals->account.held);
}

/* True if the loop uses the cell's share of misses and kind of writes. */
static bool draws_keys(const struct rm_team *team)
{
	return !team->own_loop &&
	       rm_loop_draws_absent(team->request->cell.loop.kind);
}

/* True if a look-up of a resident rank must find it. */
static bool keys_are_permanent(const struct rm_team *team)
{
	return team->loop == &rm_loop_lifecycle ||
	       team->loop == &rm_loop_grow ||
	       team->request->cell.write_kind == RM_UPDATE;
}

/* Checks fresh writes. Each fresh rank is inserted only once, so an upsert that
   reports its key as present is wrong. Key sums cannot detect this error. */
static void judge_fresh(const struct rm_team *team, const struct totals *totals,
        struct rm_judgement *judgement)
{
	uint64_t puts = totals->all.pairs + totals->account.puts;

	if (draws_keys(team) && team->request->cell.write_kind == RM_FRESH &&
	        totals->all.inserts != puts)
		rm_error_set(&judgement->mismatch, -EIO,
		        "%" PRIu64 " of %" PRIu64
		        " upserts of fresh keys found the key present",
		        puts - totals->all.inserts, puts);
}

/* Checks a map that was empty and into which each key was inserted once. Does
   not apply to measure = verify, which draws its keys. */
static void judge_filled(const struct rm_team *team,
        const struct totals *totals, struct rm_judgement *judgement)
{
	uint64_t keys = team->request->cell.keys;

	if (team->request->cell.measure == RM_MEASURE_VERIFY)
		return;
	if ((team->loop == &rm_loop_fill || team->loop == &rm_loop_grow) &&
	        totals->all.inserts != keys)
		rm_error_set(&judgement->mismatch, -EIO,
		        "%" PRIu64 " of %" PRIu64
		        " keys were put into an empty map, the others were "
		        "found there",
		        totals->all.inserts, keys);
}

/* Checks the renewals. Each thread renews keys that no other thread writes at
   that time. */
static void judge_renewed(const struct rm_team *team,
        const struct totals *totals, struct rm_judgement *judgement)
{
	const uint64_t expected = rm_renewals_expected(team);

	if (totals->renewed.removes != expected ||
	        totals->renewed.inserts != expected)
		rm_error_set(&judgement->mismatch, -EIO,
		        "%" PRIu64 " keys were to be renewed: %" PRIu64
		        " were taken out and %" PRIu64 " put in",
		        expected, totals->renewed.removes,
		        totals->renewed.inserts);
}

/* Checks the keys. The sum uses mixed ranks, since two errors could cancel in a
   sum of plain ranks: for example, keys 1 and 4 are lost, and keys 2 and 3 are
   in the map twice. */
static void judge_keys(const struct rm_team *team, const struct totals *totals,
        struct rm_judgement *judgement)
{
	judgement->keys_expected =
	        team->prefilled + totals->all.inserts - totals->all.removes;
	judgement->sum_expected = totals->key_sum;
	for (uint64_t rank = 0; rank < team->prefilled; rank++)
		judgement->sum_expected += rm_rank_mix(rank);
	for (unsigned i = 0; i < team->request->cell.threads; i++) {
		judgement->keys_held += team->members[i].held_keys;
		judgement->sum_held += team->members[i].held_sum;
	}
	if (team->request->cell.settle == RM_SETTLE_YES &&
	        team->keys_before != team->prefilled)
		rm_error_set(&judgement->mismatch, -EIO,
		        "the map held %" PRIu64 " keys after loading, expected "
		        "%" PRIu64,
		        team->keys_before, team->prefilled);
	judge_renewed(team, totals, judgement);
	if (judgement->keys_held != judgement->keys_expected ||
	        judgement->sum_held != judgement->sum_expected)
		rm_error_set(&judgement->mismatch, -EIO,
		        "key sums differ: the map holds %" PRIu64
		        " keys, its answers imply %" PRIu64,
		        judgement->keys_held, judgement->keys_expected);
	if (team->request->trace)
		return;
	if (totals->all.misses_resident && keys_are_permanent(team))
		rm_error_set(&judgement->mismatch, -EIO,
		        "%" PRIu64
		        " lookups missed keys that were never removed",
		        totals->all.misses_resident);
	if (draws_keys(team) && keys_are_permanent(team) && totals->all.inserts)
		rm_error_set(&judgement->mismatch, -EIO,
		        "%" PRIu64 " upserts of resident keys found no key",
		        totals->all.inserts);
	judge_fresh(team, totals, judgement);
	judge_filled(team, totals, judgement);
}

static void set_shares(
        const struct rm_counts *counts, struct rm_judgement *judgement)
{
	uint64_t lookups =
	        counts->iterations - (counts->writes - counts->pairs);
	uint64_t operations = counts->iterations + counts->pairs;
	uint64_t misses = counts->misses_absent + counts->misses_resident;

	judgement->achieved_write_share =
	        operations ? (double)counts->writes / (double)operations : 0;
	judgement->achieved_miss_share =
	        lookups ? (double)misses / (double)lookups : 0;
}

/* Checks sessions. A step of a session is a touch (some touches store) or a
   renewal. A renewal is a close and an open; if the number of sessions varies,
   it may be two closes or two opens. A map without state reports each opened
   session as present. */
static void judge_lifecycle(const struct rm_team *team,
        const struct rm_counts *counts, struct rm_judgement *judgement)
{
	const struct rm_cell *cell = &team->request->cell;
	const double renewals = 1 / ((double)cell->loop.args[0] + 1);
	uint64_t touches = counts->iterations - counts->pairs;
	uint64_t stores = counts->writes - 2 * counts->pairs;
	uint64_t opened = team->impl->caps & RM_CAP_NO_STATE
	                          ? 2 * counts->pairs - counts->removes
	                          : counts->inserts;
	bool ebbs = cell->loop.args[2] > 1;

	if (opened + counts->removes != 2 * counts->pairs ||
	        (!ebbs && opened != counts->removes) ||
	        counts->writes < 2 * counts->pairs)
		rm_error_set(&judgement->mismatch, -EIO,
		        "%" PRIu64 " renewals, but %" PRIu64
		        " sessions closed and %" PRIu64 " opened, in %" PRIu64
		        " writes",
		        counts->pairs, counts->removes, opened, counts->writes);
	else if (!rm_share_is_plausible(
	                 counts->pairs, counts->iterations, renewals, 0))
		rm_error_set(&judgement->reason, -ERANGE,
		        "%" PRIu64 " of %" PRIu64
		        " steps renewed a session, expected one in %" PRIu64,
		        counts->pairs, counts->iterations,
		        cell->loop.args[0] + 1);
	else if (!rm_share_is_plausible(stores, touches,
	                 rm_cell_write_decision_share(cell), 0))
		rm_error_set(&judgement->reason, -ERANGE,
		        "%" PRIu64 " of %" PRIu64
		        " touches stored, expected a share of %.5f",
		        stores, touches, cell->write_share);
}

static void judge_own_loop(
        const struct rm_team *team, struct rm_judgement *judgement)
{
	char why[RM_REASON_BYTES] = "";

	if (team->loop && team->loop->check && !team->loop->check(team))
		rm_error_set(&judgement->mismatch, -EIO,
		        "the values taken are not the values removed");
	if (team->own_loop && team->map && team->impl->ops->check &&
	        !team->impl->ops->check(team->map, why, sizeof(why)))
		rm_error_set(&judgement->mismatch, -EIO, "%s",
		        why[0] ? why : "its own check failed without a reason");
}

static void judge_rate(
        const struct rm_team *team, struct rm_judgement *judgement)
{
	for (unsigned i = 0; i < team->request->cell.threads; i++)
		if (team->members[i].pace.gave_up)
			rm_error_set(&judgement->reason, -EAGAIN,
			        "the rate of %g/s could not be kept, expected "
			        "a lower rate or more threads",
			        team->request->cell.rate_per_s);
}

static void judge_values_seen(
        const struct totals *totals, struct rm_judgement *judgement)
{
	if (totals->all.wrong | totals->renewed.wrong)
		rm_error_set(&judgement->mismatch, -EIO,
		        "an operation returned another key's value or a torn "
		        "one");
}

static void judge_answers(const struct rm_team *team,
        const struct totals *totals, struct rm_judgement *judgement)
{
	bool verify = team->request->cell.measure == RM_MEASURE_VERIFY;

	/* checked first, since a torn or wrong value also makes the sums
	   wrong */
	judge_values_seen(totals, judgement);
	judge_own_loop(team, judgement);
	if (judgement->has_keys && verify && rm_account_supported(team->impl))
		judge_values(team, totals, judgement);
	if (judgement->has_keys)
		judge_keys(team, totals, judgement);
}

int rm_team_counts_check(const struct rm_team *team, struct rm_error *error)
{
	for (unsigned i = 0; i < team->request->cell.threads; i++) {
		const struct rm_counts *counts =
		        &team->members[i].worker.counts;
		const uint64_t decisions = counts->writes - counts->pairs;

		if (counts->writes >= counts->pairs &&
		        counts->iterations >= decisions &&
		        counts->iterations - decisions >=
		                counts->misses_absent + counts->misses_resident)
			continue;
		return rm_error_set(error, -EIO,
		        "thread %u counted impossible numbers: %" PRIu64
		        " iterations, %" PRIu64 " writes, %" PRIu64
		        " of them in pairs, %" PRIu64 " misses",
		        i, counts->iterations, counts->writes,
		        2 * counts->pairs,
		        counts->misses_absent + counts->misses_resident);
	}
	return 0;
}

/* Makes a trial that measures counters void if it has no counts, since it
   measures nothing else. The campaign repeats it. */
static void judge_counters(
        const struct rm_team *team, struct rm_judgement *judgement)
{
	json_t *result, *first;
	const char *why;

	if (team->request->cell.measure != RM_MEASURE_COUNTERS ||
	        !team->counters_error.text[0])
		return;
	result = team->counters ? rm_counters_result(team->counters) : NULL;
	first = json_array_get(json_object_get(result, "events"), 0);
	why = json_string_value(json_object_get(first, "reason"));
	rm_error_set(&judgement->reason, -EIO, "%s%s%s",
	        team->counters_error.text, why ? ": " : "", why ? why : "");
	json_decref(result);
}

int rm_pages_judge(const char *policy, unsigned nodes, const int64_t *before,
        const int64_t *after, struct rm_error *error)
{
	const int bound = strncmp(policy, "bind:", 5) ? -1 : atoi(policy + 5);
	int64_t added = 0, wrong = 0, limit;

	for (int i = 0; i < RM_NODES_MAX; i++)
		added += after[i] > before[i] ? after[i] - before[i] : 0;
	limit = bound < 0 ? added / 10 + 2048 : added / 100 + 16;
	for (int i = 0; i < RM_NODES_MAX; i++) {
		int64_t share = bound < 0 ? added / nodes : 0;

		if (i != bound && after[i] - before[i] > share)
			wrong += after[i] - before[i] - share;
	}
	if (wrong <= limit)
		return 0;
	return rm_error_set(error, -ERANGE,
	        "memory = %s failed: %" PRId64 " of %" PRId64
	        " new pages are on other NUMA nodes, expected at most %" PRId64,
	        policy, wrong, added, limit);
}

static int64_t pages_before[RM_NODES_MAX];

void rm_pages_begin(const struct rm_cell *cell)
{
	if (strcmp(cell->memory, "first-touch"))
		rm_usage_count_pages(pages_before);
}

/* Checks the nodes of the map's pages. Only their placement shows whether the
   policy was applied. */
static void judge_pages(
        const struct rm_team *team, struct rm_judgement *judgement)
{
	const char *policy = team->request->cell.memory;
	int64_t pages[RM_NODES_MAX];
	int failed;

	if (!strcmp(policy, "first-touch"))
		return;
	failed = rm_usage_count_pages(pages);
	if (failed)
		rm_error_set(&judgement->reason, failed,
		        "memory = %s cannot be read back: "
		        "/proc/self/numa_maps: %s",
		        policy, strerror(-failed));
	else
		rm_pages_judge(policy, rm_memory_nodes(), pages_before, pages,
		        &judgement->reason);
}

static void judge_complete(const struct rm_team *team,
        const struct totals *totals, struct rm_judgement *judgement)
{
	const struct rm_cell *cell = &team->request->cell;
	bool verify = cell->measure == RM_MEASURE_VERIFY;

	judgement->has_keys = rm_team_has_keys(team);
	rm_team_counts_check(team, &judgement->mismatch);
	judge_answers(team, totals, judgement);
	if (team->request->trace)
		rm_replay_judge(team, &totals->window, judgement);
	else if (!verify && cell->loop.kind == RM_LOOP_LIFECYCLE)
		judge_lifecycle(team, &totals->window, judgement);
	if (verify)
		return;
	rm_huge_pages_judge(cell,
	        team->rss_filled_bytes - team->rss_empty_bytes,
	        &judgement->reason);
	judge_pages(team, judgement);
	judge_rate(team, judgement);
	judge_counters(team, judgement);
}

void rm_team_judge(struct rm_team *team, struct rm_judgement *judgement)
{
	struct totals totals;

	*judgement =
	        (struct rm_judgement){ .status = "ok", .verification = "ok" };
	add_up(team, &totals);
	set_shares(&totals.window, judgement);
	judgement->complete = judge_threads(team, judgement);
	if (judgement->complete)
		judge_complete(team, &totals, judgement);
	else /* the content of the map is unknown */
		judge_values_seen(&totals, judgement);
	if (judgement->mismatch.text[0]) {
		judgement->status = judgement->verification = "failed";
		judgement->reason = judgement->mismatch;
	} else if (judgement->reason.text[0]) {
		judgement->status = "void";
	}
}
