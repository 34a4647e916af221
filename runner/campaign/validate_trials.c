/* SPDX-License-Identifier: Apache-2.0 */
/* validate_trials.c - checks trials.jsonl against the plan, line by line. */
#include "runner/base/json.h"
#include "runner/campaign/internal.h"
#include "runner/protocol/protocol.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MISSING_NAMED = 10 };

static const struct rm_field fields[] = {
	{ "format", "i" },
	{ "cell", "S" },
	{ "block", "i" },
	{ "arm", "S" },
	{ "slot", "i" },
	{ "binary_sha256", "S0" },
	{ "attempt", "i" },
	{ "seed", "i" },
	{ "started_utc", "S" },
	{ "wall_ns", "i" },
	{ "exit", "S" },
	{ "status", "S" },
	{ "reason", "S0" },
	{ "steal_ticks", "i0" },
	{ "load", "n0" },
	{ "others_share", "-n0" },
	{ "stolen_share", "-n0" },
	{ "disturbed", "-S0" },
	{ "throttled_ns", "-i" },
	{ "environment_bytes", "i0" },
	{ "peak_bytes", "i0" },
	{ "result", "o0" },
	{ "crc32", "-S" },
};

struct reading {
	struct rm_validation *validation;
	const struct rm_plan *plan;
	const struct rm_arms *arms;
	const char *path;
	json_t *planned; /* maps the key of a trial to [cell, turn] until its
	                    line is read */
	json_t *seen;    /* maps the key of a trial to its line number */
	json_t *states;  /* maps the key of a trial to enum rm_attempt_state */
	struct rm_tally tally; /* counts of planned lines */
	json_int_t turns;      /* number of turns that the walk has visited */
	json_int_t turn;       /* turn of the previous line */
	size_t *starts;        /* for each turn, its first line; or 0 */
	size_t number;         /* number of the current line */
	bool is_seeded;        /* `by_layout` is known */
	bool by_layout;        /* the journal uses seeds of earlier versions,
	                        * which gave each map a different seed */
	struct rm_error *error;
};

/* Records that lines from this number on cannot be kept. */
static void mark_bad(struct reading *reading, size_t number)
{
	size_t bad_line = reading->validation->bad_line;

	if (!bad_line || number < bad_line)
		reading->validation->bad_line = number;
}

static void line_problem(
        struct reading *reading, const char *what, const char *detail)
{
	rm_problem(reading->validation, "%s:%zu: %s%s", reading->path,
	        reading->number, what, detail);
	mark_bad(reading, reading->number);
}

static void report_field(void *context, const char *where, const char *what)
{
	char member[RM_FIELD_PATH_BYTES + 1];

	snprintf(member, sizeof(member), "%s ", where);
	line_problem(context, member, what);
}

/* Adds one expected line of trials.jsonl per arm to `planned`. Reading a line
   removes its key, so the keys that remain at the end belong to missing
   lines. */
static int expect_arms(struct reading *reading, size_t number, unsigned block,
        unsigned attempt)
{
	const struct rm_cell *cell = &reading->plan->cells[number].cell;
	struct rm_arm_set set = rm_arms_find_set(reading->arms, cell);
	char key[RM_TRIAL_KEY_BYTES];
	int failed = 0;

	for (size_t i = 0; i < set.count; i++) {
		snprintf(key, sizeof(key), RM_TRIAL_KEY, cell->id,
		        (long long)block, (long long)attempt, set.arms[i].name);
		failed |= json_object_set_new(reading->planned, key,
		        json_pack(
		                "[I, I]", (json_int_t)number, reading->turns));
	}
	return failed;
}

static int expect_turn(
        void *context, size_t cell, unsigned block, unsigned attempt)
{
	struct reading *reading = context;

	reading->turns++;
	return expect_arms(reading, cell, block, attempt);
}

/* Lists every trial that must have a line: first attempts, repeats that the
   states of all lines require, and block 0 of each cell that the plan skips.
   Skipped cells have turn 0, since their lines come first. */
static int expect_planned(struct reading *reading)
{
	const struct rm_plan *plan = reading->plan;
	struct rm_repeats repeats = {
		.plan = plan, .arms = reading->arms, .attempts = reading->states
	};
	int failed = 0;

	for (size_t i = 0; i < plan->cell_count; i++)
		if (plan->cells[i].cell.skip[0] && !plan->cells[i].waits)
			failed |= expect_arms(reading, i, 0, 1);
	size_t skipped = json_object_size(reading->planned);

	failed |= rm_repeats_walk(&repeats, expect_turn, reading);
	reading->validation->planned =
	        json_object_size(reading->planned) - skipped - repeats.made;
	return failed ? -ENOMEM : 0;
}

