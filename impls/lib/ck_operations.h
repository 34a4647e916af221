/* SPDX-License-Identifier: Apache-2.0 */
/* ck_operations.h - the operations of ck_ht.c and ck_ht_new.c, which differ in
   the version of the library. */
#ifndef RM_CK_OPERATIONS_H
#define RM_CK_OPERATIONS_H

#include "impls/lib/ck_map.h"
#include "runner/driver.h"

/* Returns the library's entry for a key. If it is only used for a search,
   `node` is NULL. */
RM_HOT ck_ht_entry_t entry_of(struct rm_shape shape, struct rm_key key,
        ck_ht_hash_t hash, struct node *node, const struct rm_value *value)
{
	ck_ht_entry_t entry = { .key = 0 };

	if (shape.str)
		ck_ht_entry_set(&entry, hash, node ? node->bytes : key.bytes,
		        (uint16_t)key.length, node);
	else
		ck_ht_entry_set_direct(&entry, hash, key.word,
		        value ? (uintptr_t)value->word[0] : (uintptr_t)node);
	return entry;
}

RM_HOT ck_ht_hash_t hash_of(
        const struct map *map, struct rm_shape shape, struct rm_key key)
{
	return (ck_ht_hash_t){ rm_hash(shape, key, map->seed) };
}

/* True if the table itself holds the value. */
RM_HOT bool in_table(struct rm_shape shape)
{
	return !shape.str && shape.value_bytes == 8;
}

RM_HOT struct node *node_of(const ck_ht_entry_t *entry)
{
	return (struct node *)entry->value;
}

RM_HOT void read_entry(struct rm_shape shape, const ck_ht_entry_t *entry,
        struct rm_value *value)
{
	if (in_table(shape))
		value->word[0] = entry->value;
	else
		memcpy(value, &node_of(entry)->value, shape.value_bytes);
}

RM_HOT bool lookup(void *thread, struct rm_shape shape, struct rm_key key,
        struct rm_value *value)
{
	struct map *map = ((struct thread *)thread)->map;
	ck_ht_hash_t hash;
	ck_ht_entry_t entry;

	if (!shape.str && __builtin_expect(reserved(key.word), 0))
		return lookup_reserved(map, shape, key, value);
	hash = hash_of(map, shape, key);
	entry = entry_of(shape, key, hash, NULL, NULL);
	if (!ck_ht_get_spmc(&map->table, hash, &entry))
		return false;
	read_entry(shape, &entry, value);
	return true;
}

/* The caller holds the writers' mutex. */
RM_HOT bool put(struct map *map, struct rm_shape shape, struct rm_key key,
        const struct rm_value *value, struct rm_value *old)
{
	const ck_ht_hash_t hash = hash_of(map, shape, key);
	struct node *node = NULL;
	ck_ht_entry_t entry;

	if (!in_table(shape))
		node = node_new(shape, key, value);
	entry = entry_of(
	        shape, key, hash, node, in_table(shape) ? value : NULL);
	table_set(map, hash, &entry);
	if (ck_ht_entry_empty(&entry))
		return false;
	if (old)
		read_entry(shape, &entry, old);
	if (!in_table(shape))
		retire(map, &node_of(&entry)->block);
	return true;
}

/* Aborts if the key is too long, because the library would truncate it. */
RM_HOT void length_fits(struct rm_shape shape, struct rm_key key)
{
	if (shape.str && key.length > UINT16_MAX)
		abort();
}

RM_HOT bool exchange(void *thread, struct rm_shape shape, struct rm_key key,
        const struct rm_value *value, struct rm_value *old)
{
	struct thread *self = thread;
	bool was_there;

	length_fits(shape, key);
	write_begin(self);
	if (!shape.str && reserved(key.word))
		was_there = put_reserved(self->map, shape, key, value, old);
	else
		was_there = put(self->map, shape, key, value, old);
	write_end(self);
	return was_there;
}

/* The caller holds the writers' mutex. */
RM_HOT bool drop(struct map *map, struct rm_shape shape, struct rm_key key,
        struct rm_value *old)
{
	const ck_ht_hash_t hash = hash_of(map, shape, key);
	ck_ht_entry_t entry = entry_of(shape, key, hash, NULL, NULL);

	if (!ck_ht_remove_spmc(&map->table, hash, &entry))
		return false;
	if (old)
		read_entry(shape, &entry, old);
	if (!in_table(shape))
		retire(map, &node_of(&entry)->block);
	return true;
}

RM_HOT bool take(void *thread, struct rm_shape shape, struct rm_key key,
        struct rm_value *old)
{
	struct thread *self = thread;
	bool was_there;

	length_fits(shape, key);
	write_begin(self);
	if (!shape.str && reserved(key.word))
		was_there = put_reserved(self->map, shape, key, NULL, old);
	else
		was_there = drop(self->map, shape, key, old);
	write_end(self);
	return was_there;
}

/* Holds the writers' mutex, so all visited entries were present at the same
   time. */
static void scan(
        void *thread, struct rm_shape shape, rm_scan_fn *fn, void *context)
{
	struct thread *self = thread;
	ck_ht_iterator_t at = CK_HT_ITERATOR_INITIALIZER;
	ck_ht_entry_t *entry;

	write_begin(self);
	bool more = scan_reserved(self->map, fn, context);

	while (more && ck_ht_next(&self->map->table, &at, &entry)) {
		struct rm_key key = { .word = entry->key };
		struct rm_value value = { { 0 } };

		if (shape.str)
			key = (struct rm_key){ .bytes = node_of(entry)->bytes,
				.length = node_of(entry)->length };
		read_entry(shape, entry, &value);
		more = fn(context, key, &value);
	}
	write_end(self);
}

static size_t length(void *thread)
{
	struct thread *self = thread;

	write_begin(self);
	size_t count = count_of(self->map);
	write_end(self);
	return count;
}

static const struct rm_map_ops ops = {
	.create = map_new,
	.destroy = map_free,
	.join = thread_join,
	.leave = thread_park,
	.lookup = lookup,
	.quiesce = thread_quiesce,
	.park = thread_park,
	.unpark = thread_unpark,
	.exchange = exchange,
	.take = take,
	.scan = scan,
	.length = length,
	.stats = map_stats,
	.check = map_check,
};

#endif /* RM_CK_OPERATIONS_H */
