/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cell.h - one choice of every factor, and its two texts: the readable id and
 * the JSON object of the trial protocol (docs/trial-protocol.md).
 */
#ifndef RM_CELL_H
#define RM_CELL_H

#include "runner/base/error.h"
#include "runner/driver.h"
#include "runner/map.h"
#include "runner/plan/allocator.h"
#include "runner/plan/loops.h"

#include <jansson.h>

enum { RM_ID_BYTES = 256, RM_NAME_BYTES = 64, RM_REASON_BYTES = 640 };
/* Of the name of a trace; most rounds of one. */
enum { RM_TRACE_BYTES = 320, RM_TRACE_PASSES_MAX = 1000000 };

enum rm_dist {
	RM_DIST_UNIFORM,
	RM_DIST_ZIPF,
	RM_DIST_HOT,
	RM_DIST_SEQUENTIAL,
	RM_DIST_TRACE, /* a recorded one: rm_cell.trace */
};
enum rm_arrivals { RM_ARRIVALS_POISSON, RM_ARRIVALS_CONSTANT };
enum rm_measure {
	RM_MEASURE_VERIFY,     /* exchange accounting, untimed */
	RM_MEASURE_THROUGHPUT, /* closed loops */
	RM_MEASURE_LATENCY,    /* open loops */
	RM_MEASURE_COUNTERS,   /* closed loops under a counter back end */
	RM_MEASURE_CAUSES,     /* with statistics objects: a later issue */
	RM_MEASURE_SIMULATED,  /* closed loops on a simulated machine */
	RM_MEASURES,
};

struct rm_cell {
	char id[RM_ID_BYTES];         /* rm_cell_name() of all the rest */
	char workload[RM_NAME_BYTES]; /* the file's base name */
	char map[RM_NAME_BYTES];      /* rm_impl.id */
	struct rm_shape shape;
	uint64_t keys;      /* resident keys, 1 .. 2^31 */
	double write_share; /* of operations, 0 .. 1 */
	double miss_share;  /* of lookups, 0 .. < 1 */
	enum rm_write_kind write_kind;
	enum rm_dist dist;
	double dist_a;              /* zipf: theta; hot: share of keys */
	double dist_b;              /* hot: share of operations */
	char trace[RM_TRACE_BYTES]; /* file of recorded operations, or "" */
	uint32_t trace_checksum;    /* what the plan found in it */
	uint64_t trace_passes;      /* the window: how often, >= 1 */
	struct rm_loop loop;
	double rate_per_s; /* paced: of all threads together */
	enum rm_arrivals arrivals;
	unsigned threads;
	char placement[RM_NAME_BYTES]; /* "cores", "numa:1", ... */
	char memory[RM_NAME_BYTES]; /* "first-touch", "interleave", "bind:0" */
	bool presize;
	enum rm_allocator allocator;
	enum rm_huge_pages huge_pages;
	uint64_t warm_up_ns;
	uint64_t window_ns;   /* 0: window_ops rules */
	uint64_t window_ops;  /* per thread, 0: window_ns rules */
	uint64_t deadline_ns; /* of the whole trial process */
	uint64_t verify_ops;  /* verify: writes in all */
	enum rm_measure measure;
	char model[RM_NAME_BYTES]; /* simulated: the machine; else "" */
	unsigned cpu_count;        /* 0: unbound (placement none, simulated) */
	unsigned *cpus;  /* thread i runs on cpus[i]; owned, or NULL */
	unsigned blocks; /* replicates planned for this cell */
	char skip[RM_REASON_BYTES]; /* not "": planned but not run, and why */
};

/* Names of the enums as they stand in workload files and JSON. */
const char *rm_shape_name(struct rm_shape shape);
const char *rm_write_kind_name(enum rm_write_kind kind);
const char *rm_arrivals_name(enum rm_arrivals arrivals);
const char *rm_measure_name(enum rm_measure measure);

/* The reverse: 0, or -EINVAL where the name is unknown. */
int rm_shape_parse(const char *name, struct rm_shape *shape);
int rm_write_kind_parse(const char *name, enum rm_write_kind *kind);
int rm_arrivals_parse(const char *name, enum rm_arrivals *arrivals);

/*
 * A measure as text, "throughput", or "simulated:MODEL" with the machine's
 * name. `model` and `text` have room for RM_NAME_BYTES and, for text, as much
 * again. Parsing gives model "" where there is none.
 */
enum { RM_MEASURE_BYTES = 2 * RM_NAME_BYTES };
int rm_measure_parse(const char *text, enum rm_measure *measure, char *model);
const char *rm_measure_text(
        enum rm_measure measure, const char *model, char *text);

/* "uniform", "zipf:0.99", "hot:1%:90%", "sequential", or, of a trace, its
   checksum: "trace:0123abcd"; -EINVAL with `error`
   where it is none of these or a parameter is out of range. */
int rm_dist_parse(
        const char *text, struct rm_cell *cell, struct rm_error *error);
void rm_dist_name(const struct rm_cell *cell, char *text, size_t size);

/*
 * Writes cell->id from the other members, every factor in a fixed order:
 * uniform-97-3/gomap_rw/u64x8/n65536/w3/update/m0/uniform/t2/cores/throughput
 * Paced cells add /paced/r80/poisson before the measure, other loops than mix
 * their text, /scan:1; memory, presize=no and count windows are added where
 * they are not the default.
 */
void rm_cell_name(struct rm_cell *cell);

/* JSON object of the protocol's "cell"; new reference, NULL: no memory. */
json_t *rm_cell_to_json(const struct rm_cell *cell);
/* Fills a zeroed cell; -EINVAL with `error` names the member. Members that
   are absent are errors, unknown ones too. Free with rm_cell_clear(). */
int rm_cell_from_json(
        const json_t *json, struct rm_cell *cell, struct rm_error *error);
void rm_cell_clear(struct rm_cell *cell);

#endif /* RM_CELL_H */
