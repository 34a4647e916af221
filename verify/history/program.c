/* SPDX-License-Identifier: Apache-2.0 */
/* program.c - `readmostly check --history FILE`: judges a recorded history. */
#include "runner/base/error.h"
#include "runner/base/file.h"
#include "runner/protocol/command_line.h"
#include "verify/history/history.h"

#include <argp.h>
#include <errno.h>
#include <string.h>

enum flag {
	HISTORY = 'H',
	FORMAT = 'f',
	GUARANTEE = 'g',
	STATES = 'N',
	MEMORY = 'm',
	SMALLEST = 'w',
	JSON = 'j'
};

struct arguments {
	const char *file, *smallest;
	enum rm_history_format format;
	const char *guarantee; /* NULL: the guarantee in the file */
	struct rm_history_limits limits;
	bool json;
};

static const struct argp_option options[] = {
	{ "history", HISTORY, "FILE", 0, "history file; - is standard input",
	        0 },
	{ "format", FORMAT, "FORMAT", 0,
	        "detect (default), jsonl, jepsen, porcupine or etcd", 0 },
	{ "guarantee", GUARANTEE, "WORD", 0,
	        "guarantee of length and scan: none, once-if-present or "
	        "point-in-time "
	        "(default: the history's)",
	        0 },
	{ "states", STATES, "N", 0,
	        "undecided after N states of a key (10000000)", 0 },
	{ "memory", MEMORY, "MIB", 0, "undecided above MIB of memory (1536)",
	        0 },
	{ "smallest", SMALLEST, "FILE", 0,
	        "write the smallest failing history found, as JSON lines", 0 },
	{ "json", JSON, NULL, 0, "print the verdict as one JSON object", 0 },
	{ 0 },
};

/* Invalid words are rejected before the history is read, because it may come
   from standard input. */
