/* SPDX-License-Identifier: Apache-2.0 */
/* interference.c - measures CPU time of other programs during a trial
   (requirement R24). */
#include "runner/campaign/internal.h"

#include "runner/base/clock.h"
#include "runner/base/host.h"
#include "runner/base/limits.h"

#include <string.h>
#include <sys/resource.h>

static const double tick_ns = 1e7; /* USER_HZ is 100 on all supported systems */

static bool has_cpu(const struct rm_cell *cell, unsigned cpu)
{
	for (unsigned i = 0; i < cell->cpu_count; i++)
		if (cell->cpus[i] == cpu)
			return true;
	return false;
}

/* Reads ticks since boot from /proc/stat: stolen time of all CPUs, and stolen
   and busy time of the cell's CPUs. Excludes the time of niced processes, which
   delay no thread of a trial, unless the trials are niced as well. */
static void read_ticks(
        const struct rm_cell *cell, struct rm_interference_start *start)
{
	FILE *file = rm_host_open("/proc/stat");
	/* columns: user nice system idle iowait irq softirq steal */
	long long t[8];
	char line[512], name[16];
	bool niced = getpriority(PRIO_PROCESS, 0) > 0;
	unsigned cpu;

	start->steal_ticks = start->busy_ticks = -1;
	start->stolen_ticks = 0;
	while (file && fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%15s %lld %lld %lld %lld %lld %lld %lld %lld",
		            name, &t[0], &t[1], &t[2], &t[3], &t[4], &t[5],
		            &t[6], &t[7]) != 9 ||
		        strncmp(name, "cpu", 3))
			continue;
		if (!name[3])
			start->steal_ticks = t[7];
		else if (sscanf(name, "cpu%u", &cpu) == 1 &&
		         has_cpu(cell, cpu)) {
			start->busy_ticks += t[0] + (niced ? t[1] : 0) + t[2] +
			                     t[5] + t[6] +
			                     (start->busy_ticks < 0);
			start->stolen_ticks += t[7];
		}
	}
	if (file)
		fclose(file);
}

/* Returns the CPU time of all trials that have ended; -1: unknown. */
static double children_cpu_ns(void)
{
	struct rusage usage;

	if (getrusage(RUSAGE_CHILDREN, &usage))
		return -1;
	return 1e9 * (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
	       1e3 * (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

unsigned rm_interference_count_cpus(const struct rm_cell *cell)
{
	unsigned count = 0;

	for (unsigned i = 0; i < cell->cpu_count; i++) {
		unsigned j = 0;

		while (cell->cpus[j] != cell->cpus[i])
			j++;
		count += i == j;
	}
	return count;
}

/* Returns the mean number of runnable tasks in the last minute; negative:
   unknown. */
static double load_of_machine(void)
{
	FILE *file = rm_host_open("/proc/loadavg");
	double load = -1;

	if (!file)
		return -1;
	if (fscanf(file, "%lf", &load) != 1)
		load = -1;
	fclose(file);
	return load;
}

struct rm_interference rm_interference_unknown(void)
{
	return (struct rm_interference){
		.steal_ticks = -1,
		.load = load_of_machine(),
		.others_share = -1,
		.stolen_share = -1,
		.throttled_ns = -1,
	};
}

void rm_interference_begin(
        const struct rm_cell *cell, struct rm_interference_start *start)
{
	uint64_t throttled_ns;

	start->throttled_ns = rm_limits_throttled_ns(&throttled_ns)
	                              ? (int64_t)throttled_ns
	                              : -1;
	start->children_cpu_ns = children_cpu_ns();
	start->at_ns = rm_now_ns();
	read_ticks(cell, start);
}

/* Returns a share of `all_ns`, clamped to 0 .. 1 because ticks are rounded. */
static double clamp_share(double ns, double all_ns)
{
	return ns <= 0 ? 0 : ns >= all_ns ? 1 : ns / all_ns;
}

/* Returns 0 for up to one tick per CPU: a tick is counted when it ends, so it
   may have begun before the trial. */
static double stolen_ns(int64_t ticks, unsigned cpus)
{
	return ticks > (int64_t)cpus ? tick_ns * (double)ticks : 0;
}

/* Compares ticks read before the trial starts and after it ends. They may
   include time outside of the trial, but miss no time within it. */
void rm_interference_end(const struct rm_cell *cell,
        const struct rm_interference_start *start,
        struct rm_interference *interference)
{
	struct rm_interference_start now;

	rm_interference_begin(cell, &now);
	if (start->steal_ticks >= 0 && now.steal_ticks >= start->steal_ticks)
		interference->steal_ticks =
		        now.steal_ticks - start->steal_ticks;
	if (start->throttled_ns >= 0 && now.throttled_ns >= start->throttled_ns)
		interference->throttled_ns =
		        now.throttled_ns - start->throttled_ns;
	if (start->busy_ticks < 0 || now.busy_ticks < start->busy_ticks ||
	        now.children_cpu_ns < 0)
		return;
	if ((double)(now.at_ns - start->at_ns) < 3 * tick_ns)
		return; /* too short, since times are rounded to ticks */
	unsigned cpus = rm_interference_count_cpus(cell);
	double all_ns = (double)(now.at_ns - start->at_ns) * cpus;
	double others_ns =
	        tick_ns * (double)(now.busy_ticks - start->busy_ticks) -
	        (now.children_cpu_ns - start->children_cpu_ns);

	interference->others_share = clamp_share(others_ns, all_ns);
	interference->stolen_share = clamp_share(
	        stolen_ns(now.stolen_ticks - start->stolen_ticks, cpus),
	        all_ns);
}
