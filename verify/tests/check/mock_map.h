/* SPDX-License-Identifier: Apache-2.0 */
/* mock_map.h - the map for tests of checks: an array under one lock that is
 * correct unless a fault is set. It records the calls of a check.
 *
 * A fault belongs to one operation and occurs in every call, so that its
 * detection depends neither on chance nor on load. */
#ifndef RM_TEST_MOCK_MAP_H
#define RM_TEST_MOCK_MAP_H

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

enum fault_kind {
	RIGHT,
	/* returns that the key is absent, or that the operation did nothing */
	ABSENT,
	ABSENT_OTHERS, /* returns the same, but only for ranks of other threads */
	/* returns that the key is present, with a value of that key */
	PRESENT,
	NO_WRITE,   /* returns the correct result, but does not write */
	NO_REPLACE, /* returns the correct result, but does not replace a value */
	OTHER_KEY,   /* returns the value of another key */
	TORN,        /* returns a value with a wrong second word */
	OLD_VALUE,   /* every second time returns the first value of the key */
	OMITS,       /* omits an entry: the last of a load, rank 0 of scans */
	TWICE,       /* visits rank 0 twice */
	NO_TOKEN,    /* omits ranks above 199 */
	ZERO,        /* returns a value of the key with number 0 */
	ZERO_RANK_0, /* returns such a value, but only for rank 0 */
	OMITS_NEXT,  /* omits the rank that was next when the scan began */
	OMITS_NEW,   /* visits only keys that the map had at the beginning */
	/* create() fails; length is one too high; the map's check() fails */
	FAILING
};

struct fault {
	enum operation operation;
	enum fault_kind kind;
	int slot; /* the slot with the fault; -1: all */
	/* 1: only while one thread has joined, 2: only while more have; 0:
	 * always */
	unsigned alone;
	uint64_t after; /* number of correct calls before the first fault */
	uint64_t from;  /* the least rank with the fault */
};

static const struct fault none = { LOOKUP, RIGHT, -1, 0, 0, 0 };

struct handle {
	unsigned slot;
	bool parked;
};

static struct mock {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct fault fault;
	bool held[ROOM];
	struct rm_value value[ROOM], first[ROOM]; /* current and first value */
	size_t keys_at_start; /* number of keys when the second thread joined */
	/* top: one more than the highest rank that was ever present */
	size_t count, top;
	struct handle handles[HANDLES];
	unsigned joined;
	/* Calls since reset_mock(). */
	uint64_t calls[OPERATIONS];
	uint64_t first_rank_calls
	        [OPERATIONS]; /* calls with rank 0, on the newest map */
	struct rm_sizing sizings[SIZINGS];
	unsigned created, destroyed,
	        /* the last member is the maximum number at one time */
	        joined_max;
	/* bits of slots that used the map at the same time as others */
	uint64_t writers, readers;
	/* inserts and removes while other threads had joined */
	uint64_t shared_moves;
	uint64_t parks, unparks,
	        /* the last member is the number of operations of parked
	         * threads */
	        parked_calls;
	/* The first lookup of late_slot waits for late_writes writes by
	 * others. */
	unsigned late_slot;
	uint64_t late_writes, shared_writes;
	/* true: update() releases the lock while the callback runs */
	bool scan_unlocks;
} mock = { .lock = PTHREAD_MUTEX_INITIALIZER,
	.changed = PTHREAD_COND_INITIALIZER };

static uint64_t rank_in(struct rm_shape shape, struct rm_key key)
{
	uint64_t rank = (uint32_t)key.word;

	if (shape.str)
		memcpy(&rank, key.bytes + 8, sizeof(rank));
	return rank % ROOM;
}

/* Counts the call; returns true if it has the fault. Under the lock. */
static bool has_fault(
        enum operation operation, const struct handle *handle, uint64_t rank)
{
	const struct fault *fault = &mock.fault;
	const bool beside = mock.joined > 1;

