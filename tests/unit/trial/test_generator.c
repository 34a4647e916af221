/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests the operations of the measured loop: shares, independence, balance.
 *
 * A map in this file records the operations of the real loop: 10 streams of
 * 10^6 draws with fixed seeds; the worst |z| must be below 4.
 */
#include "runner/driver.h"
#include "runner/protocol/protocol.h"
#include "runner/trial/internal.h"
#include "tests/unit/tap.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { STREAMS = 10, DRAWS = 1000000, KEYS = 10007, BUCKETS = 16 };

/* The operations of one stream. */
struct record {
	uint64_t counts[2][BUCKETS]; /* indices: is a write, part of the keys */
	uint64_t hits, lookups, upserts, removes;
	uint64_t highest; /* highest rank */
	bool present[2 * KEYS];
	bool wrong_order; /* true after a churn pair that is not a removal and
	                     then an upsert */
};

static struct rm_worker *running;

static unsigned bucket_of(struct rm_key key)
{
	return (unsigned)((uint32_t)key.word * (uint64_t)BUCKETS / KEYS);
}

RM_HOT bool lookup(void *thread, struct rm_shape shape, struct rm_key key,
        struct rm_value *value)
{
	struct record *record = thread;
	uint32_t rank = (uint32_t)key.word;

	(void)shape;
	record->lookups++;
	if (rank > record->highest)
		record->highest = rank;
	if (rank >= KEYS)
		return false;
	record->hits++;
	record->counts[0][bucket_of(key)]++;
	*value = rm_value_of(rank, 0, 0);
	return true;
}

RM_HOT bool upsert(void *thread, struct rm_shape shape, struct rm_key key,
        const struct rm_value *value)
{
	struct record *record = thread;
	uint32_t rank = (uint32_t)key.word;
	bool was_there = record->present[rank % (2 * KEYS)];

	(void)shape, (void)value;
	record->upserts++;
	if (rank < KEYS)
		record->counts[1][bucket_of(key)]++;
	if (running->write_kind == RM_CHURN && was_there)
		record->wrong_order = true;
	record->present[rank % (2 * KEYS)] = true;
	return was_there;
}

RM_HOT bool remove_key(void *thread, struct rm_shape shape, struct rm_key key)
{
	struct record *record = thread;
	uint32_t rank = (uint32_t)key.word;
	bool was_there = record->present[rank % (2 * KEYS)];

	(void)shape;
	record->removes++;
	record->present[rank % (2 * KEYS)] = false;
	return was_there;
}

static void quiesce(void *thread)
{
	(void)thread;
}

static const struct rm_map_ops ops = {
	.lookup = lookup,
	.upsert = upsert,
	.remove = remove_key,
	.quiesce = quiesce,
};

RM_DRIVE(ops, u64x8, RM_U64X8)

static atomic_bool stop;

/* Runs one stream of the real loop, in which a quarter of the look-ups miss. */
static struct rm_worker run(struct record *record, enum rm_write_kind kind,
        double write_decisions, unsigned seed, const struct rm_skew *skew)
{
	static struct rm_fresh fresh;
	struct rm_worker worker = { .thread = record,
		.stop = &stop,
		.fresh = &fresh,
		.threads = 1,
		.rng = rm_seed(2026, seed),
		.resident = KEYS,
		.span = kind == RM_FRESH ? KEYS : KEYS + KEYS / 3,
		.write_below = (uint32_t)(write_decisions * 0x1p32),
		.write_kind = kind,
		.iterations_limit = DRAWS,
		.skew = skew };

	atomic_init(&fresh.base, 0);
	memset(record, 0, sizeof(*record));
	memset(record->present, true, KEYS);
	running = &worker;
	drive_u64x8(&worker);
	return worker;
}

static double z_of(double got, double n, double p)
{
	return fabs(got - n * p) / sqrt(n * p * (1 - p));
}

/* Returns chi-square of independence (15 degrees of freedom) as z (Wilson and
   Hilferty, 1931). */
static double z_of_independence(const struct record *record)
{
	double chi = 0, row[2] = { 0 }, column[BUCKETS] = { 0 }, all = 0;
	double k = BUCKETS - 1;

	for (int w = 0; w < 2; w++)
		for (int b = 0; b < BUCKETS; b++) {
			row[w] += (double)record->counts[w][b];
			column[b] += (double)record->counts[w][b];
			all += (double)record->counts[w][b];
		}
	for (int w = 0; w < 2; w++)
		for (int b = 0; b < BUCKETS; b++) {
			double e = row[w] * column[b] / all;

			chi += pow((double)record->counts[w][b] - e, 2) / e;
		}
	return fabs(cbrt(chi / k) - (1 - 2 / (9 * k))) / sqrt(2 / (9 * k));
}

