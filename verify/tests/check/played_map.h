/* SPDX-License-Identifier: Apache-2.0 */
/*
 * played_map.h - the map of tests of checks: an array under one lock, right
 * unless it is told to lie. It writes down what a check asks it for.
 *
 * A lie is of one operation, and told whenever that is called, so that neither
 * chance nor load decide whether a check meets it.
 */
#ifndef RM_TEST_PLAYED_MAP_H
#define RM_TEST_PLAYED_MAP_H

#include "impls/support/no_handle.h"
#include "verify/check/internal.h"

#include <string.h>

enum { ROOM = 1 << 17, SIZINGS = 64, HANDLES = 64 };

enum operation {
	LOOKUP,
	UPSERT,
	REMOVE,
	EXCHANGE,
	TAKE,
	INSERT,
	SWAP,
	COMPARE_REMOVE,
	UPDATE,
	LOAD,
	LENGTH,
	SCAN,
	CREATE,
	JOIN,
	CHECKS,
	OPERATIONS
};

enum how {
	RIGHT,
	SAYS_NO,  /* that the key was not there, or that it did nothing */
	NOT_MINE, /* the same, of ranks that are other threads' by turns */
	SAYS_YES, /* that it was, with a value of that key */
	NO_WRITE, /* answers as it should, and leaves the map as it was */
	KEEPS,    /* the same, of a key that is there */
	OTHER,    /* gives the value of another key */
	TORN,     /* gives a value whose second word is not its own */
	FIRST,    /* every second time the value that the key had first */
	LOSES,    /* leaves one out: the last that is loaded, rank 0 of scans */
	TWICE,    /* visits rank 0 twice */
	NO_TOKEN, /* visits no rank from 200 on */
	ZERO,     /* gives a value of the key whose number is 0 */
	NO_DATA,  /* the same, of rank 0 */
	GAP,      /* visits no rank that was the next when the scan began */
	OLD,      /* visits nothing but what the map began with */
	FAILS     /* there is no memory; one key too many; it is broken */
};

struct lie {
	enum operation operation;
	enum how how;
	int slot;       /* whose thread is lied to; -1: all */
	unsigned alone; /* 1: to who is alone, 2: to who is not; 0: both */
	uint64_t after; /* calls of that operation that are answered right */
	uint64_t from;  /* the least rank that is lied of */
};

static const struct lie none = { LOOKUP, RIGHT, -1, 0, 0, 0 };

struct handle {
	unsigned slot;
	bool parked;
};

static struct played {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct lie lie;
	bool held[ROOM];
	struct rm_value value[ROOM], first[ROOM]; /* now, and at first */
	size_t began;      /* keys that were held when another joined */
	size_t count, top; /* top: above all ranks that were ever held */
	struct handle handles[HANDLES];
	unsigned joined;
	/* What was asked for since play(). */
	uint64_t calls[OPERATIONS];
	uint64_t of_first[OPERATIONS]; /* of rank 0 of the newest map */
	struct rm_sizing sizings[SIZINGS];
	unsigned created, destroyed, most_joined; /* the last: at one time */
	uint64_t writers, readers; /* bits of slots that were not alone */
	uint64_t moves_beside;     /* inserts and removals beside others */
	uint64_t parks, unparks, while_parked; /* the last: operations */
	/* The first lookup of this slot waits for so many writes beside it. */
	unsigned late_slot;
	uint64_t late_writes, writes_beside;
	bool scan_is_open; /* others write while it shows an entry */
} played = { .lock = PTHREAD_MUTEX_INITIALIZER,
	.changed = PTHREAD_COND_INITIALIZER };

static uint64_t rank_in(struct rm_shape shape, struct rm_key key)
{
	uint64_t rank = (uint32_t)key.word;

	if (shape.str)
		memcpy(&rank, key.bytes + 8, sizeof(rank));
	return rank % ROOM;
}

/* Is this call one that is lied to? Counts it. Under the lock. */
static bool lies(
        enum operation operation, const struct handle *handle, uint64_t rank)
{
	const struct lie *lie = &played.lie;
	const bool beside = played.joined > 1;

