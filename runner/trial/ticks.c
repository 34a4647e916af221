/* SPDX-License-Identifier: Apache-2.0 */
/* ticks.c - reads the CPU's time-stamp counter. Tests and the simulated machine
   replace this file. */
#include "runner/trial/trial.h"

#include "runner/base/clock.h"
#include "runner/base/host.h"

uint64_t rm_ticks(void)
{
#if defined(__x86_64__)
	return __builtin_ia32_rdtsc();
#elif defined(__aarch64__)
	uint64_t ticks;

	__asm__ volatile("mrs %0, cntvct_el0" : "=r"(ticks));
	return ticks;
#else
	return 0;
#endif
}

/* Reads ticks and clock at the same time. Uses the shortest of several
   readings, which no interrupt has delayed. */
static void read_both(double *ticks, double *ns)
{
	enum { READINGS = 100 };
	uint64_t shortest = UINT64_MAX;

	for (int i = 0; i < READINGS; i++) {
		const uint64_t before = rm_ticks(), now_ns = rm_now_ns();
		const uint64_t apart = rm_ticks() - before;

		if (apart >= shortest)
			continue;
		shortest = apart;
		*ticks = (double)before + (double)apart / 2;
		*ns = (double)now_ns;
	}
}

double rm_ticks_per_ns(void)
{
	const char *path = "/sys/devices/system/clocksource/clocksource0/"
	                   "current_clocksource";
	double ticks[2] = { 0 }, ns[2] = { 0 };
	char source[64];

	if (rm_host_read(path, source, sizeof(source)) < 0 ||
	        !rm_host_clock_is_counter(source))
		return 0;
	read_both(&ticks[0], &ns[0]);
	rm_sleep_until(rm_now_ns() + 2000000);
	read_both(&ticks[1], &ns[1]);
	return ns[1] > ns[0] ? (ticks[1] - ticks[0]) / (ns[1] - ns[0]) : 0;
}