static void shares_are_what_was_asked(void)
{
	static struct record record;
	static const double p = 0.03 / (2 - 0.03);
	double writes = 0, hits = 0, independence = 0, balance = 0, uniform = 0;
	bool order = true;

	for (unsigned i = 0; i < STREAMS; i++) {
		struct rm_worker w = run(&record, RM_CHURN, p, i, NULL);
		double n = (double)w.counts.iterations;
		double decisions = (double)(w.counts.writes - w.counts.pairs);
		double share = (double)w.counts.writes /
		               (double)(w.counts.iterations + w.counts.pairs);
		double span = KEYS + KEYS / 3;

		writes = fmax(writes, z_of(decisions, n, p));
		hits = fmax(hits, z_of((double)record.hits,
		                          (double)record.lookups, KEYS / span));
		independence = fmax(independence, z_of_independence(&record));
		balance = fmax(balance,
		        fabs((double)record.upserts - (double)record.removes));
		order &= !record.wrong_order;
		for (int b = 0; b < BUCKETS; b++)
			uniform = fmax(uniform,
			        z_of((double)record.counts[0][b],
			                (double)record.hits, 1.0 / BUCKETS));
		if (!i)
			printf("# share of writing operations %.5f\n", share);
	}
	printf("# worst |z|: write share %.2f, hit share %.2f, "
	       "independence %.2f, uniformity %.2f\n",
	        writes, hits, independence, uniform);
	CHECK(writes < 4, "write share: worst |z| of 10 streams below 4");
	CHECK(hits < 4, "hit share: worst |z| of 10 streams below 4");
	CHECK(independence < 4,
	        "operation and key are independent: worst |z| below 4");
	CHECK(uniform < 4.5, "lookups are uniform over the keys");
	CHECK(balance == 0 && order,
	        "churn removes and upserts equally often, in that order");
}

static void fresh_moves_the_window(void)
{
	static struct record record;
	struct rm_worker w = run(&record, RM_FRESH, 0.1, 0, NULL);

	CHECK(record.upserts == record.removes &&
	                w.counts.inserts == record.upserts,
	        "fresh inserts as many keys as it removes");
	CHECK(rm_fresh_next(&w) == KEYS + record.upserts,
	        "fresh takes consecutive new ranks");
}

/* One of three threads sleeps. Each thread removes only its own keys, and
   look-ups find their keys. */
static void fresh_threads_have_ranks_of_their_own(void)
{
	enum { THREADS = 3, GUARD = 128, WRITES = 6000 };
	static struct rm_fresh fresh[THREADS];
	static bool present[KEYS + THREADS * WRITES + THREADS];
	static const uint64_t writes[THREADS] = { WRITES, 70, 0 };
	struct rm_worker worker[THREADS];
	uint64_t lost = 0, twice = 0, held = 0, missed = 0, far = 0, rng = 1;

	memset(present, true, KEYS);
	for (unsigned t = 0; t < THREADS; t++) {
		worker[t] = (struct rm_worker){ .resident = KEYS,
			.write_kind = RM_FRESH,
			.slot = t,
			.threads = THREADS,
			.fresh = fresh,
			.fresh_guard = GUARD,
			.fresh_magic = UINT64_MAX / THREADS + 1 };
		atomic_init(&fresh[t].base, (uint64_t)GUARD * THREADS);
		for (uint64_t i = 0; i < writes[t]; i++) {
			twice += present[rm_fresh_next(&worker[t])];
			present[rm_fresh_next(&worker[t])] = true;
			lost += !present[rm_fresh_oldest(&worker[t])];
			present[rm_fresh_oldest(&worker[t])] = false;
			rm_fresh_publish(&worker[t]);
		}
	}
	for (size_t i = 0; i < sizeof(present); i++)
		held += present[i];
	for (int i = 0; i < DRAWS; i++) {
		const uint64_t span = (KEYS / THREADS - GUARD) * THREADS;
		uint64_t rank = rm_below(rm_next(&rng), span);

		rank += rm_lookup_base(&worker[1], rank);
		missed += !present[rank];
		far += rank > 2 * KEYS;
	}
	CHECK(!lost && !twice && held == KEYS,
	        "no fresh key is lost, however far apart the threads are");
	CHECK(!missed && far,
	        "look-ups find the keys of slow and fast threads");
}

