/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_model.c - the differential check, by a map of this test that writes
 * down what is done to it, and errs where it is told to.
 */
#include "tests/unit/tap.h"
#include "verify/check/model.h"

#include <stdlib.h>
#include <string.h>

enum { BUCKETS = 4096, MAPS = 400, SLOTS = 4, OPS = 120000 };

struct entry {
	struct entry *next;
	struct rm_key key;
	struct rm_value value;
};

/* What was done to one map. */
struct life {
	size_t keys, most; /* asked for, held */
	bool presize;
	char visits[2 * SLOTS + 1]; /* slots that joined */
	uint64_t first_value;       /* the first one that was written */
	size_t operations, scans, checks;
	bool empty;   /* when it was destroyed */
	bool orderly; /* one thread at a time, quiescent before it left */
};

/* What the map does wrong. */
enum fault {
	NONE,
	NO_MAP,        /* no memory for a map of 8 keys */
	NO_THREAD,     /* none for slot 2 */
	LENGTH,        /* one more than there are */
	KEEPS_ONE,     /* the last of 64 keys cannot be removed */
	LOSES_ONE,     /* the 300th key is not stored */
	SEES_ONE,      /* any key, while there are 50 */
	SEES_LAST,     /* the last key that is never there, of 17 */
	SCANS_TOO_FEW, /* the 40th is left out */
	SCANS_ON,      /* though it is told to stop */
	BROKEN_AFTER,  /* its own check fails when it is empty again */
};

static struct map {
	struct entry *buckets[BUCKETS];
	size_t held, last_scan;
	bool joined, quiescent;
	struct rm_shape shape;
	struct life *life;
} map;

static struct life lives[MAPS];
static size_t life_count;
static enum fault fault;
static uint64_t wanted; /* a key's word */
static bool asked;      /* for that key */

static void *create(const struct rm_sizing *sizing)
{
	if (fault == NO_MAP && sizing->keys == 8)
		return NULL;
	map = (struct map){ .shape = sizing->shape,
		.life = lives + life_count++ % MAPS };
	*map.life = (struct life){ .keys = sizing->keys,
		.presize = sizing->presize,
		.orderly = true };
	return &map;
}

static void destroy(void *context)
{
	(void)context;
	map.life->empty = !map.held;
	map.life->orderly &= !map.joined;
	for (size_t i = 0; i < BUCKETS; i++)
		while (map.buckets[i]) {
			struct entry *entry = map.buckets[i];

			map.buckets[i] = entry->next;
			free((void *)(uintptr_t)entry->key.bytes);
			free(entry);
		}
}

static void *join(void *context, size_t slot)
{
	size_t visits = strlen(map.life->visits);

	if (fault == NO_THREAD && slot == 2)
		return NULL;
	if (visits < 2 * SLOTS)
		map.life->visits[visits] = (char)('0' + slot);
	map.life->orderly &= !map.joined;
	map.joined = true;
	return context;
}

static void leave(void *context)
{
	(void)context;
	map.life->orderly &= map.joined && map.quiescent;
	map.joined = false;
}

static void quiesce(void *context)
{
	(void)context;
	map.quiescent = true;
}

/* The place of a key's entry, or that of a new one. */
static struct entry **place_of(struct rm_key key)
{
	struct entry **at =
	        map.buckets + rm_keyset_hash(map.shape, key) % BUCKETS;

	map.life->operations++;
	map.quiescent = false;
	asked |= !map.shape.str && key.word == wanted;
	for (; *at; at = &(*at)->next)
		if (map.shape.str ? (*at)->key.length == key.length &&
		                            !memcmp((*at)->key.bytes, key.bytes,
		                                    key.length)
		                  : (*at)->key.word == key.word)
			break;
	return at;
}

static bool lookup(void *context, struct rm_shape shape, struct rm_key key,
        struct rm_value *value)
{
	struct entry **at = place_of(key);

	(void)context, (void)shape;
	if (*at)
		*value = (*at)->value;
	return *at || (fault == SEES_ONE && map.held == 50) ||
	       (fault == SEES_LAST && map.life->keys == 17 &&
	               key.word == rm_scatter(2 * 17 + 1));
}

static bool upsert(void *context, struct rm_shape shape, struct rm_key key,
        const struct rm_value *value)
{
	struct entry **at = place_of(key);
	bool was_there = *at != NULL;

	(void)context, (void)shape;
	if (!map.life->first_value)
		map.life->first_value = value->word[0];
	if (!was_there && fault == LOSES_ONE && map.held == 299)
		return false;
	if (!was_there) {
		char *bytes = malloc(key.length + 1);

		if (map.shape.str)
			memcpy(bytes, key.bytes, key.length);
		*at = calloc(1, sizeof(**at));
		(*at)->key = (struct rm_key){ key.word, bytes, key.length };
		map.held++;
	}
	(*at)->value = *value;
	if (map.held > map.life->most)
		map.life->most = map.held;
	return was_there;
}

