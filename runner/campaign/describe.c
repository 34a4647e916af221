/* SPDX-License-Identifier: Apache-2.0 */
/* describe.c - builds campaign.json and compares it with a resume's options. */
#include "runner/campaign/internal.h"

#include "runner/base/json.h"

#include <errno.h>
#include <gnu/libc-version.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Returns the lines of a map's fact sheet, the version of its library, and how
   this version was found. */
static json_t *pack_facts(const struct rm_map_info *info)
{
	const struct rm_facts *sheet = rm_facts_find(info->id);
	char version[128];
	struct rm_facts_line fact;
	const char *at = sheet->text;
	const char *version_source =
	        rm_facts_version(sheet, info, version, sizeof(version));
	json_t *facts = json_pack("{s:s, s:s}", "version", version,
	        "version-told-by", version_source);

	while (facts && rm_facts_read_line(&at, &fact)) {
		char name[32];

		snprintf(name, sizeof(name), "%.*s", (int)fact.name_length,
		        fact.name);
		json_object_set_new(
		        facts, name, json_stringn(fact.text, fact.text_length));
	}
	return facts;
}

json_t *rm_describe_map(const struct rm_map_info *info)
{
	static const char *const members[] = { "id", "label", "family", "sync",
		"duty", "source", "system", "guarantees", "progress",
		"dispatch", "code", "caps", "shapes", "misuse", "program",
		"language_version" };
	json_t *map = json_object();

	for (size_t i = 0; i < sizeof(members) / sizeof(*members); i++) {
		json_t *value = json_object_get(info->json, members[i]);

		if (value && !json_is_null(value))
			json_object_set(map, members[i], value);
	}
	if (info->value_most)
		json_object_set_new(map, "values",
		        json_pack("{s:i, s:O}", "most_bytes",
		                (int)info->value_most, "place",
		                json_object_get(info->json, "value_place")));
	if (rm_facts_find(info->id))
		json_object_set_new(map, "facts", pack_facts(info));
	return map;
}

static json_t *pack_maps(const struct rm_catalog *catalog)
{
	json_t *all = json_array();

	for (size_t i = 0; i < catalog->count; i++)
		json_array_append_new(all, rm_describe_map(&catalog->maps[i]));
	return all;
}

static json_t *pack_skipped_maps(const struct rm_catalog *catalog)
{
	json_t *all = json_array();

	for (size_t i = 0; i < catalog->name_count; i++)
		if (catalog->names[i].missing)
			json_array_append_new(
			        all, json_pack("{s:s, s:s, s:s}", "id",
			                     catalog->names[i].id, "needs",
			                     catalog->names[i].needs, "remedy",
			                     catalog->names[i].remedy));
	return all;
}

/* Lists the maps that are not built although their libraries are present, and
   that the plan does not need. */
static json_t *pack_unbuilt_maps(const struct rm_catalog *catalog)
{
	json_t *all = json_array();

	for (size_t i = 0; i < catalog->name_count; i++)
		if (!catalog->names[i].missing &&
		        !rm_catalog_find(catalog, catalog->names[i].id))
			json_array_append_new(
			        all, json_string(catalog->names[i].id));
	return all;
}

static json_t *pack_workload(const struct rm_workload *workload)
{
	char hash[RM_SHA256_TEXT];
	char *text = rm_workload_text(workload);

	if (!text)
		return NULL;
	rm_sha256(text, strlen(text), hash);
	json_t *json = json_pack("{s:s, s:s, s:s, s:s}", "name", workload->name,
	        "file", workload->file, "sha256", hash, "text", text);

	free(text);
	return json;
}

static json_t *pack_workloads(const struct rm_description *description)
{
	json_t *all = json_array();

	for (size_t i = 0; i < description->workload_count; i++)
		if (json_array_append_new(
		            all, pack_workload(&description->workloads[i])))
			break;
	if (json_array_size(all) == description->workload_count)
		return all;
	json_decref(all);
	return NULL;
}

/* Describes the malloc() of the trials: the C library's, or a preloaded one. */
static json_t *pack_allocator(void)
{
	const char *preload = getenv("LD_PRELOAD");

	return preload && preload[0]
	               ? json_sprintf("LD_PRELOAD=%s", preload)
	               : json_sprintf("glibc %s", gnu_get_libc_version());
}

/* Describes the build and its run-time environment (requirement R7). */
static json_t *pack_build(const json_t *made)
{
	const char *folders = getenv("LD_LIBRARY_PATH");
	json_t *all = json_deep_copy(made);

	json_object_set_new(
	        all, "libc", json_sprintf("glibc %s", gnu_get_libc_version()));
	json_object_set_new(all, "allocator", pack_allocator());
	if (folders && folders[0])
		json_object_set_new(all, "libraries",
		        json_sprintf("%sLD_LIBRARY_PATH=%s",
		                rm_json_text(all, "libraries"), folders));
	return all;
}

