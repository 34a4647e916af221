/* SPDX-License-Identifier: Apache-2.0 */
/* arch.c - recognises a CPU, for the lines of the event map that hold for it. */
#include "runner/base/host.h"
#include "runner/counters/events.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What /proc/cpuinfo says of one CPU; 0 or "" = not said. */
struct identity {
	char vendor[32];            /* x86 vendor_id, or POWER's "cpu" */
	unsigned family, model;     /* x86 */
	unsigned implementer, part; /* Arm MIDR */
};

struct row {
	const char *vendor;
	unsigned family, first_model, last_model;
	const char *name;
	const char *chain[RM_ARCH_STEPS];
};

/*
 * The family chain only where the family's lines are known to hold: Intel's
 * are for its big cores, so Gracemont goes straight to "*". Zen 5 shares the
 * lines of Zen 4 (comment in events.tsv).
 */
static const struct row rows[] = {
#define INTEL(first, last, id, ...)                 \
	{                                           \
		"GenuineIntel", 6, first, last, id, \
		{                                   \
			__VA_ARGS__, "*"            \
		}                                   \
	}
#define AMD(family, first, last, id, ...)                \
	{                                                \
		"AuthenticAMD", family, first, last, id, \
		{                                        \
			__VA_ARGS__, "*"                 \
		}                                        \
	}
	INTEL(60, 60, "hsw", "hsw", "intel"),
	INTEL(63, 63, "hsw", "hsw", "intel"),
	INTEL(69, 70, "hsw", "hsw", "intel"),
	INTEL(61, 61, "bdw", "intel"),
	INTEL(71, 71, "bdw", "intel"),
	INTEL(79, 79, "bdw", "intel"),
	INTEL(86, 86, "bdw", "intel"),
	INTEL(78, 78, "skl", "intel"),
	INTEL(94, 94, "skl", "intel"),
	INTEL(142, 142, "skl", "intel"),
	INTEL(158, 158, "skl", "intel"),
	INTEL(85, 85, "skx", "skx", "intel"),
	INTEL(106, 106, "icx", "icx", "intel"),
	INTEL(108, 108, "icx", "icx", "intel"),
	INTEL(143, 143, "spr", "spr", "intel"),
	INTEL(207, 207, "spr", "spr", "intel"),
	INTEL(151, 151, "adl_p", "adl_p", "intel"),
	INTEL(154, 154, "adl_p", "adl_p", "intel"),
	INTEL(183, 183, "adl_p", "adl_p", "intel"),
	INTEL(186, 186, "adl_p", "adl_p", "intel"),
	INTEL(191, 191, "adl_p", "adl_p", "intel"),
	AMD(23, 0x30, 0xaf, "zen2", "zen2", "amd"),
	AMD(25, 0x00, 0x0f, "zen3", "zen3", "amd"),
	AMD(25, 0x20, 0x5f, "zen3", "zen3", "amd"),
	AMD(25, 0x10, 0x1f, "zen4", "zen4", "amd"),
	AMD(25, 0x60, 0x7f, "zen4", "zen4", "amd"),
	AMD(25, 0xa0, 0xaf, "zen4", "zen4", "amd"),
	AMD(26, 0x00, 0x4f, "zen5", "zen4", "amd"),
	AMD(26, 0x60, 0x7f, "zen5", "zen4", "amd"),
	{ "Arm", 0x41, 0xd40, 0xd40, "arm_v1", { "arm_v1", "arm", "*" } },
	{ "Arm", 0x41, 0, 0xfff, "arm", { "arm", "*" } },
	{ "POWER9", 0, 0, 0, "power9", { "power9", "*" } },
#undef INTEL
#undef AMD
};

enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

static const struct row gracemont = { NULL, 0, 0, 0, "adl_e",
	{ "adl_e", "*" } };
static const struct row unknown = { NULL, 0, 0, 0, "unknown", { "*" } };

/* One "key : value" line of the CPU we look for. */
static void take_line(const char *key, const char *value, struct identity *id)
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

/* Cuts "key\t: value\n" in two. Returns the value, or NULL. */
static char *split(char *line)
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

/* Only the lines between "processor : N" and the next such line speak of CPU N:
   on a hybrid processor the blocks differ. */
static int identify(unsigned cpu, struct identity *id, struct rm_error *error)
{
	FILE *in = rm_host_open("/proc/cpuinfo");
	char *line = NULL;
	size_t room = 0;
	bool mine = false, found = false;

	if (!in)
		return rm_error_set(error, -errno, "%s/proc/cpuinfo: %s",
		        rm_host_root(), strerror(errno));
	while (getline(&line, &room, in) > 0) {
		char *value = split(line);

		if (value && !strcmp(line, "processor")) {
			mine = strtoul(value, NULL, 10) == cpu;
			found = found || mine;
		} else if (value && mine) {
			take_line(line, value, id);
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

/* Alder Lake's two kinds of core have one family and model: only the kernel's
   list of the small cores' PMU tells which kind a CPU is. */
static const struct row *match(unsigned cpu, const struct identity *id)
{
	const char *vendor = id->implementer ? "Arm" : id->vendor;
	unsigned family = id->implementer ? id->implementer : id->family;
	unsigned model = id->implementer ? id->part : id->model;
	char atoms[512];

	for (unsigned i = 0; i < ROWS; i++) {
		const struct row *row = &rows[i];

		if (strcmp(row->vendor, vendor) || row->family != family ||
		        model < row->first_model || model > row->last_model)
			continue;
		if (strcmp(row->name, "adl_p"))
			return row;
		int n = rm_host_read(
		        "/sys/bus/event_source/devices/cpu_atom/cpus", atoms,
		        sizeof(atoms));
		return n > 0 && rm_host_list_has(atoms, cpu) ? &gracemont : row;
	}
	return &unknown;
}

int rm_arch_detect(unsigned cpu, struct rm_arch *arch, struct rm_error *error)
{
	struct identity id = { .vendor = "" };
	int code = identify(cpu, &id, error);

	memset(arch, 0, sizeof(*arch));
	if (code)
		return code;
	const struct row *row = match(cpu, &id);
	arch->name = row->name;
	for (unsigned i = 0; i < RM_ARCH_STEPS && row->chain[i]; i++)
		arch->chain[arch->steps++] = row->chain[i];
	if (id.implementer)
		snprintf(arch->what, sizeof(arch->what), "Arm 0x%x/0x%x",
		        id.implementer, id.part);
	else
		snprintf(arch->what, sizeof(arch->what), "%s %u/%u",
		        id.vendor[0] ? id.vendor : "unnamed", id.family,
		        id.model);
	return 0;
}

bool rm_arch_known(const char *name)
{
	for (unsigned i = 0; i < ROWS; i++)
		for (unsigned k = 0; k < RM_ARCH_STEPS; k++)
			if (rows[i].chain[k] && !strcmp(rows[i].chain[k], name))
				return true;
	return !strcmp(name, "adl_e");
}
