/* SPDX-License-Identifier: Apache-2.0 */
/* fake_root.h - creates and removes the files of a simulated machine for
   RM_SYSFS. */
#ifndef RM_FAKE_ROOT_H
#define RM_FAKE_ROOT_H

#include <ftw.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Creates an empty root and sets RM_SYSFS. Aborts the test on failure. */
static inline void fake_root_make(char *root, size_t size)
{
	snprintf(root, size, "/tmp/readmostly-root-XXXXXX");
	if (!mkdtemp(root) || setenv("RM_SYSFS", root, 1))
		abort();
}

/* Calls fake_root_make() and changes into the root. */
static inline void fake_root_enter(char *root, size_t size)
{
	fake_root_make(root, size);
	if (chdir(root))
		abort();
}

/* Writes root/path and creates its folders. */
static inline void fake_root_write(
        const char *root, const char *path, const char *text)
{
	char full[512];

	snprintf(full, sizeof(full), "%s/%s", root, path);
	for (char *at = full + strlen(root) + 1; (at = strchr(at, '/')); at++) {
		*at = '\0';
		mkdir(full, 0755);
		*at = '/';
	}
	FILE *out = fopen(full, "w");
	if (!out || fputs(text, out) < 0 || fclose(out))
		abort();
}

static inline int fake_root_drop(
        const char *path, const struct stat *s, int type, struct FTW *where)
{
	(void)s;
	(void)type;
	(void)where;
	return remove(path);
}

static inline void fake_root_remove(const char *root)
{
	nftw(root, fake_root_drop, 16, FTW_DEPTH | FTW_PHYS);
	unsetenv("RM_SYSFS");
}

/* Binds this process to one of its CPUs; returns its number. */
static inline unsigned fake_root_bind(void)
{
	cpu_set_t mask;
	unsigned cpu = 0;

	sched_getaffinity(0, sizeof(mask), &mask);
	while (!CPU_ISSET(cpu, &mask))
		cpu++;
	CPU_ZERO(&mask);
	CPU_SET(cpu, &mask);
	sched_setaffinity(0, sizeof(mask), &mask);
	return cpu;
}

/* Makes a machine with 32 KiB of L1d. Its only CPU has this number, and these
   lines in /proc/cpuinfo identify it. */
static inline void fake_root_cpu(
        const char *root, unsigned cpu, const char *identity)
{
	static const char *const files[][2] = { { "level", "1\n" },
		{ "type", "Data\n" }, { "size", "32K\n" } };
	char path[128], text[256];

	snprintf(text, sizeof(text), "processor\t: %u\n%s", cpu, identity);
	fake_root_write(root, "proc/cpuinfo", text);
	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		snprintf(path, sizeof(path),
		        "sys/devices/system/cpu/cpu%u/cache/index0/%s", cpu,
		        files[i][0]);
		fake_root_write(root, path, files[i][1]);
	}
}

static inline void fake_root_zen3(const char *root, unsigned cpu)
{
	fake_root_cpu(root, cpu,
	        "vendor_id\t: AuthenticAMD\ncpu family\t: 25\n"
	        "model\t\t: 1\n");
}

#endif /* RM_FAKE_ROOT_H */