	played.of_first[operation] += !rank;
	played.while_parked += handle && handle->parked;
	if (played.calls[operation]++ < lie->after ||
	        operation != lie->operation || lie->how == RIGHT)
		return false;
	return (lie->slot < 0 || (unsigned)lie->slot == handle->slot) &&
	       (!lie->alone || lie->alone == 1U + beside) &&
	       rank >= lie->from &&
	       (lie->how != NOT_MINE || rank % played.joined != handle->slot);
}

static void note_write(const struct handle *handle, bool moves)
{
	if (played.joined < 2)
		return;
	played.writers |= 1ULL << handle->slot;
	played.writes_beside++;
	played.moves_beside += moves;
	pthread_cond_broadcast(&played.changed);
}

/* What a lie makes of the answer; `got` may be NULL. */
static bool answer(
        bool lie, bool was_there, uint64_t rank, struct rm_value *got)
{
	static unsigned turn;

	if (!lie)
		return was_there;
	if (played.lie.how == SAYS_NO || played.lie.how == NOT_MINE)
		return false;
	if (played.lie.how == SAYS_YES) {
		if (got && !was_there)
			*got = rm_value_of(rank, 0, 1);
		return true;
	}
	if (!got || !was_there)
		return was_there;
	if (played.lie.how == OTHER)
		*got = rm_value_of(rank + 1, 0, 1);
	if (played.lie.how == ZERO || (played.lie.how == NO_DATA && !rank))
		*got = rm_value_of(rank, 0, 0);
	if (played.lie.how == TORN)
		got->word[1] ^= 1;
	if (played.lie.how == FIRST && turn++ % 2)
		*got = played.first[rank];
	return was_there;
}

/* Puts a value there or, where it is NULL, takes the key out; unless the lie
   forbids it. */
static void write_to(const struct handle *handle, bool lie, uint64_t rank,
        const struct rm_value *value)
{
	const bool was_there = played.held[rank];

	note_write(handle, was_there != (value != NULL));
	if (lie && (played.lie.how == NO_WRITE ||
	                   (played.lie.how == KEEPS && was_there)))
		return;
	if (value && !was_there && !played.first[rank].word[0])
		played.first[rank] = *value;
	if (value)
		played.value[rank] = *value;
	played.held[rank] = value != NULL;
	played.count += (value != NULL) - was_there;
	if (rank >= played.top)
		played.top = rank + 1;
}

/* One operation that writes a value or, where it is NULL, takes a key out. */
static bool act(struct handle *handle, enum operation operation, uint64_t rank,
        const struct rm_value *value, struct rm_value *old)
{
	pthread_mutex_lock(&played.lock);
	const bool was_there = played.held[rank];
	const bool lie = lies(operation, handle, rank);

	if (was_there && old)
		*old = played.value[rank];
	write_to(handle, lie, rank, value);
	const bool said = answer(lie, was_there, rank, old);

	pthread_mutex_unlock(&played.lock);
	return said;
}

static bool lookup(void *thread, struct rm_shape shape, struct rm_key key,
        struct rm_value *value)
{
	struct handle *handle = thread;
	const uint64_t rank = rank_in(shape, key);

	pthread_mutex_lock(&played.lock);
	if (played.joined > 1)
		played.readers |= 1ULL << handle->slot;
	while (played.late_slot == handle->slot && played.joined > 1 &&
	        played.writes_beside < played.late_writes)
		pthread_cond_wait(&played.changed, &played.lock);
	const bool was_there = played.held[rank];
	const bool lie = lies(LOOKUP, handle, rank);

	if (was_there)
		*value = played.value[rank];
	const bool said = answer(lie, was_there, rank, value);

	pthread_mutex_unlock(&played.lock);
	return said;
}

static bool upsert(void *thread, struct rm_shape shape, struct rm_key key,
        const struct rm_value *value)
{
	return act(thread, UPSERT, rank_in(shape, key), value, NULL);
}

static bool remove_key(void *thread, struct rm_shape shape, struct rm_key key)
{
	return act(thread, REMOVE, rank_in(shape, key), NULL, NULL);
}

