/* SPDX-License-Identifier: Apache-2.0 */
/*
 * protocol.h - public header: the request of a trial, its result
 * (docs/reference/trial-protocol.md), and the cell that both are about.
 *
 * In this order: loops and allocators, which are factors of their own; the
 * cell and the table of factors; the request; the answer and its histograms.
 */
#ifndef RM_PROTOCOL_H
#define RM_PROTOCOL_H

#include "runner/base/error.h"
#include "runner/base/histogram.h"
#include "runner/map.h"
#include "runner/worker.h" /* enum rm_write_kind */

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Loops: the kinds of measured loops, and their texts: `scan:1`,
 * `hold:1ms:100us:1`. docs/reference/workloads.md says what each does.
 */
enum rm_loop_kind {
	RM_LOOP_MIX,
	RM_LOOP_PACED,
	RM_LOOP_SCAN,
	RM_LOOP_FILL,
	RM_LOOP_RANDOM_FILL,
	RM_LOOP_ALTERNATE,
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
	RM_LOOP_GROW,
	RM_LOOP_LAZY,
	RM_LOOP_ROUTE,
	RM_LOOP_STALL,
	RM_LOOP_AUDIT,
	RM_LOOP_TALLY,
	RM_LOOP_KINDS,
};

enum { RM_LOOP_ARGS = 3, RM_LOOP_BYTES = 64 };
/* Of lifecycle, args[1]: words of a session's state beside its value. */
enum { RM_SLOTS_PRESET = 4 };

/* A loop with its numbers: times in ns, counts, positions of words; those
   that the kind does not have are 0. */
struct rm_loop {
	enum rm_loop_kind kind;
	uint64_t args[RM_LOOP_ARGS];
};

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
/* Whether some of its threads scan, for which a map must offer that. */
bool rm_loop_scans(enum rm_loop_kind kind);
/* Whether it is one of these and leaves no thread for the mix: what is asked
   for of writes and misses would not be done. */
bool rm_loop_only_scans(const struct rm_loop *loop, unsigned threads);
/* Whether its steady state is destroyed by running it: no warm-up. */
bool rm_loop_runs_once(enum rm_loop_kind kind);
/* Whether it times its operations where the measure is latency, though it is
   closed: an own loop whose waiting is what it is about. */
bool rm_loop_is_timed(enum rm_loop_kind kind);
/* Whether the map is empty before the window, full after it, and each insert
   is timed. */
bool rm_loop_fills(enum rm_loop_kind kind);
/* Whether its keys are decimal text, for which the shape must have strings of
   no length of their own. */
bool rm_loop_is_decimal(const struct rm_loop *loop);
/* Whether the map is empty before it, and the loop itself puts keys in. */
bool rm_loop_from_empty(enum rm_loop_kind kind);
/* Whether its threads write whatever the share of writes is. */
bool rm_loop_always_writes(enum rm_loop_kind kind);
/* Whether its writes are drawn by `writes`: other loops have a share of their
   own (rm_cell_own_writes()). */
bool rm_loop_draws_writes(enum rm_loop_kind kind);
/* Whether its threads insert or remove keys whatever the kind of writes is. */
bool rm_loop_moves_keys(const struct rm_loop *loop);
/* Whether its look-ups are aimed at absent keys, too, by the share of misses. */
bool rm_loop_draws_absent(enum rm_loop_kind kind);
/* Whether dist says which keys it asks for: other loops draw them evenly, go
   through all of them, or have keys of their own. */
bool rm_loop_draws_by_dist(enum rm_loop_kind kind);
/* Whether each thread works on keys of its own. */
bool rm_loop_needs_key_each(enum rm_loop_kind kind);

/*
 * Allocators: which malloc() a trial's process has, and whether it asks for
 * huge pages. Both are set from outside, by the process's environment, and
 * read back within (runner/trial/allocator.c).
 */
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
/* 0, or -EINVAL where the name is unknown. */
int rm_allocator_parse(const char *name, enum rm_allocator *allocator);
int rm_huge_pages_parse(const char *name, enum rm_huge_pages *pages);

