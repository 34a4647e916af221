/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sim_speed.c - the prototype's maps on this simulator, for sim_speed.sh.
 *
 * sim_speed KIND CORES KEYS OPS: prints simulated accesses per second of CPU
 * time. `maps.h` is the prototype's; so are the maps and the loop.
 */
#include "runner/sim/guest/guest.h"
#include "runner/sim/guest/world.h"

#include "maps.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

struct job {
	int kind;
	unsigned cores;
	uint64_t keys, ops;
};

static double cpu_seconds(void)
{
	struct timespec time;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
	return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static void *entry(void *work_list)
{
	work(work_list);
	return NULL;
}

static void run(void *argument)
{
	const struct job *job = argument;
	struct rm_sim *sim = rm_sim_world_model();
	map *shared = map_new(job->kind, job->keys);
	pthread_t thread[RM_SIM_CORES_MAX];
	double began;

	for (unsigned id = 0; id < job->cores; id++) {
		wl *list = rm_sim_aligned_alloc(64, sizeof(*list));

		*list = (wl){ .m = shared,
			.seed = 1000003 + id * 7919 + 12345,
			.ops = job->ops,
			.n = job->keys,
			.wr64k = 1966 }; /* 3 % of 2^16 */
		rm_sim_thread_create(&thread[id], NULL, entry, list);
	}
	began = cpu_seconds();
	for (unsigned id = 0; id < job->cores; id++)
		rm_sim_thread_join(thread[id], NULL);
	printf("%.3f\n", (double)(rm_sim_count(sim, RM_SIM_LOADS) +
	                          rm_sim_count(sim, RM_SIM_STORES)) /
	                         (cpu_seconds() - began) / 1e6);
}

int main(int argc, char **argv)
{
	struct rm_error error = { "" };
	struct rm_sim_mach mach;
	struct job job;

	if (argc != 5 || rm_sim_mach_find("icelake-sp", &mach, &error))
		return 2;
	job = (struct job){ atoi(argv[1]), (unsigned)atoi(argv[2]),
		strtoull(argv[3], NULL, 10), strtoull(argv[4], NULL, 10) };
	if (rm_sim_world_run(&(struct rm_sim_world_options){ .mach = &mach,
	                             .cores = job.cores },
	            run, &job, &error)) {
		fprintf(stderr, "sim_speed: %s\n", error.text);
		return 1;
	}
	return 0;
}