static bool exchange(void *thread, struct rm_shape shape, struct rm_key key,
        const struct rm_value *value, struct rm_value *old)
{
	return act(thread, EXCHANGE, rank_in(shape, key), value, old);
}

static bool take(void *thread, struct rm_shape shape, struct rm_key key,
        struct rm_value *old)
{
	return act(thread, TAKE, rank_in(shape, key), NULL, old);
}

static bool insert_if_absent(void *thread, struct rm_shape shape,
        struct rm_key key, const struct rm_value *value,
        struct rm_value *present)
{
	const uint64_t rank = rank_in(shape, key);

	pthread_mutex_lock(&played.lock);
	const bool was_there = played.held[rank];
	const bool lie = lies(INSERT, thread, rank);

	if (was_there)
		*present = played.value[rank];
	else
		write_to(thread, lie, rank, value);
	const bool said = answer(lie, was_there, rank, present);

	pthread_mutex_unlock(&played.lock);
	return said;
}

/* Where the key has the expected value: writes another or, where that is NULL,
   takes it out. */
static bool compare(void *thread, enum operation operation, uint64_t rank,
        const struct rm_value *expected, const struct rm_value *value)
{
	pthread_mutex_lock(&played.lock);
	const bool did = played.held[rank] &&
	                 played.value[rank].word[0] == expected->word[0];
	const bool lie = lies(operation, thread, rank);

	if (did)
		write_to(thread, lie, rank, value);
	const bool said = answer(lie, did, rank, NULL);

	pthread_mutex_unlock(&played.lock);
	return said;
}

static bool compare_swap(void *thread, struct rm_shape shape, struct rm_key key,
        const struct rm_value *expected, const struct rm_value *value)
{
	return compare(thread, SWAP, rank_in(shape, key), expected, value);
}

static bool compare_remove(void *thread, struct rm_shape shape,
        struct rm_key key, const struct rm_value *expected)
{
	return compare(
	        thread, COMPARE_REMOVE, rank_in(shape, key), expected, NULL);
}

static bool update(void *thread, struct rm_shape shape, struct rm_key key,
        rm_update_fn *fn, void *context)
{
	const uint64_t rank = rank_in(shape, key);
	struct rm_value value;

	pthread_mutex_lock(&played.lock);
	const bool was_there = played.held[rank];
	const bool lie = lies(UPDATE, thread, rank);

	if (fn(context, was_there ? &played.value[rank] : NULL, &value))
		write_to(thread, lie, rank, &value);
	const bool said = answer(lie, was_there, rank, NULL);

	pthread_mutex_unlock(&played.lock);
	return said;
}

static int load(
        void *thread, struct rm_shape shape, const struct rm_source *source)
{
	const bool lie = lies(LOAD, thread, 0);

	if (lie && played.lie.how == FAILS)
		return -12;
	for (size_t i = 0; i < source->count; i++) {
		struct rm_key key;
		struct rm_value value;

		source->at(source, i, &key, &value);
		if (lie && played.lie.how == LOSES && i == source->count - 1)
			break;
		if (lie && played.lie.how == OTHER)
			value = rm_value_of(i, 0, i + 2);
		write_to(thread, false, rank_in(shape, key), &value);
	}
	return 0;
}

static size_t length(void *thread)
{
	pthread_mutex_lock(&played.lock);
	const size_t count = played.count + lies(LENGTH, thread, 0);

	pthread_mutex_unlock(&played.lock);
	return count;
}

static bool is_left_out(enum how how, uint64_t rank, uint64_t next)
{
	return (how == LOSES && !rank) || (how == NO_TOKEN && rank >= 200) ||
	       (how == GAP && rank == next) ||
	       (how == OLD && rank >= played.began);
}

