/* SPDX-License-Identifier: Apache-2.0 */
/*
 * families.h - keys of three modules, distinguished by a prefix: the loop
 * `families` (article S0, 3.2; workload W11). There are KEYS keys of each
 * module, "auth:", "metric:" and "cache:", in FAMILIES_MAPS maps: one for all
 * modules, or one for each.
 *
 * An iteration is a lookup or a write (the cell's write share) of a random
 * module. "auth:" and "metric:" keep their keys: a write replaces a value.
 * "cache:" turns over: a write inserts a new key and removes the oldest one.
 * One lookup in MISSES uses a key that no module has. The article gives none of
 * these numbers. One lookup in 64 is timed.
 *
 * The article claims that prefixes collide in one map. But a hash depends on
 * the whole content; a statistic reports the share of chains with three or more
 * keys. Modules do share a map's state: if "cache:" keeps part of a sync.Map
 * dirty, lookups of absent keys by any module take the lock.
 *
 * This is a template: the includer defines FAMILIES_MAPS, 1 or 3, and
 * FAMILIES_STORE, families_rw.h or families_sync.h, which defines for one map
 *
 *	struct family_map
 *	family_create(one, sizing) -> bool     false: no memory
 *	family_destroy(one)                    even if family_create() failed
 *	family_join(one, slot)                 a thread's handle, of the map
 *	family_leave, _park, _unpark, _quiesce (handle)
 *	family_lookup, _upsert, _remove        (handle, key ...)
 *	family_stats(one, emit, context)       its own, any thread
 *	family_census(one, census)             likewise
 */
#ifndef RM_TECHNIQUE_FAMILIES_H
#define RM_TECHNIQUE_FAMILIES_H

#include "impls/technique/technique.h"
#include "runner/base/clock.h"

#include <math.h>
#include FAMILIES_STORE

enum {
	FAMILIES = 3,
	FAMILIES_CACHE = 2, /* the module whose keys turn over */
	FAMILIES_KEYS = 100000,
	FAMILIES_MISSES = 10,
	FAMILIES_TIMED = 64,
	FAMILIES_KEY_BYTES = 32,
	FAMILIES_VALUE_BITS = 40, /* low bits of a value, which identify its
	                             key */
	FAMILIES_STATS = 32,      /* maximum number of statistics of one map */
};

/* No key has this number or a higher one. */
#define FAMILIES_ABSENT ((uint64_t)1 << 36)

struct families;

struct families_thread {
	_Alignas(2 * RM_CACHE_LINE) struct families *families;
	void *maps[FAMILIES_MAPS];
	/* written only by this thread; `inserts` and `removes` count the whole
	   trial, the others the window */
	_Atomic uint64_t inserts, removes, timed, timed_ns;
};

struct families {
	struct family_map maps[FAMILIES_MAPS];
	/* number of the next "cache:" key */
	_Alignas(2 * RM_CACHE_LINE) _Atomic uint64_t head;
	/* number of keys of a family */
	_Alignas(2 * RM_CACHE_LINE) uint64_t keys;
	uint32_t miss_below; /* share of lookups of absent keys, times 2^32 */
	size_t threads;
	struct families_thread *thread;
};

struct family_key {
	char bytes[FAMILIES_KEY_BYTES];
};

/* Writes a key such as "auth:17": prefix and decimal number. */
RM_HOT struct rm_key family_key(
        unsigned family, uint64_t number, struct family_key *buffer)
{
	static const char prefixes[FAMILIES][8] = {
		"auth:", "metric:", "cache:"
	};
	size_t at = FAMILIES_KEY_BYTES, prefix = strlen(prefixes[family]);

	do {
		buffer->bytes[--at] = (char)('0' + number % 10);
		number /= 10;
	} while (number);
	at -= prefix;
	memcpy(buffer->bytes + at, prefixes[family], prefix);
	return (struct rm_key){ .bytes = buffer->bytes + at,
		.length = FAMILIES_KEY_BYTES - at };
}

/* The low bits identify the key. The high bits make each value differ from the
   last one. */
RM_HOT struct rm_value family_value(
        unsigned family, uint64_t number, uint64_t sequence)
{
	return (struct rm_value){ { sequence << FAMILIES_VALUE_BITS |
		                    (number * FAMILIES + family) } };
}

/* Returns nonzero if the value belongs to another key. */
RM_HOT uint64_t family_wrong(
        const struct rm_value *value, unsigned family, uint64_t number)
{
	return (value->word[0] ^ family_value(family, number, 0).word[0])
	       << (64 - FAMILIES_VALUE_BITS);
}

static void families_destroy(void *opaque)
{
	struct families *families = opaque;

	for (unsigned i = 0; i < FAMILIES_MAPS; i++)
		family_destroy(&families->maps[i]);
	free(families->thread);
	free(families);
}

/* Inserts the keys of a module, or looks up each of them. Returns false if
   memory runs out. */
static bool families_visit(
        struct families *families, unsigned family, bool looks_up)
{
	void *map = family_join(&families->maps[family % FAMILIES_MAPS], 0);

