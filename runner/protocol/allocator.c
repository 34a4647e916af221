/* SPDX-License-Identifier: Apache-2.0 */
/* allocator.c - finds the allocator libraries that a trial can use. */
#include "runner/protocol/internal.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Indexed by enum rm_allocator and enum rm_huge_pages. These words must not
   change, since recorded cells and ids contain them. */
const char *const rm_allocator_names[] = { "glibc", "jemalloc", "mimalloc",
	"tcmalloc", NULL };
const char *const rm_huge_pages_names[] = { "system", "off", "on", NULL };

struct properties {
	const char *library; /* first part of the file's name */
	const char *file;    /* file to preload; "": no file */
	const char *package; /* Debian package */
	/* Environment variable that makes the allocator request huge pages by
	   madvise(); NULL: not supported. Sources: glibc(malloc tunables) 2.35,
	   jemalloc(3) opt.thp, mimalloc's readme: environment options. */
	const char *huge;
};

static const struct properties properties[RM_ALLOCATORS] = {
	{ "libc.so", "", "libc6", "GLIBC_TUNABLES=glibc.malloc.hugetlb=1" },
	{ "libjemalloc", "libjemalloc.so.2", "libjemalloc2",
	        "MALLOC_CONF=thp:always" },
	{ "libmimalloc", "libmimalloc.so.2.0", "libmimalloc2.0",
	        "MIMALLOC_LARGE_OS_PAGES=1" },
	{ "libtcmalloc_minimal", "libtcmalloc_minimal.so.4",
	        "libtcmalloc-minimal4", NULL },
};

/* Folders that contain libraries on this kind of machine. */
static const char *const folders[] = {
#if defined(__x86_64__)
	"/usr/lib/x86_64-linux-gnu",
#elif defined(__aarch64__)
	"/usr/lib/aarch64-linux-gnu",
#endif
	"/usr/lib64", "/usr/lib", "/usr/local/lib", NULL
};

const char *rm_allocator_name(enum rm_allocator allocator)
{
	return rm_allocator_names[allocator];
}

int rm_allocator_parse(const char *name, enum rm_allocator *allocator)
{
	int found = rm_name_find(rm_allocator_names, name);

	if (found >= 0)
		*allocator = (enum rm_allocator)found;
	return found < 0 ? found : 0;
}

int rm_huge_pages_parse(const char *name, enum rm_huge_pages *pages)
{
	int found = rm_name_find(rm_huge_pages_names, name);

	if (found >= 0)
		*pages = (enum rm_huge_pages)found;
	return found < 0 ? found : 0;
}

const char *rm_allocator_library(enum rm_allocator allocator)
{
	return properties[allocator].library;
}

/* Stores the path of the allocator's library; "" for glibc, which needs no
   preload. Returns -ENOENT if no folder contains the file. */
static int find_library(enum rm_allocator allocator, char *path, size_t size)
{
	path[0] = '\0';
	if (!properties[allocator].file[0])
		return 0;
	for (size_t i = 0; folders[i]; i++) {
		snprintf(path, size, "%s/%s", folders[i],
		        properties[allocator].file);
		if (!access(path, R_OK))
			return 0;
	}
	path[0] = '\0';
	return -ENOENT;
}

int rm_allocator_environment(enum rm_allocator allocator,
        enum rm_huge_pages pages,
        char variables[RM_ALLOCATOR_VARIABLES][RM_ALLOCATOR_VARIABLE_BYTES])
{
	char path[RM_ALLOCATOR_VARIABLE_BYTES - 16];
	const char *huge = properties[allocator].huge;
	int failed = find_library(allocator, path, sizeof(path));

	variables[0][0] = variables[1][0] = '\0';
	if (failed)
		return failed;
	if (path[0])
		snprintf(variables[0], RM_ALLOCATOR_VARIABLE_BYTES,
		        "LD_PRELOAD=%s", path);
	if (pages != RM_HUGE_PAGES_ON)
		return 0;
	if (!huge)
		return -ENOTSUP;
	snprintf(variables[1], RM_ALLOCATOR_VARIABLE_BYTES, "%s", huge);
	return 0;
}

static bool has_huge_pages(void)
{
	char text[64] = "";
	FILE *in = fopen("/sys/kernel/mm/transparent_hugepage/enabled", "r");

	if (!in)
		return false;
	if (!fgets(text, sizeof(text), in))
		text[0] = '\0';
	fclose(in);
	return text[0] && !strstr(text, "[never]");
}

bool rm_allocator_is_unavailable(enum rm_allocator allocator,
        enum rm_huge_pages pages, char *why, size_t size)
{
	char variables[RM_ALLOCATOR_VARIABLES][RM_ALLOCATOR_VARIABLE_BYTES];
	int failed = rm_allocator_environment(allocator, pages, variables);

	if (failed == -ENOENT)
		snprintf(why, size, "%s is not installed (package %s)",
		        properties[allocator].file,
		        properties[allocator].package);
	else if (failed)
		snprintf(why, size, "%s cannot request huge pages",
		        rm_allocator_names[allocator]);
	else if (pages == RM_HUGE_PAGES_ON && !has_huge_pages())
		snprintf(why, size,
		        "this kernel does not support transparent huge pages");
	else
		return false;
	return true;
}
