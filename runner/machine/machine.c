/* SPDX-License-Identifier: Apache-2.0 */
/* machine.c - collects the facts of a machine and computes its id. */
#include "runner/base/host.h"
#include "runner/base/limits.h"
#include "runner/base/sha256.h"
#include "runner/machine/internal.h"

#include <glob.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

enum source {
	LINE,     /* first line of a file */
	FIELD,    /* line "NAME: value" of a file */
	EACH,     /* distinct first lines of the files of a glob */
	VARIABLE, /* environment variable */
};

struct fact_row {
	const char *name;
	enum source source;
	const char *path;  /* for VARIABLE, its name */
	const char *field; /* only for FIELD */
};

#define CPU0 "/sys/devices/system/cpu/cpu0/"
#define CPUS "/sys/devices/system/cpu/"

static const struct fact_row fact_rows[] = {
	/* the processor */
	{ "cpu_vendor", FIELD, "/proc/cpuinfo", "vendor_id" },
	{ "cpu_family", FIELD, "/proc/cpuinfo", "cpu family" },
	{ "cpu_model", FIELD, "/proc/cpuinfo", "model" },
	{ "cpu_name", FIELD, "/proc/cpuinfo", "model name" },
	{ "cpu_stepping", FIELD, "/proc/cpuinfo", "stepping" },
	{ "cpu_implementer", FIELD, "/proc/cpuinfo", "CPU implementer" },
	{ "cpu_variant", FIELD, "/proc/cpuinfo", "CPU variant" },
	{ "cpu_part", FIELD, "/proc/cpuinfo", "CPU part" },
	{ "cpu_revision", FIELD, "/proc/cpuinfo", "CPU revision" },
	{ "microcode", FIELD, "/proc/cpuinfo", "microcode" },
	{ "cpu_capacity", EACH, CPUS "cpu[0-9]*/cpu_capacity", NULL },
	{ "hybrid_fast_cpus", LINE, "/sys/devices/cpu_core/cpus", NULL },
	{ "hybrid_small_cpus", LINE, "/sys/devices/cpu_atom/cpus", NULL },
	{ "smt_active", LINE, CPUS "smt/active", NULL },
	{ "smt_control", LINE, CPUS "smt/control", NULL },
	{ "cpus_online", LINE, CPUS "online", NULL },
	{ "cpus_offline", LINE, CPUS "offline", NULL },
	{ "cpus_isolated", LINE, CPUS "isolated", NULL },
	{ "cpus_nohz_full", LINE, CPUS "nohz_full", NULL },
	{ "siblings", LINE, CPU0 "topology/thread_siblings_list", NULL },
	{ "line_bytes", LINE, CPU0 "cache/index0/coherency_line_size", NULL },
	/* clock frequency */
	{ "governor", EACH, CPUS "cpu[0-9]*/cpufreq/scaling_governor", NULL },
	{ "frequency_driver", EACH, CPUS "cpu[0-9]*/cpufreq/scaling_driver",
	        NULL },
	{ "frequency_min_khz", EACH, CPUS "cpu[0-9]*/cpufreq/scaling_min_freq",
	        NULL },
	{ "frequency_max_khz", EACH, CPUS "cpu[0-9]*/cpufreq/scaling_max_freq",
	        NULL },
	{ "frequency_base_khz", EACH, CPUS "cpu[0-9]*/cpufreq/base_frequency",
	        NULL },
	{ "energy_preference", EACH,
	        CPUS "cpu[0-9]*/cpufreq/energy_performance_preference", NULL },
	{ "intel_no_turbo", LINE, CPUS "intel_pstate/no_turbo", NULL },
	{ "boost", LINE, CPUS "cpufreq/boost", NULL },
	{ "amd_pstate", LINE, CPUS "amd_pstate/status", NULL },
	{ "idle_driver", LINE, CPUS "cpuidle/current_driver", NULL },
	{ "idle_governor", LINE, CPUS "cpuidle/current_governor", NULL },
	{ "clock_source", LINE,
	        "/sys/devices/system/clocksource/clocksource0/"
	        "current_clocksource",
	        NULL },
	/* counters */
	{ "nmi_watchdog", LINE, "/proc/sys/kernel/nmi_watchdog", NULL },
	{ "perf_event_paranoid", LINE, "/proc/sys/kernel/perf_event_paranoid",
	        NULL },
	{ "perf_cpu_time_max_percent", LINE,
	        "/proc/sys/kernel/perf_cpu_time_max_percent", NULL },
	{ "perf_event_max_sample_rate", LINE,
	        "/proc/sys/kernel/perf_event_max_sample_rate", NULL },
	{ "pmu_type", LINE, "/sys/bus/event_source/devices/cpu/type", NULL },
	{ "pmu_name", LINE, "/sys/bus/event_source/devices/cpu/caps/pmu_name",
	        NULL },
	{ "rdpmc", LINE, "/sys/bus/event_source/devices/cpu/rdpmc", NULL },
	{ "msr_allow_writes", LINE, "/sys/module/msr/parameters/allow_writes",
	        NULL },
	/* memory */
	{ "memory_total", FIELD, "/proc/meminfo", "MemTotal" },
	{ "swap_total", FIELD, "/proc/meminfo", "SwapTotal" },
	{ "numa_nodes", LINE, "/sys/devices/system/node/online", NULL },
	{ "numa_distance", EACH, "/sys/devices/system/node/node[0-9]*/distance",
	        NULL },
	{ "numa_balancing", LINE, "/proc/sys/kernel/numa_balancing", NULL },
	{ "thp_enabled", LINE, "/sys/kernel/mm/transparent_hugepage/enabled",
	        NULL },
	{ "thp_defrag", LINE, "/sys/kernel/mm/transparent_hugepage/defrag",
	        NULL },
	{ "khugepaged_defrag", LINE,
	        "/sys/kernel/mm/transparent_hugepage/khugepaged/defrag", NULL },
	{ "huge_pages", LINE, "/proc/sys/vm/nr_hugepages", NULL },
	{ "ksm_run", LINE, "/sys/kernel/mm/ksm/run", NULL },
	/* kernel */
	{ "os", FIELD, "/etc/os-release", "PRETTY_NAME" },
	{ "kernel_command_line", LINE, "/proc/cmdline", NULL },
	{ "aslr", LINE, "/proc/sys/kernel/randomize_va_space", NULL },
	{ "personality", LINE, "/proc/self/personality", NULL },
	{ "autogroup", LINE, "/proc/sys/kernel/sched_autogroup_enabled", NULL },
	{ "rt_runtime_us", LINE, "/proc/sys/kernel/sched_rt_runtime_us", NULL },
	{ "irq_affinity", LINE, "/proc/irq/default_smp_affinity", NULL },
	/* virtual machine */
	{ "system_vendor", LINE, "/sys/class/dmi/id/sys_vendor", NULL },
	{ "system_product", LINE, "/sys/class/dmi/id/product_name", NULL },
	{ "hypervisor_type", LINE, "/sys/hypervisor/type", NULL },
	/* this process */
	{ "cpus_allowed", FIELD, "/proc/self/status", "Cpus_allowed_list" },
	{ "nodes_allowed", FIELD, "/proc/self/status", "Mems_allowed_list" },
	{ "capabilities", FIELD, "/proc/self/status", "CapEff" },
	{ "seccomp", FIELD, "/proc/self/status", "Seccomp" },
	{ "no_new_privileges", FIELD, "/proc/self/status", "NoNewPrivs" },
	{ "store_bypass", FIELD, "/proc/self/status",
	        "Speculation_Store_Bypass" },
	{ "indirect_branch", FIELD, "/proc/self/status",
	        "SpeculationIndirectBranch" },
	/* load at the start */
	{ "load", LINE, "/proc/loadavg", NULL },
	{ "cpu_pressure", LINE, "/proc/pressure/cpu", NULL },
	/* environment variables that change the machine or libraries that
	   programs see */
	{ "env_HWLOC_SYNTHETIC", VARIABLE, "HWLOC_SYNTHETIC", NULL },
	{ "env_HWLOC_XMLFILE", VARIABLE, "HWLOC_XMLFILE", NULL },
	{ "env_HWLOC_THISSYSTEM", VARIABLE, "HWLOC_THISSYSTEM", NULL },
	{ "env_RM_SYSFS", VARIABLE, "RM_SYSFS", NULL },
	{ "env_LD_PRELOAD", VARIABLE, "LD_PRELOAD", NULL },
	{ "env_GLIBC_TUNABLES", VARIABLE, "GLIBC_TUNABLES", NULL },
	{ "env_LIKWID_FORCE", VARIABLE, "LIKWID_FORCE", NULL },
	{ "env_LIKWID_NO_ACCESS", VARIABLE, "LIKWID_NO_ACCESS", NULL },
};

