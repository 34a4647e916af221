/* SPDX-License-Identifier: Apache-2.0 */
/*
 * workload.h - a text file of workloads/ as a struct: what to measure.
 *
 * Every mistake is `file:line: what, and what was expected`, and -EINVAL; a
 * file that cannot be read is its errno. The keys are in
 * docs/adding-a-workload.md.
 */
#ifndef RM_WORKLOAD_H
#define RM_WORKLOAD_H

#include "runner/plan/cell.h"

/* Most values of one key, most bytes of a line, of a file; most includes. */
enum {
	RM_LIST_MAX = 32,
	RM_LINE_MAX = 300,
	RM_FILE_MAX = 1 << 20,
	RM_INCLUDE_MAX = 8,
	RM_WHERE_BYTES = 128,
	RM_TRACE_NAME_BYTES = 192, /* of a trace, as written */
};

/* The keys of a workload file. */
enum rm_workload_key {
	RM_KEY_WRITES,
	RM_KEY_WRITE_KIND,
	RM_KEY_MISSES,
	RM_KEY_KEYS,
	RM_KEY_SHAPE,
	RM_KEY_DIST,
	RM_KEY_LOOP,
	RM_KEY_RATE,
	RM_KEY_ARRIVALS,
	RM_KEY_THREADS,
	RM_KEY_PLACEMENT,
	RM_KEY_MEMORY,
	RM_KEY_PRESIZE,
	RM_KEY_ALLOCATOR,
	RM_KEY_HUGE_PAGES,
	RM_KEY_WARM_UP,
	RM_KEY_WINDOW,
	RM_KEY_DEADLINE,
	RM_KEY_BLOCKS,
	RM_KEY_VERIFY,
	RM_KEY_MAPS,
	RM_KEY_BASE,
	RM_KEY_MEASURE,
	RM_KEY_ARTICLE,
	RM_KEY_INCLUDE,
	RM_WORKLOAD_KEYS,
};

/* A number of threads: a count, or what the machine has, or a part of it. */
enum rm_threads_unit { RM_THREADS_COUNT, RM_THREADS_CORES, RM_THREADS_CPUS };

struct rm_threads {
	enum rm_threads_unit unit;
	unsigned count; /* RM_THREADS_COUNT: 1 .. 4096; else the divisor */
};

struct rm_dist_of {
	enum rm_dist dist;
	double a, b; /* as in struct rm_cell */
};

typedef char rm_name[RM_NAME_BYTES];

struct rm_measured {
	enum rm_measure measure;
	rm_name model; /* of a simulated machine, or "" */
};

/*
 * One workload. Lists are dimensions of the sweep, each with its count in
 * count[RM_KEY_...]; the members without [] are one value. count 0: the key
 * was not given (and has no default).
 */
struct rm_workload {
	rm_name name;
	char *file; /* as given; owned */
	unsigned count[RM_WORKLOAD_KEYS];
	/* where each key got its value: "file:line", "--set KEY", "default" */
	char where[RM_WORKLOAD_KEYS][RM_WHERE_BYTES];
	double writes[RM_LIST_MAX];
	enum rm_write_kind write_kinds[RM_LIST_MAX];
	double misses[RM_LIST_MAX];
	uint64_t keys[RM_LIST_MAX]; /* 0: a trace */
	/* files, relative to the workload's folder; "": a number */
	char traces[RM_LIST_MAX][RM_TRACE_NAME_BYTES];
	struct rm_shape shapes[RM_LIST_MAX];
	struct rm_dist_of dists[RM_LIST_MAX];
	struct rm_loop loops[RM_LIST_MAX];
	double rates_per_s[RM_LIST_MAX];
	enum rm_arrivals arrivals[RM_LIST_MAX];
	struct rm_threads threads[RM_LIST_MAX];
	rm_name placements[RM_LIST_MAX];
	rm_name memories[RM_LIST_MAX];
	bool presizes[RM_LIST_MAX];
	enum rm_allocator allocators[RM_LIST_MAX];
	enum rm_huge_pages huge_pages[RM_LIST_MAX];
	uint64_t warm_up_ns;
	uint64_t window_ns;     /* 0: window_ops */
	uint64_t window_ops;    /* per thread */
	uint64_t window_passes; /* of a trace; else 0 */
	uint64_t deadline_ns;
	uint64_t verify_ops;
	unsigned blocks;
	rm_name maps[RM_LIST_MAX]; /* "all", ids, globs, "~" + glob */
	rm_name base;
	struct rm_measured measures[RM_LIST_MAX];
	rm_name articles[RM_LIST_MAX]; /* "W1": where others measured it */
};

/* Later lines for a workload: "KEY=VALUE" and where it was said, which is
   the location of its mistakes ("--set window", "modes/quick.conf:7"). */
struct rm_override {
	const char *key;
	const char *value;
	const char *where;
};

/*
 * Reads a file, its includes, then the overrides in order. Fills a zeroed
 * *workload, to be freed with rm_workload_clear() also after an error.
 */
int rm_workload_load(const char *file, const struct rm_override *overrides,
        size_t override_count, struct rm_workload *workload,
        struct rm_error *error);

/* The same from `length` bytes; `file` is its name. */
int rm_workload_parse(const char *file, const char *text, size_t length,
        const struct rm_override *overrides, size_t override_count,
        struct rm_workload *workload, struct rm_error *error);

/*
 * The effective workload, includes and overrides applied, as the text of a
 * workload file that reads back equal: what campaign.json keeps. Owned by the
 * caller; NULL when memory ran out.
 */
char *rm_workload_text(const struct rm_workload *workload);

void rm_workload_clear(struct rm_workload *workload);

/* Whether keys and operations are those of traces (keys = file:...). */
bool rm_workload_traced(const struct rm_workload *workload);

/* Splits "KEY=VALUE" of --set in place; -EINVAL with `error` without "=".
   `where` (RM_WHERE_BYTES) gets "--set KEY" and must live as long. */
int rm_override_split(char *text, char *where, struct rm_override *override,
        struct rm_error *error);

/* A file of workloads/modes/: workloads with overrides, and a time budget. */
struct rm_mode {
	rm_name name;
	uint64_t budget_ns;
	struct rm_workload *workloads;
	size_t workload_count;
};

/*
 * Reads a mode and its workloads (DIR/../NAME.conf, DIR the mode's folder);
 * `overrides` (--set) come after those of the mode. Free with rm_mode_clear()
 * also after an error.
 */
int rm_mode_load(const char *file, const struct rm_override *overrides,
        size_t override_count, struct rm_mode *mode, struct rm_error *error);
void rm_mode_clear(struct rm_mode *mode);

#endif /* RM_WORKLOAD_H */
