/* SPDX-License-Identifier: Apache-2.0 */
/* Tests a map of a library in the measured loop: the arguments of its
   functions, and the defaults for missing functions. The table of functions is
   in this file; their_library.sh tests how it is found in a library. */
#include "tests/unit/tap.h"

#define FOREIGN_FILE "/nowhere/none.so"
#include "runner/foreign_loop.h"

static const struct rm_shape shape = { .value_bytes = 8 };

/* This is like the file that regress_arms.sh generates. */
static const struct rm_impl impl = {
	.id = "one", .ops = &foreign_ops, .drive = { drive_u64x8 }
};

/* A map of one key that records its arguments. */
static struct one {
	bool there;
	uint64_t key, value;
	size_t keys, threads, joined, left, quiesced;
	uint32_t kind;
	uint64_t seed;
	void *handle; /* argument of the last operation */
} one;

static void *create(
        uint32_t kind, size_t expected_keys, size_t threads, uint64_t seed)
{
	one = (struct one){ .kind = kind,
		.keys = expected_keys,
		.threads = threads,
		.seed = seed };
	return &one;
}

static void destroy(void *map)
{
	((struct one *)map)->kind = 0;
}

static bool is_there(void *handle, const struct rm_foreign_key *key)
{
	one.handle = handle;
	return one.there && one.key == key->word;
}

static int lookup(
        void *handle, const struct rm_foreign_key *key, uint64_t *value)
{
	if (!is_there(handle, key))
		return 0;
	*value = one.value;
	return 1;
}

static int upsert(void *handle, const struct rm_foreign_key *key,
        uint64_t value, uint64_t *old)
{
	const bool was = is_there(handle, key);

	if (was && old)
		*old = one.value;
	one.there = true;
	one.key = key->word;
	one.value = value;
	return was;
}

static int take(void *handle, const struct rm_foreign_key *key, uint64_t *old)
{
	const bool was = is_there(handle, key);

	if (was && old)
		*old = one.value;
	one.there = one.there && !was;
	return was;
}

static void *join(void *map, size_t slot)
{
	(void)map;
	one.joined += slot;
	return &one.joined;
}

static void leave(void *handle)
{
	one.left += handle == &one.joined;
}

static void quiesce(void *handle)
{
	one.quiesced += handle == &one.joined;
}

static void *created(bool presize)
{
	const struct rm_sizing sizing = { .keys = 300,
		.threads = 5,
		.presize = presize,
		.shape = shape,
		.seed = 9 };

	return impl.ops->create(&sizing);
}

static void operations(void *thread)
{
	const struct rm_map_ops *ops = impl.ops;
	const struct rm_key key = { .word = 7 }, other = { .word = 8 };
	const struct rm_value first = { { 11 } }, second = { { 12 } };
	struct rm_value got = { { 1 } };

	CHECK(!ops->exchange(thread, shape, key, &first, &got) &&
	                got.word[0] == 1 && one.handle == thread,
	        "a new key has no old value");
	CHECK(ops->exchange(thread, shape, key, &second, &got) &&
	                got.word[0] == 11,
	        "exchange returns the old value");
	CHECK(ops->lookup(thread, shape, key, &got) && got.word[0] == 12 &&
	                !ops->lookup(thread, shape, other, &got) &&
	                got.word[0] == 12,
	        "lookup finds the written value, and no other key");
	CHECK(rm_map_upsert(ops, thread, shape, key, &first) && one.value == 11,
	        "upsert writes and passes no old value");
	CHECK(!ops->take(thread, shape, other, &got) &&
	                ops->take(thread, shape, key, &got) &&
	                got.word[0] == 11 && !one.there,
	        "take returns the removed value");
	rm_map_upsert(ops, thread, shape, key, &second);
	CHECK(rm_map_remove(ops, thread, shape, key) && !one.there &&
	                !rm_map_remove(ops, thread, shape, key),
	        "remove removes a key once");
}

int main(void)
{
	void *map, *thread;

	CHECK(!created(true), "without its library a map cannot be created");
	foreign = (struct rm_foreign_map){ .create = create,
		.destroy = destroy,
		.lookup = lookup,
		.upsert = upsert,
		.remove = take };
	map = created(false);
	CHECK(map == &one && one.kind == RM_FOREIGN_U64 && one.keys == 0 &&
	                one.threads == 5 && one.seed == 9,
	        "a growing map gets no size hint");
	thread = impl.ops->join(map, 3);
	CHECK(thread == map, "without join the map is the handle");
	impl.ops->quiesce(thread);
	impl.ops->leave(thread);
	operations(thread);
	impl.ops->destroy(map);
	CHECK(!one.kind, "destroy is passed on");

	foreign.join = join;
	foreign.leave = leave;
	foreign.quiesce = quiesce;
	map = created(true);
	CHECK(one.keys == 300, "a presized map gets a size hint");
	thread = impl.ops->join(map, 3);
	CHECK(thread == &one.joined && one.joined == 3,
	        "join gets its slot and returns the handle");
	impl.ops->quiesce(thread);
	impl.ops->leave(thread);
	CHECK(one.quiesced == 1 && one.left == 1,
	        "quiesce and leave get the handle");
	return DONE();
}
