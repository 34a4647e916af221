/* SPDX-License-Identifier: Apache-2.0 */
/* result.c - builds the result object of docs/reference/trial-protocol.md. */

#include "runner/base/json.h"
#include "runner/base/limits.h"
#include "runner/trial/internal.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <sys/personality.h>

static json_t *text_or_null(const char *text)
{
	return text && text[0] ? json_string(text) : json_null();
}

static json_t *number_or_null(int64_t value)
{
	return value < 0 ? json_null() : json_integer(value);
}

/* Returns null for 0, which means that the rate was not measured. */
static json_t *rate_or_null(double value)
{
	return rm_json_real(value > 0 ? value : (double)NAN);
}

static json_t *difference(int64_t before, int64_t after)
{
	return before < 0 || after < 0 ? json_null()
	                               : json_integer(after - before);
}

static uint64_t operations(const struct rm_counts *counts)
{
	return counts->iterations + counts->pairs;
}

/* Returns a thread's member of the result. Values are differences over the
   window, since the kernel counts from the start of the thread. A value that
   the kernel does not count is null, because 0 would be wrong. */
static json_t *thread_json(const struct rm_member *member, bool bound)
{
	const struct rm_thread_usage *a = &member->before, *b = &member->after;
	const struct rm_cell *cell = &member->team->request->cell;
	unsigned slot = member->worker.slot;

	return json_pack("{s:i, s:o, s:i, s:i, s:I, s:I, s:I, s:I, s:o, s:o, "
	                 "s:o, s:o, s:o, s:o}",
	        "slot", (int)slot, "cpu",
	        bound ? json_integer(cell->cpus[slot]) : json_null(),
	        "cpu_start", member->cpu_start, "cpu_end", member->cpu_end,
	        "ops", (json_int_t)operations(&member->worker.counts), "writes",
	        (json_int_t)member->worker.counts.writes, "elapsed_ns",
	        (json_int_t)(member->end_ns - member->start_ns), "cpu_ns",
	        (json_int_t)(b->cpu_ns - a->cpu_ns), "voluntary_switches",
	        difference(a->voluntary_switches, b->voluntary_switches),
	        "involuntary_switches",
	        difference(a->involuntary_switches, b->involuntary_switches),
	        "minor_faults", difference(a->minor_faults, b->minor_faults),
	        "major_faults", difference(a->major_faults, b->major_faults),
	        "migrations", difference(a->migrations, b->migrations),
	        "runqueue_wait_ns",
	        difference(a->runqueue_wait_ns, b->runqueue_wait_ns));
}

static json_t *threads_json(const struct rm_team *team)
{
	json_t *threads = json_array();

	for (unsigned i = 0; i < team->request->cell.threads; i++)
		json_array_append_new(
		        threads, thread_json(&team->members[i],
		                         team->request->cell.cpu_count > 0));
	return threads;
}

/* Sets the window's counts. The positive control reports fewer operations than
   it executes. */
static void set_counts(json_t *result, const struct rm_team *team)
{
	struct rm_counts sum = { 0 };
	double share = 1 / (1 + team->request->control_extra);
	uint64_t lookups, misses;

	for (unsigned i = 0; i < team->request->cell.threads; i++)
		rm_counts_add(&sum, &team->members[i].worker.counts);
	lookups = sum.iterations - (sum.writes - sum.pairs);
	misses = sum.misses_absent + sum.misses_resident;

	const struct {
		const char *name;
		uint64_t value;
	} counts[] = {
		{ "lookups", lookups },
		{ "writes", sum.writes },
		{ "hits", lookups - misses },
		{ "misses_absent", sum.misses_absent },
		{ "misses_resident", sum.misses_resident },
		{ "inserts", sum.inserts },
		{ "removes", sum.removes },
		{ "idle_removes", sum.idle_removes },
	};

	json_object_set_new(result, "ops",
	        json_integer((json_int_t)(share * (double)operations(&sum))));
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
		json_object_set_new(result, counts[i].name,
		        json_integer((json_int_t)counts[i].value));
}

/* Returns the reason why the trial failed, or why it was not verified. */
static json_t *reason_json(
        const struct rm_team *team, const struct rm_judgement *judgement)
{
	if (judgement->mismatch.text[0])
		return json_string(judgement->mismatch.text);
	if (!judgement->complete)
		return json_sprintf("not verified: %s", judgement->reason.text);
	if (rm_team_has_keys(team))
		return json_null();
	return json_string(team->own_loop ? "no keys: the loop's own check "
	                                    "judges its answers"
	                                  : "the map holds nothing");
}

/* Returns the result of the verification. It contains the number of threads
   that read a wrong value, not the number of values, since a counter would slow
   each look-up. */
static json_t *verification_json(
        const struct rm_team *team, const struct rm_judgement *judgement)
{
	bool verify = team->request->cell.measure == RM_MEASURE_VERIFY;
	bool state = judgement->has_keys;
	struct rm_account sum = { 0 };
	int wrong = 0; /* number of threads that read a wrong value */
	char expected[20], held[20];

	for (unsigned i = 0; i < team->request->cell.threads; i++) {
		const struct rm_member *member = &team->members[i];

		sum.puts += member->account.puts;
		sum.outs += member->account.outs;
		sum.stopped_early |= member->account.stopped_early;
		wrong += (member->worker.counts.wrong |
		                 member->warm_up.wrong) != 0;
	}
	snprintf(expected, sizeof(expected), "%016" PRIx64,
	        judgement->sum_expected);
	snprintf(held, sizeof(held), "%016" PRIx64, judgement->sum_held);
	return json_pack(
	        "{s:s, s:o, s:o, s:o, s:o, s:o, s:i, s:o, s:o, s:o, s:o}",
	        "status", judgement->verification, "reason",
	        reason_json(team, judgement), "keys_expected",
	        number_or_null(state ? (int64_t)judgement->keys_expected : -1),
	        "keys_held",
	        number_or_null(state ? (int64_t)judgement->keys_held : -1),
	        "sum_expected", text_or_null(state ? expected : ""), "sum_held",
	        text_or_null(state ? held : ""), "wrong_values", wrong,
	        "written", number_or_null(verify ? (int64_t)sum.puts : -1),
	        "returned", number_or_null(verify ? (int64_t)sum.outs : -1),
	        "accounting",
	        verify ? json_string(rm_account_supported(team->impl)
	                                     ? "values"
	                                     : "key sums only")
	               : json_null(),
	        "stopped_early",
	        verify ? json_boolean(sum.stopped_early) : json_null());
}