/* How the library's file is called, up to the version: "libjemalloc"; that
   of glibc is "libc.so". */
const char *rm_allocator_library(enum rm_allocator allocator);

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

/* The most renewals of each key. */
enum { RM_RENEWALS_MAX = 100 };
/* Room for an id, a name, a reason; for the name of a trace, as a workload
   writes it and with its folder; most rounds of one. */
enum {
	RM_ID_BYTES = 256,
	RM_NAME_BYTES = 64,
	RM_REASON_BYTES = 640,
	RM_TRACE_NAME_BYTES = 192,
	RM_TRACE_BYTES = 320,
	RM_TRACE_PASSES_MAX = 1000000,
};

enum rm_dist {
	RM_DIST_UNIFORM,
	RM_DIST_ZIPF,
	RM_DIST_HOT,
	RM_DIST_SEQUENTIAL,
	RM_DIST_TRACE, /* a recorded one: rm_cell.trace */
};
/* Which 8 bytes of a string key differ from key to key. */
enum rm_key_differs {
	RM_DIFFERS_FIRST, /* those at the start */
	RM_DIFFERS_MIDDLE,
	RM_DIFFERS_LAST,
};
/* Whether each resident key is looked up once between prefill and warm-up. */
enum rm_settle {
	RM_SETTLE_YES, /* maps that settle by use are in their steady state */
	RM_SETTLE_NO,  /* the map is left cold, as the prefill made it */
};
/* The time of what expires in a map runs 10^this times as fast as the clock. */
enum rm_clock_rate { RM_CLOCK_RATE_1, RM_CLOCK_RATE_1000 = 3 };
/* Of maps in Go: whether a goroutine has a thread of its own. */
enum rm_goroutines {
	RM_GOROUTINES_FREE,  /* the scheduler places it on the cell's CPUs */
	RM_GOROUTINES_WIRED, /* it has, and the thread is bound to its CPU */
};
enum rm_arrivals { RM_ARRIVALS_POISSON, RM_ARRIVALS_CONSTANT };
enum rm_measure {
	RM_MEASURE_VERIFY,     /* exchange accounting, untimed */
	RM_MEASURE_THROUGHPUT, /* closed loops */
	RM_MEASURE_LATENCY,    /* open loops */
	RM_MEASURE_COUNTERS,   /* closed loops under a counter back end */
	RM_MEASURE_CAUSES,     /* in the stats build */
	RM_MEASURE_SIMULATED,  /* closed loops on a simulated machine */
	RM_MEASURES,
};

/* What a number of threads counts; a planned cell has RM_THREADS_COUNT. Of
   cores and CPUs it is a divisor, or (TIMES) a factor: more threads than there
   are CPUs. */
enum rm_threads_unit {
	RM_THREADS_COUNT,
	RM_THREADS_CORES,
	RM_THREADS_CPUS,
	RM_THREADS_TIMES_CORES,
	RM_THREADS_TIMES_CPUS,
};

/*
 * One choice of every factor. A workload keeps its lists in cells, too: value
 * i of a key is what cell i has in the key's members. Members that one key
 * sets together stand together (factors.c names the first and the last).
 */
