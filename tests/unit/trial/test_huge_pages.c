/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_huge_pages.c - whether a process has the malloc() and the huge pages
 * that its cell asks for (internal.h). Where malloc() is from, what the kernel
 * says of pages and what it refuses are played.
 */
#include "runner/trial/internal.h"
#include "tests/unit/tap.h"

#include <dlfcn.h>
#include <errno.h>
#include <string.h>
#include <sys/prctl.h>

static struct played {
	const char *library; /* that malloc() is of; NULL: nobody knows */
	const char *rollup;  /* lines of smaps_rollup; NULL: no such file */
	const char *name, *value; /* of the environment; value NULL: not set */
	bool refuses;             /* prctl() does */
} played;

static unsigned disabled; /* how often huge pages were turned off */

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

static void whose_malloc(void)
{
	played = (struct played){ .library = "/lib/x86_64/libc.so.6" };
	CHECK(!strcmp(rm_allocator_now(), "libc.so.6"),
	        "malloc() is called by its file");
	CHECK(has(RM_ALLOCATOR_GLIBC, RM_HUGE_PAGES_SYSTEM, 0, ""),
	        "glibc's is what was asked for");
	CHECK(has(RM_ALLOCATOR_JEMALLOC, RM_HUGE_PAGES_SYSTEM, -EXDEV,
	              "malloc() is that of libc.so.6, asked for jemalloc"),
	        "and is not another");
	played.library = "libown.so";
	CHECK(!strcmp(rm_allocator_now(), "libown.so"),
	        "a file without a folder is its name");
	CHECK(has(RM_ALLOCATOR_GLIBC, RM_HUGE_PAGES_SYSTEM, 0, ""),
	        "a build's own will do for the usual one");
	played.library = NULL;
	CHECK(!strcmp(rm_allocator_now(), "unknown"),
	        "whose nobody knows is unknown");
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
			        "asked for ");
		CHECK(right, "this malloc() is itself and no other");
	}
}

static void pages_are_asked_for(void)
{
	played = (struct played){ .library = "libc.so.6" };
	disabled = 0;
	has(RM_ALLOCATOR_GLIBC, RM_HUGE_PAGES_SYSTEM, 0, "");
	CHECK(!disabled, "huge pages are the system's where nothing is asked");
	CHECK(has(RM_ALLOCATOR_GLIBC, RM_HUGE_PAGES_OFF, 0, "") &&
	                disabled == 1,
	        "they are turned off where none are asked for");
	played.refuses = true;
	CHECK(has(RM_ALLOCATOR_GLIBC, RM_HUGE_PAGES_OFF, -EPERM,
	              "could not be turned off"),
	        "and what the kernel refuses is told");
	disabled = 0;
	played.name = "GLIBC_TUNABLES";
	played.value = "glibc.malloc.hugetlb=1";
	CHECK(has(RM_ALLOCATOR_GLIBC, RM_HUGE_PAGES_ON, 0, "") && !disabled,
	        "an allocator was told to ask for them");
	played.value = "glibc.malloc.hugetlb=2";
	CHECK(has(RM_ALLOCATOR_GLIBC, RM_HUGE_PAGES_ON, -EXDEV,
	              "GLIBC_TUNABLES is not glibc.malloc.hugetlb=1 in the "
	              "environment"),
	        "something else is not that");
	played.value = NULL;
	CHECK(has(RM_ALLOCATOR_GLIBC, RM_HUGE_PAGES_ON, -EXDEV, "is not"),
	        "nor is nothing");
	played.library = "libtcmalloc_minimal.so.4";
	CHECK(has(RM_ALLOCATOR_TCMALLOC, RM_HUGE_PAGES_ON, -ENOTSUP,
	              "tcmalloc cannot be told"),
	        "one that cannot be told is refused");
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
	        "the system's pages are as they are");
	CHECK(judged(je, off, 1, SOME,
	              "2097152 bytes of huge pages, asked for none"),
	        "some are not none");
	CHECK(judged(je, off, least, NONE, NULL) &&
	                judged(je, off, least, NULL, NULL),
	        "none are, and where nobody knows nothing is said");
	CHECK(judged(je, on, least, SOME, NULL), "some are what was asked for");
	CHECK(judged(je, on, least, NONE,
	              "no huge pages under a map of 8388608 bytes, asked for "
	              "some") &&
	                judged(je, on, least, NULL, "no huge pages") &&
	                judged(je, on, least, "Rss: 1 kB\n", "no huge pages"),
	        "none under a map of 8 MiB are not");
	CHECK(judged(je, on, least - 1, NONE, NULL),
	        "a smaller map may fit between the borders of two");
	CHECK(judged(RM_ALLOCATOR_GLIBC, on, 1 << 30, NONE, NULL),
	        "glibc's small blocks have none: the result says so");
}

int main(void)
{
	whose_malloc();
	each_allocator();
	pages_are_asked_for();
	pages_are_judged();
	return DONE();
}