static json_t *pack_counters(const struct rm_description *description)
{
	json_t *all = json_deep_copy(description->counters);

	json_object_set_new(all, "wish", json_string(description->wish));
	return all;
}

/* Computes a hash of a JSON value that does not depend on the order of
   members. */
static int hash_of(json_t *json, char text[RM_SHA256_TEXT])
{
	/* 17 digits distinguish all doubles. The default precision depends on
	   the version of libjansson. */
	char *dump = json_dumps(
	        json, JSON_COMPACT | JSON_SORT_KEYS | JSON_REAL_PRECISION(17));

	if (!dump)
		return -ENOMEM;
	rm_sha256(dump, strlen(dump), text);
	free(dump);
	return 0;
}

int rm_plan_hash(const json_t *campaign, char text[RM_SHA256_TEXT])
{
	json_t *part = json_pack("{s:O, s:O, s:O}", "seed",
	        json_object_get(campaign, "seed"), "cells",
	        json_object_get(campaign, "cells"), "order",
	        json_object_get(campaign, "order"));
	int result = hash_of(part, text);

	json_decref(part);
	return result;
}

int rm_campaign_hash(const json_t *campaign, char text[RM_SHA256_TEXT])
{
	json_t *copy = json_copy((json_t *)campaign);

	json_object_del(copy, "sha256");
	int result = hash_of(copy, text);

	json_decref(copy);
	return result;
}

static json_t *add_plan_and_hash(json_t *all, json_t *plan)
{
	char hash[RM_SHA256_TEXT];
	bool added = all && !json_object_update(all, plan) &&
	             !rm_campaign_hash(all, hash) &&
	             !json_object_set_new(all, "sha256", json_string(hash));

	json_decref(plan);
	if (added)
		return all;
	json_decref(all);
	return NULL;
}

/* Describes how much CPU time other programs used before the first trial; null
   if none ran. */
static json_t *pack_busy(const struct rm_busy *busy)
{
	return busy->is_busy ? json_pack("{s:s, s:o, s:o}", "text", busy->text,
	                               "pressure_percent",
	                               rm_json_share(busy->pressure_percent),
	                               "load", rm_json_share(busy->load))
	                     : json_null();
}

/* Returns the list of cells to which the plan is limited; null: all cells. */
static json_t *pack_list(const struct rm_cell_list *list)
{
	return list ? json_pack("{s:s, s:I, s:s}", "file", list->file, "ids",
	                      (json_int_t)json_object_size(list->lines),
	                      "sha256", list->sha256)
	            : json_null();
}

json_t *rm_describe_campaign(const struct rm_description *description)
{
	char created[RM_UTC_BYTES], hash[RM_SHA256_TEXT];
	char topology[RM_SHA256_TEXT];
	const char *xml = description->topology_xml;
	struct timespec now;
	json_t *plan = rm_plan_to_json(description->plan);

	clock_gettime(CLOCK_REALTIME, &now);
	rm_utc_text(now, created);
	rm_sha256(xml, strlen(xml), topology);
	if (!plan || rm_plan_hash(plan, hash)) {
		json_decref(plan);
		return NULL;
	}
	json_t *all = json_pack(
	        "{s:i, s:i, s:s, s:s?, s:s, s:s?, s:O, s:o, s:s, "
	        "s:s, s:o, s:o, s:o, s:o, s:o, s:O*, s:O*}",
	        "format", 1, "protocol", RM_PROTOCOL, "name", description->name,
	        "mode", description->mode, "created_utc", created, "maps_wish",
	        description->maps, "machine", description->machine, "build",
	        pack_build(description->build), "plan_sha256", hash,
	        "topology_sha256", topology, "workloads",
	        pack_workloads(description), "counters",
	        pack_counters(description), "maps",
	        pack_maps(description->catalog), "skipped_maps",
	        pack_skipped_maps(description->catalog), "arms",
	        rm_arms_to_json(description->arms), "calibration",
	        description->calibration, "notes", description->notes);

	json_object_set_new(
	        all, "unbuilt_maps", pack_unbuilt_maps(description->catalog));
	json_object_set_new(all, "busy", pack_busy(description->busy));
	json_object_set_new(all, "cells_from", pack_list(description->list));
	/* a line without a checksum then counts as damaged */
	json_object_set_new(all, "line_checksum", json_string("crc32"));
	return add_plan_and_hash(all, plan);
}

static const char advice[] = "start a new campaign (another -o DIR) or resume "
                             "this one with its original options";

static const char *text_of(const json_t *json, const char *a, const char *b)
{
	const json_t *member = json_object_get(json, a);
	const char *text =
	        json_string_value(b ? json_object_get(member, b) : member);

	return text ? text : "(none)";
}