static json_t *memory_json(const struct rm_team *team)
{
	json_t *memory = json_pack("{s:i, s:I, s:I, s:I}", "prefill_threads",
	        (int)rm_team_prefill_threads(team), "rss_empty_bytes",
	        (json_int_t)team->rss_empty_bytes, "rss_filled_bytes",
	        (json_int_t)team->rss_filled_bytes, "rss_peak_bytes",
	        (json_int_t)rm_usage_peak_rss_bytes());

	rm_usage_read_pages(memory);
	return memory;
}

static json_t *phases_json(const struct rm_team *team)
{
	json_t *phases = json_object();

	for (int i = 0; i < RM_PHASES; i++)
		json_object_set_new(phases, rm_phase_name(i),
		        json_integer((json_int_t)team->phase_ns[i]));
	return phases;
}

/* Returns the CPU time in the window of threads that the map started; -1:
   unknown. */
static int64_t own_threads_cpu_ns(const struct rm_team *team)
{
	const int64_t *at = team->other_threads_ns;
	int64_t ns = at[1] - at[0];

	if (at[0] < 0 || at[1] < 0)
		return -1;
	for (unsigned i = 0; i < team->request->cell.threads; i++)
		ns -= (int64_t)(team->members[i].after.cpu_ns -
		                team->members[i].before.cpu_ns);
	return ns > 0 ? ns : 0;
}

static json_t *environment_json(const struct rm_team *team)
{
	int persona = personality(0xffffffff);
	bool has_own = team->impl->caps & RM_CAP_BACKGROUND;
	char scheduling[RM_SCHEDULING_BYTES];

	rm_limits_scheduling(scheduling);

	/* The map's offset in its page shows that the layout varies
	   (requirement R13). */
	return json_pack("{s:o, s:i, s:o, s:o, s:f, s:I, s:s, s:s, s:b, s:o}",
	        "aslr",
	        persona < 0 ? json_null()
	                    : json_boolean(!(persona & ADDR_NO_RANDOMIZE)),
	        "map_address_mod_4096", (int)((uintptr_t)team->map & 4095),
	        "adds_per_ns_before", rate_or_null(team->adds_per_ns[0]),
	        "adds_per_ns_after", rate_or_null(team->adds_per_ns[1]),
	        "clock_cost_ns", team->clock_cost_ns, "clock_step_ns",
	        (json_int_t)team->clock_step_ns, "allocator",
	        rm_allocator_file(), "scheduling", scheduling, "own_threads",
	        has_own, "own_threads_cpu_ns",
	        number_or_null(has_own ? own_threads_cpu_ns(team) : 0));
}

/* Adds the members that are null in many trials. */
static void set_extras(json_t *result, struct rm_team *team)
{
	json_object_set_new(result, "renewed", rm_renewal_result(team));
	json_object_set_new(
	        result, "collections", json_null()); /* no collector */
	if (team->request->trace || team->request->recorder)
		json_object_set_new(result, "replayed", rm_replay_result(team));
	json_object_set_new(result, "longest", rm_team_longest(team));
	json_object_set_new(result, "slices", rm_team_slices(team));
	json_object_set_new(result, "counters",
	        team->counters ? rm_counters_result(team->counters)
	                       : json_null());
	json_object_set_new(result, "counters_reason",
	        text_or_null(team->counters_error.text));
}

json_t *rm_team_result(struct rm_team *team)
{
	bool is_cold = team->request->cell.settle == RM_SETTLE_NO;
	struct rm_judgement judgement;
	json_t *result;

	rm_team_judge(team, &judgement);
	result = json_pack("{s:i, s:s, s:s, s:o, s:I, s:f, s:f, s:o, s:o, s:o, "
	                   "s:o, s:o, s:o, s:o}",
	        "protocol", RM_PROTOCOL, "cell", team->request->cell.id,
	        "status", judgement.status, "reason",
	        text_or_null(judgement.reason.text), "elapsed_ns",
	        (json_int_t)rm_team_elapsed_ns(team), "achieved_write_share",
	        judgement.achieved_write_share, "achieved_miss_share",
	        judgement.achieved_miss_share, "by_thread", threads_json(team),
	        "keys_before",
	        number_or_null(is_cold ? -1 : (int64_t)team->keys_before),
	        "keys_after",
	        number_or_null(
	                judgement.has_keys ? (int64_t)judgement.keys_held : -1),
	        "verification", verification_json(team, &judgement),
	        "footprint", memory_json(team), "stats",
	        rm_team_stats_result(team), "phases_ns", phases_json(team));
	if (!result)
		return NULL;
	set_counts(result, team);
	rm_team_latency(team, result);
	set_extras(result, team);
	json_object_set_new(result, "environment", environment_json(team));
	return result;
}
