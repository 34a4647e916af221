/* SPDX-License-Identifier: Apache-2.0 */
/* test_model.c - tests the differential check, on a map that records its calls
 * and can have one fault. */
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

/* The recorded calls of one map. */
struct map_record {
	/* requested number of keys, and maximum number present */
	size_t keys, most;
	bool presize;
	char visits[2 * SLOTS + 1]; /* slots that joined */
	uint64_t first_value;       /* the first key that was written */
	size_t operations, scans, checks;
	bool empty; /* whether the map was empty when it was destroyed */
	/* only one thread at a time used the map, and it called quiescent()
	 * before it left */
	bool orderly;
};

/* The fault of the map. */
enum fault {
	NONE,
	NO_MAP,        /* no memory for a map of 8 keys */
	NO_THREAD,     /* join(2) fails */
	LENGTH,        /* length is one too high */
	KEEPS_ONE,     /* the last of 64 keys cannot be removed */
	LOSES_ONE,     /* the 300th key is not stored */
	SEES_ONE,      /* finds any key while the map has 50 keys */
	SEES_LAST,     /* finds the last of 17 absent keys */
	SCANS_TOO_FEW, /* omits the 40th entry */
	SCANS_ON,      /* ignores a stop */
	BROKEN_AFTER,  /* the map's own check fails when it is empty again */
};

static struct map {
	struct entry *buckets[BUCKETS];
	size_t held, last_scan;
	bool joined, quiescent;
	struct rm_shape shape;
	struct map_record *map_record;
} map;

static struct map_record records[MAPS];
static size_t record_count;
static enum fault fault;
static uint64_t wanted_word; /* a key's word */
static bool word_was_used;   /* whether that key was used */

static void *create(const struct rm_sizing *sizing)
{
	if (fault == NO_MAP && sizing->keys == 8)
		return NULL;
	map = (struct map){ .shape = sizing->shape,
		.map_record = records + record_count++ % MAPS };
	*map.map_record = (struct map_record){ .keys = sizing->keys,
		.presize = sizing->presize,
		.orderly = true };
	return &map;
}

static void destroy(void *context)
{
	(void)context;
	map.map_record->empty = !map.held;
	map.map_record->orderly &= !map.joined;
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
	size_t visits = strlen(map.map_record->visits);

	if (fault == NO_THREAD && slot == 2)
		return NULL;
	if (visits < 2 * SLOTS)
		map.map_record->visits[visits] = (char)('0' + slot);
	map.map_record->orderly &= !map.joined;
	map.joined = true;
	return context;
}

static void leave(void *context)
{
	(void)context;
	map.map_record->orderly &= map.joined && map.quiescent;
	map.joined = false;
}

static void quiesce(void *context)
{
	(void)context;
	map.quiescent = true;
}

/* Returns where the entry of a key is, or where a new one belongs. */
static struct entry **place_of(struct rm_key key)
{
	struct entry **at =
	        map.buckets + rm_keyset_hash(map.shape, key) % BUCKETS;

	map.map_record->operations++;
	map.quiescent = false;
	word_was_used |= !map.shape.str && key.word == wanted_word;
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
	       (fault == SEES_LAST && map.map_record->keys == 17 &&
	               key.word == rm_scatter(2 * 17 + 1));
}

static bool upsert(void *context, struct rm_shape shape, struct rm_key key,
        const struct rm_value *value)
{
	struct entry **at = place_of(key);
	bool was_there = *at != NULL;

	(void)context, (void)shape;
	if (!map.map_record->first_value)
		map.map_record->first_value = value->word[0];
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
	if (map.held > map.map_record->most)
		map.map_record->most = map.held;
	return was_there;
}

static bool remove_key(void *context, struct rm_shape shape, struct rm_key key)
{
	struct entry **at = place_of(key), *entry = *at;

	(void)context, (void)shape;
	if (!entry || (fault == KEEPS_ONE && map.map_record->keys == 64 &&
	                      map.held == 1))
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
	map.map_record->scans++;
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
	map.map_record->checks++;
	snprintf(why, size, "it is broken");
	return fault != BROKEN_AFTER || map.held || map.map_record->most < 104;
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
	record_count = 0;
	error = (struct rm_error){ "" };
	return rm_check_model(&c, &error);
}

/* Number of maps created with this size. */
static size_t count_created(size_t keys, bool presize)
{
	size_t count = 0;

	for (size_t i = 0; i < record_count; i++)
		count += records[i].keys == keys &&
		         records[i].presize == presize;
	return count;
}

/* --- which maps and operations --- */

static bool each_map_is_complete(size_t one_visit)
{
	bool whole = record_count <= MAPS;

	for (size_t i = 0; i < record_count; i++) {
		const struct map_record *map_record = records + i;
		const size_t scans = map_record->keys > UINT16_MAX ? 2 : 7;

		whole &= map_record->empty && map_record->orderly &&
		         map_record->most == map_record->keys &&
		         map_record->scans >= scans &&
		         map_record->checks >= scans &&
		         !strcmp(map_record->visits,
		                 map_record->keys < one_visit ? "020" : "0");
	}
	return whole;
}

