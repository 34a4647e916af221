/* SPDX-License-Identifier: Apache-2.0 */
/*
 * world.c - runs simulated threads: schedule, virtual time, barriers,
 * termination.
 *
 * A core runs until it must wait, or until another core's virtual time is
 * earlier. Then it switches to the core that the model selects. If the main
 * thread would block, it lets the cores run until it can continue. The model's
 * scheduler is the only scheduler.
 */
#include "runner/sim/guest/world.h"

#include "runner/base/rng.h"
#include "runner/sim/guest/guest.h"
#include "runner/sim/guest/space.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Global, because simulated code cannot pass a handle. */
static struct rm_sim_world world;
struct rm_sim_world *rm_sim_world = &world;
struct rm_sim_core *rm_sim_running;

/* the product of nanoseconds and MHz would overflow 64 bits after hours */
__extension__ typedef unsigned __int128 u128;

/* cores leave a barrier at times that differ by up to this many cycles, see
   release_barrier() */
enum { START_SPREAD = 200 };

struct rm_sim *rm_sim_world_model(void)
{
	return world.model;
}

/* Returns the core that only triggers the main thread's alarm. */
static unsigned timer_id(void)
{
	return world.options.cores;
}

/* The timer is an additional core of the model, after the last core. A machine
   with RM_SIM_CORES_MAX cores has no timer, so the main thread cannot sleep. */
static bool has_timer(void)
{
	return timer_id() < RM_SIM_CORES_MAX;
}

/* Not inlined, because its message would enlarge the stack frame of each
   switch. */
static _Noreturn __attribute__((noinline)) void fail_limit(unsigned core)
{
	struct rm_error error = { "" };

	rm_error_set(&error, -ETIME,
	        "virtual time ran out: core %u is past %" PRIu64 " ns", core,
	        world.options.limit_ns);
	rm_sim_world_stop(RM_SIM_LIMIT, &error);
}

void rm_sim_world_switch(struct rm_sim_core *next)
{
	struct rm_sim_thread *self = &world.thread[rm_sim_running->id];

	/* checked even if the core keeps running, since no other core would
	   stop it */
	if (next && next->now > world.limit)
		fail_limit(next->id);
	if (next == rm_sim_running)
		return;
	rm_sim_running = next;
	if (next) {
		/* Prefetches the top of the stack of the core that most often
		   runs next. */
		const char *stack = world.thread[next->after].ctx.stack_pointer;

		__builtin_prefetch(stack);
		__builtin_prefetch(stack + 64);
		__builtin_prefetch(stack + 128);
	}
	rm_sim_ctx_switch(&self->ctx,
	        next ? &world.thread[next->id].ctx : &world.main_ctx);
}

void rm_sim_world_yield(void)
{
	rm_sim_world_switch(rm_sim_turn(world.model));
}

uint64_t rm_sim_world_now(void)
{
	return rm_sim_running ? rm_sim_running->now : world.main_now;
}

uint64_t rm_sim_world_now_ns(void)
{
	return (uint64_t)((u128)rm_sim_world_now() * 1000 /
	                  world.options.mach->mhz);
}

uint64_t rm_sim_world_cycles_of_ns(uint64_t ns)
{
	u128 cycles = ((u128)ns * world.options.mach->mhz + 999) / 1000;

	/* leaves space for additions to a time that is never reached */
	return cycles > INT64_MAX ? INT64_MAX : (uint64_t)cycles;
}

void rm_sim_world_spend(uint64_t cycles)
{
	if (rm_sim_running)
		rm_sim_spend(rm_sim_running, cycles);
}

/* True if every thread waits at a barrier or has ended. */
static bool all_stopped(void)
{
	for (unsigned i = 0; i < world.threads; i++)
		if (world.thread[i].state == RM_SIM_RUNNING)
			return false;
	return true;
}

/* Stops the thread of this core, at a barrier or because it has ended. */
static void stop_thread(
        struct rm_sim_thread *self, enum rm_sim_thread_state state)
{
	struct rm_sim_core *next;

