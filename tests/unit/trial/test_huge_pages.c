/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_huge_pages.c - checks that malloc() and huge pages are as the cell
 * requests (internal.h). The origin of malloc(), the kernel's report on pages
 * and its errors are simulated.
 */
#include "runner/trial/internal.h"
#include "tests/unit/tap.h"

#include <dlfcn.h>
#include <errno.h>
#include <string.h>
#include <sys/prctl.h>

static struct played {
	const char *library; /* file of malloc(), or NULL if unknown */
	const char *rollup;  /* lines of smaps_rollup, or NULL if there is no
	                        such file */
	const char *name, *value; /* environment variable; the value is NULL if
	                             it is not set */
	bool refuses;             /* true if prctl() fails */
} played;

static unsigned disabled; /* number of times that huge pages were disabled */

int dladdr(const void *address, Dl_info *info)
{
	(void)address;
	info->dli_fname = played.library;
	return played.library != NULL;
}

FILE *fopen(const char *path, const char *how)
{
	if (!played.rollup || strcmp(how, "r") ||
	        strcmp(path, "/proc/self/smaps_rollup"))
		return NULL;
	return fmemopen(
	        (char *)(uintptr_t)played.rollup, strlen(played.rollup), "r");
}

int prctl(int option, ...)
{
	disabled += option == PR_SET_THP_DISABLE;
	errno = EPERM;
	return played.refuses ? -1 : 0;
}

char *getenv(const char *name)
{
	if (!played.name || !played.value || strcmp(name, played.name))
		return NULL;
	return (char *)(uintptr_t)played.value;
}

static struct rm_error error;

static bool has(enum rm_allocator allocator, enum rm_huge_pages pages, int code,
        const char *message)
{
	const struct rm_cell cell = { .allocator = allocator,
		.huge_pages = pages };
	int got;

	error = (struct rm_error){ .text = "" };
	got = rm_allocator_apply(&cell, &error);
	if (got == code && (!code || strstr(error.text, message)))
		return true;
	printf("# %d: %s\n", got, error.text);
	return false;
}

static void origin_of_malloc(void)
{
	played = (struct played){ .library = "/lib/x86_64/libc.so.6" };
	CHECK(!strcmp(rm_allocator_file(), "libc.so.6"),
	        "malloc() is identified by its file");
	CHECK(has(RM_ALLOCATOR_GLIBC, RM_HUGE_PAGES_SYSTEM, 0, ""),
	        "glibc's malloc() fits a cell with glibc");
	CHECK(has(RM_ALLOCATOR_JEMALLOC, RM_HUGE_PAGES_SYSTEM, -EXDEV,
	              "malloc() is from libc.so.6: this cell needs jemalloc"),
	        "glibc's malloc() fits no other cell");
	played.library = "libown.so";
	CHECK(!strcmp(rm_allocator_file(), "libown.so"),
	        "the path of a file without a folder is its name");
	CHECK(has(RM_ALLOCATOR_GLIBC, RM_HUGE_PAGES_SYSTEM, 0, ""),
	        "the build's own malloc() fits the default");
	played.library = NULL;
	CHECK(!strcmp(rm_allocator_file(), "unknown"),
	        "an unknown origin is reported as unknown");
}

static void each_allocator(void)
{
	static const struct {
		enum rm_allocator allocator;
		const char *file;
	} row[] = {
		{ RM_ALLOCATOR_JEMALLOC, "/usr/lib/libjemalloc.so.2" },
		{ RM_ALLOCATOR_MIMALLOC, "/usr/lib/libmimalloc.so.2.0" },
		{ RM_ALLOCATOR_TCMALLOC, "/lib/libtcmalloc_minimal.so.4" },
	};

	for (unsigned i = 0; i < sizeof(row) / sizeof(*row); i++) {
		bool right = true;

		played = (struct played){ .library = row[i].file };
		for (int a = RM_ALLOCATOR_GLIBC; a < RM_ALLOCATORS; a++)
			right &= has((enum rm_allocator)a, RM_HUGE_PAGES_SYSTEM,
			        a == (int)row[i].allocator ? 0 : -EXDEV,
			        "this cell needs ");
		CHECK(right, "this malloc() fits its own cell and no other");
	}
}

