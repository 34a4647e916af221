/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fault_hash.h - a hash that may fault, and the barrier that catches the fault.
 *
 * Go hashes an interface key through its type and panics if the type is not
 * hashable; a deferred recover() up the stack ends the panic. Here an
 * unhashable key is a string key with a length but no bytes. The panic is a
 * siglongjmp() to the barrier that the operation set.
 *
 * fault_key() stores the barrier in a member of struct rm_key that the shape
 * does not read. So threads never share a barrier, and no global or
 * thread-local state is needed. A map stores only the members that the shape
 * reads.
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

/* True if hashing this key faults. A test may define a different condition. */
#ifndef FAULT_CONDITION
#define FAULT_CONDITION(shape, key, barrier) fault_in_key(shape, key)
#endif

RM_HOT bool fault_in_key(struct rm_shape shape, struct rm_key key)
{
	return shape.str && !key.bytes && key.length;
}

/* Returns a copy of the key with the barrier that catches its faults. If the
   barrier is NULL, a fault aborts the process. */
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

/* No clean-up code runs between the fault and the barrier. */
static RM_COLD _Noreturn void fault_raise(struct fault_barrier *barrier)
{
	if (barrier)
		siglongjmp(barrier->jump, 1);
	fputs("fatal: key cannot be hashed, and no barrier is set\n", stderr);
	abort();
}

RM_HOT uint64_t fault_hash(
        struct rm_shape shape, struct rm_key key, uint64_t seed)
{
	if (__builtin_expect(
	            FAULT_CONDITION(shape, key, fault_barrier_of(shape, key)),
	            0))
		fault_raise(fault_barrier_of(shape, key));
	return rm_hash(shape, key, seed);
}

#endif /* RM_SUPPORT_FAULT_HASH_H */
