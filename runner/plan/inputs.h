/* SPDX-License-Identifier: Apache-2.0 */
/* inputs.h - the workloads that a command line asks for. */
#ifndef RM_INPUTS_H
#define RM_INPUTS_H

#include "runner/plan/workload.h"

struct rm_inputs {
	struct rm_workload *workloads;
	size_t workload_count;
	rm_name mode;       /* "" without a mode */
	uint64_t budget_ns; /* of the mode; 0 without one */
};

/*
 * Loads files, or a mode: a name ("quick": workloads/modes/quick.conf below
 * the current folder) or a path with a slash. Files and mode together, or
 * neither, are mistakes. `sets` are the KEY=VALUE of --set, in order; they
 * are written to. Fills *inputs; free with rm_inputs_clear(), also after an
 * error. -errno with `error`.
 */
int rm_inputs_load(char *const *files, size_t file_count, const char *mode,
        char **texts, size_t set_count, struct rm_inputs *inputs,
        struct rm_error *error);

void rm_inputs_clear(struct rm_inputs *inputs);

#endif /* RM_INPUTS_H */
