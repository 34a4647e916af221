/* SPDX-License-Identifier: Apache-2.0 */
/* replay.c - `readmostly dev replay`: shows, replays and records traces. */
#include "runner/catalog/catalog.h"
#include "runner/cli/cli.h"
#include "runner/cli/command.h"
#include "runner/trace/trace.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	OPTION_RECORD = 256,
	OPTION_BINARY,
	OPTION_SET,
	OPTION_SEED,
	OPTION_MAP,
	OPTION_THREADS,
	OPTION_PASSES,
	OPTION_SHAPE,
	OPTION_STATE,
	OPTION_WRITE,
};

struct arguments {
	struct rm_plan_arguments
	        recording;  /* a single file; recording.maps is the map's id */
	const char *record; /* file for the recorded trace */
	const char *write;  /* file for the trace in the other form */
	const char *replay; /* id of the map */
	const char *state;  /* file for the final content of the map */
	uint64_t threads, passes;
	struct rm_shape shape;
	bool binary, tunes_replay;
	const char *file; /* the trace, or the workload to record */
};

static const struct argp_option options[] = {
	{ "record", OPTION_RECORD, "MAP", 0,
	        "FILE is a workload with one cell: record it on this map", 0 },
	{ "output", 'o', "TRACE", 0, "write the record to this file", 0 },
	{ "binary", OPTION_BINARY, NULL, 0, "write the binary form", 0 },
	{ "set", OPTION_SET, "KEY=VALUE", 0,
	        "append this line to the workload; repeatable", 0 },
	{ "seed", OPTION_SEED, "N", 0, "seed of the run (1)", 0 },
	{ "map", OPTION_MAP, "MAP", 0, "replay FILE on this map", 0 },
	{ "threads", OPTION_THREADS, "N", 0,
	        "threads of the replay, not pinned (1)", 0 },
	{ "passes", OPTION_PASSES, "N", 0, "times to replay the trace (1)", 0 },
	{ "shape", OPTION_SHAPE, "SHAPE", 0,
	        "shape of the replay (default: str16x8, the keys and values of "
	        "the trace); u64x8 and u64x24 replace them by numbers",
	        0 },
	{ "state", OPTION_STATE, "OTHER", 0,
	        "write the final content of the map as a trace", 0 },
	{ "write", OPTION_WRITE, "OTHER", 0,
	        "convert FILE to OTHER, as text or with --binary", 0 },
	{ 0 }
};

static void check_options(struct argp_state *state)
{
	struct arguments *a = state->input;

	if (!a->file)
		argp_error(state, "expected FILE, a trace or a workload");
	if (a->recording.maps && (!a->record || a->replay || a->write))
		argp_error(state, "--record needs -o TRACE, and cannot be "
		                  "combined with --map or --write");
	if (!a->recording.maps && (a->record || a->recording.set_count))
		argp_error(
		        state, "-o and --set are valid only with --record MAP");
	if (a->replay && a->write)
		argp_error(
		        state, "--map and --write: expected only one of them");
	if (a->tunes_replay && !a->replay)
		argp_error(state,
		        "--threads, --passes and --shape need --map MAP");
	if (a->recording.seed && !a->replay && !a->recording.maps)
		argp_error(state, "--seed needs --map MAP or --record MAP");
	if (a->binary && !a->write && !a->record)
		argp_error(
		        state, "--binary needs --write OTHER or --record MAP");
	if (a->state && (!a->replay || !a->shape.str))
		argp_error(state,
		        "--state needs --map MAP and a shape with string keys");
}

/* Parses an option of the replay. Its bounds are equal to the bounds of a cell,
   so that a campaign can run the same replay with `keys = file:TRACE`. */