static struct rm_cell cell_of(enum rm_dist dist, double a, double b)
{
	return (struct rm_cell){ .threads = 1,
		.dist = dist,
		.dist_a = a,
		.dist_b = b,
		.keys = KEYS };
}

static struct rm_skew skew;

static void skew_of(const struct rm_cell *cell, uint64_t span)
{
	rm_skew_init(&skew, cell, cell->keys, span, 1);
}

static void streams_are_taken_in_order(void)
{
	struct rm_cell cell = cell_of(RM_DIST_SEQUENTIAL, 0, 0);
	struct rm_worker worker = { .resident = KEYS };
	uint64_t length, wrong = 0;

	cell.threads = 4096;
	worker.stream = rm_stream_create(&cell, 9, KEYS, KEYS, 1, &length);
	worker.stream_mask = length - 1;
	for (uint64_t i = 0; i < length; i++)
		wrong += rm_draw(&worker, RM_DRAWS_STREAM, 0, NULL,
		                 &worker.position,
		                 KEYS) != (KEYS / 4096 * 9 + i) % KEYS;
	CHECK(length == 4096, "4096 threads get short streams");
	CHECK(!wrong, "a sequential thread takes the ranks in order");
	free((void *)worker.stream);
}

/* The streams of all threads together contain every rank, even if there are
   more keys than one stream usually has. */
static void sequential_threads_reach_every_key(void)
{
	static const unsigned threads[] = { 1, 16, 128, 1000 };
	enum { MANY = 3 << 20 };
	static bool reached[MANY];
	struct rm_cell cell = cell_of(RM_DIST_SEQUENTIAL, 0, 0);
	uint64_t length, worst = 0;

	cell.keys = MANY;
	cell.miss_share = 0.1;
	for (size_t i = 0; i < sizeof(threads) / sizeof(threads[0]); i++) {
		uint64_t never = 0;

		cell.threads = threads[i];
		memset(reached, 0, sizeof(reached));
		for (unsigned slot = 0; slot < threads[i]; slot++) {
			uint32_t *stream = rm_stream_create(&cell, slot, MANY,
			        rm_cell_rank_count(&cell), 1, &length);

			for (uint64_t k = 0; k < length; k++)
				if (stream[k] < MANY)
					reached[stream[k]] = true;
			free(stream);
		}
		for (unsigned rank = 0; rank < MANY; rank++)
			never += !reached[rank];
		printf("# %u threads: %.3f %% of the keys never used\n",
		        threads[i], 100.0 * (double)never / MANY);
		worst = never > worst ? never : worst;
	}
	CHECK(worst == 0, "sequential threads use all of 3 Mi keys");
}

/* Look-ups with fresh writes draw fewer ranks than are resident, since there is
   a guard at both ends. */
static void draws_of_fresh_keys_stay_inside(void)
{
	const struct rm_cell cells[] = { cell_of(RM_DIST_ZIPF, 0.5, 0),
		cell_of(RM_DIST_HOT, 0.1, 0.2) };
	enum { INSIDE = KEYS - KEYS / 4 };

	for (size_t k = 0; k < 2; k++) {
		uint64_t rng = 5, beyond = 0, last = 0;

		skew_of(&cells[k], INSIDE);
		for (int i = 0; i < DRAWS; i++) {
			uint64_t key = rm_skew_key(
			        &skew, rm_skew_rank(&skew, rm_next(&rng)));

			beyond += key >= INSIDE;
			last += key >= INSIDE - INSIDE / 50;
		}
		CHECK(!beyond && last, "no draw is outside the present keys, "
		                       "and the last ones are drawn");
	}
}

/* Tests that each popularity rank maps to one key, even if the number of keys
   is not a power of two. */