static void slow_maps_are_small(void)
{
	static const size_t sizes[] = { 1, 8, 13, 17, 32, 64, 105, 257 };
	bool right = true;

	CHECK(!run(&slow, RM_U64X8, OPS, NONE), "a correct map passes");
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		right &= count_created(sizes[i], true) == 2 &&
		         count_created(sizes[i], false) == 3;
	CHECK(right, "each size is presized for two sets of keys, and "
	             "grows for three");
	CHECK(count_created(0, false) == 3 && count_created(200, false) == 3 &&
	                count_created(0, true) == 2 &&
	                !count_created(200, true),
	        "there are maps of size 0, and each set has one long sequence");
	CHECK(!count_created(416, false) && count_created(257, false) == 3 &&
	                record_count == 128,
	        "maps with slow writes stay small");
	CHECK(each_map_is_complete(300),
	        "each map is filled, emptied and scanned in three visits by "
	        "two slots, and each leaves");
	CHECK(!run(&slow, RM_STR16X8, OPS, NONE) && record_count == 128 &&
	                each_map_is_complete(300),
	        "maps with string keys are created, filled and scanned in the "
	        "same way");
}

static void quick_maps_grow(void)
{
	CHECK(!run(&quick, RM_U64X8, OPS, NONE),
	        "a correct map that grows passes");
	CHECK(count_created(4097, false) == 2 &&
	                count_created(4097, true) == 2 &&
	                count_created(416, false) == 2 &&
	                count_created(1025, true) == 2,
	        "a map that grows has more than 4096 keys, except for chains");
	CHECK(each_map_is_complete(300),
	        "a large map is filled, emptied and scanned only once");
}

/* The last map of a set has the long sequence. */
static size_t operations_of(size_t keys, uint64_t count)
{
	size_t operations = 0;

	run(&slow, RM_U64X8, count, NONE);
	for (size_t i = 0; i < record_count; i++)
		if (records[i].keys == keys)
			operations += records[i].operations;
	return operations;
}

static void more_operations_are_more(void)
{
	/* If writes are slow, an eighth of the operations are run. Each set
	 * gets a third of them, and its long sequence half of that, so all long
	 * sequences together get half. */
	const size_t more = 8 * OPS / 8 / 2;
	size_t few = operations_of(200, 8), all = operations_of(200, 8 * OPS);
	size_t size = operations_of(64, 8 * OPS) - operations_of(64, 8);

	printf("# %zu and %zu of %zu, %zu\n", few, all, more, size);
	CHECK(all - few > more / 2 && all - few <= more,
	        "half of the operations are in the long sequences");
	CHECK(size > more / 100 && size <= 5 * 8 * OPS / 8 / 3 / 160,
	        "a quarter of the operations is distributed over the sizes");
}

/* For each size, each key is written, and two keys are looked up. Seven times,
 * all keys are looked up, and as many absent ones plus two. Then each key is
 * removed, and another one is looked up. A few more operations, at most the
 * number of keys, are random. */
static void each_key_is_looked_up(void)
{
	const size_t keys = 257, visits = 3 * 5;
	const size_t least =
	        visits * (3 * keys + 7 * (2 * keys + 2) + 2 * keys);
	size_t all = operations_of(keys, 8);

	printf("# %zu of %zu\n", all - least, 5 * keys);
	CHECK(all > least + keys && all <= least + 5 * keys,
	        "each key is written, looked up and removed; with few "
	        "operations, few are random");
}

static bool uses_word(uint64_t word)
{
	wanted_word = word;
	word_was_used = false;
	run(&slow, RM_U64X8, 8, NONE);
	return word_was_used;
}

static void sets_have_their_keys(void)
{
	CHECK(uses_word(rm_scatter(2 * 257 + 1)),
	        "keys include ranks of the measured loop");
	CHECK(uses_word(UINT64_MAX) && uses_word(3ULL << 63),
	        "keys include the edge words");
	CHECK(uses_word(rm_keyset_chain(2 * 257 + 1, rm_keyset_seed(1))) &&
	                !uses_word(rm_keyset_chain(2 * 257 + 1, 1)),
	        "keys include keys of one bucket for the map's seed");
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
	for (size_t i = 0; i < record_count; i++) {
		first[i] = records[i].first_value;
		/* 0 and all ones are values, too */
		for (size_t j = 0; j < i && first[i] + 1 > 1; j++)
			differ &= first[j] != first[i];
	}
	CHECK(differ, "each map gets different operations");
	run(&slow, RM_U64X8, 8, NONE);
	for (size_t i = 0; i < record_count; i++)
		same &= records[i].first_value == first[i];
	CHECK(same, "the same seed gives the same operations");
	record_count = 0;
	CHECK(!rm_check_model(&c, &error),
	        "a correct map passes with another seed");
	for (size_t i = 0; i < record_count; i++)
		other += records[i].first_value != first[i];
	CHECK(other > record_count / 2,
	        "another seed gives different operations");
}

/* --- which faults are found --- */

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
	        "a map that cannot be created is reported");
	CHECK(finds(&slow, NO_THREAD, "join(2) returned NULL"),
	        "a slot that cannot join is reported");
	CHECK(finds(&slow, LENGTH,
	              "length() is 1, but 0 keys are present; 0 keys, "
	              "presize no"),
	        "a wrong length in the smallest map is found");
	CHECK(finds(&slow, KEEPS_ONE,
	              "returned present, but the key is absent"),
	        "a key that cannot be removed is found");
	CHECK(finds(&quick, LOSES_ONE,
	              "returned absent, but the key is present"),
	        "a key lost in a map that has grown is found");
	CHECK(finds(&slow, SEES_ONE, "returned present, but the key is absent"),
	        "a key that was never inserted is found");
	CHECK(finds(&slow, SEES_LAST, "lookup of key 35 "),
	        "the last key that was never inserted is found");
	CHECK(finds(&slow, SCANS_TOO_FEW, "missed the key"),
	        "a scan that omits a key is found");
	CHECK(finds(&slow, SCANS_ON,
	              "continued after the callback returned false"),
	        "a scan that ignores a stop is found");
	CHECK(finds(&slow, BROKEN_AFTER, "the map's own check(): it is broken"),
	        "a failure of the map's own check is found");
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
