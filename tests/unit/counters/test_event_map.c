/* SPDX-License-Identifier: Apache-2.0 */
/* The event map: its file, its mistakes, and which CPU gets which lines. */
#include "runner/base/host.h"
#include "runner/counters/events.h"
#include "tests/unit/fake_root.h"
#include "tests/unit/tap.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static bool complains(const char *text, const char *about)
{
	struct rm_event_map *map = NULL;
	struct rm_error error = { "" };
	int code = rm_event_map_parse(text, "x.tsv", &map, &error);
	bool right = code == -EINVAL && !map && strstr(error.text, about);

	if (!right)
		printf("# %d \"%s\"\n", code, error.text);
	rm_event_map_free(map);
	return right;
}

static void mistakes_are_named_with_their_line(void)
{
	CHECK(complains("# head\nzen3\tcycles\tE\n",
	              "x.tsv:2: 3 columns, expected 7"),
	        "a line with too few columns");
	CHECK(complains("zen3\ta\t-\t-\traw\t0x1\tn\textra\n",
	              "x.tsv:1: more than 7 columns"),
	        "a line with too many columns");
	CHECK(complains("zen3\ta\t-\t-\traw\t0x1\t\nzen3\tb\t-\t-\traw\tq\t\n",
	              "x.tsv:2: perf_config \"q\""),
	        "a code that is not hexadecimal");
	CHECK(complains("zen3\ta\t-\t-\traw\t0x12g\t\n", "expected 0x"),
	        "rubbish behind a code");
	CHECK(complains(
	              "zen3\ta\t-\t-\traw\t0x1\t\nzen3\ta\t-\t-\traw\t0x2\t\n",
	              "x.tsv:2: zen3 a again"),
	        "a pair of arch and metric twice");
	CHECK(complains("zen33\ta\t-\t-\traw\t0x1\t\n", "arch \"zen33\""),
	        "an arch that no CPU can have");
	CHECK(complains("zen3\ta\t\tPMC\traw\t0x1\t\n", "empty column"),
	        "an empty event");
	CHECK(complains("zen3\ta\t-\t-\t\t0x1\t\n", "empty column"),
	        "an empty PMU");
	CHECK(complains("zen3\t\t-\t-\traw\t0x1\t\n", "no metric"),
	        "an empty metric");
	CHECK(complains("zen3\ta\tEVENT\t-\traw\t0x1\t\n",
	              "likwid event without a counter"),
	        "a likwid event without a counter");
}

static void the_built_in_table_is_the_whole_file(void)
{
	struct rm_event_map *map = NULL;
	struct rm_error error = { "" };

	CHECK(rm_event_map_builtin(&map, &error) == 0,
	        "the built-in table is read without a complaint");
	CHECK(rm_event_map_size(map) == 167, "it holds 167 events");
	rm_event_map_free(map);
}

struct expected {
	const char *arch, *metric, *event;
	uint64_t config;
	const char *found_at; /* NULL: not offered */
};

static const struct expected table[] = {
	{ "zen3", "l1d_fill_ccx", "DATA_CACHE_REFILLS_INT_CACHE", 0x0243,
	        "zen3" },
	{ "zen3", "instructions", "RETIRED_INSTRUCTIONS", 0x1, "amd" },
	{ "zen3", "page_faults", NULL, 0x2, "*" },
	{ "zen3", "snoop_hitm", NULL, 0, NULL },
	{ "zen5", "l1d_fill", "ANY_DATA_CACHE_FILLS_ALL", 0xdf44, "zen4" },
	{ "skx", "snoop_hitm", "MEM_LOAD_L3_HIT_RETIRED_XSNP_HITM", 0x04d2,
	        "skx" },
	{ "skx", "l1d_fill", "L1D_REPLACEMENT", 0x0151, "intel" },
	{ "adl_e", "l1d_fill", NULL, 0, NULL },
	{ "adl_e", "snoop_hitm", NULL, 0x20d1, "adl_e" },
	{ "adl_p", "snoop_hitm", NULL, 0x04d2, "adl_p" },
	{ "arm_v1", "l1d_load_lmiss", "L1D_CACHE_LMISS_RD", 0x39, "arm_v1" },
	{ "arm_v1", "l1d_fill", "L1D_CACHE_REFILL", 0x03, "arm" },
	{ "arm", "l1d_load_lmiss", NULL, 0, NULL },
	{ "unknown", "l1d_fill", NULL, 0, NULL },
	{ "unknown", "cycles", NULL, 0x0, "*" },
};

struct machine {
	const char *arch, *what, *cpuinfo;
};

