/* SPDX-License-Identifier: Apache-2.0 */
/* busy.c - detects whether other programs use this machine. */
#include "runner/base/clock.h"
#include "runner/base/host.h"
#include "runner/machine/machine.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>

/* Above these limits, threads of a trial wait so often that maps cannot be
   ranked. */
static const double pressure_limit = 10; /* percent of the time */
static const double load_limit = 0.5;    /* runnable tasks per CPU */

/* Returns the number after `name` in a line of /proc/pressure/cpu; -1 if it is
   missing. */
static double number_after(const char *line, const char *name)
{
	const char *at = strstr(line, name);

	return at ? strtod(at + strlen(name), NULL) : -1;
}

/* Returns the percentage of a quarter of a second in which a ready task had no
   CPU. The kernel's mean over 10 s still includes programs that have just
   ended, such as a compiler. If the file has no total in microseconds, returns
   this mean. */
static double pressure_now(double mean, double before_us)
{
	const uint64_t quarter_ns = 250000000;
	uint64_t start_ns = rm_now_ns(), end_ns;
	char line[256];

	if (before_us < 0)
		return mean;
	rm_sleep_until(start_ns + quarter_ns);
	end_ns = rm_now_ns();
	if (rm_host_read("/proc/pressure/cpu", line, sizeof(line)) < 0 ||
	        number_after(line, "total=") < before_us)
		return mean;
	return 1e5 * (number_after(line, "total=") - before_us) /
	       (double)(end_ns - start_ns);
}

static void read_load(unsigned cpus, struct rm_busy *busy)
{
	char line[256];

	if (rm_host_read("/proc/loadavg", line, sizeof(line)) < 0)
		return;
	busy->load = strtod(line, NULL);
	busy->is_busy = busy->load > load_limit * cpus;
	if (busy->is_busy)
		snprintf(busy->text, sizeof(busy->text),
		        "this machine is busy: on average %.2f tasks were "
		        "runnable in the last minute on %u CPUs",
		        busy->load, cpus);
}

void rm_busy_measure(unsigned cpus, bool in_haste, struct rm_busy *busy)
{
	char line[256];

	*busy = (struct rm_busy){
		.pressure_percent = -1, .load = -1, .probe_percent = -1
	};
	if (rm_host_read("/proc/pressure/cpu", line, sizeof(line)) < 0 ||
	        number_after(line, "avg10=") < 0) {
		read_load(cpus, busy);
		return;
	}
	double mean = number_after(line, "avg10=");

	busy->pressure_percent = mean;
	if (mean <= pressure_limit)
		return;
	if (!in_haste)
		busy->pressure_percent =
		        pressure_now(mean, number_after(line, "total="));
	busy->is_busy = busy->pressure_percent > pressure_limit;
	if (busy->is_busy)
		snprintf(busy->text, sizeof(busy->text),
		        "this machine is busy: tasks waited for a CPU in %.1f "
		        "%% of the last 10 s, and still do",
		        mean);
}

/* Returns how long this thread was ready but had no CPU; negative if the kernel
   does not count that. */
static double waited_ns(void)
{
	char line[256], *end;

	if (rm_host_read("/proc/thread-self/schedstat", line, sizeof(line)) < 0)
		return -1;
	strtod(line, &end); /* skip the first number, the time on a CPU */
	return *end == ' ' ? strtod(end, NULL) : -1;
}

/* Returns the percentage of `span_ns` in which a computing thread on `cpu` had
   to wait; negative: unknown. */
static double waited_percent(unsigned cpu, uint64_t span_ns)
{
	cpu_set_t only;

	CPU_ZERO(&only);
	CPU_SET(cpu, &only);
	if (sched_setaffinity(0, sizeof(only), &only))
		return -1;

	double before_ns = waited_ns();
	uint64_t start_ns = rm_now_ns(), now_ns = start_ns;

	while (now_ns - start_ns < span_ns)
		now_ns = rm_now_ns();

	double after_ns = waited_ns();

	if (before_ns < 0 || after_ns < before_ns)
		return -1;
	return 100 * (after_ns - before_ns) / (double)(now_ns - start_ns);
}

void rm_busy_probe(unsigned probe_ms, struct rm_busy *busy)
{
	enum { CPUS_MOST = 8 };
	unsigned worst = 0, probed = 0, count;
	cpu_set_t mask;

	busy->probe_percent = -1;
	if (sched_getaffinity(0, sizeof(mask), &mask))
		return;
	count = (unsigned)CPU_COUNT(&mask);
	count = count > CPUS_MOST ? CPUS_MOST : count;
	for (unsigned cpu = 0; cpu < CPU_SETSIZE && probed < count; cpu++) {
		if (!CPU_ISSET(cpu, &mask))
			continue;
		probed++;
		double percent =
		        waited_percent(cpu, probe_ms * 1000000ULL / count);

		worst = percent > busy->probe_percent ? cpu : worst;
		busy->probe_percent = percent > busy->probe_percent
		                              ? percent
		                              : busy->probe_percent;
	}
	sched_setaffinity(0, sizeof(mask), &mask);
	if (busy->is_busy || busy->probe_percent <= pressure_limit)
		return;
	busy->is_busy = true;
	snprintf(busy->text, sizeof(busy->text),
	        "this machine is busy: a probe on CPU %u waited "
	        "for the CPU in %.1f %% of the time",
	        worst, busy->probe_percent);
}