	for (uint64_t number = 0; map && number < families->keys; number++) {
		struct rm_value value = family_value(family, number, 0);
		struct family_key buffer;
		const struct rm_key key = family_key(family, number, &buffer);

		if (looks_up)
			family_lookup(map, key, &value);
		else
			family_upsert(map, key, &value);
	}
	if (map)
		family_leave(map);
	return map != NULL;
}

/* Inserts all keys and then looks them all up, so that a sync.Map promotes all
   of them. Returns false if memory runs out. */
static bool families_fill(struct families *families)
{
	bool complete = true;

	for (unsigned turn = 0; turn < 2 * FAMILIES; turn++)
		complete &= families_visit(
		        families, turn % FAMILIES, turn >= FAMILIES);
	return complete;
}

static void *families_create(const struct rm_sizing *sizing)
{
	struct families *families = technique_new(sizeof(*families));
	struct rm_sizing one = *sizing;
	bool complete = families != NULL;

	if (!families)
		return NULL;
	families->keys = technique_arg(sizing, 0, FAMILIES_KEYS);
	families->miss_below =
	        (uint32_t)(UINT32_MAX /
	                   technique_arg(sizing, 1, FAMILIES_MISSES));
	families->threads = sizing->threads;
	families->thread =
	        technique_new(sizing->threads * sizeof(*families->thread));
	atomic_init(&families->head, families->keys);
	one.shape = RM_STR16X8;
	one.keys = families->keys * FAMILIES / FAMILIES_MAPS;
	one.presize = true;
	for (unsigned i = 0; i < FAMILIES_MAPS; i++) {
		one.seed = sizing->seed + i;
		complete &= family_create(&families->maps[i], &one);
	}
	if (complete && families->thread && families_fill(families))
		return families;
	families_destroy(families);
	return NULL;
}

static void *families_join(void *opaque, size_t slot)
{
	struct families *families = opaque;
	struct families_thread *self = &families->thread[slot];
	bool joined = true;

	self->families = families;
	for (unsigned i = 0; i < FAMILIES_MAPS; i++) {
		self->maps[i] = family_join(&families->maps[i], slot);
		joined &= self->maps[i] != NULL;
	}
	return joined ? self : NULL;
}

static void families_leave(void *thread)
{
	struct families_thread *self = thread;

	for (unsigned i = 0; i < FAMILIES_MAPS; i++)
		family_leave(self->maps[i]);
}

static void families_park(void *thread)
{
	struct families_thread *self = thread;

	for (unsigned i = 0; i < FAMILIES_MAPS; i++)
		family_park(self->maps[i]);
}

static void families_unpark(void *thread)
{
	struct families_thread *self = thread;

	for (unsigned i = 0; i < FAMILIES_MAPS; i++)
		family_unpark(self->maps[i]);
}

static void families_quiesce(void *thread)
{
	struct families_thread *self = thread;

	for (unsigned i = 0; i < FAMILIES_MAPS; i++)
		family_quiesce(self->maps[i]);
}

/* The key of one iteration. */
struct family_turn {
	void *map;
	unsigned family;
	uint64_t number;
	struct family_key buffer;
};

/* Draws a present key, but no "cache:" key that is about to be inserted or
   removed. */
RM_HOT uint64_t family_draw(
        struct families *families, unsigned family, uint64_t y)
{
	const uint64_t edge = family == FAMILIES_CACHE ? families->keys / 8 : 0;
	uint64_t number = edge + rm_below(y, families->keys - 2 * edge);

	if (family == FAMILIES_CACHE)
		/* relaxed: any recent value will do, because of the margin */
		number += atomic_load_explicit(
		                  &families->head, memory_order_relaxed) -
		          families->keys;
	return number;
}

RM_HOT void family_write(struct rm_worker *worker, struct family_turn *turn)
{
	struct families_thread *self = worker->thread;
	struct families *families = self->families;
	const bool turns_over = turn->family == FAMILIES_CACHE;

	if (turns_over)
		/* relaxed: only uniqueness matters */
		turn->number = atomic_fetch_add_explicit(
		        &families->head, 1, memory_order_relaxed);

	const struct rm_value value =
	        family_value(turn->family, turn->number, ++worker->sequence);

	worker->counts.writes++;
	if (!family_upsert(turn->map,
	            family_key(turn->family, turn->number, &turn->buffer),
	            &value))
		rm_stat_own(&self->inserts, 1);
	if (!turns_over)
		return;
	worker->counts.writes++;
	worker->counts.pairs++;
	if (family_remove(turn->map,
	            family_key(turn->family, turn->number - families->keys,
	                    &turn->buffer)))
		rm_stat_own(&self->removes, 1);
}

/* Returns nonzero for a wrong answer. "cache:" keys may have been removed. */
RM_HOT uint64_t family_read(
        struct rm_worker *worker, struct family_turn *turn, bool absent)
{
	struct rm_value value = { { 0 } };
	const struct rm_key key = family_key(turn->family,
	        turn->number + (absent ? FAMILIES_ABSENT : 0), &turn->buffer);
	const bool hit = family_lookup(turn->map, key, &value);

