/* SPDX-License-Identifier: Apache-2.0 */
/*
 * protocol.h - public header: the request and the result of a trial
 * (docs/reference/trial-protocol.md), and the cell that both describe.
 *
 * Contains, in this order, loops and allocators, which are factors; the cell
 * and the table of factors; the request; the result and its histograms.
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

/* Loops: kinds of measured loops, with their texts, such as `scan:1` or
   `hold:1ms:100us:1`. docs/reference/workloads.md describes them. */
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
/* Default of args[1] of lifecycle: the maximum number of words of a session's
   state, without its value. */
enum { RM_SLOTS_PRESET = 4 };

/* A loop with its arguments: times in ns, counts, indexes of words. Arguments
   that the kind does not have are 0. */
struct rm_loop {
	enum rm_loop_kind kind;
	uint64_t args[RM_LOOP_ARGS];
};

/* Returns the name of a kind, such as "scan". */
const char *rm_loop_name(enum rm_loop_kind kind);

/* Parses "scan" or "scan:2". Omitted arguments get their defaults. Returns 0,
   or -EINVAL and leaves *loop unchanged. */
int rm_loop_parse(const char *text, struct rm_loop *loop);

/* Writes the text with all arguments. rm_loop_parse() reads it back without
   loss. `text` has RM_LOOP_BYTES; it is returned. */
const char *rm_loop_text(const struct rm_loop *loop, char *text);

/* True if only a technique with its own loop can run this kind. Every map can
   run the other kinds through its table of operations; mix and paced are
   inlined. */
bool rm_loop_is_technique(enum rm_loop_kind kind);
/* True if some threads scan. The map must then support scans. */
bool rm_loop_scans(enum rm_loop_kind kind);
/* True if all threads scan. The cell then has no writes and no misses. */
bool rm_loop_only_scans(const struct rm_loop *loop, unsigned threads);
/* True if a run changes the map so much that a warm-up is impossible. */
bool rm_loop_runs_once(enum rm_loop_kind kind);
/* True for a technique's closed loop that studies waiting. It times its
   operations for measure = latency. */
bool rm_loop_is_timed(enum rm_loop_kind kind);
/* True if the loop fills an empty map in the window and times each insert. */
bool rm_loop_fills(enum rm_loop_kind kind);
/* True if the keys are decimal text, which requires a shape with 16-byte
   strings. */
bool rm_loop_is_decimal(const struct rm_loop *loop);
/* True if the loop starts with an empty map and inserts the keys itself. */
bool rm_loop_starts_empty(enum rm_loop_kind kind);
/* True if the threads write even if the share of writes is 0. */
bool rm_loop_always_writes(enum rm_loop_kind kind);
/* True if `writes` determines the share of writes. Other loops have a fixed
   share (rm_cell_fixed_write_share()). */
bool rm_loop_draws_writes(enum rm_loop_kind kind);
/* True if the threads insert or remove keys, with every kind of writes. */
bool rm_loop_moves_keys(const struct rm_loop *loop);
/* True if `misses` determines the share of look-ups of absent keys. */
bool rm_loop_draws_absent(enum rm_loop_kind kind);
/* True if `dist` determines the keys. Other loops draw keys uniformly, visit
   all keys, or use their own keys. */
bool rm_loop_draws_by_dist(enum rm_loop_kind kind);
/* True if each thread must have its own key. */
bool rm_loop_needs_key_per_thread(enum rm_loop_kind kind);

/* Allocators: the malloc() of a trial's process, and huge pages. The
   environment of the process sets both. The process checks whether they are in
   effect (runner/trial/allocator.c). */
enum rm_allocator {
	RM_ALLOCATOR_GLIBC, /* no library is preloaded */
	RM_ALLOCATOR_JEMALLOC,
	RM_ALLOCATOR_MIMALLOC,
	RM_ALLOCATOR_TCMALLOC,
	RM_ALLOCATORS,
};

/* Use of transparent huge pages for anonymous memory. */
enum rm_huge_pages {
	RM_HUGE_PAGES_SYSTEM, /* the setting of this machine */
	RM_HUGE_PAGES_OFF,    /* disabled: prctl(PR_SET_THP_DISABLE) */
	RM_HUGE_PAGES_ON,     /* the allocator requests them with madvise() */
};

const char *rm_allocator_name(enum rm_allocator allocator);
/* Parse a name. Return 0, or -EINVAL if the name is unknown. */
int rm_allocator_parse(const char *name, enum rm_allocator *allocator);
int rm_huge_pages_parse(const char *name, enum rm_huge_pages *pages);

