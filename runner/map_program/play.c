/* SPDX-License-Identifier: Apache-2.0 */
/* play.c - `ID play`: replays a trace on the map, with the trace's keys. */
#include "runner/base/error.h"
#include "runner/base/file.h"
#include "runner/map_program/map_program.h"
#include "runner/protocol/command_line.h"
#include "runner/trace/trace.h"

#include <argp.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct arguments {
	const char *file;  /* the trace */
	const char *state; /* output file for the final state, or NULL */
	uint64_t threads, passes, seed;
	struct rm_shape shape;
};

static int print_error(const struct rm_error *error, int status)
{
	fprintf(stderr, "readmostly dev replay: %s\n", error->text);
	return status;
}

/* Prints the shortest and the longest length of a trace's keys or values. */
static void print_lengths(const char *what, const struct rm_dictionary *texts)
{
	size_t least = SIZE_MAX, most = 0;

	for (size_t i = 0; i < texts->count; i++) {
		size_t length = texts->keys[i].length;

		least = length < least ? length : least;
		most = length > most ? length : most;
	}
	if (texts->count)
		printf("%s of %zu to %zu bytes\n", what, least, most);
}

static int play(
        const struct arguments *a, const struct rm_trace *trace, FILE *state)
{
	const struct rm_trace_play replay = { .impl = &rm_this_map,
		.shape = a->shape,
		.threads = (unsigned)a->threads,
		.passes = a->passes,
		.seed = a->seed,
		.state = state };
	struct rm_trace_play_result played;
	struct rm_error error = { "" };
	int failed = rm_trace_play(trace, &replay, &played, &error);

	if (failed)
		return print_error(
		        &error, failed == -ENOTSUP ? RM_USAGE : RM_FAILED);
	printf("replayed %" PRIu64 " operations on %s, %u thread%s, %.3f s\n",
	        trace->count * a->passes, rm_this_map.id, replay.threads,
	        replay.threads > 1 ? "s" : "", (double)played.elapsed_ns / 1e9);
	print_lengths("own keys", &trace->dictionary);
	print_lengths("own values", &trace->values);
	printf("keys %" PRIu64 "\ndigest %016" PRIx64 "\n", played.held,
	        played.digest);
	return RM_OK;
}

/* Plays the trace; writes the final state to a file if requested. */
static int play_and_keep(
        const struct arguments *a, const struct rm_trace *trace)
{
	FILE *state = a->state ? fopen(a->state, "wb") : NULL;
	struct rm_error error = { "" };
	int status, failed = 0;

	if (a->state && !state) {
		rm_error_set(&error, -errno, "--state %s: %s", a->state,
		        rm_write_reason(-errno));
		return print_error(&error, RM_INCOMPLETE);
	}
	status = play(a, trace, state);
	if (state && ferror(state))
		failed = -EIO;
	if (state && fclose(state))
		failed = -errno;
	if (!failed || status != RM_OK)
		return status;
	rm_error_set(
	        &error, failed, "%s: %s", a->state, rm_write_reason(failed));
	return print_error(&error, RM_INCOMPLETE);
}

static const struct argp_option options[] = {
	{ "threads", 't', "N", 0, "number of threads, unbound (1)", 0 },
	{ "passes", 'p', "N", 0, "passes over the trace (1)", 0 },
	{ "seed", 's', "N", 0, "seed of the map (1)", 0 },
	{ "shape", 'S', "SHAPE", 0, "str16x8 or str16x24 (str16x8)", 0 },
	{ "state", 'o', "FILE", 0, "write the map's final state", 0 }, { 0 }
};

static error_t parse(int key, char *text, struct argp_state *state)
{
	struct arguments *a = state->input;

	switch (key) {
	case 't':
		a->threads =
		        rm_argument_number(state, "threads", text, 1, 4096);
		return 0;
	case 'p':
		a->passes = rm_argument_number(
		        state, "passes", text, 1, RM_TRACE_PASSES_MAX);
		return 0;
	case 's':
		a->seed = rm_argument_number(
		        state, "seed", text, 1, (uint64_t)1 << 53);
		return 0;
	case 'S':
		rm_argument_shape(state, text, &a->shape);
		return 0;
	case 'o':
		a->state = text;
		return 0;
	case ARGP_KEY_ARG:
		rm_argument_set_once(state, &a->file, text, "TRACE");
		return 0;
	case ARGP_KEY_END:
		if (!a->file)
			argp_error(state, "expected TRACE");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

int rm_program_play(int argc, char **argv)
{
	static const struct argp argp = { options, parse, "TRACE",
		"Replays a trace on the map (docs/reference/traces.md).", NULL,
		NULL, NULL };
	struct arguments a = {
		.threads = 1, .passes = 1, .seed = 1, .shape = RM_STR16X8
	};
	struct rm_error error = { "" };
	struct rm_trace trace = { 0 };
	int status;

	argp_parse(&argp, argc, argv, 0, NULL, &a);
	if (!rm_impl_is_map(&rm_this_map)) {
		fprintf(stderr,
		        "readmostly dev replay: %s is a technique: only maps "
		        "can replay a trace\n",
		        rm_this_map.id);
		return RM_USAGE;
	}
	if (rm_trace_load(a.file, &trace, &error))
		status = print_error(&error, RM_USAGE);
	else
		status = play_and_keep(&a, &trace);
	rm_trace_clear(&trace);
	return status;
}
