/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel.c - system calls of a map that is explored: futexes, clocks and
 * giving the turn away. Time is the number of steps.
 */
#include "runner/operations.h"
#include "runner/sim/explore/memory.h"
#include "runner/sim/guest/futex_call.h"

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

int rm_sim_sched_yield(void)
{
	if (!rm_explore.alone)
		rm_explore_yield();
	return 0;
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

static uint64_t now_ns(void)
{
	uint64_t taken = rm_explore.granted - rm_explore.left;

	rm_explore.stretch.hidden = true;
	return (rm_explore.steps + taken) * NS_PER_STEP;
}

int rm_sim_clock_gettime(clockid_t clock, struct timespec *time)
{
	uint64_t ns = now_ns();

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
	return rm_sim_sched_yield();
}

int rm_sim_nanosleep(const struct timespec *time, struct timespec *left)
{
	(void)time, (void)left;
	return rm_sim_sched_yield();
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

/* Of the measured loops, which lie in the maps' objects and are not run. */
bool rm_pace_next(struct rm_worker *worker, bool *sleeping)
{
	(void)worker;
	*sleeping = false;
	abort();
}

void rm_pace_wait(struct rm_worker *worker)
{
	(void)worker;
	abort();
}

void rm_pace_record(
        struct rm_worker *worker, enum rm_operation operation, bool was_there)
{
	(void)worker, (void)operation, (void)was_there;
	abort();
}
