/* SPDX-License-Identifier: Apache-2.0 */
/* inputs.c - the workloads that a command line asks for. */
#include "runner/plan/internal.h"

#include <errno.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MODES "workloads/modes/"

/* The --set options, split; `wheres` backs overrides[].where. */
struct sets {
	struct rm_override *overrides;
	char (*wheres)[RM_WHERE_BYTES];
	size_t count;
};

static int split_sets(
        char **texts, size_t count, struct sets *sets, struct rm_error *error)
{
	sets->overrides = calloc(count + 1, sizeof(*sets->overrides));
	sets->wheres = calloc(count + 1, sizeof(*sets->wheres));
	if (!sets->overrides || !sets->wheres)
		return rm_error_set(error, -ENOMEM, "out of memory");
	for (size_t i = 0; i < count; i++) {
		int failed = rm_override_split(
		        texts[i], sets->wheres[i], &sets->overrides[i], error);

		if (failed)
			return failed;
	}
	sets->count = count;
	return 0;
}

/* Which modes there are, in place of one that has no file: a name mistyped. */
static int no_mode(const char *file, struct rm_error *error)
{
	char names[320] =
	        "the folder " MODES
	        ", in which none is: run this in the folder of the sources";
	size_t used = 0;
	glob_t found;

	if (!glob(MODES "*.conf", 0, NULL, &found)) {
		for (size_t i = 0; i < found.gl_pathc && used < sizeof(names);
		        i++) {
			const char *name = found.gl_pathv[i] + strlen(MODES);

			used += (size_t)snprintf(names + used,
			        sizeof(names) - used, "%s%.*s",
			        i ? ", " : "one of ",
			        (int)(strlen(name) - strlen(".conf")), name);
		}
		globfree(&found);
	}
	return rm_error_set(error, -ENOENT, "%.120s: %s, expected %s", file,
	        strerror(ENOENT), names);
}

static int read_mode_of(const struct rm_sources *sources,
        struct rm_inputs *inputs, struct rm_error *error)
{
	const bool is_path = strchr(sources->mode, '/');
	char file[PATH_MAX];
	int failed;

	snprintf(file, sizeof(file), is_path ? "%s" : MODES "%s.conf",
	        sources->mode);
	if (!is_path && access(file, F_OK) && errno == ENOENT)
		return no_mode(file, error);
	failed = rm_mode_load(file, sources->overrides, sources->override_count,
	        inputs, error);
	return failed ? failed
	              : rm_mode_fit_touched(inputs, sources->touched, error);
}

int rm_inputs_read(const struct rm_sources *sources, struct rm_inputs *inputs,
        struct rm_error *error)
{
	int failed = 0;

	*inputs = (struct rm_inputs){ 0 };
	if (sources->mode)
		return read_mode_of(sources, inputs, error);
	inputs->workloads =
	        calloc(sources->file_count + 1, sizeof(*inputs->workloads));
	if (!inputs->workloads)
		return rm_error_set(error, -ENOMEM, "out of memory");
	for (size_t i = 0; i < sources->file_count && !failed; i++) {
		inputs->workload_count++; /* cleared even if half read */
		failed = rm_workload_load(sources->files[i], sources->overrides,
		        sources->override_count, &inputs->workloads[i], error);
	}
	return failed;
}

int rm_inputs_load(char *const *files, size_t file_count, const char *mode,
        char **texts, size_t set_count, struct rm_inputs *inputs,
        struct rm_error *error)
{
	struct sets sets = { 0 };
	int failed = 0;

	*inputs = (struct rm_inputs){ 0 };
	if ((file_count > 0) == (mode != NULL))
		return rm_error_set(error, -EINVAL,
		        "%s, expected workload files or --mode NAME",
		        mode ? "files and --mode" : "nothing to do");
	failed = split_sets(texts, set_count, &sets, error);
	if (!failed)
		failed = rm_inputs_read(
		        &(struct rm_sources){ files, file_count, mode, NULL,
		                sets.overrides, sets.count },
		        inputs, error);
	free(sets.overrides);
	free(sets.wheres);
	return failed;
}

void rm_inputs_clear(struct rm_inputs *inputs)
{
	for (size_t i = 0; i < inputs->workload_count; i++)
		rm_workload_clear(&inputs->workloads[i]);
	free(inputs->workloads);
	*inputs = (struct rm_inputs){ 0 };
}