	self->state = state;
	next = rm_sim_finish(world.model);
	/* even if the timer could run, since it is no longer needed */
	rm_sim_world_switch(all_stopped() ? NULL : next);
}

/* Stops the simulation, and lists the first few waiting cores. */
static _Noreturn void deadlock(void)
{
	struct rm_error error = { "" };
	char list[160] = "";
	size_t used = 0;

	for (unsigned i = 0; i < world.threads && used < sizeof(list) - 40; i++)
		if (world.thread[i].state == RM_SIM_RUNNING)
			used += (size_t)snprintf(list + used,
			        sizeof(list) - used,
			        "%score %u for memory +0x%" PRIx64,
			        used ? ", " : "", i,
			        rm_sim_space_offset(
			                (uintptr_t)world.thread[i].futex));
	rm_error_set(&error, -EDEADLK,
	        "deadlock: cores wait and none can wake them: %s", list);
	rm_sim_world_stop(RM_SIM_DEADLOCK, &error);
}

/* Runs cores until one of them switches to the main thread. It may be a
   different core than `next`. NULL: all cores wait, and none can wake them. */
static void run(struct rm_sim_core *next)
{
	if (!next)
		deadlock();
	rm_sim_running = next;
	rm_sim_ctx_switch(&world.main_ctx, &world.thread[next->id].ctx);
	rm_sim_running = NULL;
}

/* Runs the cores until all threads have stopped. Checks the limit of virtual
   time, because run() bypasses the check in rm_sim_world_switch(). */
static void run_until_settled(void)
{
	while (!all_stopped() && !world.alarm_rang) {
		struct rm_sim_core *next = rm_sim_turn(world.model);

		if (next && next->now > world.limit)
			fail_limit(next->id);
		run(next);
	}
}

/* Releases all threads from the barrier at slightly different times. With equal
   times, the cores would reach each cache line in the same order. */
static void release_barrier(void)
{
	uint64_t seed = rm_seed(world.options.seed, ++world.rounds);

	for (unsigned i = 0; i < world.threads; i++) {
		uint64_t now = rm_sim_core(world.model, i)->now;

		if (now > world.main_now)
			world.main_now = now;
	}
	for (unsigned i = 0; i < world.threads; i++) {
		uint64_t late = rm_below(rm_seed(seed, i), START_SPREAD);

		if (world.thread[i].state != RM_SIM_AT_BARRIER)
			continue;
		world.thread[i].state = RM_SIM_RUNNING;
		rm_sim_spawn(world.model, i, world.main_now + late);
	}
}

int rm_sim_team_barrier_wait(pthread_barrier_t *barrier)
{
	(void)barrier; /* all threads are in one team, with one barrier */
	if (rm_sim_running) {
		stop_thread(
		        &world.thread[rm_sim_running->id], RM_SIM_AT_BARRIER);
		return 0;
	}
	run_until_settled();
	release_barrier();
	return PTHREAD_BARRIER_SERIAL_THREAD;
}

/* Entry of the timer core: waits, switches to the main thread, and ends. */
static void timer_entry(void)
{
	for (;;) {
		rm_sim_world_switch(
		        rm_sim_wait(world.model, RM_SIM_NOWHERE, world.alarm));
		world.alarm_rang = true;
		rm_sim_world_switch(NULL);
		rm_sim_world_switch(rm_sim_finish(world.model));
	}
}

void rm_sim_world_sleep(uint64_t until)
{
	if (until <= world.main_now)
		return;
	if (!has_timer())
		rm_sim_reject("with 128 cores no core is left to measure time: "
		              "use a counted window and warm-up");
	if (!world.timer_set)
		rm_sim_ctx_make(&world.thread[timer_id()].ctx,
		        rm_sim_space_stack(timer_id()), RM_SIM_STACK_BYTES / 2,
		        timer_entry);
	world.timer_set = true;
	world.alarm = until;
	rm_sim_spawn(world.model, timer_id(), world.main_now);
	/* time must pass even if all cores reach the barrier early */
	while (!world.alarm_rang)
		run(rm_sim_turn(world.model));
	world.alarm_rang = false;
	world.main_now = until;
}

