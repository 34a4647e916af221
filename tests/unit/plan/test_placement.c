/* SPDX-License-Identifier: Apache-2.0 */
/* test_placement.c - tests placement on synthetic machines of hwloc, by the
   table placements.txt. */
#include "runner/plan/placement.h"
#include "runner/protocol/protocol.h"
#include "tests/unit/tap.h"

#include <errno.h>
#include <hwloc.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct rm_topology machine;
static struct rm_error error;

/* Changes the machine by a line such as "online 0-3". Returns false if there is
   no such line. */
static bool change_machine(const char *key, char *value)
{
	hwloc_bitmap_t set = hwloc_bitmap_alloc();
	const char *cpus = strsep(&value, " ");
	bool known = true;
	int failed = 0;

	hwloc_bitmap_list_sscanf(set, cpus);
	if (!strcmp(key, "online"))
		failed = hwloc_topology_restrict(machine.hwloc, set, 0);
	else if (!strcmp(key, "allow"))
		failed = hwloc_topology_allow(
		        machine.hwloc, set, NULL, HWLOC_ALLOW_FLAG_CUSTOM);
	else if (!strcmp(key, "nodes"))
		failed = hwloc_topology_allow(
		        machine.hwloc, NULL, set, HWLOC_ALLOW_FLAG_CUSTOM);
	else if (!strcmp(key, "kind"))
		failed = hwloc_cpukinds_register(machine.hwloc, set,
		        value ? atoi(value) : 0, 0, NULL, 0);
	else
		known = false;
	hwloc_bitmap_free(set);
	if (failed)
		abort();
	return known;
}

static void set_latency(char *value)
{
	hwloc_obj_t nodes[16];
	hwloc_uint64_t values[256];
	unsigned n = 0, count = 0;
	hwloc_distances_add_handle_t table =
	        hwloc_distances_add_create(machine.hwloc, "NUMALatency",
	                HWLOC_DISTANCES_KIND_FROM_OS |
	                        HWLOC_DISTANCES_KIND_MEANS_LATENCY,
	                0);

	for (char *word; (word = strsep(&value, " "));)
		values[count++] = strtoull(word, NULL, 10);
	for (; n * n < count; n++)
		nodes[n] = hwloc_get_obj_by_type(
		        machine.hwloc, HWLOC_OBJ_NUMANODE, n);
	if (hwloc_distances_add_values(
	            machine.hwloc, table, n, nodes, values, 0) ||
	        hwloc_distances_add_commit(machine.hwloc, table, 0))
		abort();
}

static unsigned count_threads(const char *text, const struct rm_numa *numa)
{
	return !strcmp(text, "node-cores") ? numa->node_cores
	       : !strcmp(text, "cores")    ? machine.cores
	       : !strcmp(text, "cpus")     ? machine.cpus
	                                   : (unsigned)atoi(text);
}

/* Places threads and memory like a plan: "0 1, bind:0", "left out", or the
   error. */
static void place(char *placement, char *memory, const char *threads,
        char text[sizeof(struct rm_error)])
{
	struct rm_numa numa;
	struct rm_placement parsed;
	unsigned cpus[64], count;

	rm_numa_find(&machine, &numa);
	count = count_threads(threads, &numa);
	strcpy(text, "left out");
	if (!rm_numa_resolve(&numa, placement, memory))
		return;
	error.text[0] = '\0';
	if (rm_memory_check(&machine, memory, &error) ||
	        rm_placement_parse(placement, &parsed, &error) ||
	        rm_placement_choose(&machine, &parsed, count, cpus, &error)) {
		const char *colon = strstr(error.text, ": ");

		strcpy(text, colon ? colon + 2 : error.text);
		return;
	}
	for (unsigned i = 0; i < count; i++)
		text += sprintf(text, i ? " %u" : "%u", cpus[i]);
	sprintf(text, ", %s", memory);
}

