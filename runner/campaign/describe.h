/* SPDX-License-Identifier: Apache-2.0 */
/*
 * describe.h - campaign.json: all that is needed to audit, repeat or resume a
 * campaign (results/README.md).
 */
#ifndef RM_DESCRIBE_H
#define RM_DESCRIBE_H

#include "runner/base/error.h"
#include "runner/base/sha256.h"
#include "runner/plan/plan.h"

#include <jansson.h>

/* What campaign.json is made from; nothing is owned. */
struct rm_description {
	const char *name; /* of the folder */
	const char *mode; /* NULL: workload files */
	const char *maps; /* --maps; NULL: none */
	const char *wish; /* --counters */
	const json_t *machine;
	const json_t *build;
	const json_t *counters; /* of rm_counters_select() */
	const struct rm_workload *workloads;
	size_t workload_count;
	const struct rm_plan *plan;
	const char *topology_xml; /* the text of topology.xml */
};

/* The object; new reference. NULL: no memory. */
json_t *rm_describe(const struct rm_description *description);

/* Hash of "seed", "cells" and "order" of a campaign.json. -ENOMEM. */
int rm_plan_hash(const json_t *campaign, char text[RM_SHA256_TEXT]);

/* Hash of all members of a campaign.json but "sha256", which holds it.
   -ENOMEM. */
int rm_campaign_hash(const json_t *campaign, char text[RM_SHA256_TEXT]);

/*
 * Whether a resume would continue the same campaign. `recorded` is the old
 * campaign.json. Of `now` are compared: build, machine, and, where they are
 * given, workloads (count not 0), mode, maps and wish (not NULL). `seed`: what
 * was asked for, or NULL.
 * Returns 0, or -EINVAL with `error`: what is another now, and what to do.
 */
int rm_describe_compare(const json_t *recorded,
        const struct rm_description *now, const uint64_t *seed,
        struct rm_error *error);

/* A map as campaign.json lists it. New reference. */
json_t *rm_describe_map(const struct rm_impl *impl);

#endif /* RM_DESCRIBE_H */
