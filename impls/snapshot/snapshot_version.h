/* SPDX-License-Identifier: Apache-2.0 */
/*
 * snapshot_version.h - copy on write with versions: publishes {version, map},
 * newly allocated each time (article S0, section 4.2).
 *
 * A lookup reads the version of the map that it searches and compares it with
 * the last one that its thread read: versions must never decrease. It writes no
 * shared memory, and writes its thread's own line only when the version
 * changes.
 */
#ifndef RM_SNAPSHOT_VERSION_H
#define RM_SNAPSHOT_VERSION_H

#define SNAPSHOT_NUMBERED true
#include "impls/snapshot/snapshot_write.h"

/* The last version that a thread read. Only that thread writes it. */
struct snapshot_seen {
	_Alignas(EPOCH_PAD) _Atomic uint64_t version;
	_Atomic uint64_t backwards; /* how often the version decreased */
};

struct snapshot_versions {
	struct snapshot map; /* first member: the owner of the epoch records */
	uint64_t loads;      /* maps created by load(); protected by map.lock */
	struct snapshot_seen seen[];
};

/* Records the version that a lookup used. */
RM_HOT void snapshot_record_version(
        struct epoch_record *record, uint64_t version)
{
	struct snapshot_versions *versions = record->owner;
	struct snapshot_seen *seen =
	        &versions->seen[record - record->epoch->records];
	const uint64_t last = rm_stat_read(&seen->version);

	if (__builtin_expect(version == last, 1))
		return;
	if (version < last)
		rm_stat_own(&seen->backwards, 1);
	/* relaxed: a statistic orders nothing */
	atomic_store_explicit(&seen->version, version, memory_order_relaxed);
}

/* Looks a key up. Also returns the version of the map that was searched. */
RM_HOT bool snapshot_lookup_numbered(void *thread, struct rm_shape shape,
        struct rm_key key, struct rm_value *value, uint64_t *version)
{
	const struct snapshot_numbered *now = snapshot_published(thread);

	*version = now->version;
	snapshot_record_version(thread, now->version);
	return gomap_lookup(now->map, shape, key, value);
}

RM_HOT bool snapshot_version_lookup(void *thread, struct rm_shape shape,
        struct rm_key key, struct rm_value *value)
{
	uint64_t version;

	return snapshot_lookup_numbered(thread, shape, key, value, &version);
}

static inline int snapshot_version_load(
        void *thread, struct rm_shape shape, const struct rm_source *source)
{
	struct epoch_record *record = thread;
	struct snapshot_versions *versions = record->owner;
	const int error = snapshot_load(thread, shape, source);

	lock_mutex(&versions->map.lock);
	versions->loads += !error;
	pthread_mutex_unlock(&versions->map.lock);
	return error;
}

/* Returns the published version. The caller holds the lock, or there are no
   other threads. */
static inline uint64_t snapshot_version_now(struct snapshot_versions *versions)
{
	/* relaxed: changed only under the lock */
	const struct snapshot_numbered *now =
	        atomic_load_explicit(&versions->map.now, memory_order_relaxed);

	return now->version;
}

static inline void snapshot_version_stats(
        void *opaque, rm_stat_fn *emit, void *context)
{
	struct snapshot_versions *versions = opaque;
	uint64_t backwards = 0;

	for (size_t i = 0; i < versions->map.epoch->threads; i++)
		backwards += rm_stat_read(&versions->seen[i].backwards);
	lock_mutex(&versions->map.lock);
	emit(context, "version", "1", (double)snapshot_version_now(versions));
	pthread_mutex_unlock(&versions->map.lock);
	emit(context, "versions_backwards", "1", (double)backwards);
	snapshot_stats(opaque, emit, context);
}

/* Checks that the version is the number of maps made, and that no reader saw a
   later version or a decrease. */
static inline bool snapshot_version_check(void *opaque, char *why, size_t size)
{
	struct snapshot_versions *versions = opaque;
	const uint64_t version = snapshot_version_now(versions),
	               made = 1 + versions->map.clones + versions->loads;

	if (version != made) {
		snprintf(why, size,
		        "%llu maps were made, but the version is %llu",
		        (unsigned long long)made, (unsigned long long)version);
		return false;
	}
	for (size_t i = 0; i < versions->map.epoch->threads; i++) {
		if (rm_stat_read(&versions->seen[i].backwards) ||
		        rm_stat_read(&versions->seen[i].version) > version) {
			snprintf(why, size, "a reader saw a wrong version");
			return false;
		}
	}
	return snapshot_check(opaque, why, size);
}

static inline void snapshot_version_destroy(void *opaque)
{
	snapshot_free_content(opaque);
	free(opaque);
}

static inline void *snapshot_version_create(const struct rm_sizing *sizing)
{
	const size_t bytes = sizeof(struct snapshot_versions) +
	                     sizing->threads * sizeof(struct snapshot_seen);
	struct snapshot_versions *versions = aligned_alloc(EPOCH_PAD, bytes);

	if (!versions)
		return NULL;
	memset((void *)versions, 0, bytes);
	if (snapshot_init(&versions->map, sizing))
		return versions;
	snapshot_version_destroy(versions);
	return NULL;
}

#endif /* RM_SNAPSHOT_VERSION_H */
