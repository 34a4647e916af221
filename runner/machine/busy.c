/* SPDX-License-Identifier: Apache-2.0 */
/* busy.c - does somebody else work here, now? */
#include "runner/base/clock.h"
#include "runner/base/host.h"
#include "runner/machine/machine.h"

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

	*busy = (struct rm_busy){ .pressure_percent = -1, .load = -1 };
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