static void scan(
        void *thread, struct rm_shape shape, rm_scan_fn *fn, void *context)
{
	struct rm_key_bytes line = { { 0 } };
	bool goes_on = true;

	pthread_mutex_lock(&played.lock);
	const enum how how = lies(SCAN, thread, 0) ? played.lie.how : RIGHT;

	const uint64_t next = played.top;

	for (uint64_t rank = 0; rank < played.top && goes_on; rank++) {
		struct rm_value value = played.value[rank];

		if (!played.held[rank] || is_left_out(how, rank, next))
			continue;
		/* of a rank beyond the array, too */
		const struct rm_key key =
		        rm_key_of(shape, (uint32_t)value.word[0], &line);

		if (how == OTHER)
			value = rm_value_of(rank + 1, 0, 1);
		if (how == TORN)
			value.word[1] ^= 1;
		if (played.scan_is_open)
			pthread_mutex_unlock(&played.lock);
		for (int i = 0; i <= (how == TWICE && !rank) && goes_on; i++)
			goes_on = fn(context, key, &value);
		if (played.scan_is_open)
			pthread_mutex_lock(&played.lock);
	}
	pthread_mutex_unlock(&played.lock);
}

static void clear(void *thread)
{
	(void)thread;
	pthread_mutex_lock(&played.lock);
	memset(played.held, 0, sizeof(played.held));
	played.count = 0;
	pthread_mutex_unlock(&played.lock);
}

static void *create(const struct rm_sizing *sizing)
{
	played.sizings[played.created++ % SIZINGS] = *sizing;
	if (lies(CREATE, NULL, 0))
		return NULL;
	memset(played.held, 0, sizeof(played.held));
	memset(played.first, 0, sizeof(played.first));
	played.count = played.top = 0;
	played.joined = 0;
	played.writes_beside = 0;
	memset(played.of_first, 0, sizeof(played.of_first));
	return &played;
}

static void destroy(void *map)
{
	(void)map;
	played.destroyed++;
}

static void *join(void *map, size_t slot)
{
	struct handle *handle = played.handles + slot;

	(void)map;
	pthread_mutex_lock(&played.lock);
	*handle = (struct handle){ .slot = (unsigned)slot };
	const bool lie = lies(JOIN, handle, 0);

	played.joined += !lie;
	if (played.joined == 2)
		played.began = played.count;
	if (played.joined > played.most_joined)
		played.most_joined = played.joined;
	pthread_mutex_unlock(&played.lock);
	return lie ? NULL : handle;
}

static void leave(void *thread)
{
	(void)thread;
	pthread_mutex_lock(&played.lock);
	played.joined--;
	pthread_mutex_unlock(&played.lock);
}

static void park(void *thread)
{
	pthread_mutex_lock(&played.lock);
	((struct handle *)thread)->parked = true;
	played.parks++;
	pthread_mutex_unlock(&played.lock);
}

static void unpark(void *thread)
{
	pthread_mutex_lock(&played.lock);
	((struct handle *)thread)->parked = false;
	played.unparks++;
	pthread_mutex_unlock(&played.lock);
}

static bool check_itself(void *map, char *why, size_t size)
{
	(void)map;
	snprintf(why, size, "its own words");
	return !lies(CHECKS, NULL, 0);
}

static const struct rm_map_ops played_ops = { .create = create,
	.destroy = destroy,
	.join = join,
	.leave = leave,
	.lookup = lookup,
	.upsert = upsert,
	.remove = remove_key,
	.quiesce = nothing,
	.park = park,
	.unpark = unpark,
	.load = load,
	.exchange = exchange,
	.take = take,
	.insert_if_absent = insert_if_absent,
	.compare_swap = compare_swap,
	.compare_remove = compare_remove,
	.update = update,
	.scan = scan,
	.length = length,
	.clear = clear,
	.check = check_itself };

/* Forgets what was asked for; the map tells this lie from now on. */
static inline void play(struct lie lie)
{
	played.lie = lie;
	played.created = played.destroyed = played.most_joined = 0;
	played.writers = played.readers = 0;
	played.moves_beside = played.while_parked = 0;
	played.parks = played.unparks = 0;
	played.late_writes = 0;
	memset(played.calls, 0, sizeof(played.calls));
}

#endif /* RM_TEST_PLAYED_MAP_H */
