/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hash_loop.h - a hash function as a subject: hashes byte strings of one
 * length, over and over (article S2, 4.1; workload W26).
 *
 * Before it is included: HASH_OF(bytes, length), and HASH_EMPTY and HASH_A,
 * what it gives for "" and for "a", from its publication or worked by hand.
 * The strings are random, on few pages and each at another offset of its line,
 * so that all but the longest stay in the first caches.
 */
#include "impls/support/hash.h"
#include "impls/technique/technique.h"

enum { HASH_STRINGS = 16, HASH_PRESET_BYTES = 1024, HASH_SKEW = 8 };

struct hash_subject {
	size_t bytes;  /* of each string, >= 1 */
	size_t stride; /* from one to the next */
	_Atomic uint64_t hashed;
	uint64_t expected; /* all strings' hashes, xored */
	char *strings;
};

static uint64_t hash_all(const struct hash_subject *subject)
{
	uint64_t all = 0;

	for (size_t i = 0; i < HASH_STRINGS; i++)
		all ^= HASH_OF(
		        subject->strings + i * subject->stride, subject->bytes);
	return all;
}

static void *hash_create(const struct rm_sizing *sizing)
{
	struct hash_subject *subject = calloc(1, sizeof(*subject));
	uint64_t rng = sizing->seed;

	if (!subject)
		return NULL;
	subject->bytes =
	        sizing->loop_args ? sizing->loop_args[0] : HASH_PRESET_BYTES;
	subject->stride = subject->bytes + HASH_SKEW;
	subject->strings = malloc(HASH_STRINGS * subject->stride);
	if (!subject->strings) {
		free(subject);
		return NULL;
	}
	for (size_t i = 0; i < HASH_STRINGS * subject->stride; i++)
		subject->strings[i] = (char)(rm_next(&rng) >> 56);
	subject->expected = hash_all(subject);
	return subject;
}

static void hash_destroy(void *map)
{
	struct hash_subject *subject = map;

	free(subject->strings);
	free(subject);
}

/* Each string in turn; their hashes must be what they were before. */
static void hash_run(struct rm_worker *worker)
{
	struct hash_subject *subject = worker->thread;
	uint64_t all = 0, wrong = 0;

	for (size_t i = 0; technique_turn(worker);) {
		all ^= HASH_OF(
		        subject->strings + i * subject->stride, subject->bytes);
		if (++i == HASH_STRINGS) {
			wrong |= all ^ subject->expected;
			all = i = 0;
		}
	}
	worker->counts.wrong |= wrong;
	/* relaxed: a sum that is read after the threads have ended */
	if (worker->measured)
		atomic_fetch_add_explicit(&subject->hashed,
		        worker->counts.iterations, memory_order_relaxed);
}

static void hash_stats(void *map, rm_stat_fn *emit, void *context)
{
	struct hash_subject *subject = map;
	/* relaxed: a sum that is read after the threads have ended */
	double hashed = (double)atomic_load_explicit(
	        &subject->hashed, memory_order_relaxed);

	emit(context, "hashed_strings", "1", hashed);
	emit(context, "hashed_bytes", "bytes", hashed * (double)subject->bytes);
}

static bool hash_check(void *map, char *why, size_t size)
{
	const struct hash_subject *subject = map;
	const uint64_t empty = HASH_OF("", 0), a = HASH_OF("a", 1);

	if (empty != HASH_EMPTY || a != HASH_A) {
		snprintf(why, size,
		        "\"\" and \"a\" hash to %016llx and %016llx",
		        (unsigned long long)empty, (unsigned long long)a);
		return false;
	}
	if (hash_all(subject) == subject->expected)
		return true;
	snprintf(why, size, "the strings do not hash to what they did");
	return false;
}

static const struct rm_map_ops hash_ops = { .create = hash_create,
	.destroy = hash_destroy,
	.join = technique_join,
	.leave = technique_leave,
	.quiesce = technique_quiesce,
	.stats = hash_stats,
	.check = hash_check };

static const struct rm_own_loop hash_loops[] = { { "hash", hash_run },
	{ NULL, NULL } };