/* Returns the file name of the library without version: "libjemalloc";
   "libc.so" for glibc. */
const char *rm_allocator_library(enum rm_allocator allocator);

enum { RM_ALLOCATOR_VARIABLE_BYTES = 320, RM_ALLOCATOR_VARIABLES = 2 };

/* Stores the environment variables for both factors in `variables`, as
   NAME=VALUE; unused elements are "". Returns 0; -ENOENT if the library is not
   installed, -ENOTSUP if the allocator does not support huge pages. */
int rm_allocator_environment(enum rm_allocator allocator,
        enum rm_huge_pages pages,
        char variables[RM_ALLOCATOR_VARIABLES][RM_ALLOCATOR_VARIABLE_BYTES]);

/* True if this machine cannot run the allocator. The reason is then in
   `why`. */
bool rm_allocator_is_unavailable(enum rm_allocator allocator,
        enum rm_huge_pages pages, char *why, size_t size);

/* Maximum number of times that each key is renewed. */
enum { RM_RENEWALS_MAX = 100 };
/* Sizes of an id, a name, a reason, and the name of a trace without and with
   its folder; maximum number of passes over a trace. */
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
	RM_DIST_TRACE, /* from a recorded trace: rm_cell.trace */
};
/* Position of the 8 bytes of a string key that differ between keys. */
enum rm_key_differs {
	RM_DIFFERS_FIRST, /* at the start */
	RM_DIFFERS_MIDDLE,
	RM_DIFFERS_LAST,
};
/* Whether each resident key is looked up once between prefill and warm-up. */
enum rm_settle {
	RM_SETTLE_YES, /* self-adjusting maps reach their steady state */
	RM_SETTLE_NO,  /* the map remains as after the prefill */
};
/* The clock of expiring entries runs 10^N times as fast as real time. */
enum rm_clock_rate { RM_CLOCK_RATE_1, RM_CLOCK_RATE_1000 = 3 };
/* For maps in Go: whether each goroutine has its own thread. */
enum rm_goroutines {
	RM_GOROUTINES_FREE,  /* Go's scheduler chooses its CPU */
	RM_GOROUTINES_WIRED, /* own thread, bound to a CPU */
};
enum rm_arrivals { RM_ARRIVALS_POISSON, RM_ARRIVALS_CONSTANT };
enum rm_measure {
	RM_MEASURE_VERIFY,     /* exchange accounting, without timing */
	RM_MEASURE_THROUGHPUT, /* closed loops */
	RM_MEASURE_LATENCY,    /* open loops */
	RM_MEASURE_COUNTERS,   /* closed loops that a counter back end counts */
	RM_MEASURE_CAUSES,     /* runs in the flavour "stats" */
	RM_MEASURE_SIMULATED,  /* closed loops on a simulated machine */
	RM_MEASURES,
};

/* Unit of a number of threads. A planned cell has RM_THREADS_COUNT. For cores
   and CPUs, the number is a divisor, or with TIMES a factor
   (oversubscription). */
enum rm_threads_unit {
	RM_THREADS_COUNT,
	RM_THREADS_CORES,
	RM_THREADS_CPUS,
	RM_THREADS_TIMES_CORES,
	RM_THREADS_TIMES_CPUS,
	RM_THREADS_NODE_CORES, /* has no divisor */
};

/* One value of every factor. A workload stores its lists in cells: cell i has
   value i of each key. Members that one key sets together are adjacent
   (factors.c names the first and the last member). */