static void check_row(const char *name, char *line, const char *expected)
{
	char placement[RM_NAME_BYTES], memory[RM_NAME_BYTES], threads[32];
	char text[sizeof(struct rm_error)], fact[1024];

	if (rm_topology_scan(&machine, &error) ||
	        sscanf(line, "%63s %63s %31s", placement, memory, threads) != 3)
		abort();
	snprintf(fact, sizeof(fact), "%s: %s: %s", name, line, expected);
	place(placement, memory, threads, text);
	CHECK(!strcmp(text, expected), fact);
	if (strcmp(text, expected))
		printf("# got %s\n", text);
}

static void read_line(char *line, char name[256])
{
	char *row = strstr(line, " = "), *value = strchr(line, ' ');

	line[strcspn(line, "\n")] = '\0';
	if (line[0] == '#' || !value)
		return;
	if (row) {
		*row = '\0';
		check_row(name, line, row + 3);
		return;
	}
	*value++ = '\0';
	if (!strcmp(line, "machine")) {
		snprintf(name, 256, "%s", value);
	} else if (!strcmp(line, "topology")) {
		rm_topology_free(&machine);
		if (rm_topology_load(value, &machine, &error))
			abort();
	} else if (!strcmp(line, "latency")) {
		set_latency(value);
	} else if (!change_machine(line, value)) {
		abort();
	}
}

static struct rm_topology load_topology(const char *synthetic)
{
	struct rm_topology topology;

	if (rm_topology_load(synthetic, &topology, &error)) {
		printf("Bail out! %s\n", error.text);
		exit(1);
	}
	return topology;
}

static void hybrid(void)
{
	struct rm_topology topology = load_topology("core:8 pu:1");
	struct hwloc_info_s info = { (char *)"CoreType", (char *)"Fast" };
	hwloc_bitmap_t set = hwloc_bitmap_alloc();

	hwloc_bitmap_set_range(set, 0, 2);
	hwloc_cpukinds_register(topology.hwloc, set, 50, 1, &info, 0);
	hwloc_bitmap_zero(set);
	hwloc_bitmap_set_range(set, 3, 7);
	hwloc_cpukinds_register(topology.hwloc, set, 10, 0, NULL, 0);
	hwloc_bitmap_free(set);
	CHECK(rm_topology_scan(&topology, &error) == 0 && topology.cpus == 3 &&
	                topology.kinds == 2 &&
	                strstr(topology.note, "3 of 8") &&
	                strstr(topology.note, "CoreType=Fast"),
	        "the note lists the excluded CPUs");
	rm_topology_free(&topology);
}

static void from_the_environment(void)
{
	struct rm_topology topology;

	setenv("HWLOC_SYNTHETIC", "pack:3 core:2 pu:1", 1);
	CHECK(rm_topology_load(NULL, &topology, &error) == 0 &&
	                topology.cpus == 6 && topology.sockets == 3 &&
	                !topology.this_machine,
	        "HWLOC_SYNTHETIC replaces the machine, and this_machine is "
	        "false");
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
	struct rm_placement compact = { RM_PLACE_COMPACT, 0 };
	cpu_set_t all, one;
	unsigned cpus[2];
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
	CHECK(rm_placement_choose(&topology, &compact, 2, cpus, &error) == 0 &&
	                (int)cpus[0] == cpu && (int)cpus[1] == cpu,
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
	topology = load_topology("l3:1(size=32MiB) pu:2");
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
	        "only the policies are accepted");
	CHECK(rm_memory_parse("bind:3", &policy, &node, NULL) == 0 &&
	                policy == RM_BIND && node == 3 &&
	                rm_memory_parse("bind:x", &policy, &node, NULL) ==
	                        -EINVAL,
	        "bind needs a number");
}

static void table(void)
{
	FILE *file = fopen("tests/unit/plan/placements.txt", "re");
	char line[512], name[256] = "";

	if (!file)
		abort();
	while (fgets(line, sizeof(line), file))
		read_line(line, name);
	fclose(file);
	rm_topology_free(&machine);
}

int main(void)
{
	table();
	hybrid();
	from_the_environment();
	process_mask();
	xml_and_line();
	names();
	return DONE();
}
