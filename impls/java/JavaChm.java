// SPDX-License-Identifier: Apache-2.0
package readmostly;

import java.util.concurrent.ConcurrentHashMap;

/**
 * ConcurrentHashMap as programs use it: keys and values are objects. So a write allocates both, and
 * a lookup allocates a key. A lookup writes nothing shared. A write locks the first entry of its
 * bucket.
 */
final class JavaChm {
	private JavaChm() {
	}

	/**
	 * The constructor takes the number of entries, not of bins. If n is 0, the map has the default
	 * size.
	 */
	private static <K> ConcurrentHashMap<K, Long> withCapacity(long n) {
		return n == 0 ? new ConcurrentHashMap<>()
				: new ConcurrentHashMap<>((int) Math.min(n, 1 << 29));
	}

	static final class U64 extends Table {
		private final ConcurrentHashMap<Long, Long> map;

		U64(long size) {
			map = withCapacity(size);
		}

		@Override
		long lookup(long rank) {
			return unbox(map.get(Random.scatter(rank)));
		}

		@Override
		long upsert(long rank, long value) {
			return unbox(map.put(Random.scatter(rank), value));
		}

		@Override
		long remove(long rank) {
			return unbox(map.remove(Random.scatter(rank)));
		}
	}

	static final class Str extends Table {
		private final ConcurrentHashMap<String, Long> map;

		Str(long size) {
			map = withCapacity(size);
		}

		@Override
		long lookup(long rank) {
			return unbox(map.get(Tables.text(rank)));
		}

		@Override
		long upsert(long rank, long value) {
			return unbox(map.put(Tables.text(rank), value));
		}

		@Override
		long remove(long rank) {
			return unbox(map.remove(Tables.text(rank)));
		}
	}
}
