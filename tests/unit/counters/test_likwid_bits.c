/* SPDX-License-Identifier: Apache-2.0 */
/* test_likwid_bits.c - compares the privilege levels that the real liblikwid
   writes into the registers of five CPUs, for all events, with the scope in the
   result. */
#include "runner/counters/counters.h"
#include "runner/counters/events.h"
#include "runner/counters/likwid.h"
#include "tests/unit/counters/events_table.h"
#include "tests/unit/counters/likwid_wrapper.h"
#include "tests/unit/fake_root.h"
#include "tests/unit/tap.h"

#include <dlfcn.h>

/* Registers: PERF_CTL of AMD's PPR, and IA32_PERFEVTSEL and IA32_FIXED_CTR_CTRL
   of Intel's SDM. */
static const unsigned intel_control = 0x186, intel_last = 0x18d,
                      intel_fixed = 0x38d, amd_control = 0xc0010200,
                      amd_last = 0xc001020a;

enum { USER = 1, KERNEL = 2 };

struct model {
	const char *name, *vendor;
	unsigned family, model, intel, version, fixed, counters;
};

static const struct model models[] = {
	{ "Zen 2", "AuthenticAMD", 23, 49, 0, 0, 3, 6 },
	{ "Zen 3", "AuthenticAMD", 25, 1, 0, 0, 3, 6 },
	{ "Broadwell", "GenuineIntel", 6, 79, 1, 3, 3, 4 },
	{ "Skylake", "GenuineIntel", 6, 85, 1, 4, 3, 4 },
	{ "Ice Lake", "GenuineIntel", 6, 106, 1, 5, 4, 8 },
};

static char root[64], topology[96], log_path[96], script[96];

/* The values written into the registers for the events of one set. */
struct written {
	unsigned events; /* number of distinct core events and fixed counters */
	unsigned levels; /* USER and KERNEL bits, for all events */
	bool equal;      /* true if the levels of all events are equal */
	unsigned long long known[32];
};

static void add_event(
        struct written *written, unsigned long long event, unsigned levels)
{
	for (unsigned i = 0; i < written->events; i++)
		if (written->known[i] == event)
			return;
	written->equal = written->equal &&
	                 (!written->events || written->levels == levels);
	written->levels |= levels;
	if (written->events == 32)
		abort();
	written->known[written->events++] = event;
}

static void add_write(
        struct written *written, unsigned number, unsigned long long value)
{
	bool amd = number >= amd_control && number <= amd_last && !(number & 1);
	bool intel = number >= intel_control && number <= intel_last;
	unsigned bits;

	if ((amd || intel) && value >> 22 & 1)
		add_event(written,
		        (unsigned long long)number << 32 | (value & 0xffff),
		        (value >> 16 & 1 ? USER : 0) |
		                (value >> 17 & 1 ? KERNEL : 0));
	for (unsigned i = 0; number == intel_fixed && i < 4; i++) {
		bits = value >> (4 * i) & 3;
		if (bits)
			add_event(written, i,
			        (bits & 2 ? USER : 0) |
			                (bits & 1 ? KERNEL : 0));
	}
}

static struct written read_log(void)
{
	struct written written = { .equal = true };
	unsigned long long value;
	unsigned number;
	FILE *in = fopen(log_path, "r");

	while (in && fscanf(in, "%x %llx", &number, &value) == 2)
		add_write(&written, number, value);
	if (in)
		fclose(in);
	unlink(log_path);
	return written;
}

/* Simulates the model's CPU in /proc/cpuinfo and liblikwid's topology. */
static void simulate_cpu(const struct model *m)
{
	char text[200], command[800], environment[300];

	snprintf(text, sizeof(text),
	        "vendor_id\t: %s\ncpu family\t: %u\nmodel\t\t: %u\n", m->vendor,
	        m->family, m->model);
	fake_root_cpu(root, 0, text);
	snprintf(command, sizeof(command),
	        "sed -e 's/^\\(cpuid_info family =\\).*/\\1 %u/'"
	        " -e 's/^\\(cpuid_info model =\\).*/\\1 %u/'"
	        " -e 's/^\\(cpuid_info isIntel =\\).*/\\1 %u/'"
	        " -e 's/^\\(cpuid_info perf_version =\\).*/\\1 %u/'"
	        " -e 's/^\\(cpuid_info perf_num_fixed_ctr =\\).*/\\1 %u/'"
	        " -e 's/^\\(cpuid_info perf_num_ctr =\\).*/\\1 %u/'"
	        " tests/fixtures/zen3_topology.cfg >%s",
	        m->family, m->model, m->intel, m->version, m->fixed,
	        m->counters, topology);
	if (system(command))
		abort();
	snprintf(environment, sizeof(environment), "FAKE_TOPO=%s FAKE_LOG=%s",
	        topology, log_path);
	wrapper_fake_msr(script, environment);
}

