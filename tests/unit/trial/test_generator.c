/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the measured loop asks of a map: shares, independence, balance.
 *
 * A map of this file records what the real loop does; 10 streams of 10^6
 * draws with fixed seeds, worst |z| below 4.
 */
#include "runner/driver.h"
#include "runner/protocol/protocol.h"
#include "runner/trial/internal.h"
#include "tests/unit/tap.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { STREAMS = 10, DRAWS = 1000000, KEYS = 10007, BUCKETS = 16 };

/* What one stream asked for. */
struct record {
	uint64_t asked[2][BUCKETS]; /* [is a write][which part of the keys] */
	uint64_t hits, lookups, upserts, removes;
	uint64_t highest; /* rank */
	bool present[2 * KEYS];
	bool wrong_order; /* a churn pair that is not remove, then upsert */
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
	record->asked[0][bucket_of(key)]++;
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
		record->asked[1][bucket_of(key)]++;
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

/* Runs one stream of the real loop; misses are a quarter of the lookups. */
static struct rm_worker run(struct record *record, enum rm_write_kind kind,
        double write_decisions, unsigned seed, const uint32_t *stream)
{
	_Atomic uint64_t head = KEYS;
	struct rm_worker worker = { .thread = record,
		.stop = &stop,
		.head = &head,
		.rng = rm_seed(2026, seed),
		.resident = KEYS,
		.span = kind == RM_FRESH ? KEYS : KEYS + KEYS / 3,
		.write_below = (uint32_t)(write_decisions * 0x1p32),
		.write_kind = kind,
		.iterations_limit = DRAWS,
		.stream = stream,
		.stream_mask = 4095 };

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

/* Chi-square of independence, 15 degrees, as z (Wilson and Hilferty, 1931). */
static double z_of_independence(const struct record *record)
{
	double chi = 0, row[2] = { 0 }, column[BUCKETS] = { 0 }, all = 0;
	double k = BUCKETS - 1;

	for (int w = 0; w < 2; w++)
		for (int b = 0; b < BUCKETS; b++) {
			row[w] += (double)record->asked[w][b];
			column[b] += (double)record->asked[w][b];
			all += (double)record->asked[w][b];
		}
	for (int w = 0; w < 2; w++)
		for (int b = 0; b < BUCKETS; b++) {
			double e = row[w] * column[b] / all;

			chi += pow((double)record->asked[w][b] - e, 2) / e;
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
			        z_of((double)record.asked[0][b],
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
	        "churn removes and upserts in equal number, in that order");
}

static void fresh_moves_the_window(void)
{
	static struct record record;
	struct rm_worker w = run(&record, RM_FRESH, 0.1, 0, NULL);

	CHECK(record.upserts == record.removes &&
	                w.counts.inserts == record.upserts,
	        "fresh inserts as many keys as it removes");
	CHECK(atomic_load(w.head) == KEYS + record.upserts,
	        "fresh takes consecutive new ranks");
}

static struct rm_cell zipf_cell(void)
{
	return (struct rm_cell){ .threads = 4096,
		.dist = RM_DIST_ZIPF,
		.dist_a = 0.99,
		.keys = KEYS };
}

static void streams_are_taken_in_order(void)
{
	static struct record record;
	struct rm_cell cell = zipf_cell();
	uint64_t length;
	uint32_t *stream =
	        rm_stream_create(&cell, 0, KEYS, KEYS + KEYS / 3, 1, &length);
	uint64_t used[2] = { 0 };

	run(&record, RM_UPDATE, 0.03, 0, stream);
	for (uint64_t i = 0; i < length; i++)
		used[0] += stream[i] < KEYS / BUCKETS;
	used[1] = record.asked[0][0] + record.asked[1][0];
	CHECK(length == 4096, "4096 threads get short streams");
	CHECK(fabs((double)used[1] / DRAWS - (double)used[0] / (double)length) <
	                0.002,
	        "the loop draws the ranks of the stream");
	free(stream);
}

/* Fresh look-ups have fewer ranks than are resident: a guard at both ends. */
static void streams_of_fresh_keys_stay_inside(void)
{
	static const enum rm_dist kinds[] = { RM_DIST_ZIPF, RM_DIST_HOT,
		RM_DIST_SEQUENTIAL };
	enum { INSIDE = KEYS - KEYS / 4 };

	for (size_t k = 0; k < 3; k++) {
		struct rm_cell cell = zipf_cell();
		uint64_t length, beyond = 0, last = 0;
		uint32_t *stream;

		cell.dist = kinds[k];
		cell.dist_b = 0.2;
		cell.threads = 8;
		cell.dist_a = k == 1 ? 0.1 : 0.5;
		stream = rm_stream_create(&cell, 7, KEYS, INSIDE, 1, &length);
		for (uint64_t i = 0; i < length; i++) {
			beyond += stream[i] >= INSIDE;
			last += stream[i] >= INSIDE - INSIDE / 50;
		}
		CHECK(!beyond && last,
		        "no rank of a stream is beyond those "
		        "that are there, and the last are drawn");
		free(stream);
	}
}

static void zipf_has_its_frequencies(void)
{
	static const double thetas[] = { 0.5, 0.99, 1.0, 1.2, 1.4908, 2.1106,
		2.6774 };
	double worst = 0;

	for (size_t t = 0; t < sizeof(thetas) / sizeof(thetas[0]); t++) {
		struct rm_zipf zipf;
		uint64_t rng = rm_seed(5, t), count[8] = { 0 };
		double norm = 0;

		rm_zipf_init(&zipf, KEYS, thetas[t]);
		for (int k = 1; k <= KEYS; k++)
			norm += pow(k, -thetas[t]);
		for (int i = 0; i < DRAWS; i++) {
			uint64_t rank = rm_zipf_next(&zipf, &rng);

			if (rank < 8)
				count[rank]++;
		}
		for (int k = 0; k < 8; k++)
			worst = fmax(
			        worst, z_of((double)count[k], DRAWS,
			                       pow(k + 1, -thetas[t]) / norm));
	}
	printf("# worst |z| of the 8 most frequent ranks: %.2f\n", worst);
	CHECK(worst < 4, "Zipf ranks have their frequencies, 7 exponents");
}

/* By adding up all weights: of zipf the sampler's area is a little larger. */
static void the_key_drawn_most_has_its_share(void)
{
	static const double thetas[] = { 0.5, 0.99, 1.0, 1.4908, 2.6774, 4 };
	struct rm_cell cell = zipf_cell();
	double worst = 0;

	for (size_t t = 0; t < sizeof(thetas) / sizeof(thetas[0]); t++) {
		double norm = 0;

		cell.dist_a = thetas[t];
		for (int k = 1; k <= KEYS; k++)
			norm += pow(k, -thetas[t]);
		worst = fmax(
		        worst, fabs(rm_stream_most(&cell, KEYS) * norm - 1));
	}
	CHECK(worst < 0.02, "zipf: the first rank's share, 6 exponents");
	CHECK(rm_stream_most(&cell, 1) == 1, "of one key: all draws");
	cell = (struct rm_cell){
		.dist = RM_DIST_HOT, .dist_a = 0.1, .dist_b = 0.9
	};
	CHECK(fabs(rm_stream_most(&cell, 1000) - 0.009) < 1e-9,
	        "hot: a key of the hot share");
	cell.dist_a = 0.07;
	CHECK(fabs(rm_stream_most(&cell, 100) - 0.9 / 7) < 1e-9,
	        "7 % of 100 keys are 7, though 0.07 is rounded");
	cell.dist_a = 0.1;
	cell.dist_b = 0.01;
	CHECK(fabs(rm_stream_most(&cell, 1000) - 0.0011) < 1e-9,
	        "hot, but hardly drawn: a key of the others");
	cell.dist = RM_DIST_UNIFORM;
	CHECK(fabs(rm_stream_most(&cell, 1000) - 0.001) < 1e-12,
	        "uniform: one of all");
}

/* Mean of ln rank under an exponent, of KEYS ranks: falls as it grows. */
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

/* The exponent of the highest likelihood: the one whose mean this is. */
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

/* One cluster: its stream has its exponent and its misses. */
static void judge_cluster(
        double theta, double misses, double *worst_fit, double *worst_z)
{
	struct rm_cell cell = { .threads = 1,
		.dist = RM_DIST_ZIPF,
		.dist_a = theta,
		.miss_share = misses,
		.keys = KEYS };
	uint64_t span = (uint64_t)llround(KEYS / (1 - misses));
	uint64_t length, absent = 0;
	uint32_t *stream = rm_stream_create(&cell, 0, KEYS, span, 1, &length);
	double sum = 0;

	for (uint64_t i = 0; i < length; i++)
		if (stream[i] >= KEYS)
			absent++;
		else
			sum += log(stream[i] + 1.0);
	*worst_fit = fmax(*worst_fit,
	        fabs(fitted(sum / (double)(length - absent)) - theta));
	*worst_z = fmax(*worst_z, z_of((double)absent, (double)length, misses));
	free(stream);
}

/* As in production (workloads/production/), from the lowest exponent to the highest. */
static void streams_have_their_exponents_and_misses(void)
{
	static const struct {
		double theta, misses;
	} clusters[] = { { 0.3941, 0.0296 }, { 1.1004, 0.3 },
		{ 1.4908, 0.0087 }, { 2.1106, 0.0002 }, { 2.6774, 0.0043 } };
	double fit = 0, z = 0;

	for (size_t i = 0; i < sizeof(clusters) / sizeof(clusters[0]); i++)
		judge_cluster(clusters[i].theta, clusters[i].misses, &fit, &z);
	printf("# worst fit off by %.4f, worst |z| of misses %.2f\n", fit, z);
	CHECK(fit < 0.02, "the exponent fitted to each stream is the one asked "
	                  "for, to 0.02");
	CHECK(z < 3.29, "misses are within the binomial 99.9 % interval");
}

/* A write that drew an absent rank takes a resident one as popular as others:
   the share of the most frequent rank is the same among writes. */
static void writes_are_as_skewed_as_lookups(void)
{
	static struct record record;
	struct rm_cell cell = zipf_cell();
	uint64_t length, top[2], all[2] = { 0 };
	uint32_t *stream;

	cell.threads = 1;
	cell.miss_share = 0.25;
	cell.dist_a = 1.5;
	stream = rm_stream_create(&cell, 0, KEYS, KEYS + KEYS / 3, 1, &length);
	run(&record, RM_UPDATE, 0.3, 0, stream);
	for (int w = 0; w < 2; w++) {
		top[w] = record.asked[w][0];
		for (int b = 0; b < BUCKETS; b++)
			all[w] += record.asked[w][b];
	}
	CHECK(z_of((double)top[1], (double)all[1],
	              (double)top[0] / (double)all[0]) < 4,
	        "writes are as skewed as lookups, also where lookups miss");
	free(stream);
}

/* Also of the loop that draws twice a turn: an absent rank says of its random
   bits that they are high, so others choose the resident one. */
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
		        worst[0], z_of((double)record.asked[0][b],
		                          (double)record.hits, 1.0 / BUCKETS));
		worst[1] = fmax(worst[1],
		        z_of((double)record.asked[1][b], (double)record.upserts,
		                1.0 / BUCKETS));
	}
	printf("# alternate, worst |z|: look-ups %.2f, writes %.2f\n", worst[0],
	        worst[1]);
	CHECK(record.upserts == DRAWS / 2 && worst[0] < 4.5 && worst[1] < 4.5,
	        "alternate looks up and writes uniformly, also where half of "
	        "the look-ups miss");
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
	streams_are_taken_in_order();
	streams_of_fresh_keys_stay_inside();
	zipf_has_its_frequencies();
	the_key_drawn_most_has_its_share();
	streams_have_their_exponents_and_misses();
	writes_are_as_skewed_as_lookups();
	writes_of_alternate_are_uniform();
	one_seed_gives_one_sequence();
	return DONE();
}
