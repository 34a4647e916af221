/* SPDX-License-Identifier: Apache-2.0 */
/* test_event_map.c - reads the tables of events and CPUs: errors, and the lines
   of each CPU. tests/report/test_cpus.py compares the lines with the lists of
   the kernel and likwid. */
#include "runner/base/host.h"
#include "runner/base/tsv.h"
#include "runner/counters/counters.h"
#include "runner/counters/events.h"
#include "tests/unit/counters/events_table.h"
#include "tests/unit/fake_root.h"
#include "tests/unit/tap.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <stdlib.h>
#include <string.h>

static bool rejects(const char *text, const char *about)
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

static void reject_event_lines(void)
{
	CHECK(rejects("# head\nzen3\tcycles\tE\n",
	              "x.tsv:2: 3 columns, expected 8"),
	        "a line with too few columns is rejected");
	CHECK(rejects("zen3\ta\t-\t-\traw\t0x1\tN\tn\textra\n",
	              "x.tsv:1: more than 8 columns"),
	        "a line with too many columns is rejected");
	CHECK(rejects("zen3\ta\t-\t-\traw\t0x1\tN\t\nzen3\tb\t-\t-"
	              "\traw\tq\tN\t\n",
	              "x.tsv:2: perf_config \"q\""),
	        "a code that is not hexadecimal is rejected");
	CHECK(rejects("zen3\ta\t-\t-\traw\t0x12g\tN\t\n", "expected 0x"),
	        "characters after a code are rejected");
	CHECK(rejects("zen3\ta\t-\t-\traw\t0x1\tN\t\nzen3\ta\t-\t-"
	              "\traw\t0x2\tN\t\n",
	              "x.tsv:2: duplicate zen3 a"),
	        "a duplicate pair of arch and metric is rejected");
	CHECK(rejects("zen33\ta\t-\t-\traw\t0x1\tN\t\n", "arch \"zen33\""),
	        "an arch that no CPU has is rejected");
	CHECK(rejects("zen3\ta\t\tPMC\traw\t0x1\tN\t\n", "empty column"),
	        "an empty event is rejected");
	CHECK(rejects("zen3\ta\t-\t-\t\t0x1\tN\t\n", "empty column"),
	        "an empty PMU is rejected");
	CHECK(rejects("zen3\t\t-\t-\traw\t0x1\tN\t\n", "no metric"),
	        "an empty metric is rejected");
	CHECK(rejects("zen3\ta\tEVENT\t-\traw\t0x1\tN\t\n",
	              "likwid event without a counter"),
	        "a likwid event without a counter is rejected");
}

static void read_builtin_table(void)
{
	struct rm_event_map *map = NULL;
	struct rm_error error = { "" };

	CHECK(rm_event_map_builtin(&map, &error) == 0,
	        "the built-in table is read without an error");
	CHECK(rm_event_map_size(map) == 235, "the built-in table has 235 "
	                                     "events");
	rm_event_map_free(map);
}

static void read_empty_table(void)
{
	struct rm_event_map *map = NULL;
	struct rm_error error = { "" };
	struct rm_arch arch = { .name = "zen3", .chain = { "*" }, .steps = 1 };
	json_t *events = NULL, *missing = NULL;

	CHECK(!rm_event_map_parse("", "x.tsv", &map, &error) &&
	                rm_event_map_size(map) == 0,
	        "an empty table of events is read");
	CHECK(!rm_event_map_find(map, &arch, "cycles", &error) &&
	                strstr(error.text, "not offered on zen3"),
	        "an empty table offers nothing, with the reason");
	CHECK(!rm_event_set_choose(
	              map, &arch, "perf", NULL, &events, &missing, &error) &&
	                !json_array_size(events) &&
	                json_array_size(missing) > 5,
	        "nothing is counted, and each usual metric has a reason");
	json_decref(events);
	json_decref(missing);
	rm_event_map_free(map);
}

