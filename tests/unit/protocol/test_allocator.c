/* SPDX-License-Identifier: Apache-2.0 */
/* test_allocator.c - tests the environment of a process with another malloc().
   This file replaces access() and fopen(), which simulate the machine. */
#include "runner/protocol/protocol.h"
#include "tests/unit/tap.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static struct played {
	const char *library;    /* end of the only path that exists, or NULL */
	const char *huge_pages; /* contents of the kernel's file on huge pages,
	                           or NULL if missing */
} played;

int access(const char *path, int mode)
{
	size_t size = strlen(path);
	size_t end = played.library ? strlen(played.library) : size + 1;

	if (mode == R_OK && size >= end &&
	        !strcmp(path + size - end, played.library))
		return 0;
	errno = ENOENT;
	return -1;
}

FILE *fopen(const char *path, const char *how)
{
	static char text[64];

	if (!played.huge_pages || strcmp(how, "r") ||
	        strcmp(path, "/sys/kernel/mm/transparent_hugepage/enabled"))
		return NULL;
	snprintf(text, sizeof(text), "%s\n", played.huge_pages);
	return fmemopen(text, strlen(text), "r");
}

static char variables[RM_ALLOCATOR_VARIABLES][RM_ALLOCATOR_VARIABLE_BYTES];
static char why[160];

static bool needs_variables(enum rm_allocator allocator,
        enum rm_huge_pages pages, const char *first, const char *second)
{
	int failed = rm_allocator_environment(allocator, pages, variables);

	if (!failed && !strcmp(variables[0], first) &&
	        !strcmp(variables[1], second))
		return true;
	printf("# %d \"%s\" \"%s\"\n", failed, variables[0], variables[1]);
	return false;
}

static bool is_impossible(enum rm_allocator allocator, enum rm_huge_pages pages,
        const char *expected)
{
	why[0] = '\0';
	if (rm_allocator_is_unavailable(allocator, pages, why, sizeof(why)) ==
	                (expected[0] != '\0') &&
	        !strcmp(why, expected))
		return true;
	printf("# why: %s\n", why);
	return false;
}

static void set_variables(void)
{
	played = (struct played){ .library = "/usr/lib64/libjemalloc.so.2" };
	CHECK(needs_variables(
	              RM_ALLOCATOR_GLIBC, RM_HUGE_PAGES_SYSTEM, "", "") &&
	                needs_variables(
	                        RM_ALLOCATOR_GLIBC, RM_HUGE_PAGES_OFF, "", ""),
	        "glibc needs no preload");
	CHECK(needs_variables(RM_ALLOCATOR_GLIBC, RM_HUGE_PAGES_ON, "",
	              "GLIBC_TUNABLES=glibc.malloc.hugetlb=1"),
	        "a variable enables huge pages of glibc");
	CHECK(needs_variables(RM_ALLOCATOR_JEMALLOC, RM_HUGE_PAGES_SYSTEM,
	              "LD_PRELOAD=/usr/lib64/libjemalloc.so.2", "") &&
	                needs_variables(RM_ALLOCATOR_JEMALLOC, RM_HUGE_PAGES_ON,
	                        "LD_PRELOAD=/usr/lib64/libjemalloc.so.2",
	                        "MALLOC_CONF=thp:always"),
	        "another allocator is preloaded from its folder");
	played.library = "/usr/local/lib/libjemalloc.so.2";
	CHECK(needs_variables(RM_ALLOCATOR_JEMALLOC, RM_HUGE_PAGES_OFF,
	              "LD_PRELOAD=/usr/local/lib/libjemalloc.so.2", ""),
	        "the last folder is searched");
	CHECK(rm_allocator_environment(RM_ALLOCATOR_MIMALLOC,
	              RM_HUGE_PAGES_SYSTEM, variables) == -ENOENT &&
	                !variables[0][0] && !variables[1][0],
	        "an allocator that is not installed sets no variable");
	played.library = "/usr/lib/libtcmalloc_minimal.so.4";
	CHECK(rm_allocator_environment(RM_ALLOCATOR_TCMALLOC, RM_HUGE_PAGES_ON,
	              variables) == -ENOTSUP,
	        "an allocator without huge pages is rejected");
}

static void report_impossible(void)
{
	played = (struct played){ .library = "/libtcmalloc_minimal.so.4",
		.huge_pages = "always [madvise] never" };
	CHECK(is_impossible(RM_ALLOCATOR_GLIBC, RM_HUGE_PAGES_ON, "") &&
	                is_impossible(
	                        RM_ALLOCATOR_TCMALLOC, RM_HUGE_PAGES_OFF, ""),
	        "installed allocators are possible");
	CHECK(is_impossible(RM_ALLOCATOR_JEMALLOC, RM_HUGE_PAGES_SYSTEM,
	              "libjemalloc.so.2 is not installed (package "
	              "libjemalloc2)"),
	        "a missing allocator is reported with its package");
	CHECK(is_impossible(RM_ALLOCATOR_TCMALLOC, RM_HUGE_PAGES_ON,
	              "tcmalloc cannot request huge pages"),
	        "an allocator without huge pages is reported");
	played.huge_pages = "always madvise [never]";
	CHECK(is_impossible(RM_ALLOCATOR_GLIBC, RM_HUGE_PAGES_ON,
	              "this kernel does not support transparent huge pages") &&
	                is_impossible(
	                        RM_ALLOCATOR_GLIBC, RM_HUGE_PAGES_SYSTEM, ""),
	        "a kernel that never uses huge pages is reported");
	played.huge_pages = NULL;
	CHECK(is_impossible(RM_ALLOCATOR_GLIBC, RM_HUGE_PAGES_ON,
	              "this kernel does not support transparent huge pages"),
	        "a kernel without huge pages is reported");
}

static void parse_names(void)
{
	static const char *const all[] = { "glibc", "jemalloc", "mimalloc",
		"tcmalloc" };
	static const char *const files[] = { "libc.so", "libjemalloc",
		"libmimalloc", "libtcmalloc_minimal" };
	enum rm_allocator read = RM_ALLOCATOR_TCMALLOC;
	enum rm_huge_pages pages = RM_HUGE_PAGES_OFF;
	bool same = true;

	for (int i = 0; i < RM_ALLOCATORS; i++) {
		enum rm_allocator a = (enum rm_allocator)i;

		same = same && !strcmp(rm_allocator_name(a), all[i]) &&
		       !rm_allocator_parse(all[i], &read) && read == a &&
		       !strcmp(rm_allocator_library(a), files[i]);
	}
	CHECK(same, "each allocator has a name and a library");
	CHECK(rm_allocator_parse("malloc", &read) == -EINVAL &&
	                read == RM_ALLOCATOR_TCMALLOC,
	        "an unknown name stores nothing");
	CHECK(rm_huge_pages_parse("on", &pages) == 0 &&
	                pages == RM_HUGE_PAGES_ON &&
	                rm_huge_pages_parse("yes", &pages) == -EINVAL &&
	                pages == RM_HUGE_PAGES_ON,
	        "an unknown name of huge pages stores nothing");
}

int main(void)
{
	set_variables();
	report_impossible();
	parse_names();
	return DONE();
}
