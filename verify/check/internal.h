/* SPDX-License-Identifier: Apache-2.0 */
/* internal.h - parts that the checks share: numbered threads that use one map,
 * creation of the map of a check, and phases of threads. */
#ifndef RM_CHECK_INTERNAL_H
#define RM_CHECK_INTERNAL_H

#include "runner/base/sanitized.h"
#include "runner/keys.h"
#include "verify/check/check.h"
#include "verify/check/witness.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* The checks, one file each: `run` functions of the table. */
int rm_check_model(const struct rm_check_case *c, struct rm_error *error);
int rm_check_load(const struct rm_check_case *c, struct rm_error *error);
int rm_check_readers(const struct rm_check_case *c, struct rm_error *error);
int rm_check_exchange(const struct rm_check_case *c, struct rm_error *error);
int rm_check_upsert(const struct rm_check_case *c, struct rm_error *error);
int rm_check_owner(const struct rm_check_case *c, struct rm_error *error);
int rm_check_atomic(const struct rm_check_case *c, struct rm_error *error);
int rm_check_growth(const struct rm_check_case *c, struct rm_error *error);
int rm_check_park(const struct rm_check_case *c, struct rm_error *error);
int rm_check_reclaim(const struct rm_check_case *c, struct rm_error *error);
int rm_check_removed(const struct rm_check_case *c, struct rm_error *error);
int rm_check_scan(const struct rm_check_case *c, struct rm_error *error);
int rm_check_litmus(const struct rm_check_case *c, struct rm_error *error);
int rm_check_histories(const struct rm_check_case *c, struct rm_error *error);
int rm_check_pairs(const struct rm_check_case *c, struct rm_error *error);
int rm_check_progress(const struct rm_check_case *c, struct rm_error *error);
int rm_check_starvation(const struct rm_check_case *c, struct rm_error *error);
int rm_check_drive(const struct rm_check_case *c, struct rm_error *error);
int rm_check_loops(const struct rm_check_case *c, struct rm_error *error);

/* The two parts of rm_check_scan(). */
int rm_check_scan_tokens(const struct rm_check_case *c, struct rm_error *error);
int rm_check_scan_growth(const struct rm_check_case *c, struct rm_error *error);

struct rm_peers;

/* One of several threads on one map. Only that thread uses the members. */
struct rm_peer {
	_Alignas(RM_CACHE_LINE) struct rm_peers *peers;
	const struct rm_map_ops *ops;
	void *thread; /* handle that join() returned */
	struct rm_shape shape;
	unsigned slot;
	uint64_t rng;
	uint64_t sequence; /* number of values written */
	uint64_t ticks;
	uint64_t looks; /* look-ups; every other one uses lookup_many */
	struct rm_witness_thread *published; /* the shared copy of `ticks` */
	/* operations of other threads at the last sample */
	uint64_t others_ended;
	uint64_t sampled, overlapped; /* summed into struct rm_check_result */
	struct rm_key_bytes line;
	/* for a second key that is used at the same time */
	struct rm_key_bytes other;
};

typedef void rm_peer_fn(struct rm_peer *peer);

/* All threads of a phase; owned by rm_peers_run(). */
struct rm_peers {
	const struct rm_check_case *c;
	void *map;
	unsigned threads;
	rm_peer_fn *fn;
	void *context;
	pthread_barrier_t barrier;
	pthread_mutex_t lock;   /* protects error */
	struct rm_error *error; /* the first failure */
	atomic_bool failed;     /* stops all threads soon */
};

/* Runs fn on `threads` threads, slots 0 to threads - 1. All threads join the
 * map before the first calls fn, and no thread leaves before fn has returned in
 * all threads. Threads are parked while they wait for each other. Returns 0, or
 * -1 if a thread failed. */
int rm_peers_run(const struct rm_check_case *c, void *map, unsigned threads,
        rm_peer_fn *fn, void *context, struct rm_error *error);

/* Records a failure, printf style; only the first is kept. All threads stop. */
void rm_peer_fail(struct rm_peer *peer, const char *format, ...)
        __attribute__((format(printf, 2, 3)));

/* Ends the process of the check with the recorded failure. For use if this
 * thread cannot continue and other threads would wait for it. Returns if the
 * check has no process of its own. */
void rm_peer_abort_check(struct rm_peer *peer);

/* If this is the process of one check, reports `what` and ends the process;
 * else returns. Any thread. */
