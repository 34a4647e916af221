/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chained.c - a hash table under a reader-writer lock, as an adapter:
 * `readmostly check examples/c/chained.c`, `readmostly explore ...`.
 * CFLAGS=-DBUG injects a bug: an update locks like a reader.
 */
#include <readmostly.h>

#include <pthread.h>
#include <stdlib.h>

enum { BUCKETS = 64 };

struct entry {
	uint64_t key, value;
	struct entry *next;
};

struct table {
	pthread_rwlock_t lock;
	struct entry *bucket[BUCKETS];
};

static void *create(uint32_t kind, size_t keys, size_t threads, uint64_t seed)
{
	(void)kind, (void)keys, (void)threads, (void)seed;
	return calloc(1, sizeof(struct table));
}

static void destroy(void *map)
{
	struct table *table = map;
	struct entry *entry;

	for (int i = 0; i < BUCKETS; i++)
		while ((entry = table->bucket[i])) {
			table->bucket[i] = entry->next;
			free(entry);
		}
	free(table);
}

/* The link to the entry of a key, or to NULL at the end of its bucket. */
static struct entry **find(struct table *table, uint64_t key)
{
	struct entry **link = &table->bucket[key % BUCKETS];

	while (*link && (*link)->key != key)
		link = &(*link)->next;
	return link;
}

static int lookup(void *map, const struct rm_foreign_key *key, uint64_t *value)
{
	struct table *table = map;
	const struct entry *entry;

	pthread_rwlock_rdlock(&table->lock);
	entry = *find(table, key->word);
	if (entry)
		*value = entry->value;
	pthread_rwlock_unlock(&table->lock);
	return entry != NULL;
}

static int upsert(void *map, const struct rm_foreign_key *key, uint64_t value,
        uint64_t *old)
{
	struct table *table = map;
	struct entry **link;
	int present;

#ifdef BUG
	pthread_rwlock_rdlock(&table->lock);
#else
	pthread_rwlock_wrlock(&table->lock);
#endif
	link = find(table, key->word);
	present = *link != NULL;
	if (present && old)
		*old = (*link)->value;
	if (!present && !(*link = calloc(1, sizeof(**link))))
		abort();
	(*link)->key = key->word;
	(*link)->value = value;
	pthread_rwlock_unlock(&table->lock);
	return present;
}

static int erase(void *map, const struct rm_foreign_key *key, uint64_t *old)
{
	struct table *table = map;
	struct entry **link, *entry;

	pthread_rwlock_wrlock(&table->lock);
	link = find(table, key->word);
	entry = *link;
	if (entry && old)
		*old = entry->value;
	if (entry)
		*link = entry->next;
	pthread_rwlock_unlock(&table->lock);
	free(entry);
	return entry != NULL;
}

const struct rm_foreign_map rm_foreign_map = { RM_FOREIGN_VERSION,
	sizeof(struct rm_foreign_map), "chained", RM_FOREIGN_U64, 0, "none",
	"blocking", create, destroy, lookup, upsert, erase };