/* Reads one line of cpus.tsv with these values. */
static bool rejects_cpu(const char *family, const char *models,
        const char *arch, const char *lines, const char *about)
{
	struct rm_cpu_table *table = NULL;
	struct rm_error error = { "" };
	char text[200];

	snprintf(text, sizeof(text), "V\t%s\t%s\t-\t%s\t%s\t-\t5.2\t-\tW\n",
	        family, models, arch, lines);
	int code = rm_cpu_table_parse(text, "x.tsv", &table, &error);
	bool right =
	        about ? code == -EINVAL && strstr(error.text, about) : !code;

	if (!right)
		printf("# %d \"%s\"\n", code, error.text);
	if (!code)
		rm_cpu_table_free(table);
	return right;
}

static void reject_cpu_lines(void)
{
	CHECK(rejects_cpu("6", "1,0x2-0x9,12", "a", "a,b", NULL),
	        "numbers, ranges and hexadecimals are models");
	CHECK(rejects_cpu("6", "9-3", "a", "a", "models \"9-3\""),
	        "a range in reverse order is rejected");
	CHECK(rejects_cpu("6", "3,", "a", "a", "models \"3,\""),
	        "a comma at the end is rejected");
	CHECK(rejects_cpu("6", "x", "a", "a", "models \"x\""),
	        "models that are not numbers are rejected");
	CHECK(rejects_cpu("", "3", "a", "a", "family \"\""),
	        "a family that is not a number is rejected");
	CHECK(rejects_cpu("1,2", "3", "a", "a", "family \"1,2\""),
	        "two families are rejected");
	CHECK(rejects_cpu("6", "3", "a_name_too_long_", "a", "arch"),
	        "a name that is too long is rejected");
	CHECK(rejects_cpu("6", "3", "a", "a,b,c,d,e,f", "at most 5 names"),
	        "more lines than a chain can have are rejected");
	CHECK(rejects_cpu("6", "3", "a", "a,,b", "lines"),
	        "a line without a name is rejected");
}

/* The codes of perf's generic events, by their names in the kernel's header. */
static const struct {
	const char *pmu, *name;
	uint64_t config;
} generic[] = {
#define HW(n)               \
	{                   \
		"hw", #n, n \
	}
#define SW(n)               \
	{                   \
		"sw", #n, n \
	}
#define CACHE(c, op, result, name)                                        \
	{                                                                 \
		"cache", name,                                            \
		        PERF_COUNT_HW_CACHE_##c |                         \
		                PERF_COUNT_HW_CACHE_OP_##op << 8 |        \
		                PERF_COUNT_HW_CACHE_RESULT_##result << 16 \
	}
	HW(PERF_COUNT_HW_CPU_CYCLES),
	HW(PERF_COUNT_HW_INSTRUCTIONS),
	HW(PERF_COUNT_HW_REF_CPU_CYCLES),
	HW(PERF_COUNT_HW_CACHE_REFERENCES),
	HW(PERF_COUNT_HW_CACHE_MISSES),
	HW(PERF_COUNT_HW_BRANCH_MISSES),
	SW(PERF_COUNT_SW_PAGE_FAULTS),
	SW(PERF_COUNT_SW_PAGE_FAULTS_MIN),
	SW(PERF_COUNT_SW_PAGE_FAULTS_MAJ),
	CACHE(L1D, READ, ACCESS, "L1D:READ:ACCESS"),
	CACHE(L1D, READ, MISS, "L1D:READ:MISS"),
	CACHE(L1D, WRITE, ACCESS, "L1D:WRITE:ACCESS"),
	CACHE(LL, READ, ACCESS, "LL:READ:ACCESS"),
	CACHE(LL, READ, MISS, "LL:READ:MISS"),
	CACHE(DTLB, READ, MISS, "DTLB:READ:MISS"),
};

static bool is_generic(const struct rm_counter_event *event)
{
	for (size_t i = 0; i < sizeof(generic) / sizeof(*generic); i++)
		if (!strcmp(generic[i].pmu, event->perf_pmu) &&
		        event->perf_event &&
		        !strcmp(generic[i].name, event->perf_event))
			return generic[i].config == event->perf_config;
	return false;
}

