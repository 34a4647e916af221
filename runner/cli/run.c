/* SPDX-License-Identifier: Apache-2.0 */
/* run.c - `readmostly run`: a campaign, or the rest of one. */
#include "runner/campaign/campaign.h"
#include "runner/campaign/prepare.h"
#include "runner/cli/cli.h"
#include "runner/cli/run_summary.h"

#include <argp.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

enum { SETS_MAX = 64, OPTION_RESUME = 256, OPTION_SEED, OPTION_MAPS };
enum { OPTION_SET = 512, OPTION_COUNTERS, OPTION_MODE };

/* The command line. */
struct line {
	struct rm_wishes wishes;
	uint64_t seed;
	struct rm_override sets[SETS_MAX];
	char where[SETS_MAX][RM_WHERE_BYTES];
};

static const struct argp_option options[] = {
	{ "mode", OPTION_MODE, "NAME", 0,
	        "run workloads/modes/NAME.conf: smoke, quick, standard, full",
	        0 },
	{ "output", 'o', "DIR", 0,
	        "the campaign's folder (default: results/DATE-MODE-MACHINE)",
	        0 },
	{ "resume", OPTION_RESUME, NULL, 0,
	        "go on with the campaign in DIR: its plan, its seed", 0 },
	{ "seed", OPTION_SEED, "N", 0,
	        "of order, keys and operations, 0 .. 2^53 (default: random)",
	        0 },
	{ "maps", OPTION_MAPS, "IDS", 0,
	        "only these maps: ids, globs, ~globs, separated by commas", 0 },
	{ "set", OPTION_SET, "KEY=VALUE", 0,
	        "a line that every workload gets at its end; may be repeated",
	        0 },
	{ "counters", OPTION_COUNTERS, "BACKEND", 0,
	        "auto, likwid, perf, sim, replay:FILE or none (default: "
	        "auto)",
	        0 },
	{ 0 },
};

static uint64_t parse_seed(const char *text, struct argp_state *state)
{
	char *end;

	errno = 0;
	unsigned long long seed = strtoull(text, &end, 10);

	if (errno || *end || text[0] < '0' || text[0] > '9' || seed >> 53)
		argp_error(state, "--seed %s: expected an integer 0 .. 2^53-1",
		        text);
	return seed;
}

static void parse_set(char *text, struct argp_state *state)
{
	struct line *line = state->input;
	size_t n = line->wishes.override_count;
	struct rm_error error = { 0 };

	if (n == SETS_MAX)
		argp_error(state, "--set: expected at most %d", SETS_MAX);
	else if (rm_override_split(
	                 text, line->where[n], &line->sets[n], &error))
		argp_error(state, "%s", error.text);
	else
		line->wishes.override_count++;
}

static void finish(struct argp_state *state)
{
	struct line *line = state->input;
	struct rm_wishes *wishes = &line->wishes;

	wishes->overrides = line->sets;
	if (wishes->mode && wishes->file_count)
		argp_error(state, "--mode and FILE: expected one of them");
	if (wishes->resume && !wishes->dir)
		argp_error(state, "--resume: expected -o DIR, too");
	if (!wishes->resume && !wishes->mode && !wishes->file_count)
		argp_error(state, "nothing to run: expected workload files or "
		                  "--mode NAME");
}

static error_t parse(int key, char *text, struct argp_state *state)
{
	struct line *line = state->input;
	struct rm_wishes *wishes = &line->wishes;

	switch (key) {
	case OPTION_MODE:
		wishes->mode = text;
		return 0;
	case 'o':
		wishes->dir = text;
		return 0;
	case OPTION_RESUME:
		wishes->resume = true;
		return 0;
	case OPTION_SEED:
		line->seed = parse_seed(text, state);
		wishes->seed = &line->seed;
		return 0;
	case OPTION_MAPS:
		wishes->maps = text;
		return 0;
	case OPTION_SET:
		parse_set(text, state);
		return 0;
	case OPTION_COUNTERS:
		wishes->counters = text;
		return 0;
	case ARGP_KEY_ARGS:
		wishes->files = state->argv + state->next;
		wishes->file_count = (size_t)(state->argc - state->next);
		return 0;
	case ARGP_KEY_SUCCESS:
		finish(state);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* A descriptor that is readable once somebody wants us to stop. */
static int watch_signals(void)
{
	const int stops[] = { SIGINT, SIGTERM, SIGHUP };
	sigset_t watched;

	sigemptyset(&watched);
	for (size_t i = 0; i < sizeof(stops) / sizeof(*stops); i++) {
		struct sigaction now;

		/* nohup: what is ignored stays ignored */
		if (!sigaction(stops[i], NULL, &now) &&
		        now.sa_handler != SIG_IGN)
			sigaddset(&watched, stops[i]);
	}
	sigprocmask(SIG_BLOCK, &watched, NULL);
	signal(SIGXFSZ, SIG_IGN); /* a full file is an error, not our end */
	return signalfd(-1, &watched, SFD_CLOEXEC);
}

/* The status of an error: the person's, or the system's. */
static int status_of(int result)
{
	switch (result) {
	case -EINVAL:
	case -ENOENT:
	case -EBUSY:
	case -EEXIST:
	case -ENOTSUP:
	case -ENOSYS:
	case -EACCES:
	case -ENOTDIR:
	case -EISDIR:
	case -ENAMETOOLONG:
		return RM_USAGE;
	default:
		return RM_INCOMPLETE;
	}
}

static int run(struct rm_prepared *prepared, int interrupt_fd)
{
	struct rm_progress progress = { .out = stderr,
		.is_terminal = isatty(STDERR_FILENO) };
	struct rm_campaign campaign = {
		.dir = prepared->dir,
		.plan = &prepared->plan,
		.counters = prepared->counters,
		/* tests play trials with another program */
		.program = getenv("RM_TRIAL_PROGRAM"),
		.interrupt_fd = interrupt_fd,
		.journal = prepared->journal,
		.tally = &prepared->tally,
		.progress = &progress,
	};
	struct rm_error error = { 0 };

	if (prepared->torn_bytes)
		printf("%s/trials.jsonl: cut off %zu bytes of a line that was "
		       "never finished; its trial runs again\n",
		        prepared->dir, prepared->torn_bytes);
	printf("%s %s\n",
	        prepared->resumed ? "resuming" : "campaign:", prepared->dir);
	fflush(stdout);
	int result = rm_campaign_run(&campaign, &error);

	if (result)
		fprintf(stderr, "readmostly run: %s\n", error.text);
	return rm_run_summary(
	        &prepared->tally, prepared->dir, result, campaign.interrupted);
}

int rm_cli_run(int argc, char **argv)
{
	static const struct argp argp = { options, parse, "[FILE...]",
		"Runs a campaign: every cell of the workloads in FILE... or of "
		"a mode, in seeded random blocks, each trial in a process of "
		"its own.\vStatus: 0 done; 2 usage or input; 3 some cells have "
		"no result; 75 interrupted, go on with --resume.",
		NULL, NULL, NULL };
	struct line line = { 0 };
	struct rm_prepared prepared = { 0 };
	struct rm_error error = { 0 };

	argp_err_exit_status = RM_USAGE;
	argp_parse(&argp, argc, argv, 0, NULL, &line);
	int interrupt_fd = watch_signals();
	int result = rm_prepare(&line.wishes, &prepared, &error);
	int status;

	if (result) {
		status = status_of(result);
		fprintf(stderr, "readmostly run: %s\n", error.text);
	} else {
		status = run(&prepared, interrupt_fd);
	}
	rm_prepared_clear(&prepared);
	close(interrupt_fd);
	return status;
}
