/* SPDX-License-Identifier: Apache-2.0 */
#include "runner/plan/allocator.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* What is known of one. */
struct known {
	const char *name;
	const char *library; /* beginning of the file's name */
	const char *file;    /* what is preloaded */
	const char *package; /* Debian's */
	/* asks for huge pages by madvise(); NULL: it cannot be told to.
	   glibc(malloc tunables) 2.35, jemalloc(3) opt.thp, mimalloc's
	   readme: environment options */
	const char *huge;
};

static const struct known known[RM_ALLOCATORS] = {
	{ "glibc", "libc.so", "", "libc6",
	        "GLIBC_TUNABLES=glibc.malloc.hugetlb=1" },
	{ "jemalloc", "libjemalloc", "libjemalloc.so.2", "libjemalloc2",
	        "MALLOC_CONF=thp:always" },
	{ "mimalloc", "libmimalloc", "libmimalloc.so.2.0", "libmimalloc2.0",
	        "MIMALLOC_LARGE_OS_PAGES=1" },
	{ "tcmalloc", "libtcmalloc_minimal", "libtcmalloc_minimal.so.4",
	        "libtcmalloc-minimal4", NULL },
};

static const char *const page_names[] = { "system", "off", "on" };
enum { PAGE_NAMES = sizeof(page_names) / sizeof(*page_names) };

/* Where Debian, and others, have libraries for this kind of machine. */
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
	return known[allocator].name;
}

const char *rm_huge_pages_name(enum rm_huge_pages pages)
{
	return page_names[pages];
}

int rm_allocator_parse(const char *name, enum rm_allocator *allocator)
{
	for (int i = 0; i < RM_ALLOCATORS; i++)
		if (!strcmp(name, known[i].name)) {
			*allocator = (enum rm_allocator)i;
			return 0;
		}
	return -EINVAL;
}

int rm_huge_pages_parse(const char *name, enum rm_huge_pages *pages)
{
	for (int i = 0; i < PAGE_NAMES; i++)
		if (!strcmp(name, page_names[i])) {
			*pages = (enum rm_huge_pages)i;
			return 0;
		}
	return -EINVAL;
}

const char *rm_allocator_library(enum rm_allocator allocator)
{
	return known[allocator].library;
}

int rm_allocator_find(enum rm_allocator allocator, char *path, size_t size)
{
	path[0] = '\0';
	if (!known[allocator].file[0])
		return 0;
	for (size_t i = 0; folders[i]; i++) {
		snprintf(
		        path, size, "%s/%s", folders[i], known[allocator].file);
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
	const char *huge = known[allocator].huge;
	int failed = rm_allocator_find(allocator, path, sizeof(path));

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

/* Whether the kernel gives huge pages to who asks for them. */
static bool gives_huge_pages(void)
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

bool rm_allocator_impossible(enum rm_allocator allocator,
        enum rm_huge_pages pages, char *why, size_t size)
{
	char variables[RM_ALLOCATOR_VARIABLES][RM_ALLOCATOR_VARIABLE_BYTES];
	int failed = rm_allocator_environment(allocator, pages, variables);

	if (failed == -ENOENT)
		snprintf(why, size, "no %s here (package %s)",
		        known[allocator].file, known[allocator].package);
	else if (failed)
		snprintf(why, size, "%s cannot be told to ask for huge pages",
		        known[allocator].name);
	else if (pages == RM_HUGE_PAGES_ON && !gives_huge_pages())
		snprintf(why, size,
		        "this kernel gives no transparent huge pages");
	else
		return false;
	return true;
}
