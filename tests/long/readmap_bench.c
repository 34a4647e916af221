/* SPDX-License-Identifier: Apache-2.0 */
/*
 * readmap_bench.c - compares readmap with its lower bound and with other maps,
 * as ratios of CPU times in one process.
 *
 *	readmap_bench [2048] [65536] [1048576] [16777216] [bytes] [growth]
 *
 * For each number of keys, all maps are filled, then their measured loops run
 * in turn for some milliseconds each, so that a ratio compares runs that are
 * close in time. This is repeated with other seeds, which also give other
 * pages. The ratio of a seed is the median of its rounds. The program prints
 * the median of the seeds and, in brackets, a 95 % interval. One thread, 97 %
 * look-ups, 3 % updates. Huge pages for all maps:
 * GLIBC_TUNABLES=glibc.malloc.hugetlb=1.
 */
#include "runner/base/clock.h"
#include "runner/base/histogram.h"
#include "runner/base/rng.h"
#include "runner/impl.h"
#include "runner/keys.h"
#include "runner/worker.h"

#include <malloc.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	/* the second and the eighth of 9 sorted values bound a 96 % interval */
	SEEDS = 9,
	ROUNDS = 16,
	MAPS = 12,
	ITERATIONS = 1 << 16,
	WRITES = UINT32_MAX / 100 * 3,
	FILL_KEYS = 3 << 20,
};

static const char *const ids[MAPS] = { "unsync_bucket", "readmap_qsbr",
	"readmap", "readmap_compact", "shard_seg_grow", "boost_flat", "ck_ht",
	"urcu_lfht", "readmap_bulk", "unsync_bucket_bulk", "shard_seg",
	"shard_seg_bulk" };

/* The time of one map divided by that of another, and its limit. */
static const struct bar {
	unsigned number;
	const char *over, *under;
	/* limit for each size; 0: no limit, the ratio is only printed */
	double limit[4];
	bool least; /* the ratio must be at least the limit */
} bars[] = {
	{ 1, "readmap_qsbr", "unsync_bucket", { 1.25, 1.35, 1.2, 1.2 }, false },
	{ 1, "readmap", "readmap_qsbr", { 1.2, 1.2, 1.2, 1.2 }, false },
	{ 2, "shard_seg_grow", "readmap_qsbr", { 1.3, 1.3, 1.8, 1.8 }, true },
	{ 2, "shard_seg_grow", "readmap", { 1.1, 1.1, 1.5, 1.5 }, true },
	{ 2, "shard_seg_grow", "unsync_bucket", { 0 }, true },
	{ 2, "boost_flat", "readmap", { 1, 1, 1, 1 }, true },
	{ 2, "ck_ht", "readmap_qsbr", { 2.5, 2.5, 2.5, 2.5 }, true },
	{ 2, "ck_ht", "unsync_bucket", { 0 }, true },
	{ 2, "urcu_lfht", "readmap_qsbr", { 2.5, 2.5, 2.5, 2.5 }, true },
	{ 2, "readmap", "readmap_bulk", { 0, 0, 3, 0 }, true },
	{ 2, "unsync_bucket", "unsync_bucket_bulk", { 0 }, true },
	{ 2, "shard_seg", "shard_seg_bulk", { 0 }, true },
	{ 3, "readmap_compact", "readmap", { 0, 1.2, 1.2, 1.2 }, false },
};
enum { BARS = sizeof(bars) / sizeof(*bars) };

static const uint64_t sizes[] = { 2048, 65536, 1048576, 16777216 };
enum { SIZES = sizeof(sizes) / sizeof(*sizes) };

static atomic_bool stop;

struct arm {
	const struct rm_impl *impl;
	void *map, *thread;
	struct rm_worker *worker;
	double ns[ROUNDS]; /* an operation */
};