static void check_generic_events(const struct rm_event_map *map)
{
	unsigned wrong = 0, checked = 0;

	for (size_t i = 0; i < rm_event_map_size(map); i++) {
		const struct rm_counter_event *event = rm_event_map_at(map, i);

		if (strcmp(event->perf_pmu, "hw") &&
		        strcmp(event->perf_pmu, "sw") &&
		        strcmp(event->perf_pmu, "cache"))
			continue;
		checked++;
		if (!is_generic(event)) {
			printf("# %s %s\n", event->arch, event->metric);
			wrong++;
		}
	}
	CHECK(checked > 20 && !wrong,
	        "generic events have the numbers of linux/perf_event.h");
}

struct expected {
	const char *arch, *metric, *event;
	uint64_t config;
	const char *found_at; /* NULL if not offered */
};

static const struct expected look_ups[] = {
	{ "zen3", "l1d_fill_ccx", "DATA_CACHE_REFILLS_INT_CACHE", 0x0243,
	        "zen3" },
	{ "zen3", "instructions", "RETIRED_INSTRUCTIONS", 0x1, "amd" },
	{ "zen3", "l1d_access", "DATA_CACHE_ACCESSES", 0x0040, "zen1" },
	{ "zen3", "page_faults", NULL, 0x2, "*" },
	{ "zen3", "snoop_hitm", NULL, 0, NULL },
	{ "zen5", "l1d_fill", NULL, 0xff44, "zen4" },
	{ "zen5", "l1d_miss_alloc", NULL, 0x0741, "zen5" },
	{ "zen5", "l1d_access", NULL, 0, NULL },
	{ "skx", "snoop_hitm", "MEM_LOAD_L3_HIT_RETIRED_XSNP_HITM", 0x04d2,
	        "skl" },
	{ "skx", "l1d_fill", "L1D_REPLACEMENT", 0x0151, "intel" },
	{ "mtl_e", "l1d_load_miss", NULL, 0x40d1, "crt" },
	{ "mtl_e", "l1d_load_hit", NULL, 0x01d1, "adl_e" },
	{ "adl_p", "snoop_hitm", "MEM_LOAD_L3_HIT_RETIRED_XSNP_FWD", 0x04d2,
	        "spr" },
	{ "v1", "l1d_load_lmiss", NULL, 0x39, "lmiss" },
	{ "v1", "l1d_fill", "L1D_CACHE_REFILL", 0x03, "arm" },
	{ "n1", "l1d_load_lmiss", NULL, 0, NULL },
	{ "unknown", "l1d_fill", NULL, 0, NULL },
	{ "unknown", "l1d_load_miss", NULL, 0x10000, "generic" },
	{ "unknown", "cycles", NULL, 0x0, "*" },
	{ "zen3", "branch_miss", "RETIRED_MISP_BRANCH_INSTR", 0x5, "amd" },
	{ "bulldozer", "branch_miss", "RETIRED_MISPREDICTED_BRANCH_INSTR", 0x5,
	        "bd" },
	{ "unknown", "branch_miss", NULL, 0x5, "*" },
};

/* Writes /proc/cpuinfo of a machine that has only CPU 0, in the format that its
   kernel uses. */
static void write_cpuinfo(
        const char *root, const char *vendor, unsigned family, unsigned model)
{
	char text[256];

	if (!strcmp(vendor, "Arm"))
		snprintf(text, sizeof(text),
		        "processor\t: 0\nCPU implementer\t: 0x%x\n"
		        "CPU part\t: 0x%03x\n",
		        family, model);
	else if (!strncmp(vendor, "POWER", 5))
		snprintf(text, sizeof(text),
		        "processor\t: 0\ncpu\t\t: %s (architected), altivec "
		        "supported\n",
		        vendor);
	else
		snprintf(text, sizeof(text),
		        "processor\t: 0\nvendor_id\t: %s\n"
		        "cpu family\t: %u\nmodel\t\t: %u\n"
		        "model name\t: some\n",
		        vendor, family, model);
	fake_root_write(root, "proc/cpuinfo", text);
}