	mock.first_rank_calls[operation] += !rank;
	mock.parked_calls += handle && handle->parked;
	if (mock.calls[operation]++ < fault->after ||
	        operation != fault->operation || fault->kind == RIGHT)
		return false;
	return (fault->slot < 0 || (unsigned)fault->slot == handle->slot) &&
	       (!fault->alone || fault->alone == 1U + beside) &&
	       rank >= fault->from &&
	       (fault->kind != ABSENT_OTHERS ||
	               rank % mock.joined != handle->slot);
}

static void count_write(const struct handle *handle, bool moves)
{
	if (mock.joined < 2)
		return;
	mock.writers |= 1ULL << handle->slot;
	mock.shared_writes++;
	mock.shared_moves += moves;
	pthread_cond_broadcast(&mock.changed);
}

/* Applies the fault to a result; `got` may be NULL. */
static bool apply_fault(
        bool fault, bool was_there, uint64_t rank, struct rm_value *got)
{
	static unsigned turn;

	if (!fault)
		return was_there;
	if (mock.fault.kind == ABSENT || mock.fault.kind == ABSENT_OTHERS)
		return false;
	if (mock.fault.kind == PRESENT) {
		if (got && !was_there)
			*got = rm_value_of(rank, 0, 1);
		return true;
	}
	if (!got || !was_there)
		return was_there;
	if (mock.fault.kind == OTHER_KEY)
		*got = rm_value_of(rank + 1, 0, 1);
	if (mock.fault.kind == ZERO ||
	        (mock.fault.kind == ZERO_RANK_0 && !rank))
		*got = rm_value_of(rank, 0, 0);
	if (mock.fault.kind == TORN)
		got->word[1] ^= 1;
	if (mock.fault.kind == OLD_VALUE && turn++ % 2)
		*got = mock.first[rank];
	return was_there;
}

/* Stores a value, or removes the key if `value` is NULL, unless the fault
 * prevents it. */
static void store(const struct handle *handle, bool fault, uint64_t rank,
        const struct rm_value *value)
{
	const bool was_there = mock.held[rank];

	count_write(handle, was_there != (value != NULL));
	if (fault && (mock.fault.kind == NO_WRITE ||
	                     (mock.fault.kind == NO_REPLACE && was_there)))
		return;
	if (value && !was_there && !mock.first[rank].word[0])
		mock.first[rank] = *value;
	if (value)
		mock.value[rank] = *value;
	mock.held[rank] = value != NULL;
	mock.count += (value != NULL) - was_there;
	if (rank >= mock.top)
		mock.top = rank + 1;
}

/* One operation that stores a value, or removes the key if it is NULL. */
static bool write_key(struct handle *handle, enum operation operation,
        uint64_t rank, const struct rm_value *value, struct rm_value *old)
{
	pthread_mutex_lock(&mock.lock);
	const bool was_there = mock.held[rank];
	const bool fault = has_fault(operation, handle, rank);

	if (was_there && old)
		*old = mock.value[rank];
	store(handle, fault, rank, value);
	const bool said = apply_fault(fault, was_there, rank, old);

	pthread_mutex_unlock(&mock.lock);
	return said;
}

static bool lookup(void *thread, struct rm_shape shape, struct rm_key key,
        struct rm_value *value)
{
	struct handle *handle = thread;
	const uint64_t rank = rank_in(shape, key);

	pthread_mutex_lock(&mock.lock);
	if (mock.joined > 1)
		mock.readers |= 1ULL << handle->slot;
	while (mock.late_slot == handle->slot && mock.joined > 1 &&
	        mock.shared_writes < mock.late_writes)
		pthread_cond_wait(&mock.changed, &mock.lock);
	const bool was_there = mock.held[rank];
	const bool fault = has_fault(LOOKUP, handle, rank);

	if (was_there)
		*value = mock.value[rank];
	const bool said = apply_fault(fault, was_there, rank, value);

