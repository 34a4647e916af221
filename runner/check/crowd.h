/* SPDX-License-Identifier: Apache-2.0 */
/* crowd.h - threads that work on one map together, joined and numbered. */
#ifndef RM_CROWD_H
#define RM_CROWD_H

#include "runner/check/check.h"
#include "runner/keys.h"

#include <pthread.h>
#include <stdatomic.h>

struct rm_crowd;

/* One thread of a crowd. Its members belong to that thread. */
struct rm_peer {
	_Alignas(RM_CACHE_LINE) struct rm_crowd *crowd;
	const struct rm_map_ops *ops;
	void *thread; /* from join() */
	struct rm_shape shape;
	unsigned slot;
	uint64_t rng;
	uint64_t sequence; /* of the values it writes */
	uint64_t ticks;
	struct rm_key_bytes line;
	struct rm_key_bytes other; /* for a second key at the same time */
};

typedef void rm_peer_fn(struct rm_peer *peer);

struct rm_crowd {
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
int rm_crowd_run(const struct rm_check_case *c, void *map, unsigned threads,
        rm_peer_fn *fn, void *context, struct rm_error *error);

/* Records a failure, printf style; the first of all threads is kept. */
void rm_peer_fail(struct rm_peer *peer, const char *format, ...)
        __attribute__((format(printf, 2, 3)));

/* After each operation: a quiescent state per batch. False: stop working. */
bool rm_peer_tick(struct rm_peer *peer);

/* Parks, meets all other peers at the barrier, unparks. */
void rm_peer_meet(struct rm_peer *peer);

/* Key and value of a rank, as the measured loop makes them. */
struct rm_key rm_peer_key(struct rm_peer *peer, uint64_t rank);
struct rm_value rm_peer_value(struct rm_peer *peer, uint64_t rank);

/* Fails if `value` is not one that was written for `rank`, whole. */
void rm_peer_verify(struct rm_peer *peer, const struct rm_value *value,
        uint64_t rank, const char *operation);

/* Threads that may use the map while somebody writes, and how many of them
   may write, at most c->threads. in_place: only resident keys, no removes. */
unsigned rm_case_threads(const struct rm_check_case *c, bool in_place);
unsigned rm_case_writers(const struct rm_check_case *c, bool in_place);

/* Operations that this map gets: fewer where a write costs O(keys). */
uint64_t rm_case_ops(const struct rm_check_case *c);

/* The map of a check; NULL with `error` when create() failed. */
void *rm_case_create(const struct rm_check_case *c, size_t keys, bool presize,
        struct rm_error *error);

/* Asks the map itself; 0, or -1 with `error`. Nobody else uses the map. */
int rm_case_invariants(
        const struct rm_check_case *c, void *map, struct rm_error *error);

#endif /* RM_CROWD_H */
