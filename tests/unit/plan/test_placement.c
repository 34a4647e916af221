/* SPDX-License-Identifier: Apache-2.0 */
/* test_placement.c - placement on synthetic machines of hwloc. */
#include "runner/plan/placement.h"
#include "tests/unit/tap.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

/* 2 packages x 4 cores x 2 CPUs, siblings n and n + 8 as Linux numbers them. */
#define SMT                                                  \
	"pack:2 [numa(memory=8GB)] l3:1(size=32MiB) core:4 " \
	"pu:2(indexes=0,8,1,9,2,10,3,11,4,12,5,13,6,14,7,15)"

/* CPUs that `policy` gives to `threads` threads, "0 4 1 5", or the error. */
static const char *place(struct rm_topology *topology, const char *policy,
        unsigned threads, char *text)
{
	struct rm_placement placement;
	struct rm_error error = { "" };
	unsigned cpus[64];
	char *end = text;

	if (rm_placement_parse(policy, &placement, &error) ||
	        rm_placement_choose(
	                topology, &placement, threads, cpus, &error))
		return strcpy(text, error.text);
	for (unsigned i = 0; i < threads; i++)
		end += sprintf(end, i ? " %u" : "%u", cpus[i]);
	return text;
}

static bool gives(struct rm_topology *topology, const char *policy,
        unsigned threads, const char *expected)
{
	char text[sizeof(struct rm_error)];

	if (!strcmp(place(topology, policy, threads, text), expected))
		return true;
	printf("# %s x %u: got %s, expected %s\n", policy, threads, text,
	        expected);
	return false;
}

/* True if the error contains both texts. */
static bool refuses(struct rm_topology *topology, const char *policy,
        const char *what, const char *expected)
{
	char text[sizeof(struct rm_error)];

	place(topology, policy, 1, text);
	if (strstr(text, what) && strstr(text, expected))
		return true;
	printf("# %s: %s\n", policy, text);
	return false;
}

static struct rm_topology load_topology(const char *synthetic)
{
	struct rm_topology topology;
	struct rm_error error = { "" };

	if (rm_topology_load(synthetic, &topology, &error)) {
		printf("Bail out! %s\n", error.text);
		exit(1);
	}
	return topology;
}

static void two_sockets_with_smt(void)
{
	struct rm_topology topology = load_topology(SMT);

	CHECK(topology.cpus == 16 && topology.cores == 8 &&
	                topology.sockets == 2 && topology.nodes == 2 &&
	                !topology.this_machine,
	        "16 CPUs, 8 cores, 2 sockets, 2 nodes, not this machine");
	CHECK(gives(&topology, "cores", 10, "0 1 2 3 4 5 6 7 8 9"),
	        "cores: one per core, then the second CPUs");
	CHECK(gives(&topology, "smt", 6, "0 8 1 9 2 10"),
	        "smt: siblings first");
	CHECK(gives(&topology, "compact", 6, "0 8 1 9 2 10"),
	        "compact: neighbours first");
	CHECK(gives(&topology, "sockets", 10, "0 4 1 5 2 6 3 7 8 12"),
	        "sockets: round robin over packages, cores first");
	CHECK(gives(&topology, "numa:1", 6, "4 5 6 7 12 13"),
	        "numa:1: the cores of node 1, then their siblings");
	CHECK(gives(&topology, "numa:0", 10, "0 1 2 3 8 9 10 11 0 1"),
	        "numa:0: more threads than its CPUs stay on it");
	CHECK(gives(&topology, "cores", 18,
	              "0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 0 1"),
	        "more threads than CPUs: round robin over all usable ones");
	CHECK(gives(&topology, "cores", 10, "0 1 2 3 4 5 6 7 8 9"),
	        "the result is deterministic");
	CHECK(refuses(&topology, "numa:9", "no such NUMA node",
	              "expected one of 0 1"),
	        "numa:9 is rejected, and the nodes are listed");
	rm_topology_free(&topology);
}

