/* SPDX-License-Identifier: Apache-2.0 */
/* topology.c - finds the usable CPUs, and counts cores, sockets and nodes. */
#include "runner/base/host.h"
#include "runner/machine/internal.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Returns the number of objects of a type that have a CPU in `cpus`, or
   `least` if there is no such object. */
static unsigned count_objects(hwloc_topology_t hwloc, hwloc_obj_type_t type,
        hwloc_const_bitmap_t cpus, unsigned least)
{
	hwloc_obj_t object = NULL;
	unsigned n = 0;

	while ((object = hwloc_get_next_obj_by_type(hwloc, type, object)))
		if (object->cpuset &&
		        hwloc_bitmap_intersects(object->cpuset, cpus))
			n++;
	return n ? n : least;
}

/* Returns the core type of a kind of CPU, such as "CoreType=IntelCore", or
   "". */
static void kind_name(
        hwloc_topology_t hwloc, unsigned kind, char *text, size_t size)
{
	struct hwloc_info_s *infos = NULL;
	unsigned info_count = 0;

	text[0] = '\0';
	if (hwloc_cpukinds_get_info(
	            hwloc, kind, NULL, NULL, &info_count, &infos, 0) == 0 &&
	        info_count > 0)
		snprintf(text, size, " (%s=%s)", infos[0].name, infos[0].value);
}

/* Keeps only the fastest kind of CPU that has a usable CPU, since threads on
   different kinds would measure a mixture. hwloc sorts kinds from slow to
   fast. */
static int keep_one_kind(struct rm_topology *topology)
{
	int kinds = hwloc_cpukinds_get_nr(topology->hwloc, 0);
	hwloc_bitmap_t kind = hwloc_bitmap_alloc();
	int all = hwloc_bitmap_weight(topology->usable);
	char name[96];

	if (!kind)
		return -ENOMEM;
	topology->kinds = kinds > 1 ? (unsigned)kinds : 1;
	for (int i = kinds - 1; kinds > 1 && i >= 0; i--) {
		if (hwloc_cpukinds_get_info(topology->hwloc, (unsigned)i, kind,
		            NULL, NULL, NULL, 0))
			continue;
		/* hwloc's CPU set of a kind ignores cgroups */
		hwloc_bitmap_and(kind, kind, topology->usable);
		if (hwloc_bitmap_iszero(kind))
			continue;
		hwloc_bitmap_copy(topology->usable, kind);
		kind_name(topology->hwloc, (unsigned)i, name, sizeof(name));
		if (hwloc_bitmap_weight(kind) < all)
			snprintf(topology->note, sizeof(topology->note),
			        "hybrid: %d of %d usable CPUs, kind %d%s; "
			        "other kinds are excluded",
			        hwloc_bitmap_weight(kind), all, i, name);
		break;
	}
	hwloc_bitmap_free(kind);
	return 0;
}

static int find_usable(struct rm_topology *topology)
{
	hwloc_bitmap_t mask = hwloc_bitmap_alloc();

	hwloc_bitmap_free(topology->usable);
	topology->usable = hwloc_bitmap_dup(
	        hwloc_topology_get_allowed_cpuset(topology->hwloc));
	if (!mask || !topology->usable) {
		hwloc_bitmap_free(mask);
		return -ENOMEM;
	}
	hwloc_bitmap_and(topology->usable, topology->usable,
	        hwloc_topology_get_topology_cpuset(topology->hwloc));
	/* hwloc ignores masks of taskset and Slurm */
	if (topology->this_machine && hwloc_get_cpubind(topology->hwloc, mask,
	                                      HWLOC_CPUBIND_PROCESS) == 0)
		hwloc_bitmap_and(topology->usable, topology->usable, mask);
	hwloc_bitmap_free(mask);
	return keep_one_kind(topology);
}

