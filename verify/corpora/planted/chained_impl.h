/* SPDX-License-Identifier: Apache-2.0 */
/* chained_impl.h - the operations of chained.h and the map's description. */

#ifndef CHAINED_IS_KEY
#define CHAINED_IS_KEY is_key
#endif
#ifndef CHAINED_LENGTH
#define CHAINED_LENGTH length_of
#endif
#ifndef CHAINED_DROP
#define CHAINED_DROP(map, entry) free(entry)
#endif
#ifndef CHAINED_MAP
#define CHAINED_MAP(thread) (thread)
#endif

/* Returns the link to the key's entry, or to NULL. The caller holds the
   lock. */
static struct entry **spot(
        struct chained *map, struct rm_key key, uint64_t *hash)
{
	*hash = rm_hash(map->shape, key, map->seed);
	struct entry **link = &map->bucket[*hash % BUCKETS];

	while (*link && !CHAINED_IS_KEY(*link, map->shape, key, *hash))
		link = &(*link)->next;
	return link;
}

static struct entry *new_entry(
        struct chained *map, struct rm_key key, uint64_t hash)
{
	const size_t length = map->shape.str ? CHAINED_LENGTH(key) : 0;
	struct entry *entry = malloc(sizeof(*entry) + length);

	if (!entry)
		abort();
	entry->next = NULL;
	entry->hash = hash;
	entry->word = key.word;
	entry->length = length;
	memcpy(entry->bytes, key.bytes, length);
	return entry;
}

static bool chained_lookup(void *thread, struct rm_shape shape,
        struct rm_key key, struct rm_value *value)
{
	struct chained *map = CHAINED_MAP(thread);
	uint64_t hash;

	pthread_mutex_lock(&map->lock);
	const struct entry *entry = *spot(map, key, &hash);
	if (entry)
		copy(shape, value, &entry->value);
	pthread_mutex_unlock(&map->lock);
	return entry;
}

static bool chained_exchange(void *thread, struct rm_shape shape,
        struct rm_key key, const struct rm_value *value, struct rm_value *old)
{
	struct chained *map = CHAINED_MAP(thread);
	uint64_t hash;

	pthread_mutex_lock(&map->lock);
	struct entry **link = spot(map, key, &hash);
	const bool was_there = *link;
	if (!was_there)
		*link = new_entry(map, key, hash);
	else if (old)
		copy(shape, old, &(*link)->value);
	copy(shape, &(*link)->value, value);
	map->writes++;
	pthread_mutex_unlock(&map->lock);
	return was_there;
}

static bool chained_take(void *thread, struct rm_shape shape, struct rm_key key,
        struct rm_value *old)
{
	struct chained *map = CHAINED_MAP(thread);
	uint64_t hash;

	pthread_mutex_lock(&map->lock);
	struct entry **link = spot(map, key, &hash), *entry = *link;
	if (entry) {
		if (old)
			copy(shape, old, &entry->value);
		*link = entry->next;
	}
	map->writes++;
	pthread_mutex_unlock(&map->lock);
	const bool was_there = entry;
	CHAINED_DROP(map, entry);
	return was_there;
}

static void *chained_create(const struct rm_sizing *sizing)
{
	struct chained *map = calloc(1, sizeof(*map));

	if (!map)
		return NULL;
	map->seed = sizing->seed;
	map->shape = sizing->shape;
	pthread_mutex_init(&map->lock, NULL);
	return map;
}

static void free_entries(struct entry *entry)
{
	for (struct entry *next; entry; entry = next) {
		next = entry->next;
		free(entry);
	}
}

static void chained_destroy(void *opaque)
{
	struct chained *map = opaque;

	for (size_t i = 0; i < BUCKETS; i++)
		free_entries(map->bucket[i]);
	free_entries(map->dropped);
	pthread_mutex_destroy(&map->lock);
	free(map);
}

#ifndef CHAINED_LOOKUP
#define CHAINED_LOOKUP chained_lookup
#endif
#ifndef CHAINED_JOIN
#define CHAINED_JOIN  map_itself
#define CHAINED_LEAVE nothing
#endif

static const struct rm_map_ops chained_ops = {
	.create = chained_create,
	.destroy = chained_destroy,
	.join = CHAINED_JOIN,
	.leave = CHAINED_LEAVE,
	.quiesce = nothing,
	.lookup = CHAINED_LOOKUP,
	.exchange = chained_exchange,
	.take = chained_take,
};

RM_DRIVES(chained_ops)

#define CHAINED_TEXT_(id)   #id
#define CHAINED_TEXT(id)    CHAINED_TEXT_(id)
#define CHAINED_SYMBOL_(id) rm_impl_##id
#define CHAINED_SYMBOL(id)  CHAINED_SYMBOL_(id)

const struct rm_impl CHAINED_SYMBOL(PLANTED_ID) = {
	.id = CHAINED_TEXT(PLANTED_ID),
	.label = CHAINED_TEXT(PLANTED_ID),
	.family = "lock",
	.sync = "mutex",
	.source = "a fixture: one injected bug, or its correction",
	.shapes = RM_ALL_SHAPES,
	.guarantees = "none",
	.progress = "blocking",
	.ops = &chained_ops,
	.drive = RM_ALL_DRIVES,
};
