/* SPDX-License-Identifier: Apache-2.0 */
#include "runner/base/host.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char *rm_host_root(void)
{
	const char *root = getenv("RM_SYSFS");

	return root ? root : "";
}

int rm_host_path(const char *path, char *out, size_t size)
{
	int n = snprintf(out, size, "%s%s", rm_host_root(), path);

	return n < 0 || (size_t)n >= size ? -ENAMETOOLONG : 0;
}

FILE *rm_host_open(const char *path)
{
	char full[PATH_MAX];

	if (rm_host_path(path, full, sizeof(full))) {
		errno = ENAMETOOLONG;
		return NULL;
	}
	return fopen(full, "re");
}

int rm_host_read(const char *path, char *text, size_t size)
{
	FILE *in = rm_host_open(path);

	if (!in)
		return -errno;
	text[0] = '\0';
	errno = 0;
	int code = 0;
	if (!fgets(text, (int)size, in) && ferror(in))
		code = errno ? -errno : -EIO;
	fclose(in);
	text[strcspn(text, "\n")] = '\0';
	return code ? code : (int)strlen(text);
}

bool rm_host_clock_is_counter(const char *source)
{
	static const char *const counters[] = { "tsc", "kvm-clock",
		"hyperv_clocksource_tsc_page", "arch_sys_counter" };

	for (size_t i = 0; i < sizeof(counters) / sizeof(*counters); i++)
		if (!strcmp(source, counters[i]))
			return true;
	return false;
}

int rm_host_read_long(const char *path, long *value)
{
	char text[32], *end;
	int n = rm_host_read(path, text, sizeof(text));

	if (n < 0)
		return n;
	errno = 0;
	long number = strtol(text, &end, 10);
	if (end == text || *end || errno)
		return -EINVAL;
	*value = number;
	return 0;
}

bool rm_host_list_has(const char *list, unsigned cpu)
{
	while (isdigit((unsigned char)*list)) {
		char *end;
		unsigned long first = strtoul(list, &end, 10), last = first;

		if (*end == '-' && isdigit((unsigned char)end[1]))
			last = strtoul(end + 1, &end, 10);
		if (cpu >= first && cpu <= last)
			return true;
		if (*end != ',')
			return false;
		list = end + 1;
	}
	return false;
}

const char *rm_host_sibling_path(const char *name, char *path, size_t size)
{
	ssize_t length = readlink("/proc/self/exe", path, size - 1);
	char *slash;

	path[length < 0 ? 0 : length] = '\0';
	slash = strrchr(path, '/');
	length = slash ? slash - path + 1 : 0;
	snprintf(path + length, size - (size_t)length, "%s", name);
	return path;
}

const char *rm_host_shared_path(const char *name, char *path, size_t size)
{
	if (access(rm_host_sibling_path(name, path, size), F_OK))
		snprintf(path, size, "%s", name);
	return path;
}
