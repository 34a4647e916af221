/* SPDX-License-Identifier: Apache-2.0 */
/* late_copy_revives.c - a lock-free open-addressing table (idea: Cliff Click
 * 2007): a compare-and-swap claims a slot for a key for the lifetime of the
 * table, and the value is a pointer. When a table is full, a next table is
 * added. A thread that accesses a slot then freezes it, copies its value into
 * the slot of the next table if that slot never had a value, and continues in
 * the next table. Tables and values are retired (limbo.h). Bug: after a
 * removal, a slot looks as if it never had a value. So if a thread freezes a
 * slot and copies it late, it restores a value that other threads have already
 * copied, removed and retired. Corrected version: the slot records that its
 * value was removed. Unless a table grows, lookups do not write to shared
 * memory. */
#ifndef ID
#define ID late_copy_revives
#endif
#include "impls/support/hash.h"
#include "verify/corpora/unseen/limbo.h"

/* Words that mark slots; as keys they have their own slots after the table.
 * DEAD ends the probe sequence of all keys that were not found before it. */
#define EMPTY UINT64_C(0)
#define DEAD  UINT64_MAX

/* Marks that replace the pointer to a box. FROZEN is a bit added to a pointer
 * or a mark. */
enum { NEVER = 0, FROZEN = 1, GONE = 2 };
/* content of a slot after a removal */
#define NONE (RIGHT ? GONE : NEVER)

enum { CHUNK = 16, SLOTS_LEAST = 64 };

struct box {
	struct retired retired;
	struct rm_value value;
};

struct slot {
	_Atomic uint64_t key;
	_Atomic uintptr_t box;
};

struct table {
	struct retired retired;
	_Atomic(struct table *) next;
	/* number of claimed slots, and of slots whose copying has begun */
	_Atomic size_t claimed, given;
	size_t mask;
	struct slot slot[]; /* mask + 1, and two for the keys EMPTY and DEAD */
};

struct map {
	struct limbo limbo;            /* must be first: the pointer to the
	                                * limbo is the pointer to the map */
	_Atomic(struct table *) table; /* at most one table follows it */
	uint64_t seed;
	size_t most; /* maximum number of entries at any time */
};

static struct map *map_of(void *handle)
{
	return (struct map *)((struct limbo_thread *)handle)->limbo;
}

static struct box *box_of(uintptr_t word)
{
	return word & (FROZEN | GONE) ? NULL : (struct box *)word;
}

static struct table *table_new(size_t slots)
{
	struct table *table = calloc(
	        1, sizeof(*table) + (slots + 2) * sizeof(table->slot[0]));

	if (table)
		table->mask = slots - 1;
	return table;
}

static void destroy(void *opaque)
{
	struct map *map = opaque;
	struct table *table = atomic_load(&map->table), *next;

	for (; table; table = next) {
		next = atomic_load(&table->next);
		for (size_t i = 0; i < table->mask + 3; i++)
			free(box_of(atomic_load(&table->slot[i].box)));
		free(table);
	}
	limbo_end(&map->limbo);
	free(map);
}

static void *create(const struct rm_sizing *sizing)
{
	struct map *map = calloc(1, sizeof(*map));

	if (!map)
		return NULL;
	map->seed = sizing->seed;
	map->most = sizing->keys + sizing->threads;
	atomic_init(&map->table,
	        table_new(broken_power(
	                broken_power(SLOTS_LEAST, 16 * sizing->threads),
	                sizing->presize ? 8 * sizing->keys : 0)));
	if (limbo_init(&map->limbo, sizing->threads) &&
	        atomic_load(&map->table))
		return map;
	destroy(map);
	return NULL;
}

static void *join(void *opaque, size_t slot)
{
	struct map *map = opaque;

	return limbo_join(&map->limbo, slot);
}

/* Returns the key's slot. Returns NULL if the key is not in the table; if *end
 * becomes DEAD, it never will be. If `mark` is given, an EMPTY slot at the end
 * becomes `mark`. */
static struct slot *find(struct map *map, struct table *table,
        struct rm_key key, uint64_t mark, uint64_t *end)
{
	size_t i = rm_hash(RM_U64X8, key, map->seed) & table->mask;

