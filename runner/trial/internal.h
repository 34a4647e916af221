/* SPDX-License-Identifier: Apache-2.0 */
/*
 * internal.h - private header: the threads of a trial, its phases and its
 * result.
 *
 * All members and the main thread enter and leave each phase together (pthread
 * barrier). A joined member parks during each wait, so that a map that waits
 * for all threads cannot deadlock.
 *
 * Files call each other in one direction: trial.c -> team.c -> phases.c -> the
 * work of a phase; trial.c -> result.c -> judge.c -> totals.c.
 */
#ifndef RM_TRIAL_INTERNAL_H
#define RM_TRIAL_INTERNAL_H

#include "runner/base/error.h"
#include "runner/base/histogram.h"
#include "runner/counters/counters.h"
#include "runner/decimal_key.h"
#include "runner/driver.h"
#include "runner/trial/trial.h"

#include <pthread.h>

struct rm_member;
struct rm_team;

/*
 * Schedule and clocks of the open loop (open_loop.c).
 *
 * Rate and seed determine the intended start of each operation in advance. The
 * latency of a late operation is measured from its *intended* start, so that a
 * stall increases the latency of every operation that it delayed (Tene:
 * coordinated omission). The service time, from the actual start, is recorded
 * as well.
 */

enum rm_pace_clock { RM_CLOCK_INTENDED, RM_CLOCK_SERVICE, RM_CLOCKS };

enum { RM_SLOWEST = 16 };

/* One of the longest operations of a window. */
struct rm_slow {
	uint64_t start_ns, end_ns; /* from rm_now_ns() */
	uint64_t late_ns;          /* actual minus intended start */
	enum rm_operation operation;
	bool was_there;
};

/*
 * Slices of the window (slices.c): the latencies in each 50 ms, and the map's
 * internal work in that time. Article S4, section 3.3, relates a pause to the
 * latencies within 50 ms of it.
 */
enum { RM_SLICE_NS = 50000000 };

/* The samples of one thread: slice and latency bucket of each operation.
   Samples beyond `room` are dropped; the result then has no slices. */
struct rm_slices {
	uint64_t start_ns, last; /* start of the window; index of its last
	                            slice */
	uint32_t *samples;
	size_t count, room;
};

/* Sums since the start of the process, read at the end of a slice. */
struct rm_slice_sums {
	uint64_t count[RM_EVENTS], ns[RM_EVENTS];
	int64_t bytes; /* bytes in use; negative: not counted */
};

/* Allocates memory for about `arrivals` samples; for none if they need too much
   memory. NULL: out of memory. Release with rm_slices_free(). */
struct rm_slices *rm_slices_create(double arrivals);
/* Removes all samples and sets the window. */
void rm_slices_begin(
        struct rm_slices *slices, uint64_t start_ns, uint64_t window_ns);
void rm_slices_note(
        struct rm_slices *slices, uint64_t intended_ns, uint64_t latency_ns);
void rm_slices_free(struct rm_slices *slices);

/* Reads the sums at the end of each slice until the window ends. Only in the
   stats build, on the main thread. */
void rm_slices_watch(struct rm_team *team);

/* Schedule of one thread. Only this thread writes it. */
struct rm_pace {
	bool poisson;        /* false: constant gaps */
	bool oversubscribed; /* never spin, since other threads need the CPU */
	unsigned slow_count; /* number of entries in `slowest` */
	double ticks_per_ns; /* rate of rm_ticks(); 0: rm_ticks() is not used */
	uint64_t shortest_apart; /* minimum ticks of a clock reading */
	double gap_ns;           /* mean gap between this thread's arrivals */
	uint64_t start_ns;       /* the window's start */
	double due_ns;           /* next intended start, relative to start_ns */
	uint64_t end_ns;         /* the window's end */
	uint64_t give_up_ns;     /* backlog that ends the window early */
	uint64_t intended_ns;    /* intended start of the current operation */
	uint64_t started_ns;     /* actual start of the current operation */
	uint64_t late_starts;    /* operations over 1 ms late */
	bool is_due;  /* true if the current operation has an intended start */
	bool gave_up; /* the thread could not keep up with the rate */
	uint64_t rng;
	struct rm_slow slowest[RM_SLOWEST]; /* longest first */
	struct rm_slices *slices;           /* samples of the window; or NULL */
	/* [operation][was there][clock]; NULL if the cell has no such
	   operations */
	struct rm_histogram *histograms[RM_OPERATIONS][2][RM_CLOCKS];
};

