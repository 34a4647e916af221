/* SPDX-License-Identifier: Apache-2.0 */
/*
 * families.h - keys of three modules, told apart by a prefix: the loop
 * `families` (article S0, 3.2; workload W11). KEYS keys of each of "auth:",
 * "metric:" and "cache:" are in FAMILIES_MAPS maps under an RWMutex each, as in
 * gomap_rw: one map for all, or one each. An iteration is a look-up.
 *
 * The article says that prefixes collide in one map. A hash sees the content:
 * the share of chains with three keys and more is a statistic of both.
 *
 * A template: the includer defines FAMILIES_MAPS, 1 or 3, and a guard.
 */
#ifndef RM_SUPPORT_FAMILIES_H
#define RM_SUPPORT_FAMILIES_H

#include "impls/gomap/gomap_dump.h"
#include "impls/gomap/gomap_ops.h"
#include "impls/support/hash.h"
#include "impls/technique/technique.h"

enum { FAMILIES = 3, FAMILIES_KEYS = 100000, FAMILIES_KEY_BYTES = 24 };

struct family_map {
	_Alignas(2 * RM_CACHE_LINE) struct guard guard;
	struct gomap *map; /* protected by guard; nobody writes */
};

struct families {
	struct family_map maps[FAMILIES_MAPS];
	uint64_t keys; /* of each family */
};

struct family_key {
	char bytes[FAMILIES_KEY_BYTES];
	size_t length;
};

/* "auth:17": prefix and number in decimal. */
RM_HOT struct rm_key family_key(
        unsigned family, uint64_t number, struct family_key *room)
{
	static const char prefixes[FAMILIES][8] = {
		"auth:", "metric:", "cache:"
	};
	size_t at = FAMILIES_KEY_BYTES, prefix = strlen(prefixes[family]);

	do {
		room->bytes[--at] = (char)('0' + number % 10);
		number /= 10;
	} while (number);
	at -= prefix;
	memcpy(room->bytes + at, prefixes[family], prefix);
	return (struct rm_key){ .bytes = room->bytes + at,
		.length = FAMILIES_KEY_BYTES - at };
}

RM_HOT uint64_t family_value(unsigned family, uint64_t number)
{
	return number * FAMILIES + family;
}

static void families_destroy(void *opaque)
{
	struct families *families = opaque;

	for (unsigned i = 0; i < FAMILIES_MAPS; i++) {
		if (families->maps[i].map)
			gomap_destroy(families->maps[i].map);
		guard_destroy(&families->maps[i].guard);
	}
	free(families);
}

static void families_fill(struct families *families)
{
	for (unsigned family = 0; family < FAMILIES; family++)
		for (uint64_t i = 0; i < families->keys; i++) {
			struct family_key room;
			struct rm_value value = { { family_value(family, i) } };

			gomap_exchange(
			        families->maps[family % FAMILIES_MAPS].map,
			        RM_STR16X8, family_key(family, i, &room),
			        &value, NULL);
		}
}

static void *families_create(const struct rm_sizing *sizing)
{
	struct families *families = technique_new(sizeof(*families));
	bool complete = families != NULL;

	if (!families)
		return NULL;
	families->keys = technique_arg(sizing, 0, FAMILIES_KEYS);
	for (unsigned i = 0; i < FAMILIES_MAPS; i++) {
		struct family_map *one = &families->maps[i];

		one->map =
		        gomap_create(families->keys * FAMILIES / FAMILIES_MAPS,
		                RM_STR16X8, sizing->seed + i);
		complete = guard_create(&one->guard, sizing->threads) &&
		           one->map && complete;
	}
	if (!complete) {
		families_destroy(families);
		return NULL;
	}
	families_fill(families);
	return families;
}

static void families_loop(struct rm_worker *worker)
{
	struct families *families = worker->thread;
	uint64_t rng = worker->rng, wrong = 0;

	while (technique_turn(worker)) {
		const uint64_t x = rm_next(&rng);
		const unsigned family =
		        (unsigned)((x & 0xffff) * FAMILIES >> 16);
		const uint64_t number = rm_below(x, families->keys);
		struct family_map *one =
		        &families->maps[family % FAMILIES_MAPS];
		struct family_key room;
		struct rm_value value = { { 0 } };

		guard_read(&one->guard, NULL);
		wrong |= !gomap_lookup(one->map, RM_STR16X8,
		        family_key(family, number, &room), &value);
		guard_read_end(&one->guard, NULL);
		wrong |= value.word[0] ^ family_value(family, number);
	}
	worker->rng = rng;
	worker->counts.wrong |= wrong;
}

static void families_stats(void *opaque, rm_stat_fn *emit, void *context)
{
	struct families *families = opaque;
	struct gomap_census census = { 0 };

	for (unsigned i = 0; i < FAMILIES_MAPS; i++)
		gomap_census(&census, families->maps[i].map);
	emit(context, "entries", "1", (double)census.entries);
	emit(context, "chains", "1", (double)census.chains);
	emit(context, "chains_with_three_or_more", "1", (double)census.third);
}

static bool families_check(void *opaque, char *why, size_t size)
{
	struct families *families = opaque;
	uint64_t held = 0;

	for (unsigned i = 0; i < FAMILIES_MAPS; i++)
		held += gomap_count(families->maps[i].map);
	snprintf(why, size, "%llu keys, expected %llu",
	        (unsigned long long)held,
	        (unsigned long long)(families->keys * FAMILIES));
	return held == families->keys * FAMILIES;
}

static const struct rm_map_ops families_ops = {
	.create = families_create,
	.destroy = families_destroy,
	.join = technique_join,
	.leave = technique_leave,
	.quiesce = technique_quiesce,
	.stats = families_stats,
	.check = families_check,
};

static const struct rm_own_loop families_loops[] = {
	{ "families", families_loop },
	{ NULL, NULL },
};

#endif /* RM_SUPPORT_FAMILIES_H */
