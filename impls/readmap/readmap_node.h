/* SPDX-License-Identifier: Apache-2.0 */
/*
 * readmap_node.h - readmap: the two words of a slot, for each shape.
 *
 *	shape            key word    value word
 *	u64, 8 bytes     key         value
 *	u64, longer      key         address of a node: value
 *	strings          hash        address of a node: value, length, bytes
 *
 * A node never changes once it is published, except that the value of 8 bytes
 * of a string key is replaced in place. R4 of readmap_layout.h acquires the
 * node. A reader uses it inside of its guard.
 */
#ifndef RM_READMAP_NODE_H
#define RM_READMAP_NODE_H

#include "impls/readmap/readmap_layout.h"

#include <string.h>

struct readmap_node {
	_Atomic uint64_t value; /* first word of the value; the others follow */
	char rest[];
};

RM_HOT bool readmap_has_nodes(struct rm_shape shape)
{
	return shape.str || shape.value_bytes != 8;
}

RM_HOT struct readmap_node *readmap_node_of(uint64_t value_word)
{
	return (struct readmap_node *)(uintptr_t)value_word;
}

/* Returns the address of a string's length; the bytes follow it. */
RM_HOT char *readmap_node_string(
        struct rm_shape shape, struct readmap_node *node)
{
	return (char *)node + shape.value_bytes;
}

RM_HOT size_t readmap_node_length(
        struct rm_shape shape, struct readmap_node *node)
{
	size_t length = 0;

	if (shape.str)
		memcpy(&length, readmap_node_string(shape, node),
		        sizeof(length));
	return length;
}

RM_HOT struct rm_key readmap_node_key(
        struct rm_shape shape, struct readmap_node *node)
{
	return (struct rm_key){ .bytes = readmap_node_string(shape, node) +
		                         sizeof(size_t),
		.length = readmap_node_length(shape, node) };
}

static inline size_t readmap_node_bytes(struct rm_shape shape, size_t length)
{
	return shape.value_bytes + (shape.str ? sizeof(size_t) + length : 0);
}

/* A write cannot report "out of memory", so this aborts; the trial fails. */
static __attribute__((noinline)) struct readmap_node *readmap_node_new(
        struct rm_shape shape, struct rm_key key, const struct rm_value *value)
{
	const size_t length = shape.str ? key.length : 0;
	struct readmap_node *node = malloc(readmap_node_bytes(shape, length));

	if (!node)
		abort();
	atomic_init(&node->value, value->word[0]);
	if (shape.value_bytes > 8)
		memcpy(node->rest, &value->word[1], shape.value_bytes - 8);
	if (shape.str)
		memcpy(readmap_node_string(shape, node), &length,
		        sizeof(length));
	if (length)
		memcpy(readmap_node_string(shape, node) + sizeof(length),
		        key.bytes, length);
	return node;
}

/* A key's hash and key word. */
struct readmap_name {
	uint64_t hash, word;
};

RM_HOT struct readmap_name readmap_name(
        const struct readmap *map, struct rm_shape shape, struct rm_key key)
{
	const uint64_t hash = rm_hash(shape, key, map->seed);

	return (struct readmap_name){ hash, shape.str ? hash : key.word };
}

/* True if a slot with this value word has the key. The key words are equal. */
RM_HOT bool readmap_same_key(
        struct rm_shape shape, uint64_t value_word, struct rm_key key)
{
	struct readmap_node *node = readmap_node_of(value_word);

	return !shape.str ||
	       (readmap_node_length(shape, node) == key.length &&
	               (key.length == 0 ||
	                       memcmp(readmap_node_key(shape, node).bytes,
	                               key.bytes, key.length) == 0));
}

/* Copies the value to which this value word refers. */
RM_HOT void readmap_load_value(
        struct rm_shape shape, uint64_t value_word, struct rm_value *value)
{
	struct readmap_node *node = readmap_node_of(value_word);

	if (!readmap_has_nodes(shape)) {
		value->word[0] = value_word;
		return;
	}
	/* acquire: pairs with the release in readmap_replace() */
	value->word[0] =
	        atomic_load_explicit(&node->value, memory_order_acquire);
	if (shape.value_bytes > 8)
		memcpy(&value->word[1], node->rest, shape.value_bytes - 8);
}

/* Returns the value word for a new value of the key. */
RM_HOT uint64_t readmap_value_word(
        struct rm_shape shape, struct rm_key key, const struct rm_value *value)
{
	if (!readmap_has_nodes(shape))
		return value->word[0];
	return (uintptr_t)readmap_node_new(shape, key, value);
}

#endif /* RM_READMAP_NODE_H */
