/* SPDX-License-Identifier: Apache-2.0 */
/*
 * urcu_map.h - the operations on the lock-free hash table of liburcu.
 *
 * A value is part of its node and never changes: an update replaces the node.
 * So values cannot tear, and exchange returns exactly the replaced value. The
 * library's call_rcu() thread frees removed nodes.
 *
 * Each operation is a call into the library, which calls back to compare keys,
 * as in user programs; the measurement includes that.
 *
 * The includer defines URCU_FLAVOUR (urcu_node.h) and URCU_FIXED: true if the
 * table is created with two buckets per key, false if it resizes itself.
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

/* The bytes of a string key follow the value, so their offset depends on its
   size. */
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

RM_HOT bool exchange(void *opaque, struct rm_shape shape, struct rm_key key,
        const struct rm_value *value, struct rm_value *old)
{
	struct thread *thread = opaque;
	struct map *map = thread->map;
	struct node *node = node_new(map, shape, key, value);
	struct node *replaced;

	rcu_read_lock();
	replaced = node_of(
	        cds_lfht_add_replace(map->table, rm_hash(shape, key, map->seed),
	                match(shape), &key, &node->link));
	rcu_read_unlock();
	if (!replaced)
		return false;
	if (old) /* this thread will free the node, and may read it until
	            then */
		read_node(shape, replaced, old);
	retire(thread, shape, replaced);
	return true;
}

RM_HOT bool take(void *opaque, struct rm_shape shape, struct rm_key key,
        struct rm_value *old)
{
	struct thread *thread = opaque;
	struct cds_lfht_iter at;
	struct node *node;

	rcu_read_lock();
	do {
		node = find(thread->map, shape, key, &at);
		/* deletion fails if another thread removed or replaced the node
		   first */
	} while (node && cds_lfht_del(thread->map->table, &node->link));
	rcu_read_unlock();
	if (!node)
		return false;
	if (old)
		read_node(shape, node, old);
	retire(thread, shape, node);
	return true;
}

/* All operations below are optional members of rm_map_ops. */

static bool insert_if_absent(void *opaque, struct rm_shape shape,
        struct rm_key key, const struct rm_value *value,
        struct rm_value *present)
{
	struct thread *thread = opaque;
	struct map *map = thread->map;
	struct node *node = node_new(map, shape, key, value);
	struct node *present_node;

	rcu_read_lock();
	present_node = node_of(
	        cds_lfht_add_unique(map->table, rm_hash(shape, key, map->seed),
	                match(shape), &key, &node->link));
	if (present_node != node)
		read_node(shape, present_node, present);
	rcu_read_unlock();
	if (present_node == node)
		return false;
	free(node); /* never published */
	return true;
}

static bool compare_swap(void *opaque, struct rm_shape shape, struct rm_key key,
        const struct rm_value *expected, const struct rm_value *value)
{
	struct thread *thread = opaque;
	struct map *map = thread->map;
	struct node *node = node_new(map, shape, key, value);
	struct cds_lfht_iter at;
	struct node *replaced;

	rcu_read_lock();
	do {
		replaced = find(map, shape, key, &at);
		if (!replaced ||
		        memcmp(replaced->word, expected, shape.value_bytes)) {
			rcu_read_unlock();
			free(node); /* never published */
			return false;
		}
	} while (cds_lfht_replace(map->table, &at,
	        rm_hash(shape, key, map->seed), match(shape), &key,
	        &node->link));
	rcu_read_unlock();
	retire(thread, shape, replaced);
	return true;
}

/* Visits exactly once each key that is present during the whole scan, and reads
   its value at the time of the visit. `fn` may use the map, but must not
   announce or park. */
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
	long before, after; /* set to estimates, which are not used */

	rcu_read_lock();
	cds_lfht_count_nodes(thread->map->table, &before, &count, &after);
	rcu_read_unlock();
	return count;
}

/* Removes one entry at a time, so other threads may see a part of the
   entries. */
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
		/* by key, because the node may have been replaced, and a key
		   that was present all the time must be removed */
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

/* Members of struct rm_impl that these maps share. The library calls
   match(). */
#define URCU_MAP                                                             \
	.family = "rcu", .source = "liburcu, cds_lfht: split-ordered lists", \
	.guarantees = "once-if-present", .progress = "lock-free"

#endif /* RM_URCU_MAP_H */