struct rm_cell {
	char id[RM_ID_BYTES];         /* rm_cell_name() of all the rest */
	char workload[RM_NAME_BYTES]; /* the file's base name */
	char map[RM_NAME_BYTES];      /* rm_impl.id; of a workload: a pattern */
	struct rm_shape shape;
	unsigned str_bytes; /* of string keys: 32, 64; 0: 16 */
	enum rm_key_differs key_differs;
	/* resident keys, 1 .. 2^31; of a workload's llc*N: N */
	uint64_t keys;
	bool keys_fill_llc; /* workloads only: keys times the last-level cache */
	char trace[RM_TRACE_BYTES]; /* file of recorded operations, or "" */
	double write_share;         /* of operations, 0 .. 1 */
	double miss_share;          /* of lookups, 0 .. < 1 */
	enum rm_write_kind write_kind;
	enum rm_dist dist;
	double dist_a;           /* zipf: theta; hot: share of keys */
	double dist_b;           /* hot: share of operations */
	uint32_t trace_checksum; /* what the plan found in the trace */
	struct rm_loop loop;
	double rate_per_s; /* paced: of all threads together */
	enum rm_arrivals arrivals;
	unsigned threads; /* of a workload's cores and cpus: the divisor */
	enum rm_threads_unit threads_unit;
	char placement[RM_NAME_BYTES]; /* "cores", "numa:1", ... */
	char memory[RM_NAME_BYTES]; /* "first-touch", "interleave", "bind:0" */
	bool presize;
	enum rm_settle settle;
	unsigned renewals; /* replacements of each key before the warm-up */
	enum rm_clock_rate clock_rate;
	enum rm_allocator allocator;
	enum rm_huge_pages huge_pages;
	enum rm_goroutines goroutines;
	uint64_t warm_up_ns;
	uint64_t window_ns;    /* 0: window_ops rules */
	uint64_t window_ops;   /* per thread, 0: window_ns rules */
	uint64_t trace_passes; /* the window: how often, >= 1; no trace: 0 */
	uint64_t deadline_ns;  /* of the whole trial process */
	uint64_t verify_ops;   /* verify: writes in all */
	enum rm_measure measure;
	char model[RM_NAME_BYTES]; /* simulated: the machine; else "" */
	unsigned cpu_count;        /* 0: unbound (placement none, simulated) */
	unsigned *cpus;  /* thread i runs on cpus[i]; owned, or NULL */
	unsigned blocks; /* replicates planned for this cell */
	/* A trial from whose threads others took more than this share of their
	   time is run again; 0: it is not asked. At most so often. Each planned
	   trial allows so many repeats, of any trial of the campaign. */
	double repeat_wait;
	unsigned repeat_most;
	double repeat_share;
	char skip[RM_REASON_BYTES]; /* not "": planned but not run, and why */
	bool has_control;           /* the A/A control runs it, too */
	/* of workloads only: the map that ratios are named against, the map of
	   the A/A control (RM_NO_CONTROL: none), and where others measured it
	   ("W1") */
	char base[RM_NAME_BYTES], control[RM_NAME_BYTES],
	        article[RM_NAME_BYTES];
	/* and what rm_cell_resize() makes of them: positions in the names of
	   the two factors */
	unsigned key_bytes, value_bytes;
};

/* Most of repeat-most; as repeat_share, which no file can ask for, no bound. */
enum { RM_REPEATS_MAX = 10 };

/* As control: no A/A control. */
#define RM_NO_CONTROL "none"

/* The keys of a workload file, in the order of its text. */
enum rm_workload_key {
	RM_KEY_WRITES,
	RM_KEY_WRITE_KIND,
	RM_KEY_MISSES,
	RM_KEY_KEYS,
	RM_KEY_SHAPE,
	RM_KEY_KEY_BYTES,
	RM_KEY_VALUE_BYTES,
	RM_KEY_KEY_DIFFERS,
	RM_KEY_DIST,
	RM_KEY_LOOP,
	RM_KEY_RATE,
	RM_KEY_ARRIVALS,
	RM_KEY_THREADS,
	RM_KEY_PLACEMENT,
	RM_KEY_MEMORY,
	RM_KEY_PRESIZE,
	RM_KEY_SETTLE,
	RM_KEY_CLOCK_RATE,
	RM_KEY_ALLOCATOR,
	RM_KEY_HUGE_PAGES,
	RM_KEY_GOROUTINES,
	RM_KEY_WARM_UP,
	RM_KEY_WINDOW,
	RM_KEY_DEADLINE,
	RM_KEY_BLOCKS,
	RM_KEY_REPEAT_WAIT,
	RM_KEY_REPEAT_MOST,
	RM_KEY_REPEAT_SHARE,
	RM_KEY_VERIFY,
	RM_KEY_MAPS,
	RM_KEY_BASE,
	RM_KEY_CONTROL,
	RM_KEY_MEASURE,
	RM_KEY_ARTICLE,
	RM_KEY_INCLUDE, /* no factor: it has only a name and what is expected */
	RM_WORKLOAD_KEYS,
};

