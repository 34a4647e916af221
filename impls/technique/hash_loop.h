/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hash_loop.h - measures a hash function on many different byte strings of one
 * length, one after another (article S2, section 4.1; workload W26).
 *
 * The includer first defines HASH_OF(bytes, length), HASH_EMPTY and HASH_A. The
 * last two are the hashes of "" and "a", from the publication of the function
 * or computed by hand.
 *
 * All strings differ. Each begins with its number, scattered over 64 bits (or
 * not scattered, if strings are shorter than 8 bytes). The rest is random. They
 * are stored with a gap, so that they start at different offsets of a line. A
 * few strings stay in the caches near the core; a million strings of 1 KB come
 * from memory.
 */
#include "impls/support/hash.h"
#include "impls/technique/hash_quality.h"
#include "impls/technique/technique.h"

enum {
	HASH_PRESET_BYTES = 1024,
	HASH_PRESET_STRINGS = 1000,
	HASH_SKEW = 8,
	HASH_BLOCK = 64, /* number of strings that are verified together */
};

struct hash_subject {
	size_t bytes;  /* length of each string, >= 1 */
	size_t count;  /* number of strings */
	size_t stride; /* distance from one string to the next */
	_Atomic uint64_t hashed;
	uint64_t *expected; /* XOR of the hashes of each block */
	struct hash_quality quality;
	char *strings;
};

static uint64_t hash_at(const struct hash_subject *subject, size_t i)
{
	return HASH_OF(subject->strings + i * subject->stride, subject->bytes);
}

static size_t hash_blocks(const struct hash_subject *subject)
{
	return (subject->count + HASH_BLOCK - 1) / HASH_BLOCK;
}

static uint64_t hash_block(const struct hash_subject *subject, size_t block)
{
	uint64_t all = 0;

	for (size_t i = block * HASH_BLOCK;
	        i < subject->count && i < (block + 1) * HASH_BLOCK; i++)
		all ^= hash_at(subject, i);
	return all;
}

static void hash_destroy(void *map)
{
	struct hash_subject *subject = map;

	free(subject->strings);
	free(subject->expected);
	free(subject);
}

/* Limits the number of strings to the number of different strings of this
   length, for example 256 strings of one byte. */
static size_t hash_count(size_t bytes, uint64_t wanted)
{
	if (bytes < 8 && wanted > (uint64_t)1 << 8 * bytes)
		return (size_t)1 << 8 * bytes;
	return wanted;
}

static void hash_make_strings(struct hash_subject *subject, uint64_t rng)
{
	const size_t size = subject->count * subject->stride;

	for (size_t at = 0; at < size; at += 8) {
		uint64_t word = rm_next(&rng);

		memcpy(subject->strings + at, &word,
		        size - at < 8 ? size - at : 8);
	}
	for (size_t i = 0; i < subject->count; i++) {
		uint64_t name = subject->bytes < 8 ? i : rm_scatter(i);

		memcpy(subject->strings + i * subject->stride, &name,
		        subject->bytes < 8 ? subject->bytes : 8);
	}
}

/* Evaluates the quality of the hashes of all strings, and of numbered names. */
static bool hash_evaluate(struct hash_subject *subject)
{
	uint64_t *hashes = malloc(subject->count * sizeof(*hashes));
	char name[32];

	if (!hashes)
		return false;
	for (size_t i = 0; i < subject->count; i++)
		hashes[i] = hash_at(subject, i);
	subject->quality.random = hash_spread_of(hashes, subject->count);
	subject->quality.collisions =
	        hash_collisions_of(hashes, subject->count);
	for (size_t i = 0; i < subject->count; i++) {
		int length = snprintf(name, sizeof(name), "user:%zu", i);

		hashes[i] = HASH_OF(name, (size_t)length);
	}
	subject->quality.named = hash_spread_of(hashes, subject->count);
	free(hashes);
	return true;
}

static void *hash_create(const struct rm_sizing *sizing)
{
	struct hash_subject *subject = calloc(1, sizeof(*subject));

	if (!subject)
		return NULL;
	subject->bytes = technique_arg(sizing, 0, HASH_PRESET_BYTES);
	subject->count = hash_count(
	        subject->bytes, technique_arg(sizing, 1, HASH_PRESET_STRINGS));
	subject->stride = subject->bytes + HASH_SKEW;
	subject->strings = malloc(subject->count * subject->stride);
	subject->expected =
	        malloc(hash_blocks(subject) * sizeof(*subject->expected));
	if (subject->strings && subject->expected) {
		hash_make_strings(subject, sizing->seed);
		for (size_t b = 0; b < hash_blocks(subject); b++)
			subject->expected[b] = hash_block(subject, b);
		if (hash_evaluate(subject))
			return subject;
	}
	hash_destroy(subject);
	return NULL;
}

/* Hashes each string in turn. The hashes of each block must not change. */
static void hash_run(struct rm_worker *worker)
{
	struct hash_subject *subject = worker->thread;
	uint64_t all = 0, wrong = 0;

	for (size_t i = 0; technique_turn(worker);) {
		all ^= hash_at(subject, i);
		if (++i % HASH_BLOCK && i < subject->count)
			continue;
		wrong |= all ^ subject->expected[(i - 1) / HASH_BLOCK];
		all = 0;
		if (i == subject->count)
			i = 0;
	}
	worker->counts.wrong |= wrong;
	/* relaxed: a sum, read after the threads have ended */
	if (worker->measured)
		atomic_fetch_add_explicit(&subject->hashed,
		        worker->counts.iterations, memory_order_relaxed);
}

static void hash_stats(void *map, rm_stat_fn *emit, void *context)
{
	struct hash_subject *subject = map;
	/* relaxed: a sum, read after the threads have ended */
	double hashed = (double)atomic_load_explicit(
	        &subject->hashed, memory_order_relaxed);

	emit(context, "hashed_strings", "1", hashed);
	emit(context, "hashed_bytes", "bytes", hashed * (double)subject->bytes);
	emit(context, "strings", "1", (double)subject->count);
	hash_quality_emit(&subject->quality, emit, context);
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
	for (size_t b = 0; b < hash_blocks(subject); b++)
		if (hash_block(subject, b) != subject->expected[b]) {
			snprintf(why, size,
			        "a string's hash has changed since the start");
			return false;
		}
	return true;
}

TECHNIQUE_TABLES(hash, hash_destroy, map_itself, "hash", hash_run)