struct rm_cell {
	char id[RM_ID_BYTES];         /* from rm_cell_name() */
	char workload[RM_NAME_BYTES]; /* base name of the file */
	char map[RM_NAME_BYTES];      /* rm_impl.id; in a workload, a pattern */
	struct rm_shape shape;
	unsigned str_bytes; /* length of string keys: 32 or 64; 0 means 16 */
	enum rm_key_differs key_differs;
	/* number of resident keys, 1 .. 2^31; the factor N for llc*N in a
	   workload */
	uint64_t keys;
	bool keys_fill_llc;         /* in workloads: true for llc*N */
	char trace[RM_TRACE_BYTES]; /* file of recorded operations, or "" */
	double write_share;         /* share of operations, 0 .. 1 */
	double miss_share;          /* share of lookups, 0 .. < 1 */
	enum rm_write_kind write_kind;
	enum rm_dist dist;
	double dist_a;           /* zipf: theta; hot: share of keys */
	double dist_b;           /* hot: share of operations */
	uint32_t trace_checksum; /* from the trace's file, set by the plan */
	struct rm_loop loop;
	double rate_per_s; /* paced: rate of all threads together */
	enum rm_arrivals arrivals;
	unsigned threads; /* the divisor in a workload with cores or cpus */
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
	uint64_t window_ns;    /* 0: the window ends after window_ops */
	uint64_t window_ops;   /* per thread; 0: window_ns counts */
	uint64_t trace_passes; /* per window; 0: no trace */
	uint64_t deadline_ns;  /* time limit of the trial's process */
	uint64_t verify_ops;   /* verify: number of writes of all threads */
	enum rm_measure measure;
	char model[RM_NAME_BYTES]; /* simulated: machine; otherwise "" */
	unsigned cpu_count;        /* 0: threads are not bound */
	unsigned *cpus;  /* thread i runs on cpus[i]; owned; or NULL */
	unsigned blocks; /* number of planned blocks */
	/* If other programs took more than the share repeat_wait of the
	   threads' time, the trial is repeated, at most repeat_most times. 0:
	   not checked. Each planned trial adds repeat_share to the budget of
	   repeats. */
	double repeat_wait;
	unsigned repeat_most;
	double repeat_share;
	char skip[RM_REASON_BYTES]; /* reason why a planned cell is not run,
	                               or "" */
	bool has_control;           /* the A/A control also runs this cell */
	/* Only in workloads: the base of ratios, the map of the A/A control (or
	   RM_NO_CONTROL), and the article that uses this workload ("W1"). */
	char base[RM_NAME_BYTES], control[RM_NAME_BYTES],
	        article[RM_NAME_BYTES];
	/* For rm_cell_apply_lengths(): indexes into the names of the two
	   factors. */
	unsigned key_bytes, value_bytes;
};

/* Maximum of repeat-most. As a value of repeat_share, it means that the number
   of repeats is not limited. */
enum { RM_REPEATS_MAX = 10 };

/* Value of `control` for workloads without an A/A control. */
#define RM_NO_CONTROL "none"

/* Keys of workload files, in the order of their text. */
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
	RM_KEY_INCLUDE, /* no factor; its row has only key and expected */
	RM_WORKLOAD_KEYS,
};

/* A factor: a row of the table in factors.c. It describes a value in workload
   files, ids, the JSON of a cell, and the schema. */
struct rm_factor {
	const char *key;        /* name in workload files; or NULL */
	const char *member;     /* name in JSON; or NULL */
	const char *tag;        /* prefix of the value in an id, "w" */
	const char *expected;   /* valid values, for messages */
	const char *preset;     /* default in workload files; NULL: required */
	const char *usual;      /* value that an id omits; or NULL */
	const char *cells_only; /* value that only cells may have, "verify" */
	bool list;              /* workload files may list several values */
	bool optional;      /* omitted from JSON if it has its usual value */
	bool tag_only;      /* an id contains only the tag */
	bool paced;         /* only for open loops */
	bool below;         /* `most` is excluded */
	double least, most; /* bounds of numbers, or of the length of texts */
	const struct rm_kind *kind;
	const char *const *names; /* for kinds with names; terminated by NULL */
	size_t offset, size;      /* its members in struct rm_cell */
};

/* Indexed by enum rm_workload_key. Rows that exist only in JSON follow. */
extern const struct rm_factor rm_factors[];

/* Returns the key with this name, or RM_WORKLOAD_KEYS. */
enum rm_workload_key rm_key_find(const char *name);

/* Reads a value of a workload file. Returns 0, or -EINVAL and leaves the key's
   members undefined. The key must not be RM_KEY_INCLUDE, as in the next two
   functions. */
int rm_factor_read(
        enum rm_workload_key key, const char *text, struct rm_cell *cell);
/* Writes text that rm_factor_read() reads back without loss. RM_VALUE_BYTES
   includes a NUL. */
enum { RM_VALUE_BYTES = RM_TRACE_BYTES + 16 };
void rm_factor_text(
        enum rm_workload_key key, const struct rm_cell *cell, char *text);
/* Copies the members of a key. */
void rm_factor_copy(enum rm_workload_key key, const struct rm_cell *from,
        struct rm_cell *to);

/* Return names of values in workload files and JSON. rm_shape_name() assumes
   string keys of 16 bytes. */
const char *rm_shape_name(struct rm_shape shape);
const char *rm_cell_shape_name(const struct rm_cell *cell);
/* True if the cell's keys are decimal text, but its shape lacks 16-byte
   strings. */
bool rm_cell_lacks_decimal_keys(const struct rm_cell *cell);
/* Returns the fixed share of writes of the cell's loop, rounded to hundredths
   of a per cent. If the loop draws writes, returns the requested share. */
