/* SPDX-License-Identifier: Apache-2.0 */
#include "runner/counters/host.h"

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

/* Is this cache level 1 and for data? Then its size. */
static int data_cache(unsigned cpu, unsigned index, size_t *size_bytes)
{
	char path[128], text[32], unit = 0;
	const char *form = "/sys/devices/system/cpu/cpu%u/cache/index%u/%s";
	unsigned long size;
	long level;

	snprintf(path, sizeof(path), form, cpu, index, "level");
	int code = rm_host_read_long(path, &level);
	if (code)
		return code;
	snprintf(path, sizeof(path), form, cpu, index, "type");
	if (level != 1 || rm_host_read(path, text, sizeof(text)) < 0 ||
	        !strcmp(text, "Instruction"))
		return -EAGAIN;
	snprintf(path, sizeof(path), form, cpu, index, "size");
	if (rm_host_read(path, text, sizeof(text)) < 0 ||
	        sscanf(text, "%lu%c", &size, &unit) < 1 || !size)
		return -EAGAIN;
	*size_bytes = size << (unit == 'K' ? 10 : unit == 'M' ? 20 : 0);
	return 0;
}

int rm_host_l1d_bytes(unsigned cpu, size_t *size_bytes)
{
	for (unsigned index = 0; index < 16; index++) {
		int code = data_cache(cpu, index, size_bytes);

		if (!code)
			return 0;
		if (code != -EAGAIN)
			break;
	}
	long size = rm_host_root()[0] ? 0 : sysconf(_SC_LEVEL1_DCACHE_SIZE);
	if (size <= 0)
		return -ENOENT;
	*size_bytes = (size_t)size;
	return 0;
}
