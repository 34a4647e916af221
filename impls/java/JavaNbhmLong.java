// SPDX-License-Identifier: Apache-2.0
package readmostly;

import org.jctools.maps.NonBlockingHashMapLong;

/**
 * NonBlockingHashMapLong of JCTools: keys stay numbers, values are objects. No
 * operation takes a lock. Key 0 has a field of its own, and of two puts into it
 * at once one is lost while it says that it replaced the other: a verification
 * finds that. Keys are complements here, so that none is 0.
 */
final class JavaNbhmLong {
	private JavaNbhmLong() {
	}

	static final class U64 extends Table {
		private final NonBlockingHashMapLong<Long> map;

		/** Without `optForSpace`: the faster of its two forms. */
		U64(long size) {
			map = new NonBlockingHashMapLong<>(Tables.room(size), false);
		}

		/** Ranks, the low half, are at most 2^31. */
		private static long key(long rank) {
			return ~Random.scatter(rank);
		}

		@Override
		long lookup(long rank) {
			return unbox(map.get(key(rank)));
		}

		@Override
		long upsert(long rank, long value) {
			return unbox(map.put(key(rank), (Long) value));
		}

		@Override
		long remove(long rank) {
			return unbox(map.remove(key(rank)));
		}
	}
}