static void popularity_is_a_permutation(void)
{
	static const uint64_t sizes[] = { 1, 2, 3, 5, 64, 1000, KEYS, 16384 };
	static bool taken[16384];
	bool whole = true;

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct rm_cell cell = cell_of(RM_DIST_ZIPF, 0.99, 0);

		cell.keys = sizes[i];
		skew_of(&cell, 2 * sizes[i]);
		memset(taken, 0, sizeof(taken));
		for (uint64_t rank = 0; rank < sizes[i]; rank++) {
			uint64_t key = rm_skew_key(&skew, rank);

			whole &= key < sizes[i] && !taken[key % 16384];
			taken[key % 16384] = true;
		}
		whole &= rm_skew_key(&skew, sizes[i] + 3) == sizes[i] + 3;
	}
	CHECK(whole,
	        "each rank has its own key, absent ranks map to themselves");
}

/* Computes Pearson's correlation of rank and key, and of the keys of
   neighbouring ranks, over seeds. For KEYS random pairs the standard error is
   1/sqrt(KEYS). */
static void popularity_is_independent_of_insertion(void)
{
	const struct rm_cell cell = cell_of(RM_DIST_ZIPF, 0.99, 0);
	const double middle = (KEYS - 1) / 2.0;
	double worst[2] = { 0 }, first = 0;

	for (uint64_t seed = 0; seed < 20; seed++) {
		double sum[2] = { 0 }, last = 0;

		rm_skew_init(&skew, &cell, KEYS, KEYS, seed);
		for (uint64_t rank = 0; rank < KEYS; rank++) {
			double key = (double)rm_skew_key(&skew, rank) - middle;

			sum[0] += key * ((double)rank - middle);
			sum[1] += key * last;
			last = key;
		}
		for (int i = 0; i < 2; i++)
			worst[i] = fmax(
			        worst[i], fabs(sum[i]) * 12 / pow(KEYS, 2.5));
		first += (double)rm_skew_key(&skew, 0) / KEYS / 20;
	}
	printf("# worst |z| of 20 seeds: %.2f, neighbours %.2f; "
	       "mean place of the most popular %.2f\n",
	        worst[0], worst[1], first);
	CHECK(worst[0] < 5 && worst[1] < 5 && fabs(first - 0.5) < 0.2,
	        "popularity is independent of the order of insertion");
}

enum { TABLE_KEYS = 1 << 16, SLOTS = 2 * TABLE_KEYS, SEEDS = 200 };

/* Counts the slots that a hit reads after keys were inserted in order: in a
   table with linear probing, and in chains with new keys at their head. */
static void fill_tables(uint8_t depth[2][TABLE_KEYS])
{
	static uint32_t slots[SLOTS], chain[TABLE_KEYS];
	static uint32_t next[TABLE_KEYS];

	memset(chain, 0, sizeof(chain));
	memset(slots, 0, sizeof(slots));
	for (uint32_t key = 0; key < TABLE_KEYS; key++) {
		const uint64_t hash = rm_seed(77, rm_scatter(key));
		uint32_t at = hash % SLOTS, probes = 1;

		for (; slots[at]; at = (at + 1) % SLOTS)
			probes++;
		slots[at] = 1;
		depth[0][key] = (uint8_t)probes;
		next[key] = chain[hash % TABLE_KEYS];
		chain[hash % TABLE_KEYS] = key + 1;
	}
	for (uint32_t i = 0; i < TABLE_KEYS; i++) {
		uint8_t nodes = 1;

		for (uint32_t key = chain[i]; key; key = next[key - 1])
			depth[1][key - 1] = nodes++;
	}
}

/* Fisher-Yates shuffle by a generator that is independent of the draws. */
static void shuffle(uint32_t key[TABLE_KEYS], uint32_t *xorshift)
{
	for (uint32_t i = TABLE_KEYS; i-- > 1;) {
		uint32_t with, kept = key[i];

		*xorshift ^= *xorshift << 13;
		*xorshift ^= *xorshift >> 17;
		*xorshift ^= *xorshift << 5;
		with = *xorshift % (i + 1);
		key[i] = key[with];
		key[with] = kept;
	}
}

