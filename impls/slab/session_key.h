/* SPDX-License-Identifier: Apache-2.0 */
/* session_key.h - the key of a session, stored in its record. Strings of up to
   16 bytes need no allocation. Private part of sessions.h. */
#ifndef RM_SESSION_KEY_H
#define RM_SESSION_KEY_H

#include "impls/gomap/gomap_ops.h"

#include <stdlib.h>
#include <string.h>

enum { SESSION_KEY_BYTES = 16 };

struct session_key {
	uint64_t word;                        /* for shapes with 64-bit keys */
	uint32_t length;                      /* for shapes with string keys */
	char *heap_bytes;                     /* bytes of a longer key, owned */
	char inline_bytes[SESSION_KEY_BYTES]; /* bytes of a shorter key */
};

RM_HOT const char *session_key_bytes(const struct session_key *stored)
{
	return stored->length > SESSION_KEY_BYTES ? stored->heap_bytes
	                                          : stored->inline_bytes;
}

RM_HOT bool session_key_equals(const struct session_key *stored,
        struct rm_shape shape, struct rm_key key)
{
	if (!shape.str)
		return stored->word == key.word;
	return stored->length == key.length &&
	       (key.length == 0 || memcmp(session_key_bytes(stored), key.bytes,
	                                   key.length) == 0);
}

/* Copies the key into a record that has no key. */
static inline void session_key_copy(
        struct session_key *stored, struct rm_shape shape, struct rm_key key)
{
	stored->word = shape.str ? 0 : key.word;
	stored->length = shape.str ? (uint32_t)key.length : 0;
	if (stored->length > SESSION_KEY_BYTES) {
		stored->heap_bytes = malloc(stored->length);
		if (!stored->heap_bytes)
			gomap_no_memory();
		memcpy(stored->heap_bytes, key.bytes, stored->length);
	} else if (stored->length) {
		memcpy(stored->inline_bytes, key.bytes, stored->length);
	}
}

static inline void session_key_free(struct session_key *stored)
{
	if (stored->length > SESSION_KEY_BYTES)
		free(stored->heap_bytes);
	stored->length = 0;
}

/* Returns the key as a struct rm_key; the record owns the bytes. */
RM_HOT struct rm_key session_key_of(
        const struct session_key *stored, struct rm_shape shape)
{
	if (!shape.str)
		return (struct rm_key){ .word = stored->word };
	return (struct rm_key){ .bytes = session_key_bytes(stored),
		.length = stored->length };
}

#endif /* RM_SESSION_KEY_H */
