/* SPDX-License-Identifier: Apache-2.0 */
/*
 * internal.h - the threads of a trial, the phases that they go through, and
 * what is made of it. Private to trial.
 *
 * All members and the main thread enter and leave each phase together
 * (pthread barrier). Around every wait a joined member parks, so that a map
 * which waits for all threads cannot deadlock.
 *
 * Calls go one way: trial -> team -> phases -> what a phase does; trial ->
 * result -> judge -> totals.
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
 * The open loop's schedule and clocks (open_loop.c).
 *
 * Arrivals are intended starts, fixed beforehand by rate and seed; a late
 * operation is timed from its *intended* start, so that a stall shows in
 * every arrival it delayed (Tene: coordinated omission). The service time,
 * from the actual start, is kept beside it.
 */

enum rm_pace_clock { RM_CLOCK_INTENDED, RM_CLOCK_SERVICE, RM_CLOCKS };

enum { RM_SLOWEST = 16 };

/* One of the longest operations of a window. */
struct rm_slow {
	uint64_t start_ns, end_ns; /* of rm_now_ns() */
	uint64_t late_ns;          /* it started so long after it should */
	enum rm_operation operation;
	bool was_there;
};

/*
 * Slices of the window (slices.c): how long operations took in each 50 ms, and
 * what the map did meanwhile. So long, since article S4, section 3.3, joins a
 * pause with the latencies within 50 ms of it.
 */
enum { RM_SLICE_NS = 50000000 };

/* What one thread noted: for each operation its slice and the bucket of its
   latency. More than `room` were not kept, and then none is told. */
struct rm_slices {
	uint64_t start_ns, last; /* of the window; number of its last slice */
	uint32_t *samples;
	size_t count, room;
};

/* Sums since the process began, at the end of a slice. */
struct rm_slice_sums {
	uint64_t count[RM_EVENTS], ns[RM_EVENTS];
	int64_t bytes; /* held; below 0: not counted */
};

/* With room for about `arrivals`; NULL: no memory. Nothing is kept of rates that
   would take too much of it. To rm_slices_free(). */
struct rm_slices *rm_slices_create(double arrivals);
/* Forgets what was noted. */
void rm_slices_begin(
        struct rm_slices *slices, uint64_t start_ns, uint64_t window_ns);
void rm_slices_note(
        struct rm_slices *slices, uint64_t intended_ns, uint64_t latency_ns);
void rm_slices_free(struct rm_slices *slices);

/* Reads what the map does at each slice's end, until the window's; in the
   stats build only. Main thread. */
void rm_slices_watch(struct rm_team *team);

/* One thread's schedule. One writer: its thread. */
struct rm_pace {
	bool poisson;            /* else constant gaps */
	bool oversubscribed;     /* never spin: others need the CPU */
	unsigned slow_count;     /* of `slowest` */
	double ticks_per_ns;     /* rate of rm_ticks(); 0: not usable */
	uint64_t shortest_apart; /* ticks that a reading of the clock takes */
	double gap_ns;           /* mean gap between this thread's arrivals */
	uint64_t start_ns;       /* the window's start */
	double due_ns;        /* next intended start after it, fractions kept */
	uint64_t end_ns;      /* the window's end */
	uint64_t give_up_ns;  /* a backlog older than this ends the window */
	uint64_t intended_ns; /* of the running operation */
	uint64_t started_ns;  /* its actual start */
	uint64_t late_starts; /* operations started over 1 ms late */
	bool is_due;          /* the operation has an intended start */
	bool gave_up;         /* the rate could not be kept */
	uint64_t rng;
	struct rm_slow slowest[RM_SLOWEST]; /* longest first */
	struct rm_slices *slices;           /* of the window; or NULL */
	/* [operation][was there][clock]; NULL if the cell cannot record it */
	struct rm_histogram *histograms[RM_OPERATIONS][2][RM_CLOCKS];
};

/* Makes and touches all that the window records into. 0 or -ENOMEM; either way
   to rm_pace_free(). Its thread calls this, and its node then has the pages. */
int rm_pace_create(struct rm_pace *pace, const struct rm_cell *cell);
void rm_pace_free(struct rm_pace *pace);

/*
 * Begins a window of `window_ns` at `start_ns`: clears late starts and
 * histograms. Thread `slot` of `threads` gets its share of `rate_per_s`.
 */
