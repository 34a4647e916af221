/* SPDX-License-Identifier: Apache-2.0 */
/*
 * world.h - one simulation: a model, and the code that runs on its cores.
 *
 * The main thread stands outside the machine, on a stack of its own at a fixed
 * address. Whenever it would block (a barrier, a join, a sleep), the cores run
 * until the event that it waits for; its own steps take no virtual time.
 */
#ifndef RM_SIM_WORLD_H
#define RM_SIM_WORLD_H

#include "runner/base/error.h"
#include "runner/sim/guest/ctx.h"
#include "runner/sim/model/model.h"

#include <stdbool.h>

/* How a simulation ended. */
enum rm_sim_end {
	RM_SIM_COMPLETE,
	RM_SIM_DEADLOCK, /* cores wait and nobody can wake them */
	RM_SIM_LIMIT,    /* virtual time ran out */
	RM_SIM_MISUSE,   /* a call that is not simulated, or undefined */
};

struct rm_sim_world_options {
	const struct rm_sim_mach *mach; /* copied */
	unsigned cores;
	uint64_t seed;       /* of the cores' starting times */
	uint64_t limit_ns;   /* of virtual time; 0: none */
	unsigned main_depth; /* bytes, a multiple of 16: how far down its stack
	                        the main thread begins */
};

/*
 * Runs main(argument) as the main thread of simulated code. One world per
 * process, once. Returns how it ended: after anything but RM_SIM_COMPLETE
 * main() has not returned, `error` says why, and what it held is lost.
 * A negative errno: the world could not be made.
 */
int rm_sim_world_run(const struct rm_sim_world_options *options,
        void (*main)(void *argument), void *argument, struct rm_error *error);

/* The model; NULL before and after rm_sim_world_run(). From the main thread,
   e.g. to reset and read counts. */
struct rm_sim *rm_sim_world_model(void);

/* --- for the other files of this folder --- */

enum rm_sim_where {
	RM_SIM_RUNNING,
	RM_SIM_AT_BARRIER, /* not ready until the main thread says so */
	RM_SIM_ENDED,
};

/* A simulated thread. */
struct rm_sim_thread {
	struct rm_sim_ctx ctx;
	enum rm_sim_where where;
	void *(*entry)(void *);
	void *argument;
	void *result;
	int cpu;           /* that it was pinned to; -1: its core's number */
	const void *futex; /* it waits for, for a deadlock's reason */
};

struct rm_sim_world {
	struct rm_sim *model;
	struct rm_sim_world_options options;
	struct rm_sim_thread thread[RM_SIM_CORES_MAX + 1]; /* + the timer */
	struct rm_sim_ctx main_ctx, host_ctx;
	unsigned threads;  /* created */
	unsigned rounds;   /* barriers passed */
	uint64_t main_now; /* the main thread's clock, cycles */
	uint64_t alarm;    /* the timer core's time, or RM_SIM_FOREVER */
	uint64_t limit;    /* of virtual time, cycles */
	uint64_t foreign;  /* accesses to memory that is not simulated */
	bool alarm_rang;
	bool timer_set; /* the timer core has been given to the model */
	enum rm_sim_end end;
	struct rm_error error;
	void (*main)(void *argument);
	void *main_argument;
};

extern struct rm_sim_world *rm_sim_world;

/* The core that runs, or NULL: the main thread. What every access reads. */
extern struct rm_sim_core *rm_sim_running;

/* Switches to `next` (NULL: to the main thread, or a deadlock). Returns when
   this core runs again. */
void rm_sim_world_switch(struct rm_sim_core *next);

/* Another core is earlier: lets it run. */
void rm_sim_world_yield(void);

/* Main thread only: the cores run until virtual time is `until` cycles. */
void rm_sim_world_sleep(uint64_t until);

/* Ends the simulation with a reason; does not return. */
_Noreturn void rm_sim_world_stop(
        enum rm_sim_end end, const struct rm_error *error);

/* Virtual time of whoever runs, in cycles and in nanoseconds. */
uint64_t rm_sim_world_now(void);
uint64_t rm_sim_world_now_ns(void);

/* Cycles that take `ns`, rounded up; at most INT64_MAX. */
uint64_t rm_sim_world_cycles_of_ns(uint64_t ns);

/* Cycles of virtual time pass for whoever runs. */
void rm_sim_world_spend(uint64_t cycles);

#endif /* RM_SIM_WORLD_H */
