/* SPDX-License-Identifier: Apache-2.0 */
/* validate.c - checks campaign.json: members, hashes, references. */
#include "runner/campaign/internal.h"

#include "runner/base/file.h"
#include "runner/base/json.h"
#include "runner/machine/machine.h"
#include "runner/protocol/protocol.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* All members, from results/README.md. The machine's facts are in
   rm_machine_fact_name(). */
static const struct rm_field fields[] = {
	{ "format", "i" },
	{ "protocol", "i" },
	{ "name", "S" },
	{ "mode", "S0" },
	{ "maps_wish", "s0" },
	{ "created_utc", "S" },
	{ "machine", "o" },
	{ "machine.id", "S" },
	{ "machine.topology", "S" },
	{ "machine.this_machine", "b" },
	{ "machine.cpus", "i" },
	{ "machine.cores", "i" },
	{ "machine.sockets", "i" },
	{ "machine.nodes", "i" },
	{ "machine.kinds", "i" },
	{ "machine.l1d_bytes", "i" },
	{ "machine.l2_bytes", "i" },
	{ "machine.l3_bytes", "i" },
	{ "machine.note", "S0" },
	{ "machine.facts", "o" },
	{ "build", "o" },
	{ "build.commit", "S0" },
	{ "build.dirty", "b0" },
	{ "build.compiler", "S" },
	{ "build.compiler_version", "S" },
	{ "build.flags", "S" },
	{ "build.libc", "S" },
	{ "build.allocator", "S" },
	{ "build.binary_sha256", "S0" },
	{ "build.build_id", "S0" },
	{ "build.libraries", "S" },
	{ "seed", "i" },
	{ "plan_sha256", "S" },
	{ "topology_sha256", "S" },
	{ "sha256", "S" },
	{ "line_checksum", "-S" },
	{ "workloads", "a" },
	{ "workloads[]", "o" },
	{ "workloads[].name", "S" },
	{ "workloads[].file", "S" },
	{ "workloads[].sha256", "S" },
	{ "workloads[].text", "S" },
	{ "counters", "o" },
	{ "counters.backend", "S" },
	{ "counters.reason", "S0" },
	{ "counters.wish", "S" },
	{ "counters.events", "a" },
	{ "maps", "a" },
	{ "maps[]", "o" },
	{ "maps[].id", "S" },
	{ "maps[].label", "S" },
	{ "maps[].family", "S" },
	{ "maps[].sync", "S" },
	{ "maps[].source", "S" },
	{ "maps[].system", "s" },
	{ "maps[].guarantees", "S" },
	{ "maps[].progress", "S" },
	{ "maps[].dispatch", "S" },
	{ "maps[].caps", "a" },
	{ "maps[].caps[]", "S" },
	{ "maps[].shapes", "a" },
	{ "maps[].shapes[]", "S" },
	{ "skipped_maps", "a" },
	{ "skipped_maps[].id", "S" },
	{ "skipped_maps[].needs", "S" },
	{ "skipped_maps[].remedy", "-S" },
	{ "busy", "-o0" },
	{ "busy.text", "-S" },
	{ "busy.pressure_percent", "-n0" },
	{ "busy.load", "-n0" },
	{ "cells_from", "-o0" },
	{ "cells_from.file", "-S" },
	{ "cells_from.ids", "-i" },
	{ "cells_from.sha256", "-S" },
	{ "arms", "a" },
	{ "arms[]", "o" },
	{ "arms[].name", "S" },
	{ "arms[].workload", "S0" },
	{ "arms[].program", "S0" },
	{ "arms[].sha256", "S0" },
	{ "arms[].programs", "-o" },
	{ "arms[].control_extra", "n" },
	{ "arms[].flavour", "-S" },
	{ "cells", "a" },
	{ "cells[]", "o" },
	{ "cells[].id", "S" },
	{ "cells[].blocks", "i" },
	{ "cells[].base", "s" },
	{ "cells[].skip", "S0" },
	{ "cells[].estimate_ns", "i" },
	{ "cells[].memory_bytes", "i" },
	{ "cells[].control", "-b" },
	{ "cells[].repeat", "-o" },
	{ "cells[].repeat.wait_share", "-n" },
	{ "cells[].repeat.most", "-i" },
	{ "same", "a" },
	{ "same[].id", "S" },
	{ "same[].as", "S" },
	{ "order", "a" },
	{ "order[]", "a" },
	{ "estimate_ns", "i" },
	{ "memory_bytes", "i" },
};

static const struct rm_field fact[] = { { "status", "S" }, { "text", "s0" } };

/* The file being checked. */
struct look {
	struct rm_validation *validation;
	const char *text;   /* text of campaign.json */
	const char *prefix; /* start of a field's path: "machine.x." */
};

static void problem_at(
        const struct look *look, const char *where, const char *what)
{
	rm_problem(look->validation, "%s/campaign.json:%zu: %s %s",
	        look->validation->dir, rm_json_line(look->text, where), where,
	        what);
}

static void report_field(void *context, const char *where, const char *what)
{
	const struct look *look = context;
	char path[2 * RM_FIELD_PATH_BYTES];

	snprintf(path, sizeof(path), "%s%s", look->prefix, where);
	problem_at(look, path, what);
}

/* Checks that all facts of runner/machine exist, and the members of each fact.
   A fact may be missing because it was removed from the file, or because an
   older version wrote the file. */