static error_t parse_words(
        int key, char *text, struct argp_state *state, struct arguments *to)
{
	enum rm_history_guarantee guarantee;

	switch (key) {
	case FORMAT:
		to->format = rm_history_format_parse(text);
		if (to->format == RM_HISTORY_FORMATS)
			argp_error(state,
			        "--format %s: expected detect, jsonl, jepsen, "
			        "porcupine or etcd",
			        text);
		return 0;
	case GUARANTEE:
		to->guarantee = text;
		if (rm_history_guarantee_parse(text, &guarantee))
			argp_error(state,
			        "--guarantee %s: expected none, "
			        "once-if-present or point-in-time",
			        text);
		return 0;
	case ARGP_KEY_ARG:
		argp_error(
		        state, "\"%s\": expected no map with --history", text);
		return EINVAL;
	case ARGP_KEY_END:
		if (!to->file)
			argp_error(state, "expected --history FILE");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* The limits are numbers of states and bytes instead of seconds, because the
   verdict must not depend on the machine's speed. */
static error_t parse(int key, char *text, struct argp_state *state)
{
	struct arguments *to = state->input;

	switch (key) {
	case HISTORY:
		to->file = text;
		return 0;
	case STATES:
		to->limits.states = rm_argument_number(
		        state, "states", text, 1, (uint64_t)1 << 40);
		return 0;
	case MEMORY:
		to->limits.memory_bytes =
		        rm_argument_number(state, "memory", text, 1, 1 << 24)
		        << 20;
		return 0;
	case SMALLEST:
		to->smallest = text;
		return 0;
	case JSON:
		to->json = true;
		return 0;
	default:
		return parse_words(key, text, state, to);
	}
}

static int print_json(const struct rm_history *history,
        const struct rm_history_judgement *judgement)
{
	json_t *object = json_pack("{s:s, s:I, s:I, s:I, s:I, s:s, s:s, s:I, "
	                           "s:I}",
	        "verdict", rm_history_verdict_name(judgement->verdict),
	        "operations", (json_int_t)history->count, "keys",
	        (json_int_t)judgement->keys, "undecided_keys",
	        (json_int_t)judgement->undecided_keys, "states",
	        (json_int_t)judgement->states, "why", judgement->why, "instead",
	        judgement->instead, "smallest",
	        (json_int_t)judgement->smallest.count, "left_out",
	        (json_int_t)judgement->left_out);
	int failed = rm_print_json(object, 0);

	json_decref(object);
	return failed ? -EIO : 0;
}

static int print_words(const struct rm_history *history,
        const struct rm_history_judgement *judgement)
{
	switch (judgement->verdict) {
	case RM_HISTORY_BROKEN:
		printf("not linearizable: ");
		return rm_history_explain(stdout, judgement);
	case RM_HISTORY_UNDECIDED:
		printf("%s\n", judgement->why);
		return 0;
	default:
		printf("linearizable: %zu operations, %zu keys, guarantee %s, "
		       "%llu states\n",
		        history->count, judgement->keys,
		        rm_history_guarantee_name(history->guarantee),
		        (unsigned long long)judgement->states);
		return 0;
	}
}

static void write_smallest(
        const char *file, const struct rm_history_judgement *judgement)
{
	FILE *out = fopen(file, "w");
	int failed = out ? rm_history_write(out, &judgement->smallest) : -errno;

	if (out && fclose(out) && !failed)
		failed = -errno;
	if (failed)
		fprintf(stderr,
		        "readmostly check: --smallest %s: cannot be written: "
		        "%s\n",
		        file, rm_write_reason(failed));
}

/* An undecided history is no failure of the map: the search reached a limit. */
static int report(const struct arguments *arguments,
        const struct rm_history *history,
        struct rm_history_judgement *judgement)
{
	static const int statuses[] = { RM_OK, RM_FAILED, RM_INCOMPLETE };

	if (!history->count) {
		judgement->verdict = RM_HISTORY_UNDECIDED;
		snprintf(judgement->why, sizeof(judgement->why),
		        "nothing was checked: %.200s has no operations: "
		        "record some",
		        arguments->file);
	}
	int failed = arguments->json ? print_json(history, judgement)
	                             : print_words(history, judgement);

	if (fflush(stdout) || failed) {
		fprintf(stderr, "readmostly check: cannot write the verdict\n");
		return RM_INCOMPLETE;
	}
	/* a failed write does not change the status, which is not OK in any
	 * case */
	if (arguments->smallest && judgement->verdict == RM_HISTORY_BROKEN)
		write_smallest(arguments->smallest, judgement);
	return statuses[judgement->verdict];
}

int main(int argc, char **argv)
{
	static const struct argp argp = { options, parse, NULL,
		"Decides whether a recorded history is linearizable. Exit "
		"status: 0 yes, 1 no, 2 bad input, 3 undecided (no operations, "
		"or a limit on states or memory). Format: "
		"docs/reference/history-format.md.",
		NULL, NULL, NULL };
	struct arguments arguments = { .limits = RM_HISTORY_LIMITS };
	struct rm_history_judgement judgement = { .states = 0 };
	struct rm_history history = { .seed = 0 };
	struct rm_error error = { "" };
	static char name[] = "readmostly check";
	int status = RM_USAGE;

	rm_program_start();
	argv[0] = name;
	rm_argument_parse(&argp, argc, argv, &arguments);
	int failed = rm_history_load(
	        arguments.file, arguments.format, &history, &error);

	if (!failed && arguments.guarantee)
		rm_history_guarantee_parse(
		        arguments.guarantee, &history.guarantee);
	if (!failed)
		failed = rm_history_judge(
		        &history, &arguments.limits, &judgement, &error);
	if (failed)
		fprintf(stderr, "readmostly check: %s\n",
		        error.text[0] ? error.text : strerror(-failed));
	else
		status = report(&arguments, &history, &judgement);
	rm_history_judgement_clear(&judgement);
	rm_history_clear(&history);
	return status;
}