/*
 * A factor: one row of the table in factors.c, from which a workload's values
 * are read and written, cells named, read and written as JSON, and the schema
 * of a cell is made.
 */
struct rm_factor {
	const char *key;        /* of workload files: "write-kind"; or NULL */
	const char *member;     /* of the cell's JSON: "write_kind"; or NULL */
	const char *tag;        /* before the value in an id: "w" */
	const char *expected;   /* for messages: what a value is */
	const char *preset;     /* where a file says nothing; NULL: none */
	const char *usual;      /* value that an id leaves out; NULL: none */
	const char *cells_only; /* "verify": a value that no file may have */
	bool list;              /* more than one value is a dimension */
	bool optional;          /* JSON has no member where it is as usual */
	bool tag_only;          /* an id has the tag and no value */
	bool paced;             /* of open loops only */
	bool below;             /* the most is excluded */
	double least, most;     /* of numbers; texts: their length */
	const struct rm_kind *kind;
	const char *const *names; /* of a kind that has names; ends with NULL */
	size_t offset, size;      /* of what it sets in struct rm_cell */
};

/* By enum rm_workload_key; factors that only JSON has follow. */
extern const struct rm_factor rm_factors[];

/* The key with this name, or RM_WORKLOAD_KEYS. */
enum rm_workload_key rm_key_find(const char *name);

/* Reads a value as workload files have it; 0, or -EINVAL and what the key
   sets is undefined. Not for RM_KEY_INCLUDE, nor are the next two. */
int rm_factor_read(
        enum rm_workload_key key, const char *text, struct rm_cell *cell);
/* The text that reads back equal, at most RM_VALUE_BYTES with its end. */
enum { RM_VALUE_BYTES = RM_TRACE_BYTES + 16 };
void rm_factor_text(
        enum rm_workload_key key, const struct rm_cell *cell, char *text);
/* Copies what a key sets, and nothing else. */
void rm_factor_copy(enum rm_workload_key key, const struct rm_cell *from,
        struct rm_cell *to);

/* Names of the enums as they stand in workload files and JSON. That of a shape
   alone has keys of 16 bytes, where they are strings. */
const char *rm_shape_name(struct rm_shape shape);
const char *rm_cell_shape_name(const struct rm_cell *cell);
/* Whether its loop's keys are decimal text and its shape has no such strings: a
   number of digits is no length of a shape's own. */
bool rm_cell_lacks_digits(const struct rm_cell *cell);
/* The share of writes that its loop has whatever is asked, in hundredths of a
   per cent; of a loop that draws them, what is asked. */
double rm_cell_own_writes(const struct rm_cell *cell);
const char *rm_write_kind_name(enum rm_write_kind kind);
const char *rm_measure_name(enum rm_measure measure);

/* The reverse of rm_shape_name(): 0, or -EINVAL where the name is unknown. */
int rm_shape_parse(const char *name, struct rm_shape *shape);

/* The length of a cell's keys: 8 where they are 64-bit words. */
unsigned rm_cell_key_bytes(const struct rm_cell *cell);

/* What a workload's key-bytes and value-bytes say goes into the shape, in place
   of what that says of them; then they are 0. */
void rm_cell_resize(struct rm_cell *cell);

/* The size that programs are compiled for which run a cell (docs/adr/0030): 0 of
   the plain ones, else 24, 64, 256 or 1024. */
