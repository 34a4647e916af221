/* SPDX-License-Identifier: Apache-2.0 */
/*
 * world.h - the state of a running schedule: lanes, steps, and hooks for each
 * access. Inside verify/explore only.
 *
 * A lane is a thread of the explored program. Lane 0 is the main thread, which
 * creates and destroys the map alone; lanes 1 and up are the program's threads.
 * All are stacks on one host thread. A *step* is an access that another lane
 * could see; before each step the scheduler may switch.
 */
#ifndef RM_EXPLORE_WORLD_H
#define RM_EXPLORE_WORLD_H

#include "runner/sim/guest/ctx.h"
#include "runner/sim/guest/space.h"
#include "verify/explore/conflicts.h"
#include "verify/explore/explore.h"
#include "verify/explore/schedule.h"

enum { RM_EXPLORE_LANES = RM_EXPLORE_THREADS_MAX + 1 };

/* Reasons for which a lane waits. */
enum rm_explore_wait {
	RM_EXPLORE_READY,
	RM_EXPLORE_FOR_MUTEX,
	RM_EXPLORE_FOR_READ,
	RM_EXPLORE_FOR_WRITE,
	RM_EXPLORE_FOR_SIGNAL, /* waits for the signal of a condition */
	RM_EXPLORE_FOR_FUTEX,
	RM_EXPLORE_FOR_BARRIER,
	RM_EXPLORE_FOR_LANES, /* the main thread: for all others to end */
	RM_EXPLORE_ENDED,
};

struct rm_explore_lane {
	struct rm_sim_ctx ctx;
	uintptr_t stack; /* lowest byte of the stack; RM_SIM_STACK_BYTES */
	uint32_t id;
	enum rm_explore_wait wait;
	const void *waits_for;  /* the lock's or word's address */
	const void *waits_site; /* place of the wait in the map's code */
	int operation;          /* index of the current operation; -1: none */
	bool untraced;          /* excluded from the trace */
	/* step of the last clock read, plus one; 0: never */
	uint64_t clock_read_at;
	void (*entry)(struct rm_explore_lane *lane);
	/* Set while the current operation has made no access: stamps its
	   beginning again, if other lanes have run since. Otherwise NULL. */
	void (*restamp)(struct rm_explore_lane *lane);
	bool inside;    /* between the beginning and the end of an operation */
	uint64_t began; /* steps at the beginning of the operation */
	uint64_t had_taken; /* steps of this lane at that time */
	uint64_t steps;     /* steps of this lane up to its last decision */
};

/* How a schedule failed. */
struct rm_explore_finding {
	enum rm_explore_fault fault;
	char what[512];
	unsigned lane;
	const void *site[2]; /* code: the failing place, a related one */
};

/* Atomic kinds are plain ones plus 2, and writes are reads plus 1. */
enum rm_explore_kind {
	RM_EXPLORE_READS,
	RM_EXPLORE_WRITES,
	RM_EXPLORE_LOADS,
	RM_EXPLORE_STORES,
	RM_EXPLORE_LOCKS, /* the word of a lock or a futex */
	RM_EXPLORE_UNLOCKS,
	/* only under a memory model */
	RM_EXPLORE_FENCES,
	RM_EXPLORE_WAITS,  /* a store enters the buffer */
	RM_EXPLORE_LEAVES, /* a store leaves it, visible to all */
};

/* One visible access of a trace. */
struct rm_explore_event {
	uint8_t lane, kind; /* enum rm_explore_kind */
	int16_t operation;
	const void *site;
	bool looks_back; /* a load that reads an older store, by this lane: */
	uint8_t older_lane;
	const void *older_site; /* NULL: the initial value */
	uintptr_t at;   /* set in a plain write until its value is recorded */
	uint8_t bytes;  /* size of `at` and `value`, at most 8; 0: unknown */
	uint64_t value; /* value that was read or written */
};

struct rm_explore_model; /* see memory.h */

struct rm_explore_world {
	struct rm_explore_lane lane[RM_EXPLORE_LANES];
	struct rm_explore_lane *running; /* NULL: the host's own stack */
	uint32_t left;    /* steps up to and including the next decision */
	uint32_t granted; /* steps granted at the last decision */
	uint32_t ready;   /* lanes, as bits */
	uint32_t ended;   /* lanes, as bits */
	/* nonempty buffers, as bits of the lanes of turns */
	uint32_t buffers;
	unsigned lanes; /* number of lanes, including the main thread */
	bool alone;     /* only lane 0 runs: its work is invisible */
	bool hashes;    /* `footprint` is needed */
	/* accesses and calls that lane 0 may still make */
	uint32_t alone_left;
	uint64_t alone_passed; /* time that passed while alone, in steps */
	/* steps up to the last decision, and their maximum */
	uint64_t steps, limit;
	uint64_t patience;      /* extra steps until a lane that ends no
	                          operation is assumed to wait for others */
	uint64_t last_progress; /* steps when an operation last ended */
	uintptr_t at;           /* address of the last access that is a step */
	uint64_t footprint;     /* hash of accesses while alone, if `hashes` */
	uint64_t switches;
	uint64_t turn_began; /* steps when the running lane was switched to, or
	                        ended an operation */
	uint64_t stamp;      /* counter of stamps for the history */
	uint32_t number;     /* number of this run in this process, from 1 */
	struct rm_explore_schedule *schedule;
	const struct rm_explore_model
	        *model; /* NULL: sequentially consistent */
	struct rm_sim_ctx host;
	void (*main)(struct rm_explore_lane *lane);
	struct rm_explore_finding finding;
	const char *lock_free; /* the map's promise that an operation never
	                          waits for another thread; NULL: none */
	bool collides;         /* the keys have equal hashes */
	bool abandoned;        /* see rm_explore_abandon() */
	bool starved; /* the host ran out of memory: no verdict on the map */
	struct rm_explore_event *trace; /* NULL: not recorded */
	size_t trace_count, trace_room;
	struct rm_explore_stretch stretch; /* stretch of the running lane */
	uint64_t trace_lost;               /* events that did not fit */
	uint64_t trace_from; /* steps before the first event; 0: none */
};

