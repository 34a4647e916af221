/* SPDX-License-Identifier: Apache-2.0 */
/* build_info.h - commit, compiler, flags and libraries of this binary. The
   Makefile generates the strings (build/.../build_info.c, build_mark.c). */
#ifndef RM_BUILD_INFO_H
#define RM_BUILD_INFO_H

#include <jansson.h>

#define RM_VERSION "1.0.0"

/* Name and version: "gcc 12.2.0", "clang 14.0.6". */
extern const char *const rm_build_compiler;
/* Compiler flags used for every object. */
extern const char *const rm_build_flags;
/* Library versions that pkg-config printed at build time: "hwloc 2.9.0, inih
   56, ..." */
extern const char *const rm_build_libraries;
/* Commit hash; "unknown" outside a git checkout. */
extern const char *const rm_build_commit;
/* 1 if the sources differed from that commit, 0 if not, -1 if unknown. */
extern const int rm_build_dirty;

/* Start of rm_build_mark. Compiler and flags follow. Each map program in C or
   C++ contains this string, and runner/campaign/builds.c searches the program
   file for it. */
#define RM_BUILD_MARK "readmostly built by "
extern const char rm_build_mark[];

/* Returns a new reference to the member "build" of campaign.json, described in
   results/README.md. Reads and hashes the whole program file, so do not call it
   in a trial. */
json_t *rm_build_info(void);

#endif /* RM_BUILD_INFO_H */
