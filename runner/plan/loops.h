/* SPDX-License-Identifier: Apache-2.0 */
/*
 * loops.h - the kinds of measured loops, and their texts: `scan:1`,
 * `hold:1ms:100us:1`. docs/workloads.md says what each does.
 */
#ifndef RM_LOOPS_H
#define RM_LOOPS_H

#include <stdbool.h>
#include <stdint.h>

enum rm_loop_kind {
	RM_LOOP_MIX,
	RM_LOOP_PACED,
	RM_LOOP_SCAN,
	RM_LOOP_FILL,
	RM_LOOP_LIFECYCLE,
	RM_LOOP_STOCK,
	RM_LOOP_PAIR,
	RM_LOOP_HASH,
	RM_LOOP_HOLD,
	RM_LOOP_RANGE_LIST,
	RM_LOOP_LITMUS,
	RM_LOOP_FAMILIES,
	RM_LOOP_INCREMENT,
	RM_LOOP_HANDLE,
	RM_LOOP_CLEANUP,
	RM_LOOP_KINDS,
};

enum { RM_LOOP_ARGS = 3, RM_LOOP_BYTES = 64 };

/* A loop with its numbers: times in ns, counts, positions of words; those
   that the kind does not have are 0. */
struct rm_loop {
	enum rm_loop_kind kind;
	uint64_t args[RM_LOOP_ARGS];
};

#define RM_LOOPS_EXPECTED                                                   \
	"mix, paced, scan:SCANNERS, fill, lifecycle:TOUCHES, stock:ITEMS, " \
	"pair:rr|rw|ww, hash:BYTES, hold:READ:WRITE:WRITERS, "              \
	"range-list:RANGES, litmus:store-buffering|take-twice, "            \
	"families:KEYS, increment:KEYS, handle:KEYS, cleanup:CONNECTIONS"

/* The kind's name alone: "scan". */
const char *rm_loop_name(enum rm_loop_kind kind);

/* Reads "scan" or "scan:2": what is left out has its default. 0, or -EINVAL
   and *loop unchanged. */
int rm_loop_parse(const char *text, struct rm_loop *loop);

/* The text with all numbers, which reads back equal; returns `text`, which
   has RM_LOOP_BYTES. */
const char *rm_loop_text(const struct rm_loop *loop, char *text);

/* Whether only subjects that bring this loop themselves can run it; else
   every map can, through its table of operations (mix and paced: inlined). */
bool rm_loop_is_own(enum rm_loop_kind kind);
/* Whether its steady state is destroyed by running it: no warm-up. */
bool rm_loop_runs_once(enum rm_loop_kind kind);
/* Whether each thread works on keys of its own. */
bool rm_loop_needs_key_each(enum rm_loop_kind kind);

#endif /* RM_LOOPS_H */
