/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_fuzz_machine.c - mutated files of the kernel and of a cgroup.
 * slow: seconds of CPU time; not part of `make check`.
 * fuzzes: runner/machine/fact.c
 *
 * A result is sound if, whatever a file contains, each fact has a status and is
 * printable text that is valid in JSON. One input in MACHINE_EVERY reads all
 * facts of a machine, which takes as long as a dozen inputs: none may be
 * missing, and the JSON must read back the same. An input counts as refused if
 * no fact was found in the file.
 */
#include "runner/machine/internal.h"
#include "tests/unit/fuzz.h"

#include <stdlib.h>
#include <string.h>

enum { MACHINE_EVERY = 256 };

/* Three copies of this text are longer than a fact. */
#define LONG                                                     \
	"abcdefghijklmnopqrstuvwxyz abcdefghijklmnopqrstuvwxyz " \
	"abcdefghijklmnopqrstuvwxyz abcdefghijklmnopqrs"

static const char *const words[] = { ":", "=", "\t", " ", "\n", "flags",
	"flags\t: x hypervisor y\n", "model name\t: A CPU\n", "MemTotal:", "kB",
	"0::/", "0::/a/b\n", "4:cpuset:/c\n", "2:cpu,cpuacct:/d\n", ",,",
	"::", "max 100000", "hypervisor", "hypervisors", "\xc3", "\xc3\xa4",
	"\xff", "\x1b[2J", "0-3", "-1", "99999999999999999999", LONG LONG LONG,
	NULL };

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

/* Files to which such a text is written. The cgroup file always exists, since
   it contains the folder of other files. */
static const char *const places[] = { "/proc/cpuinfo", "/proc/meminfo",
	"/proc/self/cgroup", "/sys/fs/cgroup/cpu.max",
	"/sys/fs/cgroup/three/cpuset.cpus.effective",
	"/sys/devices/system/cpu/vulnerabilities/spectre_v2",
	"/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor",
	"/sys/devices/system/cpu/cpu1/cpufreq/scaling_governor" };
enum { PLACES = sizeof(places) / sizeof(*places), CGROUP = 2, WAYS = 8 };

static size_t without[PLACES]; /* number of facts that are found without the
                                  file */
static struct rm_topology topology;

/* Reads a fact in one of the ways that machine.c uses. */
static void read_fact(size_t way, struct rm_fact *fact)
{
	switch (way) {
	case 0:
		rm_fact_field(places[0], "model name", fact);
		return;
	case 1:
		rm_fact_field(places[0], "stepping", fact);
		return;
	case 2:
		rm_fact_hypervisor(fact);
		return;
	case 3:
		rm_fact_field(places[1], "MemTotal", fact);
		return;
	case 4:
		rm_fact_cgroup("cpuset.cpus.effective", "cpuset",
		        "cpuset.effective_cpus", fact);
		return;
	case 5:
		rm_fact_cgroup_quota(fact);
		return;
	case 6:
		rm_fact_read(places[5], fact);
		return;
	default:
		rm_fact_count_lines("/sys/devices/system/cpu/cpu[0-9]*/cpufreq/"
		                    "scaling_governor",
		        fact);
	}
}

static bool is_sound(const char *text, bool is_there)
{
	json_t *string = text ? json_string(text) : NULL;
	bool sound = is_there ? string && (!text[0] || fuzz_is_line(text))
	                      : !text || !text[0];

	json_decref(string);
	return sound;
}

/* Returns the number of facts found, or -1 if a fact is not sound. */
static int count_found(void)
{
	int found = 0;

	for (size_t way = 0; way < WAYS; way++) {
		struct rm_fact fact; /* local, so that an overflow is detected
				      */

		read_fact(way, &fact);
		if (!is_sound(fact.text, fact.status == RM_FACT_OK))
			return -1;
		found += fact.status == RM_FACT_OK;
	}
	return found;
}

static bool facts_are_sound(const json_t *facts)
{
	const char *name;
	json_t *fact;

	json_object_foreach ((json_t *)facts, name, fact) {
		const char *text =
		        json_string_value(json_object_get(fact, "text"));
		const char *status =
		        json_string_value(json_object_get(fact, "status"));

		if (!status || !strcmp(status, "ok") != (text != NULL) ||
		        !is_sound(text, text != NULL))
			return false;
	}
	for (size_t i = 0; rm_machine_fact_name(i); i++)
		if (!json_object_get(facts, rm_machine_fact_name(i)))
			return false;
	return true;
}

static bool machine_is_sound(void)
{
	json_t *machine = rm_machine_facts(&topology);
	char *written = machine ? json_dumps(machine, 0) : NULL;
	json_t *again = written ? json_loads(written, 0, NULL) : NULL;
	bool sound = again && json_equal(again, machine) &&
	             facts_are_sound(json_object_get(machine, "facts"));

	free(written);
	json_decref(again);
	json_decref(machine);
	return sound;
}

/* Writes a file at a place, or removes it if the text is NULL. Returns its
   path, valid until the tenth call. */
static const char *write_file(size_t place, const char *text, size_t length)
{
	char name[128];

	snprintf(name, sizeof(name), "root%s", places[place]);
	if (text)
		return fuzz_file(name, text, length);
	remove(fuzz_path(name));
	return fuzz_path(name);
}

/* Removes the file at a place, except that of the cgroup. */
static void clear(size_t place)
{
	write_file(place, place == CGROUP ? texts[CGROUP] : NULL,
	        strlen(texts[CGROUP]));
}

static enum fuzz_verdict judge(
        struct fuzz_input *input, const char *text, size_t length, char *why)
{
	size_t place = (size_t)fuzz_below(input, PLACES);
	const char *path = write_file(place, text, length);
	int found = count_found();
	bool sound = found >= 0 &&
	             (fuzz_below(input, MACHINE_EVERY) || machine_is_sound());

	snprintf(why, FUZZ_WHY, "%s: no fact found", path);
	clear(place);
	return !sound                           ? FUZZ_UNSOUND
	       : (size_t)found > without[place] ? FUZZ_TAKEN
	                                        : FUZZ_REFUSED;
}

static bool count_without(void)
{
	bool sound = true;

	for (size_t i = 0; i < PLACES; i++)
		clear(i);
	for (size_t i = 0; i < PLACES; i++) {
		write_file(i, NULL, 0);
		int found = count_found();

		sound = sound && found >= 0;
		without[i] = sound ? (size_t)found : 0;
		clear(i);
	}
	return sound;
}

int main(void)
{
	static const struct fuzz_parser parser = { .name = "machine",
		.words = words,
		.texts = texts,
		.judge = judge };
	struct rm_error error = { "" };

	setenv("RM_SYSFS", fuzz_path("root"), 1);
	CHECK(!rm_topology_load("package:1 core:2 pu:1", &topology, &error) &&
	                count_without(),
	        "facts without the mutated file are sound");
	fuzz_check(&parser, 10000);
	rm_topology_free(&topology);
	return DONE();
}
