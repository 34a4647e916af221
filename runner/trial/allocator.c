/* SPDX-License-Identifier: Apache-2.0 */
/* allocator.c - checks that this process uses the malloc() of its cell. */
#include "runner/trial/internal.h"

#include <dlfcn.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

/* Minimum size of a map for the check of huge pages. A smaller map might not
   contain a whole huge page. */
enum { LEAST_BYTES = 8 << 20 };

const char *rm_allocator_file(void)
{
	void *function = dlsym(RTLD_DEFAULT, "malloc");
	const char *slash;
	Dl_info info;

	if (!function || !dladdr(function, &info) || !info.dli_fname)
		return "unknown";
	slash = strrchr(info.dli_fname, '/');
	return slash ? slash + 1 : info.dli_fname;
}

static bool file_is(const char *file, enum rm_allocator allocator)
{
	const char *library = rm_allocator_library(allocator);

	return !strncmp(file, library, strlen(library));
}

/* True if `file` is the requested allocator. If glibc is requested, the build's
   own allocator also matches (sanitizers, flavour stats), but no other known
   library. */
static bool allocator_matches(const char *file, enum rm_allocator requested)
{
	if (requested != RM_ALLOCATOR_GLIBC)
		return file_is(file, requested);
	for (int i = RM_ALLOCATOR_GLIBC + 1; i < RM_ALLOCATORS; i++)
		if (file_is(file, (enum rm_allocator)i))
			return false;
	return true;
}

int rm_allocator_apply(const struct rm_cell *cell, struct rm_error *error)
{
	const char *file = rm_allocator_file();
	char variables[RM_ALLOCATOR_VARIABLES][RM_ALLOCATOR_VARIABLE_BYTES];
	const char *equals, *now;

	if (!allocator_matches(file, cell->allocator))
		return rm_error_set(error, -EXDEV,
		        "malloc() is from %.100s: this cell needs %s", file,
		        rm_allocator_name(cell->allocator));
	if (cell->huge_pages == RM_HUGE_PAGES_OFF &&
	        prctl(PR_SET_THP_DISABLE, 1UL, 0UL, 0UL, 0UL))
		return rm_error_set(error, -errno,
		        "huge pages could not be disabled: %s",
		        strerror(errno));
	if (cell->huge_pages != RM_HUGE_PAGES_ON)
		return 0;
	if (rm_allocator_environment(
	            cell->allocator, cell->huge_pages, variables))
		return rm_error_set(error, -ENOTSUP,
		        "%s has no setting for huge pages",
		        rm_allocator_name(cell->allocator));
	equals = strchr(variables[1], '=');
	*strchr(variables[1], '=') = '\0';
	now = getenv(variables[1]);
	if (!now || strcmp(now, equals + 1))
		return rm_error_set(error, -EXDEV,
		        "huge pages: %s is not %s in the environment",
		        variables[1], equals + 1);
	return 0;
}

/* Returns AnonHugePages of this process; -1: unknown. */
static int64_t huge_bytes(void)
{
	FILE *in = fopen("/proc/self/smaps_rollup", "r");
	char line[256];
	int64_t kib = -1;

	if (!in)
		return -1;
	while (kib < 0 && fgets(line, sizeof(line), in))
		sscanf(line, "AnonHugePages: %" SCNd64, &kib);
	fclose(in);
	return kib < 0 ? kib : kib * 1024;
}

int rm_huge_pages_judge(
        const struct rm_cell *cell, uint64_t map_bytes, struct rm_error *error)
{
	int64_t bytes;

	if (cell->huge_pages == RM_HUGE_PAGES_SYSTEM)
		return 0;
	bytes = huge_bytes();
	if (cell->huge_pages == RM_HUGE_PAGES_OFF && bytes > 0)
		return rm_error_set(error, -ERANGE,
		        "%" PRId64 " bytes of huge pages, expected none",
		        bytes);
	/* glibc 2.36 requests huge pages only for the main heap and for blocks
	   above 2 MiB. A map of small nodes then has no huge pages, which the
	   result shows. */
	if (cell->huge_pages == RM_HUGE_PAGES_ON && bytes <= 0 &&
	        cell->allocator != RM_ALLOCATOR_GLIBC &&
	        map_bytes >= LEAST_BYTES)
		return rm_error_set(error, -ERANGE,
		        "no huge pages in a map of %" PRIu64
		        " bytes, expected some",
		        map_bytes);
	return 0;
}
