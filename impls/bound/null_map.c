/* SPDX-License-Identifier: Apache-2.0 */
/*
 * null_map.c - not a map: measures the overhead of the driver itself.
 *
 * Each key is present and has the value that was written for it, so the loop
 * runs with all its checks. The result is a floor: it is shown next to every
 * other result and never subtracted. A lookup reads and writes no memory.
 */
#include "impls/support/no_handle.h"
#include "runner/driver.h"
#include "runner/map.h"

static char map_stand_in; /* the address serves as the handle */

static void *create(const struct rm_sizing *sizing)
{
	(void)sizing;
	return &map_stand_in;
}

RM_HOT bool lookup(void *thread, struct rm_shape shape, struct rm_key key,
        struct rm_value *value)
{
	uint64_t rank = key.word; /* the low half of a key is its rank, see
	                             rm_scatter() */

	(void)thread;
#ifdef RM_PLACED /* the string is generated, but the rank is not read from it */
	if (shape.str)
		__asm__ volatile("" : : "r"(key.bytes) : "memory");
#else
	if (shape.str)
		memcpy(&rank, key.bytes + 8, 8);
#endif
	/* Hides the value from the compiler, which would otherwise optimise
	   away the generation of keys and the checks of values. */
	__asm__ volatile("" : "+r"(rank));
	*value = rm_value_of(rank, 0, 0);
	if (RM_VALUE_WORDS > 3 && shape.value_bytes == RM_VALUE_LONG)
		__asm__ volatile("" : "+m"(*value));
	else if (shape.value_bytes == 24)
		__asm__ volatile(""
		                 : "+r"(value->word[1]), "+r"(value->word[2]));
	return true;
}

RM_HOT bool upsert(void *thread, struct rm_shape shape, struct rm_key key,
        const struct rm_value *value)
{
	(void)thread, (void)shape, (void)key, (void)value;
	return true;
}

RM_HOT bool remove_key(void *thread, struct rm_shape shape, struct rm_key key)
{
	(void)thread, (void)shape, (void)key;
	return true;
}

static const struct rm_map_ops ops = {
	.create = create,
	.destroy = nothing,
	.join = map_itself,
	.leave = nothing,
	.lookup = lookup,
	.upsert = upsert,
	.remove = remove_key,
	.quiesce = nothing,
};

RM_DRIVES(ops)

const struct rm_impl rm_impl_null_map = {
	.id = "null_map",
	.label = "driver alone",
	.family = "bound",
	.sync = "none",
	.source = "perfbook, section Detecting Interference: measure a no-op",
	.caps = RM_CAP_NO_STATE,
	.guarantees = "none",
	.progress = "wait-free",
	RM_ALL_OF(ops),
	.value_most = 1024,
	.value_place = "nowhere: made in the look-up",
};
