/* SPDX-License-Identifier: Apache-2.0 */
/*
 * world.h - one schedule while it runs: lanes, steps, and what each access
 * passes. Inside verify/explore only.
 *
 * A lane is a thread of the program that is explored: lane 0 the main thread,
 * which makes the map and takes it down alone, lanes 1 and up its threads.
 * All are stacks on one thread of the host. A *step* is an access that another
 * lane could see; before each the scheduler may give the turn away.
 */
#ifndef RM_EXPLORE_WORLD_H
#define RM_EXPLORE_WORLD_H

#include "runner/sim/guest/ctx.h"
#include "runner/sim/guest/space.h"
#include "verify/explore/explore.h"
#include "verify/explore/meet.h"
#include "verify/explore/schedule.h"

enum { RM_EXPLORE_LANES = RM_EXPLORE_THREADS_MAX + 1 };

/* What a lane waits for. */
enum rm_explore_wait {
	RM_EXPLORE_READY,
	RM_EXPLORE_FOR_MUTEX,
	RM_EXPLORE_FOR_READ,
	RM_EXPLORE_FOR_WRITE,
	RM_EXPLORE_FOR_SIGNAL, /* of a condition */
	RM_EXPLORE_FOR_FUTEX,
	RM_EXPLORE_FOR_BARRIER,
	RM_EXPLORE_FOR_LANES, /* the main thread, for all others */
	RM_EXPLORE_ENDED,
};

struct rm_explore_lane {
	struct rm_sim_ctx ctx;
	uintptr_t stack; /* its lowest byte; RM_SIM_STACK_BYTES */
	uint32_t id;
	enum rm_explore_wait wait;
	const void *waits_for;  /* the lock's or word's address */
	const void *waits_site; /* where in the map */
	int operation;          /* the one it is in; -1: none */
	bool untold;            /* what it does is no event of the trace */
	uint64_t looked; /* at a clock: in steps, and one more; 0: never */
	void (*entry)(struct rm_explore_lane *lane);
	/* where its operation has accessed nothing yet: what says anew that it
	   begins, and the steps when it began; NULL: there is none such */
	void (*begins)(struct rm_explore_lane *lane);
	uint64_t began;
};

/* What a schedule that failed says of itself. */
struct rm_explore_finding {
	enum rm_explore_fault fault;
	char what[512];
	unsigned lane;
	const void *site[2]; /* code: where it failed, and the other place */
};

/* Atomic accesses are two above plain ones, writes one above reads. */
enum rm_explore_kind {
	RM_EXPLORE_READS,
	RM_EXPLORE_WRITES,
	RM_EXPLORE_LOADS,
	RM_EXPLORE_STORES,
	RM_EXPLORE_LOCKS, /* a lock's or a futex' word */
	/* under a model of memory */
	RM_EXPLORE_FENCES,
	RM_EXPLORE_WAITS,  /* a store that goes into the buffer */
	RM_EXPLORE_LEAVES, /* it is seen by all */
};

/* One visible access, of a trace. */
struct rm_explore_event {
	uint8_t lane, kind; /* enum rm_explore_kind */
	int16_t operation;
	const void *site;
	bool looks_back; /* a load that reads an older store, of this lane: */
	uint8_t older_lane;
	const void *older_site; /* NULL: what was there at the start */
	uintptr_t at;           /* of a plain write, until its value is there */
	uint8_t bytes;  /* of `at` and `value`, 8 at most; 0: none is told */
	uint64_t value; /* that was read, or written */
};

struct rm_explore_model; /* memory.h */

struct rm_explore_world {
	struct rm_explore_lane lane[RM_EXPLORE_LANES];
	struct rm_explore_lane *running; /* NULL: the host's own stack */
	uint32_t left;    /* steps up to the next decision, that one included */
	uint32_t granted; /* at the last decision */
	uint32_t ready;   /* lanes, as bits */
	uint32_t ended;   /* the same */
	uint32_t buffers; /* that hold stores, as bits of turns' lanes */
	unsigned lanes;   /* the main thread included */
	bool alone;       /* only lane 0 runs: nobody sees what it does */
	uint32_t alone_left;   /* what it may still do so: accesses, calls */
	uint64_t alone_passed; /* time that went by so, in steps */
	uint64_t steps, limit; /* up to the last decision; most */
	uint64_t patience;     /* more than usual: steps until who ends
	                          nothing is taken to wait for others */
	uint64_t got_on;       /* steps, when an operation last ended */
	uint64_t footprint;    /* of what the main thread accesses alone */
	uint64_t switches;
	uint64_t turn_began; /* steps, when the running lane began to run, or
	                        ended an operation */
	uint64_t stamp;      /* of the history */
	uint32_t number;     /* of this run in this process, from 1 */
	struct rm_explore_schedule *schedule;
	const struct rm_explore_model
	        *model; /* NULL: sequentially consistent */
	struct rm_sim_ctx host;
	void (*main)(struct rm_explore_lane *lane);
	struct rm_explore_finding finding;
	bool starved; /* the host's memory was out: nothing is known of the map */
	struct rm_explore_event *trace; /* NULL: none is kept */
	size_t trace_count, trace_room;
	struct rm_explore_stretch stretch; /* of the running lane */
	uint64_t trace_lost;               /* events that had no room */
};

