/* SPDX-License-Identifier: Apache-2.0 */
/* fake_root.h - a machine of files for RM_SYSFS; made and removed by a test. */
#ifndef RM_FAKE_ROOT_H
#define RM_FAKE_ROOT_H

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Makes an empty root and puts it in force. Ends the test where it cannot. */
static inline void fake_root_make(char *root, size_t size)
{
	snprintf(root, size, "/tmp/readmostly-root-XXXXXX");
	if (!mkdtemp(root) || setenv("RM_SYSFS", root, 1))
		abort();
}

/* Writes root/path, with the folders on the way. */
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

#endif /* RM_FAKE_ROOT_H */