unsigned rm_cell_sized(const struct rm_cell *cell);
/* The flavour of the map program that runs it: "plain", "stats", "sim", "x24",
   "x64", "x256" or "x1024"; of keys that differ elsewhere than at the start
   "placed", "placed-x24", ... */
const char *rm_cell_flavour(const struct rm_cell *cell);

/*
 * Writes cell->id from the other members, every factor in a fixed order:
 * uniform-97-3/gomap_rw/u64x8/n65536/w3/update/m0/uniform/t2/cores/throughput
 * Paced cells add /paced/r80/poisson before the measure, other loops than mix
 * their text, /scan:1; what has a usual value (key-differs, memory, presize,
 * settle, clock rate, allocator, huge pages, goroutines, count windows) is added where
 * it is another.
 */
void rm_cell_name(struct rm_cell *cell);

/* JSON object of the protocol's "cell"; new reference, NULL: no memory. */
json_t *rm_cell_to_json(const struct rm_cell *cell);
/* Fills a zeroed cell; -EINVAL with `error` names the member. Members that
   are absent are errors, unknown ones too. Free with rm_cell_clear(). */
int rm_cell_from_json(
        const json_t *json, struct rm_cell *cell, struct rm_error *error);
void rm_cell_clear(struct rm_cell *cell);

/* The JSON schema of that object (docs/cell.schema.json); new reference,
   NULL: no memory. */
json_t *rm_cell_schema(void);

/* The version of both texts. */
enum { RM_PROTOCOL = 2 };

/* Whether a campaign.json, whose trials have its version, is of this one;
   else -EINVAL with `error`: `file`, both versions, and what to do. Version 1
   did not say which it was. */
int rm_protocol_check(
        const json_t *campaign, const char *file, struct rm_error *error);

/* Draws of a cell's loops (draws.c). The share of iterations, or of touches of
   sessions, that write; and the same in units of 2^-32, at most 2^32 - 1. */
double rm_counts_write_decisions(const struct rm_cell *cell);
uint32_t rm_cell_write_below(const struct rm_cell *cell);
/* The number of ranks that look-ups draw, present or not. With fresh writes these are
   ranks whose keys are present at any time. */
uint64_t rm_cell_span(const struct rm_cell *cell);
/* Ranks in the stream of each thread of a sequential cell: a power of two. */
uint64_t rm_stream_length(unsigned threads);
/* The share of the draws of present keys that the most popular key has. */
double rm_cell_most(const struct rm_cell *cell);
/* zipf: the weights of the ranks from .. to - 1; that of a rank is
   1 / (rank + 1)^theta. Within 10^-5 of the sum if the range is narrow at its
   start. */
double rm_zipf_mass(double theta, uint64_t from, uint64_t to);
/* hot: how many of so many keys are hot, rounded up. Shares are rounded numbers:
   0.07 of 100 would be above 7. */
double rm_hot_keys(const struct rm_cell *cell, double keys);

struct rm_recorder; /* runner/trace/trace.h */
struct rm_trace;    /* runner/trace/trace.h */

struct rm_request {
	struct rm_cell cell;
	uint64_t seed;        /* 0 .. 2^53 */
	double control_extra; /* 0 .. 1: operations more than reported */
	json_t *counters;     /* the request's object; owned */
	/* not of the JSON: */
	const struct rm_trace *trace; /* of cell.trace: set by the trial */
	struct rm_recorder *recorder; /* records the window; or NULL */
};

/* Reads a request text. 0, or -EINVAL and what is wrong. */
int rm_request_parse(const char *text, size_t length,
        struct rm_request *request, struct rm_error *error);
/* The same request as JSON: what the campaign sends. New reference. */
json_t *rm_request_to_json(const struct rm_request *request);
void rm_request_clear(struct rm_request *request);

/*
 * Parses one result of docs/reference/trial-protocol.md.
 *
 * text     `size` bytes, any bytes at all
 * cell_id  the cell that was asked for
 * result   out: new reference, on success only
 * Returns 0; -EINVAL with `error` naming what is wrong: no line, two lines,
 * no JSON, a member that is missing or of another type, another cell, another
 * protocol, a status without its reason.
 */