static const struct machine machines[] = {
	{ "zen3", "AuthenticAMD 25/1",
	        "processor\t: 0\nvendor_id\t: AuthenticAMD\n"
	        "cpu family\t: 25\nmodel\t\t: 1\nmodel name\t: AMD EPYC\n" },
	{ "zen5", "AuthenticAMD 26/2",
	        "processor\t: 0\nvendor_id\t: AuthenticAMD\n"
	        "cpu family\t: 26\nmodel\t\t: 2\n" },
	{ "skx", "GenuineIntel 6/85",
	        "processor\t: 0\nvendor_id\t: GenuineIntel\n"
	        "cpu family\t: 6\nmodel\t\t: 85\n" },
	{ "arm_v1", "Arm 0x41/0xd40",
	        "processor\t: 0\nCPU implementer\t: 0x41\n"
	        "CPU part\t: 0xd40\n" },
	{ "arm", "Arm 0x41/0xd0c",
	        "processor\t: 0\nCPU implementer\t: 0x41\n"
	        "CPU part\t: 0xd0c\n" },
	{ "power9", "POWER9 0/0",
	        "processor\t: 0\ncpu\t\t: POWER9, altivec supported\n" },
	{ "unknown", "GenuineIntel 6/28",
	        "processor\t: 0\nvendor_id\t: GenuineIntel\n"
	        "cpu family\t: 6\nmodel\t\t: 28\n" },
	{ "unknown", "AuthenticAMD 23/1",
	        "processor\t: 0\nvendor_id\t: AuthenticAMD\n"
	        "cpu family\t: 23\nmodel\t\t: 1\n" },
};

static void each_cpu_is_recognised(const char *root)
{
	for (size_t i = 0; i < sizeof(machines) / sizeof(*machines); i++) {
		struct rm_arch arch;
		struct rm_error error = { "" };
		char name[160];

		fake_root_write(root, "proc/cpuinfo", machines[i].cpuinfo);
		snprintf(name, sizeof(name), "%s is %s", machines[i].what,
		        machines[i].arch);
		CHECK(!rm_arch_detect(0, &arch, &error) &&
		                !strcmp(arch.name, machines[i].arch) &&
		                !strcmp(arch.what, machines[i].what),
		        name);
	}
}

static void hybrid_cpus_are_told_apart(
        const char *root, const struct rm_event_map *map)
{
	struct rm_arch p, e;
	struct rm_error error = { "" };
	const char *kind = "vendor_id\t: GenuineIntel\ncpu family\t: 6\n"
	                   "model\t\t: 151\n";
	char text[512];

	snprintf(text, sizeof(text), "processor\t: 0\n%s\nprocessor\t: 17\n%s",
	        kind, kind);
	fake_root_write(root, "proc/cpuinfo", text);
	fake_root_write(
	        root, "sys/bus/event_source/devices/cpu_atom/cpus", "16-23\n");
	CHECK(!rm_arch_detect(0, &p, &error) && !strcmp(p.name, "adl_p"),
	        "CPU 0 of Alder Lake is a P-core");
	CHECK(!rm_arch_detect(17, &e, &error) && !strcmp(e.name, "adl_e"),
	        "CPU 17 of Alder Lake is an E-core");
	CHECK(rm_event_map_find(map, &p, "memorder_clear", NULL) &&
	                !rm_event_map_find(map, &e, "memorder_clear", NULL),
	        "what Intel's big cores share is not offered on an E-core");

	CHECK(rm_arch_detect(3, &p, &error) == -ENODEV &&
	                strstr(error.text, "no processor 3"),
	        "a CPU that is not there is an error");
}

static void look_ups_go_exact_family_star(const struct rm_event_map *map)
{
	static const struct rm_arch archs[] = {
		{ "zen3", { "zen3", "amd", "*" }, 3, "" },
		{ "zen5", { "zen4", "amd", "*" }, 3, "" },
		{ "skx", { "skx", "intel", "*" }, 3, "" },
		{ "adl_p", { "adl_p", "intel", "*" }, 3, "" },
		{ "adl_e", { "adl_e", "*" }, 2, "" },
		{ "arm_v1", { "arm_v1", "arm", "*" }, 3, "" },
		{ "arm", { "arm", "*" }, 2, "" },
		{ "unknown", { "*" }, 1, "" },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		const struct expected *want = &table[i];
		const struct rm_arch *arch = archs;
		struct rm_error error = { "" };
		char name[160];

		while (strcmp(arch->name, want->arch))
			arch++;
		const struct rm_counter_event *event =
		        rm_event_map_find(map, arch, want->metric, &error);
		snprintf(name, sizeof(name), "%s on %s: %s", want->metric,
		        want->arch, want->found_at ? want->found_at : "none");
		if (!want->found_at) {
			CHECK(!event && strstr(error.text, "not offered on"),
			        name);
			continue;
		}
		CHECK(event && !strcmp(event->arch, want->found_at) &&
		                event->perf_config == want->config &&
		                (!want->event || !strcmp(event->likwid_event,
		                                         want->event)),
		        name);
	}
}

int main(void)
{
	char root[64];
	struct rm_event_map *map = NULL;
	struct rm_error error = { "" };

	mistakes_are_named_with_their_line();
	the_built_in_table_is_the_whole_file();
	if (!rm_event_map_builtin(&map, &error))
		look_ups_go_exact_family_star(map);
	fake_root_make(root, sizeof(root));
	each_cpu_is_recognised(root);
	hybrid_cpus_are_told_apart(root, map);
	rm_event_map_free(map);
	CHECK(rm_host_list_has("0-3,8,10-11", 11) &&
	                !rm_host_list_has("0-3,8,10-11", 9) &&
	                !rm_host_list_has("", 0),
	        "a kernel CPU list is understood");
	fake_root_remove(root);
	return DONE();
}
