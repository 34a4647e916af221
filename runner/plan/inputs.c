/* SPDX-License-Identifier: Apache-2.0 */
/* inputs.c - see inputs.h. */
#include "runner/plan/inputs.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

static int load_mode(const char *mode, const struct sets *sets,
        struct rm_inputs *inputs, struct rm_error *error)
{
	struct rm_mode loaded = { 0 };
	char file[PATH_MAX];
	int failed;

	snprintf(file, sizeof(file),
	        strchr(mode, '/') ? "%s" : "workloads/modes/%s.conf", mode);
	failed = rm_mode_load(
	        file, sets->overrides, sets->count, &loaded, error);
	/* the workloads change owner, also half loaded ones */
	inputs->workloads = loaded.workloads;
	inputs->workload_count = loaded.workload_count;
	inputs->budget_ns = loaded.budget_ns;
	memcpy(inputs->mode, loaded.name, sizeof(inputs->mode));
	return failed;
}

static int load_files(char *const *files, size_t count, const struct sets *sets,
        struct rm_inputs *inputs, struct rm_error *error)
{
	int failed = 0;

	inputs->workloads = calloc(count, sizeof(*inputs->workloads));
	if (!inputs->workloads)
		return rm_error_set(error, -ENOMEM, "out of memory");
	for (size_t i = 0; i < count && !failed; i++) {
		inputs->workload_count++;
		failed = rm_workload_load(files[i], sets->overrides,
		        sets->count, &inputs->workloads[i], error);
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
	if (!failed && mode)
		failed = load_mode(mode, &sets, inputs, error);
	else if (!failed)
		failed = load_files(files, file_count, &sets, inputs, error);
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