extern struct rm_explore_world rm_explore;

/* Reserves host resources for schedules, at the first call in a process.
   Returns 0, or -errno with `error`. */
int rm_explore_open(struct rm_error *error);

/* --- lanes.c --- */

/* Reserves stacks, and makes signals end a schedule. Call once per process.
   Returns 0, or -errno with `error`. */
int rm_explore_lanes_open(struct rm_error *error);

/* Runs main(lane 0) under `schedule` until it returns or a fault stops it;
   stores the result in rm_explore.finding. */
void rm_explore_begin(struct rm_explore_schedule *schedule, uint64_t limit,
        void (*main)(struct rm_explore_lane *lane));

/* Called by lane 0: runs entry() on lanes 1 .. threads until all have ended. */
void rm_explore_run_threads(
        unsigned threads, void (*entry)(struct rm_explore_lane *lane));

/* Makes a decision, at a step or because the lane yields. */
void rm_explore_decide(void);
void rm_explore_yield(void);

/* Called when the running lane has ended an operation, so it is not waiting for
   others. The schedule gets at least `more` further steps before it is a
   livelock. */
void rm_explore_note_progress(uint64_t more);

/* Called when the running lane begins an operation. If other lanes run before
   its first access, restamp() is called, so that the operation begins after
   their work. */
void rm_explore_begin_operation(void (*restamp)(struct rm_explore_lane *lane));

/* Blocks the running lane until another lane wakes it. */
void rm_explore_block(
        enum rm_explore_wait wait, const void *address, const void *site);
/* Wakes at most `count` lanes that wait like this for `address`, the lowest
   first, and returns their number. The next step is a decision. */
unsigned rm_explore_wake(
        enum rm_explore_wait wait, const void *address, unsigned count);

/* Ends the schedule with a finding; does not return to simulated code. */
void rm_explore_stop(enum rm_explore_fault fault, const void *site,
        const void *other, const char *format, ...)
        __attribute__((noreturn, format(printf, 4, 5)));

/* Ends the schedule without a verdict if its keys have equal hashes, because
   some designs, such as cuckoo hashing, then grow without end. Otherwise
   returns. */
void rm_explore_abandon(void);

/* Like realloc(), for the host's bookkeeping; called from a lane. Never returns
   NULL: if memory is out, the schedule ends as starved, without a finding, and
   `old` is unchanged. */
void *rm_explore_realloc(void *old, size_t bytes);

/* Returns "thread 1" or "the main thread". */
const char *rm_explore_lane_name(unsigned lane);

/* --- walk.c --- */

/* Called before each schedule. */
void rm_explore_walk_reset(void);
/* Called at each decision after the limit of steps, with the address of the
   next access. Returns false for a livelock: the lanes have accessed few new
   addresses for some time, or walked for too long. May abandon the schedule. */
bool rm_explore_walks(uint64_t steps, uint64_t address);

/* --- lanes.c, for memory models --- */

/* Returns the age of the store that the running lane's load reads, 0 ..
   `most`. */
uint32_t rm_explore_choose_store(uint32_t most);
/* Called after a store entered the running lane's buffer. */
void rm_explore_store_buffered(void);

/* --- lanes.c, for schedulers --- */

/* Called before the step of a compare-exchange, for a lane that stalls at
   one. */
void rm_explore_count_compare(void);

/* --- events.c --- */

/* Adds an event to the trace. */
void rm_explore_note(enum rm_explore_kind kind, const void *site);
/* Sets that event's value: by address, if the running lane reads it now or will
   write it itself; or directly, if the access was atomic. */
void rm_explore_note_place(uintptr_t at, unsigned bytes);
void rm_explore_note_value(uint64_t value, unsigned bytes);
/* The event is one part of a longer write that is performed later, so its value
   is unknown. */
void rm_explore_note_part(void);
/* The event was a compare-exchange, which succeeded (`changed`) or failed. */
void rm_explore_note_compared(bool changed);
/* The event was the step of an unlock. */
void rm_explore_note_unlocks(void);
/* Completes an event of a memory model: a load that reads an older store of
   this lane, a store that enters the buffer, or a store that leaves a buffer.
   */
void rm_explore_note_older(unsigned lane, const void *site);
void rm_explore_note_waits(void);
void rm_explore_note_leaves(unsigned lane, const void *site);

/* --- hooks of each access --- */

/* Takes one step of the running lane, before the effect of the access. */
static inline void rm_explore_step(void)
{
	if (__builtin_expect(--rm_explore.left == 0, 0))
		rm_explore_decide();
}

/* Called instead of a step while lane 0 is alone: limits its work, which may be
   endless. */
static inline void rm_explore_alone_step(const void *site)
{
	if (__builtin_expect(!rm_explore.alone_left--, 0))
		rm_explore_stop(RM_EXPLORE_LIVELOCK, site, NULL,
		        "the main thread, alone, runs without end");
}

/* Records that the running lane does more than access a word. */
static inline void rm_explore_mark_opaque(void)
{
	rm_explore.stretch.opaque = true;
}

#endif /* RM_EXPLORE_WORLD_H */
