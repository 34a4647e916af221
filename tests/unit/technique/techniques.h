/* SPDX-License-Identifier: Apache-2.0 */
/* techniques.h - runs a technique's own loop on threads that start together, as
   a trial does, and then calls the technique's check. */
#ifndef RM_TEST_TECHNIQUES_H
#define RM_TEST_TECHNIQUES_H

#include "runner/base/rng.h"
#include "runner/impl.h"
#include "runner/worker.h"
#include "tests/unit/tap.h"
#include "tests/unit/wanted_stat.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { TECHNIQUE_THREADS = 64 };

/* A run. `map` remains after the run, for its statistics. Call technique_end()
   to free it. */
struct technique_run {
	const struct rm_impl *impl;
	unsigned threads;
	uint64_t iterations; /* iterations of each thread */
	uint64_t args[3];
	uint64_t seed;
	/* technique_play() sets these members */
	void *map;
	bool adds_up;
	char why[200];
	atomic_bool stop;
	pthread_barrier_t barrier;
};

struct technique_member {
	struct rm_worker worker;
	pthread_t id;
	struct technique_run *run;
};

static inline void *technique_work(void *context)
{
	struct technique_member *member = context;
	struct technique_run *run = member->run;
	struct rm_worker *worker = &member->worker;

	worker->thread = run->impl->ops->join(run->map, worker->slot);
	pthread_barrier_wait(&run->barrier);
	if (run->impl->open && !run->impl->open(worker))
		abort();
	run->impl->loops[0].run(worker);
	if (run->impl->close)
		run->impl->close(worker);
	run->impl->ops->leave(worker->thread);
	return NULL;
}

/* Returns true if the check passes. */
static inline bool technique_play(struct technique_run *run, const char *id)
{
	struct technique_member *members =
	        aligned_alloc(RM_CACHE_LINE, run->threads * sizeof(*members));
	struct rm_sizing sizing = { .keys = 1000,
		.threads = run->threads,
		.seed = run->seed,
		.loop_args = run->args };

	run->impl = rm_impl_find(id);
	run->map = run->impl->ops->create(&sizing);
	if (!members || !run->map)
		abort();
	atomic_store(&run->stop, false);
	pthread_barrier_init(&run->barrier, NULL, run->threads);
	for (unsigned i = 0; i < run->threads; i++) {
		members[i].run = run;
		members[i].worker = (struct rm_worker){ .stop = &run->stop,
			.rng = rm_seed(run->seed, i),
			.slot = i,
			.threads = run->threads,
			.measured = true,
			.loop_args = run->args,
			.iterations_limit = run->iterations };
		if (pthread_create(
		            &members[i].id, NULL, technique_work, &members[i]))
			abort();
	}
	for (unsigned i = 0; i < run->threads; i++)
		pthread_join(members[i].id, NULL);
	pthread_barrier_destroy(&run->barrier);
	free(members);
	run->why[0] = '\0';
	run->adds_up =
	        run->impl->ops->check(run->map, run->why, sizeof(run->why));
	return run->adds_up;
}

/* Returns a statistic of the run, or -1 if none has that name. */
static inline double technique_stat(
        const struct technique_run *run, const char *name)
{
	struct wanted_stat stat = { name, -1 };

	run->impl->ops->stats(run->map, take_wanted, &stat);
	return stat.value;
}

static inline void technique_end(struct technique_run *run)
{
	run->impl->ops->destroy(run->map);
	run->map = NULL;
}

/* Counts the seeds for which the check fails with `why` in the reason. */
static inline unsigned technique_caught(struct technique_run *run,
        const char *id, const char *why, unsigned seeds)
{
	unsigned caught = 0;

	for (unsigned i = 1; i <= seeds; i++) {
		run->seed = i;
		if (!technique_play(run, id) && strstr(run->why, why))
			caught++;
		else if (run->why[0])
			printf("# %s, seed %u: %s\n", id, i, run->why);
		technique_end(run);
	}
	if (run->why[0])
		printf("# %s: %s\n", id, run->why);
	return caught;
}

#endif /* RM_TEST_TECHNIQUES_H */
