/* SPDX-License-Identifier: Apache-2.0 */
/* test_hashtriemap.c - tests the form of the trie with a special hash: the word
   of a key without its last byte. Words that differ only in that byte collide
   in all bits. */
#include "runner/map.h"

static inline uint64_t chosen_hash(
        struct rm_shape shape, struct rm_key key, uint64_t seed)
{
	(void)seed;
	/* the hash of a string is its length, so that all keys of one length
	   collide */
	return shape.str ? (uint64_t)(key.length % 7) << 60
	                 : key.word >> 8 << 8;
}

#define HASHTRIE_HASH chosen_hash
#include "impls/syncmap/hashtriemap.h"
#include "tests/unit/map_model.h"
#include "tests/unit/map_race.h"
#include "tests/unit/map_stall.h"

extern const struct rm_impl rm_impl_hashtriemap;

/* from runner/trial/lock_waits.c of the stats build */
void rm_lock_waits_emit(rm_stat_fn *emit, void *context);

struct bench {
	struct hashtrie *map;
	void *thread;
};

static struct bench bench_open(void)
{
	struct rm_sizing sizing = { .threads = 1, .shape = RM_U64X8 };
	struct bench b = { .map = hashtrie_create(&sizing) };

	b.thread = hashtrie_join(b.map, 0);
	return b;
}

static void bench_close(struct bench *b, const char *name)
{
	char why[200] = "";

	if (!CHECK(hashtrie_check(b->map, why, sizeof(why)), name))
		printf("# %s\n", why);
	hashtrie_leave(b->thread);
	hashtrie_destroy(b->map);
}

static bool store(struct bench *b, uint64_t word, uint64_t value)
{
	struct rm_value v = { { value } };

	return hashtrie_exchange(
	        b->thread, RM_U64X8, (struct rm_key){ .word = word }, &v, NULL);
}

static uint64_t load(struct bench *b, uint64_t word)
{
	struct rm_value v;

	return hashtrie_lookup(
	               b->thread, RM_U64X8, (struct rm_key){ .word = word }, &v)
	               ? v.word[0]
	               : 0;
}

static bool drop(struct bench *b, uint64_t word)
{
	return hashtrie_remove(
	        b->thread, RM_U64X8, (struct rm_key){ .word = word });
}

static bool compare_drop(struct bench *b, uint64_t word, uint64_t value)
{
	struct rm_value v = { { value } };

	return hashtrie_compare_remove(
	        b->thread, RM_U64X8, (struct rm_key){ .word = word }, &v);
}

static struct hashtrie_inner *inner_at(struct hashtrie_inner *inner, unsigned i)
{
	struct hashtrie_node *node =
	        inner ? hashtrie_get(&inner->child[i]) : NULL;

	return node && !node->is_entry ? (struct hashtrie_inner *)node : NULL;
}

/* Returns the word of the entry in a slot, or 0. */
static uint64_t entry_at(struct hashtrie_inner *inner, unsigned i)
{
	struct hashtrie_node *node =
	        inner ? hashtrie_get(&inner->child[i]) : NULL;

	return node && node->is_entry ? ((struct hashtrie_entry *)node)->word
	                              : 0;
}

/* Returns the number of nodes on the way to a word, including the root. */
static unsigned depth(struct bench *b, uint64_t word)
{
	struct hashtrie_inner *inner = hashtrie_root(b->map);
	unsigned count = 0, shift = 64;

	for (; inner; count++)
		inner = inner_at(inner, word >> (shift -= 4) & 15);
	return count;
}

static void one_node_per_equal_bits(void)
{
	const uint64_t a = 0x1234000000000000U, near = 0x1235000000000000U,
	               deep = 0x1234000000000100U;
	struct bench b = bench_open();
	struct hashtrie_inner *root = hashtrie_root(b.map), *inner;

	store(&b, a, 1);
	CHECK(entry_at(root, 1) == a && depth(&b, a) == 1,
	        "a single key is an entry in the root");
	store(&b, near, 2);
	CHECK(depth(&b, a) == 4 && depth(&b, near) == 4,
	        "12 equal bits need three more nodes");
	inner = inner_at(inner_at(inner_at(root, 1), 2), 3);
	CHECK(entry_at(inner, 4) == a && entry_at(inner, 5) == near,
	        "both keys have a slot in the last node");
	store(&b, deep, 3);
	CHECK(depth(&b, deep) == 14 && depth(&b, a) == 14 &&
	                depth(&b, near) == 4,
	        "52 equal bits need ten more nodes below one slot");
	CHECK(load(&b, a) == 1 && load(&b, near) == 2 && load(&b, deep) == 3,
	        "all keys are found");
	CHECK(drop(&b, deep) && depth(&b, a) == 14,
	        "a removal does not move up the remaining entry");
	CHECK(drop(&b, a) && depth(&b, near) == 4 && !inner_at(inner, 4),
	        "a removal cuts off the nodes that it empties");
	CHECK(!inner->dead && drop(&b, near) && inner->dead &&
	                hashtrie_is_empty(root) && !root->dead,
	        "nodes are cut off up to the root, which stays; nodes that "
	        "were cut off are dead");
	CHECK(rm_stat_read(&b.map->made) == 13 &&
	                rm_stat_read(&b.map->cut) == 13,
	        "thirteen nodes were made and cut off");
	bench_close(&b, "invariants hold for the empty trie");
}

