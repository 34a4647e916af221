/* SPDX-License-Identifier: Apache-2.0 */
/* arch.c - identifies a CPU and its lines in the event map. */
#include "runner/base/host.h"
#include "runner/counters/events.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Identity of one CPU in /proc/cpuinfo; 0 or "": not in the file. */
struct identity {
	char vendor[32];            /* x86 vendor_id, or POWER's "cpu" */
	unsigned family, model;     /* x86 */
	unsigned implementer, part; /* Arm MIDR */
};

/* Parses one "key : value" line. */
static void read_line(const char *key, const char *value, struct identity *id)
{
	if (!strcmp(key, "vendor_id") ||
	        (!strcmp(key, "cpu") && !strncmp(value, "POWER", 5)))
		snprintf(id->vendor, sizeof(id->vendor), "%.*s",
		        (int)strcspn(value, " ,"), value);
	else if (!strcmp(key, "cpu family"))
		id->family = (unsigned)strtoul(value, NULL, 10);
	else if (!strcmp(key, "model"))
		id->model = (unsigned)strtoul(value, NULL, 10);
	else if (!strcmp(key, "CPU implementer"))
		id->implementer = (unsigned)strtoul(value, NULL, 0);
	else if (!strcmp(key, "CPU part"))
		id->part = (unsigned)strtoul(value, NULL, 0);
}

/* Splits "key\t: value\n". Returns the value, or NULL. */
static char *split_line(char *line)
{
	char *colon = strchr(line, ':');

	if (!colon)
		return NULL;
	char *end = colon;
	while (end > line && (end[-1] == ' ' || end[-1] == '\t'))
		end--;
	*end = '\0';
	colon += 1 + strspn(colon + 1, " \t");
	colon[strcspn(colon, "\n")] = '\0';
	return colon;
}

/* Reads the identity of one CPU. Its lines begin with "processor : N" and end
   before the next such line. The CPUs of a hybrid processor have different
   identities. */
static int identify(unsigned cpu, struct identity *id, struct rm_error *error)
{
	FILE *in = rm_host_open("/proc/cpuinfo");
	char *line = NULL;
	size_t capacity = 0;
	bool is_requested = false, found = false;

	if (!in)
		return rm_error_set(error, -errno, "%s/proc/cpuinfo: %s",
		        rm_host_root(), strerror(errno));
	while (getline(&line, &capacity, in) > 0) {
		char *value = split_line(line);

		if (value && !strcmp(line, "processor")) {
			is_requested = strtoul(value, NULL, 10) == cpu;
			found = found || is_requested;
		} else if (value && is_requested) {
			read_line(line, value, id);
		}
	}
	free(line);
	fclose(in);
	if (!found)
		return rm_error_set(error, -ENODEV,
		        "%s/proc/cpuinfo: no processor %u", rm_host_root(),
		        cpu);
	return 0;
}

/* Appends each name of the list "a,b,c" to the chain, which has enough
   space. */
static void add_steps(struct rm_arch *arch, const char *list)
{
	while (*list) {
		size_t length = strcspn(list, ",");

		snprintf(arch->chain[arch->steps++], RM_ARCH_NAME_BYTES, "%.*s",
		        (int)length, list);
		list += length + (list[length] == ',');
	}
}

/* Stores the PMU of the CPU's kind of core, since raw events belong to it. A
   virtual machine may have a hybrid CPU without that PMU, and then has only one
   kind of core. */
static void set_pmu(struct rm_arch *arch, const char *pmu, unsigned cpu)
{
	struct rm_pmu_event event;

	if (!rm_pmu_resolve(pmu, 0, (int)cpu, &event, NULL))
		snprintf(arch->pmu, sizeof(arch->pmu), "%s", pmu);
}

/* Describes a CPU. `row` is NULL if the CPU is not in the table. */
static void describe(struct rm_arch *arch, const struct rm_cpu_row *row)
{
	arch->known = row;
	if (!row)
		add_steps(arch, RM_ARCH_GENERIC);
	else if (row->lines)
		add_steps(arch, row->lines);
	add_steps(arch, "*");
	if (!row)
		return;
	snprintf(arch->name, sizeof(arch->name), "%s", row->arch);
	snprintf(arch->title, sizeof(arch->title), "%s", row->what);
	snprintf(arch->without, sizeof(arch->without), "%s",
	        row->without ? row->without : "");
	snprintf(arch->likwid, sizeof(arch->likwid), "%s",
	        row->likwid ? row->likwid : "");
}

static void describe_identity(struct rm_arch *arch, const struct identity *id)
{
	if (id->implementer)
		snprintf(arch->what, sizeof(arch->what), "Arm 0x%x/0x%x",
		        id->implementer, id->part);
	else
		snprintf(arch->what, sizeof(arch->what), "%s %u/%u",
		        id->vendor[0] ? id->vendor : "unnamed", id->family,
		        id->model);
}

int rm_arch_detect(unsigned cpu, struct rm_arch *arch, struct rm_error *error)
{
	struct identity id = { .vendor = "" };
	struct rm_cpu_table *table = NULL;
	int code = identify(cpu, &id, error);

	memset(arch, 0, sizeof(*arch));
	snprintf(arch->name, sizeof(arch->name), "unknown");
	if (!code)
		code = rm_cpu_table_builtin(&table, error);
	if (code)
		return code;
	const struct rm_cpu_row *row =
	        id.implementer ? rm_cpu_table_find(table, "Arm", id.implementer,
	                                 id.part, cpu)
	                       : rm_cpu_table_find(table, id.vendor, id.family,
	                                 id.model, cpu);
	describe(arch, row);
	if (row && row->pmu)
		set_pmu(arch, row->pmu, cpu);
	describe_identity(arch, &id);
	rm_cpu_table_free(table);
	return 0;
}
