/* SPDX-License-Identifier: Apache-2.0 */
/* wishes.c - finds the workloads that were asked for. */
#include "runner/campaign/prepare.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int load_files(const struct rm_wishes *wishes, struct rm_mode *mode,
        struct rm_error *error)
{
	mode->workloads =
	        calloc(wishes->file_count + 1, sizeof(*mode->workloads));
	if (!mode->workloads)
		return rm_error_set(error, -ENOMEM, "no memory");
	for (size_t i = 0; i < wishes->file_count; i++) {
		mode->workload_count = i + 1; /* cleared even if half read */
		int result = rm_workload_load(wishes->files[i],
		        wishes->overrides, wishes->override_count,
		        &mode->workloads[i], error);

		if (result)
			return result;
	}
	return 0;
}

int rm_wishes_load(const struct rm_wishes *wishes, struct rm_mode *mode,
        struct rm_error *error)
{
	char path[RM_PATH_BYTES];

	if (!wishes->mode)
		return load_files(wishes, mode, error);
	if (strchr(wishes->mode, '/'))
		snprintf(path, sizeof(path), "%s", wishes->mode);
	else
		snprintf(path, sizeof(path), "workloads/modes/%s.conf",
		        wishes->mode);
	return rm_mode_load(
	        path, wishes->overrides, wishes->override_count, mode, error);
}

static bool only_simulated(const struct rm_workload *workload)
{
	for (unsigned i = 0; i < workload->count[RM_KEY_MEASURE]; i++)
		if (workload->measures[i].measure != RM_MEASURE_SIMULATED)
			return false;
	return true;
}

void rm_wishes_drop_simulated(struct rm_mode *mode)
{
	size_t kept = 0;

	for (size_t i = 0; i < mode->workload_count; i++)
		if (only_simulated(&mode->workloads[i]))
			rm_workload_clear(&mode->workloads[i]);
		else
			mode->workloads[kept++] = mode->workloads[i];
	mode->workload_count = kept;
}