static void equal_hashes_overflow(void)
{
	const uint64_t base = 0x7700;
	struct bench b = bench_open();
	bool right = true;

	for (uint64_t i = 1; i <= 5; i++)
		store(&b, base + i, i);
	CHECK(depth(&b, base) == 1 &&
	                entry_at(hashtrie_root(b.map), 0) == base + 5,
	        "equal hashes share a slot, the newest first");
	CHECK(rm_stat_read(&b.map->overflows) == 4,
	        "four entries are in overflow lists");
	CHECK(load(&b, base + 3) == 3 && load(&b, base + 6) == 0,
	        "the chain is searched to its end");
	CHECK(store(&b, base + 3, 30) && load(&b, base + 3) == 30 &&
	                load(&b, base + 2) == 2 && load(&b, base + 4) == 4,
	        "a replacement in the middle keeps both ends");
	CHECK(!compare_drop(&b, base + 5, 1) && compare_drop(&b, base + 5, 5) &&
	                load(&b, base + 4) == 4,
	        "CompareAndDelete of the head compares");
	CHECK(drop(&b, base + 3) && drop(&b, base + 1) && !drop(&b, base + 1) &&
	                load(&b, base + 2) == 2,
	        "removals from the middle and the end");
	store(&b, 0x7800, 8);
	for (uint64_t i = 2; i <= 4; i += 2)
		right &= load(&b, base + i) == i;
	CHECK(right && depth(&b, 0x7800) == depth(&b, base) &&
	                depth(&b, base) == 14,
	        "another hash moves the whole chain down");
	bench_close(&b, "invariants hold for chains");
}

static void clear_drops_the_root(void)
{
	struct bench b = bench_open();
	struct hashtrie_inner *root = hashtrie_root(b.map);

	for (uint64_t i = 1; i <= 1000; i++)
		store(&b, i << 40, i);
	CHECK(hashtrie_length(b.thread) == 1000, "length counts entries");
	hashtrie_clear(b.thread);
	CHECK(rm_stat_read(&((struct epoch_record *)b.thread)->retired_bytes) ==
	                1000 * hashtrie_entry_bytes(RM_U64X8, 0) +
	                        (1 + rm_stat_read(&b.map->made)) *
	                                sizeof(struct hashtrie_inner),
	        "clear retires as many bytes as the tree has");
	CHECK(hashtrie_root(b.map) != root && hashtrie_length(b.thread) == 0 &&
	                load(&b, 1) == 0,
	        "clear replaces the root");
	CHECK(!store(&b, 1, 1) && load(&b, 1) == 1, "the map works after "
	                                            "clear");
	bench_close(&b, "invariants hold after clear");
}

static const char *verdict(struct bench *b)
{
	static char why[200];

	why[0] = 0;
	hashtrie_check(b->map, why, sizeof(why));
	return why;
}

static double locks_waited_for(void)
{
	struct wanted_stat stat = { "lock_write_contended", -1 };

	rm_lock_waits_emit(take_wanted, &stat);
	return stat.value;
}

struct rival {
	struct hashtrie *map;
	struct rm_key key;
	bool removed;
};

static void *remove_one(void *context)
{
	struct rival *rival = context;
	const struct rm_value one = { { 1 } };
	void *thread = hashtrie_join(rival->map, 1);

	rival->removed =
	        hashtrie_compare_remove(thread, RM_U64X8, rival->key, &one);
	hashtrie_leave(thread);
	return NULL;
}

/* The value changes between a lookup without the lock and the lock. The losing
   thread waits for the lock while the value changes. It then returns, and the
   node must be unlocked. */