/* Checks that a histogram file exists and has its recorded checksum. */
static void check_histogram(struct reading *reading, const json_t *entry)
{
	char path[RM_PATH_BYTES + 300], sum[RM_CRC32_TEXT];

	snprintf(path, sizeof(path), "%s/%.250s.hlog", reading->validation->dir,
	        json_string_value(json_object_get(entry, "histogram")));
	const char *kept =
	        json_string_value(json_object_get(entry, "hlog_crc32"));

	int failed = rm_crc32_file(path, sum);

	if (failed)
		line_problem(reading,
		        failed == -EACCES ? "Permission denied: "
		                          : "expected the histogram ",
		        path);
	else if (kept ? strcmp(kept, sum) : reading->validation->is_sealed)
		line_problem(reading, "its checksum does not match ", path);
}

static void check_histograms(struct reading *reading, const json_t *result)
{
	const json_t *list = json_object_get(result, "latency"), *entry;
	size_t i;

	json_array_foreach (list, i, entry) {
		if (json_is_string(json_object_get(entry, "histogram")))
			check_histogram(reading, entry);
	}
}

/* Checks the line's checksum. Lines of older campaigns have no checksum. */
static void check_seal(struct reading *reading, const char *text, size_t size)
{
	enum rm_seal seal = rm_line_check(text, size);

	if (seal == RM_SEAL_BROKEN ||
	        (seal == RM_SEAL_NONE && reading->validation->is_sealed))
		line_problem(reading,
		        "crc32 does not match the line: it was changed", "");
}

/* Checks that status, exit, reason and result agree. */
static void check_consistency(
        struct reading *reading, const json_t *trial, const char *cell)
{
	const char *status =
	        json_string_value(json_object_get(trial, "status"));
	const char *exit_text =
	        json_string_value(json_object_get(trial, "exit"));
	const json_t *result = json_object_get(trial, "result");
	bool is_ok = !strcmp(status, "ok"), is_void = !strcmp(status, "void");
	struct rm_error why = { 0 };

	if (rm_json_integer(trial, "format") != RM_CAMPAIGN_FORMAT)
		line_problem(reading, "format is not 1", "");
	if (!is_ok && !is_void && strcmp(status, "failed") &&
	        strcmp(status, "skipped"))
		line_problem(reading,
		        "expected status ok, void, failed or "
		        "skipped, not ",
		        status);
	if (is_ok != json_is_null(json_object_get(trial, "reason")))
		line_problem(reading,
		        "expected a reason unless the status is ok, not ",
		        status);
	/* a trial that was late because it was stopped is void, too */
	if ((is_ok && strcmp(exit_text, "0")) ||
	        ((is_ok || is_void) &&
	                json_is_object(result) == !!strcmp(exit_text, "0")))
		line_problem(reading,
		        "expected a result and exit 0 with the status ",
		        status);
	if (!strcmp(status, "skipped") && strcmp(exit_text, "not started"))
		line_problem(reading,
		        "expected exit \"not started\" of a trial that was ",
		        status);
	if (!strcmp(status, "skipped") && !json_is_null(result))
		line_problem(reading, "expected no result of a trial that was ",
		        status);
	if (!json_is_object(result))
		return;
	if (rm_answer_check(result, cell, RM_ANSWER_RECORDED, &why))
		line_problem(reading, "result: ", why.text);
	check_histograms(reading, result);
}

/* Checks that the member "disturbed" follows from the other values of the line.
   If it does not, the attempts were not chosen by the rule. */
static void check_disturbed(struct reading *reading, const json_t *trial,
        const struct rm_cell *cell)
{
	const json_t *others = json_object_get(trial, "others_share");
	const json_t *stolen = json_object_get(trial, "stolen_share");
	const struct rm_interference interference = {
		.others_share =
		        json_is_number(others) ? json_number_value(others) : -1,
		.stolen_share = json_number_value(stolen),
		.throttled_ns = json_integer_value(
		        json_object_get(trial, "throttled_ns")),
	};
	const json_t *marks = json_object_get(trial, "disturbed");
	const char *marked = json_string_value(marks);
	char text[RM_REASON_BYTES] = "";

	if (cell->repeat_most && (!others || !marks))
		line_problem(reading,
		        "expected the members others_share and disturbed, "
		        "because this campaign repeats trials",
		        "");
	rm_repeat_disturbed(
	        cell, json_object_get(trial, "result"), &interference, text);
	if (strcmp(marked ? marked : "", text))
		line_problem(reading, "disturbed: expected ",
		        text[0] ? text : "null");
}