/* Compares a hit's mean probes with shuffled keys, with exact weights. */
static void popularity_favours_no_kind_of_table(void)
{
	static uint8_t depth[2][TABLE_KEYS];
	static uint32_t shuffled[TABLE_KEYS];
	static double weight[TABLE_KEYS];
	struct rm_cell cell = cell_of(RM_DIST_ZIPF, 0.99, 0);
	double mean[2][3] = { { 0 } }, norm = 0;
	uint32_t xorshift = 1;

	fill_tables(depth);
	cell.keys = TABLE_KEYS;
	for (uint32_t k = 0; k < TABLE_KEYS; k++) {
		weight[k] = pow(k + 1, -0.99);
		norm += weight[k];
		shuffled[k] = k;
	}
	for (uint64_t seed = 0; seed < SEEDS; seed++) {
		int range = 0;

		rm_skew_init(&skew, &cell, TABLE_KEYS, TABLE_KEYS, seed);
		shuffle(shuffled, &xorshift);
		for (uint32_t k = 0; k < TABLE_KEYS; k++) {
			const double exact = weight[k] / norm / SEEDS;
			double share;

			while (skew.start[range + 1] <= k)
				range++;
			share = (double)skew.weight[range] * 0x1p-32 / SEEDS /
			        (skew.start[range + 1] - skew.start[range]);
			for (int t = 0; t < 2; t++) {
				mean[t][0] +=
				        share * depth[t][rm_skew_key(&skew, k)];
				mean[t][1] += exact * depth[t][shuffled[k]];
				mean[t][2] += exact * depth[t][k];
			}
		}
	}
	for (int t = 0; t < 2; t++) {
		printf("# %s: %.4f probes, shuffled %.4f, in order %.4f\n",
		        t ? "chains" : "linear probing", mean[t][0], mean[t][1],
		        mean[t][2]);
		CHECK(fabs(mean[t][0] / mean[t][1] - 1) < 0.02,
		        "probes equal those of shuffled keys within 2 %");
	}
}

static double zipf_norm(double theta)
{
	double norm = 0;

	for (int k = 1; k <= KEYS; k++)
		norm += pow(k, -theta);
	return norm;
}

/* The share of each rank is read from the table. Only the first ranks are also
   drawn. */
static void zipf_has_its_frequencies(void)
{
	static const double thetas[] = { 0.5, 0.99, 1.0, 1.2, 1.4908, 2.1106,
		2.6774 };
	double worst = 0, drawn = 0;

	for (size_t t = 0; t < sizeof(thetas) / sizeof(thetas[0]); t++) {
		const struct rm_cell cell = cell_of(RM_DIST_ZIPF, thetas[t], 0);
		const double norm = zipf_norm(thetas[t]);
		uint64_t rng = rm_seed(5, t), count[8] = { 0 };

		skew_of(&cell, KEYS);
		for (int i = 0; skew.start[i] < KEYS; i++)
			for (uint64_t k = skew.start[i]; k < skew.start[i + 1];
			        k++) {
				double share =
				        (double)skew.weight[i] * 0x1p-32 /
				        (skew.start[i + 1] - skew.start[i]);
				double exact =
				        pow((double)k + 1, -thetas[t]) / norm;

				/* weights are multiples of 2^-32 */
				if (exact > 1e-7)
					worst = fmax(
					        worst, fabs(share / exact - 1));
			}
		for (int i = 0; i < DRAWS; i++) {
			uint64_t rank = rm_skew_rank(&skew, rm_next(&rng));

			if (rank < 8)
				count[rank]++;
		}
		for (int k = 0; k < 8; k++)
			drawn = fmax(
			        drawn, z_of((double)count[k], DRAWS,
			                       pow(k + 1, -thetas[t]) / norm));
	}
	printf("# worst |z| of the 8 most frequent ranks: %.2f; largest error "
	       "of a rank's share %.3f %%\n",
	        drawn, 100 * worst);
	CHECK(drawn < 4, "Zipf ranks have their frequencies, 7 exponents");
	CHECK(worst < 0.02, "the error of each rank's share is at most 2 %");
}

/* Compares the splits with the weights from which they were made. */
static void the_alias_table_has_the_weights(void)
{
	static uint64_t given[RM_SKEW_RANGES];
	const struct rm_cell cells[] = { cell_of(RM_DIST_ZIPF, 0.99, 0),
		cell_of(RM_DIST_ZIPF, 4, 0), cell_of(RM_DIST_HOT, 0.01, 0.9) };
	bool same = true;

	for (size_t k = 0; k < 3; k++) {
		struct rm_cell cell = cells[k];

		cell.miss_share = 0.25;
		skew_of(&cell, KEYS + KEYS / 3);
		memset(given, 0, sizeof(given));
		for (uint32_t i = 0; i < RM_SKEW_RANGES; i++) {
			uint32_t own = skew.split[i] >> RM_SKEW_BITS;

			given[i] += own;
			given[skew.split[i] & (RM_SKEW_RANGES - 1)] +=
			        RM_SKEW_UNIT - own;
		}
		for (int i = 0; i < RM_SKEW_RANGES; i++)
			same &= given[i] == skew.weight[i];
		same &= given[RM_SKEW_RANGES - 1] == UINT64_C(1) << 30;
	}
	CHECK(same, "each range is drawn with its weight, absent ranks with "
	            "the miss share");
}