void rm_pace_begin(struct rm_pace *pace, uint64_t start_ns, uint64_t window_ns,
        double rate_per_s, unsigned slot, unsigned threads);

/* Keeps the operation if it is among the RM_SLOWEST longest so far; also for
   loops without a schedule that read the clock anyway. Its thread. */
void rm_pace_keep_slow(struct rm_pace *pace, const struct rm_slow *slow);

/* Empties the histograms in place. */
void rm_pace_clear(struct rm_pace *pace);

/*
 * Loops that run on every map through its table of operations (loop_*.c).
 *
 * A call through a pointer costs about a nanosecond: nothing beside a scan, an
 * insert into a growing map, or a session's close; too much for a look-up,
 * whose loops are inlined (runner/driver.h).
 */

/* Kinds of times that a loop notes apart. */
enum rm_loop_time {
	RM_TIME_STEP,   /* what the loop is for: a scan, an insert, a load */
	RM_TIME_LOOKUP, /* beside it */
	RM_TIME_UPDATE,
	RM_LOOP_TIMES,
};

/* What these loops note of one phase. One writer: the thread. */
struct rm_loop_notes {
	struct rm_histogram *times[RM_LOOP_TIMES]; /* or NULL */
	uint64_t visited;        /* scans: entries; litmus: rounds where both
	                               saw an old value, or values taken */
	uint64_t opened, closed; /* sessions, of both phases */
	uint64_t turns;          /* ... of the tide that this thread made */
	_Atomic uint64_t round;  /* litmus: rounds of this phase that ended */
	bool saw_old[2];         /* ... in the last two */
	uint64_t numbers; /* litmus: of values that the other must take, less
	                     those that were taken, of both phases */
	/* stall: resident memory when the reader first stood, and at most */
	uint64_t rss_first_bytes, rss_peak_bytes;
	atomic_bool stands; /* ... and whether it has since the phase began */
};

struct rm_trial_loop {
	unsigned times; /* 1 << enum rm_loop_time: kinds that it notes */
	/* One thread's share, until the window's end. */
	void (*run)(struct rm_member *member);
	/* Statistics of the window, after it. */
	void (*report)(
	        const struct rm_team *team, rm_stat_fn *emit, void *context);
	/* Whether what the threads noted adds up; NULL: nothing to add. */
	bool (*check)(const struct rm_team *team);
};

/* Makes and touches the histograms of the loop's times. 0 or -ENOMEM; either
   way to rm_loop_notes_free(). */
int rm_loop_notes_create(struct rm_member *member);
void rm_loop_notes_free(struct rm_loop_notes *notes);

/* Forgets what one phase noted, in place. */
void rm_loop_notes_clear(struct rm_loop_notes *notes);

/* Notes one duration, of a kind in the loop's `times`. */
void rm_loop_note(struct rm_loop_notes *notes, uint64_t ns);
void rm_loop_note_kind(
        struct rm_loop_notes *notes, enum rm_loop_time kind, uint64_t ns);

/* Emits NAME_count, _p50, _p99, _p999, _max of all threads' times: of steps,
   and of another kind (nothing where none was noted). */
void rm_loop_emit_times(const struct rm_team *team, const char *name,
        rm_stat_fn *emit, void *context);
void rm_loop_emit_kind(const struct rm_team *team, enum rm_loop_time kind,
        const char *name, rm_stat_fn *emit, void *context);

extern const struct rm_trial_loop rm_loop_scan, rm_loop_fill,
        rm_loop_random_fill, rm_loop_alternate, rm_loop_lifecycle,
        rm_loop_litmus, rm_loop_grow, rm_loop_lazy, rm_loop_stall;

/* ---- the team (team.c, totals.c) ---------------------------------------- */

enum rm_phase {
	RM_PHASE_SETUP,  /* pin, make streams */
	RM_PHASE_CREATE, /* main: the empty map; members: join */
	RM_PHASE_PREFILL,
	RM_PHASE_SETTLE, /* look up every resident rank once, renew them */
	RM_PHASE_WARM_UP,
	RM_PHASE_WINDOW, /* measured; for verify: the accounting run */
	RM_PHASE_VERIFY, /* look up every rank of the universe */
	RM_PHASE_LEAVE,
	RM_PHASES,
};

/* "setup", "create", ...: as in the result's phases_ns. */
const char *rm_phase_name(enum rm_phase phase);

