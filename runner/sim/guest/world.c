/* SPDX-License-Identifier: Apache-2.0 */
/*
 * world.c - simulated threads: schedule, virtual time, barriers, termination.
 *
 * A core runs until it must wait or another one is earlier; then it switches to
 * the core that the model selects. A main thread that would block lets the
 * cores run until it can continue. So the model's scheduler is the only one.
 */
#include "runner/sim/guest/world.h"

#include "runner/base/rng.h"
#include "runner/sim/guest/guest.h"
#include "runner/sim/guest/space.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Global, because simulated code has no handle to pass. */
static struct rm_sim_world only;
struct rm_sim_world *rm_sim_world = &only;
struct rm_sim_core *rm_sim_running;

/* nanoseconds times cycles overflow 64 bits after hours */
__extension__ typedef unsigned __int128 u128;

/* Each core leaves a barrier up to so many cycles late: see release(). */
enum { START_SPREAD = 200 };

struct rm_sim *rm_sim_world_model(void)
{
	return only.model;
}

/* The core whose thread only signals the main thread's alarm. */
static unsigned timer_id(void)
{
	return only.options.cores;
}

/* The timer is an additional core of the model, after the last one. A machine
   with RM_SIM_CORES_MAX cores has none and cannot sleep. */
static bool has_timer(void)
{
	return timer_id() < RM_SIM_CORES_MAX;
}

/* Separate, because its message would enlarge each switch's stack frame. */
static _Noreturn __attribute__((noinline)) void past_limit(unsigned core)
{
	struct rm_error error = { "" };

	rm_error_set(&error, -ETIME,
	        "virtual time ran out: core %u is past %" PRIu64 " ns", core,
	        only.options.limit_ns);
	rm_sim_world_stop(RM_SIM_LIMIT, &error);
}

void rm_sim_world_switch(struct rm_sim_core *next)
{
	struct rm_sim_thread *self = &only.thread[rm_sim_running->id];

	/* also if the core keeps running, since no other core would stop it */
	if (next && next->now > only.limit)
		past_limit(next->id);
	if (next == rm_sim_running)
		return;
	rm_sim_running = next;
	if (next) {
		/* The core after it most often runs next, so prefetch the top
		   of its stack on the host. */
		const char *stack = only.thread[next->after].ctx.stack_pointer;

		__builtin_prefetch(stack);
		__builtin_prefetch(stack + 64);
		__builtin_prefetch(stack + 128);
	}
	rm_sim_ctx_switch(
	        &self->ctx, next ? &only.thread[next->id].ctx : &only.main_ctx);
}

void rm_sim_world_yield(void)
{
	rm_sim_world_switch(rm_sim_turn(only.model));
}

uint64_t rm_sim_world_now(void)
{
	return rm_sim_running ? rm_sim_running->now : only.main_now;
}

uint64_t rm_sim_world_now_ns(void)
{
	return (uint64_t)((u128)rm_sim_world_now() * 1000 /
	                  only.options.mach->mhz);
}

uint64_t rm_sim_world_cycles_of_ns(uint64_t ns)
{
	u128 cycles = ((u128)ns * only.options.mach->mhz + 999) / 1000;

	/* leaves room for additions to a time that is never reached */
	return cycles > INT64_MAX ? INT64_MAX : (uint64_t)cycles;
}

void rm_sim_world_spend(uint64_t cycles)
{
	if (rm_sim_running)
		rm_sim_spend(rm_sim_running, cycles);
}

/* Whether every thread waits at a barrier or has ended. */
static bool settled(void)
{
	for (unsigned i = 0; i < only.threads; i++)
		if (only.thread[i].where == RM_SIM_RUNNING)
			return false;
	return true;
}

/* Stops this core's thread at a barrier or finally. */
static void stop_here(struct rm_sim_thread *self, enum rm_sim_where where)
{
	struct rm_sim_core *next;

	self->where = where;
	next = rm_sim_finish(only.model);
	/* even if the timer could run: it is not needed any more */
	rm_sim_world_switch(settled() ? NULL : next);
}

/* Lists the waiting cores, up to a few. */
static _Noreturn void deadlock(void)
{
	struct rm_error error = { "" };
	char who[160] = "";
	size_t used = 0;

	for (unsigned i = 0; i < only.threads && used < sizeof(who) - 40; i++)
		if (only.thread[i].where == RM_SIM_RUNNING)
			used += (size_t)snprintf(who + used, sizeof(who) - used,
			        "%score %u for memory +0x%" PRIx64,
			        used ? ", " : "", i,
			        rm_sim_space_offset(
			                (uintptr_t)only.thread[i].futex));
	rm_error_set(&error, -EDEADLK,
	        "deadlock: cores wait and none can wake them: %s", who);
	rm_sim_world_stop(RM_SIM_DEADLOCK, &error);
}

/* Runs cores until one switches to the main thread, which may be another core
   than `next`. NULL: all cores wait and none can wake them. */
static void run(struct rm_sim_core *next)
{
	if (!next)
		deadlock();
	rm_sim_running = next;
	rm_sim_ctx_switch(&only.main_ctx, &only.thread[next->id].ctx);
	rm_sim_running = NULL;
}

/* Checks the limit of virtual time, because run() bypasses the check in
   rm_sim_world_switch(). */
static void run_until_settled(void)
{
	while (!settled() && !only.alarm_rang) {
		struct rm_sim_core *next = rm_sim_turn(only.model);

		if (next && next->now > only.limit)
			past_limit(next->id);
		run(next);
	}
}

/* Releases all threads from the barrier, at slightly different times: with
   equal starts the cores would meet at each line in the same order. */