static void the_key_drawn_most_has_its_share(void)
{
	static const double thetas[] = { 0.5, 0.99, 1.0, 1.4908, 2.6774, 4 };
	struct rm_cell cell = cell_of(RM_DIST_HOT, 0.1, 0.9);
	double worst = 0;

	for (size_t t = 0; t < sizeof(thetas) / sizeof(thetas[0]); t++) {
		const struct rm_cell zipf = cell_of(RM_DIST_ZIPF, thetas[t], 0);

		worst = fmax(worst, fabs(rm_cell_top_key_share(&zipf) *
		                                    zipf_norm(thetas[t]) -
		                            1));
	}
	CHECK(worst < 0.001,
	        "zipf: the first rank has its share, for 6 exponents");
	cell.keys = 1000;
	CHECK(fabs(rm_cell_top_key_share(&cell) - 0.009) < 1e-8,
	        "hot: a key in the hot share has its share of draws");
	cell.dist_a = 0.07;
	cell.keys = 100;
	CHECK(fabs(rm_cell_top_key_share(&cell) - 0.9 / 7) < 1e-8,
	        "7 % of 100 keys are 7, although 0.07 is rounded");
	cell.dist_a = 0.1;
	cell.dist_b = 0.01;
	cell.keys = 1000;
	CHECK(fabs(rm_cell_top_key_share(&cell) - 0.0011) < 1e-8,
	        "hot but rarely drawn: a key outside the hot share has its "
	        "share");
	cell.keys = 1;
	CHECK(rm_cell_top_key_share(&cell) == 1, "a single key gets all draws");
}

/* Each range with keys has a weight above 0 after rounding. */
static void every_key_can_be_drawn(void)
{
	struct rm_cell large = cell_of(RM_DIST_ZIPF, 0.99, 0);
	bool all = true;

	large.keys = 1 << 24;
	skew_of(&large, large.keys);
	for (int i = 0; i < RM_SKEW_RANGES - 1; i++)
		all &= skew.weight[i] || skew.start[i + 1] == skew.start[i];
	CHECK(all, "all of 16 Mi keys can be drawn, by any number of threads");
}

/* Returns the mean of ln rank over KEYS ranks for an exponent. It decreases if
   the exponent increases. */
static double mean_log_rank(double theta)
{
	double sum = 0, norm = 0;

	for (int k = 1; k <= KEYS; k++) {
		double weight = pow(k, -theta);

		sum += weight * log(k);
		norm += weight;
	}
	return sum / norm;
}

/* Returns the maximum-likelihood exponent, which is the one with this mean. */
static double fitted(double mean)
{
	double low = 0, high = 5;

	for (int i = 0; i < 30; i++) {
		double middle = (low + high) / 2;

		if (mean_log_rank(middle) > mean)
			low = middle;
		else
			high = middle;
	}
	return (low + high) / 2;
}

/* Tests that the draws for one cluster have its exponent and its share of
   misses. */
static void judge_cluster(
        double theta, double misses, double *worst_fit, double *worst_z)
{
	struct rm_cell cell = { .threads = 1,
		.dist = RM_DIST_ZIPF,
		.dist_a = theta,
		.miss_share = misses,
		.keys = KEYS };
	uint64_t span = (uint64_t)llround(KEYS / (1 - misses));
	uint64_t absent = 0, rng = rm_seed(1, 0);
	double sum = 0;

	skew_of(&cell, span);
	for (int i = 0; i < DRAWS; i++) {
		uint64_t rank = rm_skew_rank(&skew, rm_next(&rng));

		if (rank >= KEYS)
			absent++;
		else
			sum += log((double)rank + 1);
	}
	*worst_fit = fmax(*worst_fit,
	        fabs(fitted(sum / (double)(DRAWS - absent)) - theta));
	*worst_z = fmax(*worst_z, z_of((double)absent, DRAWS, misses));
}

/* The values are those of workloads/production/, from the lowest exponent to
   the highest. */
