/* SPDX-License-Identifier: Apache-2.0 */
/* machine.c - the table of facts, and the machine's id. */
#include "runner/machine/machine.h"
#include "runner/base/sha256.h"
#include "runner/machine/fact.h"
#include "runner/plan/topology.h"

#include <glob.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

static void read_row(const struct rm_fact_row *row, struct rm_fact *fact)
{
	const char *value;

	switch (row->source) {
	case RM_FACT_LINE:
		rm_fact_read(row->path, fact);
		return;
	case RM_FACT_FIELD:
		rm_fact_field(row->path, row->field, fact);
		return;
	case RM_FACT_EACH:
		rm_fact_each(row->path, fact);
		return;
	case RM_FACT_VARIABLE:
		value = getenv(row->path);
		*fact = (struct rm_fact){ RM_FACT_ABSENT, "" };
		if (value)
			rm_fact_set(fact, value);
		return;
	}
}

static int add(json_t *facts, const char *name, const struct rm_fact *fact)
{
	return json_object_set_new(facts, name,
	        json_pack("{s:s s:s?}", "status",
	                rm_fact_status_name(fact->status), "text",
	                fact->status == RM_FACT_OK ? fact->text : NULL));
}

/* The kernel's list of processor weaknesses and what it does about each. */
static int add_vulnerabilities(json_t *facts)
{
	char rooted[PATH_MAX];
	glob_t files;
	int failed = 0;

	rm_fact_path("/sys/devices/system/cpu/vulnerabilities/*", rooted,
	        sizeof(rooted));
	if (glob(rooted, 0, NULL, &files))
		return 0;
	for (size_t i = 0; i < files.gl_pathc && !failed; i++) {
		const char *base = strrchr(files.gl_pathv[i], '/') + 1;
		char name[128], path[PATH_MAX];
		struct rm_fact fact;

		snprintf(name, sizeof(name), "vulnerability_%.100s", base);
		snprintf(path, sizeof(path),
		        "/sys/devices/system/cpu/vulnerabilities/%.100s", base);
		rm_fact_read(path, &fact);
		failed = add(facts, name, &fact);
	}
	globfree(&files);
	return failed;
}

static int add_odd_ones(json_t *facts)
{
	struct rm_fact fact;
	struct utsname name;
	int failed;

	rm_fact_cgroup("cpuset.cpus.effective", "cpuset",
	        "cpuset.effective_cpus", &fact);
	failed = add(facts, "cgroup_cpus", &fact);
	rm_fact_cgroup("cpu.max", "cpu", "cpu.cfs_quota_us", &fact);
	failed |= add(facts, "cgroup_quota", &fact);
	rm_fact_hypervisor(&fact);
	failed |= add(facts, "hypervisor_flag", &fact);
	if (uname(&name) == 0) {
		rm_fact_set(&fact, name.release);
		failed |= add(facts, "kernel", &fact);
		rm_fact_set(&fact, name.machine);
		failed |= add(facts, "architecture", &fact);
	}
	return failed | add_vulnerabilities(facts);
}

static json_t *read_facts(void)
{
	json_t *facts = json_object();

	for (size_t i = 0; facts && i < rm_fact_row_count; i++) {
		struct rm_fact fact;

		read_row(&rm_fact_rows[i], &fact);
		if (add(facts, rm_fact_rows[i].name, &fact)) {
			json_decref(facts);
			return NULL;
		}
	}
	if (facts && add_odd_ones(facts)) {
		json_decref(facts);
		return NULL;
	}
	return facts;
}

static uint64_t cache_bytes(
        const struct rm_topology *topology, hwloc_obj_type_t type)
{
	hwloc_obj_t cache = hwloc_get_obj_by_type(topology->hwloc, type, 0);

	return cache ? cache->attr->cache.size : 0;
}

/* 8 hex digits of a hash of what only new hardware changes. */
static void hash_id(const struct rm_topology *topology, const json_t *facts,
        char id[RM_MACHINE_ID_BYTES])
{
	static const char *const stable[] = { "cpu_vendor", "cpu_family",
		"cpu_model", "cpu_name", "cpu_stepping", "cpu_implementer",
		"cpu_variant", "cpu_part", "cpu_revision", "architecture" };
	char text[4096] = "", hash[RM_SHA256_TEXT];
	size_t used = 0;
	struct rm_fact memory;

	for (size_t i = 0; i < sizeof(stable) / sizeof(*stable); i++) {
		const char *value = json_string_value(json_object_get(
		        json_object_get(facts, stable[i]), "text"));

		used += (size_t)snprintf(text + used, sizeof(text) - used,
		        "%s=%.200s\n", stable[i], value ? value : "");
	}
	rm_fact_field("/proc/meminfo", "MemTotal", &memory);
	snprintf(text + used, sizeof(text) - used,
	        "packages=%d cores=%d cpus=%d nodes=%d l1d=%llu l2=%llu "
	        "l3=%llu memory=%.0fGiB\n",
	        hwloc_get_nbobjs_by_type(topology->hwloc, HWLOC_OBJ_PACKAGE),
	        hwloc_get_nbobjs_by_type(topology->hwloc, HWLOC_OBJ_CORE),
	        hwloc_get_nbobjs_by_type(topology->hwloc, HWLOC_OBJ_PU),
	        hwloc_get_nbobjs_by_type(topology->hwloc, HWLOC_OBJ_NUMANODE),
	        (unsigned long long)cache_bytes(topology, HWLOC_OBJ_L1CACHE),
	        (unsigned long long)cache_bytes(topology, HWLOC_OBJ_L2CACHE),
	        (unsigned long long)cache_bytes(topology, HWLOC_OBJ_L3CACHE),
	        /* kernels keep some for themselves: whole GiB only */
	        round(strtod(memory.text, NULL) / (1 << 20)));
	rm_sha256(text, strlen(text), hash);
	snprintf(id, RM_MACHINE_ID_BYTES, "%.8s", hash);
}

json_t *rm_machine_facts(const struct rm_topology *topology)
{
	json_t *facts = read_facts();
	char id[RM_MACHINE_ID_BYTES], line[1024];

	if (!facts)
		return NULL;
	hash_id(topology, facts, id);
	rm_topology_line(topology, line, sizeof(line));
	return json_pack(
	        "{s:s s:s s:b s:i s:i s:i s:i s:i s:I s:I s:I s:s? s:o}", "id",
	        id, "topology", line, "this_machine",
	        (int)topology->this_machine, "cpus", (int)topology->cpus,
	        "cores", (int)topology->cores, "sockets",
	        (int)topology->sockets, "nodes", (int)topology->nodes, "kinds",
	        (int)topology->kinds, "l1d_bytes",
	        (json_int_t)cache_bytes(topology, HWLOC_OBJ_L1CACHE),
	        "l2_bytes",
	        (json_int_t)cache_bytes(topology, HWLOC_OBJ_L2CACHE),
	        "l3_bytes",
	        (json_int_t)cache_bytes(topology, HWLOC_OBJ_L3CACHE), "note",
	        topology->note[0] ? topology->note : NULL, "facts", facts);
}