static bool is_expected(
        const struct rm_arch *arch, const struct rm_cpu_row *row)
{
	return arch->known && !strcmp(arch->name, row->arch) &&
	       !strcmp(arch->title, row->what) &&
	       !strcmp(arch->chain[arch->steps - 1], "*");
}

/* Checks that every model in a line is identified as this CPU and has cycles
   and instructions. */
static unsigned check_row(const char *root, const struct rm_event_map *map,
        const struct rm_cpu_row *row, unsigned *wrong)
{
	unsigned checked_models = 0;

	for (const char *at = row->models; *at;) {
		char *end;
		unsigned long model = strtoul(at, &end, 0), last = model;

		if (*end == '-')
			last = strtoul(end + 1, &end, 0);
		at = end + (*end == ',');
		for (; model <= last; model++, checked_models++) {
			struct rm_arch arch;
			struct rm_error error = { "" };

			write_cpuinfo(root, row->vendor, row->family,
			        (unsigned)model);
			if (!rm_arch_detect(0, &arch, &error) &&
			        is_expected(&arch, row) &&
			        rm_event_map_find(map, &arch, "cycles", NULL) &&
			        rm_event_map_find(
			                map, &arch, "instructions", NULL))
				continue;
			printf("# %s %u/%lu: %s\n", row->vendor, row->family,
			        model, arch.name);
			++*wrong;
		}
	}
	return checked_models;
}

static void put_on_pmu(const char *root, const char *pmu, const char *cpus)
{
	char path[128];

	snprintf(path, sizeof(path), "sys/bus/event_source/devices/%s/cpus",
	        pmu);
	fake_root_write(root, path, cpus);
}

static void identify_every_cpu(const char *root, const struct rm_event_map *map)
{
	struct rm_cpu_table *table = NULL;
	struct rm_error error = { "" };
	unsigned checked_models = 0, wrong = 0;

	CHECK(!rm_cpu_table_builtin(&table, &error),
	        "the built-in table of CPUs is read without an error");
	for (size_t i = 0; i < rm_cpu_table_size(table); i++) {
		const struct rm_cpu_row *row = rm_cpu_table_at(table, i);

		if (row->pmu)
			put_on_pmu(root, row->pmu, "0\n");
		checked_models += check_row(root, map, row, &wrong);
		if (row->pmu)
			put_on_pmu(root, row->pmu, "\n");
	}
	CHECK(rm_cpu_table_size(table) > 90 && checked_models > 900 && !wrong,
	        "every model of the table is identified");
	rm_cpu_table_free(table);
}

static const struct {
	const char *what, *cpuinfo;
} unknown_cpus[] = {
	{ "GenuineIntel 6/250", "processor\t: 0\nvendor_id\t: GenuineIntel\n"
	                        "cpu family\t: 6\nmodel\t\t: 250\n" },
	{ "AuthenticAMD 27/1", "processor\t: 0\nvendor_id\t: AuthenticAMD\n"
	                       "cpu family\t: 27\nmodel\t\t: 1\n" },
	{ "HygonGenuine 24/0", "processor\t: 0\nvendor_id\t: HygonGenuine\n"
	                       "cpu family\t: 24\nmodel\t\t: 0\n" },
	{ "Arm 0x41/0xfff", "processor\t: 0\nCPU implementer\t: 0x41\n"
	                    "CPU part\t: 0xfff\n" },
	{ "POWER7 0/0", "processor\t: 0\ncpu\t\t: POWER7\n" },
	{ "unnamed 0/0", /* RISC-V */
	        "processor\t: 0\nhart\t\t: 0\nisa\t\t: rv64imafdc\n"
	        "mmu\t\t: sv39\nuarch\t\t: sifive,u74-mc\n"
	        "mvendorid\t: 0x489\n" },
	{ "unnamed 0/0", "processor\t: 0\n" },
};