/* Sums of exchange accounting (measure = verify), modulo 2^64. */
struct rm_account {
	uint64_t writes;                  /* exchanges and takes done */
	uint64_t puts, outs;              /* values put in, values got back */
	uint64_t written, returned, held; /* sums of values */
	bool stopped_early;
};

/* The replacements of one thread before the warm-up. Not in struct rm_member, so
   that other cells keep their addresses and thus their simulated counts. */
struct rm_renewal {
	alignas(RM_CACHE_LINE) struct rm_counts counts;
	uint64_t start_ns, end_ns;
};

struct rm_member {
	struct rm_worker worker;
	struct rm_team *team;
	pthread_t pthread;
	struct rm_pace pace;
	struct rm_loop_notes notes; /* of the generic loops */
	struct rm_counts warm_up;   /* of the phase before the window */
	struct rm_account account;
	struct rm_thread_usage before, after; /* around the window */
	uint64_t start_ns, end_ns;            /* own window */
	uint64_t settled; /* prefilled keys of its share that it found */
	uint64_t held_keys, held_sum; /* its share of the universe */
	uint64_t held_digest;         /* of traces and recordings, else 0 */
	uint64_t replay_operations;   /* of a trace: its share, all passes */
	int cpu_start, cpu_end;       /* where the window ran */
	enum rm_phase phase;          /* the last one that it began */
	struct rm_error error;        /* not "": it could not go on */
};

struct rm_team {
	const struct rm_request *request;
	const struct rm_impl *impl;
	/* the loop of the cell: the subject's own, or a generic one, or both
	   NULL: the map's inlined drive */
	void (*own_loop)(struct rm_worker *worker);
	const struct rm_trial_loop *loop;
	struct rm_fresh *fresh; /* request->cell.threads */
	struct rm_skew *skew;   /* zipf and hot; else NULL */
	void *map;              /* NULL: could not be created */
	struct rm_counters *counters;
	struct rm_member *members; /* request->cell.threads */
	pthread_barrier_t barrier;
	uint64_t resident, span, fresh_guard; /* as in struct rm_worker */
	uint64_t prefilled; /* ranks put in before the window */
	uint64_t universe;  /* ranks that may be present */
	uint64_t phase_ns[RM_PHASES];
	uint64_t rss_empty_bytes, rss_filled_bytes;
	uint64_t keys_before; /* after prefill, by length or by count */
	/* speed of the slowest CPU before and after the window; 0: not measured */
	_Atomic double adds_per_ns[2];
	double clock_cost_ns;
	double ticks_per_ns; /* rate of rm_ticks(); 0: not usable, or no open loop */
	uint64_t clock_step_ns;
	/* map statistics at the window's start and end; of causes, the latter
	   also where the loop holds something open; else NULL */
	json_t *stats_before, *stats_after;
	struct rm_error error;          /* of the whole trial */
	struct rm_error counters_error; /* why there are no counters */
	/* at the window's start and at each slice's end; or NULL */
	struct rm_slice_sums *slice_sums;
	_Alignas(RM_CACHE_LINE) atomic_bool stop;
	_Alignas(RM_CACHE_LINE) _Atomic uint64_t verify_left;
	_Atomic uint64_t turns; /* of the tide; such trials verify nothing */
	/* CPU time of members and of the map's own threads at the window's start
	   and end; -1: not known */
	int64_t other_threads_ns[2];
	/* members that measure the speed of their CPUs at the same time */
	unsigned probes;
	_Atomic unsigned probes_ready[2];
	struct rm_renewal *renewals; /* one for each member; NULL: none asked */
};

/*
 * Runs all phases; errors stand in team->error and members' errors. Returns
 * 0 when the phases ran, -errno when there were no threads to run them with.
 * The map still exists afterwards: rm_team_clear() destroys it.
 */
int rm_team_run(struct rm_team *team, const struct rm_request *request,
        const struct rm_impl *impl);

void rm_team_clear(struct rm_team *team);

/* Whether a member measures the speed of its CPU: the first one of each. */
bool rm_team_probes(const struct rm_cell *cell, unsigned slot);

/* Keeps the slowest speed; 0: none yet. Any thread. */
void rm_keep_slowest(_Atomic double *slowest, double speed);