static int compare_text(const char *what, const char *recorded, const char *now,
        struct rm_error *error)
{
	if (!strcmp(recorded, now))
		return 0;
	return rm_error_set(error, -EINVAL,
	        "the campaign was started with %s %.100s, now it is %.100s: %s",
	        what, recorded, now, advice);
}

static const char *online_cpus(const json_t *machine)
{
	return text_of(
	        json_object_get(machine, "facts"), "cpus_online", "text");
}

/* Compares the machines. If some CPUs are offline now, the message names
   them. */
static int compare_machines(
        const json_t *recorded, const json_t *now, struct rm_error *error)
{
	const char *before = online_cpus(recorded), *online = online_cpus(now);

	if (strcmp(text_of(recorded, "id", NULL), text_of(now, "id", NULL)) &&
	        strcmp(before, online))
		return rm_error_set(error, -EINVAL,
		        "the campaign was started with CPUs %.100s online, now "
		        "CPUs %.100s are: bring the others back (echo 1 > "
		        "/sys/devices/system/cpu/cpuN/online), or %s",
		        before, online, advice);
	return compare_text("machine", text_of(recorded, "id", NULL),
	        text_of(now, "id", NULL), error);
}

static int compare_workload(const json_t *recorded,
        const struct rm_workload *now, struct rm_error *error)
{
	char hash[RM_SHA256_TEXT];
	char *text = rm_workload_text(now);

	if (!text)
		return rm_error_set(error, -ENOMEM, "no memory");
	rm_sha256(text, strlen(text), hash);
	free(text);
	if (!strcmp(text_of(recorded, "sha256", NULL), hash))
		return 0;
	return rm_error_set(error, -EINVAL,
	        "%.200s differs from the workload that the campaign was "
	        "started with (%.100s): %s",
	        now->file, text_of(recorded, "file", NULL), advice);
}

/* Compares the effective texts, not the files: the effective texts include
   --set and included files, but no comments. */
static int compare_workloads(const json_t *recorded,
        const struct rm_description *now, struct rm_error *error)
{
	const json_t *list = json_object_get(recorded, "workloads");

	if (!now->workload_count)
		return 0;
	if (json_array_size(list) != now->workload_count)
		return rm_error_set(error, -EINVAL,
		        "the campaign was started with %zu workloads, now "
		        "there are %zu: %s",
		        json_array_size(list), now->workload_count, advice);
	for (size_t i = 0; i < now->workload_count; i++) {
		int result = compare_workload(
		        json_array_get(list, i), &now->workloads[i], error);

		if (result)
			return result;
	}
	return 0;
}

/* Rejects a new note. It would be lost, since campaign.json is written only
   once. */
static int compare_notes(
        const json_t *recorded, const json_t *now, struct rm_error *error)
{
	const json_t *all = json_object_get(recorded, "notes"), *text;
	const char *key;
	char what[128];
	int result = 0;

	json_object_foreach ((json_t *)now, key, text) {
		snprintf(what, sizeof(what), "--note %.80s", key);
		if (!result)
			result = compare_text(what, text_of(all, key, NULL),
			        json_string_value(text), error);
	}
	return result;
}

static int compare_seeds(
        const json_t *recorded, const uint64_t *seed, struct rm_error *error)
{
	json_int_t recorded_seed =
	        json_integer_value(json_object_get(recorded, "seed"));

	if (!seed || *seed == (uint64_t)recorded_seed)
		return 0;
	return rm_error_set(error, -EINVAL,
	        "the campaign was started with seed %lld, now it is %llu: %s",
	        (long long)recorded_seed, (unsigned long long)*seed, advice);
}

int rm_describe_compare(const json_t *recorded,
        const struct rm_description *now, const uint64_t *seed,
        struct rm_error *error)
{
	int result =
	        compare_text("build", text_of(recorded, "build", "build_id"),
	                text_of(now->build, "build_id", NULL), error);

	if (!result)
		result = compare_machines(json_object_get(recorded, "machine"),
		        now->machine, error);
	if (!result)
		result = compare_seeds(recorded, seed, error);
	if (!result)
		result = compare_notes(recorded, now->notes, error);
	if (!result && now->mode)
		result = compare_text("mode", text_of(recorded, "mode", NULL),
		        now->mode, error);
	if (!result && now->maps)
		result = compare_text("--maps",
		        text_of(recorded, "maps_wish", NULL), now->maps, error);
	if (!result && now->list)
		result = compare_text("--cells-from",
		        text_of(recorded, "cells_from", "sha256"),
		        now->list->sha256, error);
	if (!result && now->wish)
		result = compare_text("--counters",
		        text_of(recorded, "counters", "wish"), now->wish,
		        error);
	if (!result)
		result = compare_workloads(recorded, now, error);
	return result;
}
