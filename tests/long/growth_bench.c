/* SPDX-License-Identifier: Apache-2.0 */
/*
 * growth_bench.c - measures the longest operation while shards grow. Two
 * threads fill shard_grow, then shard_grow_stop, from empty to 10^6 keys, and
 * look up an older key after each insert. Wall time of an operation includes
 * waits for growth by another thread and preemption; CPU time is the work of
 * the operation itself. Five rounds. Status 1: the median ratio of the longest
 * CPU times is above 0.1. Wall times are comparable only on a quiet machine.
 */
#include "runner/base/clock.h"
#include "runner/base/histogram.h"
#include "runner/base/rng.h"
#include "runner/impl.h"
#include "runner/keys.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

enum { THREADS = 2, ROUNDS = 5, KEYS = 1000000 };

struct filler {
	pthread_t id;
	const struct rm_map_ops *ops;
	void *map;
	unsigned slot;
	struct rm_histogram *wall, *cpu;
};

struct longest {
	double wall_us, cpu_us;
};

struct moment {
	uint64_t wall_ns, cpu_ns;
};

static struct moment now(void)
{
	return (struct moment){ rm_now_ns(), rm_thread_cpu_ns() };
}

static void record(
        struct filler *filler, struct moment start, struct moment end)
{
	rm_histogram_record(filler->wall, end.wall_ns - start.wall_ns);
	rm_histogram_record(filler->cpu, end.cpu_ns - start.cpu_ns);
}

static void *fill(void *context)
{
	struct filler *filler = context;
	const struct rm_shape shape = RM_U64X8;
	void *thread = filler->ops->join(filler->map, filler->slot);
	uint64_t rng = rm_seed(1, filler->slot);
	struct rm_key_bytes line;

	for (uint64_t n = 0; n < KEYS / THREADS; n++) {
		uint64_t rank = n * THREADS + filler->slot;
		uint64_t older =
		        rm_below(rm_next(&rng), n + 1) * THREADS + filler->slot;
		struct rm_value value = rm_value_of(rank, filler->slot, n);
		const struct moment start = now();

		rm_map_upsert(filler->ops, thread, shape,
		        rm_key_of(shape, rank, &line), &value);
		const struct moment middle = now();

		if (!filler->ops->lookup(thread, shape,
		            rm_key_of(shape, older, &line), &value))
			abort();
		record(filler, middle, now());
		record(filler, start, middle);
		filler->ops->quiesce(thread);
	}
	filler->ops->leave(thread);
	return NULL;
}

static double us(uint64_t ns)
{
	return (double)ns / 1e3;
}

/* Fills one map; prints and returns the longest operations. */
static struct longest fill_map(const char *id)
{
	const struct rm_map_ops *ops = rm_impl_find(id)->ops;
	struct rm_sizing sizing = { .threads = THREADS, .shape = RM_U64X8 };
	void *map = ops->create(&sizing);
	struct filler fillers[THREADS];
	struct longest longest;

	for (unsigned i = 0; i < THREADS; i++) {
		fillers[i] = (struct filler){ .ops = ops,
			.map = map,
			.slot = i,
			.wall = rm_histogram_create(),
			.cpu = rm_histogram_create() };
		if (!map || !fillers[i].wall || !fillers[i].cpu ||
		        pthread_create(&fillers[i].id, NULL, fill, &fillers[i]))
			abort();
	}
	for (unsigned i = 0; i < THREADS; i++) {
		pthread_join(fillers[i].id, NULL);
		if (i > 0) {
			rm_histogram_merge(fillers[0].wall, fillers[i].wall);
			rm_histogram_merge(fillers[0].cpu, fillers[i].cpu);
		}
	}
	ops->destroy(map);
	longest = (struct longest){ us(fillers[0].wall->max_ns),
		us(fillers[0].cpu->max_ns) };
	printf("  %-16s P99.9 %6.1f us, longest %9.1f us; CPU time: P99.9 "
	       "%6.1f us, longest %9.1f us\n",
	        id, us(rm_histogram_quantile(fillers[0].wall, 0.999)),
	        longest.wall_us,
	        us(rm_histogram_quantile(fillers[0].cpu, 0.999)),
	        longest.cpu_us);
	for (unsigned i = 0; i < THREADS; i++) {
		free(fillers[i].wall);
		free(fillers[i].cpu);
	}
	return longest;
}

static int ascending(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

int main(void)
{
	double wall[ROUNDS], cpu[ROUNDS];

	for (unsigned i = 0; i < ROUNDS; i++) {
		printf("round %u: %d threads, %d keys\n", i + 1, THREADS, KEYS);
		const struct longest step = fill_map("shard_grow");
		const struct longest stop = fill_map("shard_grow_stop");

		wall[i] = step.wall_us / stop.wall_us;
		cpu[i] = step.cpu_us / stop.cpu_us;
	}
	qsort(wall, ROUNDS, sizeof(wall[0]), ascending);
	qsort(cpu, ROUNDS, sizeof(cpu[0]), ascending);
	printf("longest operation, shard_grow to shard_grow_stop: median ratio "
	       "%.4f by CPU time (bar: 0.1; largest %.4f), %.4f by wall "
	       "clock\n",
	        cpu[ROUNDS / 2], cpu[ROUNDS - 1], wall[ROUNDS / 2]);
	return cpu[ROUNDS / 2] > 0.1;
}