/* Allocates and touches all memory for the window's records. Returns 0 or
   -ENOMEM; in both cases, release with rm_pace_free(). Call it on the recording
   thread, so that the pages are on its NUMA node. */
int rm_pace_create(struct rm_pace *pace, const struct rm_cell *cell);
void rm_pace_free(struct rm_pace *pace);

/*
 * Begins a window of `window_ns` at `start_ns`. Clears late starts and
 * histograms. Thread `slot` gets 1/`threads` of `rate_per_s`.
 */
void rm_pace_begin(struct rm_pace *pace, uint64_t start_ns, uint64_t window_ns,
        double rate_per_s, unsigned slot, unsigned threads);

/* Keeps the operation if it is one of the RM_SLOWEST longest so far. Loops
   without a schedule that read the clock also use it. Call it on the recording
   thread. */
void rm_pace_keep_slow(struct rm_pace *pace, const struct rm_slow *slow);

/* Clears the histograms, but keeps their memory. */
void rm_pace_clear(struct rm_pace *pace);

/*
 * Loops that call the map through its table of operations (loop_*.c).
 *
 * A call through a pointer costs about 1 ns. This is negligible for a scan, an
 * insert into a growing map or the close of a session, but not for a look-up.
 * So loops of look-ups are inlined (runner/driver.h).
 */

/* Kinds of durations. A loop records each kind separately. */
enum rm_loop_time {
	RM_TIME_STEP,   /* main operation: scan, insert, load */
	RM_TIME_LOOKUP, /* other look-ups */
	RM_TIME_UPDATE,
	RM_LOOP_TIMES,
};

/* Records of such a loop in one phase. Only its thread writes them. */
struct rm_loop_notes {
	struct rm_histogram *times[RM_LOOP_TIMES]; /* or NULL */
	uint64_t visited; /* scan: number of visited entries; litmus: number of
	                     rounds with two old values, or of taken values */
	uint64_t opened, closed; /* number of sessions, in both phases */
	uint64_t turns;          /* turning points (struct rm_session_wave) */
	_Atomic uint64_t round;  /* litmus: completed rounds */
	bool saw_old[2];         /* results of the last two rounds */
	uint64_t numbers; /* litmus: sum of the numbers of values that must be
	                     taken, minus the numbers of taken values, over both
	                     phases */
	/* stall: resident memory when the reader first stops, and its maximum
	   after that */
	uint64_t rss_first_bytes, rss_peak_bytes;
	atomic_bool stopped; /* stall: the reader has stopped in this phase */
};

struct rm_trial_loop {
	unsigned times; /* kinds of recorded durations, a mask of 1 << enum
	                   rm_loop_time */
	/* Runs the loop on one thread until the window ends. */
	void (*run)(struct rm_member *member);
	/* Emits the window's statistics. Called after the window. */
	void (*report)(
	        const struct rm_team *team, rm_stat_fn *emit, void *context);
	/* True if the threads' records are consistent. NULL: not checked. */
	bool (*check)(const struct rm_team *team);
};

/* Allocates and touches the histograms for the loop's durations. Returns 0 or
   -ENOMEM; in both cases, release with rm_loop_notes_free(). */
int rm_loop_notes_create(struct rm_member *member);
void rm_loop_notes_free(struct rm_loop_notes *notes);

/* Clears the records of one phase, but keeps the memory. */
void rm_loop_notes_clear(struct rm_loop_notes *notes);

/* Record one duration. The first function records RM_TIME_STEP, and the second
   one another kind in `times`. */