double rm_cell_fixed_write_share(const struct rm_cell *cell);
const char *rm_write_kind_name(enum rm_write_kind kind);
const char *rm_measure_name(enum rm_measure measure);

/* Finds the shape with this name. Returns 0, or -EINVAL if the name is
   unknown. */
int rm_shape_parse(const char *name, struct rm_shape *shape);

/* Returns the length of a cell's keys in bytes; 8 for 64-bit words. */
unsigned rm_cell_key_bytes(const struct rm_cell *cell);

/* Replaces the lengths in the shape by key-bytes and value-bytes, then sets
   both to 0. */
void rm_cell_apply_lengths(struct rm_cell *cell);

/* Returns the size of values for which the cell's programs are compiled
   (docs/adr/0030): 0 for the plain ones, otherwise 24, 64, 256 or 1024. */
unsigned rm_cell_size_class(const struct rm_cell *cell);
/* Returns the flavour of the map program that runs the cell: "plain", "stats",
   "sim", "x24", "x64", "x256" or "x1024". If keys do not differ in their first
   bytes: "placed", "placed-x24", ... */
const char *rm_cell_flavour(const struct rm_cell *cell);

/*
 * Builds cell->id from the other members, with the factors in a fixed order:
 * uniform-97-3/gomap_rw/u64x8/n65536/w3/update/m0/uniform/t2/cores/throughput
 * Paced cells add /paced/r80/poisson before the measure. Loops other than mix
 * add their text, such as /scan:1. Factors with a usual value (key-differs,
 * memory, presize, settle, clock rate, allocator, huge pages, goroutines,
 * counted windows) are added only if they differ from it.
 */
void rm_cell_name(struct rm_cell *cell);

/* Returns a new reference to the member "cell" of a request. NULL: no
   memory. */
json_t *rm_cell_to_json(const struct rm_cell *cell);
/* Fills a zeroed cell. Returns 0, or -EINVAL with `error` if a member is wrong,
   missing or unknown. Free with rm_cell_clear(). */
int rm_cell_from_json(
        const json_t *json, struct rm_cell *cell, struct rm_error *error);
void rm_cell_clear(struct rm_cell *cell);

/* Returns a new reference to the JSON schema of a cell (docs/cell.schema.json).
   NULL: no memory. */
json_t *rm_cell_schema(void);

/* Version of requests and results. */
enum { RM_PROTOCOL = 2 };

/* Checks that a campaign.json, and thus its trials, has this version. Otherwise
   returns -EINVAL; `error` contains `file`, both versions and the next step.
   Version 1 did not record its number. */
int rm_protocol_check(
        const json_t *campaign, const char *file, struct rm_error *error);

/* draws.c: distributions from which a cell's loop draws. The first function
   returns the share of iterations (or of touches of sessions) that write. The
   second one returns this share in units of 2^-32, at most 2^32 - 1. */
double rm_cell_write_decision_share(const struct rm_cell *cell);
uint32_t rm_cell_write_threshold(const struct rm_cell *cell);
/* Returns the number of ranks that look-ups draw, present or absent. With fresh
   writes, this is the number of keys that are present at any time. */
uint64_t rm_cell_rank_count(const struct rm_cell *cell);
/* Returns the number of ranks in each thread's stream in a sequential cell: a
   power of two up to 2^30. If it is below 2^30, the threads together use all
   ranks. */
uint64_t rm_stream_length(const struct rm_cell *cell);
/* Returns the share of the draws of present keys that draw the most popular
   key. */
double rm_cell_top_key_share(const struct rm_cell *cell);
/* zipf: returns the total weight of the ranks from .. to - 1. A rank has the
   weight 1 / (rank + 1)^theta. The error is at most 10^-5 of the sum if ranges
   at the start are narrow. */
double rm_zipf_mass(double theta, uint64_t from, uint64_t to);
/* hot: returns the number of hot keys among `keys`, rounded up. Tolerates
   rounding of the share, since 0.07 times 100 is slightly above 7 in
   doubles. */
double rm_count_hot_keys(const struct rm_cell *cell, double keys);

struct rm_recorder; /* declared in runner/trace/trace.h */
struct rm_trace;    /* declared in runner/trace/trace.h */

struct rm_request {
	struct rm_cell cell;
	uint64_t seed;        /* 0 .. 2^53 */
	double control_extra; /* share of unreported operations, 0 .. 1 */
	json_t *counters;     /* member "counters" of the request; owned */
	/* not in the JSON */
	const struct rm_trace *trace; /* trace of the cell; the trial sets it */
	struct rm_recorder *recorder; /* records the operations of the window;
	                                 or NULL */
};

