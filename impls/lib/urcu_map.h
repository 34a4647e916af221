/* SPDX-License-Identifier: Apache-2.0 */
/*
 * urcu_map.h - the operations on the lock-free hash table of liburcu.
 *
 * A value is part of its node and never changes: an update puts another node
 * in its place, so that nothing tears and exchange returns exactly what it
 * replaced. Removed nodes are freed by the library's call_rcu() thread.
 *
 * Each operation is a call into the library, which calls back to compare keys:
 * this is how its users meet it, and part of what is measured.
 *
 * The includer says URCU_FLAVOUR (urcu_node.h) and URCU_FIXED: whether the
 * table is made for its keys, with two buckets each, or sizes itself.
 */
#ifndef RM_URCU_MAP_H
#define RM_URCU_MAP_H

#include "impls/lib/urcu_node.h"
#include "runner/driver.h"

static int match_u64(struct cds_lfht_node *link, const void *opaque)
{
	const struct rm_key *key = opaque;

	return node_of(link)->key == key->word;
}

/* The place of a string key's bytes depends on the value's size. */
RM_HOT int match_str(
        struct cds_lfht_node *link, const void *opaque, struct rm_shape shape)
{
	const struct rm_key *key = opaque;
	struct node *node = node_of(link);

	return node->key == key->length &&
	       (key->length == 0 || !memcmp(node_bytes(shape, node), key->bytes,
	                                    key->length));
}

static int match_str16x8(struct cds_lfht_node *link, const void *key)
{
	return match_str(link, key, RM_STR16X8);
}

static int match_str16x24(struct cds_lfht_node *link, const void *key)
{
	return match_str(link, key, RM_STR16X24);
}

RM_HOT cds_lfht_match_fct match(struct rm_shape shape)
{
	if (!shape.str)
		return match_u64;
	return shape.value_bytes == 8 ? match_str16x8 : match_str16x24;
}

RM_HOT struct node *find(const struct map *map, struct rm_shape shape,
        struct rm_key key, struct cds_lfht_iter *at)
{
	cds_lfht_lookup(map->table, rm_hash(shape, key, map->seed),
	        match(shape), &key, at);
	return node_of(cds_lfht_iter_get_node(at));
}

RM_HOT void read_node(
        struct rm_shape shape, const struct node *node, struct rm_value *value)
{
	memcpy(value, node->word, shape.value_bytes);
}

RM_HOT bool lookup(void *opaque, struct rm_shape shape, struct rm_key key,
        struct rm_value *value)
{
	const struct thread *thread = opaque;
	struct cds_lfht_iter at;
	const struct node *node;

	rcu_read_lock();
	node = find(thread->map, shape, key, &at);
	if (node)
		read_node(shape, node, value);
	rcu_read_unlock();
	return node != NULL;
}

/* exchange; upsert is the same with old == NULL. */
RM_HOT bool exchange(void *opaque, struct rm_shape shape, struct rm_key key,
        const struct rm_value *value, struct rm_value *old)
{
	struct thread *thread = opaque;
	struct map *map = thread->map;
	struct node *node = node_new(map, shape, key, value);
	struct node *was;

	rcu_read_lock();
	was = node_of(
	        cds_lfht_add_replace(map->table, rm_hash(shape, key, map->seed),
	                match(shape), &key, &node->link));
	rcu_read_unlock();
	if (!was)
		return false;
	if (old) /* it is ours to free, and to read until then */
		read_node(shape, was, old);
	retire(thread, shape, was);
	return true;
}

RM_HOT bool upsert(void *thread, struct rm_shape shape, struct rm_key key,
        const struct rm_value *value)
{
	return exchange(thread, shape, key, value, NULL);
}

/* take; remove is the same with old == NULL. */
RM_HOT bool take(void *opaque, struct rm_shape shape, struct rm_key key,
        struct rm_value *old)
{
	struct thread *thread = opaque;
	struct cds_lfht_iter at;
	struct node *node;

	rcu_read_lock();
	do {
		node = find(thread->map, shape, key, &at);
		/* fails where another thread removed or replaced it first */
	} while (node && cds_lfht_del(thread->map->table, &node->link));
	rcu_read_unlock();
	if (!node)
		return false;
	if (old)
		read_node(shape, node, old);
	retire(thread, shape, node);
	return true;
}

