/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_fuzz_machine.c - files of the kernel and of a cgroup, mutated.
 * side by side: computes, measures no time.
 * slow: seconds of CPU time; not part of `make check`.
 * fuzzes: runner/machine/fact.c
 *
 * Sound means: whatever a file holds, the facts are all there, in JSON that
 * reads back, each with its status, and without a character that is no text.
 * Refused is a file whose fact is then said to be absent.
 */
#include "runner/machine/machine.h"
#include "tests/unit/fuzz.h"

#include <stdlib.h>
#include <string.h>

static const char *const words[] = { ":", "=", "\t", " ", "\n", "flags",
	"flags\t: x hypervisor y\n", "model name\t: A CPU\n", "MemTotal:", "kB",
	"0::/", "0::/a/b\n", "4:cpuset:/c\n", "2:cpu,cpuacct:/d\n", ",,",
	"::", "max 100000", "hypervisor", "hypervisors", "\xc3", "\xc3\xa4",
	"\xff", "\x1b[2J", "0-3", "-1", "99999999999999999999", NULL };

static const char *const texts[] = {
	"processor\t: 0\nvendor_id\t: AuthenticAMD\nmodel name\t: AMD "
	"\xc3\xa4\n"
	"stepping\t: 1\nmicrocode\t: 0xa0011d1\nflags\t\t: fpu vme "
	"hypervisor\n",
	"MemTotal:       16318480 kB\nMemFree:  12345 kB\nHugePages_Total: 0\n",
	"12:cpuset:/one\n3:cpu,cpuacct:/two\n0::/three\n", "0::/\n",
	"100000 100000\n", "Mitigation: Enhanced IBRS, IBPB: conditional\n",
	"performance\n", NULL
};

/* Where a file of one of those texts may stand. */
static const char *const places[] = { "proc/cpuinfo", "proc/meminfo",
	"proc/self/cgroup", "sys/fs/cgroup/cpu.max",
	"sys/fs/cgroup/three/cpuset.cpus.effective",
	"sys/devices/system/cpu/vulnerabilities/spectre_v2",
	"sys/devices/system/cpu/cpu0/cpufreq/scaling_governor",
	"sys/devices/system/cpu/cpu1/cpufreq/scaling_governor" };
enum { PLACES = sizeof(places) / sizeof(*places) };

static struct rm_topology topology;

/* How many facts there are; -1: one is not as it should be. */
static int count_facts(const json_t *machine, size_t *present)
{
	const json_t *facts = json_object_get(machine, "facts");
	const char *name;
	json_t *fact;

	*present = 0;
	json_object_foreach ((json_t *)facts, name, fact) {
		const char *text =
		        json_string_value(json_object_get(fact, "text"));
		const char *status =
		        json_string_value(json_object_get(fact, "status"));

		if (!status || !strcmp(status, "ok") != (text != NULL) ||
		        (text && text[0] && !fuzz_is_line(text)))
			return -1;
		*present += text != NULL;
	}
	for (size_t i = 0; rm_machine_fact_name(i); i++)
		if (!json_object_get(facts, rm_machine_fact_name(i)))
			return -1;
	return (int)json_object_size(facts);
}

static enum fuzz_verdict judge(
        struct fuzz_input *input, const char *text, size_t length, char *why)
{
	char name[128];
	size_t present, before;

	snprintf(name, sizeof(name), "root/%s",
	        places[fuzz_below(input, PLACES)]);
	remove(fuzz_path(name));
	json_t *without = rm_machine_facts(&topology);

	fuzz_file(name, text, length);
	json_t *machine = rm_machine_facts(&topology);
	char *written = machine ? json_dumps(machine, 0) : NULL;
	json_t *again = written ? json_loads(written, 0, NULL) : NULL;
	bool sound = again && json_equal(again, machine) &&
	             count_facts(without, &before) > 0 &&
	             count_facts(machine, &present) > 0;

	snprintf(why, FUZZ_WHY, "%s: nothing was found in it", name);
	remove(fuzz_path(name));
	free(written);
	json_decref(again);
	json_decref(machine);
	json_decref(without);
	return !sound             ? FUZZ_UNSOUND
	       : present > before ? FUZZ_TAKEN
	                          : FUZZ_REFUSED;
}

int main(void)
{
	static const struct fuzz_parser parser = { .name = "machine",
		.words = words,
		.texts = texts,
		.judge = judge };
	struct rm_error error = { "" };

	fuzz_file("root/proc/self/cgroup", texts[2], strlen(texts[2]));
	setenv("RM_SYSFS", fuzz_path("root"), 1);
	CHECK(!rm_topology_load("package:1 core:2 pu:1", &topology, &error),
	        "a machine to have facts of");
	fuzz_check(&parser, 2000);
	rm_topology_free(&topology);
	return DONE();
}