static void a_lost_race_leaves_no_lock(void)
{
	const struct rm_sizing sizing = { .threads = 2, .shape = RM_U64X8 };
	struct bench b = { .map = hashtrie_create(&sizing) };
	struct rival rival = { b.map, { .word = 0x4200 }, true };
	const struct rm_value two = { { 2 } };
	const double waits = locks_waited_for();
	struct hashtrie_place place;
	pthread_t id;
	bool is_free;

	b.thread = hashtrie_join(b.map, 0);
	store(&b, rival.key.word, 1);
	hashtrie_lock(b.thread, rival.key.word, &place);
	if (pthread_create(&id, NULL, remove_one, &rival))
		abort();
	while (locks_waited_for() == waits)
		sched_yield();
	hashtrie_retire(b.thread, RM_U64X8,
	        hashtrie_replace(place.slot,
	                hashtrie_entry_new(RM_U64X8, rival.key, &two)));
	pthread_mutex_unlock(&place.inner->lock);
	pthread_join(id, NULL);
	CHECK(!rival.removed && load(&b, rival.key.word) == 2,
	        "a value that has changed is not removed");
	is_free = !pthread_mutex_trylock(&place.inner->lock);
	CHECK(is_free, "the node is unlocked after a lost race");
	if (!is_free)
		exit(1); /* the next writer of this node would hang */
	pthread_mutex_unlock(&place.inner->lock);
	bench_close(&b, "invariants hold after a lost race");
}

/* Violates each invariant and restores it. */
static void check_detects_violations(void)
{
	struct bench b = bench_open();
	struct hashtrie_inner *root = hashtrie_root(b.map), *inner;

	store(&b, 0x1100000000000000U, 1);
	store(&b, 0x1200000000000000U, 2);
	inner = inner_at(root, 1);
	inner->dead = true;
	CHECK(strstr(verdict(&b), "dead"), "check detects a dead node");
	inner->dead = false;
	inner->parent = inner;
	CHECK(strstr(verdict(&b), "parent"), "check detects a wrong parent");
	inner->parent = root;
	struct hashtrie_node *one = hashtrie_get(&inner->child[1]);
	struct hashtrie_node *two = hashtrie_get(&inner->child[2]);

	hashtrie_set(&inner->child[3], one);
	CHECK(strstr(verdict(&b), "hash leads"),
	        "check detects a misplaced entry");
	hashtrie_set(&inner->child[3], NULL);
	hashtrie_set(&((struct hashtrie_entry *)one)->overflow, two);
	CHECK(strstr(verdict(&b), "two hashes"),
	        "check detects a chain with two hashes");
	hashtrie_set(&((struct hashtrie_entry *)one)->overflow, NULL);
	hashtrie_set(&inner->child[1], NULL);
	hashtrie_set(&inner->child[2], NULL);
	CHECK(strstr(verdict(&b), "empty"), "check detects an empty node");
	hashtrie_set(&inner->child[1], one);
	hashtrie_set(&inner->child[2], two);
	bench_close(&b, "restored, the invariants hold");
}

/* Runs all threads on a map whose keys often collide. */
static const struct rm_map_ops colliding_ops = {
	.create = hashtrie_create,
	.destroy = hashtrie_destroy,
	.join = hashtrie_join,
	.leave = hashtrie_leave,
	.lookup = hashtrie_lookup,
	.remove = hashtrie_remove,
	.quiesce = hashtrie_quiesce,
	.park = hashtrie_park,
	.unpark = hashtrie_unpark,
	.exchange = hashtrie_exchange,
	.take = hashtrie_take,
	.insert_if_absent = hashtrie_insert_if_absent,
	.compare_swap = hashtrie_compare_swap,
	.compare_remove = hashtrie_compare_remove,
	.scan = hashtrie_scan,
	.length = hashtrie_length,
	.clear = hashtrie_clear,
	.stats = hashtrie_stats,
	.check = hashtrie_check,
};

static const struct rm_impl colliding = { .id = "hashtriemap, colliding",
	.ops = &colliding_ops };

int main(void)
{
	one_node_per_equal_bits();
	equal_hashes_overflow();
	clear_drops_the_root();
	check_detects_violations();
	a_lost_race_leaves_no_lock();
	model_check(&rm_impl_hashtriemap, 300000);
	model_check(&colliding, 50000);
	race_check(&rm_impl_hashtriemap, 30000, false);
	race_check(&colliding, 10000, false);
	stall_check(&rm_impl_hashtriemap);
	return DONE();
}
