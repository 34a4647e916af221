/* SPDX-License-Identifier: Apache-2.0 */
/*
 * replay.c - trials that replay a recorded trace (docs/reference/traces.md).
 *
 * All `set` and `del` operations of a key run on one thread, in the trace's
 * order. So their results and the final state of the map do not depend on the
 * scheduling of threads. The results of `get` are known only with one thread.
 */
#include "runner/trial/internal.h"

#include "runner/trace/trace.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

void rm_replay_setup(struct rm_member *member)
{
	const struct rm_request *request = member->team->request;
	struct rm_worker *worker = &member->worker;
	uint64_t operations;

	worker->stream = rm_trace_copy_share(request->trace, worker->slot,
	        request->cell.threads, &operations);
	if (!worker->stream)
		rm_error_set(&member->error, -ENOMEM,
		        "out of memory for a share of the trace");
	worker->replay = true;
	worker->write_kind = RM_UPDATE; /* a `set` is one upsert */
	member->replay_operations = operations * request->cell.trace_passes;
}

void rm_replay_set_ranks(struct rm_team *team, const struct rm_trace *trace)
{
	team->prefilled = trace->present;
	team->resident = team->span = team->universe = trace->keys;
}

uint64_t rm_replay_digest(
        const struct rm_team *team, uint64_t rank, const struct rm_value *value)
{
	const struct rm_trace *trace = team->request->trace;

	if (!trace && !team->request->recorder)
		return 0;
	return rm_trace_entry_digest(trace ? trace->dictionary.keys[rank].hash
	                                   : rm_recorder_key_hash(rank),
	        value->word[0] >> 44);
}

static uint64_t held_digest(const struct rm_team *team)
{
	uint64_t digest = 0;

	for (unsigned i = 0; i < team->request->cell.threads; i++)
		digest += team->members[i].held_digest;
	return digest;
}

static void compare_count(struct rm_judgement *judgement, const char *name,
        uint64_t found, uint64_t expected)
{
	if (found != expected)
		rm_error_set(&judgement->mismatch, -EIO,
		        "replay: %s %" PRIu64 ": the trace has %" PRIu64, name,
		        found, expected);
}

void rm_replay_judge(const struct rm_team *team, const struct rm_counts *counts,
        struct rm_judgement *judgement)
{
	const struct rm_trace *trace = team->request->trace;
	const uint64_t passes = team->request->cell.trace_passes;
	const uint64_t gets = counts->iterations - counts->writes;
	struct rm_trace_expected expected;

	compare_count(judgement, "operations",
	        counts->iterations + counts->pairs, trace->count * passes);
	if (team->impl->caps & RM_CAP_NO_STATE)
		return;
	if (rm_trace_compute_expected(trace, passes, &expected)) {
		rm_error_set(&judgement->mismatch, -ENOMEM, "out of memory");
		return;
	}
	compare_count(judgement, "inserts", counts->inserts, expected.inserts);
	compare_count(judgement, "removes", counts->removes, expected.removes);
	compare_count(judgement, "removes of absent keys", counts->idle_removes,
	        expected.idle_removes);
	if (team->request->cell.threads == 1)
		compare_count(judgement, "look-ups that found their key",
		        gets - counts->misses_resident, expected.hits);
	if (held_digest(team) != expected.digest)
		rm_error_set(&judgement->mismatch, -EIO,
		        "replay: the digest of the map's state is %016" PRIx64
		        ": the trace has %016" PRIx64,
		        held_digest(team), expected.digest);
}

json_t *rm_replay_result(const struct rm_team *team)
{
	const struct rm_trace *trace = team->request->trace;
	const struct rm_recorder *recorder = team->request->recorder;
	char digest[20];

	snprintf(digest, sizeof(digest), "%016" PRIx64, held_digest(team));
	return json_pack("{s:I, s:I, s:s}", "operations",
	        (json_int_t)(trace ? trace->count
	                           : rm_recorder_count(recorder)),
	        "passes",
	        (json_int_t)(trace ? team->request->cell.trace_passes : 1),
	        "digest", digest);
}