static void check_facts(const json_t *json, struct look *look)
{
	const json_t *facts =
	        json_object_get(json_object_get(json, "machine"), "facts");
	const char *name;
	const json_t *value;
	char path[RM_FIELD_PATH_BYTES];

	for (size_t i = 0; (name = rm_machine_fact_name(i)); i++) {
		snprintf(path, sizeof(path), "machine.facts.%s", name);
		if (!json_object_get(facts, name))
			problem_at(look, path, "is missing, expected a fact");
	}
	json_object_foreach ((json_t *)facts, name, value) {
		snprintf(path, sizeof(path), "machine.facts.%s.", name);
		look->prefix = path;
		rm_fields_check(value, fact, 2, report_field, look);
		look->prefix = "";
	}
}

static void check_hash(const struct look *look, const json_t *json,
        const char *name, const char *computed)
{
	const char *recorded = json_string_value(json_object_get(json, name));
	char what[256];

	if (!recorded || !strcmp(recorded, computed))
		return; /* a missing hash is reported as a missing field */
	snprintf(what, sizeof(what),
	        "is %.64s, expected %s: a part that it covers was changed",
	        recorded, computed);
	problem_at(look, name, what);
}

/* Compares the hashes. The hash of the whole file detects a change, and the
   hashes of its parts locate it. */
static int check_hashes(
        const struct look *look, const json_t *json, struct rm_error *error)
{
	char hash[RM_SHA256_TEXT], path[RM_PATH_BYTES];
	const json_t *list = json_object_get(json, "workloads");
	const json_t *workload;
	size_t i;

	if (!rm_campaign_hash(json, hash))
		check_hash(look, json, "sha256", hash);
	if (!rm_plan_hash(json, hash))
		check_hash(look, json, "plan_sha256", hash);
	json_array_foreach (list, i, workload) {
		const char *text =
		        json_string_value(json_object_get(workload, "text"));
		const char *recorded =
		        json_string_value(json_object_get(workload, "sha256"));

		if (!text || !recorded)
			continue;
		rm_sha256(text, strlen(text), hash);
		snprintf(path, sizeof(path), "workloads[%zu].sha256", i);
		if (strcmp(recorded, hash))
			problem_at(look, path, "does not match its text");
	}
	int result = rm_path_join(
	        path, look->validation->dir, "topology.xml", error);

	if (result)
		return result;
	if (!rm_sha256_file(path, hash, error))
		check_hash(look, json, "topology_sha256", hash);
	else
		rm_problem(look->validation, "%s", error->text);
	return 0;
}

static void read_plan(const struct look *look, const json_t *json,
        struct rm_plan *plan, struct rm_arms *arms)
{
	struct rm_error why = { 0 };

	if (rm_arms_from_json(json, arms, &why))
		problem_at(look, "arms", why.text);

	if (rm_plan_from_json(json, plan, &why)) {
		problem_at(look, "cells", why.text);
		rm_plan_free(plan);
		return;
	}
	look->validation->cells = plan->cell_count;
	if (!plan->cell_count)
		problem_at(look, "cells", "is empty, expected a plan");
}

/* Reads a whole file. Returns NULL with `error` if that fails. */
static char *read_file(const char *path, size_t *length, struct rm_error *error)
{
	FILE *file = rm_file_open(path);
	char *text = NULL;
	int failed =
	        file ? rm_file_read(file, SIZE_MAX, &text, length) : -errno;

	if (failed)
		rm_error_set(error, failed, "%s: cannot be read: %s", path,
		        rm_file_reason(failed));
	if (file)
		fclose(file);
	return text;
}

int rm_validate_campaign(struct rm_validation *validation, struct rm_plan *plan,
        struct rm_arms *arms, struct rm_error *error)
{
	char path[RM_PATH_BYTES];
	json_error_t where;
	int result = rm_folder_check_campaign(validation->dir, error);

	if (!result)
		result = rm_path_join(
		        path, validation->dir, "campaign.json", error);
	if (result)
		return result;
	size_t length = 0;
	struct look look = { validation, read_file(path, &length, error), "" };

	if (!look.text)
		return -ENOENT;
	/* Parsed by length, so that text after a NUL is parsed, too. */
	json_t *json =
	        json_loadb(look.text, length, JSON_REJECT_DUPLICATES, &where);
	struct rm_error old = { "" };

	if (json && rm_protocol_check(json, path, &old)) {
		rm_problem(validation, "%s", old.text);
		result = 1;
	} else if (json) {
		rm_fields_check(json, fields, sizeof(fields) / sizeof(*fields),
		        report_field, &look);
		if (rm_json_integer(json, "format") != RM_CAMPAIGN_FORMAT)
			problem_at(&look, "format", "is not 1");
		check_facts(json, &look);
		read_plan(&look, json, plan, arms);
		validation->is_sealed = json_object_get(json, "line_checksum");
		result = check_hashes(&look, json, error);
	} else {
		rm_problem(validation, "%s:%d: %s, expected one JSON object",
		        path, where.line, where.text);
		result = 1; /* without a plan, every line would be a problem */
	}
	json_decref(json);
	free((char *)look.text);
	return result;
}

int rm_validate(struct rm_validation *validation, struct rm_error *error)
{
	struct rm_plan plan = { 0 };
	struct rm_arms arms = { 0 };
	int result = rm_validate_campaign(validation, &plan, &arms, error);

	validation->plan_failed = validation->problems;
	if (!result)
		result = rm_validate_trials(validation, &plan, &arms, error);
	rm_arms_clear(&arms);
	rm_plan_free(&plan);
	return result > 0 ? 0 : result; /* > 0: campaign.json has no plan of
	                                   this version */
}
