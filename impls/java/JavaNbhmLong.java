// SPDX-License-Identifier: Apache-2.0
package readmostly;

import org.jctools.maps.NonBlockingHashMapLong;

/**
 * NonBlockingHashMapLong of JCTools. Keys are primitive numbers, and values are objects. No
 * operation takes a lock. If two puts or removes are concurrent, one may take effect just before
 * the other, but return the value of the other. So the result is not always the value that was
 * replaced.
 */
final class JavaNbhmLong {
	private JavaNbhmLong() {
	}

	static final class U64 extends Table {
		private final NonBlockingHashMapLong<Long> map;

		/**
		 * The constructor takes the number of slots, here two per key. A map that has grown to 2 Ki
		 * or 64 Ki keys would have one slot per key. `optForSpace` is not set, which selects the
		 * faster of the two forms.
		 */
		U64(long size) {
			map = new NonBlockingHashMapLong<>(
					(int) Math.min(Math.max(16, 2 * size), 1 << 30), false);
		}

		@Override
		boolean returnsOld() {
			return false;
		}

		@Override
		long lookup(long rank) {
			return unbox(map.get(Random.scatter(rank)));
		}

		@Override
		long upsert(long rank, long value) {
			return unbox(map.put(Random.scatter(rank), (Long) value));
		}

		@Override
		long remove(long rank) {
			return unbox(map.remove(Random.scatter(rank)));
		}
	}
}
