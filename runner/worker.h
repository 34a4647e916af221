/* SPDX-License-Identifier: Apache-2.0 */
/* worker.h - one thread's share of a trial: what the measured loops act on. */
#ifndef RM_WORKER_H
#define RM_WORKER_H

#include "runner/keys.h"
#include "runner/map.h"
#include "runner/skew.h"

#include <stdatomic.h>

enum { RM_BATCH = 64 }; /* iterations between two looks at the stop flag */

enum rm_write_kind {
	RM_UPDATE, /* a resident key, in place */
	RM_CHURN,  /* remove a key, then upsert it again: two operations */
	RM_FRESH,  /* upsert a new key, remove the oldest: two operations */
};

enum rm_operation { RM_LOOKUP, RM_UPSERT, RM_REMOVE, RM_OPERATIONS };

/* What one thread did. Every member counts from 0 at the phase's start. */
struct rm_counts {
	uint64_t iterations;      /* draws: lookups + write decisions */
	uint64_t writes;          /* upserts and removes */
	uint64_t pairs;           /* write decisions that did two operations */
	uint64_t inserts;         /* upserts whose key was not there */
	uint64_t removes;         /* removes whose key was there */
	uint64_t idle_removes;    /* removes whose key was not there */
	uint64_t misses_absent;   /* lookups of never-present ranks */
	uint64_t misses_resident; /* lookups that missed a resident rank */
	uint64_t wrong;           /* not 0: a value was another key's or torn */
};

/*
 * One entry of a replayed stream: a rank below 2^30 and what to do with it.
 * RM_UPSERT is followed by a word: the sequence of the value. RM_OPERATIONS
 * ends the stream.
 */
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

/*
 * The fresh writes that a thread has published. With T threads, thread i owns
 * the ranks i, i + T, i + 2 T ...: it inserts its next rank and removes its
 * oldest one. The keys of a thread that sleeps stay in the map. Other threads
 * read `base`. It has its own cache line, which changes once in 64 writes.
 */
struct rm_fresh {
	/* (writes so far + fresh_guard) * T: added to a drawn rank */
	alignas(RM_CACHE_LINE) _Atomic(uint64_t) base;
};

/* A thread publishes its progress with every fresh write of this number. */
enum { RM_FRESH_PUBLISHED = 64 };

/* Of so many resident keys: a thread's oldest ranks that look-ups leave out, since
   it may have removed them; twice the writes between two publications. */
static inline uint64_t rm_fresh_guard(uint64_t keys, unsigned threads)
{
	const uint64_t quarter = keys / threads / 4;
	const uint64_t most = 2 * RM_FRESH_PUBLISHED;

	return quarter < most ? quarter : most;
}

/* The number of ranks that look-ups draw. */
static inline uint64_t rm_fresh_span(uint64_t keys, unsigned threads)
{
	const uint64_t own = keys / threads;

	return own ? (own - rm_fresh_guard(keys, threads)) * threads : keys;
}

/* Before the first write of `threads` threads, each with an element; the guard is
   0 if no key moves. */
static inline void rm_fresh_init(
        struct rm_fresh *fresh, uint64_t guard, unsigned threads)
{
	for (unsigned i = 0; i < threads; i++)
		atomic_init(&fresh[i].base, guard * threads);
}

/* For rm_worker.fresh_magic: a remainder by `threads` without a division. */
static inline uint64_t rm_fresh_magic(unsigned threads)
{
	return UINT64_MAX / threads + 1;
}

struct rm_pace; /* runner/trial/internal.h: the open loop's schedule */

/*
 * One thread's share of a trial. The runner fills it in; the loop changes
 * rng, sequence, position, key_sum and counts. One writer: its thread.
 */
struct rm_worker {
	alignas(RM_CACHE_LINE) void *thread; /* from join() */
	const atomic_bool *stop;             /* set once, at the window's end */
	struct rm_fresh *fresh;              /* one for each slot */
	const uint32_t *stream; /* sequential: ranks made beforehand; replay:
				    rm_replay_entry(); or NULL */
	uint64_t stream_mask;   /* its length - 1, a power of two - 1;
				    replay: 0 */
	uint64_t position;      /* next one to take */
	struct rm_pace *pace;   /* open loop, or NULL */
	uint64_t rng;
	uint64_t resident;    /* n: ranks kept resident */
	uint64_t span;        /* lookups draw from [0, span): n / (1 - m) */
	uint64_t fresh_guard; /* fresh: oldest ranks of a thread that
	                         look-ups leave out */
	uint32_t write_below; /* iterations that write, of 2^32 */
	enum rm_write_kind write_kind;
	unsigned slot;             /* 0 .. threads - 1; the values' writer */
	unsigned threads;          /* that take part */
	bool measured;             /* false: warm-up */
	bool replay;               /* the stream says what to do */
	const uint64_t *loop_args; /* what follows the loop's name: times in
	                              ns, counts, positions of words */
	uint64_t iterations_limit; /* UINT64_MAX: until stop */
	uint64_t sequence;         /* of this thread's values */
	uint64_t key_sum;          /* + inserted, - removed ranks, mixed */
	struct rm_counts counts;
	struct rm_key_bytes line;    /* lookups' string key */
	struct rm_key_bytes written; /* writes' string key */
	bool timed;                  /* an own loop shall time its operations */
	void *held; /* what rm_impl.open() has opened for an own loop */
	_Atomic(uint64_t) *turns;   /* of struct rm_tide, shared by all */
	const struct rm_skew *skew; /* zipf and hot draws, else NULL */
	uint64_t fresh_done;        /* fresh writes of this thread */
	uint64_t fresh_magic;       /* UINT64_MAX / threads + 1 */
};

#endif /* RM_WORKER_H */