static void thread_entry(void)
{
	struct rm_sim_thread *self = &world.thread[rm_sim_running->id];

	self->result = self->entry(self->argument);
	stop_thread(self, RM_SIM_ENDED);
	__builtin_unreachable();
}

int rm_sim_thread_create(pthread_t *thread, const pthread_attr_t *attr,
        void *(*entry)(void *), void *argument)
{
	struct rm_sim_thread *created = &world.thread[world.threads];

	(void)attr;
	if (rm_sim_running)
		rm_sim_reject("threads created by a map");
	if (world.threads == world.options.cores)
		return EAGAIN;
	/* Stack tops are staggered by less than a page (rm_sim_space_stack()),
	   so half of RM_SIM_STACK_BYTES is always available. */
	*created = (struct rm_sim_thread){ .entry = entry,
		.argument = argument,
		.state = RM_SIM_RUNNING,
		.cpu = -1 };
	rm_sim_ctx_make(&created->ctx, rm_sim_space_stack(world.threads),
	        RM_SIM_STACK_BYTES / 2, thread_entry);
	rm_sim_spawn(world.model, world.threads, world.main_now);
	*thread = ++world.threads;
	return 0;
}

int rm_sim_thread_join(pthread_t thread, void **result)
{
	struct rm_sim_thread *joined = &world.thread[thread - 1];

	run_until_settled();
	if (joined->state != RM_SIM_ENDED)
		rm_sim_reject("a join with a thread that waits at a barrier");
	if (result)
		*result = joined->result;
	return 0;
}

_Noreturn void rm_sim_world_stop(
        enum rm_sim_end end, const struct rm_error *error)
{
	struct rm_sim_ctx lost = { NULL };

	world.end = end;
	world.error = *error;
	rm_sim_running = NULL;
	rm_sim_ctx_switch(&lost, &world.host_ctx);
	__builtin_unreachable();
}

_Noreturn void rm_sim_reject(const char *what)
{
	struct rm_error error = { "" };

	rm_error_set(&error, -ENOTSUP, "not simulated: %s", what);
	rm_sim_world_stop(RM_SIM_MISUSE, &error);
}

static void main_entry(void)
{
	struct rm_error none = { "" };

	world.main(world.main_argument);
	rm_sim_world_stop(RM_SIM_COMPLETE, &none);
}

int rm_sim_world_run(const struct rm_sim_world_options *options,
        void (*main)(void *argument), void *argument, struct rm_error *error)
{
	unsigned cores = options->cores;
	int status = rm_sim_space_open(error);

	if (status)
		return status;
	world.options = *options;
	world.main = main;
	world.main_argument = argument;
	status = rm_sim_create(options->mach,
	        cores < RM_SIM_CORES_MAX ? cores + 1 : cores, RM_SIM_OFFSETS,
	        &world.model, error);
	if (status)
		return status;
	world.options.mach = rm_sim_machine(world.model);
	world.limit = options->limit_ns
	                      ? rm_sim_world_cycles_of_ns(options->limit_ns)
	                      : UINT64_MAX;
	rm_sim_set_bound(world.model, world.limit);
	rm_sim_ctx_make(&world.main_ctx,
	        (char *)rm_sim_space_stack(RM_SIM_CORES_MAX) -
	                options->main_depth,
	        RM_SIM_STACK_BYTES / 2, main_entry);
	rm_sim_ctx_switch(&world.host_ctx, &world.main_ctx);
	rm_sim_destroy(world.model);
	world.model = NULL;
	if (world.end != RM_SIM_COMPLETE)
		*error = world.error;
	return (int)world.end;
}
