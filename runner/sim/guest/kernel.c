/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel.c - implements system calls of simulated code, in virtual time.
 *
 * Calls of the main thread take no virtual time. While it waits, the cores run.
 */
#include "runner/sim/guest/futex_call.h"
#include "runner/sim/guest/space.h"
#include "runner/sim/guest/world.h"

#include <errno.h>

/* Cost of a vDSO call, about 20 ns at 3 GHz. The files of machines do not
   contain this cost, since it is a guess for all of them. */
enum { CLOCK_READ_CYCLES = 60 };

/* Lets the time of a system call pass. Each call costs as much as a futex call:
   entry into the kernel and return. */
static void system_call(void)
{
	rm_sim_world_spend(
	        rm_sim_world->options.mach->cost[RM_SIM_COST_FUTEX].value);
	/* effects of cores with earlier times come first */
	while (rm_sim_running && rm_sim_is_late(rm_sim_running))
		rm_sim_world_yield();
}

unsigned rm_sim_self(void)
{
	return rm_sim_running ? rm_sim_running->id : RM_SIM_CORES_MAX;
}

void rm_sim_relax(void)
{
	rm_sim_world_spend(
	        rm_sim_world->options.mach->cost[RM_SIM_COST_RELAX].value);
}

void rm_sim_operation_begins(void)
{
	if (rm_sim_running)
		rm_sim_operation(rm_sim_running);
}

/* Does nothing. Builds of flavour check use RM_PAUSE(). */
void rm_sim_pause(void)
{
}

int rm_sim_futex_wait(const void *word, uint32_t value)
{
	struct rm_sim_world *world = rm_sim_world;
	struct rm_sim_core *core = rm_sim_running;

	if (!core)
		rm_sim_reject("the main thread waits for a lock");
	system_call();
	/* no core runs between the comparison and the wait, so no wake is
	   lost */
	if (*(const volatile uint32_t *)word != value)
		return -EAGAIN;
	world->thread[core->id].futex = word;
	rm_sim_world_switch(rm_sim_wait(world->model,
	        rm_sim_space_offset((uintptr_t)word), RM_SIM_FOREVER));
	return 0;
}

static unsigned futex_wake(const void *word, uint32_t threads)
{
	system_call();
	return rm_sim_running
	               ? rm_sim_wake(rm_sim_world->model,
	                         rm_sim_space_offset((uintptr_t)word), threads)
	               : 0;
}

void rm_sim_futex_wake(const void *word, uint32_t threads)
{
	futex_wake(word, threads);
}

long rm_sim_syscall(long number, ...)
{
	struct rm_sim_futex_call call;
	va_list arguments;

	va_start(arguments, number);
	call = rm_sim_futex_call_of(number, arguments);
	va_end(arguments);
	/* The simulated memory is sequentially consistent, so a barrier only
	   costs time. Interrupts of other cores are not modelled. */
	if (call.barrier) {
		system_call();
		return 0;
	}
	if (call.wakes)
		return (long)futex_wake(call.word, call.value);
	if (!rm_sim_futex_wait(call.word, call.value))
		return 0;
	errno = EAGAIN;
	return -1;
}

int rm_sim_sched_yield(void)
{
	system_call();
	/* Lets the earliest core run, which may be this core. Without other
	   cores, this core continues at once, as under a real kernel. */
	if (rm_sim_running)
		rm_sim_world_yield();
	return 0;
}

int rm_sim_clock_gettime(clockid_t clock, struct timespec *time)
{
	uint64_t ns;

	(void)clock; /* a core runs one thread, so CPU time is elapsed time */
	rm_sim_world_spend(CLOCK_READ_CYCLES);
	ns = rm_sim_world_now_ns();
	*time = (struct timespec){ .tv_sec = (time_t)(ns / 1000000000U),
		.tv_nsec = (long)(ns % 1000000000U) };
	return 0;
}

static uint64_t cycles_of(const struct timespec *time)
{
	return rm_sim_world_cycles_of_ns(
	        (uint64_t)time->tv_sec * 1000000000U + (uint64_t)time->tv_nsec);
}

int rm_sim_clock_nanosleep(clockid_t clock, int flags,
        const struct timespec *time, struct timespec *left)
{
	uint64_t until = cycles_of(time);
	struct rm_sim_core *core = rm_sim_running;

	(void)clock;
	(void)left;
	if (!(flags & TIMER_ABSTIME))
		until += rm_sim_world_now();
	if (!core) {
		rm_sim_world_sleep(until);
		return 0;
	}
	system_call();
	/* Waits on the address of a local variable. Other cores do not know
	   this address, so only the timeout ends the wait. */
	if (until > core->now)
		rm_sim_world_switch(rm_sim_wait(rm_sim_world->model,
		        rm_sim_space_offset((uintptr_t)&until), until));
	return 0;
}

int rm_sim_nanosleep(const struct timespec *time, struct timespec *left)
{
	return rm_sim_clock_nanosleep(CLOCK_MONOTONIC, 0, time, left);
}

/* Only stores the CPU for sched_getcpu(), since each thread has its own
   core. */
int rm_sim_sched_setaffinity(pid_t pid, size_t bytes, const cpu_set_t *set)
{
	(void)pid;
	if (!rm_sim_running)
		return 0;
	for (int cpu = 0; (size_t)cpu < bytes * 8; cpu++)
		if (CPU_ISSET_S((size_t)cpu, bytes, set)) {
			rm_sim_world->thread[rm_sim_running->id].cpu = cpu;
			return 0;
		}
	errno = EINVAL;
	return -1;
}

int rm_sim_sched_getaffinity(pid_t pid, size_t bytes, cpu_set_t *set)
{
	(void)pid;
	CPU_ZERO_S(bytes, set);
	for (unsigned cpu = 0; cpu < rm_sim_world->options.cores; cpu++)
		CPU_SET_S(cpu, bytes, set);
	return 0;
}

int rm_sim_sched_getcpu(void)
{
	unsigned self = rm_sim_self();
	int cpu = rm_sim_running ? rm_sim_world->thread[self].cpu : 0;

	return cpu < 0 ? (int)self : cpu;
}

pthread_t rm_sim_thread_self(void)
{
	return rm_sim_self() + 1;
}
