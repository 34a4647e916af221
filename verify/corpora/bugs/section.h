/* SPDX-License-Identifier: Apache-2.0 */
/* section.h - the hash maps of Java's message brokers: linear probing in
 * arrays, writers under a lock. Lookups do not lock, but check a sequence
 * afterwards; if it has changed, they lock and read again.
 *
 * In Java, an index beyond the end of an array throws an exception before this
 * check; here slot() aborts. Java's collector keeps old arrays. Here each level
 * of growth has one pair of arrays, which is kept until destroy. The maps
 * differ in how they publish arrays and capacity and how lookups read them:
 * each file implements publish() and read_view().
 *
 * The code has no fences. Words are stored with release, so they are not
 * visible before the odd sequence. They are loaded with acquire, so they are
 * not read after the last read of the sequence. */
#ifndef RM_BUG_SECTION_H
#define RM_BUG_SECTION_H

#include "verify/corpora/bugs/bug.h"

enum { SMALLEST = 4, LEVELS = 40, STATE = 0, KEY = 1 };

/* Array of keys: state and key per slot. Array of values: one word per slot. */
struct array {
	size_t length; /* number of slots */
	/* in an array of keys, the array of their values */
	struct array *values;
	_Atomic uint64_t word[];
};

struct section {
	pthread_mutex_t lock;
	_Atomic uint64_t sequence; /* odd during a write */
	_Atomic(struct array *) keys, values;
	_Atomic size_t capacity;
	/* The following functions are called under the lock. */
	size_t used;
	unsigned level;
	struct array *made[LEVELS]; /* keys of each level, or NULL */
};

/* A lookup's view of the section. */
struct view {
	struct array *keys, *values;
	size_t capacity;
};

/* Makes `keys` and keys->values the current arrays. The caller holds the
   lock. */
static void publish(struct section *section, struct array *keys);
/* Reads what publish() wrote, without the lock. */
static struct view read_view(struct section *section);

RM_HOT _Atomic uint64_t *slot(struct array *array, size_t i, size_t words)
{
	if (i >= array->length)
		abort(); /* ArrayIndexOutOfBoundsException */
	return array->word + i * words;
}

RM_HOT uint64_t get(_Atomic uint64_t *word)
{
	/* acquire: the sequence is read again after it */
	return atomic_load_explicit(word, memory_order_acquire);
}

static inline void set(_Atomic uint64_t *word, uint64_t value)
{
	/* release: the odd sequence was stored before it */
	atomic_store_explicit(word, value, memory_order_release);
}

/* Returns the slot of the key, or the free slot for it. A lookup that sees a
 * mixture of two states may find neither; the result is then `capacity`. */
RM_HOT size_t search(const struct view *view, struct rm_key key)
{
	const size_t mask = view->capacity - 1;
	size_t i = hash_of(key) & mask;

	for (size_t n = 0; n < view->capacity; n++, i = (i + 1) & mask) {
		_Atomic uint64_t *word = slot(view->keys, i, 2);

		if (!get(word + STATE) || get(word + KEY) == key.word)
			return i;
	}
	return view->capacity;
}

RM_HOT bool read_slot(
        const struct view *view, struct rm_key key, uint64_t *value)
{
	const size_t i = search(view, key);

	if (i == view->capacity || !get(slot(view->keys, i, 2) + STATE))
		return false;
	*value = get(slot(view->values, i, 1));
	return true;
}

/* Returns the section as seen by a writer that holds the lock. */
static inline struct view writer_view(struct section *section)
{
	struct array *keys = section->made[section->level];

	return (struct view){ keys, keys->values, keys->length };
}

static inline void open_section(struct section *section)
{
	pthread_mutex_lock(&section->lock);
	/* relaxed: words are stored with release after it */
	atomic_fetch_add_explicit(&section->sequence, 1, memory_order_relaxed);
}

static inline void close_section(struct section *section)
{
	/* release: pairs with the acquire in lookup() */
	atomic_fetch_add_explicit(&section->sequence, 1, memory_order_release);
	pthread_mutex_unlock(&section->lock);
}

static inline void store_slot(
        const struct view *view, struct rm_key key, uint64_t value)
{
	const size_t i = search(view, key);

	set(slot(view->values, i, 1), value);
	set(slot(view->keys, i, 2) + KEY, key.word);
	set(slot(view->keys, i, 2) + STATE, 1);
}

static inline struct array *new_array(size_t length, size_t words)
{
	struct array *array = bug_alloc(
	        sizeof(*array) + length * words * sizeof(array->word[0]));

	array->length = length;
	return array;
}