	pthread_mutex_unlock(&mock.lock);
	return said;
}

static bool upsert(void *thread, struct rm_shape shape, struct rm_key key,
        const struct rm_value *value)
{
	return write_key(thread, UPSERT, rank_in(shape, key), value, NULL);
}

static bool remove_key(void *thread, struct rm_shape shape, struct rm_key key)
{
	return write_key(thread, REMOVE, rank_in(shape, key), NULL, NULL);
}

static bool exchange(void *thread, struct rm_shape shape, struct rm_key key,
        const struct rm_value *value, struct rm_value *old)
{
	return write_key(thread, EXCHANGE, rank_in(shape, key), value, old);
}

static bool take(void *thread, struct rm_shape shape, struct rm_key key,
        struct rm_value *old)
{
	return write_key(thread, TAKE, rank_in(shape, key), NULL, old);
}

static bool insert_if_absent(void *thread, struct rm_shape shape,
        struct rm_key key, const struct rm_value *value,
        struct rm_value *present)
{
	const uint64_t rank = rank_in(shape, key);

	pthread_mutex_lock(&mock.lock);
	const bool was_there = mock.held[rank];
	const bool fault = has_fault(INSERT, thread, rank);

	if (was_there)
		*present = mock.value[rank];
	else
		store(thread, fault, rank, value);
	const bool said = apply_fault(fault, was_there, rank, present);

	pthread_mutex_unlock(&mock.lock);
	return said;
}

/* If the key has the expected value, stores `value`, or removes the key if that
 * is NULL. */
static bool compare(void *thread, enum operation operation, uint64_t rank,
        const struct rm_value *expected, const struct rm_value *value)
{
	pthread_mutex_lock(&mock.lock);
	const bool did = mock.held[rank] &&
	                 mock.value[rank].word[0] == expected->word[0];
	const bool fault = has_fault(operation, thread, rank);

	if (did)
		store(thread, fault, rank, value);
	const bool said = apply_fault(fault, did, rank, NULL);

	pthread_mutex_unlock(&mock.lock);
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

	pthread_mutex_lock(&mock.lock);
	const bool was_there = mock.held[rank];
	const bool fault = has_fault(UPDATE, thread, rank);

	if (fn(context, was_there ? &mock.value[rank] : NULL, &value))
		store(thread, fault, rank, &value);
	const bool said = apply_fault(fault, was_there, rank, NULL);

	pthread_mutex_unlock(&mock.lock);
	return said;
}

static int load(
        void *thread, struct rm_shape shape, const struct rm_source *source)
{
	const bool fault = has_fault(LOAD, thread, 0);

	if (fault && mock.fault.kind == FAILING)
		return -12;
	for (size_t i = 0; i < source->count; i++) {
		struct rm_key key;
		struct rm_value value;

		source->at(source, i, &key, &value);
		if (fault && mock.fault.kind == OMITS && i == source->count - 1)
			break;
		if (fault && mock.fault.kind == OTHER_KEY)
			value = rm_value_of(i, 0, i + 2);
		store(thread, false, rank_in(shape, key), &value);
	}
	return 0;
}

static size_t length(void *thread)
{
	pthread_mutex_lock(&mock.lock);
	const size_t count = mock.count + has_fault(LENGTH, thread, 0);

	pthread_mutex_unlock(&mock.lock);
	return count;
}

static bool is_omitted(enum fault_kind kind, uint64_t rank, uint64_t next)
{
	return (kind == OMITS && !rank) || (kind == NO_TOKEN && rank >= 200) ||
	       (kind == OMITS_NEXT && rank == next) ||
	       (kind == OMITS_NEW && rank >= mock.keys_at_start);
}