static error_t parse_replay(int key, char *text, struct argp_state *state)
{
	struct arguments *a = state->input;

	a->tunes_replay |= key == OPTION_THREADS || key == OPTION_PASSES ||
	                   key == OPTION_SHAPE;
	switch (key) {
	case OPTION_THREADS:
		a->threads =
		        rm_argument_number(state, "threads", text, 1, 4096);
		return 0;
	case OPTION_PASSES:
		a->passes = rm_argument_number(
		        state, "passes", text, 1, RM_TRACE_PASSES_MAX);
		return 0;
	case OPTION_SHAPE:
		rm_argument_shape(state, text, &a->shape);
		return 0;
	case OPTION_STATE:
		a->state = text;
		return 0;
	case OPTION_WRITE:
		a->write = text;
		return 0;
	case ARGP_KEY_ARG:
		rm_argument_set_once(state, &a->file, text, "FILE");
		return 0;
	case ARGP_KEY_SUCCESS:
		check_options(state);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* Parses an option. Options of recording and of replay exclude each other. They
   may come in any order, so finish() checks them after all options are
   parsed. */
static error_t parse(int key, char *text, struct argp_state *state)
{
	struct arguments *a = state->input;

	switch (key) {
	case OPTION_RECORD:
		a->recording.maps = text;
		return 0;
	case 'o':
		a->record = text;
		return 0;
	case OPTION_BINARY:
		a->binary = true;
		return 0;
	case OPTION_SET:
		a->recording.sets[a->recording.set_count++] = text;
		return 0;
	case OPTION_SEED:
		a->recording.seed = rm_argument_number(
		        state, "seed", text, 1, (uint64_t)1 << 53);
		return 0;
	case OPTION_MAP:
		a->replay = text;
		return 0;
	default:
		return parse_replay(key, text, state);
	}
}

static const struct argp argp = { options, parse, "FILE",
	"Prints a summary of a trace of operations, replays it on a map, or "
	"records one.\vFILE is a trace (docs/reference/traces.md): `get KEY`, "
	"`set KEY`, `del KEY`, `put K V KEY VALUE`, one per line, or the "
	"binary "
	"form. For a measurement, replay it in a workload by `keys = "
	"file:TRACE`. Status: 0; 1 an answer of the replay differs from the "
	"trace; 2 FILE is damaged; 3 a file could not be written.",
	NULL, NULL, NULL };

static const char *member_text(const json_t *json, const char *member)
{
	const char *text = json_string_value(json_object_get(json, member));

	return text ? text : "";
}

static uint64_t member_number(const json_t *json, const char *member)
{
	return (uint64_t)json_integer_value(json_object_get(json, member));
}

/* Prints the summary and the digest of a trial with a trace. If the trial
   failed, prints the reason to standard error. Returns an exit status. */
static int report(
        const char *verb, const struct rm_cell *cell, const json_t *result)
{
	const json_t *trace = json_object_get(result, "replayed");
	double seconds = (double)member_number(result, "elapsed_ns") / 1e9;

	if (trace)
		printf("%s %" PRIu64 " operations on %s, %u thread%s, %.3f s\n"
		       "keys %" PRIu64 "\ndigest %s\n",
		        verb,
		        member_number(trace, "operations") *
		                member_number(trace, "passes"),
		        cell->map, cell->threads, cell->threads > 1 ? "s" : "",
		        seconds, member_number(result, "keys_after"),
		        member_text(trace, "digest"));
	if (!strcmp(member_text(result, "status"), "ok"))
		return RM_OK;
	fprintf(stderr, "readmostly dev replay: %s: %s\n",
	        member_text(result, "status"), member_text(result, "reason"));
	/* A void trial has correct results of operations, but invalid times. */
	return strcmp(member_text(result, "status"), "void") ? RM_FAILED
	                                                     : RM_OK;
}

static int show(const char *file, const struct rm_trace *trace)
{
	struct rm_trace_expected expected;

	if (rm_trace_compute_expected(trace, 1, &expected))
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

static int convert(const struct arguments *a, const struct rm_trace *trace)
{
	struct rm_error error = { "" };

	return rm_trace_save(a->write, trace, a->binary, &error)
	               ? rm_print_error("dev replay", &error, RM_INCOMPLETE)
	               : RM_OK;
}

/* Makes the same cell as a campaign. */
static void fill_cell(const struct arguments *a, const struct rm_trace *trace,
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
		.measure = RM_MEASURE_THROUGHPUT };
	strcpy(cell->workload, "replay");
	snprintf(cell->map, sizeof(cell->map), "%s", a->replay);
	snprintf(cell->trace, sizeof(cell->trace), "%s", a->file);
	rm_cell_name(cell);
}

/* Replays the trace in the loop of trials. The loop replaces the trace's keys
   by numbers. */
static int replay_numbers(
        const struct arguments *a, const struct rm_trace *trace)
{
	const char *const words[] = { "trial", NULL };
	struct rm_request request = { .seed = a->recording.seed };
	struct rm_error error = { "" };
	json_t *result;
	int status;

	fill_cell(a, trace, &request.cell);
	request.counters = json_pack("{s:s}", "backend", "none");
	status = rm_program_run(&request, words, &result, &error);
	status = status ? rm_print_error("dev replay", &error, status)
	                : report("replayed", &request.cell, result);
	json_decref(result);
	rm_request_clear(&request);
	return status;
}

/* Replaces this process by the map's program, which replays the trace with its
   original keys and values. */
static int replay_texts(const struct arguments *a)
{
	char path[RM_PROGRAM_BYTES], play[] = "play", threads[48], passes[48];
	char seed[48], shape[48], state[RM_PATH_BYTES];
	char *argv[] = { path, play, threads, passes, seed, shape,
		(char *)(uintptr_t)a->file, a->state ? state : NULL, NULL };

	rm_map_program("plain", a->replay, path);
	snprintf(threads, sizeof(threads), "--threads=%" PRIu64, a->threads);
	snprintf(passes, sizeof(passes), "--passes=%" PRIu64, a->passes);
	snprintf(seed, sizeof(seed), "--seed=%" PRIu64, a->recording.seed);
	snprintf(shape, sizeof(shape), "--shape=%s", rm_shape_name(a->shape));
	snprintf(state, sizeof(state), "--state=%s", a->state ? a->state : "");
	fflush(stdout);
	execv(path, argv);
	fprintf(stderr, "readmostly dev replay: %s: %s\n", path,
	        strerror(errno));
	return RM_INCOMPLETE;
}

/* True if the map can replay a trace. Otherwise prints the reason. */
static bool check_map(const char *id)
{
	struct rm_catalog catalog;
	struct rm_error error = { "" };
	const struct rm_map_info *info = NULL;

	if (!rm_catalog_load(NULL, &catalog, &error)) {
		info = rm_catalog_find(&catalog, id);
		if (!info || info->language)
			rm_catalog_explain(&catalog, id, &error);
		else if (!info->is_map)
			rm_error_set(&error, RM_USAGE,
			        "%s is a technique: expected a map "
			        "(readmostly dev list)",
			        id);
	}
	rm_catalog_clear(&catalog);
	if (error.text[0])
		rm_print_error("dev replay", &error, RM_USAGE);
	return !error.text[0];
}

static int replay(const struct arguments *a, const struct rm_trace *trace)
{
	struct rm_error error = { "" };

	if (!check_map(a->replay))
		return RM_USAGE;
	if (a->shape.str)
		return replay_texts(a);
	if (strlen(a->file) < RM_TRACE_BYTES)
		return replay_numbers(a, trace);
	rm_error_set(&error, -EINVAL,
	        "%s: a path of %zu bytes, expected at most %d", a->file,
	        strlen(a->file), RM_TRACE_BYTES - 1);
	return rm_print_error("dev replay", &error, RM_USAGE);
}

/* Returns the only cell of the plan that can be recorded, or NULL with
   `error`. */
static const struct rm_cell *choose_cell(
        const struct rm_plan *plan, struct rm_error *error)
{
	const struct rm_cell *found = NULL;
	size_t count = 0;

	for (size_t i = 0; i < plan->cell_count; i++) {
		const struct rm_cell *cell = &plan->cells[i].cell;

		if (cell->measure != RM_MEASURE_THROUGHPUT)
			continue;
		found = cell;
		count++;
	}
	if (count != 1)
		rm_error_set(error, -EINVAL,
		        "%zu cells of a closed loop, expected one; select it "
		        "by "
		        "--set",
		        count);
	else if (found->skip[0])
		rm_error_set(error, -EINVAL, "%s", found->skip);
	else if (found->loop.kind != RM_LOOP_MIX)
		/* only closed loops call the recorder */
		rm_error_set(error, -EINVAL,
		        "a window of the loop %s cannot be recorded, expected "
		        "a cell of loop=mix",
		        rm_loop_name(found->loop.kind));
	else if (found->trace[0])
		rm_error_set(error, -EINVAL,
		        "the workload replays a trace, expected one that draws "
		        "its keys");
	return error->text[0] ? NULL : found;
}

static int record_cell(const struct arguments *a, const struct rm_cell *cell,
        struct rm_error *error)
{
	const char *const words[] = { "record", a->binary ? "binary" : "text",
		a->record, NULL };
	struct rm_request request = { .cell = *cell,
		.seed = a->recording.seed,
		.counters = json_pack("{s:s}", "backend", "none") };
	json_t *result = NULL;
	int status = rm_program_run(&request, words, &result, error);

	if (!status)
		status = report("recorded", cell, result);
	json_decref(result);
	json_decref(request.counters);
	return status;
}

/* Records a trace. Returns RM_USAGE unless exactly one throughput cell of the
   mix can run; RM_INCOMPLETE if the trace could not be written; RM_FAILED if
   memory runs out; otherwise the status of report(). */
static int record(const struct arguments *a)
{
	char *file = strdup(a->file);
	struct rm_plan_arguments arguments = a->recording;
	struct rm_planned planned = { 0 };
	struct rm_error error = { "" };
	const struct rm_cell *cell = NULL;
	int status = RM_USAGE;

	arguments.files = &file;
	arguments.file_count = 1;
	if (file && !rm_planned_load(&arguments, &planned, &error))
		cell = choose_cell(&planned.plan, &error);
	if (cell)
		status = record_cell(a, cell, &error);
	if (error.text[0])
		rm_print_error("dev replay", &error, status);
	rm_planned_clear(&planned);
	free(file);
	return status;
}

int rm_cli_replay(int argc, char **argv)
{
	struct arguments a = { .threads = 1, .passes = 1, .shape = RM_STR16X8 };
	struct rm_trace trace = { 0 };
	struct rm_error error = { "" };
	int status;

	a.recording.sets = calloc((size_t)argc, sizeof(char *));
	if (!a.recording.sets)
		return RM_FAILED;
	rm_argument_parse(&argp, argc, argv, &a);
	if (!a.recording.seed)
		a.recording.seed = 1;
	if (a.recording.maps)
		status = check_map(a.recording.maps) ? record(&a) : RM_USAGE;
	else if (rm_trace_load(a.file, &trace, &error))
		status = rm_print_error("dev replay", &error, RM_USAGE);
	else if (a.replay)
		status = replay(&a, &trace);
	else if (a.write)
		status = convert(&a, &trace);
	else
		status = show(a.file, &trace);
	rm_trace_clear(&trace);
	rm_plan_arguments_clear(&a.recording);
	return status;
}