static void draws_have_their_exponents_and_misses(void)
{
	static const struct {
		double theta, misses;
	} clusters[] = { { 0.3941, 0.0296 }, { 1.1004, 0.3 },
		{ 1.4908, 0.0087 }, { 2.1106, 0.0002 }, { 2.6774, 0.0043 } };
	double fit = 0, z = 0;

	for (size_t i = 0; i < sizeof(clusters) / sizeof(clusters[0]); i++)
		judge_cluster(clusters[i].theta, clusters[i].misses, &fit, &z);
	printf("# worst fit off by %.4f, worst |z| of misses %.2f\n", fit, z);
	CHECK(fit < 0.02, "the exponent fitted to the draws is the requested "
	                  "one, within 0.02");
	CHECK(z < 3.29, "misses are within the binomial 99.9 % interval");
}

/* If a write draws an absent rank, it takes a resident rank of equal
   popularity. So the most frequent rank has the same share among writes. */
static void writes_are_as_skewed_as_lookups(void)
{
	static struct record record;
	struct rm_cell cell = cell_of(RM_DIST_ZIPF, 1.5, 0);
	uint64_t top[2], all[2] = { 0 }, first;

	cell.miss_share = 0.25;
	skew_of(&cell, KEYS + KEYS / 3);
	first = rm_skew_key(&skew, 0) * BUCKETS / KEYS;
	run(&record, RM_UPDATE, 0.3, 0, &skew);
	for (int w = 0; w < 2; w++) {
		top[w] = record.counts[w][first];
		for (int b = 0; b < BUCKETS; b++)
			all[w] += record.counts[w][b];
	}
	CHECK(z_of((double)top[1], (double)all[1],
	              (double)top[0] / (double)all[0]) < 4,
	        "writes are as skewed as look-ups, even if look-ups miss");
}

/* Tests the same for the loop that draws twice per turn. An absent rank implies
   high random bits, so the resident rank must use other bits. */
static void writes_of_alternate_are_uniform(void)
{
	static struct record record;
	const struct rm_impl impl = { .ops = &ops };
	const struct rm_request request = { .cell = { .shape = RM_U64X8 } };
	struct rm_team team = { .request = &request, .impl = &impl };
	struct rm_member member = { .team = &team };
	double worst[2] = { 0 };

	memset(&record, 0, sizeof(record));
	member.worker = (struct rm_worker){ .thread = &record,
		.stop = &stop,
		.rng = rm_seed(2026, 0),
		.resident = KEYS,
		.span = 2 * KEYS,
		.iterations_limit = DRAWS };
	running = &member.worker;
	rm_loop_alternate.run(&member);
	for (int b = 0; b < BUCKETS; b++) {
		worst[0] = fmax(
		        worst[0], z_of((double)record.counts[0][b],
		                          (double)record.hits, 1.0 / BUCKETS));
		worst[1] = fmax(worst[1],
		        z_of((double)record.counts[1][b],
		                (double)record.upserts, 1.0 / BUCKETS));
	}
	printf("# alternate, worst |z|: look-ups %.2f, writes %.2f\n", worst[0],
	        worst[1]);
	CHECK(record.upserts == DRAWS / 2 && worst[0] < 4.5 && worst[1] < 4.5,
	        "alternate looks up and writes uniformly, also if half of the "
	        "look-ups miss");
}

static void one_seed_gives_one_sequence(void)
{
	static struct record a, b, c;

	run(&a, RM_CHURN, 0.1, 3, NULL);
	run(&b, RM_CHURN, 0.1, 3, NULL);
	run(&c, RM_CHURN, 0.1, 4, NULL);
	CHECK(!memcmp(&a, &b, sizeof(a)), "one seed gives one sequence");
	CHECK(memcmp(&a, &c, sizeof(a)), "another seed gives another sequence");
}

int main(void)
{
	shares_are_what_was_asked();
	fresh_moves_the_window();
	fresh_threads_have_ranks_of_their_own();
	streams_are_taken_in_order();
	sequential_threads_reach_every_key();
	draws_of_fresh_keys_stay_inside();
	popularity_is_a_permutation();
	popularity_is_independent_of_insertion();
	popularity_favours_no_kind_of_table();
	zipf_has_its_frequencies();
	the_alias_table_has_the_weights();
	every_key_can_be_drawn();
	the_key_drawn_most_has_its_share();
	draws_have_their_exponents_and_misses();
	writes_are_as_skewed_as_lookups();
	writes_of_alternate_are_uniform();
	one_seed_gives_one_sequence();
	return DONE();
}