static void pages_are_asked_for(void)
{
	played = (struct played){ .library = "libc.so.6" };
	disabled = 0;
	has(RM_ALLOCATOR_GLIBC, RM_HUGE_PAGES_SYSTEM, 0, "");
	CHECK(!disabled, "by default huge pages are not changed");
	CHECK(has(RM_ALLOCATOR_GLIBC, RM_HUGE_PAGES_OFF, 0, "") &&
	                disabled == 1,
	        "off disables huge pages");
	played.refuses = true;
	CHECK(has(RM_ALLOCATOR_GLIBC, RM_HUGE_PAGES_OFF, -EPERM,
	              "could not be disabled"),
	        "an error of the kernel is reported");
	disabled = 0;
	played.name = "GLIBC_TUNABLES";
	played.value = "glibc.malloc.hugetlb=1";
	CHECK(has(RM_ALLOCATOR_GLIBC, RM_HUGE_PAGES_ON, 0, "") && !disabled,
	        "an allocator configured for huge pages is accepted");
	played.value = "glibc.malloc.hugetlb=2";
	CHECK(has(RM_ALLOCATOR_GLIBC, RM_HUGE_PAGES_ON, -EXDEV,
	              "GLIBC_TUNABLES is not glibc.malloc.hugetlb=1 in the "
	              "environment"),
	        "an allocator with another setting is rejected");
	played.value = NULL;
	CHECK(has(RM_ALLOCATOR_GLIBC, RM_HUGE_PAGES_ON, -EXDEV, "is not"),
	        "an allocator whose setting is missing is rejected");
	played.library = "libtcmalloc_minimal.so.4";
	CHECK(has(RM_ALLOCATOR_TCMALLOC, RM_HUGE_PAGES_ON, -ENOTSUP,
	              "tcmalloc has no setting"),
	        "an allocator without a setting is rejected");
}

static bool judged(enum rm_allocator allocator, enum rm_huge_pages pages,
        uint64_t map_bytes, const char *rollup, const char *message)
{
	const struct rm_cell cell = { .allocator = allocator,
		.huge_pages = pages };
	int got;

	played.rollup = rollup;
	error = (struct rm_error){ .text = "" };
	got = rm_huge_pages_judge(&cell, map_bytes, &error);
	if (!message ? got == 0 : got == -ERANGE && strstr(error.text, message))
		return true;
	printf("# %d: %s\n", got, error.text);
	return false;
}

#define SOME "Rss: 9 kB\nAnonHugePages:      2048 kB\nAnonHugePages: 0 kB\n"
#define NONE "Rss: 2048 kB\nAnonHugePages:         0 kB\n"

static void pages_are_judged(void)
{
	const enum rm_huge_pages off = RM_HUGE_PAGES_OFF, on = RM_HUGE_PAGES_ON;
	const enum rm_allocator je = RM_ALLOCATOR_JEMALLOC;
	const uint64_t least = 8 << 20;

	CHECK(judged(je, RM_HUGE_PAGES_SYSTEM, 1 << 30, NONE, NULL) &&
	                judged(je, RM_HUGE_PAGES_SYSTEM, 1, SOME, NULL),
	        "the system's pages are accepted as they are");
	CHECK(judged(je, off, 1, SOME,
	              "2097152 bytes of huge pages, expected none"),
	        "off: some huge pages are an error");
	CHECK(judged(je, off, least, NONE, NULL) &&
	                judged(je, off, least, NULL, NULL),
	        "off: no huge pages, or an unknown number, is accepted");
	CHECK(judged(je, on, least, SOME, NULL),
	        "on: some huge pages are accepted");
	CHECK(judged(je, on, least, NONE,
	              "no huge pages in a map of 8388608 bytes, expected "
	              "some") &&
	                judged(je, on, least, NULL, "no huge pages") &&
	                judged(je, on, least, "Rss: 1 kB\n", "no huge pages"),
	        "on: none in a map of 8 MiB is an error");
	CHECK(judged(je, on, least - 1, NONE, NULL),
	        "a smaller map may not contain a whole huge page");
	CHECK(judged(RM_ALLOCATOR_GLIBC, on, 1 << 30, NONE, NULL),
	        "glibc uses no huge pages for small blocks, which is accepted");
}

int main(void)
{
	origin_of_malloc();
	each_allocator();
	pages_are_asked_for();
	pages_are_judged();
	return DONE();
}