int rm_topology_scan(struct rm_topology *topology, struct rm_error *error)
{
	int failed;

	topology->this_machine =
	        hwloc_topology_is_thissystem(topology->hwloc) == 1;
	topology->note[0] = '\0';
	failed = find_usable(topology);
	if (failed)
		return rm_error_set(error, failed, "out of memory");
	topology->cpus = (unsigned)hwloc_bitmap_weight(topology->usable);
	if (topology->cpus == 0)
		return rm_error_set(error, -ENOSYS,
		        "hwloc finds no CPU that this process may use");
	topology->cores = count_objects(topology->hwloc, HWLOC_OBJ_CORE,
	        topology->usable, topology->cpus);
	topology->sockets = count_objects(
	        topology->hwloc, HWLOC_OBJ_PACKAGE, topology->usable, 1);
	topology->nodes = count_objects(
	        topology->hwloc, HWLOC_OBJ_NUMANODE, topology->usable, 1);
	return 0;
}

/* Checks that sched_getaffinity() works. If a system call filter refuses it,
   hwloc_topology_load() retries endlessly with larger masks. */
static int check_affinity(struct rm_error *error)
{
	static unsigned long mask[1024]; /* 65,536 CPUs */

	if (syscall(SYS_sched_getaffinity, 0, sizeof(mask), mask) >= 0)
		return 0;
	return rm_error_set(error, -EPERM,
	        "the kernel refuses sched_getaffinity(): %s: allow this call "
	        "in the container's system call filter",
	        strerror(errno));
}

/* Rejects a node whose number is outside of its set. Damaged files have such
   nodes, and hwloc would end the process. */
static int check_nodes(
        const struct rm_topology *topology, struct rm_error *error)
{
	hwloc_obj_t node = NULL;

	while ((node = hwloc_get_next_obj_by_type(
	                topology->hwloc, HWLOC_OBJ_NUMANODE, node)))
		if (!hwloc_bitmap_isset(node->nodeset, node->os_index))
			return rm_error_set(error, -EINVAL,
			        "the topology is damaged: NUMA node %u is not "
			        "in its own set: unset HWLOC_XMLFILE, or write "
			        "that file again",
			        node->os_index);
	return 0;
}

int rm_topology_load(const char *synthetic, struct rm_topology *topology,
        struct rm_error *error)
{
	*topology = (struct rm_topology){ 0 };
	if (check_affinity(error))
		return -EPERM;
	if (hwloc_topology_init(&topology->hwloc))
		return rm_error_set(error, -ENOMEM, "out of memory");
	if (synthetic &&
	        hwloc_topology_set_synthetic(topology->hwloc, synthetic))
		return rm_error_set(error, -ENOSYS,
		        "hwloc does not understand the topology \"%.200s\"",
		        synthetic);
	/* includes CPUs that a cgroup excludes, since they must not change the
	   id */
	hwloc_topology_set_flags(
	        topology->hwloc, HWLOC_TOPOLOGY_FLAG_INCLUDE_DISALLOWED);
	if (hwloc_topology_load(topology->hwloc))
		return rm_error_set(error, -ENOSYS,
		        "hwloc cannot read this machine's topology: %s",
		        strerror(errno));
	if (check_nodes(topology, error))
		return -EINVAL;
	return rm_topology_scan(topology, error);
}

hwloc_obj_t rm_topology_node_of(
        const struct rm_topology *topology, hwloc_obj_t pu)
{
	hwloc_obj_t node = NULL, best = NULL;
	int least = INT_MAX;

	while ((node = hwloc_get_next_obj_by_type(
	                topology->hwloc, HWLOC_OBJ_NUMANODE, node))) {
		int cpus = hwloc_bitmap_weight(node->cpuset);

		if (!hwloc_bitmap_isset(node->cpuset, pu->os_index) ||
		        cpus > least ||
		        (cpus == least && node->os_index > best->os_index))
			continue;
		best = node;
		least = cpus;
	}
	return best;
}

/* Counts changes of the core, since the CPUs of a core are adjacent in logical
   order. */
unsigned rm_topology_node_cores(const struct rm_topology *topology,
        hwloc_obj_t node, hwloc_const_bitmap_t cpus)
{
	hwloc_obj_t pu = NULL, last = NULL;
	unsigned n = 0;

	while ((pu = hwloc_get_next_obj_by_type(
	                topology->hwloc, HWLOC_OBJ_PU, pu))) {
		hwloc_obj_t core = hwloc_get_ancestor_obj_by_type(
		        topology->hwloc, HWLOC_OBJ_CORE, pu);

		if (!hwloc_bitmap_isset(cpus, pu->os_index) ||
		        rm_topology_node_of(topology, pu) != node)
			continue;
		n += !core || core != last;
		last = core;
	}
	return n;
}

