// SPDX-License-Identifier: Apache-2.0
package readmostly;

/**
 * Not a map: every key is present and has the value written for it. What remains is the cost of the
 * loop in Java, below which no map can be.
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
