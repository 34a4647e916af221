/* SPDX-License-Identifier: Apache-2.0 */
/* counters.c - `readmostly counters`: what can be counted here, with proof. */
#include "runner/base/error.h"
#include "runner/cli/cli.h"
#include "runner/counters/attempt.h"
#include "runner/counters/host.h"

#include <argp.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct options {
	bool json;
	const char *metrics; /* NULL = the usual ones */
	const char *record;  /* file, or NULL */
};

enum { BACKENDS = 2 };
static const char *const backends[BACKENDS] = { "likwid", "perf" };

static error_t take_option(int key, char *value, struct argp_state *state)
{
	struct options *options = state->input;

	switch (key) {
	case 'j':
		options->json = true;
		return 0;
	case 'm':
		options->metrics = value;
		return 0;
	case 'r':
		options->record = value;
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "unexpected argument \"%s\"", value);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_option known[] = {
	{ "json", 'j', NULL, 0, "one JSON object on standard output", 0 },
	{ "metrics", 'm', "LIST", 0,
	        "metrics of events.tsv to try, e.g. cycles,l1d_fill "
	        "(default: the usual ones)",
	        0 },
	{ "record", 'r', "FILE", 0,
	        "write down the counts of the known kernels, for replay:FILE",
	        0 },
	{ 0 },
};

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

/* One line of the proof: "  l1d_fill  four  1.02  0.6..2.5  proved". */
static void print_verdict(const json_t *line)
{
	const json_t *expected = json_object_get(line, "expected");
	const json_t *per_step = json_object_get(line, "per_step");
	char bounds[48] = "-", value[24] = "-";

	if (json_is_array(expected))
		snprintf(bounds, sizeof(bounds), "%g..%g",
		        json_number_value(json_array_get(expected, 0)),
		        json_number_value(json_array_get(expected, 1)));
	if (json_is_number(per_step))
		snprintf(value, sizeof(value), "%.3g",
		        json_number_value(per_step));
	printf("    %-16s %-7s %9s  %-10s %-11s %s\n", text_of(line, "metric"),
	        text_of(line, "kernel")[0] ? text_of(line, "kernel") : "-",
	        value, bounds, text_of(line, "verdict"),
	        text_of(line, "reason"));
}

static void print_attempt(const json_t *attempt)
{
	const json_t *verdicts = json_object_get(attempt, "verdicts");
	json_t *line;
	size_t i;

	printf("  %-8s %s\n", text_of(attempt, "backend"),
	        strcmp(text_of(attempt, "status"), "proved")
	                ? "does not work here"
	                : "works: proved on known kernels");
	if (text_of(attempt, "reason")[0])
		printf("    why:     %s\n", text_of(attempt, "reason"));
	if (text_of(attempt, "remedy")[0])
		printf("    remedy:  %s\n", text_of(attempt, "remedy"));
	if (json_array_size(verdicts))
		printf("    %-16s %-7s %9s  %-10s %s\n", "metric", "kernel",
		        "per step", "expected", "verdict");
	json_array_foreach (verdicts, i, line) {
		print_verdict(line);
	}
	if (strcmp(text_of(attempt, "status"), "proved"))
		return; /* one reason is enough */
	json_array_foreach (json_object_get(attempt, "missing"), i, line) {
		printf("    not counted: %s: %s\n", text_of(line, "metric"),
		        text_of(line, "reason"));
	}
}

static void print_table(const json_t *survey)
{
	json_t *attempt;
	size_t i;

	printf("counters on this machine (CPU: %s)\n",
	        text_of(survey, "cpu")[0] ? text_of(survey, "cpu")
	                                  : "not recognised");
	if (text_of(survey, "faked_root")[0])
		printf("  RM_SYSFS is set: facts come from %s\n",
		        text_of(survey, "faked_root"));
	json_array_foreach (json_object_get(survey, "backends"), i, attempt) {
		print_attempt(attempt);
	}
	printf("auto takes: %s\n", text_of(survey, "auto"));
}

/* Tries one back end; it joins the survey, whether it works or not. */
static int survey_one(const char *backend, const struct options *options,
        struct rm_prove *prove, json_t *survey, struct rm_error *error)
{
	struct rm_attempt attempt;
	int code = rm_attempt_make(
	        backend, options->metrics, prove, &attempt, error);

	if (!code) {
		json_t *made = rm_attempt_json(&attempt);

		json_object_set_new(made, "missing",
		        attempt.missing ? json_incref(attempt.missing)
		                        : json_array());
		json_array_append_new(
		        json_object_get(survey, "backends"), made);
		if (attempt.cpu[0])
			json_object_set_new(
			        survey, "cpu", json_string(attempt.cpu));
		if (attempt.proved && !strcmp(text_of(survey, "auto"), "none"))
			json_object_set_new(
			        survey, "auto", json_string(backend));
	}
	rm_attempt_free(&attempt);
	return code;
}

static int survey_all(
        const struct options *options, json_t *survey, struct rm_error *error)
{
	struct rm_prove prove = { .recording = NULL };
	int code = 0;

	if (options->record) {
		prove.recording = fopen(options->record, "we");
		if (!prove.recording)
			return rm_error_set(error, -errno, "%s: %s",
			        options->record, strerror(errno));
	}
	for (int i = 0; i < BACKENDS && !code; i++)
		code = survey_one(backends[i], options, &prove, survey, error);
	if (prove.recording && fclose(prove.recording) && !code)
		code = rm_error_set(
		        error, -EIO, "%s: cannot write", options->record);
	if (!code && options->record && !prove.intervals) {
		remove(options->record);
		fprintf(stderr,
		        "readmostly: nothing counts here: %s not written\n",
		        options->record);
	}
	return code;
}

int rm_cli_counters(int argc, char **argv)
{
	struct argp argp = { known, take_option, NULL,
		"Says which counter back ends work here, proved by counting "
		"small programs whose cache misses are known; and why the "
		"rest does not, and what would help.",
		NULL, NULL, NULL };
	struct options options = { .json = false };
	struct rm_error error = { "" };
	json_t *survey;

	argp_err_exit_status = RM_USAGE;
	argp_parse(&argp, argc, argv, 0, NULL, &options);
	survey = json_pack(
	        "{s:n, s:s, s:[]}", "cpu", "auto", "none", "backends");
	if (rm_host_root()[0])
		json_object_set_new(
		        survey, "faked_root", json_string(rm_host_root()));
	int code = survey_all(&options, survey, &error);
	if (code) {
		fprintf(stderr, "readmostly counters: %s\n", error.text);
	} else if (options.json) {
		json_dumpf(survey, stdout, JSON_INDENT(1));
		putchar('\n');
	} else {
		print_table(survey);
	}
	json_decref(survey);
	return code == -EINVAL ? RM_USAGE : code ? RM_FAILED : RM_OK;
}