enum { FACT_ROWS = sizeof(fact_rows) / sizeof(*fact_rows) };

/* Reads one fact. An unset variable is absent, like a missing file. */
static void read_row(const struct fact_row *row, struct rm_fact *fact)
{
	const char *value;

	switch (row->source) {
	case LINE:
		rm_fact_read(row->path, fact);
		return;
	case FIELD:
		rm_fact_field(row->path, row->field, fact);
		return;
	case EACH:
		rm_fact_count_lines(row->path, fact);
		return;
	case VARIABLE:
		value = getenv(row->path);
		*fact = (struct rm_fact){ RM_FACT_ABSENT, "" };
		if (value)
			rm_fact_set(fact, value);
		return;
	}
}

/* Adds a fact. A fact without value is also added, with its status, so that
   readers see that it was checked. */
static int add_fact(json_t *facts, const char *name, const struct rm_fact *fact)
{
	return json_object_set_new(facts, name,
	        json_pack("{s:s s:s?}", "status",
	                rm_fact_status_name(fact->status), "text",
	                fact->status == RM_FACT_OK ? fact->text : NULL));
}

/* Adds the kernel's list of CPU vulnerabilities and mitigations. */
static int add_vulnerabilities(json_t *facts)
{
	char rooted[PATH_MAX];
	glob_t files;
	int failed = 0;

	if (rm_host_path(CPUS "vulnerabilities/*", rooted, sizeof(rooted)) ||
	        glob(rooted, 0, NULL, &files))
		return 0;
	for (size_t i = 0; i < files.gl_pathc && !failed; i++) {
		const char *path = files.gl_pathv[i] + strlen(rm_host_root());
		char name[128];
		struct rm_fact fact;

		snprintf(name, sizeof(name), "vulnerability_%.100s",
		        strrchr(path, '/') + 1);
		rm_fact_read(path, &fact);
		failed = add_fact(facts, name, &fact);
	}
	globfree(&files);
	return failed;
}

