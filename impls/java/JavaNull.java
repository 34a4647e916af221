// SPDX-License-Identifier: Apache-2.0
package readmostly;

/**
 * Not a map. Every key is present and has the value written for it. So it measures the cost of the
 * loop in Java, which is a lower bound for every map.
 */
final class JavaNull {
	private JavaNull() {
	}

	abstract static class Nothing extends Table {
		@Override
		final long upsert(long rank, long value) {
			return rank;
		}

		@Override
		final long remove(long rank) {
			return rank;
		}

		@Override
		final boolean holds() {
			return false;
		}
	}

	static final class U64 extends Nothing {
		U64(long size) {
		}

		@Override
		long lookup(long rank) {
			// the low half of a key is its rank
			return Random.scatter(rank) & 0xffffffffL;
		}
	}

	static final class Str extends Nothing {
		Str(long size) {
		}

		@Override
		long lookup(long rank) {
			return rank & ~0xffL | Tables.text(rank).charAt(8);
		}
	}
}