static bool remove_key(void *context, struct rm_shape shape, struct rm_key key)
{
	struct entry **at = place_of(key), *entry = *at;

	(void)context, (void)shape;
	if (!entry ||
	        (fault == KEEPS_ONE && map.life->keys == 64 && map.held == 1))
		return entry != NULL;
	*at = entry->next;
	free((void *)(uintptr_t)entry->key.bytes);
	free(entry);
	map.held--;
	return true;
}

static void scan(
        void *context, struct rm_shape shape, rm_scan_fn *fn, void *argument)
{
	size_t n = 0;

	(void)context, (void)shape;
	map.life->scans++;
	for (size_t i = 0; i < BUCKETS; i++)
		for (struct entry *at = map.buckets[i]; at; at = at->next) {
			if (fault == SCANS_TOO_FEW && ++n == 40)
				continue;
			if (!fn(argument, at->key, &at->value) &&
			        fault != SCANS_ON)
				return;
		}
}

static size_t length(void *context)
{
	(void)context;
	return map.held + (fault == LENGTH);
}

static bool check(void *context, char *why, size_t size)
{
	(void)context;
	map.life->checks++;
	snprintf(why, size, "it is broken");
	return fault != BROKEN_AFTER || map.held || map.life->most < 104;
}

static const struct rm_map_ops ops = { .create = create,
	.destroy = destroy,
	.join = join,
	.leave = leave,
	.lookup = lookup,
	.upsert = upsert,
	.remove = remove_key,
	.quiesce = quiesce,
	.scan = scan,
	.length = length,
	.check = check };
static const struct rm_impl slow = {
	.id = "slow", .caps = RM_CAP_SLOW_WRITES, .ops = &ops
};
static const struct rm_impl quick = { .id = "quick", .ops = &ops };

static struct rm_error error;

static int run(const struct rm_impl *impl, struct rm_shape shape,
        uint64_t count, enum fault what)
{
	struct rm_check_case c = { .impl = impl,
		.shape = shape,
		.seed = 1,
		.ops = count,
		.threads = 3 };

	fault = what;
	life_count = 0;
	error = (struct rm_error){ "" };
	return rm_check_model(&c, &error);
}

/* How many maps were made for so many keys, presized or not. */
static size_t made(size_t keys, bool presize)
{
	size_t count = 0;

	for (size_t i = 0; i < life_count; i++)
		count += lives[i].keys == keys && lives[i].presize == presize;
	return count;
}

/* --- what is tried --- */

static bool each_life_is_whole(size_t one_visit)
{
	bool whole = life_count <= MAPS;

	for (size_t i = 0; i < life_count; i++) {
		const struct life *life = lives + i;

		whole &= life->empty && life->orderly &&
		         life->most == life->keys && life->scans >= 7 &&
		         life->checks >= 7 &&
		         !strcmp(life->visits,
		                 life->keys < one_visit ? "020" : "0");
	}
	return whole;
}

static void slow_maps_are_small(void)
{
	static const size_t sizes[] = { 1, 8, 13, 17, 32, 64, 105, 257 };
	bool right = true;

	CHECK(!run(&slow, RM_U64X8, OPS, NONE), "a right map is not accused");
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		right &=
		        made(sizes[i], true) == 2 && made(sizes[i], false) == 3;
	CHECK(right, "each size is tried presized by two sets of keys, and "
	             "growing by three");
	CHECK(made(0, false) == 3 && made(200, false) == 3 &&
	                made(0, true) == 2 && !made(200, true),
	        "none, too, and one long sequence for each set");
	CHECK(!made(416, false) && made(257, false) == 3 && life_count == 128,
	        "maps whose writes are slow stay small");
	CHECK(each_life_is_whole(300),
	        "each map is filled, emptied and scanned in three visits of "
	        "two slots, of which each leaves");
	CHECK(!run(&slow, RM_STR16X8, OPS, NONE) && life_count == 128 &&
	                each_life_is_whole(300),
	        "the same with strings");
}

static void quick_maps_grow(void)
{
	CHECK(!run(&quick, RM_U64X8, OPS, NONE),
	        "a right map is not accused that grows");
	CHECK(made(4097, false) == 2 && made(4097, true) == 2 &&
	                made(416, false) == 2 && made(1025, true) == 2,
	        "it is tried beyond 4096 keys, but for chains");
	CHECK(each_life_is_whole(300), "large maps have one visit");
}

/* The last map of a set has the long sequence. */
static size_t operations_of(size_t keys, uint64_t count)
{
	size_t operations = 0;

	run(&slow, RM_U64X8, count, NONE);
	for (size_t i = 0; i < life_count; i++)
		if (lives[i].keys == keys)
			operations += lives[i].operations;
	return operations;
}