void rm_loop_note(struct rm_loop_notes *notes, uint64_t ns);
void rm_loop_note_kind(
        struct rm_loop_notes *notes, enum rm_loop_time kind, uint64_t ns);

/* Emit NAME_count, _p50, _p99, _p999 and _max over all threads. The first
   function emits RM_TIME_STEP, and the second one another kind. Emit nothing if
   no duration was recorded. */
void rm_loop_emit_times(const struct rm_team *team, const char *name,
        rm_stat_fn *emit, void *context);
void rm_loop_emit_kind(const struct rm_team *team, enum rm_loop_time kind,
        const char *name, rm_stat_fn *emit, void *context);

extern const struct rm_trial_loop rm_loop_scan, rm_loop_fill,
        rm_loop_random_fill, rm_loop_alternate, rm_loop_lifecycle,
        rm_loop_litmus, rm_loop_grow, rm_loop_lazy, rm_loop_stall;

/* ---- the team (team.c, totals.c) ---------------------------------------- */

enum rm_phase {
	RM_PHASE_SETUP,  /* bind threads, create key streams */
	RM_PHASE_CREATE, /* the main thread creates the empty map, and the
	                    members join it */
	RM_PHASE_PREFILL,
	RM_PHASE_SETTLE, /* look up each resident rank once, then renew keys */
	RM_PHASE_WARM_UP,
	RM_PHASE_WINDOW, /* measured; for verify: accounting */
	RM_PHASE_VERIFY, /* look up every rank of the universe */
	RM_PHASE_LEAVE,
	RM_PHASES,
};

/* Returns the name of a phase ("setup", "create", ...), which is a key of
   phases_ns in the result. */
const char *rm_phase_name(enum rm_phase phase);

/* Sums of exchanged values in measure = verify, modulo 2^64. */
struct rm_account {
	uint64_t writes;                  /* completed exchanges and takes */
	uint64_t puts, outs;              /* stored and returned values */
	uint64_t written, returned, held; /* sums of values */
	bool stopped_early;
};

/* Counts of the keys that one thread replaces before the warm-up. They are not
   part of struct rm_member, so that addresses, and with them simulated counts,
   do not change in other cells. */
struct rm_renewal {
	alignas(RM_CACHE_LINE) struct rm_counts counts;
	uint64_t start_ns, end_ns;
};

struct rm_member {
	struct rm_worker worker;
	struct rm_team *team;
	pthread_t pthread;
	struct rm_pace pace;
	struct rm_loop_notes notes; /* records of loops in loop_*.c */
	struct rm_counts warm_up;   /* counts of the warm-up */
	struct rm_account account;
	struct rm_thread_usage before, after; /* around the window */
	uint64_t start_ns, end_ns;            /* window of this thread */
	uint64_t settled; /* number of prefilled keys in its share that the
	                   * settle phase found */
	uint64_t held_keys, held_sum; /* sums over the ranks of its share */
	uint64_t held_digest;         /* only for traces and recordings */
	uint64_t replay_operations; /* trace: number of operations of its share,
	                               in all passes */
	int cpu_start, cpu_end; /* CPU number at the window's start and end */
	enum rm_phase phase;    /* last phase that began */
	struct rm_error error;  /* "", or why the thread stopped */
};