void rm_check_report_and_exit(const char *what);

/* Like rm_check_report_and_exit(), for a resource that this machine refused,
 * such as a thread: the check is then reported as not run instead of failed.
 * `code` is the result of pthread_create(). */
void rm_check_report_no_thread(unsigned thread, unsigned threads, int code);

/* Called by a thread that crashed: reports that memory was short, if it was.
 * Safe in signal handlers. */
void rm_check_report_lack_of_memory(void);

/* Call after each operation: counts the operation, and reports a quiescent
 * state once per batch. Returns false if the thread must stop. */
bool rm_peer_tick(struct rm_peer *peer);

/* Like rm_peer_tick(), for loops that may end early: also returns false if the
 * time of the case is over. */
bool rm_peer_tick_in_time(struct rm_peer *peer);

/* Returns true if there is time for part n (0, 1, ...) of this case. Always
 * true for part 0. */
bool rm_case_has_time(const struct rm_check_case *c, uint64_t n);

/* Counts a completed operation and does nothing else, for callers for which
 * rm_peer_tick() is too slow. */
void rm_peer_count(struct rm_peer *peer);

/* Parks, waits for all peers at the barrier, and unparks. */
void rm_peer_meet(struct rm_peer *peer);

/* Return the key and the value of a rank, as in the measured loop. */
struct rm_key rm_peer_key(struct rm_peer *peer, uint64_t rank);
struct rm_value rm_peer_value(struct rm_peer *peer, uint64_t rank);

/* Operations on a rank's key; each returns whether the key was present. */
bool rm_peer_lookup(
        struct rm_peer *peer, uint64_t rank, struct rm_value *value);
bool rm_peer_upsert(struct rm_peer *peer, uint64_t rank, struct rm_value value);
bool rm_peer_remove(struct rm_peer *peer, uint64_t rank);

/* Upserts a new value for each rank below `count`. */
void rm_peer_fill(struct rm_peer *peer, uint64_t count);

/* Fails unless `value` was written for `rank` and all its words come from the
 * same write. */
void rm_peer_verify(struct rm_peer *peer, const struct rm_value *value,
        uint64_t rank, const char *operation);

/* Computes how many threads may use the map while one writes, and how many of
 * them may write; at most c->threads. in_place: they write only resident keys
 * and remove no key. */
unsigned rm_case_threads(const struct rm_check_case *c, bool in_place);
unsigned rm_case_writers(const struct rm_check_case *c, bool in_place);

/* Returns true if the map guarantees anything about scans and lengths during
 * writes. If not, the checks do not call them during writes. */
bool rm_impl_guarantees_views(const struct rm_impl *impl);

/* Returns the number of operations for this map: fewer if a write costs
 * O(keys). */
uint64_t rm_case_ops(const struct rm_check_case *c);

/* Creates the map of a check. Returns NULL and sets `error` if create()
 * failed. */
void *rm_case_create(const struct rm_check_case *c, size_t keys, bool presize,
        struct rm_error *error);

/* One phase: some threads run a function on the map of a check. */
struct rm_case_phase {
	unsigned threads; /* 0 ends the list of phases */
	rm_peer_fn *fn;
};

/* Runs phases on one map, one after the other. Returns 0, or -1 with `error`
 * after the first phase that failed. */
int rm_case_phases(const struct rm_check_case *c, void *map,
        const struct rm_case_phase *phases, void *context,
        struct rm_error *error);

/* Like rm_case_phases(), on a new map. Calls the map's own check() at the
 * end. */
int rm_case_play(const struct rm_check_case *c, size_t keys, bool presize,
        const struct rm_case_phase *phases, void *context,
        struct rm_error *error);

/* Calls the map's own check(). Returns 0, or -1 with `error`. No other thread
 * may use the map. */
int rm_case_invariants(
        const struct rm_check_case *c, void *map, struct rm_error *error);

/* Returns the address of a function in the map's object file. For a loaded
 * library, the function is in the library and not in the wrapper around it. Any
 * thread. */
uintptr_t rm_foreign_code(const struct rm_impl *impl);

/* Implements RM_PAUSE() of runner/map.h. From now on pauses of this thread take
 * a random time, seeded by `seed`. If `seed` is 0, they take no time. */
void rm_pause_seed(uint64_t seed);

#endif /* RM_CHECK_INTERNAL_H */
