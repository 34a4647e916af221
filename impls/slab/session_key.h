/* SPDX-License-Identifier: Apache-2.0 */
/* session_key.h - the key of a session, stored in its record. Strings of up to
   16 bytes need no allocation. Private part of sessions.h. */
#ifndef RM_SESSION_KEY_H
#define RM_SESSION_KEY_H

#include "impls/gomap/gomap_ops.h" /* gomap_no_memory() */

#include <stdlib.h>
#include <string.h>

enum { SESSION_KEY_BYTES = 16 };

struct session_key {
	uint64_t word;                /* u64 shapes */
	uint32_t length;              /* string shapes */
	char *far;                    /* bytes of a longer key, owned */
	char near[SESSION_KEY_BYTES]; /* bytes of a shorter key */
};

RM_HOT const char *session_key_bytes(const struct session_key *own)
{
	return own->length > SESSION_KEY_BYTES ? own->far : own->near;
}

RM_HOT bool session_key_is(
        const struct session_key *own, struct rm_shape shape, struct rm_key key)
{
	if (!shape.str)
		return own->word == key.word;
	return own->length == key.length &&
	       (key.length == 0 || memcmp(session_key_bytes(own), key.bytes,
	                                   key.length) == 0);
}

/* Copies the key into a record without one. */
static inline void session_key_keep(
        struct session_key *own, struct rm_shape shape, struct rm_key key)
{
	own->word = shape.str ? 0 : key.word;
	own->length = shape.str ? (uint32_t)key.length : 0;
	if (own->length > SESSION_KEY_BYTES) {
		own->far = malloc(own->length);
		if (!own->far)
			gomap_no_memory();
		memcpy(own->far, key.bytes, own->length);
	} else if (own->length) {
		memcpy(own->near, key.bytes, own->length);
	}
}

static inline void session_key_drop(struct session_key *own)
{
	if (own->length > SESSION_KEY_BYTES)
		free(own->far);
	own->length = 0;
}

/* Returns the key for operations and scans; the record owns its bytes. */
RM_HOT struct rm_key session_key_of(
        const struct session_key *own, struct rm_shape shape)
{
	if (!shape.str)
		return (struct rm_key){ .word = own->word };
	return (struct rm_key){ .bytes = session_key_bytes(own),
		.length = own->length };
}

#endif /* RM_SESSION_KEY_H */