struct rm_team {
	const struct rm_request *request;
	const struct rm_impl *impl;
	/* The cell's loop: a loop of the map or technique, or one of loop_*.c.
	   If both are NULL, the map's inlined loop. */
	void (*own_loop)(struct rm_worker *worker);
	const struct rm_trial_loop *loop;
	struct rm_fresh *fresh; /* one per thread */
	struct rm_skew *skew;   /* only for zipf and hot, otherwise NULL */
	void *map;              /* NULL: the map could not be created */
	struct rm_counters *counters;
	struct rm_member *members; /* one per thread */
	pthread_barrier_t barrier;
	uint64_t resident, span, fresh_guard; /* as in struct rm_worker */
	uint64_t prefilled; /* number of ranks inserted before the window */
	uint64_t universe;  /* number of ranks that may be present */
	uint64_t phase_ns[RM_PHASES];
	uint64_t rss_empty_bytes, rss_filled_bytes;
	uint64_t keys_before; /* number of keys that the settle phase found */
	/* speed of the slowest CPU before and after the window; 0: not
	   measured */
	_Atomic double adds_per_ns[2];
	double clock_cost_ns;
	double ticks_per_ns; /* rate of rm_ticks(); 0: not usable or not
	                        needed */
	uint64_t clock_step_ns;
	/* statistics of the map at the window's start and end. NULL unless
	   measure = causes; the second is also set if the loop holds
	   resources. */
	json_t *stats_before, *stats_after;
	struct rm_error error;          /* error of the whole trial */
	struct rm_error counters_error; /* reason why counters are missing */
	/* read at the window's start and at the end of each slice; or NULL */
	struct rm_slice_sums *slice_sums;
	_Alignas(RM_CACHE_LINE) atomic_bool stop;
	_Alignas(RM_CACHE_LINE) _Atomic uint64_t verify_left;
	_Atomic uint64_t turns; /* see struct rm_session_wave */
	/* CPU time of all threads except the main thread, at the window's start
	   and end; -1: unknown */
	int64_t other_threads_ns[2];
	/* number of members that measure the speed of their CPUs at the same
	   time */
	unsigned probes;
	_Atomic unsigned probes_ready[2];
	struct rm_renewal *renewals; /* one per member, or NULL */
};

/*
 * Runs all phases. Errors are in team->error and in the members. Returns 0 if
 * the phases ran, or -errno if threads could not be started. Does not destroy
 * the map; rm_team_clear() does.
 */
int rm_team_run(struct rm_team *team, const struct rm_request *request,
        const struct rm_impl *impl);

void rm_team_clear(struct rm_team *team);

/* True if this member measures the speed of its CPU. On each CPU, only the
   first member measures. */
bool rm_team_probes(const struct rm_cell *cell, unsigned slot);

/* Stores `speed` in *slowest if it is lower. The initial value of *slowest is
   0. Any thread. */
void rm_keep_slowest(_Atomic double *slowest, double speed);

/* Does the work of one phase (phases.c). Call it on the member's thread. */
void rm_phase_work(struct rm_member *member, enum rm_phase phase);

/* Runs the window of measure = verify (accounting.c). It uses few keys, so that
   threads conflict. Each stored value must be returned exactly once. */
void rm_account_run(struct rm_member *member);
/* True if `impl` supports this accounting, which needs exchange and take. */
bool rm_account_supported(const struct rm_impl *impl);

/* Replaces keys before the window (renewal.c). Call it on the member's
   thread. */
void rm_renew_keys(struct rm_member *member);
/* Returns the number of replacements of all threads: keys times rounds. */
uint64_t rm_renewals_expected(const struct rm_team *team);
/* Returns a new reference to the result's member "renewed". */
json_t *rm_renewal_result(const struct rm_team *team);

/* replay.c: for trials that replay a trace or are recorded. */
void rm_replay_setup(struct rm_member *member);
void rm_replay_set_ranks(struct rm_team *team, const struct rm_trace *trace);
/* Returns the term of an entry in the digest of the map's state, or 0. */
uint64_t rm_replay_digest(const struct rm_team *team, uint64_t rank,
        const struct rm_value *value);
/* Returns a new reference to the result's member "replayed". */
json_t *rm_replay_result(const struct rm_team *team);

/* Builds the result object (result.c) and checks the results of operations
   (judge.c). */
json_t *rm_team_result(struct rm_team *team);

struct rm_judgement {
	const char *status;       /* "ok", "void", "failed" */
	struct rm_error reason;   /* "" if ok */
	const char *verification; /* "ok" or "failed" */
	bool complete;            /* every thread completed all phases */
	struct rm_error mismatch; /* reason why the verification failed */
	/* The next five members are set only if the map stores keys and no
	   thread failed. */
	bool has_keys;
	uint64_t keys_expected, keys_held, sum_expected, sum_held;
	double achieved_write_share, achieved_miss_share; /* in the window */
};

