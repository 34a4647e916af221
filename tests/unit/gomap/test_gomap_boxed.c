/* SPDX-License-Identifier: Apache-2.0 */
/* test_gomap_boxed.c - maps of pointers to values: each store allocates a box
   and frees the old one. linked with the stats objects */
#include "impls/shard/shard_one.h"
#include "impls/support/guard_go_rw.h"

#include "impls/gomap/gomap_boxed.h"
#include "runner/trial/trial.h"
#include "tests/unit/tap.h"
#include "tests/unit/wanted_stat.h"

extern const struct rm_impl rm_impl_gomap_rw, rm_impl_gomap_rw_boxed,
        rm_impl_shard_rw_64_boxed;

enum { KEYS = 1000 };

/* Returns a statistic of the process so far, or a negative number if this build
   does not count it. */
static double allocator_stat(const char *name)
{
	struct wanted_stat wanted = { name, -1 };

	rm_allocations_emit(take_wanted, &wanted);
	return wanted.value;
}

struct filled {
	const struct rm_map_ops *ops;
	void *map, *thread;
};

static bool put(const struct filled *filled, uint64_t rank, uint64_t n)
{
	struct rm_key_bytes line;
	const struct rm_value value = rm_value_of(rank, 0, n);

	return rm_map_upsert(filled->ops, filled->thread, RM_STR16X24,
	        rm_key_of(RM_STR16X24, rank, &line), &value);
}

static struct filled filled_of(const struct rm_map_ops *of)
{
	const struct rm_sizing sizing = { .keys = KEYS,
		.threads = 1,
		.presize = true,
		.shape = RM_STR16X24,
		.seed = 3 };
	struct filled filled = { of, of->create(&sizing), NULL };

	filled.thread = of->join(filled.map, 0);
	for (uint64_t rank = 0; rank < KEYS; rank++)
		put(&filled, rank, 0);
	return filled;
}

static void filled_end(struct filled *filled)
{
	filled->ops->leave(filled->thread);
	filled->ops->destroy(filled->map);
}

/* The cost of one store to each key: calls, bytes, and increase of held
   bytes. */
struct cost {
	double allocations, frees, allocated_bytes, bytes;
};

static struct cost current_cost(void)
{
	return (struct cost){ allocator_stat("allocations"),
		allocator_stat("frees"), allocator_stat("allocated_bytes"),
		allocator_stat("bytes") };
}

static struct cost cost_of_stores(const struct rm_impl *impl)
{
	struct filled filled = filled_of(impl->ops);
	const struct cost before = current_cost();
	struct cost after;

	for (uint64_t rank = 0; rank < KEYS; rank++)
		put(&filled, rank, 1);
	after = current_cost();
	filled_end(&filled);
	return (struct cost){ after.allocations - before.allocations,
		after.frees - before.frees,
		after.allocated_bytes - before.allocated_bytes,
		after.bytes - before.bytes };
}

static void stores_allocate(const struct rm_impl *impl)
{
	const double held = allocator_stat("bytes");
	const struct cost stores = cost_of_stores(impl);

	printf("# %s: %g allocations, %g frees, %g bytes in %d stores\n",
	        impl->id, stores.allocations, stores.frees,
	        stores.allocated_bytes, KEYS);
	CHECK(stores.allocations == KEYS && stores.frees == KEYS,
	        "a store of a present key allocates one box and frees one");
	CHECK(stores.allocated_bytes >= 24 * KEYS && stores.bytes == 0,
	        "the box has 24 bytes, and the held bytes stay the same");
	CHECK(allocator_stat("bytes") == held,
	        "a map that is destroyed frees all boxes");
}

static void allocator(void)
{
	if (allocator_stat("allocations") < 0) {
		SKIP("a store of a present key allocates one box and frees one",
		        "a sanitizer has its own malloc");
		return;
	}
	stores_allocate(&rm_impl_gomap_rw_boxed);
	stores_allocate(&rm_impl_shard_rw_64_boxed);
	CHECK(cost_of_stores(&rm_impl_gomap_rw).allocations == 0,
	        "with inline values a store allocates nothing");
}

static void *box_of(const struct filled *filled, uint64_t rank)
{
	struct map *map = filled->map;
	struct rm_key_bytes line;
	struct rm_value slot = { { 0 } };

	gomap_lookup(map->shard[0].inner, RM_STR16X8,
	        rm_key_of(RM_STR16X8, rank, &line), &slot);
	return box_at(&slot);
}

/* The old box is freed after the exchange, so the new box has a different
   address. */
static void a_store_replaces_the_box(void)
{
	struct filled filled = filled_of(&boxed_ops);
	const void *box = box_of(&filled, 7);
	struct rm_key_bytes line;
	const struct rm_key key = rm_key_of(RM_STR16X24, 7, &line);
	const struct rm_value value = rm_value_of(7, 0, 1);
	struct rm_value old, now;
	double held;

	CHECK(boxed_exchange(filled.thread, RM_STR16X24, key, &value, &old) &&
	                box_of(&filled, 7) != box,
	        "a store puts another box into the key's slot");
	CHECK(!rm_value_errors(RM_STR16X24, &old, 7) &&
	                boxed_lookup(filled.thread, RM_STR16X24, key, &now) &&
	                !memcmp(&now, &value, sizeof(value)),
	        "the store returns all 24 bytes of the old value");
	held = allocator_stat("bytes");
	CHECK(boxed_take(filled.thread, RM_STR16X24, key, &old) &&
	                !memcmp(&old, &value, sizeof(value)) &&
	                !box_of(&filled, 7),
	        "a removal returns the last value");
	if (held >= 0)
		CHECK(allocator_stat("bytes") < held, "the removal frees the "
		                                      "box");
	filled_end(&filled);
}

static bool right_visit(
        void *context, struct rm_key key, const struct rm_value *value)
{
	struct rm_key_bytes line;
	const struct rm_key third = rm_key_of(RM_STR16X24, 3, &line);

	*(unsigned *)context +=
	        key.length != third.length ||
	        memcmp(key.bytes, third.bytes, key.length) != 0 ||
	        !rm_value_errors(RM_STR16X24, value, 3);
	return true;
}

static void scan_and_check(void)
{
	struct filled filled = filled_of(&boxed_ops);
	struct rm_key_bytes line;
	const struct rm_value none = { { 0 } };
	struct rm_value slot;
	unsigned right = 0;
	char why[100] = "";

	boxed_scan(filled.thread, RM_STR16X24, right_visit, &right);
	CHECK(right == KEYS, "a scan visits the values of the boxes");
	CHECK(boxed_check(filled.map, why, sizeof(why)), "the map is sound");
	exchange(filled.thread, RM_STR16X8, rm_key_of(RM_STR16X8, 5, &line),
	        &none, &slot);
	CHECK(!boxed_check(filled.map, why, sizeof(why)) &&
	                !strcmp(why, "a key has no box"),
	        "a key without a box is detected");
	free(box_at(&slot));
	filled_end(&filled);
}

int main(void)
{
	a_store_replaces_the_box();
	scan_and_check();
	allocator();
	return DONE();
}