RM_HOT bool remove_key(void *thread, struct rm_shape shape, struct rm_key key)
{
	return take(thread, shape, key, NULL);
}

/* From here on: members that a map may leave out. */

static bool insert_if_absent(void *opaque, struct rm_shape shape,
        struct rm_key key, const struct rm_value *value,
        struct rm_value *present)
{
	struct thread *thread = opaque;
	struct map *map = thread->map;
	struct node *node = node_new(map, shape, key, value);
	struct node *there;

	rcu_read_lock();
	there = node_of(
	        cds_lfht_add_unique(map->table, rm_hash(shape, key, map->seed),
	                match(shape), &key, &node->link));
	if (there != node)
		read_node(shape, there, present);
	rcu_read_unlock();
	if (there == node)
		return false;
	free(node); /* nobody has seen it */
	return true;
}

static bool compare_swap(void *opaque, struct rm_shape shape, struct rm_key key,
        const struct rm_value *expected, const struct rm_value *value)
{
	struct thread *thread = opaque;
	struct map *map = thread->map;
	struct node *node = node_new(map, shape, key, value);
	struct cds_lfht_iter at;
	struct node *was;

	rcu_read_lock();
	do {
		was = find(map, shape, key, &at);
		if (!was || memcmp(was->word, expected, shape.value_bytes)) {
			rcu_read_unlock();
			free(node); /* nobody has seen it */
			return false;
		}
	} while (cds_lfht_replace(map->table, &at,
	        rm_hash(shape, key, map->seed), match(shape), &key,
	        &node->link));
	rcu_read_unlock();
	retire(thread, shape, was);
	return true;
}

/* A key that stays is visited once, with the value of its turn. `fn` may use
   the map; it must not announce or park. */
static void scan(
        void *opaque, struct rm_shape shape, rm_scan_fn *fn, void *context)
{
	struct thread *thread = opaque;
	struct rm_value value;
	struct cds_lfht_iter at;
	struct node *node;

	thread->pinned++;
	rcu_read_lock();
	cds_lfht_first(thread->map->table, &at);
	while ((node = node_of(cds_lfht_iter_get_node(&at)))) {
		read_node(shape, node, &value);
		if (!fn(context, node_key(shape, node), &value))
			break;
		cds_lfht_next(thread->map->table, &at);
	}
	rcu_read_unlock();
	thread->pinned--;
}

static size_t length(void *opaque)
{
	struct thread *thread = opaque;
	unsigned long count;
	long before, after; /* the split counters' guesses */

	rcu_read_lock();
	cds_lfht_count_nodes(thread->map->table, &before, &count, &after);
	rcu_read_unlock();
	return count;
}

/* Removes entry by entry: others may see a part of them. */
static void clear(void *opaque)
{
	struct thread *thread = opaque;
	struct cds_lfht *table = thread->map->table;
	struct cds_lfht_iter at;
	struct node *node;

	thread->pinned++;
	rcu_read_lock();
	cds_lfht_first(table, &at);
	while ((node = node_of(cds_lfht_iter_get_node(&at)))) {
		cds_lfht_next(table, &at);
		/* by key: the node may have been replaced since, and a key
		   that is there all the time must not survive */
		take(thread, thread->map->shape,
		        node_key(thread->map->shape, node), NULL);
	}
	rcu_read_unlock();
	thread->pinned--;
}

#include "impls/lib/urcu_life.h"

static const struct rm_map_ops ops = {
	.create = create,
	.destroy = destroy,
	.join = join,
	.leave = leave,
	.lookup = lookup,
	.upsert = upsert,
	.remove = remove_key,
	.quiesce = quiesce,
	.park = park,
	.unpark = unpark,
	.exchange = exchange,
	.take = take,
	.insert_if_absent = insert_if_absent,
	.compare_swap = compare_swap,
	.scan = scan,
	.length = length,
	.clear = clear,
	.stats = stats,
	.check = check,
};

/* Members of struct rm_impl that these maps share. The
   library calls match() back. */
#define URCU_MAP                                                             \
	.family = "rcu", .source = "liburcu, cds_lfht: split-ordered lists", \
	.system = "", .guarantees = "once-if-present",                       \
	.progress = "lock-free", .dispatch = "none"

#endif /* RM_URCU_MAP_H */
