/* SPDX-License-Identifier: Apache-2.0 */
/* clock.h - the only file that reads a clock. */
#ifndef RM_CLOCK_H
#define RM_CLOCK_H

#include <errno.h>
#include <stdint.h>
#include <time.h>

/* Monotonic time in ns; the origin is arbitrary. Any thread. */
static inline uint64_t rm_now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000U + (uint64_t)t.tv_nsec;
}

/* Monotonic time in ns at the clock's last tick, at most a few milliseconds
   ago. Takes a seventh of the time of rm_now_ns(). Any thread. */
static inline uint64_t rm_now_coarse_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &t);
	return (uint64_t)t.tv_sec * 1000000000U + (uint64_t)t.tv_nsec;
}

/* CPU time of the calling thread in ns. */
static inline uint64_t rm_thread_cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000000U + (uint64_t)t.tv_nsec;
}

/* Sleeps until rm_now_ns() reaches `when_ns`, even if signals arrive. */
static inline void rm_sleep_until(uint64_t when_ns)
{
	struct timespec t = { .tv_sec = (time_t)(when_ns / 1000000000U),
		.tv_nsec = (long)(when_ns % 1000000000U) };

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) ==
	        EINTR)
		;
}

/* Spin-wait hint: lets the core's other hardware thread run. */
static inline void rm_cpu_relax(void)
{
#if defined(__x86_64__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ volatile("yield");
#endif
}

#endif /* RM_CLOCK_H */
