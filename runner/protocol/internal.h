/* SPDX-License-Identifier: Apache-2.0 */
/* internal.h - private header: the table of factors, and their kinds. */
#ifndef RM_PROTOCOL_INTERNAL_H
#define RM_PROTOCOL_INTERNAL_H

#include "runner/protocol/protocol.h"

/* JSON form of a factor's value. */
struct rm_form {
	/* Returns 0, or -EINVAL with `error`. */
	int (*from_json)(const struct rm_factor *factor, const json_t *json,
	        struct rm_cell *cell, struct rm_error *error);
	/* Returns a new reference; NULL: no memory. */
	json_t *(*to_json)(
	        const struct rm_factor *factor, const struct rm_cell *cell);
	json_t *(*schema)(const struct rm_factor *factor);
};

/* A kind of factor: functions that read and write its values. They use the
   factor's offset in the cell. Functions of a kind with only one factor may use
   that factor's members by name. */
struct rm_kind {
	/* Reads text of a workload file. Returns 0 or -EINVAL. NULL: workload
	   files cannot contain the factor. */
	int (*read)(const struct rm_factor *factor, const char *text,
	        struct rm_cell *cell);
	/* Writes text that read() accepts, also for ids. It has at most
	   RM_VALUE_BYTES. */
	void (*write)(const struct rm_factor *factor,
	        const struct rm_cell *cell, char *text);
	/* Writes the text for ids; NULL: write() does. */
	void (*name)(const struct rm_factor *factor, const struct rm_cell *cell,
	        char *text);
	const struct rm_form *form; /* NULL: not in JSON */
	const char *pattern;        /* for words that cannot be listed */
	const char *letters;        /* also valid in names, besides a-z A-Z 0-9
	                               _ - . */
	const char *unit;           /* suffix of the text, such as "ms" */
	bool bare;                  /* ids omit the unit */
};

extern const struct rm_kind rm_kind_share, rm_kind_rate, rm_kind_names,
        rm_kind_shape, rm_kind_flag, rm_kind_dist, rm_kind_loop,
        rm_kind_measure, rm_kind_keys, rm_kind_threads, rm_kind_time,
        rm_kind_window, rm_kind_whole, rm_kind_ops, rm_kind_name, rm_kind_place,
        rm_kind_pattern, rm_kind_settle, rm_kind_article, rm_kind_text,
        rm_kind_cpus, rm_kind_trace;

extern const char *const rm_shape_names[],
        *const rm_key_bytes_names[],
                *const rm_value_bytes_names[],
                        *const rm_allocator_names[],
                                *const rm_huge_pages_names[];

static inline void *rm_factor_value(
        const struct rm_factor *factor, struct rm_cell *cell)
{
	return (char *)cell + factor->offset;
}

static inline const void *rm_factor_get(
        const struct rm_factor *factor, const struct rm_cell *cell)
{
	return (const char *)cell + factor->offset;
}

/* Returns the position of `name` in a list that ends with NULL, or -EINVAL. */
int rm_name_find(const char *const *names, const char *name);

/* Sets `error` to "cell.MEMBER: expected WHAT". Returns -EINVAL. */
int rm_cell_error(struct rm_error *error, const char *member, const char *what);

#define RM_CPUS_EXPECTED "an array with one CPU per thread, or an empty one"
#define RM_LOOPS_EXPECTED                                               \
	"mix, paced, scan:SCANNERS, fill:binary|decimal, random-fill, " \
	"alternate, lifecycle:TOUCHES:SLOTS:EBB, stock:ITEMS, "         \
	"pair:rr|rw|ww, hash:BYTES:STRINGS, hold:READ:WRITE:WRITERS, "  \
	"range-list:RANGES, litmus:store-buffering|take-twice, "        \
	"families:KEYS:MISSES, increment:KEYS, handle:KEYS, "           \
	"cleanup:CONNECTIONS, grow:LOOKUPS:UPDATES, lazy, route:KEYS, " \
	"stall:TIME, audit:KEYS, tally:N:M"

#endif /* RM_PROTOCOL_INTERNAL_H */