static void more_operations_are_more(void)
{
	/* of writes that are slow an eighth; a third for each set, of which
	   half is for the long sequences: in all, half of it */
	const size_t more = 8 * OPS / 8 / 2;
	size_t few = operations_of(200, 8), all = operations_of(200, 8 * OPS);
	size_t size = operations_of(64, 8 * OPS) - operations_of(64, 8);

	printf("# %zu and %zu of %zu, %zu\n", few, all, more, size);
	CHECK(all - few > more / 2 && all - few <= more,
	        "half of the operations are those of long sequences");
	CHECK(size > more / 100 && size <= 5 * 8 * OPS / 8 / 3 / 160,
	        "a quarter is shared out among sizes, presized or not");
}

/* Each visit: a key is written, and two are looked up; all that may be there
   and as many and two that never are, seven times; each is taken out, and
   another looked up. A few operations more are as many as there are keys. */
static void each_key_is_looked_up(void)
{
	const size_t keys = 257, visits = 3 * 5;
	const size_t least =
	        visits * (3 * keys + 7 * (2 * keys + 2) + 2 * keys);
	size_t all = operations_of(keys, 8);

	printf("# %zu of %zu\n", all - least, 5 * keys);
	CHECK(all > least + keys && all <= least + 5 * keys,
	        "each key is written, looked up and taken out, and few are "
	        "drawn where few are asked for");
}

static bool asks_for(uint64_t word)
{
	wanted = word;
	asked = false;
	run(&slow, RM_U64X8, 8, NONE);
	return asked;
}

static void sets_have_their_keys(void)
{
	CHECK(asks_for(rm_scatter(2 * 257 + 1)),
	        "ranks of the measured loop are tried");
	CHECK(asks_for(UINT64_MAX) && asks_for(3ULL << 63),
	        "and the edges of words");
	CHECK(asks_for(rm_keyset_chain(2 * 257 + 1, 1)) &&
	                !asks_for(rm_keyset_chain(2 * 257 + 1, 2)),
	        "and keys of one bucket by the map's own seed");
}

static void no_two_maps_are_alike(void)
{
	static uint64_t first[MAPS];
	struct rm_check_case c = { .impl = &slow,
		.shape = RM_U64X8,
		.seed = 2,
		.ops = 8,
		.threads = 3 };
	bool differ = true, same = true;
	size_t other = 0;

	run(&slow, RM_U64X8, 8, NONE);
	for (size_t i = 0; i < life_count; i++) {
		first[i] = lives[i].first_value;
		/* 0 and all ones are values, too */
		for (size_t j = 0; j < i && first[i] + 1 > 1; j++)
			differ &= first[j] != first[i];
	}
	CHECK(differ, "each map gets other operations");
	run(&slow, RM_U64X8, 8, NONE);
	for (size_t i = 0; i < life_count; i++)
		same &= lives[i].first_value == first[i];
	CHECK(same, "one seed gives the same");
	life_count = 0;
	CHECK(!rm_check_model(&c, &error), "another seed is right as well");
	for (size_t i = 0; i < life_count; i++)
		other += lives[i].first_value != first[i];
	CHECK(other > life_count / 2, "and gives others");
}

/* --- what is found --- */

static bool finds(
        const struct rm_impl *impl, enum fault what, const char *expected)
{
	bool found = run(impl, RM_U64X8, OPS, what) == -1 &&
	             strstr(error.text, expected);

	printf("# %s\n", error.text);
	return found && !map.joined;
}

static void faults_are_found(void)
{
	CHECK(finds(&slow, NO_MAP, "create() returned NULL for 8 keys"),
	        "a map that cannot be made");
	CHECK(finds(&slow, NO_THREAD, "join(2) returned NULL"),
	        "a slot that cannot join");
	CHECK(finds(&slow, LENGTH,
	              "length() is 1, but 0 keys are held; 0 keys, "
	              "presize no"),
	        "a length that is wrong, in the smallest map already");
	CHECK(finds(&slow, KEEPS_ONE, "said present, but the key is absent"),
	        "a key that cannot be removed");
	CHECK(finds(&quick, LOSES_ONE, "said absent, but the key is there"),
	        "a key that is lost in a map that has grown");
	CHECK(finds(&slow, SEES_ONE, "said present, but the key is absent"),
	        "a key that was never there");
	CHECK(finds(&slow, SEES_LAST, "lookup of key 35 "),
	        "nor was twice as many and one");
	CHECK(finds(&slow, SCANS_TOO_FEW, "left out the key"),
	        "a scan that leaves a key out");
	CHECK(finds(&slow, SCANS_ON, "went on after false"),
	        "one that goes on when it is told to stop");
	CHECK(finds(&slow, BROKEN_AFTER, "the map's own check(): it is broken"),
	        "what the map says of itself when it is empty again");
}

int main(void)
{
	slow_maps_are_small();
	quick_maps_grow();
	more_operations_are_more();
	each_key_is_looked_up();
	sets_have_their_keys();
	no_two_maps_are_alike();
	faults_are_found();
	return DONE();
}