/* Returns the number of the first line of a later turn, or the number after the
   last line. A missing line of this turn belongs before it. */
static size_t find_place(const struct reading *reading, json_int_t turn)
{
	size_t place = reading->number + 1;

	while (++turn <= reading->turns)
		if (reading->starts[turn] && reading->starts[turn] < place)
			place = reading->starts[turn];
	return place;
}

/* Checks the order of lines, since it determines which repeats the budget
   allowed. */
static void check_turn(struct reading *reading, json_int_t turn)
{
	if (turn < reading->turn) {
		line_problem(reading,
		        "out of order, expected the plan's order, with repeats "
		        "at the end of their block",
		        "");
		mark_bad(reading, find_place(reading, turn));
	}
	reading->turn = turn;
	if (!reading->starts[turn])
		reading->starts[turn] = reading->number;
}

static void report_unplanned(
        struct reading *reading, const json_t *trial, const char *key)
{
	bool first = json_integer_value(json_object_get(trial, "attempt")) <= 1;

	line_problem(reading,
	        first ? "not in the plan: "
	              : "a repeat that was not due, or exceeds the budget: ",
	        key);
}

/* True if this is the plan's seed. All lines of a campaign must use seeds of
   the same version. */
static bool has_seed(struct reading *reading, const char *cell, unsigned block,
        uint64_t seed)
{
	const uint64_t shared = rm_plan_seed(reading->plan, cell, block);
	const uint64_t own = rm_plan_layout_seed(reading->plan, cell, block);

	if (!reading->is_seeded)
		reading->by_layout = seed == own && seed != shared;
	reading->is_seeded = true;
	return seed == (reading->by_layout ? own : shared);
}

/* Checks that a line is a planned trial with the planned seed, and not a
   duplicate. */
static void check_identity(struct reading *reading, const json_t *trial)
{
	const char *cell = json_string_value(json_object_get(trial, "cell"));
	json_int_t block = json_integer_value(json_object_get(trial, "block"));
	json_int_t seed = json_integer_value(json_object_get(trial, "seed"));
	char key[RM_TRIAL_KEY_BYTES], detail[64];
	struct rm_error why = { 0 };

	if (rm_trial_key(trial, key, &why)) {
		line_problem(reading, why.text, "");
		return;
	}
	const json_t *earlier = json_object_get(reading->seen, key);

	if (earlier) {
		snprintf(detail, sizeof(detail), "%lld, expected one line",
		        (long long)json_integer_value(earlier));
		line_problem(reading, "a duplicate of line ", detail);
		return;
	}
	json_object_set_new(
	        reading->seen, key, json_integer((json_int_t)reading->number));
	const json_t *planned = json_object_get(reading->planned, key);

	if (!planned) {
		report_unplanned(reading, trial, key);
		return;
	}
	size_t number = (size_t)json_integer_value(json_array_get(planned, 0));

	check_turn(reading, json_integer_value(json_array_get(planned, 1)));
	json_object_del(reading->planned, key);
	if (rm_tally_add(&reading->tally, trial, &why))
		line_problem(reading, why.text, "");
	if (!has_seed(reading, cell, (unsigned)block, (uint64_t)seed))
		line_problem(
		        reading, "seed differs from the plan's seed for ", key);
	check_disturbed(reading, trial, &reading->plan->cells[number].cell);
}

/* Callback of the first pass, which collects the states of the lines. The
   second pass reports problems. */
static int read_state(void *context, size_t number, const char *text,
        size_t size, bool is_torn)
{
	struct reading *reading = context;
	json_t *trial = is_torn ? NULL : json_loadb(text, size, 0, NULL);
	char key[RM_TRIAL_KEY_BYTES];
	struct rm_error why = { 0 };

	(void)number;
	if (trial && !rm_trial_key(trial, key, &why) &&
	        !json_object_get(reading->states, key))
		json_object_set_new(reading->states, key,
		        json_integer((json_int_t)rm_attempt_state_of(trial)));
	json_decref(trial);
	return 0;
}