void rm_team_judge(struct rm_team *team, struct rm_judgement *judgement);

/* Counts the pages per node before the fill, for rm_team_judge(), unless memory
   is first-touch. The counts are not part of struct rm_team, whose size
   determines addresses in the simulated machine. */
void rm_pages_begin(const struct rm_cell *cell);

/* Checks the nodes of the pages that were added between `before` and `after`
   (RM_NODES_MAX counts each). bind:N: at most 1 % plus 16 pages may be on other
   nodes. interleave: each of `nodes` nodes may exceed its equal share by at
   most 10 % plus 2048 pages, since huge pages are not split. Returns 0, or
   -ERANGE with `error`. */
int rm_pages_judge(const char *policy, unsigned nodes, const int64_t *before,
        const int64_t *after, struct rm_error *error);

/*
 * Returns 0 if the counts of each thread in the window are possible: at least 0
 * look-ups, and not more misses than look-ups. Otherwise returns -EIO with
 * `error`; numbers derived from the counts are then invalid.
 */
int rm_team_counts_check(const struct rm_team *team, struct rm_error *error);

/* Compares the counts and the map's state with the trace (replay.c). */
void rm_replay_judge(const struct rm_team *team, const struct rm_counts *counts,
        struct rm_judgement *judgement);

/* Returns a new reference to the current counts of map and allocator (stats.c),
   an array of {name, unit, value}. Allocations and locks are read closest to
   the window: last before it, and first after it. */
json_t *rm_team_stats(const struct rm_team *team, bool window_ended);
/* Returns a new reference to the result's member "stats": the current counts.
   For measure = causes, it also contains the difference over the window. */
json_t *rm_team_stats_result(const struct rm_team *team);

/* Sets the members latency and late_starts of the result (latency.c). */
void rm_team_latency(const struct rm_team *team, json_t *result);

/* True if the map stores keys and the loop counts them. False for null_map, and
   for a loop of the map or technique. */
bool rm_team_has_keys(const struct rm_team *team);

/* True if the cell's loop belongs to the map or technique and holds
   resources. */
bool rm_team_opens_resources(const struct rm_team *team);

/* Return the start and the length of the team's window, from the first start to
   the last end of a thread. */
uint64_t rm_team_start_ns(const struct rm_team *team);
uint64_t rm_team_elapsed_ns(const struct rm_team *team);

/* Returns the number of threads that fill the map before the window. */
unsigned rm_team_prefill_threads(const struct rm_team *team);

void rm_counts_add(struct rm_counts *into, const struct rm_counts *from);

/* Returns "lookup", "upsert" or "remove". */
const char *rm_operation_name(enum rm_operation operation);

/*
 * Returns a new reference to the result's member "longest"
 * (docs/reference/trial-protocol.md): the RM_SLOWEST longest operations of the
 * window, longest first. Each operation lists the events (runner/event.h) of
 * all threads that overlapped it, longest overlap first. The list is null in
 * builds that record no events. The member is null for loops that do not time
 * each operation (all but paced, fill and grow). Call it after all threads have
 * ended.
 */
json_t *rm_team_longest(const struct rm_team *team);

/* Returns a new reference to the result's member "slices"
   (docs/reference/trial-protocol.md), which is null unless the loop is open.
   Call it after all threads have ended. */
json_t *rm_team_slices(const struct rm_team *team);

/* ---- keys and memory ---------------------------------------------------- */

/* Returns the key of a rank in the form that the cell's loop uses. `line` is
   used as in rm_key_of(). Inlined loops always use rm_key_of(). */
static inline struct rm_key rm_trial_key(
        const struct rm_cell *cell, uint64_t rank, struct rm_key_bytes *line)
{
	return rm_loop_is_decimal(&cell->loop)
	               ? rm_decimal_key(rank, line)
	               : rm_key_of(cell->shape, rank, line);
}

