/* SPDX-License-Identifier: Apache-2.0 */
/*
 * program_file.h - reads program files (docs/method/checker.md). Inside
 * verify/explore only.
 *
 * Lines are `NAME = VALUE`, and # begins a comment. The default is on the
 * right:
 *
 *     shape    = u64x8                      all that the map offers, in turn
 *     keys     = 4                          the highest key used, plus one
 *     presize  = yes                        drawn for each schedule
 *     collide  = yes                        no
 *     resident = 0 2                        no keys
 *     thread 1 = insert_if_absent 0, 128 x lookup 2
 *     thread 2 = take 0
 *
 * A thread may have several lines; their operations are joined.
 */
#ifndef RM_EXPLORE_PROGRAM_FILE_H
#define RM_EXPLORE_PROGRAM_FILE_H

#include "verify/explore/program.h"

struct rm_explore_program_file {
	/* its members impl and map_seed are unset */
	struct rm_explore_program program;
	unsigned shapes; /* the bit of the given shape; 0: none */
	bool sized;      /* the file sets presize */
};

/* Returns 0, or -EINVAL with `error` "FILE:LINE: found, expected X"; `written`
 * is then unchanged. */
int rm_explore_parse_program(const char *file, const char *text, size_t length,
        struct rm_explore_program_file *written, struct rm_error *error);

/* Like rm_explore_parse_program(), for a file. May also return -errno with
 * `error` "FILE: reason". */
int rm_explore_load_program(const char *file,
        struct rm_explore_program_file *written, struct rm_error *error);

/* True if the map lacks something that the program needs; `why` has `size`
   bytes for the reason. */
bool rm_explore_program_misfits(const struct rm_explore_program_file *written,
        const struct rm_impl *impl, char *why, size_t size);

/* Returns the program as the text of a valid program file; free() it. NULL: out
   of memory. */
char *rm_explore_program_text(const struct rm_explore_program *program);

#endif /* RM_EXPLORE_PROGRAM_FILE_H */
