/* SPDX-License-Identifier: Apache-2.0 */
/*
 * range_late.c - tests whether a Range of Go's sync.Map shows writes that begin
 * after it: the loop `tally:KEYS` (article S4, section 1; claim S4-09).
 *
 * KEYS iterations are one Range over KEYS keys. At its first entry the thread
 * replaces the value of every key, removes the last eighth of them and stores
 * as many new ones. So each value of the new round and each new key that the
 * Range then visits was written after the Range began. A snapshot would show
 * neither, and would show every removed key. Rounds of several threads exclude
 * each other, so the thread itself makes all writes.
 */
#include "impls/support/guard_go_mutex.h"
#include "impls/syncmap/syncmap.h"
#include "impls/technique/technique.h"

enum { RANGE_PRESET_KEYS = 64, RANGE_PART = 8 };

struct range_late {
	struct guard turn;
	struct syncmap *map;
	uint64_t keys, removed; /* number of keys; the last `removed` of them
	                           are removed */
	/* all members below are protected by `turn` */
	uint64_t round, ranges;
	uint64_t updates_seen, inserts_seen, removed_seen, entries, lost;
};

struct range_thread {
	struct range_late *late;
	void *handle; /* handle of the map */
};

/* The state of one Range. */
struct range_walk {
	struct range_thread *self;
	uint64_t round, stayed; /* entries of keys that stay throughout */
	bool writes_done;
};

static uint64_t range_value(uint64_t round, uint64_t key)
{
	return round << 32 | key;
}

static void range_put(struct range_thread *self, uint64_t key, uint64_t round)
{
	const struct rm_value value = { { range_value(round, key) } };

	syncmap_upsert(
	        self->handle, RM_U64X8, (struct rm_key){ .word = key }, &value);
}

/* Writes the keys from `first` to `end`. If `there` is false, removes them. */
static void range_set(struct range_thread *self, uint64_t first, uint64_t end,
        uint64_t round, bool there)
{
	for (uint64_t key = first; key < end; key++)
		if (there)
			range_put(self, key, round);
		else
			syncmap_remove(self->handle, RM_U64X8,
			        (struct rm_key){ .word = key });
}

/* Makes the writes when the Range is at its first entry, whose value has been
   read. */
static void range_write(struct range_walk *walk)
{
	const struct range_late *late = walk->self->late;
	const uint64_t stays = late->keys - late->removed;

	range_set(walk->self, 0, stays, walk->round + 1, true);
	range_set(walk->self, stays, late->keys, 0, false);
	range_set(walk->self, late->keys, late->keys + late->removed,
	        walk->round + 1, true);
	walk->writes_done = true;
}

static bool range_entry(
        void *context, struct rm_key key, const struct rm_value *value)
{
	struct range_walk *walk = context;
	struct range_late *late = walk->self->late;
	const uint64_t round = value->word[0] >> 32;
	const uint64_t stays = late->keys - late->removed;

	late->entries++;
	walk->stayed += key.word < stays;
	if (!walk->writes_done)
		range_write(walk);
	else if (key.word >= late->keys)
		late->inserts_seen++;
	else if (key.word >= stays)
		late->removed_seen++;
	else
		late->updates_seen += round == walk->round + 1;
	return true;
}

/* Runs one round. Before and after the Range, all keys have the number of the
   round. */
static void range_once(struct range_thread *self)
{
	struct range_late *late = self->late;
	struct range_walk walk = { .self = self, .round = late->round };

	syncmap_scan(self->handle, RM_U64X8, range_entry, &walk);
	late->lost += walk.stayed != late->keys - late->removed;
	late->ranges++;
	late->round += 2;
	range_set(self, late->keys, late->keys + late->removed, 0, false);
	range_set(self, 0, late->keys, late->round, true);
}