static void scan(
        void *thread, struct rm_shape shape, rm_scan_fn *fn, void *context)
{
	struct rm_key_bytes line = { { 0 } };
	bool goes_on = true;

	pthread_mutex_lock(&mock.lock);
	const enum fault_kind kind =
	        has_fault(SCAN, thread, 0) ? mock.fault.kind : RIGHT;

	const uint64_t next = mock.top;

	for (uint64_t rank = 0; rank < mock.top && goes_on; rank++) {
		struct rm_value value = mock.value[rank];

		if (!mock.held[rank] || is_omitted(kind, rank, next))
			continue;
		/* also used for a rank beyond the array */
		const struct rm_key key =
		        rm_key_of(shape, (uint32_t)value.word[0], &line);

		if (kind == OTHER_KEY)
			value = rm_value_of(rank + 1, 0, 1);
		if (kind == TORN)
			value.word[1] ^= 1;
		if (mock.scan_unlocks)
			pthread_mutex_unlock(&mock.lock);
		for (int i = 0; i <= (kind == TWICE && !rank) && goes_on; i++)
			goes_on = fn(context, key, &value);
		if (mock.scan_unlocks)
			pthread_mutex_lock(&mock.lock);
	}
	pthread_mutex_unlock(&mock.lock);
}

static void clear(void *thread)
{
	(void)thread;
	pthread_mutex_lock(&mock.lock);
	memset(mock.held, 0, sizeof(mock.held));
	mock.count = 0;
	pthread_mutex_unlock(&mock.lock);
}

static void *create(const struct rm_sizing *sizing)
{
	mock.sizings[mock.created++ % SIZINGS] = *sizing;
	if (has_fault(CREATE, NULL, 0))
		return NULL;
	memset(mock.held, 0, sizeof(mock.held));
	memset(mock.first, 0, sizeof(mock.first));
	mock.count = mock.top = 0;
	mock.joined = 0;
	mock.shared_writes = 0;
	memset(mock.first_rank_calls, 0, sizeof(mock.first_rank_calls));
	return &mock;
}

static void destroy(void *map)
{
	(void)map;
	mock.destroyed++;
}

static void *join(void *map, size_t slot)
{
	struct handle *handle = mock.handles + slot;

	(void)map;
	pthread_mutex_lock(&mock.lock);
	*handle = (struct handle){ .slot = (unsigned)slot };
	const bool fault = has_fault(JOIN, handle, 0);

	mock.joined += !fault;
	if (mock.joined == 2)
		mock.keys_at_start = mock.count;
	if (mock.joined > mock.joined_max)
		mock.joined_max = mock.joined;
	pthread_mutex_unlock(&mock.lock);
	return fault ? NULL : handle;
}

static void leave(void *thread)
{
	(void)thread;
	pthread_mutex_lock(&mock.lock);
	mock.joined--;
	pthread_mutex_unlock(&mock.lock);
}

static void park(void *thread)
{
	pthread_mutex_lock(&mock.lock);
	((struct handle *)thread)->parked = true;
	mock.parks++;
	pthread_mutex_unlock(&mock.lock);
}

static void unpark(void *thread)
{
	pthread_mutex_lock(&mock.lock);
	((struct handle *)thread)->parked = false;
	mock.unparks++;
	pthread_mutex_unlock(&mock.lock);
}

static bool check_map(void *map, char *why, size_t size)
{
	(void)map;
	snprintf(why, size, "reason of the map");
	return !has_fault(CHECKS, NULL, 0);
}

static const struct rm_map_ops mock_ops = { .create = create,
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
	.check = check_map };

/* Clears the recorded calls and sets the fault. */
static inline void reset_mock(struct fault fault)
{
	mock.fault = fault;
	mock.created = mock.destroyed = mock.joined_max = 0;
	mock.writers = mock.readers = 0;
	mock.shared_moves = mock.parked_calls = 0;
	mock.parks = mock.unparks = 0;
	mock.late_writes = 0;
	memset(mock.calls, 0, sizeof(mock.calls));
}

#endif /* RM_TEST_MOCK_MAP_H */
