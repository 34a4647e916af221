/* SPDX-License-Identifier: Apache-2.0 */
/* interference.c - two numbers of /proc. */
#include "runner/campaign/interference.h"

#include <stdio.h>

int64_t rm_steal_ticks(void)
{
	FILE *file = fopen("/proc/stat", "re");
	long long steal = -1;

	if (!file)
		return -1;
	/* user nice system idle iowait irq softirq steal */
	if (fscanf(file, "cpu %*d %*d %*d %*d %*d %*d %*d %lld", &steal) != 1)
		steal = -1;
	fclose(file);
	return steal;
}

double rm_load(void)
{
	FILE *file = fopen("/proc/loadavg", "re");
	double load = -1;

	if (!file)
		return -1;
	if (fscanf(file, "%lf", &load) != 1)
		load = -1;
	fclose(file);
	return load;
}