/* An unknown CPU is not an error. It gets the kernel's generic events. */
static void identify_unknown_cpus(
        const char *root, const struct rm_event_map *map)
{
	static const char *const some[] = { "cycles", "instructions",
		"l1d_load_miss", "llc_load_miss", "dtlb_miss", "page_faults" };

	for (size_t i = 0; i < sizeof(unknown_cpus) / sizeof(*unknown_cpus);
	        i++) {
		struct rm_arch arch;
		struct rm_error error = { "" };
		char name[120], text[300];
		bool all = true;

		fake_root_write(root, "proc/cpuinfo", unknown_cpus[i].cpuinfo);
		snprintf(name, sizeof(name), "%s is unknown, not an error",
		        unknown_cpus[i].what);
		CHECK(!rm_arch_detect(0, &arch, &error) && !arch.known &&
		                !strcmp(arch.name, "unknown") &&
		                !strcmp(arch.what, unknown_cpus[i].what),
		        name);
		for (size_t k = 0; k < sizeof(some) / sizeof(*some); k++) {
			const struct rm_counter_event *event =
			        rm_event_map_find(map, &arch, some[k], NULL);

			all = all && event && is_generic(event);
		}
		CHECK(all && !rm_event_map_find(map, &arch, "l1d_fill", &error),
		        "the events of an unknown CPU are the kernel's generic "
		        "ones");
		CHECK(!rm_counters_describe_cpu(0, text, sizeof(text)) &&
		                strstr(text, unknown_cpus[i].what) &&
		                strstr(text, "only the kernel's 14 generic "
		                             "events"),
		        "the description names the CPU and its events");
	}
}

static void describe_likwid_release(const char *root)
{
	struct rm_arch arch;
	struct rm_error error = { "" };
	char text[300], release[64];

	fake_root_write(root, "proc/cpuinfo",
	        "processor\t: 0\nvendor_id\t: GenuineIntel\n"
	        "cpu family\t: 6\nmodel\t\t: 85\n");
	CHECK(!rm_arch_detect(0, &arch, &error) && arch.likwid[0],
	        "liblikwid supports this server");
	snprintf(release, sizeof(release), "supports it from release %s",
	        arch.likwid);
	CHECK(rm_counters_describe_cpu(0, text, sizeof(text)) &&
	                strstr(text, arch.title) && strstr(text, arch.what) &&
	                strstr(text, "supports") &&
	                !strcmp(strstr(text, "supports"), release),
	        "the description ends with the release");
}

static void identify_hybrid_cpus(
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
	CHECK(rm_event_map_find(map, &p, "l1d_fill", NULL) &&
	                !rm_event_map_find(map, &e, "l1d_fill", NULL),
	        "Intel's lines that an E-core does not have are not offered on "
	        "it");
	CHECK(!e.pmu[0], "a PMU that the kernel lacks is not used");
	fake_root_write(
	        root, "sys/bus/event_source/devices/cpu_atom/type", "10\n");
	CHECK(!rm_arch_detect(17, &e, &error) && !strcmp(e.pmu, "cpu_atom"),
	        "raw codes of an E-core are only for its own PMU");

	CHECK(rm_arch_detect(3, &p, &error) == -ENODEV &&
	                strstr(error.text, "no processor 3"),
	        "a missing CPU is an error");
}

static void find_along_chain(const struct rm_event_map *map)
{
	static const struct rm_arch archs[] = {
#define ARCH(id, n, ...) { .name = id, .chain = { __VA_ARGS__ }, .steps = n }
		ARCH("zen3", 4, "zen3", "zen1", "amd", "*"),
		ARCH("zen5", 4, "zen5", "zen4", "amd", "*"),
		ARCH("skx", 4, "skx", "skl", "intel", "*"),
		ARCH("adl_p", 3, "spr", "intel", "*"),
		ARCH("mtl_e", 4, "crt", "adl_e", "intel", "*"),
		ARCH("v1", 3, "lmiss", "arm", "*"),
		ARCH("n1", 2, "arm", "*"),
		ARCH("bulldozer", 4, "bd", "zen1", "amd", "*"),
		ARCH("unknown", 2, "generic", "*"),
	};

	for (size_t i = 0; i < sizeof(look_ups) / sizeof(*look_ups); i++) {
		const struct expected *expected = &look_ups[i];
		const struct rm_arch *arch = archs;
		struct rm_error error = { "" };
		char name[160];

		while (strcmp(arch->name, expected->arch))
			arch++;
		const struct rm_counter_event *event =
		        rm_event_map_find(map, arch, expected->metric, &error);
		snprintf(name, sizeof(name), "%s on %s: %s", expected->metric,
		        expected->arch,
		        expected->found_at ? expected->found_at : "none");
		if (!expected->found_at) {
			CHECK(!event && strstr(error.text, "not offered on"),
			        name);
			continue;
		}
		CHECK(event && !strcmp(event->arch, expected->found_at) &&
		                event->perf_config == expected->config &&
		                (!expected->event ||
		                        !strcmp(event->likwid_event,
		                                expected->event)),
		        name);
	}
}