/* Returns every event of the table for this CPU and likwid, in passes. */
static json_t *all_sets(const struct rm_event_map *map)
{
	struct rm_error error = { "" };
	struct rm_arch arch;
	json_t *events, *missing;
	size_t size = rm_event_map_size(map) * 32;
	char *metrics = calloc(1, size);

	if (!metrics || rm_arch_detect(0, &arch, &error))
		abort();
	for (size_t i = 0; i < rm_event_map_size(map); i++) {
		const char *metric = rm_event_map_at(map, i)->metric;

		if (rm_event_map_find(map, &arch, metric, NULL) ==
		        rm_event_map_at(map, i))
			snprintf(metrics + strlen(metrics),
			        size - strlen(metrics), "%s%s",
			        metrics[0] ? "," : "", metric);
	}
	if (rm_event_set_choose(
	            map, &arch, "likwid", metrics, &events, &missing, &error))
		abort();
	json_t *sets = rm_event_set_split(events, 4);
	json_decref(events);
	json_decref(missing);
	free(metrics);
	return sets;
}

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

/* Counts one set. Returns true if the levels of each event match the result's
   scope. */
static bool levels_match_scope(const char *socket, json_t *set)
{
	static const unsigned cpu = 0;
	struct rm_counters *session = NULL;
	struct rm_error error = { "" };
	json_t *request = json_pack("{s:s, s:s, s:O}", "backend", "likwid",
	        "socket", socket, "events", set);

	if (rm_counters_open(request, 1, &cpu, &session, &error)) {
		printf("# %s\n", error.text);
		json_decref(request);
		return false;
	}
	rm_counters_start(session);
	rm_counters_stop(session);
	json_t *result = rm_counters_result(session);
	struct written written = read_log();
	bool user = !strcmp(
	        text_of(result, "scope"), "CPU, user mode, every process");
	unsigned levels = user ? USER : USER | KERNEL;
	bool is_right = written.equal && written.levels == levels &&
	                written.events >= json_array_size(set);
	if (!is_right)
		printf("# \"%s\": %u of %zu events, levels %u\n",
		        text_of(result, "scope"), written.events,
		        json_array_size(set), written.levels);
	json_decref(result);
	json_decref(request);
	rm_counters_close(session);
	return is_right;
}

static void check_scope(const struct rm_event_map *map, const struct model *m)
{
	struct rm_likwid_helper *helper = NULL;
	struct rm_error error = { "" };
	char remedy[200];
	size_t i, events = 0;
	json_t *set;
	bool is_right = true;

	simulate_cpu(m);
	json_t *sets = all_sets(map);
	if (rm_likwid_helper_start(&helper, remedy, sizeof(remedy), &error)) {
		printf("Bail out! no helper: %s\n", error.text);
		exit(1);
	}
	json_array_foreach (sets, i, set) {
		events += json_array_size(set);
		is_right = levels_match_scope(
		                   rm_likwid_helper_socket(helper), set) &&
		           is_right;
	}
	snprintf(remedy, sizeof(remedy),
	        "%s: liblikwid writes the scope's privilege levels, %zu events",
	        m->name, events);
	CHECK(is_right && events >= 8, remedy);
	json_decref(sets);
	rm_likwid_helper_stop(helper);
}

int main(void)
{
	struct rm_event_map *map = NULL;
	void *library = dlopen("liblikwid.so.5.2", RTLD_LAZY);
	const char *why = !has_events() ? NO_EVENTS
	                  : !library    ? "liblikwid 5.2 is not installed"
	                  : sysconf(_SC_NPROCESSORS_CONF) < 2 ? "needs two CPUs"
	                                                      : NULL;

	if (why || rm_event_map_builtin(&map, NULL)) {
		SKIP("liblikwid writes the privilege levels of the scope",
		        why ? why : "no table");
		return DONE();
	}
	fake_root_make(root, sizeof(root));
	fake_root_write(root, "dev/cpu/0/msr", "");
	snprintf(topology, sizeof(topology), "%s/topology.cfg", root);
	snprintf(log_path, sizeof(log_path), "%s/log", root);
	snprintf(script, sizeof(script), "%s/helper", root);
	for (size_t i = 0; i < sizeof(models) / sizeof(*models); i++)
		check_scope(map, &models[i]);
	rm_event_map_free(map);
	fake_root_remove(root);
	return DONE();
}