	if (key.word == EMPTY || key.word == DEAD)
		return &table->slot[table->mask + 1 + (key.word & 1)];
	for (;; i = (i + 1) & table->mask) {
		struct slot *slot = &table->slot[i];

		*end = atomic_load(&slot->key);
		if (*end == EMPTY && mark != EMPTY &&
		        atomic_compare_exchange_strong(&slot->key, end, mark)) {
			*end = mark;
			if (mark == key.word)
				atomic_fetch_add(&table->claimed, 1);
		}
		if (*end == key.word)
			return slot;
		if (*end == EMPTY || *end == DEAD)
			return NULL;
	}
}

/* Requires that `table` has a next table: moves the value of the slot to it. */
static void copy(struct map *map, struct table *table, struct slot *slot,
        struct rm_key key)
{
	uintptr_t word = atomic_fetch_or(&slot->box, FROZEN) & ~FROZEN;
	uintptr_t never = NEVER;
	uint64_t end;

	if (box_of(word)) {
		struct slot *to = find(
		        map, atomic_load(&table->next), key, key.word, &end);

		/* NULL: the next table is also being left, so the slot was
		 * already copied */
		if (to)
			atomic_compare_exchange_strong(&to->box, &never, word);
	}
	atomic_store(&slot->box, GONE | FROZEN);
}

/* Requires that `table` has a next table: ensures that the key's value has been
 * moved to it. */
static struct table *leave_table(
        struct map *map, struct table *table, struct rm_key key)
{
	uint64_t end;
	struct slot *slot = find(map, table, key, DEAD, &end);

	if (slot)
		copy(map, table, slot, key);
	return atomic_load(&table->next);
}

static void copy_number(struct map *map, struct table *table, size_t i)
{
	struct slot *slot = &table->slot[i];
	struct rm_key key = { .word = EMPTY };

	if (i > table->mask)
		key.word = i == table->mask + 1 ? EMPTY : DEAD;
	else if (atomic_compare_exchange_strong(&slot->key, &key.word, DEAD) ||
	         key.word == DEAD)
		return;
	copy(map, table, slot, key);
}

/* Copies the remaining slots and makes the next table the map's current one. */
static void finish(void *thread, struct table *table)
{
	struct map *map = map_of(thread);
	struct table *next = atomic_load(&table->next), *expected = table;

	for (size_t i = 0; i < table->mask + 3; i++)
		copy_number(map, table, i);
	if (atomic_compare_exchange_strong(&map->table, &expected, next))
		limbo_retire(thread, &table->retired);
}

/* Does a write's share of the copying. The map's table has a next one. */
static void help(void *thread)
{
	struct map *map = map_of(thread);
	struct table *table = atomic_load(&map->table);

	if (!atomic_load(&table->next))
		return;
	const size_t i = atomic_fetch_add(&table->given, CHUNK);
	if (i >= table->mask + 3) {
		finish(thread, table);
		return;
	}
	for (size_t n = i; n < i + CHUNK && n < table->mask + 3; n++)
		copy_number(map, table, n);
}

/* Returns the same number of slots if most were claimed for removed keys. */
static size_t slots_after(struct map *map, struct table *table)
{
	const size_t slots = table->mask + 1;
	size_t boxes = map->most;

	for (size_t i = 0; i < slots; i++)
		boxes += box_of(atomic_load(&table->slot[i].box)) != NULL;
	return slots >= 8 * boxes ? slots : 2 * slots;
}

/* Called when a quarter of the slots is claimed: adds a next table. Copies will
 * use at most half of its slots. */
static RM_COLD void grow(void *thread, struct table *table)
{
	struct map *map = map_of(thread);
	struct table *first = atomic_load(&map->table), *none = NULL;

	if (first != table && atomic_load(&first->next) == table)
		finish(thread, first);
	if (atomic_load(&table->next))
		return;
	struct table *next = broken_need(table_new(slots_after(map, table)));
	if (!atomic_compare_exchange_strong(&table->next, &none, next))
		free(next);
}

RM_HOT bool lookup(void *thread, struct rm_shape shape, struct rm_key key,
        struct rm_value *value)
{
	struct map *map = map_of(thread);
	struct table *table = atomic_load(&map->table);

