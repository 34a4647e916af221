/* SPDX-License-Identifier: Apache-2.0 */
/* describe.c - puts campaign.json together. */
#include "runner/campaign/describe.h"

#include "runner/campaign/record.h"

#include <errno.h>
#include <gnu/libc-version.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static json_t *shapes_of(const struct rm_impl *impl)
{
	static const struct rm_shape shapes[RM_SHAPES] = { { false, 8 },
		{ false, 24 }, { true, 8 }, { true, 24 } };
	json_t *names = json_array();

	for (size_t i = 0; i < RM_SHAPES; i++)
		if (impl->shapes & 1U << rm_shape_index(shapes[i]))
			json_array_append_new(
			        names, json_string(rm_shape_name(shapes[i])));
	return names;
}

static json_t *caps_of(const struct rm_impl *impl)
{
	static const struct {
		unsigned bit;
		const char *name;
	} all[] = {
		{ RM_CAP_SINGLE_WRITER, "single-writer" },
		{ RM_CAP_BACKGROUND, "background-threads" },
		{ RM_CAP_NO_STATE, "no-state" },
		{ RM_CAP_UNSAFE, "unsafe" },
		{ RM_CAP_UNSAFE_INSERT, "unsafe-insert" },
		{ RM_CAP_SLOW_WRITES, "slow-writes" },
		{ RM_CAP_STALE, "stale" },
	};
	json_t *names = json_array();

	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
		if (impl->caps & all[i].bit)
			json_array_append_new(names, json_string(all[i].name));
	return names;
}

json_t *rm_describe_map(const struct rm_impl *impl)
{
	json_t *map = json_pack(
	        "{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:o, "
	        "s:o}",
	        "id", impl->id, "label", impl->label, "family", impl->family,
	        "sync", impl->sync, "source", impl->source, "system",
	        impl->system, "guarantees", impl->guarantees, "progress",
	        impl->progress, "dispatch", impl->dispatch, "caps",
	        caps_of(impl), "shapes", shapes_of(impl));

	if (map && impl->misuse)
		json_object_set_new(map, "misuse", json_string(impl->misuse));
	return map;
}

static json_t *maps(void)
{
	json_t *all = json_array();

	for (size_t i = 0; i < rm_impl_count; i++)
		json_array_append_new(all, rm_describe_map(rm_impl_table[i]));
	return all;
}

static json_t *skipped_maps(void)
{
	json_t *all = json_array();

	for (size_t i = 0; i < rm_skipped_count; i++)
		json_array_append_new(all,
		        json_pack("{s:s, s:s}", "id", rm_skipped_table[i].id,
		                "needs", rm_skipped_table[i].needs));
	return all;
}

static json_t *workload(const struct rm_workload *workload)
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

static json_t *workloads(const struct rm_description *description)
{
	json_t *all = json_array();

	for (size_t i = 0; i < description->workload_count; i++)
		if (json_array_append_new(
		            all, workload(&description->workloads[i])))
			break;
	if (json_array_size(all) == description->workload_count)
		return all;
	json_decref(all);
	return NULL;
}

/* Whose malloc() the trials use: the C library's, or a preloaded one. */
static json_t *allocator(void)
{
	const char *preload = getenv("LD_PRELOAD");

	return preload && preload[0]
	               ? json_sprintf("LD_PRELOAD=%s", preload)
	               : json_sprintf("glibc %s", gnu_get_libc_version());
}

/* The build, and what it meets at run time (R7). */
static json_t *build(const json_t *made)
{
	json_t *all = json_deep_copy(made);

	json_object_set_new(
	        all, "libc", json_sprintf("glibc %s", gnu_get_libc_version()));
	json_object_set_new(all, "allocator", allocator());
	return all;
}

static json_t *counters(const struct rm_description *description)
{
	json_t *all = json_deep_copy(description->counters);

	json_object_set_new(all, "wish", json_string(description->wish));
	return all;
}

/* Hash of a JSON text that does not depend on the order of members. */
static int hash_of(json_t *json, char text[RM_SHA256_TEXT])
{
	char *dump = json_dumps(json, JSON_COMPACT | JSON_SORT_KEYS);

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

/* Adds the plan, then the hash over everything. */
static int complete(json_t *all, json_t *plan)
{
	char hash[RM_SHA256_TEXT];

	if (!all || json_object_update(all, plan) ||
	        rm_campaign_hash(all, hash))
		return -ENOMEM;
	return json_object_set_new(all, "sha256", json_string(hash));
}

json_t *rm_describe(const struct rm_description *description)
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
	json_t *all = json_pack("{s:i, s:s, s:s?, s:s, s:s?, s:O, s:o, s:s, "
	                        "s:s, s:o, s:o, s:o, s:o}",
	        "format", 1, "name", description->name, "mode",
	        description->mode, "created_utc", created, "maps_wish",
	        description->maps, "machine", description->machine, "build",
	        build(description->build), "plan_sha256", hash,
	        "topology_sha256", topology, "workloads",
	        workloads(description), "counters", counters(description),
	        "maps", maps(), "skipped_maps", skipped_maps());

	if (complete(all, plan)) {
		json_decref(all);
		all = NULL;
	}
	json_decref(plan);
	return all;
}