extern struct rm_explore_world rm_explore;

/* Reserves what schedules need; the first call of a process does. 0 or -errno
   with `error`. */
int rm_explore_open(struct rm_error *error);

/* --- lanes.c --- */

/* Reserves stacks, and lets signals end a schedule. Once a process. 0 or
   -errno with `error`. */
int rm_explore_lanes_open(struct rm_error *error);

/* Runs main(lane 0) under `schedule` until it returns or something stops it;
   rm_explore.finding is how it ended. */
void rm_explore_begin(struct rm_explore_schedule *schedule, uint64_t limit,
        void (*main)(struct rm_explore_lane *lane));

/* Lane 0: runs entry() on lanes 1 .. threads; returns when all have ended. */
void rm_explore_together(
        unsigned threads, void (*entry)(struct rm_explore_lane *lane));

/* A decision is due, at a step, or because a lane gives its turn away. */
void rm_explore_decide(void);
void rm_explore_yield(void);

/* The running lane has ended an operation: it does not wait for others, and
   from here on there are `more` steps at least before all is a livelock. */
void rm_explore_got_on(uint64_t more);

/* The running lane begins an operation. Before its first access others may run:
   then it begins behind what they did, and begins() is called. */
void rm_explore_begins(void (*begins)(struct rm_explore_lane *lane));

/* The running lane waits until it is woken; returns then. */
void rm_explore_block(
        enum rm_explore_wait wait, const void *address, const void *site);
/* Wakes at most `count` lanes that wait like this for `address`, the lowest
   first; how many. The next step is a decision. */
unsigned rm_explore_wake(
        enum rm_explore_wait wait, const void *address, unsigned count);

/* Ends the schedule with a finding; does not return to simulated code. */
void rm_explore_stop(enum rm_explore_fault fault, const void *site,
        const void *other, const char *format, ...)
        __attribute__((noreturn, format(printf, 4, 5)));

/* realloc() of what the schedule needs of the host, which a lane runs into. It
   always has memory: where there is none the schedule ends without a finding,
   as starved, and `old` is as it was. */
void *rm_explore_larger(void *old, size_t bytes);

/* "thread 1", "the main thread". */
const char *rm_explore_lane_name(unsigned lane);

/* --- lanes.c, for models of memory --- */

/* Of `most` older stores that the running lane's load may read: how many stores
   back it reads. */
uint32_t rm_explore_look_back(uint32_t most);
/* A store waits in the running lane's buffer. */
void rm_explore_buffered(void);

/* --- events.c --- */

/* Keeps what an event of the trace was. */
void rm_explore_note(enum rm_explore_kind kind, const void *site);
/* Of that event's value: what the running lane reads there just now, or is
   about to write there itself; or what it has read or written atomically. */
void rm_explore_note_place(uintptr_t at, unsigned bytes);
void rm_explore_note_value(uint64_t value, unsigned bytes);
/* The event writes a part of what the program writes behind the last part: no
   value is known of it. */
void rm_explore_note_part(void);
/* The event compared, and changed what was there, or did not. */
void rm_explore_note_compared(bool changed);
/* Under a model of memory: the event reads the store of this lane and place; it
   has gone into the buffer; a store has left it. */
void rm_explore_note_older(unsigned lane, const void *site);
void rm_explore_note_waits(void);
void rm_explore_note_leaves(unsigned lane, const void *site);

/* --- the passage of each access --- */

/* One step of the running lane, before its effect. */
static inline void rm_explore_step(void)
{
	if (__builtin_expect(--rm_explore.left == 0, 0))
		rm_explore_decide();
}

/* In the place of a step, where lane 0 is alone: what it does may be without an
   end. */
static inline void rm_explore_alone_step(const void *site)
{
	if (__builtin_expect(!rm_explore.alone_left--, 0))
		rm_explore_stop(RM_EXPLORE_LIVELOCK, site, NULL,
		        "the main thread, alone, comes to no end");
}

/* The running lane does more than access a word. */
static inline void rm_explore_opaque(void)
{
	rm_explore.stretch.opaque = true;
}

#endif /* RM_EXPLORE_WORLD_H */
