/* SPDX-License-Identifier: Apache-2.0 */
#include "runner/check/keyset.h"

#include "runner/keys.h"

#include <stdio.h>
#include <string.h>

static uint64_t edge_word(size_t i)
{
	static const uint64_t special[] = { 0, UINT64_MAX, 1, 2,
		(uint64_t)1 << 63, UINT64_MAX - 1, (uint64_t)1 << 32,
		UINT32_MAX };

	if (i < sizeof(special) / sizeof(special[0]))
		return special[i];
	/* neighbours, and keys that differ in their high bits only */
	return i % 2 ? (uint64_t)i << 40 : i;
}

/* Zero bytes and then i: long common prefixes, prefixes of each other. */
static struct rm_key edge_string(size_t i, char *buffer)
{
	struct rm_key key = { .bytes = buffer, .length = i };
	uint32_t tail = (uint32_t)i;

	if (i >= 4) /* before: "", "\0", "\0\0", "\0\0\0" */
		key.length = 4 + i * 7 % 37;
	if (i >= 4 && i % 61 == 0)
		key.length = 300;
	if (i >= 4 && i % 509 == 0)
		key.length = 5000;
	memset(buffer, 0, key.length);
	if (i < 4)
		return key;
	memcpy(buffer + key.length - sizeof(tail), &tail, sizeof(tail));
	return key;
}

struct rm_key rm_keyset_key(
        enum rm_keyset set, struct rm_shape shape, size_t i, char *buffer)
{
	struct rm_key key = { .word = edge_word(i) };

	if (set == RM_KEYS_EDGES)
		return shape.str ? edge_string(i, buffer) : key;
	key.word = rm_scatter(i);
	if (shape.str) {
		uint64_t rank = i;

		memcpy(buffer, &key.word, 8);
		memcpy(buffer + 8, &rank, 8);
		key = (struct rm_key){ .bytes = buffer,
			.length = RM_STR_KEY_BYTES };
	}
	return key;
}

/* FNV-1a: not the maps' own hash. */
uint64_t rm_keyset_hash(struct rm_shape shape, struct rm_key key)
{
	const char *bytes = shape.str ? key.bytes : (const char *)&key.word;
	size_t length = shape.str ? key.length : sizeof(key.word);
	uint64_t hash = 0xcbf29ce484222325U;

	for (size_t i = 0; i < length; i++)
		hash = (hash ^ (unsigned char)bytes[i]) * 0x100000001b3U;
	return hash ^ hash >> 32;
}

void rm_keyset_print(
        struct rm_shape shape, struct rm_key key, char *text, size_t size)
{
	size_t used;

	if (!shape.str) {
		snprintf(text, size, "0x%llx", (unsigned long long)key.word);
		return;
	}
	used = (size_t)snprintf(text, size, "%zu bytes", key.length);
	for (size_t i = 0; i < key.length && used + 4 < size && i < 20; i++)
		used += (size_t)snprintf(text + used, size - used, " %02x",
		        (unsigned char)key.bytes[i]);
}