static void range_run(struct rm_worker *worker)
{
	struct range_thread *self = worker->thread;

	while (technique_turn(worker)) {
		/* a thread that waits must not delay reclamation */
		syncmap_park(self->handle);
		guard_write(&self->late->turn);
		syncmap_unpark(self->handle);
		range_once(self);
		guard_write_end(&self->late->turn);
		syncmap_quiesce(self->handle);
		worker->counts.iterations += self->late->keys - 1;
	}
}

static void range_destroy(void *opaque)
{
	struct range_late *late = opaque;

	if (late->map)
		syncmap_destroy(late->map);
	guard_destroy(&late->turn);
	free(late);
}

static bool range_fill(struct range_late *late)
{
	struct range_thread self = { late, syncmap_join(late->map, 0) };

	if (!self.handle)
		return false;
	range_set(&self, 0, late->keys, 0, true);
	syncmap_leave(self.handle);
	return true;
}

static void *range_create(const struct rm_sizing *sizing)
{
	struct range_late *late = technique_new(sizeof(*late));
	struct rm_sizing inner = *sizing;

	if (!late)
		return NULL;
	late->keys = technique_arg(sizing, 0, RANGE_PRESET_KEYS);
	late->removed = late->keys / RANGE_PART;
	inner.shape = RM_U64X8;
	inner.keys = late->keys;
	late->map = syncmap_create(&inner);
	if (guard_create(&late->turn, sizing->threads) && late->map &&
	        range_fill(late))
		return late;
	range_destroy(late);
	return NULL;
}

static void *range_join(void *opaque, size_t slot)
{
	struct range_late *late = opaque;
	struct range_thread *self = malloc(sizeof(*self));

	if (!self)
		return NULL;
	*self = (struct range_thread){ late, syncmap_join(late->map, slot) };
	if (self->handle)
		return self;
	free(self);
	return NULL;
}

static void range_leave(void *thread)
{
	struct range_thread *self = thread;

	syncmap_leave(self->handle);
	free(self);
}

static void range_quiesce(void *thread)
{
	syncmap_quiesce(((struct range_thread *)thread)->handle);
}

static void range_park(void *thread)
{
	syncmap_park(((struct range_thread *)thread)->handle);
}

static void range_unpark(void *thread)
{
	syncmap_unpark(((struct range_thread *)thread)->handle);
}

static void range_stats(void *opaque, rm_stat_fn *emit, void *context)
{
	struct range_late *late = opaque;

	guard_write(&late->turn);
	emit(context, "ranges", "1", (double)late->ranges);
	emit(context, "entries_seen", "1", (double)late->entries);
	emit(context, "late_updates_seen", "1", (double)late->updates_seen);
	emit(context, "late_inserts_seen", "1", (double)late->inserts_seen);
	emit(context, "removed_keys_seen", "1", (double)late->removed_seen);
	guard_write_end(&late->turn);
}

/* Go promises that a key that is present all the time is visited once. */
static bool range_check(void *opaque, char *why, size_t size)
{
	const struct range_late *late = opaque;

	if (!late->lost)
		return syncmap_check(late->map, why, size);
	snprintf(why, size, "%llu of %llu Ranges did not visit each key once",
	        (unsigned long long)late->lost,
	        (unsigned long long)late->ranges);
	return false;
}

static const struct rm_map_ops range_ops = { .create = range_create,
	.destroy = range_destroy,
	.join = range_join,
	.leave = range_leave,
	.quiesce = range_quiesce,
	.park = range_park,
	.unpark = range_unpark,
	.stats = range_stats,
	.check = range_check };

static const struct rm_own_loop range_loops[] = { { "tally", range_run },
	{ NULL, NULL } };

const struct rm_impl rm_impl_range_late = {
	.id = "range_late",
	.label = "Range, with writes during it",
	.sync = "epoch",
	.source = "Go 1.19-1.23, sync/map.go",
	.system = "M4",
	TECHNIQUE("blocking", range_ops, range_loops),
};
