/* SPDX-License-Identifier: Apache-2.0 */
/* busy.c - does somebody else work here, now? */
#include "runner/base/clock.h"
#include "runner/base/host.h"
#include "runner/machine/machine.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>

/* Above these the threads of a trial wait for others often enough that maps are
   not told apart. */
static const double pressure_limit = 10; /* per cent of the time */
static const double load_limit = 0.5;    /* runnable tasks for each CPU */

/* The number after `name` in a line of /proc/pressure/cpu; -1: not there. */
static double number_after(const char *line, const char *name)
{
	const char *at = strstr(line, name);

	return at ? strtod(at + strlen(name), NULL) : -1;
}

/* Per cent of a quarter of a second in which some thread was ready and had no
   CPU. The kernel's mean over 10 s still holds what has just ended, such as the
   building of this program; where it has no sum of microseconds, that mean. */
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

static void look_at_load(unsigned cpus, struct rm_busy *busy)
{
	char line[256];

	if (rm_host_read("/proc/loadavg", line, sizeof(line)) < 0)
		return;
	busy->load = strtod(line, NULL);
	busy->is_busy = busy->load > load_limit * cpus;
	if (busy->is_busy)
		snprintf(busy->text, sizeof(busy->text),
		        "this machine is busy: %.2f tasks ran or waited in the "
		        "mean of the last minute on %u CPUs",
		        busy->load, cpus);
}

void rm_busy_look(unsigned cpus, bool in_haste, struct rm_busy *busy)
{
	char line[256];

	*busy = (struct rm_busy){
		.pressure_percent = -1, .load = -1, .probe_percent = -1
	};
	if (rm_host_read("/proc/pressure/cpu", line, sizeof(line)) < 0 ||
	        number_after(line, "avg10=") < 0) {
		look_at_load(cpus, busy);
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
		        "this machine is busy: somebody waited for a CPU in "
		        "%.1f %% of the last 10 s, and still does",
		        mean);
}

/* How long this thread was ready and had no CPU; negative: the kernel does not
   count. */
static double waited_ns(void)
{
	char line[256], *end;

	if (rm_host_read("/proc/thread-self/schedstat", line, sizeof(line)) < 0)
		return -1;
	strtod(line, &end); /* its time on a CPU stands before that */
	return *end == ' ' ? strtod(end, NULL) : -1;
}

/* Per cent of `span_ns` in which a thread that computes on `cpu` had to wait;
   negative: not known. */
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
	        "this machine is busy: a probe that computed on CPU %u waited "
	        "for it %.1f %% of the time",
	        worst, busy->probe_percent);
}
