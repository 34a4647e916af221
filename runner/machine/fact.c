/* SPDX-License-Identifier: Apache-2.0 */
/* fact.c - reads one fact of the machine, or the reason why it is unknown. */
#include "runner/base/error.h"
#include "runner/base/host.h"
#include "runner/base/limits.h"
#include "runner/base/sha256.h"
#include "runner/machine/internal.h"

#include <errno.h>
#include <glob.h>
#include <jansson.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DISTINCT_MAX = 8 };

const char *rm_fact_status_name(enum rm_fact_status status)
{
	static const char *const names[] = { "ok", "absent", "denied" };

	return names[status];
}

/* Removes all non-ASCII bytes from a text that is not UTF-8 or was truncated
   within a character. Terminals and JSON need valid UTF-8. */
static void make_plain(struct rm_fact *fact)
{
	json_t *string = json_string(fact->text);

	rm_text_sanitize(fact->text);
	for (char *c = fact->text; !string && *c; c++)
		if ((unsigned char)*c >= 0x80)
			*c = '?';
	json_decref(string);
}

static void set_failed(struct rm_fact *fact, int code)
{
	fact->text[0] = '\0';
	fact->status = code == EACCES || code == EPERM ? RM_FACT_DENIED
	                                               : RM_FACT_ABSENT;
}

void rm_fact_set(struct rm_fact *fact, const char *text)
{
	size_t length = strcspn(text, "\n");

	while (length > 0 &&
	        (text[length - 1] == ' ' || text[length - 1] == '\t'))
		length--;
	fact->status = RM_FACT_OK;
	snprintf(fact->text, sizeof(fact->text), "%.*s", (int)length, text);
	make_plain(fact);
}

void rm_fact_read(const char *path, struct rm_fact *fact)
{
	char text[RM_FACT_BYTES];
	int length = rm_host_read(path, text, sizeof(text));

	if (length < 0)
		set_failed(fact, -length);
	else
		rm_fact_set(fact, text);
}

/* Returns the text after NAME and a colon or an equals sign; NULL if the line
   has a different name. */
static const char *find_value(const char *line, const char *name)
{
	size_t length = strlen(name);

	if (strncmp(line, name, length))
		return NULL;
	line += length;
	line += strspn(line, " \t");
	if (*line != ':' && *line != '=')
		return NULL;
	line++;
	return line + strspn(line, " \t");
}

void rm_fact_field(const char *path, const char *name, struct rm_fact *fact)
{
	char *line = NULL;
	size_t size = 0;
	FILE *file = rm_host_open(path);

	set_failed(fact, file ? ENOENT : errno);
	while (file && getline(&line, &size, file) > 0) {
		const char *value = find_value(line, name);

		if (!value)
			continue;
		rm_fact_set(fact, value);
		break;
	}
	free(line);
	if (file)
		fclose(file);
}

/* Distinct texts with the number of their occurrences. */
struct tally {
	struct rm_fact facts[DISTINCT_MAX];
	unsigned counts[DISTINCT_MAX];
	size_t count;
};

static void count_text(struct tally *tally, const struct rm_fact *fact)
{
	size_t i = 0;

	while (i < tally->count && strcmp(tally->facts[i].text, fact->text))
		i++;
	if (i == DISTINCT_MAX)
		return; /* ignore more than eight distinct texts */
	if (i == tally->count) {
		tally->facts[i] = *fact;
		tally->counts[i] = 0;
		tally->count++;
	}
	tally->counts[i]++;
}

void rm_fact_count_lines(const char *pattern, struct rm_fact *fact)
{
	char rooted[PATH_MAX];
	struct tally tally = { .count = 0 };
	struct rm_fact denied = { RM_FACT_ABSENT, "" };
	glob_t files;
	size_t used = 0;

	*fact = (struct rm_fact){ RM_FACT_ABSENT, "" };
	if (rm_host_path(pattern, rooted, sizeof(rooted)) ||
	        glob(rooted, 0, NULL, &files))
		return;
	for (size_t i = 0; i < files.gl_pathc; i++) {
		struct rm_fact current;

		rm_fact_read(
		        files.gl_pathv[i] + strlen(rm_host_root()), &current);
		if (current.status == RM_FACT_OK)
			count_text(&tally, &current);
		else
			denied = current;
	}
	globfree(&files);
	*fact = denied;
	for (size_t i = 0; i < tally.count && used < RM_FACT_BYTES; i++) {
		fact->status = RM_FACT_OK;
		used += (size_t)snprintf(fact->text + used,
		        RM_FACT_BYTES - used, "%s%.60s x %u", i ? ", " : "",
		        tally.facts[i].text, tally.counts[i]);
	}
	make_plain(fact);
}

/* Reads a file of the control group. Tries version 2 first. If both versions
   are mounted, the file may exist only in version 1, because the controller is
   bound to that version. */
void rm_fact_cgroup(const char *v2, const char *controller, const char *v1,
        struct rm_fact *fact)
{
	char folder[PATH_MAX - 64], path[PATH_MAX];