int rm_answer_read(const char *text, size_t size, const char *cell_id,
        json_t **result, struct rm_error *error);

/* In trials.jsonl a latency entry has "histogram" in place of "buckets". */
enum rm_answer_form { RM_ANSWER_FRESH, RM_ANSWER_KEPT };

/* Checks a result that is parsed already; errors as above. */
int rm_answer_check(const json_t *json, const char *cell_id,
        enum rm_answer_form form, struct rm_error *error);

/*
 * Compares a result of status "ok" with its cell. Sets the status to "void", and
 * the reason, if the shares of writes or misses differ, a thread ran elsewhere, did
 * nothing or missed half of the window, or the window is too short. Results of
 * `verify` stay as they are. A member that is null or absent is not judged.
 * 0 or -ENOMEM.
 */
int rm_result_judge(const struct rm_cell *cell, json_t *result);

/* Whether `n` draws of probability p may give so many `hits`. `more`: draws to add
   to their variance, because not all are independent. */
bool rm_share_plausible(uint64_t hits, uint64_t n, double p, double more);

/* Whether another thread has this one's CPU; `allowed`: CPUs that the process may
   use. */
bool rm_cell_shares_cpu(
        const struct rm_cell *cell, unsigned slot, unsigned allowed);

/*
 * One member that must be there, and of the right type.
 *
 * path   names joined by '.'; "[]" after a name: of each element of that
 *        array; "a.b" is checked only where "a" is an object, "a[].b" where
 *        "a" is an array: list "a" itself to demand it
 * types  letters of what it may be: o object, a array, s string, S string
 *        that is not empty, i integer >= 0, I integer, n number, b boolean,
 *        0 null; - first: may also be missing
 */
struct rm_field {
	const char *path;
	const char *types;
};

/* Where a wrong member is: "cells[3].blocks". */
enum { RM_FIELD_PATH_BYTES = 256 };

/* Called for each member that is wrong; `where` is its path with indexes,
   `what` says what is wrong and what was expected. */
typedef void rm_field_fn(void *context, const char *where, const char *what);

/* Checks `json` against a table of `count` fields; returns how many are
   wrong. `report` may be NULL. */
size_t rm_fields_check(const json_t *json, const struct rm_field *fields,
        size_t count, rm_field_fn *report, void *context);

/*
 * Latency histograms as files that other tools read: HdrHistogram's interval
 * log (version 1.3, one interval). Its payload is the V2 encoding: every count
 * of every bucket, values in nanoseconds.
 */
/*
 * Reads [[index, count], ...] of a trial's answer: indexes rising, below
 * RM_HISTOGRAM_LENGTH, counts above 0. Returns 0 and *histogram, to free();
 * -EINVAL with `error`; -ENOMEM.
 */
int rm_histogram_from_json(const json_t *buckets,
        struct rm_histogram **histogram, struct rm_error *error);

/*
 * The interval log as text. To free(); NULL: no memory.
 *
 * start_s   of the interval, seconds since the epoch
 * length_s  of the interval
 * tag       of the interval: [A-Za-z0-9._-] only
 */
char *rm_histogram_hlog(const struct rm_histogram *histogram, double start_s,
        double length_s, const char *tag);

/*
 * "why: last words" ("last words" where why is ""): one line of valid UTF-8, whatever bytes a trial wrote to
 * its standard error. The last `keep` of `size` bytes are used; line ends
 * become "; ", other control characters a blank, invalid bytes '?'.
 * Returns a string to free(), NULL: no memory.
 */
char *rm_reason_text(
        const char *why, const char *errors, size_t size, size_t keep);

/* The constant "ok", "void" or "failed" equal to `status`. */
const char *rm_status_constant(const char *status);

#endif /* RM_PROTOCOL_H */
