/* SPDX-License-Identifier: Apache-2.0 */
/*
 * team.h - the threads of a trial and the phases that they go through.
 *
 * All members and the main thread enter and leave each phase together
 * (pthread barrier). Around every wait a joined member parks, so that a map
 * which waits for all threads cannot deadlock.
 */
#ifndef RM_TEAM_H
#define RM_TEAM_H

#include "runner/base/error.h"
#include "runner/counters/counters.h"
#include "runner/driver.h"
#include "runner/trial/loops.h"
#include "runner/trial/pace.h"
#include "runner/trial/trial.h"
#include "runner/trial/usage.h"

#include <pthread.h>

enum rm_phase {
	RM_PHASE_SETUP,  /* pin, make streams */
	RM_PHASE_CREATE, /* main: the empty map; members: join */
	RM_PHASE_PREFILL,
	RM_PHASE_SETTLE, /* look up every resident rank once */
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
	struct rm_error error;        /* not "": it could not go on */
};

struct rm_team {
	const struct rm_request *request;
	const struct rm_impl *impl;
	/* the loop of the cell: the subject's own, or a generic one, or both
	   NULL: the map's inlined drive */
	void (*own_loop)(struct rm_worker *worker);
	const struct rm_trial_loop *loop;
	void *map; /* NULL: could not be created */
	struct rm_counters *counters;
	struct rm_member *members; /* request->cell.threads */
	pthread_barrier_t barrier;
	uint64_t resident, span, fresh_guard; /* as in struct rm_worker */
	uint64_t prefilled; /* ranks put in before the window */
	uint64_t universe;  /* ranks that may be present */
	uint64_t phase_ns[RM_PHASES];
	uint64_t rss_empty_bytes, rss_filled_bytes;
	uint64_t keys_before;  /* after prefill, by length or by count */
	double adds_per_ns[2]; /* CPU speed before and after the window */
	double clock_cost_ns;
	uint64_t clock_step_ns;
	/* map statistics at the window's start and end; causes, else NULL */
	json_t *stats_before, *stats_after;
	struct rm_error error;          /* of the whole trial */
	struct rm_error counters_error; /* why there are no counters */
	_Alignas(RM_CACHE_LINE) atomic_bool stop;
	_Alignas(RM_CACHE_LINE) _Atomic uint64_t head;
	_Alignas(RM_CACHE_LINE) _Atomic uint64_t verify_left;
};

/*
 * Runs all phases; errors stand in team->error and members' errors. Returns
 * 0 when the phases ran, -errno when there were no threads to run them with.
 * The map still exists afterwards: rm_team_clear() destroys it.
 */
int rm_team_run(struct rm_team *team, const struct rm_request *request,
        const struct rm_impl *impl);

void rm_team_clear(struct rm_team *team);

/* The work of the phases (phases.c), by member threads. */
void rm_phase_setup(struct rm_member *member);
void rm_phase_join(struct rm_member *member);
void rm_phase_prefill(struct rm_member *member);
void rm_phase_settle(struct rm_member *member);
void rm_phase_warm_up(struct rm_member *member);
void rm_phase_window(struct rm_member *member);
void rm_phase_verify(struct rm_member *member);
void rm_phase_leave(struct rm_member *member);

/* Measure = verify (accounting.c): the window's work. Few keys, many
   conflicts; every value that goes in must come out once. */
void rm_account_run(struct rm_member *member);
/* Whether `impl` can be accounted (it offers exchange and take). */
bool rm_account_offered(const struct rm_impl *impl);

/* Trials that replay a trace, or are recorded (replay.c). */
void rm_replay_setup(struct rm_member *member);
void rm_replay_set_ranks(struct rm_team *team, const struct rm_trace *trace);
/* What a held entry adds to the digest of the map's state; 0 for others. */
uint64_t rm_replay_digest(const struct rm_team *team, uint64_t rank,
        const struct rm_value *value);
/* The result's member "trace". New reference. */
json_t *rm_replay_result(const struct rm_team *team);

/* The result object (result.c); judges status and reason (judge.c). */
json_t *rm_team_result(struct rm_team *team);

struct rm_judgement {
	const char *status;       /* "ok", "void", "failed" */
	struct rm_error reason;   /* "" if ok */
	const char *verification; /* "ok" or "failed" */
	struct rm_error mismatch; /* why the verification failed */
	uint64_t keys_expected, keys_held, sum_expected, sum_held;
	double write_share, miss_share; /* achieved, in the window */
};

void rm_team_judge(struct rm_team *team, struct rm_judgement *judgement);

/* Counts of the window and the map's state against the trace (replay.c). */
void rm_replay_judge(const struct rm_team *team, const struct rm_counts *counts,
        struct rm_judgement *judgement);

/* What the map and the allocator count, as of now (stats.c): an array of
   {name, unit, value}; allocations are read at the window's side of the
   call: last before it, first after it. New reference. */
json_t *rm_team_stats(const struct rm_team *team, bool window_ended);
/* The result's member "stats": as of now; of causes trials also what the
   window added. New reference. */
json_t *rm_team_stats_result(const struct rm_team *team);

/* Sets the members latency and late_starts of the result (latency.c). */
void rm_team_latency(const struct rm_team *team, json_t *result);

/* Whether keys are what the map holds and what the loop counts: not for
   null_map, not for loops of a subject's own. */
bool rm_team_has_keys(const struct rm_team *team);

/* First start to last end of the window. */
uint64_t rm_team_elapsed_ns(const struct rm_team *team);

/* Adds the members of `from` to `into`. */
void rm_counts_add(struct rm_counts *into, const struct rm_counts *from);

#endif /* RM_TEAM_H */
