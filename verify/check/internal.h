/* SPDX-License-Identifier: Apache-2.0 */
/*
 * internal.h - what the checks are made of: threads that work on one map
 * together, joined and numbered; the map of a check; phases on it.
 */
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

/* The checks themselves, one file each; `run` and `unfit` of the table. */
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
int rm_check_scan(const struct rm_check_case *c, struct rm_error *error);
int rm_check_litmus(const struct rm_check_case *c, struct rm_error *error);
int rm_check_histories(const struct rm_check_case *c, struct rm_error *error);
int rm_check_pairs(const struct rm_check_case *c, struct rm_error *error);
int rm_check_progress(const struct rm_check_case *c, struct rm_error *error);
int rm_check_drive(const struct rm_check_case *c, struct rm_error *error);
int rm_check_loops(const struct rm_check_case *c, struct rm_error *error);

/* The halves of rm_check_scan(). */
int rm_check_scan_tokens(const struct rm_check_case *c, struct rm_error *error);
int rm_check_scan_growth(const struct rm_check_case *c, struct rm_error *error);

struct rm_peers;

/* One of several threads on one map. Its members belong to that thread. */
struct rm_peer {
	_Alignas(RM_CACHE_LINE) struct rm_peers *peers;
	const struct rm_map_ops *ops;
	void *thread; /* from join() */
	struct rm_shape shape;
	unsigned slot;
	uint64_t rng;
	uint64_t sequence; /* of the values it writes */
	uint64_t ticks;
	struct rm_witness_thread *shown; /* as many, for others to see */
	uint64_t others;                 /* what others had ended at a look */
	uint64_t looked, met;            /* see struct rm_check_done */
	struct rm_key_bytes line;
	struct rm_key_bytes other; /* for a second key at the same time */
};

typedef void rm_peer_fn(struct rm_peer *peer);

/* All of them; belongs to rm_peers_run(). */
struct rm_peers {
	const struct rm_check_case *c;
	void *map;
	unsigned threads;
	rm_peer_fn *fn;
	void *context;
	pthread_barrier_t barrier;
	pthread_mutex_t lock;   /* protects error */
	struct rm_error *error; /* the first failure */
	atomic_bool failed;     /* stops everybody soon */
};

/*
 * Runs fn on `threads` threads, slots 0 .. threads - 1, all joined before the
 * first of them starts and none leaving before the last ends. The waits are
 * between park and unpark. Returns 0, or -1 when one of them failed.
 */
int rm_peers_run(const struct rm_check_case *c, void *map, unsigned threads,
        rm_peer_fn *fn, void *context, struct rm_error *error);

/* Records a failure, printf style; the first of all threads is kept. */
void rm_peer_fail(struct rm_peer *peer, const char *format, ...)
        __attribute__((format(printf, 2, 3)));

/* After a failure with which this thread cannot go on, so that others would wait
   for it: ends the process of the check with what was recorded. Returns where
   it has none of its own. */
void rm_peer_end(struct rm_peer *peer);

/* Says what is wrong and ends this process, if it is that of one check; else
   returns. Any thread. */
void rm_check_end_at_once(const char *what);

/* After each operation: a quiescent state per batch. False: stop working. */
bool rm_peer_tick(struct rm_peer *peer);

/* The same, where nothing rests on how many operations there are: false, too,
   when the case's time is over. */
bool rm_peer_another(struct rm_peer *peer);

/* Is there time for part n of this case? For the first, 0, always. */
bool rm_case_goes_on(const struct rm_check_case *c, uint64_t n);

/* An operation ended, and no more: for those that have no time for a tick. */
void rm_peer_count(struct rm_peer *peer);

/* Parks, meets all other peers at the barrier, unparks. */
void rm_peer_meet(struct rm_peer *peer);

/* Key and value of a rank, as the measured loop makes them. */
struct rm_key rm_peer_key(struct rm_peer *peer, uint64_t rank);
struct rm_value rm_peer_value(struct rm_peer *peer, uint64_t rank);

/* The operations on a rank's key; each returns whether the key was there. */
bool rm_peer_lookup(
        struct rm_peer *peer, uint64_t rank, struct rm_value *value);
bool rm_peer_upsert(struct rm_peer *peer, uint64_t rank, struct rm_value value);
bool rm_peer_remove(struct rm_peer *peer, uint64_t rank);

/* Upserts a new value for each rank below `count`. */
void rm_peer_fill(struct rm_peer *peer, uint64_t count);

/* Fails if `value` is not one that was written for `rank`, whole. */
void rm_peer_verify(struct rm_peer *peer, const struct rm_value *value,
        uint64_t rank, const char *operation);

/* Threads that may use the map while somebody writes, and how many of them
   may write, at most c->threads. in_place: only resident keys, no removes. */
unsigned rm_case_threads(const struct rm_check_case *c, bool in_place);
unsigned rm_case_writers(const struct rm_check_case *c, bool in_place);

/* Whether the map promises anything of a scan and of a length beside writes: one
   that does not is asked for neither there. */
bool rm_impl_views(const struct rm_impl *impl);

/* Operations that this map gets: fewer where a write costs O(keys). */
uint64_t rm_case_ops(const struct rm_check_case *c);

/* The map of a check; NULL with `error` when create() failed. */
void *rm_case_create(const struct rm_check_case *c, size_t keys, bool presize,
        struct rm_error *error);

/* Some threads that do something with the map of a check. */
struct rm_case_phase {
	unsigned threads; /* 0: no more phases */
	rm_peer_fn *fn;
};

/* Runs phases one after the other on one map, each when the last has ended.
   0, or -1 with `error` after the first that failed. */
int rm_case_phases(const struct rm_check_case *c, void *map,
        const struct rm_case_phase *phases, void *context,
        struct rm_error *error);

/* The same on a map of its own, which is asked itself at the end. */
int rm_case_play(const struct rm_check_case *c, size_t keys, bool presize,
        const struct rm_case_phase *phases, void *context,
        struct rm_error *error);

/* Asks the map itself; 0, or -1 with `error`. Nobody else uses the map. */
int rm_case_invariants(
        const struct rm_check_case *c, void *map, struct rm_error *error);

/* The address of a function in the map's own object: of a loaded library's map
   one of the library, not of the table that calls it. Any thread. */
uintptr_t rm_foreign_code(const struct rm_impl *impl);

/* What RM_PAUSE() of runner/map.h does in a check. From now on this thread's
   pauses take time, chosen by `seed`; 0: none. */
void rm_pause_seed(uint64_t seed);

#endif /* RM_CHECK_INTERNAL_H */
