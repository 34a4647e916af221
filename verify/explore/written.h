/* SPDX-License-Identifier: Apache-2.0 */
/*
 * written.h - a program that a user wrote (docs/method/checker.md).
 *
 * Lines `NAME = VALUE`, # begins a comment:
 *
 *     shape    = u64x8                      all that the map offers, in turn
 *     keys     = 4                          the highest that occurs, and one
 *     presize  = yes                        drawn with the schedule
 *     collide  = yes                        no
 *     resident = 0 2                        none
 *     thread 1 = insert_if_absent 0, 128 x lookup 2
 *     thread 2 = take 0
 *
 * On the right is what holds where the line is left out. A thread's line may
 * come again: its operations follow. Inside verify/explore only.
 */
#ifndef RM_EXPLORE_WRITTEN_H
#define RM_EXPLORE_WRITTEN_H

#include "verify/explore/program.h"

struct rm_explore_written {
	struct rm_explore_program program; /* impl and map_seed are not told */
	unsigned shapes; /* the bit of the one that is told; 0: none is */
	bool sized;      /* presize is told */
};

/* -EINVAL with `error` "FILE:LINE: what, expected what". Then `written` is
   unchanged. */
int rm_explore_written_parse(const char *file, const char *text, size_t length,
        struct rm_explore_written *written, struct rm_error *error);

/* The same from a file; also -errno with `error` "FILE: what". */
int rm_explore_written_load(const char *file,
        struct rm_explore_written *written, struct rm_error *error);

/* What the map lacks for it, a text of at most `size` bytes; or false. */
bool rm_explore_written_unfit(const struct rm_explore_written *written,
        const struct rm_impl *impl, char *why, size_t size);

/* The lines of a program, each ended by '\n', as they are read; free() it.
   NULL: no memory. */
char *rm_explore_written_text(const struct rm_explore_program *program);

#endif /* RM_EXPLORE_WRITTEN_H */
