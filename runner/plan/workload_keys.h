/* SPDX-License-Identifier: Apache-2.0 */
/* workload_keys.h - the keys of a workload file: one line of a table each. */
#ifndef RM_WORKLOAD_KEYS_H
#define RM_WORKLOAD_KEYS_H

#include "runner/plan/workload.h"

/* Room for any value as text. */
enum { RM_VALUE_BYTES = RM_TRACE_NAME_BYTES + 16 };

struct rm_key_of_workload {
	const char *name;     /* "write-kind" */
	bool list;            /* more than one value is a dimension */
	const char *preset;   /* where the file says nothing; NULL: none */
	const char *expected; /* for messages: what a value is */
	/* Stores value i, which is `text`. 0 or -EINVAL. */
	int (*read)(struct rm_workload *workload, unsigned i, const char *text);
};

/* By enum rm_workload_key. */
extern const struct rm_key_of_workload rm_workload_keys[RM_WORKLOAD_KEYS];

/* Writes value i of a key, not of include, as it would stand in a file. */
void rm_workload_write(const struct rm_workload *workload,
        enum rm_workload_key key, unsigned i, char *text, size_t size);

/* The key with this name, or RM_WORKLOAD_KEYS. */
enum rm_workload_key rm_workload_key_find(const char *name);

/*
 * Replaces the values of `key` by those in `value`, said at `where`.
 * -EINVAL with `error`. RM_KEY_INCLUDE is not for this function.
 */
int rm_workload_assign(struct rm_workload *workload, enum rm_workload_key id,
        const char *value, const char *where, struct rm_error *error);

/* The base name of a file without .conf, if it is fit for ids and paths;
   else -EINVAL with `error`. */
int rm_workload_name(const char *file, rm_name name, struct rm_error *error);

/* What needs no saying where no loop of the file has keys. */
int rm_workload_fill_in(struct rm_workload *workload, struct rm_error *error);

/* What keys say of each other, and missing ones; -EINVAL with `error`. */
int rm_workload_check(
        const struct rm_workload *workload, struct rm_error *error);

/* Where memory comes from (workload_memory.c); 0 or -EINVAL. */
int rm_workload_read_allocator(
        struct rm_workload *workload, unsigned i, const char *text);
int rm_workload_read_huge_pages(
        struct rm_workload *workload, unsigned i, const char *text);

/* Values that may be about traces (workload_trace.c); 0 or -EINVAL. */
int rm_workload_read_keys(
        struct rm_workload *workload, unsigned i, const char *text);
int rm_workload_read_passes(struct rm_workload *workload, const char *text);
/* Whether a trace says what this key would; such keys have no preset then. */
bool rm_workload_trace_says(enum rm_workload_key key);
int rm_workload_check_traces(
        const struct rm_workload *workload, struct rm_error *error);

#endif /* RM_WORKLOAD_KEYS_H */
