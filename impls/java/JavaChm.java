// SPDX-License-Identifier: Apache-2.0
package readmostly;

import java.util.concurrent.ConcurrentHashMap;

/**
 * ConcurrentHashMap as it is used: keys and values are objects, so that a write
 * makes both and a look-up one to ask with. A look-up stores nothing to shared
 * memory; a write locks the first entry of its bucket.
 */
final class JavaChm {
	private JavaChm() {
	}

	/** Java is told of n entries, not of the bins that they need; 0: nothing. */
	private static <K> ConcurrentHashMap<K, Long> roomFor(long n) {
		return n == 0 ? new ConcurrentHashMap<>()
				: new ConcurrentHashMap<>((int) Math.min(n, 1 << 29));
	}

	static final class U64 extends Table {
		private final ConcurrentHashMap<Long, Long> map;

		U64(long size) {
			map = roomFor(size);
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
			map = roomFor(size);
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
