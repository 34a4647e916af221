/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel.c - system calls of a map that is explored: futexes, clocks and
 * giving the turn away. Time is the number of steps. Who looks at a clock again
 * before it went on makes a step by that: who waits for a time comes to it, or
 * to the end of what is allowed.
 */
#include "runner/operations.h"
#include "runner/sim/guest/futex_call.h"
#include "verify/explore/memory.h"

#include <errno.h>
#include <stdlib.h>

#define SITE __builtin_return_address(0)

enum { NS_PER_STEP = 10 }; /* of clocks; any would do */

unsigned rm_sim_self(void)
{
	return rm_explore.running->id;
}

void rm_sim_relax(void)
{
	rm_explore_yield();
}

/* There is nobody who could run instead: no step, but time passes. */
static void pass_alone(const void *site)
{
	rm_explore_alone_step(site);
	rm_explore.alone_passed++;
}

static int give_turn_away(const void *site)
{
	if (rm_explore.alone)
		pass_alone(site);
	else
		rm_explore_yield();
	return 0;
}

int rm_sim_sched_yield(void)
{
	return give_turn_away(SITE);
}

void rm_sim_operation_begins(void)
{
}

/* A spot that a check would wait at: here each access is one. */
void rm_sim_pause(void)
{
}

static int futex_wait(const void *word, uint32_t value, const void *site)
{
	rm_explore_step();
	rm_explore_note(RM_EXPLORE_LOCKS, site);
	rm_explore_drain_own(); /* the kernel's own locks do */
	/* no lane runs between this look and the wait: no wake is lost */
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

_Noreturn void rm_sim_misuse(const char *what)
{
	rm_explore_stop(
	        RM_EXPLORE_MISUSE, SITE, NULL, "not explored: %s", what);
}

long rm_sim_syscall(long number, ...)
{
	struct rm_sim_futex_call call;
	va_list arguments;

	va_start(arguments, number);
	call = rm_sim_futex_call_of(number, arguments);
	va_end(arguments);
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

/* In steps, and never less than before: what lane 0 did alone is not
   forgotten. */
static uint64_t now(void)
{
	uint64_t taken =
	        rm_explore.alone ? 0 : rm_explore.granted - rm_explore.left;

	return rm_explore.steps + taken + rm_explore.alone_passed;
}

/* The running lane looks at a clock, which has gone on since it last did. Only a
   look that would see the same time again is a step, so that who measures one
   wait has no other schedules for it. */
static uint64_t look(const void *site)
{
	struct rm_explore_lane *self = rm_explore.running;

	if (rm_explore.alone) {
		pass_alone(site);
	} else if (self->looked == now() + 1) {
		rm_explore_step();
		rm_explore_note(RM_EXPLORE_READS, site);
		rm_explore_note_value(now() * NS_PER_STEP, sizeof(uint64_t));
	}
	rm_explore.stretch.hidden = true;
	self->looked = now() + 1;
	return now() * NS_PER_STEP;
}

int rm_sim_clock_gettime(clockid_t clock, struct timespec *time)
{
	uint64_t ns = look(SITE);

	(void)clock;
	*time = (struct timespec){ .tv_sec = (time_t)(ns / 1000000000U),
		.tv_nsec = (long)(ns % 1000000000U) };
	return 0;
}

/* A sleep may take any time: none is a possible one. */
int rm_sim_clock_nanosleep(clockid_t clock, int flags,
        const struct timespec *time, struct timespec *left)
{
	(void)clock, (void)flags, (void)time, (void)left;
	return give_turn_away(SITE);
}

int rm_sim_nanosleep(const struct timespec *time, struct timespec *left)
{
	(void)time, (void)left;
	return give_turn_away(SITE);
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
