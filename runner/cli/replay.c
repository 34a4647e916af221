/* SPDX-License-Identifier: Apache-2.0 */
/* replay.c - `readmostly replay`: shows, replays and records traces. */
#include "runner/cli/cli.h"
#include "runner/cli/record.h"
#include "runner/plan/number.h"
#include "runner/trace/trace.h"
#include "runner/trial/trial.h"

#include <argp.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	OPTION_RECORD = 256,
	OPTION_BINARY,
	OPTION_SET,
	OPTION_SEED,
	OPTION_MAP,
	OPTION_THREADS,
	OPTION_PASSES,
	OPTION_SHAPE,
	OPTION_WRITE,
};

struct arguments {
	struct rm_trace_recording recording;
	const char *write;  /* file for the trace in another form */
	const char *replay; /* map */
	uint64_t threads, passes;
	struct rm_shape shape;
	char *file; /* the trace, or the workload to record */
};

static const struct argp_option options[] = {
	{ "record", OPTION_RECORD, "MAP", 0,
	        "FILE is a workload: record its one cell for this map", 0 },
	{ "output", 'o', "TRACE", 0, "where the record goes", 0 },
	{ "binary", OPTION_BINARY, NULL, 0, "in the binary form", 0 },
	{ "set", OPTION_SET, "KEY=VALUE", 0,
	        "as if this were the last line of the workload; repeatable",
	        0 },
	{ "seed", OPTION_SEED, "N", 0, "of the recorded run (1)", 0 },
	{ "map", OPTION_MAP, "MAP", 0, "replay FILE on this map", 0 },
	{ "threads", OPTION_THREADS, "N", 0, "that replay, unbound (1)", 0 },
	{ "passes", OPTION_PASSES, "N", 0, "rounds of the replay (1)", 0 },
	{ "shape", OPTION_SHAPE, "SHAPE", 0, "of the replay (u64x8)", 0 },
	{ "write", OPTION_WRITE, "OTHER", 0,
	        "write FILE to OTHER, as text or with --binary", 0 },
	{ 0 }
};

static uint64_t number(const char *text, uint64_t most, const char *what,
        struct argp_state *state)
{
	uint64_t value = 0;

	if (rm_number_count(text, &value) || value == 0 || value > most)
		argp_error(state, "%s %s: expected a number from 1 to %" PRIu64,
		        what, text, most);
	return value;
}

static void finish(struct argp_state *state)
{
	struct arguments *a = state->input;

	if (!a->file)
		argp_error(state, "expected FILE");
	if (a->recording.map && (!a->recording.file || a->replay || a->write))
		argp_error(state, "--record: expected -o TRACE, too, and "
		                  "neither --map nor --write");
	if (!a->recording.map && (a->recording.file || a->recording.set_count))
		argp_error(state, "-o and --set: expected --record MAP, too");
}

