/* SPDX-License-Identifier: Apache-2.0 */
/* worker.h - one thread's share of a trial: the state of the measured loops. */
#ifndef RM_WORKER_H
#define RM_WORKER_H

#include "runner/keys.h"
#include "runner/map.h"
#include "runner/skew.h"

#include <stdatomic.h>

enum { RM_BATCH = 64 }; /* iterations between two reads of the stop flag */

enum rm_write_kind {
	RM_UPDATE, /* update a resident key in place */
	RM_CHURN,  /* remove a key, then upsert it: two operations */
	RM_FRESH,  /* upsert a new key, remove the oldest: two operations */
};

enum rm_operation { RM_LOOKUP, RM_UPSERT, RM_REMOVE, RM_OPERATIONS };

/* Counts of one thread, from 0 at the start of the phase. */
struct rm_counts {
	uint64_t iterations;      /* draws: lookups + write decisions */
	uint64_t writes;          /* upserts and removes */
	uint64_t pairs;           /* write decisions that did two operations */
	uint64_t inserts;         /* upserts whose key was absent */
	uint64_t removes;         /* removes whose key was present */
	uint64_t idle_removes;    /* removes whose key was absent */
	uint64_t misses_absent;   /* lookups of never-present ranks */
	uint64_t misses_resident; /* lookups that missed a resident rank */
	uint64_t wrong; /* nonzero: a value was torn or another key's */
};

/* One entry of a replayed stream: a rank below 2^30 and its operation. An
   RM_UPSERT entry is followed by a word with the sequence number of the value.
   RM_OPERATIONS ends the stream. */
static inline uint32_t rm_replay_entry(
        uint32_t rank, enum rm_operation operation)
{
	return rank << 2 | (uint32_t)operation;
}

static inline uint32_t rm_replay_rank(uint32_t entry)
{
	return entry >> 2;
}

static inline enum rm_operation rm_replay_operation(uint32_t entry)
{
	return (enum rm_operation)(entry & 3);
}

/* Published progress of a thread's fresh writes. With T threads, thread i owns
   the ranks i, i + T, i + 2 T ...: it inserts its next rank and removes its
   oldest one. While a thread sleeps, its keys stay in the map. Other threads
   read `base`, whose cache line is written once every 64 writes. */
struct rm_fresh {
	/* (writes so far + fresh_guard) * T: added to a drawn rank */
	alignas(RM_CACHE_LINE) _Atomic(uint64_t) base;
};

/* Number of fresh writes between two publications of a thread. */
enum { RM_FRESH_PUBLISHED = 64 };

/* Number of a thread's oldest ranks that look-ups exclude, since it may have
   removed them: a quarter of its keys, at most twice the writes between two
   publications. */
static inline uint64_t rm_fresh_guard(uint64_t keys, unsigned threads)
{
	const uint64_t quarter = keys / threads / 4;
	const uint64_t most = 2 * RM_FRESH_PUBLISHED;

	return quarter < most ? quarter : most;
}

/* Number of ranks that look-ups draw from. */
static inline uint64_t rm_fresh_span(uint64_t keys, unsigned threads)
{
	const uint64_t own = keys / threads;

	return own ? (own - rm_fresh_guard(keys, threads)) * threads : keys;
}

/* Initialises one element per thread before the first write; guard is 0 if
   writes are not fresh. */
static inline void rm_fresh_init(
        struct rm_fresh *fresh, uint64_t guard, unsigned threads)
{
	for (unsigned i = 0; i < threads; i++)
		atomic_init(&fresh[i].base, guard * threads);
}

/* Returns the value of rm_worker.fresh_magic, for the remainder by `threads`
   without a division. */
static inline uint64_t rm_fresh_magic(unsigned threads)
{
	return UINT64_MAX / threads + 1;
}

struct rm_pace; /* runner/trial/internal.h: the open loop's schedule */

/* One thread's share of a trial. The runner initialises it; the loop changes
   rng, sequence, position, key_sum and counts. Only its thread writes it. */
struct rm_worker {
	alignas(RM_CACHE_LINE) void *thread; /* from join() */
	const atomic_bool *stop;             /* set once, at the end of the
					      * window */
	struct rm_fresh *fresh;              /* one per slot */
	const uint32_t *stream; /* ranks, or replayed entries; or NULL */
	uint64_t stream_mask;   /* length (a power of two) - 1; replay: 0 */
	uint64_t position;      /* next index in the stream */
	struct rm_pace *pace;   /* open loop, or NULL */
	uint64_t rng;
	uint64_t resident;    /* n: number of resident ranks */
	uint64_t span;        /* lookups draw from [0, span): n / (1 - m) */
	uint64_t fresh_guard; /* number of a thread's oldest ranks that look-ups
			       * exclude; 0 unless writes are fresh */
	uint32_t write_below; /* share of iterations that write, times 2^32 */
	enum rm_write_kind write_kind;
	unsigned slot;             /* 0 to threads - 1; writer id in values */
	unsigned threads;          /* number of threads of the trial */
	bool measured;             /* false: warm-up */
	bool replay;               /* the stream has operations */
	const uint64_t *loop_args; /* arguments of the loop: times in ns,
				    * counts, positions of words */
	uint64_t iterations_limit; /* UINT64_MAX: until stop */
	uint64_t sequence;         /* of this thread's values */
	uint64_t key_sum;          /* sum of mixed ranks: inserted - removed */
	struct rm_counts counts;
	struct rm_key_bytes line;    /* string key of lookups */
	struct rm_key_bytes written; /* string key of writes */
	bool timed;                  /* a map's own loop must time operations */
	void *held;                  /* opened by rm_impl.open() */
	_Atomic(uint64_t) *turns;    /* of struct rm_session_wave, shared */
	const struct rm_skew *skew;  /* for zipf and hot draws, else NULL */
	uint64_t fresh_done;         /* fresh writes of this thread */
	uint64_t fresh_magic;        /* UINT64_MAX / threads + 1 */
};

#endif /* RM_WORKER_H */
