/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fault_hash.h - a hash that may fault, and the barrier that a fault goes to.
 *
 * Go hashes an interface key through its type and panics where the type has no
 * hash; a deferred recover() up the stack ends the panic. Here a key that
 * cannot be hashed is a string key whose bytes are nowhere; the panic is a
 * siglongjmp() to the barrier that the operation has set up.
 *
 * The hash learns of the barrier from the key: each shape leaves members of
 * struct rm_key unread, and fault_key() puts it into one of them. So two
 * threads never share a barrier, and nothing is global or of a thread. What
 * is stored in a map is made of the members that the shape reads.
 */
#ifndef RM_SUPPORT_FAULT_HASH_H
#define RM_SUPPORT_FAULT_HASH_H

#include "impls/support/hash.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

struct fault_barrier {
	sigjmp_buf jump;
};

/* Whether hashing this key faults. A test plants its own. */
#ifndef FAULT_PLANTED
#define FAULT_PLANTED(shape, key, barrier) fault_in_key(shape, key)
#endif

RM_HOT bool fault_in_key(struct rm_shape shape, struct rm_key key)
{
	return shape.str && !key.bytes && key.length;
}

/* The key with a barrier for its faults; NULL: they end the process. */
RM_HOT struct rm_key fault_key(
        struct rm_shape shape, struct rm_key key, struct fault_barrier *barrier)
{
	if (shape.str)
		key.word = (uintptr_t)barrier;
	else
		key.bytes = (const char *)barrier;
	return key;
}

RM_HOT struct fault_barrier *fault_barrier_of(
        struct rm_shape shape, struct rm_key key)
{
	return shape.str ? (struct fault_barrier *)(uintptr_t)key.word
	                 : (struct fault_barrier *)(uintptr_t)key.bytes;
}

/* Leaves everything between here and the barrier as it is. */
static RM_COLD _Noreturn void fault_raise(struct fault_barrier *barrier)
{
	if (barrier)
		siglongjmp(barrier->jump, 1);
	fputs("fatal: hash of a key that has none, and no barrier\n", stderr);
	abort();
}

RM_HOT uint64_t fault_hash(
        struct rm_shape shape, struct rm_key key, uint64_t seed)
{
	if (__builtin_expect(
	            FAULT_PLANTED(shape, key, fault_barrier_of(shape, key)), 0))
		fault_raise(fault_barrier_of(shape, key));
	return rm_hash(shape, key, seed);
}

#endif /* RM_SUPPORT_FAULT_HASH_H */