bool rm_topology_has_memory(
        const struct rm_topology *topology, hwloc_obj_t node)
{
	/* most synthetic nodes have no memory */
	return (node->attr->numanode.local_memory > 0 ||
	               !topology->this_machine) &&
	       hwloc_bitmap_isset(
	               hwloc_topology_get_allowed_nodeset(topology->hwloc),
	               node->os_index);
}

/* Stores why this process may not use a CPU, and how to make the CPU usable. */
static void explain_lost_cpu(unsigned cpu, char *text, size_t size)
{
	char list[1024];

	if (rm_host_read("/sys/devices/system/cpu/online", list, sizeof(list)) >
	                0 &&
	        !rm_host_list_has(list, cpu))
		snprintf(text, size,
		        "is offline: bring it back (echo 1 > "
		        "/sys/devices/system/cpu/cpu%u/online)",
		        cpu);
	else
		snprintf(text, size,
		        "is forbidden by taskset or a cpuset: allow it");
}

int rm_topology_check_cpus(const struct rm_topology *topology,
        const unsigned *cpus, unsigned count, unsigned planned,
        struct rm_error *error)
{
	hwloc_bitmap_t mask = hwloc_bitmap_alloc();
	char list[128] = "", why[128];
	int result = 0, usable;

	if (!topology->this_machine || !mask ||
	        hwloc_get_cpubind(topology->hwloc, mask, HWLOC_CPUBIND_PROCESS))
		goto end;
	hwloc_bitmap_list_snprintf(list, sizeof(list), mask);
	for (unsigned i = 0; i < count && !result; i++) {
		if (hwloc_bitmap_isset(mask, cpus[i]))
			continue;
		explain_lost_cpu(cpus[i], why, sizeof(why));
		result = rm_error_set(error, -EXDEV,
		        "its CPU %u %s; this process may use CPU %s", cpus[i],
		        why, list);
	}
	hwloc_bitmap_and(mask, mask, topology->usable);
	usable = hwloc_bitmap_weight(mask);
	if (!count && usable != (int)planned)
		result = rm_error_set(error, -EXDEV,
		        "its threads are not bound, and it was planned for %u "
		        "CPUs, but this process may use %d (CPU %s): give it "
		        "%u CPUs",
		        planned, usable, list, planned);
end:
	hwloc_bitmap_free(mask);
	return result;
}

/* True for lines that identify a machine and must not be published. */
static bool is_private(const char *line, size_t length)
{
	static const char *const names[] = { "\"HostName\"", "Serial", "UUID",
		"AssetTag" };

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (memmem(line, length, "<info name=", 11) &&
		        memmem(line, length, names[i], strlen(names[i])))
			return true;
	return false;
}

char *rm_topology_xml(const struct rm_topology *topology)
{
	char *full_xml = NULL, *filtered_xml;
	size_t used = 0;
	int length = 0;

	if (hwloc_topology_export_xmlbuffer(
	            topology->hwloc, &full_xml, &length, 0))
		return NULL;
	filtered_xml = calloc(1, strlen(full_xml) + 1);
	for (const char *line = full_xml; filtered_xml && *line;) {
		size_t n = strcspn(line, "\n");

		n += line[n] == '\n';
		if (!is_private(line, n)) {
			memcpy(filtered_xml + used, line, n);
			used += n;
		}
		line += n;
	}
	hwloc_free_xmlbuffer(topology->hwloc, full_xml);
	return filtered_xml;
}

void rm_topology_line(
        const struct rm_topology *topology, char *text, size_t size)
{
	if (hwloc_topology_export_synthetic(topology->hwloc, text, size, 0) < 0)
		/* hwloc cannot format asymmetric machines */
		snprintf(text, size,
		        "%u CPUs, %u cores, %u sockets, %u NUMA nodes",
		        topology->cpus, topology->cores, topology->sockets,
		        topology->nodes);
}

void rm_topology_free(struct rm_topology *topology)
{
	hwloc_bitmap_free(topology->usable);
	if (topology->hwloc)
		hwloc_topology_destroy(topology->hwloc);
	*topology = (struct rm_topology){ 0 };
}