/* The work of one phase (phases.c), by the member's thread. */
void rm_phase_work(struct rm_member *member, enum rm_phase phase);

/* Measure = verify (accounting.c): the window's work. Few keys, many
   conflicts; every value that goes in must come out once. */
void rm_account_run(struct rm_member *member);
/* Whether `impl` can be accounted (it offers exchange and take). */
bool rm_account_offered(const struct rm_impl *impl);

/* Keys that are replaced before the window (renewal.c); the member's thread. */
void rm_renew_keys(struct rm_member *member);
/* How many keys all threads renew, each key as often as it is. */
uint64_t rm_renewals_expected(const struct rm_team *team);
/* The result's member "renewed". New reference. */
json_t *rm_renewal_result(const struct rm_team *team);

/* Trials that replay a trace, or are recorded (replay.c). */
void rm_replay_setup(struct rm_member *member);
void rm_replay_set_ranks(struct rm_team *team, const struct rm_trace *trace);
/* What a held entry adds to the digest of the map's state; 0 for others. */
uint64_t rm_replay_digest(const struct rm_team *team, uint64_t rank,
        const struct rm_value *value);
/* The result's member "replayed". New reference. */
json_t *rm_replay_result(const struct rm_team *team);

/* The result object (result.c); judges the answers (judge.c). */
json_t *rm_team_result(struct rm_team *team);

struct rm_judgement {
	const char *status;       /* "ok", "void", "failed" */
	struct rm_error reason;   /* "" if ok */
	const char *verification; /* "ok" or "failed" */
	bool whole;               /* every thread went through all phases */
	struct rm_error mismatch; /* why the verification failed */
	/* The next four were found out: the map holds keys, and no thread
	   failed. */
	bool has_keys;
	uint64_t keys_expected, keys_held, sum_expected, sum_held;
	double achieved_write_share, achieved_miss_share; /* in the window */
};

void rm_team_judge(struct rm_team *team, struct rm_judgement *judgement);

/*
 * Whether what each thread counted in the window can be: no fewer look-ups than
 * 0 or than misses. Else -EIO with `error`, and nothing that is made of the
 * counts (a number of look-ups, a share of writes) means anything.
 */
int rm_team_counts_check(const struct rm_team *team, struct rm_error *error);

/* Counts of the window and the map's state against the trace (replay.c). */
void rm_replay_judge(const struct rm_team *team, const struct rm_counts *counts,
        struct rm_judgement *judgement);

/* What the map and the allocator count, as of now (stats.c): an array of
   {name, unit, value}; allocations and locks are read at the window's side of
   the call: last before it, first after it. New reference. */
json_t *rm_team_stats(const struct rm_team *team, bool window_ended);
/* The result's member "stats": as of now; of causes trials also what the
   window added. New reference. */
json_t *rm_team_stats_result(const struct rm_team *team);

/* Sets the members latency and late_starts of the result (latency.c). */
void rm_team_latency(const struct rm_team *team, json_t *result);

/* Whether keys are what the map holds and what the loop counts: not for
   null_map, not for loops of a subject's own. */
bool rm_team_has_keys(const struct rm_team *team);

/* Whether the cell's loop is the subject's own and holds something open. */
bool rm_team_holds(const struct rm_team *team);

/* The window of the team: first start, and from there to the last end. */
uint64_t rm_team_start_ns(const struct rm_team *team);
uint64_t rm_team_elapsed_ns(const struct rm_team *team);

/* How many of the threads fill the map before the window. */
unsigned rm_team_prefill_threads(const struct rm_team *team);

/* Adds the members of `from` to `into`. */
void rm_counts_add(struct rm_counts *into, const struct rm_counts *from);

/* "lookup", "upsert", "remove". */
const char *rm_operation_name(enum rm_operation operation);

/*
 * The result's member "longest" (docs/reference/trial-protocol.md), of loops
 * that time each operation (paced, fill, grow): the RM_SLOWEST longest
 * operations of the window, longest first, each with the events of
 * runner/event.h that overlapped it, of any thread, longest overlap first;
 * causes null in builds that record no events. Null for other loops. After all
 * threads have ended. New reference.
 */
json_t *rm_team_longest(const struct rm_team *team);

/* The result's member "slices" (docs/reference/trial-protocol.md): of open
   loops; null for others. After all threads have ended. New reference. */
json_t *rm_team_slices(const struct rm_team *team);

