/* SPDX-License-Identifier: Apache-2.0 */
/* played_store.h - a FAMILIES_STORE of families.h that records its calls. It
   keeps keys as text in a table of its own. Tests can make calls fail or return
   wrong answers. */
#ifndef RM_TEST_PLAYED_STORE_H
#define RM_TEST_PLAYED_STORE_H

#include "impls/gomap/gomap_dump.h"

#include <stdio.h>

enum { PLAYED_ENTRIES = 1024, PLAYED_MAPS = 4 };

/* Counters, and settings of a test. If all are zero, the store is correct. */
static struct {
	unsigned created, destroyed, joined, left, parked, unparked, quiesced;
	unsigned create_fails, join_fails; /* number of the call that fails,
	                                      from 1 */
	/* the store ignores writes, finds no key, or finds every key */
	bool ignores, forgets_keys, has_all;
	uint64_t other_value; /* added to each value */
	size_t slot;          /* slot of the last join */
	unsigned upserts, lookups, lookups_before_last_upsert;
	char first[32], last[32]; /* first and last inserted key */
	char last_lookup[32];     /* the last key that was looked up */
	struct rm_sizing sizing[PLAYED_MAPS];
} played;

struct played_entry {
	char key[32];
	uint64_t value, lookups; /* the value; the number of lookups of the
	                            key */
	bool there;
};

struct family_map {
	size_t count;
	struct played_entry entry[PLAYED_ENTRIES];
};

static bool family_create(
        struct family_map *one, const struct rm_sizing *sizing)
{
	one->count = 0;
	played.sizing[played.created++] = *sizing;
	return played.created != played.create_fails;
}

static void family_destroy(struct family_map *one)
{
	(void)one;
	played.destroyed++;
}

static void *family_join(struct family_map *one, size_t slot)
{
	played.slot = slot;
	return ++played.joined == played.join_fails ? NULL : one;
}

static void family_leave(void *handle)
{
	(void)handle;
	played.left++;
}

static void family_park(void *handle)
{
	(void)handle;
	played.parked++;
}

static void family_unpark(void *handle)
{
	(void)handle;
	played.unparked++;
}

static void family_quiesce(void *handle)
{
	(void)handle;
	played.quiesced++;
}

/* Returns NULL if the key was never inserted. */
static struct played_entry *played_find(
        struct family_map *one, const char *text)
{
	for (size_t i = 0; i < one->count; i++)
		if (!strcmp(one->entry[i].key, text))
			return &one->entry[i];
	return NULL;
}

static void played_text(struct rm_key key, char text[32])
{
	snprintf(text, 32, "%.*s", (int)key.length, (const char *)key.bytes);
}

static bool family_lookup(
        void *handle, struct rm_key key, struct rm_value *value)
{
	struct played_entry *entry;

	played_text(key, played.last_lookup);
	played.lookups++;
	if (played.ignores)
		return false;
	entry = played_find(handle, played.last_lookup);
	if (entry)
		entry->lookups++;
	if (played.has_all)
		return true;
	if (played.forgets_keys || !entry || !entry->there)
		return false;
	value->word[0] = entry->value + played.other_value;
	return true;
}

static bool family_upsert(
        void *handle, struct rm_key key, const struct rm_value *value)
{
	struct family_map *one = handle;
	struct played_entry *entry;
	bool was_there;

	played_text(key, played.last);
	played.lookups_before_last_upsert = played.lookups;
	if (!played.upserts++)
		played_text(key, played.first);
	if (played.ignores)
		return false;
	entry = played_find(one, played.last);
	if (!entry) {
		entry = &one->entry[one->count++];
		played_text(key, entry->key);
	}
	was_there = entry->there;
	entry->value = value->word[0];
	entry->there = true;
	return was_there;
}

static bool family_remove(void *handle, struct rm_key key)
{
	char text[32];
	struct played_entry *entry;
	bool was_there;

	played_text(key, text);
	entry = played_find(handle, text);
	was_there = entry && entry->there;
	if (was_there)
		entry->there = false;
	return was_there;
}

static uint64_t family_count(struct family_map *one)
{
	uint64_t there = 0;

	for (size_t i = 0; i < one->count; i++)
		there += one->entry[i].there;
	return there;
}

/* Emits a statistic that differs between maps: the number of entries. */
static void family_stats(
        struct family_map *one, rm_stat_fn *emit, void *context)
{
	emit(context, "thrice", "1", (double)family_count(one));
	emit(context, "lines", "bytes", 64);
}

static void family_census(struct family_map *one, struct gomap_census *census)
{
	census->entries += family_count(one);
	census->chains += 8;
	census->third += 2;
}

#endif /* RM_TEST_PLAYED_STORE_H */