	if (absent) {
		worker->counts.misses_absent++;
		return hit;
	}
	if (hit)
		return family_wrong(&value, turn->family, turn->number);
	worker->counts.misses_resident++;
	return turn->family != FAMILIES_CACHE;
}

static __attribute__((noinline)) uint64_t family_read_timed(
        struct rm_worker *worker, struct family_turn *turn, bool absent)
{
	struct families_thread *self = worker->thread;
	const uint64_t start_ns = rm_now_ns();
	const uint64_t wrong = family_read(worker, turn, absent);

	if (worker->measured) {
		rm_stat_own(&self->timed_ns, rm_now_ns() - start_ns);
		rm_stat_own(&self->timed, 1);
	}
	return wrong;
}

static void families_loop(struct rm_worker *worker)
{
	struct families_thread *self = worker->thread;
	struct families *families = self->families;
	uint64_t rng = worker->rng, wrong = 0;

	while (technique_turn(worker)) {
		const uint64_t x = rm_next(&rng), y = rm_next(&rng);
		struct family_turn turn = {
			.family = (unsigned)((x >> 48) * FAMILIES >> 16),
		};
		const bool absent = (uint32_t)y < families->miss_below;

		turn.map = self->maps[turn.family % FAMILIES_MAPS];
		turn.number = family_draw(families, turn.family, y);
		if ((uint32_t)x < worker->write_below)
			family_write(worker, &turn);
		else if (worker->counts.iterations % FAMILIES_TIMED)
			wrong |= family_read(worker, &turn, absent);
		else
			wrong |= family_read_timed(worker, &turn, absent);
		if (worker->counts.iterations % RM_BATCH == 0)
			families_quiesce(self);
	}
	worker->rng = rng;
	worker->counts.wrong |= wrong;
}

/* The statistics of all maps, added up by name. */
struct families_sum {
	size_t count;
	struct {
		const char *name, *unit;
		double value;
	} stats[FAMILIES_STATS];
};

static void families_add_stat(
        void *context, const char *name, const char *unit, double value)
{
	struct families_sum *sum = context;
	size_t i = 0;

	while (i < sum->count && strcmp(sum->stats[i].name, name) != 0)
		i++;
	if (i == FAMILIES_STATS)
		return;
	if (i == sum->count) {
		sum->count++;
		sum->stats[i].name = name;
		sum->stats[i].unit = unit;
		sum->stats[i].value = 0;
	}
	sum->stats[i].value += value;
}

/* The mean of the timed lookups includes two clock readings:
   environment.clock_cost_ns. */
static void families_stats(void *opaque, rm_stat_fn *emit, void *context)
{
	struct families *families = opaque;
	struct gomap_census census = { 0 };
	struct families_sum sum = { .count = 0 };
	uint64_t timed = 0, timed_ns = 0;

	for (size_t i = 0; i < families->threads; i++) {
		timed += rm_stat_read(&families->thread[i].timed);
		timed_ns += rm_stat_read(&families->thread[i].timed_ns);
	}
	emit(context, "lookups_timed", "1", (double)timed);
	emit(context, "lookup_mean_ns", "ns",
	        timed ? (double)timed_ns / (double)timed : (double)NAN);
	for (unsigned i = 0; i < FAMILIES_MAPS; i++) {
		family_census(&families->maps[i], &census);
		family_stats(&families->maps[i], families_add_stat, &sum);
	}
	emit(context, "entries", "1", (double)census.entries);
	emit(context, "chains", "1", (double)census.chains);
	emit(context, "chains_with_three_or_more", "1", (double)census.third);
	for (size_t i = 0; i < sum.count; i++)
		emit(context, sum.stats[i].name, sum.stats[i].unit,
		        sum.stats[i].value);
}

/* Checks that the number of keys agrees with the inserts and removes. */
static bool families_check(void *opaque, char *why, size_t size)
{
	struct families *families = opaque;
	uint64_t expected = families->keys * FAMILIES;
	uint64_t key_count = 0;

	for (size_t i = 0; i < families->threads; i++) {
		expected += rm_stat_read(&families->thread[i].inserts);
		expected -= rm_stat_read(&families->thread[i].removes);
	}
	for (unsigned i = 0; i < FAMILIES_MAPS; i++)
		key_count += family_count(&families->maps[i]);
	snprintf(why, size, "%llu keys, expected %llu",
	        (unsigned long long)key_count, (unsigned long long)expected);
	return key_count == expected;
}

static const struct rm_map_ops families_ops = {
	.create = families_create,
	.destroy = families_destroy,
	.join = families_join,
	.leave = families_leave,
	.quiesce = families_quiesce,
	.park = families_park,
	.unpark = families_unpark,
	.stats = families_stats,
	.check = families_check,
};

static const struct rm_own_loop families_loops[] = {
	{ "families", families_loop },
	{ NULL, NULL },
};

#endif /* RM_TECHNIQUE_FAMILIES_H */