static void release(void)
{
	uint64_t seed = rm_seed(only.options.seed, ++only.rounds);

	for (unsigned i = 0; i < only.threads; i++) {
		uint64_t now = rm_sim_core(only.model, i)->now;

		if (now > only.main_now)
			only.main_now = now;
	}
	for (unsigned i = 0; i < only.threads; i++) {
		uint64_t late = rm_below(rm_seed(seed, i), START_SPREAD);

		if (only.thread[i].where != RM_SIM_AT_BARRIER)
			continue;
		only.thread[i].where = RM_SIM_RUNNING;
		rm_sim_spawn(only.model, i, only.main_now + late);
	}
}

int rm_sim_team_barrier_wait(pthread_barrier_t *barrier)
{
	(void)barrier; /* one team, one barrier */
	if (rm_sim_running) {
		stop_here(&only.thread[rm_sim_running->id], RM_SIM_AT_BARRIER);
		return 0;
	}
	run_until_settled();
	release();
	return PTHREAD_BARRIER_SERIAL_THREAD;
}

/* The timer core: waits, switches to the main thread, ends. */
static void timer_entry(void)
{
	for (;;) {
		rm_sim_world_switch(
		        rm_sim_wait(only.model, RM_SIM_NOWHERE, only.alarm));
		only.alarm_rang = true;
		rm_sim_world_switch(NULL);
		rm_sim_world_switch(rm_sim_finish(only.model));
	}
}

void rm_sim_world_sleep(uint64_t until)
{
	if (until <= only.main_now)
		return;
	if (!has_timer())
		rm_sim_misuse("with 128 cores none is left to measure time: "
		              "use a window and a warm-up by count");
	if (!only.timer_set)
		rm_sim_ctx_make(&only.thread[timer_id()].ctx,
		        rm_sim_space_stack(timer_id()), RM_SIM_STACK_BYTES / 2,
		        timer_entry);
	only.timer_set = true;
	only.alarm = until;
	rm_sim_spawn(only.model, timer_id(), only.main_now);
	/* time passes even if all cores are at the barrier early */
	while (!only.alarm_rang)
		run(rm_sim_turn(only.model));
	only.alarm_rang = false;
	only.main_now = until;
}

static void thread_entry(void)
{
	struct rm_sim_thread *self = &only.thread[rm_sim_running->id];

	self->result = self->entry(self->argument);
	stop_here(self, RM_SIM_ENDED);
	__builtin_unreachable();
}

int rm_sim_thread_create(pthread_t *thread, const pthread_attr_t *attr,
        void *(*entry)(void *), void *argument)
{
	struct rm_sim_thread *made = &only.thread[only.threads];

	(void)attr;
	if (rm_sim_running)
		rm_sim_misuse("threads created by a map");
	if (only.threads == only.options.cores)
		return EAGAIN;
	/* Stack tops are staggered by less than a page (rm_sim_space_stack()),
	   so half of RM_SIM_STACK_BYTES is always available. */
	*made = (struct rm_sim_thread){ .entry = entry,
		.argument = argument,
		.where = RM_SIM_RUNNING,
		.cpu = -1 };
	rm_sim_ctx_make(&made->ctx, rm_sim_space_stack(only.threads),
	        RM_SIM_STACK_BYTES / 2, thread_entry);
	rm_sim_spawn(only.model, only.threads, only.main_now);
	*thread = ++only.threads;
	return 0;
}

int rm_sim_thread_join(pthread_t thread, void **result)
{
	struct rm_sim_thread *joined = &only.thread[thread - 1];

	run_until_settled();
	if (joined->where != RM_SIM_ENDED)
		rm_sim_misuse("a join with a thread that waits at a barrier");
	if (result)
		*result = joined->result;
	return 0;
}

_Noreturn void rm_sim_world_stop(
        enum rm_sim_end end, const struct rm_error *error)
{
	struct rm_sim_ctx lost = { NULL };

	only.end = end;
	only.error = *error;
	rm_sim_running = NULL;
	rm_sim_ctx_switch(&lost, &only.host_ctx);
	__builtin_unreachable();
}

_Noreturn void rm_sim_misuse(const char *what)
{
	struct rm_error error = { "" };

	rm_error_set(&error, -ENOTSUP, "not simulated: %s", what);
	rm_sim_world_stop(RM_SIM_MISUSE, &error);
}

static void main_entry(void)
{
	struct rm_error none = { "" };

	only.main(only.main_argument);
	rm_sim_world_stop(RM_SIM_COMPLETE, &none);
}

int rm_sim_world_run(const struct rm_sim_world_options *options,
        void (*main)(void *argument), void *argument, struct rm_error *error)
{
	unsigned cores = options->cores;
	int status = rm_sim_space_open(error);

	if (status)
		return status;
	only.options = *options;
	only.main = main;
	only.main_argument = argument;
	status = rm_sim_create(options->mach,
	        cores < RM_SIM_CORES_MAX ? cores + 1 : cores, RM_SIM_OFFSETS,
	        &only.model, error);
	if (status)
		return status;
	only.options.mach = rm_sim_machine(only.model);
	only.limit = options->limit_ns
	                     ? rm_sim_world_cycles_of_ns(options->limit_ns)
	                     : UINT64_MAX;
	rm_sim_bound(only.model, only.limit);
	rm_sim_ctx_make(&only.main_ctx,
	        (char *)rm_sim_space_stack(RM_SIM_CORES_MAX) -
	                options->main_depth,
	        RM_SIM_STACK_BYTES / 2, main_entry);
	rm_sim_ctx_switch(&only.host_ctx, &only.main_ctx);
	rm_sim_destroy(only.model);
	only.model = NULL;
	if (only.end != RM_SIM_COMPLETE)
		*error = only.error;
	return (int)only.end;
}