/* Stores "PMU EVENT" as perf would use it for `metric`. */
static void find_perf_event(const struct rm_event_map *map,
        const struct rm_arch *arch, const char *metric, char *text, size_t size)
{
	json_t *events = NULL, *missing = NULL;
	struct rm_error error = { "" };

	rm_event_set_choose(
	        map, arch, "perf", metric, &events, &missing, &error);
	const json_t *event = json_array_get(events, 0);
	snprintf(text, size, "%s %s",
	        json_string_value(json_object_get(event, "pmu")),
	        json_string_value(json_object_get(event, "event")));
	json_decref(events);
	json_decref(missing);
}

static void name_events(const struct rm_event_map *map)
{
	static const struct rm_arch e = { .name = "mtl_e",
		.chain = { "crt", "adl_e", "intel", "*" },
		.steps = 4,
		.pmu = "cpu_atom" };
	static const struct rm_arch apple = {
		.name = "apple", .chain = { "apple", "*" }, .steps = 2
	};
	char text[200];

	find_perf_event(map, &e, "l1d_load_miss", text, sizeof(text));
	CHECK(!strcmp(text, "cpu_atom MEM_LOAD_UOPS_RETIRED.L1_MISS"),
	        "a raw code of a hybrid processor has PMU and kernel name");
	find_perf_event(map, &e, "cycles", text, sizeof(text));
	CHECK(!strncmp(text, "hw ", 3),
	        "a generic event is for either kind of core");
	find_perf_event(map, &apple, "l1d_load_miss", text, sizeof(text));
	CHECK(!strcmp(text, "raw raw/0xa3/ (unverified)"),
	        "an event in no list is marked unverified");
}

int main(void)
{
	char root[64];
	struct rm_event_map *map = NULL;
	struct rm_error error = { "" };

	reject_event_lines();
	reject_cpu_lines();
	read_empty_table();
	if (!has_events()) {
		SKIP("the lines of the table", NO_EVENTS);
		return DONE();
	}
	read_builtin_table();
	if (!rm_event_map_builtin(&map, &error)) {
		find_along_chain(map);
		check_generic_events(map);
		name_events(map);
	}
	fake_root_make(root, sizeof(root));
	identify_every_cpu(root, map);
	identify_unknown_cpus(root, map);
	describe_likwid_release(root);
	identify_hybrid_cpus(root, map);
	rm_event_map_free(map);
	CHECK(rm_host_list_has("0-3,8,10-11", 11) &&
	                !rm_host_list_has("0-3,8,10-11", 9) &&
	                !rm_host_list_has("", 0),
	        "a kernel CPU list is parsed");
	CHECK(rm_tsv_list_has("cycles,l1d_misses", "cycles") &&
	                rm_tsv_list_has("cycles,l1d_misses", "l1d_misses"),
	        "a list of metrics has its first and last one");
	CHECK(!rm_tsv_list_has("l1d_misses_x,cycles", "l1d_misses") &&
	                !rm_tsv_list_has("l1d_misses", "l1d_misses_x") &&
	                !rm_tsv_list_has("x_cycles,cycle", "cycles") &&
	                !rm_tsv_list_has("", "cycles"),
	        "part of a name is not in the list");
	fake_root_remove(root);
	return DONE();
}