/*
 * Creates the stream of thread `slot` of a sequential cell (key_stream.c).
 * Ranks below `resident` are in order. A share cell->miss_share of the stream
 * is drawn uniformly from [resident, span).
 *
 * length  out: as returned by rm_stream_length()
 * The caller frees the stream. NULL: out of memory.
 */
uint32_t *rm_stream_create(const struct rm_cell *cell, unsigned slot,
        uint64_t resident, uint64_t span, uint64_t seed, uint64_t *length);

/* True if the cell draws its ranks from a stream. */
bool rm_stream_applies(const struct rm_cell *cell);

enum { RM_SEED_KEYS = 100000 }; /* number of the seed for streams and skews */

/* True if the cell draws its ranks from a struct rm_skew. */
bool rm_skew_applies(const struct rm_cell *cell);

/*
 * Fills the table of a zipf or hot cell. A draw is uniform in [resident, span)
 * with probability cell->miss_share. Otherwise it is below `resident` and
 * `span`, and follows the cell's distribution. The share of each zipf key is within 1 % of the
 * exact share.
 */
void rm_skew_init(struct rm_skew *skew, const struct rm_cell *cell,
        uint64_t resident, uint64_t span, uint64_t seed);

/* Returns the name of the file that provides malloc(), e.g. "libjemalloc.so.2".
   If the program itself defines malloc(), returns the program's name. The
   string is valid until the process ends. */
const char *rm_allocator_file(void);

/*
 * Checks the allocator. Disables huge pages if the cell requires this. Call it
 * before the map is created. Returns 0, or -EXDEV or another -errno with
 * `error`.
 */
int rm_allocator_apply(const struct rm_cell *cell, struct rm_error *error);

/*
 * Checks after the window whether the sizes of pages are the requested ones.
 * `map_bytes` is the memory that the prefill added; small maps may have no huge
 * pages. Returns 0, or -ERANGE with `error`.
 */
int rm_huge_pages_judge(
        const struct rm_cell *cell, uint64_t map_bytes, struct rm_error *error);

/*
 * Counts of the hooks RM_LOCK_* of runner/event.h (lock_waits.c).
 *
 * Every acquisition is counted. It is "contended" if it had to wait. One in n
 * contended acquisitions is timed from the start of its wait. The environment
 * variable RM_LOCK_SAMPLE sets n (default 1); 0 disables counting. A timed wait
 * of at least RM_LOCK_EVENT_NS is also an event.
 */

enum { RM_LOCK_EVENT_NS = 10000, RM_LOCK_SAMPLE_MAX = 1000000000 };

/*
 * Reads RM_LOCK_SAMPLE from the environment (default 1). Returns 0, or -EINVAL
 * with `error` if it is not a number in 0 .. RM_LOCK_SAMPLE_MAX. Call it on the
 * main thread, before other threads start.
 */
int rm_lock_waits_configure(struct rm_error *error);

/* Begins the window: clears the longest wait. Call it on the main thread while
   no other thread waits for a lock. */
void rm_lock_waits_begin_window(void);

/*
 * For each SIDE (read, write) emits `lock_SIDEs` (acquisitions) and
 * `lock_SIDE_contended`; then `lock_sample` (n), `lock_waits_timed`,
 * `lock_wait_ns` (total), `lock_wait_max_ns` (in the window), and the number of
 * timed waits below 1 us, 10 us, 100 us, 1 ms, 10 ms, and longer. Emits nothing
 * in builds without hooks. Any thread.
 */
void rm_lock_waits_emit(rm_stat_fn *emit, void *context);

/*
 * Emits `key_hashes`, `chain_walks`, `slot_probes` and `key_compares`
 * (searches.c), the counters of runner/search.h. Emits nothing in builds
 * without hooks, or if no thread has counted. Any thread.
 */
void rm_searches_emit(rm_stat_fn *emit, void *context);

#endif /* RM_TRIAL_INTERNAL_H */