/* Adds facts that are not a line of a file with a fixed path: each cgroup has
   its own folder, and a virtual CPU is only a flag in /proc/cpuinfo. Older
   campaigns may not have these facts. */
static int add_special_facts(json_t *facts)
{
	char scheduling[RM_SCHEDULING_BYTES];
	struct rm_fact fact;
	struct utsname name;
	int failed;

	rm_fact_cgroup("cpuset.cpus.effective", "cpuset",
	        "cpuset.effective_cpus", &fact);
	failed = add_fact(facts, "cgroup_cpus", &fact);
	rm_fact_cgroup_quota(&fact);
	failed |= add_fact(facts, "cgroup_quota", &fact);
	rm_fact_hypervisor(&fact);
	failed |= add_fact(facts, "hypervisor_flag", &fact);
	rm_fact_installation(&fact);
	failed |= add_fact(facts, "installation", &fact);
	rm_limits_scheduling(scheduling);
	rm_fact_set(&fact, scheduling);
	failed |= add_fact(facts, "scheduling", &fact);
	if (uname(&name) == 0) {
		rm_fact_set(&fact, name.release);
		failed |= add_fact(facts, "kernel", &fact);
		rm_fact_set(&fact, name.machine);
		failed |= add_fact(facts, "architecture", &fact);
	}
	return failed | add_vulnerabilities(facts);
}

static json_t *read_facts(void)
{
	json_t *facts = json_object();

	for (size_t i = 0; facts && i < FACT_ROWS; i++) {
		struct rm_fact fact;

		read_row(&fact_rows[i], &fact);
		if (add_fact(facts, fact_rows[i].name, &fact)) {
			json_decref(facts);
			return NULL;
		}
	}
	if (facts && add_special_facts(facts)) {
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

uint64_t rm_topology_llc_bytes(const struct rm_topology *topology)
{
	static const hwloc_obj_type_t levels[] = { HWLOC_OBJ_L4CACHE,
		HWLOC_OBJ_L3CACHE, HWLOC_OBJ_L2CACHE, HWLOC_OBJ_L1CACHE };

	for (size_t i = 0; i < sizeof(levels) / sizeof(*levels); i++) {
		const uint64_t bytes = cache_bytes(topology, levels[i]);

		if (bytes)
			return bytes;
	}
	return 0;
}

/* Computes the id, 8 hex digits: a hash of properties that change only with the
   hardware. */
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
	        /* rounded to GiB, since the kernel reserves a varying part */
	        round(strtod(memory.text, NULL) / (1 << 20)));
	rm_sha256(text, strlen(text), hash);
	snprintf(id, RM_MACHINE_ID_BYTES, "%.8s", hash);
}

const char *rm_machine_fact_name(size_t index)
{
	return index < FACT_ROWS ? fact_rows[index].name : NULL;
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