/* Reads a request. Returns 0, or -EINVAL with `error`. */
int rm_request_parse(const char *text, size_t length,
        struct rm_request *request, struct rm_error *error);
/* Returns a new reference to the request as JSON. */
json_t *rm_request_to_json(const struct rm_request *request);
void rm_request_clear(struct rm_request *request);

/*
 * Parses a result of docs/reference/trial-protocol.md.
 *
 * text     `size` bytes that may have any content
 * cell_id  id of the cell in the request
 * result   out: new reference; only set on success
 * Returns 0; -EINVAL with `error`: no line, two lines, invalid JSON, a member
 * that is missing or of a wrong type, another cell, another protocol, or a
 * status without its reason.
 */
int rm_answer_read(const char *text, size_t size, const char *cell_id,
        json_t **result, struct rm_error *error);

/* The line of trials.jsonl has "histogram" in a latency entry; the printed
   result has "buckets". */
enum rm_answer_form { RM_ANSWER_PRINTED, RM_ANSWER_RECORDED };

/* Checks a parsed result. Returns the same errors as rm_answer_read(). */
int rm_answer_check(const json_t *json, const char *cell_id,
        enum rm_answer_form form, struct rm_error *error);

/*
 * Compares a result of status "ok" with its cell. Sets the status to "void",
 * with a reason, if the share of writes or misses differs from the cell's; if a
 * thread ran on another CPU, did nothing, or missed half of the window; or if
 * the window is too short. Does not change results of measure = verify. A
 * member that is null or absent is not checked. Returns 0 or -ENOMEM.
 */
int rm_result_judge(const struct rm_cell *cell, json_t *result);

/* True if `n` draws with probability p may plausibly give `hits`. `more` is a
   number of draws that is added to the variance, because not all draws are
   independent. */
bool rm_share_is_plausible(uint64_t hits, uint64_t n, double p, double more);

/* True if thread `slot` shares its CPU with another thread. `allowed` is the
   number of CPUs that the process may use. */
bool rm_cell_shares_cpu(
        const struct rm_cell *cell, unsigned slot, unsigned allowed);

/*
 * A required member and its valid types.
 *
 * path names joined by '.'; "[]" after a name means each element of the array.
 *        "a.b" is checked only if "a" is an object, "a[].b" only if "a" is an
 *        array: list "a" itself to require it
 * types  letters of the valid types: o object, a array, s string, S string
 *        that is not empty, i integer >= 0, I integer, n number, b boolean,
 *        0 null; - first: may also be missing
 */
struct rm_field {
	const char *path;
	const char *types;
};

/* Path of an invalid member, such as "cells[3].blocks". */
enum { RM_FIELD_PATH_BYTES = 256 };

/* Called for each invalid member; `where` is its path with indexes, `what`
   describes the problem and the expected types. */
typedef void rm_field_fn(void *context, const char *where, const char *what);

/* Checks `json` against a table of `count` fields. Returns the number of
   invalid members. `report` may be NULL. */
size_t rm_fields_check(const json_t *json, const struct rm_field *fields,
        size_t count, rm_field_fn *report, void *context);

/* Latency histograms in the format of HdrHistogram's interval log (version 1.3,
   one interval), which other tools can read. The payload is in V2 encoding and
   contains the counts of all buckets. Values are nanoseconds. */
/* Reads [[index, count], ...] of a trial's result: ascending indexes below
   RM_HISTOGRAM_LENGTH, and counts above 0. Returns 0 and *histogram; free() it.
   Otherwise returns -EINVAL with `error`, or -ENOMEM. */
int rm_histogram_from_json(const json_t *buckets,
        struct rm_histogram **histogram, struct rm_error *error);

/*
 * Returns the interval log as text. The caller frees it; NULL: no memory.
 *
 * start_s   of the interval, seconds since the epoch
 * length_s  of the interval
 * tag       of the interval: [A-Za-z0-9._-] only
 */
char *rm_histogram_hlog(const struct rm_histogram *histogram, double start_s,
        double length_s, const char *tag);

/*
 * Returns "WHY: OUTPUT", or "OUTPUT" if `why` is "", as one line of valid
 * UTF-8. `errors` may contain any bytes. Uses the last `keep` of `size` bytes.
 * Replaces line ends by "; ", other control characters by a blank, and invalid
 * bytes by '?'. The caller frees the string; NULL: no memory.
 */
char *rm_reason_text(
        const char *why, const char *errors, size_t size, size_t keep);

/* Returns the constant "ok", "void" or "failed" that equals `status`. */
const char *rm_status_constant(const char *status);

#endif /* RM_PROTOCOL_H */
