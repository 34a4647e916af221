/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel.c - system calls of explored maps: futexes, clocks, sleeps and yields.
 * Time is the number of steps. A second read of a clock without a step in
 * between is a step, so a loop that waits for a time ends, or reaches the step
 * limit.
 */
#include "runner/operations.h"
#include "runner/sim/guest/futex_call.h"
#include "verify/explore/memory.h"

#include <errno.h>
#include <stdlib.h>

#define SITE __builtin_return_address(0)

enum { NS_PER_STEP = 10 }; /* clock period; the value is arbitrary */

unsigned rm_sim_self(void)
{
	return rm_explore.running->id;
}

void rm_sim_relax(void)
{
	rm_explore_yield();
}

/* If no other lane can run, this is not a step, but the time advances. */
static void pass_alone(const void *site)
{
	rm_explore_alone_step(site);
	rm_explore.alone_passed++;
}

static int yield_turn(const void *site)
{
	if (rm_explore.alone)
		pass_alone(site);
	else
		rm_explore_yield();
	return 0;
}

int rm_sim_sched_yield(void)
{
	return yield_turn(SITE);
}

void rm_sim_operation_begins(void)
{
}

/* `check` pauses here. This function does nothing, because `explore` may
 * preempt a thread at each access. */
void rm_sim_pause(void)
{
}

static int futex_wait(const void *word, uint32_t value, const void *site)
{
	rm_explore_step();
	rm_explore_note(RM_EXPLORE_LOCKS, site);
	/* a real kernel's locks would drain store buffers */
	rm_explore_drain_own();
	/* no lane runs between this test and the wait, so no wake is lost */
	if (*(const volatile uint32_t *)word != value)
		return -EAGAIN;
	rm_explore_block(RM_EXPLORE_FOR_FUTEX, word, site);
	return 0;
}

int rm_sim_futex_wait(const void *word, uint32_t value)
{
	return futex_wait(word, value, SITE);
}

void rm_sim_futex_wake(const void *word, uint32_t threads)
{
	rm_explore_step();
	rm_explore_drain_own();
	rm_explore_wake(RM_EXPLORE_FOR_FUTEX, word, threads);
}

_Noreturn void rm_sim_reject(const char *what)
{
	rm_explore_stop(
	        RM_EXPLORE_MISUSE, SITE, NULL, "not explored: %s", what);
}

/* membarrier(2): between two fences of the caller, every other lane passes
   a full fence at its next step. */
static void membarrier(const void *site)
{
	struct rm_explore_lane *self = rm_explore.running;

	if (rm_explore.alone)
		return;
	rm_explore_step();
	rm_explore_note(RM_EXPLORE_FENCES, site);
	rm_explore_mark_opaque();
	if (!rm_explore.model)
		return;
	rm_explore.model->fence(__ATOMIC_SEQ_CST);
	for (unsigned i = 1; i < rm_explore.lanes; i++) {
		rm_explore.running = &rm_explore.lane[i];
		if (rm_explore.running != self)
			rm_explore.model->fence(__ATOMIC_SEQ_CST);
	}
	rm_explore.running = self;
	rm_explore.model->fence(__ATOMIC_SEQ_CST);
}

long rm_sim_syscall(long number, ...)
{
	struct rm_sim_futex_call call;
	va_list arguments;

	va_start(arguments, number);
	call = rm_sim_futex_call_of(number, arguments);
	va_end(arguments);
	if (call.barrier) {
		membarrier(SITE);
		return 0;
	}
	if (call.wakes) {
		rm_explore_step();
		rm_explore_drain_own();
		return rm_explore_wake(
		        RM_EXPLORE_FOR_FUTEX, call.word, call.value);
	}
	if (!futex_wait(call.word, call.value, SITE))
		return 0;
	errno = EAGAIN;
	return -1;
}

/* Returns the time in steps. It never decreases, because steps that lane 0 took
   alone still count. */
static uint64_t now_steps(void)
{
	uint64_t taken =
	        rm_explore.alone ? 0 : rm_explore.granted - rm_explore.left;

	return rm_explore.steps + taken + rm_explore.alone_passed;
}

/* The running lane reads a clock. The read is a step only if this lane has
   already read the clock at this time, so that a lane that measures one wait
   does not add schedules. */
static uint64_t read_clock(const void *site)
{
	struct rm_explore_lane *self = rm_explore.running;

	if (rm_explore.alone) {
		pass_alone(site);
	} else if (self->clock_read_at == now_steps() + 1) {
		rm_explore_step();
		rm_explore_note(RM_EXPLORE_READS, site);
		rm_explore_note_value(
		        now_steps() * NS_PER_STEP, sizeof(uint64_t));
	}
	rm_explore.stretch.hidden = true;
	self->clock_read_at = now_steps() + 1;
	return now_steps() * NS_PER_STEP;
}

int rm_sim_clock_gettime(clockid_t clock, struct timespec *time)
{
	uint64_t ns = read_clock(SITE);

	(void)clock;
	*time = (struct timespec){ .tv_sec = (time_t)(ns / 1000000000U),
		.tv_nsec = (long)(ns % 1000000000U) };
	return 0;
}

/* Replaces now() of C++'s steady_clock and system_clock; in nanoseconds. */
int64_t rm_sim_clock_now(void)
{
	return (int64_t)read_clock(SITE);
}

/* A sleep may take any time, including no time. */
int rm_sim_clock_nanosleep(clockid_t clock, int flags,
        const struct timespec *time, struct timespec *left)
{
	(void)clock, (void)flags, (void)time, (void)left;
	return yield_turn(SITE);
}

int rm_sim_nanosleep(const struct timespec *time, struct timespec *left)
{
	(void)time, (void)left;
	return yield_turn(SITE);
}

int rm_sim_sched_getaffinity(pid_t pid, size_t bytes, cpu_set_t *set)
{
	(void)pid;
	CPU_ZERO_S(bytes, set);
	for (unsigned cpu = 0; cpu < RM_EXPLORE_LANES; cpu++)
		CPU_SET_S(cpu, bytes, set);
	return 0;
}

int rm_sim_sched_getcpu(void)
{
	return (int)rm_sim_self();
}

pthread_t rm_sim_thread_self(void)
{
	return rm_sim_self() + 1;
}
