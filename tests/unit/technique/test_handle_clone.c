/* SPDX-License-Identifier: Apache-2.0 */
/* test_handle_clone.c - tests a map variable whose copies are clones: they are
   made entry by entry under the lock, writes to them do not affect the
   original, and they are freed. */
#include "tests/unit/support/counted_heap.h"
/* included after it, so that its allocations are counted */
#include "impls/gomap/gomap_ops.h"
#include "tests/unit/technique/counting_guard.h"
#define HANDLE_FORM HANDLE_CLONE
#include "impls/technique/handle.h"
#include "tests/unit/tap.h"
#include "tests/unit/technique/subject_reports.h"

enum { KEYS = 10 };

static struct rm_key key_of(uint64_t word)
{
	return (struct rm_key){ .word = word };
}

static void clone_is_independent(struct handle *handle)
{
	struct gomap *map = handle->maps[HANDLE_ORIGINAL], *clone;
	bool same = true;

	for (uint64_t key = 0; key < KEYS; key++)
		handle_write(map, key_of(key), key + 7);
	clone = handle_clone(handle);
	for (uint64_t key = 0; key < KEYS; key++)
		same &= handle_number(clone, key_of(key)) == key + 7;
	CHECK(clone != map && same && gomap_count(clone) == KEYS,
	        "a clone has all entries of the original, and no others");
	handle_write(clone, key_of(3), 100);
	CHECK(handle_number(map, key_of(3)) == 10 &&
	                handle_number(clone, key_of(3)) == 100,
	        "a write to the clone does not change the original");
	gomap_destroy(clone);
}

static void writes_to_clones_are_not_visible(struct handle *handle)
{
	struct handle_thread *self = handle_ops.join(handle, 2);
	const long held = heap_held;

	CHECK(handle_reader(self, 77) == HANDLE_ORIGINAL &&
	                guard_counts_are(&handle->guard, 2, 0),
	        "the variable and the original are read under the lock");
	CHECK(handle_number(handle->maps[HANDLE_ORIGINAL], key_of(2)) == 9 &&
	                stat_of(&handle_ops, handle, "copies") == 1 &&
	                stat_of(&handle_ops, handle,
	                        "writes_seen_through_original") == 0 &&
	                check_reports(&handle_ops, handle, ""),
	        "a write through a copy is not visible in the original");
	CHECK(heap_held == held, "the clone is freed");
	handle_assign(handle_ops.join(handle, 0), HANDLE_GROWING);
	CHECK(guard_counts_are(&handle->guard, 0, 1) &&
	                handle_reader(self, 78) == HANDLE_GROWING &&
	                heap_held == held &&
	                stat_of(&handle_ops, handle, "copies_of_other_maps") ==
	                        1,
	        "another map is assigned under the lock and not cloned");
	CHECK(stat_of(&handle_ops, handle, "words_of_variable") == 1,
	        "the variable is one word");
}

int main(void)
{
	static const uint64_t args[] = { KEYS };
	const struct rm_sizing sizing = {
		.threads = 3, .seed = 3, .loop_args = args
	};
	struct handle *handle = handle_ops.create(&sizing);

	(void)handle_loops;
	(void)guard_counts_are(&handle->guard, 0, 0);
	clone_is_independent(handle);
	writes_to_clones_are_not_visible(handle);
	handle_ops.destroy(handle);
	CHECK(heap_held == 0 && guards_destroyed == 1,
	        "all memory and locks are freed");
	return DONE();
}
