/* SPDX-License-Identifier: Apache-2.0 */
/*
 * prepare.h - from what a person wished to a folder with its campaign.json, a
 * plan and a journal: a new campaign, or one that is resumed.
 */
#ifndef RM_PREPARE_H
#define RM_PREPARE_H

#include "runner/base/error.h"
#include "runner/campaign/files.h"
#include "runner/campaign/journal.h"
#include "runner/campaign/tally.h"
#include "runner/counters/select.h"
#include "runner/plan/plan.h"
#include "runner/plan/topology.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What was asked for; nothing is owned. */
struct rm_wishes {
	const char *dir;    /* -o; NULL: a new folder below results/ */
	bool resume;        /* go on with what is in `dir` */
	const char *mode;   /* a name below workloads/modes or a file; NULL */
	char *const *files; /* workloads, where there is no mode */
	size_t file_count;
	const char *maps;     /* NULL: no filter */
	const char *counters; /* NULL: "auto", or as recorded */
	const uint64_t *seed; /* NULL: random, or as recorded */
	const struct rm_override *overrides;
	size_t override_count;
};

/* Zero it before; free with rm_prepared_clear(), also after an error. */
struct rm_prepared {
	char dir[RM_PATH_BYTES];
	bool resumed;
	json_t *campaign; /* campaign.json */
	json_t *counters; /* chosen, of this process */
	struct rm_counters_choice *choice;
	json_t *machine, *build;
	struct rm_topology topology;
	bool has_topology;
	struct rm_mode mode; /* workloads, from a mode or from files */
	struct rm_plan plan;
	struct rm_tally tally;
	struct rm_journal *journal;
	size_t torn_bytes; /* cut off the journal */
};

/*
 * Returns 0; -errno with `error`. -EINVAL, -ENOENT, -EBUSY, -EEXIST, -ENOTSUP
 * and -ENOSYS: the wishes, the files or this machine; others: the system
 * (full disk, no memory). After an error nothing is left that a later run
 * would trust. Main thread.
 */
int rm_prepare(const struct rm_wishes *wishes, struct rm_prepared *prepared,
        struct rm_error *error);

/*
 * Reads the workloads of a mode or of files into a zeroed *mode (its name is
 * "" for files). Free with rm_mode_clear(), also after an error.
 */
int rm_wishes_load(const struct rm_wishes *wishes, struct rm_mode *mode,
        struct rm_error *error);

/*
 * A mode's simulated workloads stand in for counters: where this machine can
 * count, they are not run unless they were asked for. Removes those that only
 * simulate.
 */
void rm_wishes_drop_simulated(struct rm_mode *mode);

void rm_prepared_clear(struct rm_prepared *prepared);

#endif /* RM_PREPARE_H */