	while (table) {
		uint64_t end;
		struct slot *slot = find(map, table, key, EMPTY, &end);
		const uintptr_t word = slot ? atomic_load(&slot->box) : FROZEN;

		if (!(word & FROZEN)) {
			if (box_of(word))
				broken_copy(shape, value, &box_of(word)->value);
			return box_of(word) != NULL;
		}
		if (slot)
			copy(map, table, slot, key);
		table = atomic_load(&table->next);
	}
	return false;
}

/* Returns the slot that has or will get the key's value, and that was not
 * frozen when `word` was read. Returns NULL if the key is not found and `make`
 * is false. */
static struct slot *enter(
        void *thread, struct rm_key key, bool make, uintptr_t *word)
{
	struct map *map = map_of(thread);
	struct table *table = atomic_load(&map->table);
	uint64_t end;

	for (;;) {
		if (atomic_load(&table->next)) {
			table = leave_table(map, table, key);
			continue;
		}
		struct slot *slot = find(map, table, key, EMPTY, &end);
		if (!slot && end == EMPTY && !make) {
			if (!atomic_load(&table->next))
				return NULL;
			continue;
		}
		if (!slot && end == EMPTY) {
			if (atomic_load(&table->claimed) > table->mask / 4) {
				grow(thread, table);
				continue;
			}
			slot = find(map, table, key, key.word, &end);
		}
		if (!slot)
			/* a DEAD slot means that there is a next table */
			continue;
		*word = atomic_load(&slot->box);
		if (!(*word & FROZEN))
			return slot;
	}
}

/* Stores `box`, or NULL, for the key. If `expected` is given, does so only if
 * the key has this value; if `present`, only if the key has a value. Returns
 * the old box, which this thread then owns, or NULL. */
static struct box *put(void *thread, struct rm_shape shape, struct rm_key key,
        const struct rm_value *expected, bool present, struct box *box)
{
	const uintptr_t to = box ? (uintptr_t)box : NONE;

	help(thread);
	for (;;) {
		uintptr_t word = NEVER;
		struct slot *slot = enter(thread, key, !present, &word);
		struct box *old = box_of(word);

		if (present && !old)
			return NULL;
		if (expected && !broken_same(shape, &old->value, expected))
			return NULL;
		if (atomic_compare_exchange_strong(&slot->box, &word, to))
			return old;
	}
}

static struct box *box_new(struct rm_shape shape, const struct rm_value *value)
{
	struct box *box = broken_need(calloc(1, sizeof(*box)));

	broken_copy(shape, &box->value, value);
	return box;
}

/* If there was a box, copies its value to `to`, retires it and returns true. */
static bool done_with(void *thread, struct rm_shape shape, struct box *box,
        struct rm_value *to)
{
	if (!box)
		return false;
	broken_copy(shape, to, &box->value);
	limbo_retire(thread, &box->retired);
	return true;
}

static inline bool exchange(void *thread, struct rm_shape shape,
        struct rm_key key, const struct rm_value *value, struct rm_value *old)
{
	struct box *box = box_new(shape, value);

	return done_with(
	        thread, shape, put(thread, shape, key, NULL, false, box), old);
}

static inline bool take(void *thread, struct rm_shape shape, struct rm_key key,
        struct rm_value *old)
{
	return done_with(
	        thread, shape, put(thread, shape, key, NULL, true, NULL), old);
}

static inline bool compare_swap(void *thread, struct rm_shape shape,
        struct rm_key key, const struct rm_value *expected,
        const struct rm_value *value)
{
	struct box *box = box_new(shape, value);

	if (done_with(thread, shape,
	            put(thread, shape, key, expected, true, box), NULL))
		return true;
	free(box);
	return false;
}

static const struct rm_map_ops ops = {
	.create = create,
	.destroy = destroy,
	.join = join,
	.leave = limbo_park,
	.lookup = lookup,
	.quiesce = limbo_quiesce,
	.park = limbo_park,
	.unpark = limbo_unpark,
	.exchange = exchange,
	.take = take,
	.compare_swap = compare_swap,
};

RM_DRIVES_U64(ops)

const struct rm_impl BROKEN_SYMBOL(ID) = {
	BROKEN_MAP("free", "rcu-qsbr", "none", "lock-free"),
};
