/* SPDX-License-Identifier: Apache-2.0 */
/* shard_life_ops.h - operations that find a connection by its key. Private part
   of shard_life.h. */
#ifndef RM_SHARD_LIFE_OPS_H
#define RM_SHARD_LIFE_OPS_H

/* Returns a thread's handle for a shard's map. */
RM_HOT struct syncmap_member life_member(
        struct life_thread *thread, unsigned number)
{
	return (struct syncmap_member){ life_at(thread->map, number)->map,
		thread->record };
}

/* Looks up the value of a connection whose shard is known. */
RM_HOT bool life_get(struct life_thread *thread, unsigned number,
        struct rm_shape shape, struct rm_key key, struct rm_value *value)
{
	struct life_shard *shard = life_at(thread->map, number);
	struct syncmap_member member = { shard->map, thread->record };

	if (LIFE_READ_LOCK)
		lock_go_to_read(&shard->lock);
	bool was_there = syncmap_lookup(&member, shape, key, value);
	if (LIFE_READ_LOCK)
		go_rwmutex_read_unlock(&shard->lock);
	return was_there;
}

/* Looks a key up in the directory. Returns 0, or connection and shard. */
RM_HOT uint64_t life_find(
        struct life_thread *thread, struct rm_shape shape, struct rm_key key)
{
	struct rm_value word;

	return syncmap_lookup(&thread->directory, life_words(shape), key, &word)
	               ? word.word[0]
	               : 0;
}

RM_HOT unsigned life_number(uint64_t word)
{
	return (unsigned)(word >> LIFE_ADDRESS_BITS);
}

RM_HOT struct connection *life_connection(uint64_t word)
{
	return (struct connection *)(uintptr_t)(word &
	                                        (((uint64_t)1
	                                                 << LIFE_ADDRESS_BITS) -
	                                                1));
}

static RM_COLD _Noreturn void life_bad_address(void)
{
	fputs("fatal: a connection's address has more than 48 bits\n", stderr);
	abort();
}

/* Linux gives a process longer addresses only if the process requests them. */
RM_HOT uint64_t life_word(const struct connection *connection)
{
	const uint64_t address = (uintptr_t)connection;

	if (__builtin_expect(address >> LIFE_ADDRESS_BITS != 0, 0))
		life_bad_address();
	return address | (uint64_t)connection->shard << LIFE_ADDRESS_BITS;
}

RM_HOT bool life_lookup(void *opaque, struct rm_shape shape, struct rm_key key,
        struct rm_value *value)
{
	const uint64_t word = life_find(opaque, shape, key);

	return word && life_get(opaque, life_number(word), shape, key, value);
}

RM_HOT uint64_t life_hash(
        struct life_thread *thread, struct rm_shape shape, struct rm_key key)
{
	return rm_hash(shape, key, thread->map->seed);
}

/* Opens a connection for the key and enters it in the directory before the key
   is in a shard. The caller holds the stripe's lock. */
RM_HOT unsigned life_open(struct life_thread *thread, struct rm_shape shape,
        struct rm_key key, uint64_t hash)
{
	struct life_stripe *stripe = &thread->map->stripes[hash % LIFE_STRIPES];
	struct connection *connection = life_connect(thread, hash);
	const struct rm_value word = { { life_word(connection) } };

	connection->next = stripe->first;
	if (stripe->first)
		stripe->first->previous = connection;
	stripe->first = connection;
	syncmap_upsert(&thread->directory, life_words(shape), key, &word);
	return connection->shard;
}

/* Closes the key's connection, which was removed from its shard before. The
   caller holds the stripe's lock. Other threads read only the shard's number
   from the word. */
RM_HOT void life_close(struct life_thread *thread, struct rm_shape shape,
        struct rm_key key, uint64_t hash, struct connection *connection)
{
	struct life_stripe *stripe = &thread->map->stripes[hash % LIFE_STRIPES];

	syncmap_remove(&thread->directory, life_words(shape), key);
	if (connection->previous)
		connection->previous->next = connection->next;
	else
		stripe->first = connection->next;
	if (connection->next)
		connection->next->previous = connection->previous;
	life_count_close(thread->map, connection);
	free(connection);
}

RM_HOT bool life_exchange(void *opaque, struct rm_shape shape,
        struct rm_key key, const struct rm_value *value, struct rm_value *old)
{
	struct life_thread *thread = opaque;
	const uint64_t hash = life_hash(thread, shape, key);
	pthread_mutex_t *lock = &thread->map->stripes[hash % LIFE_STRIPES].lock;
	bool was_there;

	lock_mutex(lock);
	const uint64_t word = life_find(thread, shape, key);
	unsigned number = life_number(word);

	if (word)
		life_touch(thread->map, life_connection(word));
	else
		number = life_open(thread, shape, key, hash);
	struct syncmap_member member = life_member(thread, number);

	was_there = syncmap_exchange(&member, shape, key, value, old);
	pthread_mutex_unlock(lock);
	epoch_settle(thread->record);
	return was_there;
}

RM_HOT bool life_take(void *opaque, struct rm_shape shape, struct rm_key key,
        struct rm_value *old)
{
	struct life_thread *thread = opaque;
	const uint64_t hash = life_hash(thread, shape, key);
	pthread_mutex_t *lock = &thread->map->stripes[hash % LIFE_STRIPES].lock;
	bool was_there = false;

	lock_mutex(lock);
	const uint64_t word = life_find(thread, shape, key);

	if (word) {
		struct syncmap_member member =
		        life_member(thread, life_number(word));

		was_there = syncmap_take(&member, shape, key, old);
		life_close(thread, shape, key, hash, life_connection(word));
	}
	pthread_mutex_unlock(lock);
	epoch_settle(thread->record);
	return was_there;
}

struct life_visit {
	rm_scan_fn *fn;
	void *context;
	bool more;
};

static bool life_visit(
        void *context, struct rm_key key, const struct rm_value *value)
{
	struct life_visit *visit = context;

	visit->more = visit->fn(visit->context, key, value);
	return visit->more;
}

/* Visits one shard after another. A key that is closed and opened again during
   the scan may be visited twice or not at all. */
static void life_scan(
        void *opaque, struct rm_shape shape, rm_scan_fn *fn, void *context)
{
	struct life_thread *thread = opaque;
	struct life_visit visit = { fn, context, true };

	for (unsigned i = 0; visit.more && i < life_made_shards(thread->map);
	        i++) {
		struct syncmap_member member = life_member(thread, i);

		syncmap_scan(&member, shape, life_visit, &visit);
	}
}

static size_t life_length(void *opaque)
{
	struct life_thread *thread = opaque;
	size_t count = 0;

	for (unsigned i = 0; i < life_made_shards(thread->map); i++) {
		struct syncmap_member member = life_member(thread, i);

		count += syncmap_length(&member);
	}
	return count;
}

#endif /* RM_SHARD_LIFE_OPS_H */