static int ascending(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void upsert(const struct arm *arm, uint64_t rank)
{
	struct rm_key_bytes line;
	const struct rm_value value = rm_value_of(rank, 0, rank);

	rm_map_upsert(arm->impl->ops, arm->thread, RM_U64X8,
	        rm_key_of(RM_U64X8, rank, &line), &value);
	if (rank % RM_BATCH == 0)
		arm->impl->ops->quiesce(arm->thread);
}

static void open_map(struct arm *arm, const char *id, uint64_t keys,
        bool presize, uint64_t seed)
{
	const struct rm_sizing sizing = { .keys = keys,
		.threads = 2,
		.presize = presize,
		.shape = RM_U64X8,
		.seed = seed };

	*arm = (struct arm){ .impl = rm_impl_find(id) };
	if (!arm->impl)
		return;
	arm->map = arm->impl->ops->create(&sizing);
	arm->thread = arm->impl->ops->join(arm->map, 0);
}

static void close_map(struct arm *arm)
{
	if (!arm->impl)
		return;
	arm->impl->ops->leave(arm->thread);
	arm->impl->ops->destroy(arm->map);
	free(arm->worker);
}

static void fill(struct arm *arm, uint64_t keys)
{
	for (uint64_t rank = 0; arm->impl && rank < keys; rank++)
		upsert(arm, rank);
	arm->worker = aligned_alloc(RM_CACHE_LINE, sizeof(*arm->worker));
	*arm->worker = (struct rm_worker){ .thread = arm->thread,
		.stop = &stop,
		.fresh_magic = rm_fresh_magic(1),
		.threads = 1,
		.rng = rm_seed(keys, 0),
		.resident = keys,
		.span = keys,
		.write_below = WRITES,
		.write_kind = RM_UPDATE };
}

/* Runs a quarter of the loop to load the caches, then the loop. Returns ns per
   operation. */
static double run(struct arm *arm, uint64_t keys)
{
	uint64_t start_ns = 0;

	for (unsigned i = 0; i < 2; i++) {
		arm->worker->counts = (struct rm_counts){ 0 };
		arm->worker->iterations_limit = i ? ITERATIONS : ITERATIONS / 4;
		start_ns = rm_thread_cpu_ns();
		arm->impl->drive[0](arm->worker);
		if (arm->worker->counts.wrong ||
		        arm->worker->counts.misses_resident) {
			printf("%s: wrong answers at %llu keys\n",
			        arm->impl->id, (unsigned long long)keys);
			exit(1);
		}
	}
	return (double)(rm_thread_cpu_ns() - start_ns) / ITERATIONS;
}

/* One seed: all maps in turn, forwards and backwards. */
static void run_rounds(struct arm *arms, uint64_t keys)
{
	for (unsigned round = 0; round < ROUNDS; round++)
		for (unsigned k = 0; k < MAPS; k++) {
			struct arm *arm = &arms[round & 1 ? MAPS - 1 - k : k];

			if (arm->impl)
				arm->ns[round] = run(arm, keys);
		}
}

static const struct arm *arm_of(const struct arm *arms, const char *id)
{
	for (unsigned i = 0; i < MAPS; i++)
		if (!strcmp(ids[i], id))
			return arms[i].impl ? &arms[i] : NULL;
	return NULL;
}

/* The median ratio of the rounds; NAN if a map is not in this build. */
static double ratio_of(const struct arm *arms, const struct bar *bar)
{
	const struct arm *over = arm_of(arms, bar->over);
	const struct arm *under = arm_of(arms, bar->under);
	double ratio[ROUNDS];

	if (!over || !under)
		return NAN;
	for (unsigned i = 0; i < ROUNDS; i++)
		ratio[i] = over->ns[i] / under->ns[i];
	qsort(ratio, ROUNDS, sizeof(*ratio), ascending);
	return (ratio[ROUNDS / 2 - 1] + ratio[ROUNDS / 2]) / 2;
}

static void print_bar(const struct bar *bar, unsigned size, double *ratio)
{
	const double limit = bar->limit[size];

	if (isnan(ratio[0]))
		return;
	qsort(ratio, SEEDS, sizeof(*ratio), ascending);

	const double low = ratio[1], high = ratio[SEEDS - 2];

	printf("bar %u  %8llu keys  %-14s / %-18s  %5.2f [%5.2f, %5.2f]",
	        bar->number, (unsigned long long)sizes[size], bar->over,
	        bar->under, ratio[SEEDS / 2], low, high);
	if (limit != 0)
		printf("  %s %.2f: %s", bar->least ? "at least" : "at most ",
		        limit,
		        (bar->least ? low >= limit : high <= limit) ? "met"
		                                                    : "missed");
	printf("\n");
}

static void measure_size(unsigned size)
{
	static double ratios[BARS][SEEDS];
	static struct arm arms[MAPS];
	const uint64_t keys = sizes[size];
	const unsigned most = size == SIZES - 1 ? 5 : MAPS; /* memory, time */

	for (unsigned seed = 0; seed < SEEDS; seed++) {
		memset(arms, 0, sizeof(arms));
		for (unsigned i = 0; i < most; i++) {
			open_map(
			        &arms[i], ids[i], keys, true, rm_seed(seed, i));
			fill(&arms[i], keys);
		}
		run_rounds(arms, keys);
		for (unsigned i = 0; i < BARS; i++)
			ratios[i][seed] = ratio_of(arms, &bars[i]);
		for (unsigned i = 0; i < most; i++)
			close_map(&arms[i]);
	}
	for (unsigned i = 0; i < BARS; i++)
		print_bar(&bars[i], size, ratios[i]);
}

/* Bar 3: bytes allocated by malloc, at 17 sizes between a power of two and the
 * next, after growth has ended: one write moves 16 of 2^18 buckets. */
static void measure_bytes(const char *id, double limit)
{
	double most = 0;

	for (unsigned i = 0; i <= 16; i++) {
		const uint64_t keys = (uint64_t)((1 << 18) * pow(2, i / 16.0));
		const struct mallinfo2 before = mallinfo2();
		struct mallinfo2 after;
		struct arm arm;
		double bytes;

		open_map(&arm, id, keys, false, i);
		for (uint64_t rank = 0; rank < keys; rank++)
			upsert(&arm, rank);
		for (unsigned k = 0; k < 20000; k++) {
			upsert(&arm, 0);
			arm.impl->ops->quiesce(arm.thread);
		}
		after = mallinfo2();
		bytes = (double)(after.uordblks + after.hblkhd -
		                 before.uordblks - before.hblkhd) /
		        (double)keys;
		most = bytes > most ? bytes : most;
		close_map(&arm);
	}
	printf("bar 3  256 Ki to 512 Ki keys  %-18s  %.1f bytes a key at most"
	       "  at most %.0f: %s\n",
	        id, most, limit, most <= limit ? "met" : "missed");
}

/* Bar 4: one thread fills a map while another looks up its first keys. */
struct reader {
	struct arm *arm;
	struct rm_histogram *ns;
	_Atomic uint64_t filled;
};

static void *look_up(void *context)
{
	struct reader *reader = context;
	const struct rm_map_ops *ops = reader->arm->impl->ops;
	void *thread = ops->join(reader->arm->map, 1);
	uint64_t rng = 1, keys, n = 0;
	struct rm_key_bytes line;

	/* acquire: pairs with the release in fill_beside_reader() */
	while ((keys = atomic_load_explicit(
	                &reader->filled, memory_order_acquire)) < FILL_KEYS) {
		const uint64_t rank = rm_below(rm_next(&rng), keys);
		const struct rm_key key = rm_key_of(RM_U64X8, rank, &line);
		struct rm_value value;
		const uint64_t start_ns = rm_now_ns();
		const bool found = ops->lookup(thread, RM_U64X8, key, &value);

		rm_histogram_record(reader->ns, rm_now_ns() - start_ns);
		if (!found && !(reader->arm->impl->caps & RM_CAP_NO_STATE))
			abort();
		if (++n % RM_BATCH == 0)
			ops->quiesce(thread);
	}
	ops->quiesce(thread);
	ops->leave(thread);
	return NULL;
}

struct look_ups {
	double p9999_us, longest_us;
};

static struct look_ups fill_beside_reader(const char *id)
{
	struct arm arm;
	struct reader reader = { .arm = &arm, .ns = rm_histogram_create() };
	struct look_ups result;
	pthread_t thread;

	open_map(&arm, id, FILL_KEYS, false, 1);
	upsert(&arm, 0);
	atomic_init(&reader.filled, 1);
	if (!reader.ns || pthread_create(&thread, NULL, look_up, &reader))
		abort();
	for (uint64_t rank = 1; rank < FILL_KEYS; rank++) {
		upsert(&arm, rank);
		/* release: publishes the inserted key */
		atomic_store_explicit(
		        &reader.filled, rank + 1, memory_order_release);
	}
	arm.impl->ops->quiesce(arm.thread);
	pthread_join(thread, NULL);
	result = (struct look_ups){
		(double)rm_histogram_quantile(reader.ns, 0.9999) / 1e3,
		(double)reader.ns->max_ns / 1e3
	};
	close_map(&arm);
	free(reader.ns);
	return result;
}

static void print_growth(const char *what, double *ratio, double limit)
{
	qsort(ratio, SEEDS, sizeof(*ratio), ascending);
	printf("bar 4  %s  %.3f [%.3f, %.3f]  at most %.1f: %s\n", what,
	        ratio[SEEDS / 2], ratio[1], ratio[SEEDS - 2], limit,
	        ratio[SEEDS - 2] <= limit ? "met" : "missed");
}

static void measure_growth(void)
{
	static const char *const maps[] = { "readmap", "boost_flat",
		"null_map" };
	double longest[SEEDS], p9999[SEEDS];

	if (!rm_impl_find(maps[1])) {
		printf("bar 4  not measured: %s is not in this build "
		       "(make deps-peers)\n",
		        maps[1]);
		return;
	}
	for (unsigned i = 0; i < SEEDS; i++) {
		struct look_ups of[3];

		for (unsigned k = 0; k < 3; k++) {
			of[k] = fill_beside_reader(maps[k]);
			printf("       3 Mi keys filled  %-10s  p99.99 %.1f "
			       "us, longest %.1f us\n",
			        maps[k], of[k].p9999_us, of[k].longest_us);
		}
		longest[i] = of[0].longest_us / of[1].longest_us;
		p9999[i] = of[0].p9999_us / of[2].p9999_us;
	}
	print_growth("longest look-up, readmap / boost_flat", longest, 0.1);
	print_growth("p99.99 of look-ups, readmap / null_map", p9999, 2);
}

static bool chosen(char **words, const char *part)
{
	bool found = !words[1];

	while (*++words)
		found |= !strcmp(*words, part);
	return found;
}

int main(int argc, char **argv)
{
	char text[32];

	(void)argc;
	setlinebuf(stdout);
	for (unsigned size = 0; size < SIZES; size++) {
		snprintf(text, sizeof(text), "%llu",
		        (unsigned long long)sizes[size]);
		if (chosen(argv, text))
			measure_size(size);
	}
	if (chosen(argv, "bytes")) {
		measure_bytes("readmap", 100);
		measure_bytes("readmap_compact", 56);
	}
	if (chosen(argv, "growth"))
		measure_growth();
	return 0;
}
