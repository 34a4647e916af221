// SPDX-License-Identifier: Apache-2.0
package readmostly;

import java.util.Arrays;

/**
 * Zipf and hot draws, as in runner/skew.h and runner/trial/key_stream.c. The object is complete
 * before the threads start, and they only read it.
 */
final class Skew {
	private static final int BITS = 10, RANGES = 1 << BITS;
	private static final long UNIT = 1L << 32 - BITS;
	private static final int ABSENT = RANGES - 1; // number of the range of absent ranks

	private final long[] start = new long[RANGES + 1];
	private final long[] weight = new long[RANGES];
	private final int[] split = new int[RANGES];
	private final long present, mask, key0, key1, key2;
	private final int shift;

	/** Like rm_skew_init() in C, for a zipf cell or, if `theta` is 0, a hot cell. */
	Skew(Load load, double theta, double a, double b, long seed) {
		double[] mass = new double[RANGES];
		boolean misses = load.span > load.resident;

		present = Math.min(load.resident, load.span);
		if (theta > 0) {
			zipf(theta, mass);
		} else {
			hot(a, b, mass);
		}
		start[RANGES] = misses ? load.span : present;
		weigh(misses ? load.misses : 0, mass);
		split();
		int bits = 0;
		while (1L << bits < present) {
			bits++;
		}
		mask = (1L << bits) - 1;
		shift = (bits + 1) / 2;
		key0 = Random.seed(seed, 0) & mask;
		key1 = Random.seed(seed, 1) & mask;
		key2 = Random.seed(seed, 2) & mask;
	}

	/** Like rm_skew_rank() in C. */
	long rank(long y) {
		int i = (int) (y >>> 64 - BITS);
		int split = this.split[i];

		if ((y >>> 32 & UNIT - 1) >= split >>> BITS) {
			i = split & RANGES - 1;
		}
		return start[i] + ((y & 0xffffffffL) * (start[i + 1] - start[i])
				>>> 32);
	}

	private long round(long at, long odd) {
		long product = at * odd & mask;
		return product ^ product >>> shift;
	}

	/** Like rm_skew_key() in C. */
	long key(long rank) {
		if (rank >= present) {
			return rank;
		}
		long at = rank;
		do {
			at = round(at ^ key0, 0x9e3779b97f4a7c15L);
			at = round(at ^ key1, 0xbf58476d1ce4e5b9L);
			at = round(at ^ key2, 0x94d049bb133111ebL);
		} while (at >= present);
		return at;
	}

	private boolean ranges(long steepness) {
		long from = 0;
		int i = 0;

		for (; i < ABSENT && from < present; i++) {
			start[i] = from;
			from = Math.min(from + Math.max(from / steepness, 1), present);
		}
		Arrays.fill(start, i, RANGES, present);
		return from == present;
	}

	private void zipf(double theta, double[] mass) {
		long steepness = RANGES;

		while (!ranges(steepness)) {
			steepness = steepness * 15 / 16;
		}
		for (int i = 0; i < ABSENT; i++) {
			if (start[i + 1] - start[i] == 1) {
				mass[i] = StrictMath.pow(start[i + 1], -theta);
			} else if (start[i + 1] > start[i]) {
				mass[i] = integral(theta, start[i + 1] + 0.5)
						- integral(theta, start[i] + 0.5);
			}
		}
	}

	/** Returns the integral of x^-theta, shifted so that it is stable around theta = 1. */
	private static double integral(double theta, double x) {
		double log = StrictMath.log(x), t = (1 - theta) * log;

		return (Math.abs(t) > 1e-8 ? StrictMath.expm1(t) / t : 1 + t / 2)
				* log;
	}

	private void hot(double a, double b, double[] mass) {
		double edge = Math.min(Math.ceil(a * present * (1 - 0x1p-50)),
				present);

		Arrays.fill(start, 1, RANGES, present);
		start[1] = (long) edge;
		mass[0] = edge < present ? b : 1;
		mass[1] = 1 - mass[0];
	}

	private void weigh(double absentShare, double[] mass) {
		weight[ABSENT] = (long) Math.floor(absentShare * 0x1p32 + 0.5);
		long left = (1L << 32) - weight[ABSENT];
		double whole = left, sum = 0;
		int heaviest = 0;

		for (int i = 0; i < ABSENT; i++) {
			sum += mass[i];
			if (mass[i] > mass[heaviest]) {
				heaviest = i;
			}
		}
		for (int i = 0; i < ABSENT; i++) {
			weight[i] = (long) Math.floor(mass[i] / sum * whole + 0.5);
			left -= weight[i];
		}
		weight[heaviest] += left;
	}

	private void split() {
		long[] rest = weight.clone();
		int[] light = new int[RANGES], heavy = new int[RANGES];
		int lights = 0, heavies = 0;

		for (int i = 0; i < RANGES; i++) {
			split[i] = i;
			if (rest[i] < UNIT) {
				light[lights++] = i;
			} else {
				heavy[heavies++] = i;
			}
		}
		while (lights > 0) {
			int i = light[--lights], from = heavy[heavies - 1];
			split[i] = (int) rest[i] << BITS | from;
			rest[from] -= UNIT - rest[i];
			if (rest[from] < UNIT) {
				light[lights++] = heavy[--heavies];
			}
		}
	}
}