static error_t parse_rest(int key, char *text, struct argp_state *state)
{
	struct arguments *a = state->input;

	switch (key) {
	case OPTION_THREADS:
		a->threads = number(text, 4096, "--threads", state);
		return 0;
	case OPTION_PASSES:
		a->passes =
		        number(text, RM_TRACE_PASSES_MAX, "--passes", state);
		return 0;
	case OPTION_SHAPE:
		if (rm_shape_parse(text, &a->shape))
			argp_error(state,
			        "--shape %s: expected u64x8, u64x24, str16x8 "
			        "or str16x24",
			        text);
		return 0;
	case OPTION_WRITE:
		a->write = text;
		return 0;
	case ARGP_KEY_ARG:
		if (a->file)
			argp_error(state, "expected one FILE");
		a->file = text;
		return 0;
	case ARGP_KEY_SUCCESS:
		finish(state);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static error_t parse(int key, char *text, struct argp_state *state)
{
	struct arguments *a = state->input;

	switch (key) {
	case OPTION_RECORD:
		a->recording.map = text;
		return 0;
	case 'o':
		a->recording.file = text;
		return 0;
	case OPTION_BINARY:
		a->recording.binary = true;
		return 0;
	case OPTION_SET:
		a->recording.sets[a->recording.set_count++] = text;
		return 0;
	case OPTION_SEED:
		a->recording.seed = number(text, 1ULL << 53, "--seed", state);
		return 0;
	case OPTION_MAP:
		a->replay = text;
		return 0;
	default:
		return parse_rest(key, text, state);
	}
}

static const struct argp argp = { options, parse, "FILE",
	"Says what is in a trace of operations, replays it on a map, or "
	"records one.\vFILE is a trace (docs/traces.md): `get KEY`, `set KEY`, "
	"`del KEY`, one a line, or the binary form. A replay by one of the "
	"campaign's workloads is `keys = file:TRACE`; this one is for a look. "
	"Status: 0; 1 where a replay's answers are not the trace's; 2 where "
	"FILE is damaged; 3 where a file could not be written.",
	NULL, NULL, NULL };

static int complain(int status, const struct rm_error *error)
{
	fprintf(stderr, "readmostly replay: %s\n", error->text);
	return status;
}

static int show(const char *file, const struct rm_trace *trace)
{
	struct rm_trace_expected expected;

	if (rm_trace_expect(trace, 1, &expected))
		return RM_FAILED;
	printf("%s: %" PRIu64 " operations: %" PRIu64 " get (%" PRIu64
	       " find their key), %" PRIu64 " set (%" PRIu64
	       " insert), %" PRIu64 " del\n",
	        file, trace->count, trace->gets, expected.hits, trace->sets,
	        expected.inserts, trace->dels);
	printf("keys: %" PRIu64 " distinct, %" PRIu64
	       " there at the beginning, at most %" PRIu64
	       " at one time, %" PRIu64 " at the end\n",
	        trace->keys, trace->present, trace->peak, expected.held);
	printf("checksum %08" PRIx32 "\ndigest %016" PRIx64 "\n",
	        trace->checksum, expected.digest);
	return RM_OK;
}

static int write_other(const struct arguments *a, const struct rm_trace *trace)
{
	struct rm_error error = { "" };
	FILE *out = fopen(a->write, "wb");
	int failed = -errno;

	if (out)
		failed = a->recording.binary
		                 ? rm_trace_write_binary(out, trace, &error)
		                 : rm_trace_write_text(out, trace);
	if (out && fclose(out) && !failed)
		failed = -errno;
	if (!failed)
		return RM_OK;
	rm_error_set(&error, failed, "%s: %s", a->write, strerror(-failed));
	return complain(failed == -EINVAL ? RM_USAGE : RM_INCOMPLETE, &error);
}

/* The cell that a campaign would have made. */
static void fill(const struct arguments *a, const struct rm_trace *trace,
        struct rm_cell *cell)
{
	uint64_t all = trace->count * a->passes;

	*cell = (struct rm_cell){ .shape = a->shape,
		.keys = trace->peak ? trace->peak : 1,
		.write_share = (double)(trace->sets + trace->dels) /
		               (double)trace->count,
		.write_kind = trace->in_place ? RM_UPDATE : RM_CHURN,
		.dist = RM_DIST_TRACE,
		.trace_checksum = trace->checksum,
		.trace_passes = a->passes,
		.threads = (unsigned)a->threads,
		.placement = "none",
		.memory = "first-touch",
		.presize = true,
		.window_ops = (all + a->threads - 1) / a->threads,
		.deadline_ns = 3600000000000,
		.measure = RM_STATS_BUILT ? RM_MEASURE_CAUSES
		                          : RM_MEASURE_THROUGHPUT };
	strcpy(cell->workload, "replay");
	snprintf(cell->map, sizeof(cell->map), "%s", a->replay);
	snprintf(cell->trace, sizeof(cell->trace), "%s", a->file);
	rm_cell_name(cell);
}

static int replay(const struct arguments *a, const struct rm_trace *trace)
{
	struct rm_request request = { .seed = a->recording.seed };
	json_t *result;
	int status;

	fill(a, trace, &request.cell);
	request.counters = json_pack("{s:s}", "backend", "none");
	result = rm_trial_run(&request);
	status = rm_trace_report("replayed", &request.cell, result);
	json_decref(result);
	rm_request_clear(&request);
	return status;
}

int rm_cli_replay(int argc, char **argv)
{
	struct arguments a = { .recording = { .seed = 1 },
		.threads = 1,
		.passes = 1,
		.shape = RM_U64X8 };
	struct rm_trace trace = { 0 };
	struct rm_error error = { "" };
	int status;

	a.recording.sets = calloc((size_t)argc, sizeof(char *));
	if (!a.recording.sets)
		return RM_FAILED;
	argp_err_exit_status = RM_USAGE;
	argp_parse(&argp, argc, argv, 0, NULL, &a);
	a.recording.workload = a.file;
	if (a.recording.map)
		status = rm_trace_record(&a.recording);
	else if (rm_trace_load(a.file, &trace, &error))
		status = complain(RM_USAGE, &error);
	else if (a.replay)
		status = replay(&a, &trace);
	else if (a.write)
		status = write_other(&a, &trace);
	else
		status = show(a.file, &trace);
	rm_trace_clear(&trace);
	free(a.recording.sets);
	return status;
}
