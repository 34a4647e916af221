/* SPDX-License-Identifier: Apache-2.0 */
/*
 * world.h - one simulation: a model, and the code that runs on its cores.
 *
 * The main thread runs outside the machine, on its own stack at a fixed
 * address. If it would block (barrier, join, sleep), the cores run until the
 * event occurs. Its own code takes no virtual time.
 */
#ifndef RM_SIM_WORLD_H
#define RM_SIM_WORLD_H

#include "runner/base/error.h"
#include "runner/sim/guest/ctx.h"
#include "runner/sim/model/model.h"

#include <stdbool.h>

/* Result of a simulation. */
enum rm_sim_end {
	RM_SIM_COMPLETE,
	RM_SIM_DEADLOCK, /* all cores wait, and none can wake them */
	RM_SIM_LIMIT,    /* the limit of virtual time was reached */
	RM_SIM_MISUSE,   /* a call is unsupported or has undefined behaviour */
};

struct rm_sim_world_options {
	const struct rm_sim_mach *mach; /* the simulation copies it */
	unsigned cores;
	uint64_t seed;       /* seed for the start times of the cores */
	uint64_t limit_ns;   /* limit of virtual time; 0: none */
	unsigned main_depth; /* offset of the main thread's first frame from the
	                        top of its stack, in bytes; a multiple of 16 */
};

/*
 * Runs main(argument) as the main thread of simulated code. Call it once per
 * process. Returns enum rm_sim_end, or a negative errno if the world could not
 * be created. If the result is not RM_SIM_COMPLETE, main() has not returned,
 * its resources are lost, and `error` contains the reason.
 */
int rm_sim_world_run(const struct rm_sim_world_options *options,
        void (*main)(void *argument), void *argument, struct rm_error *error);

/* Returns the model; NULL before and after rm_sim_world_run(). The main thread
   uses it, for example to reset and read counts. */
struct rm_sim *rm_sim_world_model(void);

/* --- for the other files of this folder --- */

enum rm_sim_thread_state {
	RM_SIM_RUNNING,
	RM_SIM_AT_BARRIER, /* not ready until the main thread releases it */
	RM_SIM_ENDED,
};

struct rm_sim_thread {
	struct rm_sim_ctx ctx;
	enum rm_sim_thread_state state;
	void *(*entry)(void *);
	void *argument;
	void *result;
	int cpu;           /* -1: the number of its core */
	const void *futex; /* for messages about deadlocks */
};

struct rm_sim_world {
	struct rm_sim *model;
	struct rm_sim_world_options options;
	struct rm_sim_thread thread[RM_SIM_CORES_MAX + 1]; /* and the timer */
	struct rm_sim_ctx main_ctx, host_ctx;
	unsigned threads;  /* number of created threads */
	unsigned rounds;   /* number of barriers passed */
	uint64_t main_now; /* clock of the main thread, in cycles */
	uint64_t alarm;    /* time of the timer core, or RM_SIM_FOREVER */
	uint64_t limit;    /* limit of virtual time, in cycles */
	uint64_t foreign;  /* number of accesses to memory outside the
	                      simulation */
	bool alarm_rang;
	bool timer_set; /* true if the context of the timer core exists */
	enum rm_sim_end end;
	struct rm_error error;
	void (*main)(void *argument);
	void *main_argument;
};

extern struct rm_sim_world *rm_sim_world;

/* The running core; NULL: the main thread runs. Read at every access. */
extern struct rm_sim_core *rm_sim_running;

/* Switches to `next`. NULL: switches to the main thread, or stops because of a
   deadlock. Returns when this core runs again. */
void rm_sim_world_switch(struct rm_sim_core *next);

/* Lets a core with an earlier time run, if there is one. */
void rm_sim_world_yield(void);

/* Runs the cores until virtual time reaches `until` cycles. Main thread
   only. */
void rm_sim_world_sleep(uint64_t until);

/* Ends the simulation with a reason. Does not return. */
_Noreturn void rm_sim_world_stop(
        enum rm_sim_end end, const struct rm_error *error);

/* Return the virtual time of the running core or of the main thread, in cycles
   and in ns. */
uint64_t rm_sim_world_now(void);
uint64_t rm_sim_world_now_ns(void);

/* Converts `ns` to cycles, rounded up; at most INT64_MAX. */
uint64_t rm_sim_world_cycles_of_ns(uint64_t ns);

/* Advances the running core's virtual time by `cycles`. */
void rm_sim_world_spend(uint64_t cycles);

#endif /* RM_SIM_WORLD_H */
