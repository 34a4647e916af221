/* SPDX-License-Identifier: Apache-2.0 */
/* counters.c - `readmostly env counters`: tests which hardware counters work on
   this machine. */
#include "runner/counters/counters.h"
#include "runner/base/error.h"
#include "runner/base/file.h"
#include "runner/base/json.h"
#include "runner/cli/cli.h"
#include "runner/cli/command.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct options {
	bool json;
	const char *metrics; /* NULL: the default metrics */
	const char *record;  /* file, or NULL */
};

/* Parses an option. Does not check names of metrics, since only the survey
   reads events.tsv. If the survey returns -EINVAL, the command returns
   RM_USAGE. */
static error_t parse(int key, char *value, struct argp_state *state)
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

static const struct argp_option option_table[] = {
	{ "json", 'j', NULL, 0, "one JSON object on standard output", 0 },
	{ "metrics", 'm', "LIST", 0,
	        "metrics of events.tsv to try, e.g. cycles,l1d_fill "
	        "(default: the common ones)",
	        0 },
	{ "record", 'r', "FILE", 0,
	        "record the counts of the test kernels for --counters "
	        "replay:FILE",
	        0 },
	{ 0 },
};

/* Prints the result of one kernel, for example "  l1d_fill  four  1.02
   0.6..2.5  proved". */
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
	printf("    %-16s %-7s %9s  %-10s %-11s %s\n",
	        rm_json_text(line, "metric"),
	        rm_json_text(line, "kernel")[0] ? rm_json_text(line, "kernel")
	                                        : "-",
	        value, bounds, rm_json_text(line, "verdict"),
	        rm_json_text(line, "reason"));
}

static void print_attempt(const json_t *attempt)
{
	const json_t *verdicts = json_object_get(attempt, "verdicts");
	json_t *line;
	size_t i;

	bool works = !strcmp(rm_json_text(attempt, "status"), "proved");

	printf("  %-8s %s\n", rm_json_text(attempt, "backend"),
	        works ? "works: checked on loops with known counts"
	              : "does not work here");
	if (works)
		printf("    access:  %s\n", rm_json_text(attempt, "access"));
	if (rm_json_text(attempt, "reason")[0])
		printf("    why:     %s\n", rm_json_text(attempt, "reason"));
	if (rm_json_text(attempt, "remedy")[0])
		printf("    remedy:  %s\n", rm_json_text(attempt, "remedy"));
	if (rm_json_text(attempt, "note")[0])
		printf("    note:    %s\n", rm_json_text(attempt, "note"));
	if (json_array_size(verdicts))
		printf("    %-16s %-7s %9s  %-10s %s\n", "metric", "kernel",
		        "per step", "expected", "verdict");
	json_array_foreach (verdicts, i, line) {
		print_verdict(line);
	}
	if (!works)
		return; /* the reason above applies to every metric */
	json_array_foreach (json_object_get(attempt, "missing"), i, line) {
		printf("    not counted: %s: %s\n",
		        rm_json_text(line, "metric"),
		        rm_json_text(line, "reason"));
	}
}

static void print_table(const json_t *survey)
{
	json_t *attempt;
	size_t i;

	printf("counters on this machine (CPU: %s)\n",
	        rm_json_text(survey, "cpu")[0] ? rm_json_text(survey, "cpu")
	                                       : "not recognised");
	if (rm_json_text(survey, "faked_root")[0])
		printf("  RM_SYSFS is set: the machine is read from %s\n",
		        rm_json_text(survey, "faked_root"));
	json_array_foreach (json_object_get(survey, "backends"), i, attempt) {
		print_attempt(attempt);
	}
	printf("auto uses: %s\n", rm_json_text(survey, "auto"));
}

/* Runs the survey. *text receives the recording; free it. It is NULL if no
   recording was requested, or if no counter works. */
static int survey_all(const struct options *options,
        const struct rm_topology *topology, json_t **survey, char **text,
        struct rm_error *error)
{
	FILE *recording = NULL;
	unsigned recorded = 0;
	size_t length;

	if (options->record) {
		recording = open_memstream(text, &length);
		if (!recording)
			return rm_error_set(error, -errno, "%s: %s",
			        options->record, strerror(errno));
	}
	int code = rm_counters_survey(options->metrics, topology, recording,
	        &recorded, survey, error);
	if (recording && fclose(recording) && !code)
		code = rm_error_set(
		        error, -ENOMEM, "%s: cannot write", options->record);
	if (code || !recorded) {
		free(*text);
		*text = NULL;
	}
	return code;
}

/* Writes the recording to a file. A recording without counts leaves an existing
   file unchanged, since its replay would look like a machine without
   counters. */
static int write_recording(const char *file, const char *text)
{
	if (!text) {
		fprintf(stderr,
		        "readmostly env counters: %s: not written, as no "
		        "counter works here: the list names the remedies\n",
		        file);
		return RM_INCOMPLETE;
	}
	FILE *out = fopen(file, "we");
	int failed = out && fputs(text, out) >= 0 ? 0 : -errno;

	if (out && fclose(out) && !failed)
		failed = -errno;
	if (failed)
		fprintf(stderr, "readmostly env counters: --record %s: %s\n",
		        file, rm_write_reason(failed));
	return failed ? RM_INCOMPLETE : RM_OK;
}

int rm_cli_counters(int argc, char **argv)
{
	struct argp argp = { option_table, parse, NULL,
		"Tests which counter back ends work here, by counting small "
		"programs whose cache misses are known. If one does not work, "
		"prints the reason and a remedy.",
		NULL, NULL, NULL };
	struct options options = { .json = false };
	struct rm_topology topology = { 0 };
	struct rm_error error = { "" };
	json_t *survey = NULL;
	char *text = NULL;
	int written = RM_OK;

	rm_argument_parse(&argp, argc, argv, &options);
	int code = rm_topology_load(NULL, &topology, &error);

	if (!code)
		code = survey_all(&options, &topology, &survey, &text, &error);
	if (code) {
		rm_print_error("env counters", &error, code);
	} else if (options.json) {
		rm_print_json(survey, JSON_INDENT(1));
	} else {
		print_table(survey);
	}
	if (!code && options.record)
		written = write_recording(options.record, text);
	free(text);
	json_decref(survey);
	rm_topology_free(&topology);
	return code == -EINVAL ? RM_USAGE : code ? RM_FAILED : written;
}