	*fact = (struct rm_fact){ RM_FACT_ABSENT, "" };
	if (rm_cgroup_folder("", folder, sizeof(folder))) {
		snprintf(path, sizeof(path), "%s/%s", folder, v2);
		rm_fact_read(path, fact);
	}
	if (fact->status == RM_FACT_ABSENT &&
	        rm_cgroup_folder(controller, folder, sizeof(folder))) {
		snprintf(path, sizeof(path), "%s/%s", folder, v1);
		rm_fact_read(path, fact);
	}
}

/* Returns how many CPUs a group and its children may use together; HUGE_VAL: no
   limit. `fact` receives the line with the limit. */
static double allowed_cpus(const char *folder, bool v2, struct rm_fact *fact)
{
	char path[PATH_MAX];
	double quota, period = 100000; /* the kernel's default, in us */
	struct rm_fact period_fact;

	snprintf(path, sizeof(path), "%s/%s", folder,
	        v2 ? "cpu.max" : "cpu.cfs_quota_us");
	rm_fact_read(path, fact);
	if (fact->status != RM_FACT_OK ||
	        sscanf(fact->text, "%lf %lf", &quota, &period) < 1)
		return HUGE_VAL;
	snprintf(path, sizeof(path), "%s/cpu.cfs_period_us", folder);
	rm_fact_read(path, &period_fact);
	if (!v2 && period_fact.status == RM_FACT_OK)
		sscanf(period_fact.text, "%lf", &period);
	return quota < 0 || !(period > 0) ? HUGE_VAL : quota / period;
}

/* Returns the tightest limit of the group and its ancestors. Truncates `folder`
   to the controller's root. */
static double tightest_quota(
        const char *controller, char *folder, struct rm_fact *fact)
{
	double least = HUGE_VAL;

	do {
		struct rm_fact current;
		double cpus = allowed_cpus(folder, !controller[0], &current);

		if (current.status != RM_FACT_ABSENT &&
		        (fact->status == RM_FACT_ABSENT || cpus < least)) {
			*fact = current;
			least = cpus;
		}
	} while (rm_cgroup_above(controller, folder));
	return least;
}

double rm_fact_cgroup_quota(struct rm_fact *fact)
{
	char folder[PATH_MAX - 64];
	double cpus = HUGE_VAL;

	*fact = (struct rm_fact){ RM_FACT_ABSENT, "" };
	if (rm_cgroup_folder("", folder, sizeof(folder)))
		cpus = tightest_quota("", folder, fact);
	if (fact->status == RM_FACT_ABSENT &&
	        rm_cgroup_folder("cpu", folder, sizeof(folder)))
		cpus = tightest_quota("cpu", folder, fact);
	if (fact->status == RM_FACT_ABSENT && !rm_cgroup_is_visible("cpu"))
		fact->status = RM_FACT_DENIED;
	return cpus;
}

enum rm_finding_level rm_quota_examine(
        const struct rm_topology *topology, char text[RM_FINDING_TEXT])
{
	struct rm_fact fact;
	const double cpus = rm_fact_cgroup_quota(&fact);

	if (cpus < topology->cpus) {
		snprintf(text, RM_FINDING_TEXT,
		        "the control group may use %.2f of %u CPUs "
		        "(cpu.max or cpu.cfs_quota_us = %.100s): trials that "
		        "it stops count as disturbed; start without this quota",
		        cpus, topology->cpus, fact.text);
		return RM_FINDING_WARNING;
	}
	if (fact.status != RM_FACT_DENIED || !topology->this_machine)
		return RM_FINDING_GOOD;
	snprintf(text, RM_FINDING_TEXT,
	        "whether a CPU quota applies is unknown: /sys/fs/cgroup has no "
	        "readable files of this process's control group: trials that a "
	        "quota stops count as disturbed; make /sys/fs/cgroup readable, "
	        "e.g. mount it in the container");
	return RM_FINDING_UNKNOWN;
}

static bool has_word(const char *text, const char *word)
{
	size_t length = strlen(word);

	for (const char *at = text; (at = strstr(at, word)); at += length)
		if ((at == text || at[-1] == ' ') && strchr(" \n", at[length]))
			return true;
	return false;
}

void rm_fact_hypervisor(struct rm_fact *fact)
{
	char *line = NULL;
	size_t size = 0;
	FILE *file = rm_host_open("/proc/cpuinfo");

	set_failed(fact, file ? ENOENT : errno);
	while (file && fact->status != RM_FACT_OK &&
	        getline(&line, &size, file) > 0) {
		const char *flags = find_value(line, "flags");

		if (flags)
			rm_fact_set(fact,
			        has_word(flags, "hypervisor") ? "yes" : "no");
	}
	free(line);
	if (file)
		fclose(file);
}

void rm_fact_installation(struct rm_fact *fact)
{
	char text[RM_FACT_BYTES + 32], hash[RM_SHA256_TEXT];

	rm_fact_read("/etc/machine-id", fact);
	if (fact->status != RM_FACT_OK)
		return;
	/* The file is empty or "uninitialized" in an image that was never
	   booted. */
	if (strspn(fact->text, "0123456789abcdef") != 32 || fact->text[32]) {
		set_failed(fact, ENOENT);
		return;
	}
	snprintf(text, sizeof(text), "readmostly %s", fact->text);
	rm_sha256(text, strlen(text), hash);
	snprintf(fact->text, sizeof(fact->text), "%.16s", hash);
}
