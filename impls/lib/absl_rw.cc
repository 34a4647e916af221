/* SPDX-License-Identifier: Apache-2.0 */
/*
 * absl_rw.cc - Abseil's flat_hash_map under one absl::Mutex.
 *
 * needs: c++ absl_flat_hash_map absl_synchronization
 *
 * Readers share the lock, so each lookup writes its word twice. The table
 * compares 16 bytes of hashes at once. Keys and values are in its slots, and
 * growth moves them.
 */
#define NDEBUG /* as in release builds; in debug builds the table shuffles
                  insertions */

#include "impls/lib/cxx_locked.hh"

#include <absl/base/config.h>
#include <absl/container/flat_hash_map.h>
#include <absl/synchronization/mutex.h>

namespace
{
/* absl::Mutex with the interface of std::shared_mutex. */
struct shared {
	absl::Mutex mutex;

	bool try_lock_shared()
	{
		return mutex.ReaderTryLock();
	}

	void lock_shared()
	{
		mutex.ReaderLock();
	}

	void unlock_shared()
	{
		mutex.ReaderUnlock();
	}

	bool try_lock()
	{
		return mutex.WriterTryLock();
	}

	void lock()
	{
		mutex.WriterLock();
	}

	void unlock()
	{
		mutex.WriterUnlock();
	}
};

template <class Key, class Value>
using table =
        locked<shared, absl::flat_hash_map<Key, Value, common_hash, same_key>>;

const char *version()
{
	return RM_TEXT(ABSL_LTS_RELEASE_VERSION) "." RM_TEXT(
	        ABSL_LTS_RELEASE_PATCH_LEVEL);
}

constexpr unsigned offered = RM_ALL_SHAPES;
} // namespace

#include "impls/lib/cxx_operations.hh"

extern "C" {
RM_DRIVES(all_operations)

extern const struct rm_impl rm_impl_absl_rw = {
	.id = "absl_rw",
	.label = "absl flat, Mutex",
	.family = "lock",
	.sync = "rwlock (absl::Mutex)",
	.source = "Abseil, flat_hash_map: Swiss tables",
	.shapes = offered,
	.guarantees = "point-in-time",
	.progress = "blocking",
	.ops = &all_operations,
	.drive = RM_ALL_DRIVES,
	.version = version,
	.value_most = 1024,
	.value_place = "inline, in the table's slots; freed by the writer",
};
}
