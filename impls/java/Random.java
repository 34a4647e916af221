// SPDX-License-Identifier: Apache-2.0
package readmostly;

/**
 * Produces the same numbers as the generators of runner/base/rng.h and runner/keys.h.
 * tests/go/sequence.tsv checks both implementations. A long holds 64 unsigned bits; the code is
 * explicit if the sign matters.
 */
final class Random {
	private static final long STEP = 0x9e3779b97f4a7c15L;
	static final long INCREMENT = 0xa0761d6478bd642fL;

	private Random() {
	}

	/** Returns the high half of an unsigned product. Java 17 has only the signed one. */
	static long high(long a, long b) {
		return Math.multiplyHigh(a, b) + (a >> 63 & b) + (b >> 63 & a);
	}

	/** Returns the result of rm_next() for a state to which INCREMENT has been added. */
	static long mix(long state) {
		long other = state ^ 0xe7037ed1a0b428dbL;
		return high(state, other) ^ state * other;
	}

	/** Like rm_seed() in C. */
	static long seed(long seed, long n) {
		long z = seed + (n + 1) * STEP;
		z = (z ^ z >>> 30) * 0xbf58476d1ce4e5b9L;
		z = (z ^ z >>> 27) * 0x94d049bb133111ebL;
		return z ^ z >>> 31;
	}

	/** Like rm_below() in C. */
	static long below(long random, long n) {
		return high(random, n);
	}

	/** Like rm_unit() in C. */
	static double unit(long random) {
		return (random >>> 11) * 0x1p-53;
	}

	/** Returns the 64-bit key of a rank, like rm_scatter() in C. */
	static long scatter(long rank) {
		return rank * 0x9e3779b900000001L;
	}

	/** Like rm_rank_mix() in C. */
	static long mixOf(long rank) {
		return seed(0x726d, rank);
	}

	/** Like rm_value_of() in C: 20 bits of sequence, 12 bits of writer, 32 bits of rank. */
	static long valueOf(long rank, int writer, long sequence) {
		return sequence << 44 | (writer & 0xfffL) << 32 | rank & 0xffffffffL;
	}

	/** Returns 0 if the value was written for the rank. */
	static long rankMismatch(long value, long rank) {
		return (value ^ rank) & 0xffffffffL;
	}
}