static void restricted(void)
{
	struct rm_topology topology = load_topology(SMT);
	struct rm_error error = { "" };
	hwloc_bitmap_t set = hwloc_bitmap_alloc();

	hwloc_bitmap_list_sscanf(set, "0-2,9-10,13");
	hwloc_topology_restrict(topology.hwloc, set, 0);
	hwloc_bitmap_free(set);
	CHECK(rm_topology_scan(&topology, &error) == 0 && topology.cpus == 6 &&
	                topology.cores == 4,
	        "a cpuset of 0-2,9-10,13 has 6 CPUs on 4 cores");
	CHECK(gives(&topology, "cores", 6, "0 1 2 13 9 10"),
	        "no CPU repeats if cores have different numbers of CPUs");
	CHECK(gives(&topology, "smt", 6, "1 9 2 10 0 13"),
	        "smt: cores with siblings come first");
	CHECK(gives(&topology, "compact", 6, "0 1 9 2 10 13"),
	        "compact: logical order, whatever is missing");
	CHECK(gives(&topology, "sockets", 6, "0 13 1 2 9 10"),
	        "sockets: the smaller one runs out first");
	rm_topology_free(&topology);
}

static void hybrid(void)
{
	struct rm_topology topology = load_topology("core:8 pu:1");
	struct rm_error error = { "" };
	struct hwloc_info_s info[2][1] = {
		{ { (char *)"CoreType", (char *)"Fast" } },
		{ { (char *)"CoreType", (char *)"Small" } }
	};
	hwloc_bitmap_t set = hwloc_bitmap_alloc();

	hwloc_bitmap_set_range(set, 0, 2);
	hwloc_cpukinds_register(topology.hwloc, set, 50, 1, info[0], 0);
	hwloc_bitmap_zero(set);
	hwloc_bitmap_set_range(set, 3, 7);
	hwloc_cpukinds_register(topology.hwloc, set, 10, 1, info[1], 0);
	CHECK(rm_topology_scan(&topology, &error) == 0 && topology.cpus == 3 &&
	                topology.kinds == 2,
	        "only the faster of two kinds of CPU is usable");
	CHECK(strstr(topology.note, "3 of 8") &&
	                strstr(topology.note, "CoreType=Fast"),
	        "the note has the excluded CPUs");
	CHECK(gives(&topology, "cores", 5, "0 1 2 0 1"),
	        "threads do not use the other kind");
	hwloc_bitmap_list_sscanf(set, "1-2,5");
	hwloc_topology_allow(
	        topology.hwloc, set, NULL, HWLOC_ALLOW_FLAG_CUSTOM);
	CHECK(rm_topology_scan(&topology, &error) == 0 && topology.cpus == 2 &&
	                gives(&topology, "cores", 3, "1 2 1"),
	        "nor fast CPUs that are not allowed");
	hwloc_topology_allow(topology.hwloc, NULL, NULL, HWLOC_ALLOW_FLAG_ALL);
	hwloc_bitmap_zero(set);
	hwloc_bitmap_set_range(set, 4, 5);
	hwloc_topology_restrict(topology.hwloc, set, 0);
	CHECK(rm_topology_scan(&topology, &error) == 0 && topology.cpus == 2 &&
	                gives(&topology, "cores", 3, "4 5 4"),
	        "small CPUs are used if only these are allowed");
	hwloc_bitmap_free(set);
	rm_topology_free(&topology);
}

static void memory_only_node(void)
{
	struct rm_topology topology =
	        load_topology("pack:2 [numa] core:2 pu:1");
	struct rm_error error = { "" };
	hwloc_bitmap_t set = hwloc_bitmap_alloc();

	hwloc_bitmap_set_range(set, 0, 1);
	hwloc_topology_restrict(topology.hwloc, set, 0);
	hwloc_bitmap_free(set);
	CHECK(rm_topology_scan(&topology, &error) == 0 && topology.cpus == 2,
	        "a package without usable CPUs keeps its memory");
	CHECK(refuses(&topology, "numa:1", "memory only", "expected one of 0"),
	        "a node without CPUs is rejected for threads");
	CHECK(rm_memory_check(&topology, "bind:1", &error) == 0,
	        "memory may be bound to a node that has memory");
	CHECK(rm_memory_check(&topology, "bind:9", &error) == -EINVAL &&
	                strstr(error.text, "no such NUMA node"),
	        "memory cannot be bound to an unknown node");
	CHECK(rm_memory_check(&topology, "first-touch", &error) == 0,
	        "unbound memory needs no node");
	CHECK(rm_memory_check(&topology, "sideways", &error) == -EINVAL,
	        "an unknown policy is rejected");
	rm_topology_free(&topology);
}