/* Arrays of a level, with all slots free. */
static inline struct array *arrays_of(struct section *section, unsigned level)
{
	struct array *keys = section->made[level];

	if (!keys) {
		keys = new_array((size_t)SMALLEST << level, 2);
		keys->values = new_array(keys->length, 1);
		section->made[level] = keys;
	}
	for (size_t i = 0; i < keys->length; i++)
		set(slot(keys, i, 2) + STATE, 0);
	return keys;
}

static RM_COLD void rehash(struct section *section, unsigned level)
{
	const struct view from = writer_view(section);
	struct array *keys = arrays_of(section, level);
	const struct view to = { keys, keys->values, keys->length };

	for (size_t i = 0; i < from.capacity; i++) {
		_Atomic uint64_t *word = slot(from.keys, i, 2);

		if (get(word + STATE))
			store_slot(&to,
			        (struct rm_key){ .word = get(word + KEY) },
			        get(slot(from.values, i, 1)));
	}
	section->level = level;
	publish(section, keys);
}

/* Frees a slot and reinserts the entries that follow it without a gap. */
static inline void free_slot(const struct view *view, size_t i)
{
	const size_t mask = view->capacity - 1;

	set(slot(view->keys, i, 2) + STATE, 0);
	for (i = (i + 1) & mask; get(slot(view->keys, i, 2) + STATE);
	        i = (i + 1) & mask) {
		_Atomic uint64_t *word = slot(view->keys, i, 2);
		struct rm_key key = { .word = get(word + KEY) };

		set(word + STATE, 0);
		store_slot(view, key, get(slot(view->values, i, 1)));
	}
}

RM_HOT bool lookup(void *thread, struct rm_shape shape, struct rm_key key,
        struct rm_value *value)
{
	struct section *section = thread;
	/* acquire: pairs with the release in close_section() */
	const uint64_t sequence =
	        atomic_load_explicit(&section->sequence, memory_order_acquire);
	struct view view = read_view(section);
	uint64_t word = 0;
	bool was_there = read_slot(&view, key, &word);

	(void)shape;
	/* relaxed: the words were loaded with acquire before. If a write was in
	 * progress, the result is discarded. */
	if (!(sequence & 1) && atomic_load_explicit(&section->sequence,
	                               memory_order_relaxed) == sequence) {
		if (was_there)
			store_result(value, word);
		return was_there;
	}
	pthread_mutex_lock(&section->lock);
	view = writer_view(section);
	was_there = read_slot(&view, key, &word);
	pthread_mutex_unlock(&section->lock);
	if (was_there)
		store_result(value, word);
	return was_there;
}

static bool exchange(void *thread, struct rm_shape shape, struct rm_key key,
        const struct rm_value *value, struct rm_value *old)
{
	struct section *section = thread;
	uint64_t word = 0;

	(void)shape;
	open_section(section);
	if ((section->used + 1) * 3 > writer_view(section).capacity * 2)
		rehash(section, section->level + 1);
	const struct view view = writer_view(section);
	const bool was_there = read_slot(&view, key, &word);

	store_slot(&view, key, value->word[0]);
	section->used += !was_there;
	close_section(section);
	if (was_there)
		store_result(old, word);
	return was_there;
}

#ifndef SECTION_SHRINKS
#define SECTION_SHRINKS 0
#endif

static bool take(void *thread, struct rm_shape shape, struct rm_key key,
        struct rm_value *old)
{
	struct section *section = thread;
	uint64_t word = 0;

	(void)shape;
	open_section(section);
	const struct view view = writer_view(section);
	const bool was_there = read_slot(&view, key, &word);

	if (was_there) {
		free_slot(&view, search(&view, key));
		section->used--;
	}
	if (SECTION_SHRINKS && section->level &&
	        section->used * 4 < view.capacity)
		rehash(section, section->level - 1);
	close_section(section);
	if (was_there)
		store_result(old, word);
	return was_there;
}

static void *create(const struct rm_sizing *sizing)
{
	struct section *section = bug_alloc(sizeof(*section));

	(void)sizing; /* the table starts small, like those of the originals */
	pthread_mutex_init(&section->lock, NULL);
	publish(section, arrays_of(section, 0));
	return section;
}

static void destroy(void *opaque)
{
	struct section *section = opaque;

	for (unsigned level = 0; level < LEVELS; level++) {
		if (!section->made[level])
			continue;
		free(section->made[level]->values);
		free(section->made[level]);
	}
	pthread_mutex_destroy(&section->lock);
	free(section);
}

#define BUG_SYNC "sequence lock, mutex for writes"

#endif /* RM_BUG_SECTION_H */