/* Callback of the second pass. Always continues, so that all problems are
   reported at once. Checks members first, since the other checks rely on
   them. */
static int check_line(void *context, size_t number, const char *text,
        size_t size, bool is_torn)
{
	struct reading *reading = context;
	json_error_t where;

	reading->number = number;
	if (is_torn) {
		rm_problem(reading->validation,
		        "%s:%zu: a torn line, expected a newline at its end; a "
		        "resume removes the line",
		        reading->path, number);
		return 0;
	}
	check_seal(reading, text, size);
	json_t *trial = json_loadb(text, size, JSON_REJECT_DUPLICATES, &where);

	if (!trial) {
		line_problem(
		        reading, "not JSON, expected one trial: ", where.text);
		return 0;
	}
	reading->validation->found++;
	if (!rm_fields_check(trial, fields, sizeof(fields) / sizeof(*fields),
	            report_field, reading)) {
		check_consistency(reading, trial,
		        json_string_value(json_object_get(trial, "cell")));
		check_identity(reading, trial);
	}
	json_decref(trial);
	return 0;
}

/* Reports a missing line. If later lines exist, it cannot be appended in its
   turn. */
static void report_missing_line(
        struct reading *reading, const char *key, json_int_t turn)
{
	size_t place = find_place(reading, turn);
	bool before = place <= reading->number;

	if (before)
		mark_bad(reading, place);
	rm_problem(reading->validation, "%s:%zu: expected a line of %s%s",
	        reading->path, place, key, before ? " before this one" : "");
}

static void report_missing(struct reading *reading)
{
	size_t count = json_object_size(reading->planned), named = 0;
	const char *key;
	json_t *planned;

	json_object_foreach (reading->planned, key, planned) {
		if (named++ == MISSING_NAMED)
			break;
		report_missing_line(reading, key,
		        json_integer_value(json_array_get(planned, 1)));
	}
	if (count > MISSING_NAMED)
		rm_problem(reading->validation,
		        "%s:%zu: expected %zu more lines of planned trials",
		        reading->path, reading->number + 1,
		        count - MISSING_NAMED);
}

/* Checks the lines against the states that read_state() collected. */
static int check_lines(struct reading *reading)
{
	struct rm_error *error = reading->error;
	bool failed = expect_planned(reading);

	reading->starts =
	        calloc((size_t)reading->turns + 1, sizeof(*reading->starts));
	if (failed || !reading->starts)
		return rm_error_set(error, -ENOMEM, "no memory");
	int result = rm_lines_read(reading->path, check_line, reading, error);

	if (!result)
		report_missing(reading);
	return result;
}

int rm_validate_trials(struct rm_validation *validation, struct rm_plan *plan,
        const struct rm_arms *arms, struct rm_error *error)
{
	char path[RM_PATH_BYTES];
	struct reading reading = { .validation = validation,
		.plan = plan,
		.arms = arms,
		.path = path,
		.planned = json_object(),
		.seen = json_object(),
		.states = json_object(),
		.error = error };
	int result = rm_path_join(path, validation->dir, "trials.jsonl", error);

	if (!result)
		result = rm_tally_start(&reading.tally, plan, arms, error);
	if (!result)
		result = rm_lines_read(path, read_state, &reading, error);
	if (!result && rm_repeats_has_waiting(plan, reading.states))
		rm_plan_run_waiting(plan, NULL, true);
	if (!result)
		result = check_lines(&reading);
	if (!result)
		validation->incomplete = rm_tally_incomplete(&reading.tally);
	free(reading.starts);
	json_decref(reading.planned);
	json_decref(reading.seen);
	json_decref(reading.states);
	rm_tally_clear(&reading.tally);
	return result;
}

int rm_validate_journal(const char *dir, struct rm_plan *plan,
        const struct rm_arms *arms, struct rm_error *error)
{
	struct rm_validation validation = { .dir = dir, .is_sealed = true };
	int result = rm_validate_trials(&validation, plan, arms, error);

	if (result || !validation.bad_line)
		return result;
	return rm_error_set(error, -EINVAL,
	        "%s/trials.jsonl:%zu: changed, or a line before it is missing: "
	        "`readmostly dev validate %s` prints what can be kept",
	        dir, validation.bad_line, dir);
}
