/* SPDX-License-Identifier: Apache-2.0 */
/*
 * played_clock.h - a simulated clock. It replaces the system's monotonic clock
 * in the whole program, so that times do not depend on the machine.
 * (runner/base/clock.h calls the first and the last of these functions.) CPU
 * time is real.
 */
#ifndef RM_TEST_PLAYED_CLOCK_H
#define RM_TEST_PLAYED_CLOCK_H

#include "runner/trial/trial.h"

#include <stdatomic.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { PLAYED_READING_NS = 100 }; /* duration of a clock reading */

/* not 0, because some code treats a start time of 0 as "not timed" */
static _Atomic uint64_t played_ns = 1000000000;
static _Atomic uint64_t played_readings; /* number of clock_gettime() calls */

int clock_gettime(clockid_t clock, struct timespec *now)
{
	if (clock != CLOCK_MONOTONIC && clock != CLOCK_MONOTONIC_COARSE)
		return (int)syscall(SYS_clock_gettime, clock, now);

	uint64_t ns = atomic_fetch_add(&played_ns, PLAYED_READING_NS);

	atomic_fetch_add(&played_readings, 1);
	*now = (struct timespec){ .tv_sec = (time_t)(ns / 1000000000),
		.tv_nsec = (long)(ns % 1000000000) };
	return 0;
}

/* The tick counter is the same clock, with one tick per ns. */
uint64_t rm_ticks(void)
{
	return atomic_fetch_add(&played_ns, PLAYED_READING_NS);
}

double rm_ticks_per_ns(void)
{
	return 1;
}

/* Advances the clock instead of waiting. Supports only absolute times. */
int clock_nanosleep(clockid_t clock, int flags, const struct timespec *until,
        struct timespec *left)
{
	uint64_t ns =
	        (uint64_t)until->tv_sec * 1000000000 + (uint64_t)until->tv_nsec;
	uint64_t now = atomic_load(&played_ns);

	(void)clock, (void)flags, (void)left;
	while (now < ns && !atomic_compare_exchange_weak(&played_ns, &now, ns))
		;
	return 0;
}

#endif /* RM_TEST_PLAYED_CLOCK_H */
