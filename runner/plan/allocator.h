/* SPDX-License-Identifier: Apache-2.0 */
/*
 * allocator.h - which malloc() a trial's process has, and whether it asks for
 * huge pages: factors of a cell. Both are set from outside, by the process's
 * environment, and read back within (runner/trial/allocator.h).
 */
#ifndef RM_ALLOCATOR_H
#define RM_ALLOCATOR_H

#include <stdbool.h>
#include <stddef.h>

enum rm_allocator {
	RM_ALLOCATOR_GLIBC, /* nothing preloaded */
	RM_ALLOCATOR_JEMALLOC,
	RM_ALLOCATOR_MIMALLOC,
	RM_ALLOCATOR_TCMALLOC,
	RM_ALLOCATORS,
};

/* Transparent huge pages of anonymous memory. */
enum rm_huge_pages {
	RM_HUGE_PAGES_SYSTEM, /* as this machine has them: nothing is asked */
	RM_HUGE_PAGES_OFF,    /* none: prctl(PR_SET_THP_DISABLE) */
	RM_HUGE_PAGES_ON,     /* the allocator asks for them: madvise() */
};

const char *rm_allocator_name(enum rm_allocator allocator);
const char *rm_huge_pages_name(enum rm_huge_pages pages);
/* 0, or -EINVAL where the name is unknown. */
int rm_allocator_parse(const char *name, enum rm_allocator *allocator);
int rm_huge_pages_parse(const char *name, enum rm_huge_pages *pages);

/* How the library's file is called, up to the version: "libjemalloc"; that
   of glibc is "libc.so". */
const char *rm_allocator_library(enum rm_allocator allocator);

/*
 * Finds the library on this machine: its path goes to `path`, "" for glibc.
 * -ENOENT where it is not installed.
 */
int rm_allocator_find(enum rm_allocator allocator, char *path, size_t size);

enum { RM_ALLOCATOR_VARIABLE_BYTES = 320, RM_ALLOCATOR_VARIABLES = 2 };

/*
 * The environment variables that a process needs for both factors: NAME=VALUE
 * in `variables`, unused ones "". 0; -ENOENT where the library is not
 * installed, -ENOTSUP where it cannot ask for huge pages.
 */
int rm_allocator_environment(enum rm_allocator allocator,
        enum rm_huge_pages pages,
        char variables[RM_ALLOCATOR_VARIABLES][RM_ALLOCATOR_VARIABLE_BYTES]);

/* Why this machine cannot run it, in `why`; false: it can. */
bool rm_allocator_impossible(enum rm_allocator allocator,
        enum rm_huge_pages pages, char *why, size_t size);

#endif /* RM_ALLOCATOR_H */
