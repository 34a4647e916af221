/* SPDX-License-Identifier: Apache-2.0 */
/* worker.h - state of the measured loops in one thread of a trial. */
#ifndef RM_WORKER_H
#define RM_WORKER_H

#include "runner/keys.h"
#include "runner/map.h"
#include "runner/skew.h"

#include <stdatomic.h>

/* Number of iterations between two reads of the stop flag. */
enum { RM_BATCH = 64 };

enum rm_write_kind {
	RM_UPDATE, /* update a resident key in place */
	RM_CHURN,  /* remove a key, then upsert it; counts as two operations */
	RM_FRESH,  /* upsert a new key, remove the oldest: two operations */
};

enum rm_operation { RM_LOOKUP, RM_UPSERT, RM_REMOVE, RM_OPERATIONS };

/* Counts of one thread since the start of the phase. */
struct rm_counts {
	uint64_t iterations;      /* lookups + decisions to write */
	uint64_t writes;          /* upserts and removes */
	uint64_t pairs;           /* decisions that were two operations */
	uint64_t inserts;         /* upserts whose key was absent */
	uint64_t removes;         /* removes whose key was present */
	uint64_t idle_removes;    /* removes whose key was absent */
	uint64_t misses_absent;   /* lookups of ranks that are never present */
	uint64_t misses_resident; /* lookups that missed a resident rank */
	uint64_t wrong;           /* nonzero: torn, or another key's value */
};

/* Makes an entry of a replayed stream: a rank below 2^30 and an operation. A
   word with the sequence number of the value follows an RM_UPSERT entry.
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

/* Progress of a thread's fresh writes, which other threads can read. With T
   threads, thread i owns the ranks i, i + T, i + 2 T ... It inserts its next
   rank and removes its oldest one. While a thread sleeps, its keys stay in the
   map. The cache line of `base` is written once every 64 writes. */
struct rm_fresh {
	/* (number of writes + fresh_guard) * T; added to a drawn rank */
	alignas(RM_CACHE_LINE) _Atomic(uint64_t) base;
};

/* Number of fresh writes of a thread between two updates of `base`. */
enum { RM_FRESH_PUBLISHED = 64 };

/* Returns how many of a thread's oldest ranks look-ups exclude, since the
   thread may have removed them: a quarter of its keys, but at most twice
   RM_FRESH_PUBLISHED. */
static inline uint64_t rm_fresh_guard(uint64_t keys, unsigned threads)
{
	const uint64_t quarter = keys / threads / 4;
	const uint64_t most = 2 * RM_FRESH_PUBLISHED;

	return quarter < most ? quarter : most;
}

/* Returns the number of ranks from which look-ups draw. */
static inline uint64_t rm_fresh_span(uint64_t keys, unsigned threads)
{
	const uint64_t own = keys / threads;

	return own ? (own - rm_fresh_guard(keys, threads)) * threads : keys;
}

/* Initialises one element per thread before the first write. `guard` is 0 if
   writes are not fresh. */
static inline void rm_fresh_init(
        struct rm_fresh *fresh, uint64_t guard, unsigned threads)
{
	for (unsigned i = 0; i < threads; i++)
		atomic_init(&fresh[i].base, guard * threads);
}

/* Returns rm_worker.fresh_magic, which computes a remainder by `threads`
   without a division. */
static inline uint64_t rm_fresh_magic(unsigned threads)
{
	return UINT64_MAX / threads + 1;
}

struct rm_pace; /* schedule of the open loop (runner/trial/internal.h) */

/* State of one thread of a trial. The runner initialises it. The loop changes
   rng, sequence, position, key_sum and counts. Only its own thread writes
   it. */
struct rm_worker {
	alignas(RM_CACHE_LINE) void *thread; /* handle from join() */
	const atomic_bool *stop;             /* set once, at the end of the
					      * window */
	struct rm_fresh *fresh;              /* one per slot */
	const uint32_t *stream; /* ranks, or entries of a replay; or NULL */
	uint64_t stream_mask;   /* length (a power of two) - 1; 0 in a replay */
	uint64_t position;      /* index of the next entry in the stream */
	struct rm_pace *pace;   /* open loop; otherwise NULL */
	uint64_t rng;
	uint64_t resident;    /* n: number of resident ranks */
	uint64_t span;        /* lookups draw from [0, span); n / (1 - share of
	                         misses) */
	uint64_t fresh_guard; /* number of a thread's oldest ranks that look-ups
			       * exclude; 0 unless writes are fresh */
	uint32_t write_below; /* share of writes, in units of 2^-32 */
	enum rm_write_kind write_kind;
	unsigned slot;             /* 0 to threads - 1; also writer id */
	unsigned threads;          /* number of threads of the trial */
	bool measured;             /* false in the warm-up */
	bool replay;               /* the stream contains operations */
	const uint64_t *loop_args; /* times in ns, counts, indexes of words */
	uint64_t iterations_limit; /* UINT64_MAX: run until `stop` */
	uint64_t sequence;         /* sequence number of this thread's values */
	uint64_t key_sum;          /* mixed ranks: inserted - removed */
	struct rm_counts counts;
	struct rm_key_bytes line;    /* string key of lookups */
	struct rm_key_bytes written; /* string key of writes */
	bool timed;                  /* the map's own loop times operations */
	void *held;                  /* resources of rm_impl.open() */
	_Atomic(uint64_t) *turns;    /* shared; see struct rm_session_wave */
	const struct rm_skew *skew;  /* for zipf and hot; otherwise NULL */
	uint64_t fresh_done;         /* number of fresh writes of this thread */
	uint64_t fresh_magic;        /* UINT64_MAX / threads + 1 */
};

#endif /* RM_WORKER_H */