static void a_forbidden_node(void)
{
	struct rm_topology topology = load_topology(SMT);
	struct rm_error error = { "" };
	hwloc_bitmap_t nodes = hwloc_bitmap_alloc();

	hwloc_bitmap_set(nodes, 0);
	hwloc_topology_allow(
	        topology.hwloc, NULL, nodes, HWLOC_ALLOW_FLAG_CUSTOM);
	hwloc_bitmap_free(nodes);
	CHECK(rm_memory_check(&topology, "bind:0", &error) == 0,
	        "memory may be bound to an allowed node");
	CHECK(rm_memory_check(&topology, "bind:1", &error) == -EINVAL &&
	                strstr(error.text, "the cgroup forbids"),
	        "but not to a forbidden node");
	rm_topology_free(&topology);
}

static void no_thread(void)
{
	struct rm_topology topology = load_topology(SMT);
	char text[sizeof(struct rm_error)];

	CHECK(strstr(place(&topology, "cores", 0, text), "0 threads to place"),
	        "zero threads are rejected");
	rm_topology_free(&topology);
}

static void from_the_environment(void)
{
	struct rm_topology topology;
	struct rm_error error = { "" };

	setenv("HWLOC_SYNTHETIC", "pack:3 core:2 pu:1", 1);
	CHECK(rm_topology_load(NULL, &topology, &error) == 0 &&
	                topology.cpus == 6 && topology.sockets == 3 &&
	                !topology.this_machine,
	        "HWLOC_SYNTHETIC replaces the machine, and this_machine is "
	        "false");
	CHECK(gives(&topology, "sockets", 4, "0 2 4 1"),
	        "three sockets get one thread each, then the next round");
	rm_topology_free(&topology);
	unsetenv("HWLOC_SYNTHETIC");
	CHECK(rm_topology_load("pak:3", &topology, &error) == -ENOSYS &&
	                strstr(error.text, "pak:3"),
	        "an invalid description is named");
	rm_topology_free(&topology);
}

static void process_mask(void)
{
	struct rm_topology topology;
	struct rm_error error = { "" };
	cpu_set_t all, one;
	char expected[32];
	int cpu = 0;

	sched_getaffinity(0, sizeof(all), &all);
	while (!CPU_ISSET(cpu, &all))
		cpu++;
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	sched_setaffinity(0, sizeof(one), &one);
	CHECK(rm_topology_load(NULL, &topology, &error) == 0 &&
	                topology.cpus == 1 && topology.this_machine,
	        "an affinity mask of one CPU leaves one usable CPU");
	snprintf(expected, sizeof(expected), "%d %d", cpu, cpu);
	CHECK(gives(&topology, "compact", 2, expected),
	        "threads stay in the mask");
	rm_topology_free(&topology);
	sched_setaffinity(0, sizeof(all), &all);
}

static void xml_and_line(void)
{
	struct rm_topology topology, real = load_topology(NULL);
	char line[512];
	char *xml;

	rm_topology_line(&real, line, sizeof(line));
	CHECK(line[0] != '\0', "a machine has a one-line description");
	xml = rm_topology_xml(&real);
	CHECK(xml && strstr(xml, "<topology") && strstr(xml, "</topology>"),
	        "the XML is complete");
	CHECK(xml && !strstr(xml, "HostName"), "the XML has no host name");
	free(xml);
	topology = load_topology(SMT);
	hwloc_obj_add_info(
	        hwloc_get_root_obj(topology.hwloc), "HostName", "secret");
	xml = rm_topology_xml(&topology);
	CHECK(xml && !strstr(xml, "secret") && strstr(xml, "cache_size"),
	        "a host name is removed, caches stay");
	free(xml);
	rm_topology_free(&topology);
	rm_topology_free(&real);
}

static bool parses(const char *text)
{
	struct rm_placement placement;

	return rm_placement_parse(text, &placement, NULL) == 0;
}

static void names(void)
{
	enum rm_memory_policy policy;
	unsigned node = 77;

	CHECK(parses("none") && parses("numa:12") && !parses("numa:") &&
	                !parses("numa:-1") && !parses("core") && !parses(""),
	        "only the six policies are accepted");
	CHECK(rm_memory_parse("bind:3", &policy, &node, NULL) == 0 &&
	                policy == RM_BIND && node == 3 &&
	                rm_memory_parse("bind:x", &policy, &node, NULL) ==
	                        -EINVAL,
	        "bind needs a number");
}

int main(void)
{
	two_sockets_with_smt();
	restricted();
	hybrid();
	memory_only_node();
	a_forbidden_node();
	no_thread();
	from_the_environment();
	process_mask();
	xml_and_line();
	names();
	return DONE();
}