/* ---- keys and memory ---------------------------------------------------- */

/* The key of a rank in the form that the cell's loop gives it; `line` as in
   rm_key_of(). Of loops that are inlined it is that function's. */
static inline struct rm_key rm_trial_key(
        const struct rm_cell *cell, uint64_t rank, struct rm_key_bytes *line)
{
	return rm_loop_is_decimal(&cell->loop)
	               ? rm_decimal_key(rank, line)
	               : rm_key_of(cell->shape, rank, line);
}

/*
 * Makes the stream of thread `slot` of a sequential cell (key_stream.c). Ranks
 * below `resident` come in order; a share cell->miss_share is uniform in
 * [resident, span).
 *
 * length  out: a power of two; all threads' streams stay under 64 MiB where
 *         that leaves each at least 4096 ranks
 * Returns the caller's to free, or NULL without memory.
 */
uint32_t *rm_stream_create(const struct rm_cell *cell, unsigned slot,
        uint64_t resident, uint64_t span, uint64_t seed, uint64_t *length);

/* Whether the cell's draws come from a stream. */
bool rm_stream_applies(const struct rm_cell *cell);

enum { RM_SEED_KEYS = 100000 }; /* the seed's number, for streams and skews */

/* Whether the cell's draws are those of a struct rm_skew. */
bool rm_skew_applies(const struct rm_cell *cell);

/*
 * Fills the table of a zipf or hot cell. Ranks below `resident` and `span`
 * follow the cell's distribution; a share cell->miss_share is uniform in
 * [resident, span). A zipf key's share is within 1 % of the exact one.
 */
void rm_skew_init(struct rm_skew *skew, const struct rm_cell *cell,
        uint64_t resident, uint64_t span, uint64_t seed);

/* The file that malloc() comes from, "libjemalloc.so.2"; the program's own
   name where it brings one. Lives as long as the process. */
const char *rm_allocator_now(void);

/*
 * Before the map is made: compares, and turns huge pages off where the cell
 * says so. -EXDEV or -errno with `error`.
 */
int rm_allocator_apply(const struct rm_cell *cell, struct rm_error *error);

/*
 * After the window: whether the pages are what was asked. `map_bytes`: what
 * the filled map added; a small one cannot have a huge page. -ERANGE with
 * `error`.
 */
int rm_huge_pages_judge(
        const struct rm_cell *cell, uint64_t map_bytes, struct rm_error *error);

/*
 * What the hooks RM_LOCK_* of runner/event.h have counted (lock_waits.c).
 *
 * Every acquisition counts, and every one that could not be had at once
 * ("contended"). One in n of the contended is timed, from the moment it began
 * to wait; n is 1 unless the environment says RM_LOCK_SAMPLE=n, and 0 turns
 * all of it off. A timed wait of at least RM_LOCK_EVENT_NS is also an event.
 */

enum { RM_LOCK_EVENT_NS = 10000, RM_LOCK_SAMPLE_MAX = 1000000000 };

/*
 * Takes over RM_LOCK_SAMPLE of the environment; not set is 1. Returns 0, or
 * -EINVAL with `error` where it is no number of 0 .. RM_LOCK_SAMPLE_MAX. Main
 * thread, before others start.
 */
int rm_lock_waits_configure(struct rm_error *error);

/* Forgets the longest wait: the next one is of the window. Main thread, while
   no other waits. */
void rm_lock_waits_window(void);

/*
 * Emits per side (read, write) `lock_SIDEs` (acquisitions) and
 * `lock_SIDE_contended`; `lock_sample` (n), `lock_waits_timed`, `lock_wait_ns`
 * (in all), `lock_wait_max_ns` (since rm_lock_waits_window()), and how many of
 * the timed waits were below a microsecond, 10, 100, a millisecond, 10, and
 * above. Emits nothing in builds without hooks. Any thread.
 */
void rm_lock_waits_emit(rm_stat_fn *emit, void *context);

/*
 * Emits `key_hashes`, `chain_walks`, `slot_probes` and `key_compares`
 * (searches.c), what enum rm_searched of runner/search.h has counted. Nothing
 * where no map counts them: in builds without hooks, and of maps that have not
 * joined. Any thread.
 */
void rm_searches_emit(rm_stat_fn *emit, void *context);

#endif /* RM_TRIAL_INTERNAL_H */
